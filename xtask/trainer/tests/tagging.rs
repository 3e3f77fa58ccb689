//! Training of tags learns, repeats itself, and goes on exactly where it stopped.

use std::path::Path;

use anyhow::bail;
use listener::BANDS;
use trainer::net::{Pooling, TagShape};
use trainer::tagclip::{TagClip, TagTruth};
use trainer::tagging::{RunOptions, Start, TagEntry, TagPlan, Trained, train};

/// Half a minute of "genre" 0, low and steady, or 1, high and pulsing; instrument 1 plays in every
/// second clip, as a line in the middle.
fn clip(index: usize) -> TagClip {
    let genre = index % 2;
    let plays = index / 2 % 2 == 1;
    let frame = |k: usize| -> [f32; BANDS] {
        let pulse = if genre == 1 && k % 20 > 4 { 0.1 } else { 1.0 };
        std::array::from_fn(|band| match band {
            30..34 if plays => 1.2,
            0..20 if genre == 0 => pulse,
            40..60 if genre == 1 => pulse,
            _ => 0.05 + 0.01 * ((k * 7 + band * 3 + index) % 5) as f32,
        })
    };
    TagClip {
        name: format!("clip-{index}"),
        source: "made".to_owned(),
        group: format!("{index}"),
        frames: (0..400).map(frame).collect(),
        chroma: Vec::new(),
        truth: TagTruth {
            genre: Some(genre as u8),
            instruments: Some(vec![if plays { 0b11 } else { 0b01 }; 8]),
            mood: Some([0.5 - genre as f32, 0.3]),
        },
    }
}

fn plan(steps: usize, pooling: Pooling) -> TagPlan {
    let (genres, instruments) = (2, 2);
    let shape = TagShape {
        channels: vec![8, 8],
        features: 16,
        hidden: 16,
        block: 50,
        pooling,
        genres,
        instruments,
    };
    TagPlan {
        start: Start::Scratch,
        steps,
        batch: 8,
        blocks: 4,
        rate: 5e-3,
        dropout: 0.1,
        validate_every: 10,
        ..TagPlan::usual(shape)
    }
}

fn run(plan: &TagPlan, folder: Option<&Path>, resume: bool) -> Trained {
    let clips: Vec<TagClip> = (0..12).map(clip).collect();
    let validation: Vec<TagClip> = (12..20).map(clip).collect();
    let options = RunOptions { folder: folder.map(Path::to_owned), resume, gpu: false };
    train(plan, None, &clips, &validation, &options, "test", |_, _| Ok(())).expect("trained")
}

#[test]
fn every_pooling_learns_what_is_there_to_learn() {
    for pooling in Pooling::ALL {
        let trained = run(&plan(80, pooling), None, false);
        let scores = trained.best.scores;
        assert!(scores.accuracy > 0.95 && scores.instruments > 0.95, "{pooling:?}: {scores:?}");
        assert!(trained.history[7].loss < trained.history[0].loss);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| run(&plan(10, Pooling::Lstm), None, false)).params
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_stopped_run_goes_on_exactly() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plan = plan(30, Pooling::Lstm);
    let whole = run(&plan, None, false);
    let clips: Vec<TagClip> = (0..12).map(clip).collect();
    let validation: Vec<TagClip> = (12..20).map(clip).collect();
    let options =
        |resume| RunOptions { folder: Some(folder.path().to_owned()), resume, gpu: false };
    let stop = |_: &[f32], _: &TagEntry| bail!("no more");
    let stopped = train(&plan, None, &clips, &validation, &options(false), "test", stop);
    assert_eq!(stopped.err().map(|e| e.to_string()).as_deref(), Some("no more"));
    let resumed = run(&plan, Some(folder.path()), true);
    assert_eq!(whole.params, resumed.params);
    assert_eq!(whole.history.len(), resumed.history.len());
    let other = TagPlan { rate: 1e-3, ..plan };
    let refused =
        train(&other, None, &clips, &validation, &options(true), "test", |_, _| Ok(())).err();
    let told = format!("{:#}", refused.expect("refused"));
    assert!(told.contains("tags.checkpoint") && told.contains("without --resume"), "{told}");
    // A new run keeps the checkpoint of the stopped one.
    run(&other, Some(folder.path()), false);
    assert!(folder.path().join("tags.checkpoint.before").is_file());
}

#[test]
fn a_stem_of_another_size_is_refused() {
    let plan = TagPlan { start: Start::Tuned, ..plan(5, Pooling::Lstm) };
    let clips: Vec<TagClip> = (0..4).map(clip).collect();
    let options = RunOptions { folder: None, resume: false, gpu: false };
    let refused =
        train(&plan, Some(&[0.0; 9]), &clips, &clips, &options, "test", |_, _| Ok(())).err();
    let text = refused.expect("refused").to_string();
    assert!(text.contains("9 parameters") && text.contains("--stem scratch"), "{text}");
}

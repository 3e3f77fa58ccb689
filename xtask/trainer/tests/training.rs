//! Training learns, repeats itself, and goes on exactly where it stopped.

use std::path::Path;

use anyhow::bail;
use listener::BANDS;
use trainer::clip::{BeatLabel, Clip, frame_of};
use trainer::net::BeatShape;
use trainer::train::{Length, Plan, RunOptions, Trained, train};

/// Clicks at a steady tempo, louder on the downbeat: the least music there is.
fn clicks(index: usize) -> Clip {
    let period = 0.4 + 0.05 * (index % 5) as f64;
    let mut frames = vec![[0.1; BANDS]; 700];
    let mut beats = Vec::new();
    for beat in 0..(13.5 / period) as usize {
        let time_s = 0.2 + beat as f64 * period;
        let in_bar = (beat % 4) as u8 + 1;
        frames[frame_of(time_s)] = [if in_bar == 1 { 2.0 } else { 1.0 }; BANDS];
        beats.push(BeatLabel { time_s, in_bar });
    }
    let onsets = beats.iter().map(|b| b.time_s).collect();
    Clip { name: format!("clicks-{index}"), source: "clicks".to_owned(), frames, beats, onsets }
}

fn plan(steps: usize) -> Plan {
    Plan {
        shape: BeatShape { channels: [8, 8], features: 16, hidden: 16, layers: 1 },
        length: Length::Steps(steps),
        batch: 8,
        stretch: 100,
        validate_every: 10,
        ..Plan::default()
    }
}

fn clips() -> (Vec<Clip>, Vec<Clip>) {
    ((0..8).map(clicks).collect(), (8..10).map(clicks).collect())
}

fn run(plan: &Plan, folder: &Path) -> Trained {
    let (train_clips, validation) = clips();
    let options = RunOptions { folder: folder.to_owned(), resume: false, start: None, gpu: false };
    train(plan, train_clips, &validation, &options, |_, _| Ok(())).expect("trained")
}

#[test]
fn learns_to_hear_clicks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trained = run(&plan(120), folder.path());
    let losses: Vec<f64> = trained.history.iter().map(|entry| entry.scores.loss).collect();
    assert!(losses[losses.len() - 1] < 0.7 * losses[0], "{losses:?}");
    let f = trained.best.scores.f;
    assert!(f[0] > 0.9 && f[1] > 0.8, "{f:?}");
    let journal = std::fs::read_to_string(folder.path().join("beats.tsv")).expect("a journal");
    assert_eq!(journal.lines().count(), 1 + trained.history.len());
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let with = |threads| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| run(&plan(10), folder.path())).params
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_stopped_run_goes_on_exactly() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = run(&plan(20), folder.path());
    let (train_clips, validation) = clips();
    let options =
        |resume| RunOptions { folder: folder.path().to_owned(), resume, start: None, gpu: false };
    let stopped =
        train(&plan(20), train_clips, &validation, &options(false), |_, _| bail!("no more"));
    assert_eq!(stopped.err().map(|e| e.to_string()).as_deref(), Some("no more"));
    let (train_clips, validation) = clips();
    let resumed =
        train(&plan(20), train_clips, &validation, &options(true), |_, _| Ok(())).expect("resumed");
    assert_eq!(whole.params, resumed.params);
    assert_eq!(whole.history.len(), resumed.history.len());
}

#[test]
fn another_plan_does_not_resume() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    run(&plan(10), folder.path());
    let (train_clips, validation) = clips();
    let options =
        RunOptions { folder: folder.path().to_owned(), resume: true, start: None, gpu: false };
    let other = Plan { rate: 1e-3, ..plan(10) };
    let error =
        train(&other, train_clips, &validation, &options, |_, _| Ok(())).err().expect("refused");
    let told = format!("{error:#}");
    assert!(told.contains("beats.checkpoint") && told.contains("without --resume"), "{told}");
}

#[test]
fn bad_numbers_are_named() {
    for (plan, name) in [
        (Plan { length: Length::Steps(0), ..plan(1) }, "steps = 0"),
        (Plan { batch: 6, ..plan(1) }, "batch = 6"),
        (Plan { rate: 0.0, ..plan(1) }, "rate = 0"),
        (Plan { dropout: 1.0, ..plan(1) }, "dropout = 1"),
    ] {
        let message = plan.check().expect_err("refused").to_string();
        assert!(message.contains(name), "{message}");
    }
}

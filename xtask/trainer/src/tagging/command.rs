//! `trainer train tags`: from nothing, from datasets or from a user's own labelled music, to a model
//! with its card.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use listener::{BANDS, TagSettings, Vocabulary};
use metrics::{Judged, average_precision, expected_calibration_error, reliability};

use super::args::{BeatStem, TagsArgs};
use super::card::{RealPiece, TagCard};
use super::scores::{confusion, decisions, judgements, plays, scores_of};
use super::users::Users;
use super::{RunOptions, TagPlan, comparison, temperature, train, trial};
use crate::corpus::tagged::{self, TagCorpus};
use crate::corpus::{COLLECTED, audio_files, check_unheard};
use crate::export::{self, Provenance};
use crate::features;
use crate::net::{GpuTags, TagShape};
use crate::optimise::blend;
use crate::tagclip::TagClip;
use crate::train::gate::put_aside;
use crate::write::write_whole;

/// Runs `trainer train tags`.
///
/// A model that is there already stays unless the new one is at least as good on the validation
/// clips; else the new one is written beside it as `tags.new.onnx`.
///
/// # Errors
/// As [`tagged::build`] and [`train`]; the model is written whole or not at all.
pub fn run(args: &TagsArgs) -> Result<()> {
    let vocabulary = tagged::vocabulary(args.vocabulary.as_deref())?;
    let options =
        RunOptions { folder: Some(args.work.clone()), resume: args.resume, gpu: args.gpu };
    options.check()?;
    ensure!((0.0..1.0).contains(&args.keep), "keep = {}: give 0 to less than 1", args.keep);
    let (sets, own) = args.folders()?;
    if let Some(dev) = &args.dev {
        ensure!(!audio_files(dev).is_empty(), "--dev {} holds no audio", dev.display());
        check_unheard(dev, own.as_slice())?;
    }
    let Beginning { plan, start, compared } = Beginning::of(args, &vocabulary)?;
    if args.gpu {
        // Better now than after hours of rendering.
        GpuTags::open(&plan.shape, plan.batch, plan.blocks)?;
    }
    let users = own.map(|own| Users::read(&own, &vocabulary, args.folds, args.seed)).transpose()?;
    let mut corpus = rendered(args, sets, &vocabulary)?;
    let folds = users.map(|users| join(args, &plan, start.as_deref(), users, &mut corpus));
    let folds = folds.transpose()?.flatten();
    let (clips, validation) = (&corpus.train, &corpus.validation);
    ensure!(
        plan.recordings == 1 || clips.iter().any(|clip| clip.source == COLLECTED),
        "--recordings {}, and there are none to learn from; name a folder of them with --data",
        plan.recordings
    );
    eprintln!(
        "{} clips to learn from, {} for validation; {} parameters",
        clips.len(),
        validation.len(),
        plan.shape.layout().base.len
    );
    let settings = TagSettings::default();
    let onnx = |params: &[f32], step: usize| {
        let trained = format!("seed {}, {step} steps", plan.seed);
        export::tag_onnx_bytes(&plan.shape, params, &vocabulary, &settings, &Provenance { trained })
    };
    let best = args.work.join("best-tags.onnx");
    let trained =
        train(&plan, start.as_deref(), clips, validation, &options, "tags", |params, entry| {
            // Not yet in its place: temperature and card are made at the end.
            write_whole(&best, &onnx(params, entry.step)?)
        })?;
    let mut params = trained.params.clone();
    if let Some(start) = start.filter(|_| args.keep > 0.0) {
        // A head in other words has nothing to keep.
        blend(&mut params, &start, args.keep);
    }
    let temperature = temperature::fit(&plan.shape, &params, validation);
    temperature::apply(&plan.shape, &mut params, temperature);
    let bytes = onnx(&params, trained.best.step)?;
    let given = trial::scores(&bytes, &vocabulary, validation)?;
    eprintln!("as the plugin gives them: {given:?}");

    let old_path = args.out.join("tags.onnx");
    let old = old_path.exists().then(|| std::fs::read(&old_path)).transpose();
    let old = old.with_context(|| format!("reading {}", old_path.display()))?;
    let old = old.map(|bytes| trial::scores(&bytes, &vocabulary, validation));
    let worse = matches!(&old, Some(Ok(old)) if given.overall() < old.overall());
    let mut rows = Vec::new();
    if args.compare > 0 {
        rows = comparison::variants(
            &plan,
            args.compare,
            compared.as_deref(),
            clips,
            validation,
            args.gpu,
        )?;
        rows.extend(comparison::baselines(&plan, clips, validation)?);
    }
    let real = args.dev.as_deref().map_or(Ok(Vec::new()), |dev| said(dev, &bytes, &vocabulary))?;

    let name = if worse { "tags.new" } else { "tags" };
    let file = |extension: &str| args.out.join(format!("{name}.{extension}"));
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make {}; choose another --out", args.out.display()))?;
    if let Some(Err(error)) = &old {
        put_aside(&old_path, error)?;
    }
    write_whole(&file("onnx"), &bytes)?;
    let judged = judgements(&plan.shape, &params, validation);
    let card = TagCard {
        name,
        plan: &plan,
        vocabulary: &vocabulary,
        settings: &settings,
        sources: &corpus.sources,
        sounds: &corpus.sounds,
        clips: (clips.len(), validation.len()),
        trained: &trained,
        temperature,
        keep: args.keep,
        calibration_error: calibration_error(&plan.shape, &judged, validation),
        scores: scores_of((plan.shape.genres, plan.shape.instruments), &judged, validation),
        given,
        confusion: &confusion(plan.shape.genres, &judged, validation),
        instruments: &instruments(&plan.shape, &judged, validation, &vocabulary),
        rows: &rows,
        compared_steps: args.compare,
        folds: folds.as_deref(),
        real: &real,
        sha256: &export::sha256(&bytes),
        command: &args.command(&plan),
    };
    write_whole(&file("md"), card.text().as_bytes())?;
    println!("{}: {given:?}", file("onnx").display());
    println!("SHA-256 {}; {:.3} s per step", export::sha256(&bytes), trained.seconds_per_step);
    match old {
        Some(Ok(old)) if worse => println!("the old tags.onnx stays: it has {old:?}"),
        Some(Ok(old)) => println!("it replaces the old tags.onnx, which has {old:?}"),
        _ => (),
    }
    Ok(())
}

/// Where training starts.
struct Beginning {
    plan: TagPlan,
    /// Parameters to begin with; none begins with chance.
    start: Option<Vec<f32>>,
    /// Those that other networks begin with in the comparison: the beat network's stem.
    compared: Option<Vec<f32>>,
}

impl Beginning {
    /// What `args` ask for: a tag model to go on from, or the stem of the beat network, or nothing.
    fn of(args: &TagsArgs, vocabulary: &Vocabulary) -> Result<Self> {
        let widened = |stem: Option<BeatStem>, plan: &TagPlan| {
            stem.map(|stem| stem.widened(&plan.shape, plan.seed)).transpose()
        };
        if let Some(from) = &args.from {
            let (plan, params) = args.going_on(from, vocabulary)?;
            // What it is compared with begins with the beat network, not with the model it goes on from.
            let compared = if args.compare > 0 { args.beat_stem()? } else { None };
            let compared = widened(compared, &plan)?;
            return Ok(Self { plan, start: Some(params), compared });
        }
        let stem = args.beat_stem()?;
        let plan = args.plan(stem.as_ref(), vocabulary);
        plan.check()?;
        let stem = widened(stem, &plan)?;
        Ok(Self { plan, start: stem.clone(), compared: stem })
    }
}

/// The rendered corpus: made from `sets`, or read from the folders that were named.
fn rendered(args: &TagsArgs, sets: Option<PathBuf>, vocabulary: &Vocabulary) -> Result<TagCorpus> {
    let music = args.music(sets);
    music.check()?;
    match &args.corpus[..] {
        [] => tagged::build(&music, vocabulary),
        folders => tagged::open_all(folders, vocabulary),
    }
}

/// Adds the user's own music to `corpus`; gives the table of the cross-validation, if one was asked for.
fn join(
    args: &TagsArgs,
    plan: &TagPlan,
    start: Option<&[f32]>,
    users: Users,
    corpus: &mut TagCorpus,
) -> Result<Option<String>> {
    ensure!(
        !corpus.holds_recordings(),
        "the corpus holds recordings already; give your own music to one of the two"
    );
    let cross_validate = || users.cross_validate(plan, start, &corpus.train, args.gpu);
    let folds = args.folds.map(|_| cross_validate()).transpose()?;
    let (learned, held) = users.without(0);
    corpus.train.extend(learned);
    corpus.validation.extend(held);
    corpus.sources.push(users.report);
    Ok(folds)
}

/// Expected calibration error of the highest genre of each clip.
fn calibration_error(shape: &TagShape, said: &[Vec<f32>], clips: &[TagClip]) -> Option<f64> {
    let judged = said.iter().zip(clips).filter_map(|(said, clip)| {
        let genre = super::scores::named(&said[..shape.genres]);
        let right = usize::from(clip.truth.genre?) == genre;
        Some(Judged { confidence: f64::from(said[genre]), right })
    });
    expected_calibration_error(&reliability(&judged.collect::<Vec<_>>()))
}

/// Average precision of each instrument, and how many clips have it.
fn instruments(
    shape: &TagShape,
    said: &[Vec<f32>],
    clips: &[TagClip],
    vocabulary: &Vocabulary,
) -> Vec<(String, Option<f64>, usize)> {
    let decisions =
        decisions(shape.instruments, |clip, index| said[clip][shape.genres + index], clips);
    let each = vocabulary.instruments.iter().zip(decisions).enumerate();
    each.map(|(index, (name, decisions))| {
        let with = clips.iter().filter(|clip| plays(clip, index) == Some(true)).count();
        (name.clone(), average_precision(&decisions), with)
    })
    .collect()
}

/// What the model says of every audio file under `folder`.
fn said(folder: &Path, onnx: &[u8], vocabulary: &Vocabulary) -> Result<Vec<RealPiece>> {
    let mut pieces = Vec::new();
    let mut frames = Vec::new();
    for path in audio_files(folder) {
        match features::of_file(&path) {
            Ok((heard, _)) => {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                pieces.push(name);
                frames.push(heard);
            }
            Err(error) => eprintln!("skipped {error:#}"),
        }
    }
    ensure!(!pieces.is_empty(), "{} holds no audio that can be heard", folder.display());
    let views: Vec<&[[f32; BANDS]]> = frames.iter().map(|frames| &frames[..]).collect();
    let heard = trial::hear(onnx, &views)?;
    let tell = |(name, heard): (String, trial::Heard)| {
        let count = heard.moments.len().max(1);
        let share = |of: usize| 100 * of / count;
        let named = |genre: u8| heard.moments.iter().filter(|t| t.top == Some(genre)).count();
        let genre = match heard.top(vocabulary) {
            Some(top) => format!("{} {} %", vocabulary.genres[top], share(named(top as u8))),
            None => "unsure".to_owned(),
        };
        let shown = |k: usize| heard.moments.iter().filter(|tags| tags.plays(k)).count();
        let instruments: Vec<&str> = (0..vocabulary.instruments.len())
            .filter(|&k| 2 * shown(k) > count)
            .map(|k| vocabulary.instruments[k].as_str())
            .collect();
        let mean = heard.mean(vocabulary);
        let mood = [mean[mean.len() - 2], mean[mean.len() - 1]];
        RealPiece { name, genre, instruments: instruments.join(", "), mood }
    };
    Ok(pieces.into_iter().zip(heard).map(tell).collect())
}

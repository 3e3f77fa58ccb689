//! `trainer train tags`: from nothing, from datasets or from a user's own labelled music, to a model
//! with its card.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use listener::{BANDS, TagSettings, Vocabulary};
use metrics::{Judged, average_precision, expected_calibration_error, reliability};

use super::args::{BeatStem, TagsArgs};
use super::card::{RealPiece, TagCard};
use super::scores::{confusion, decisions, judgements, plays, scores_of};
use super::users::Users;
use super::{Desk, TagPlan, comparison, temperature, train, trial};
use crate::corpus::{COLLECTED, audio_files, check_unheard, tagged};
use crate::export::{self, Provenance};
use crate::features;
use crate::net::{GpuTags, TagShape};
use crate::optimise::blend;
use crate::render::audio::write_whole;
use crate::tagclip::TagClip;
use crate::train::gate::put_aside;

/// Runs `trainer train tags`.
///
/// A model that is there already stays unless the new one is at least as good on the validation
/// clips; else the new one is written beside it as `tags.new.onnx`.
///
/// # Errors
/// As [`tagged::build`] and [`train`]; the model is written whole or not at all.
pub fn run(args: &TagsArgs) -> Result<()> {
    let vocabulary = tagged::vocabulary(args.vocabulary.as_deref())?;
    let desk = Desk { folder: Some(args.work.clone()), resume: args.resume, gpu: args.gpu };
    desk.check()?;
    ensure!((0.0..1.0).contains(&args.keep), "keep = {}: give 0 to less than 1", args.keep);
    let (sets, own) = args.folders()?;
    if let Some(dev) = &args.dev {
        ensure!(!audio_files(dev).is_empty(), "--dev {} holds no audio", dev.display());
        check_unheard(dev, own.as_slice())?;
    }
    let widened = |stem: Option<BeatStem>, plan: &TagPlan| {
        stem.map(|stem| stem.widened(&plan.shape, plan.seed)).transpose()
    };
    let (plan, stem, compared) = match &args.from {
        Some(from) => {
            let (plan, params) = args.going_on(from, &vocabulary)?;
            // What it is compared with begins with the beat network, not with the model it goes on from.
            let compared = if args.compare > 0 { args.beat_stem()? } else { None };
            let compared = widened(compared, &plan)?;
            (plan, Some(params), compared)
        }
        None => {
            let stem = args.beat_stem()?;
            let plan = args.plan(stem.as_ref(), &vocabulary);
            plan.check()?;
            let stem = widened(stem, &plan)?;
            (plan, stem.clone(), stem)
        }
    };
    if args.gpu {
        // Better now than after hours of rendering.
        GpuTags::open(&plan.shape, plan.batch, plan.blocks)?;
    }
    let music = args.music(sets);
    music.check()?;
    let users = own.map(|own| Users::read(&own, &vocabulary, args.folds, args.seed)).transpose()?;
    let mut corpus = match &args.corpus[..] {
        [] => tagged::build(&music, &vocabulary)?,
        folders => tagged::open_all(folders, &vocabulary)?,
    };
    let mut folds = None;
    if let Some(users) = users {
        if corpus.holds_recordings() {
            bail!("the corpus holds recordings already; give your own music to one of the two");
        }
        if args.folds.is_some() {
            folds = Some(users.cross_validate(&plan, stem.as_deref(), &corpus.train, args.gpu)?);
        }
        let (learned, held) = users.without(0);
        corpus.train.extend(learned);
        corpus.validation.extend(held);
        corpus.sources.push(users.report);
    }
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
        train(&plan, stem.as_deref(), clips, validation, &desk, "tags", |params, entry| {
            // Not yet in its place: temperature and card are made at the end.
            write_whole(&best, &onnx(params, entry.step)?)
        })?;
    let mut params = trained.params.clone();
    if let Some(start) = stem.filter(|_| args.keep > 0.0) {
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

//! One table: ways to pool, ways to begin, and the classic baselines, on the same clips.

use anyhow::Result;

use super::scores::{confusion, decisions, plays};
use super::{RunOptions, Start, TagPlan, TagScores, train};
use crate::baseline::{Baseline, descriptors};
use crate::net::Pooling;
use crate::tagclip::TagClip;
use metrics::{average_precision, averages, roc_auc};

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) parameters: Option<usize>,
    pub(super) scores: TagScores,
    /// Baselines say nothing of the mood.
    pub(super) mood: bool,
}

/// Trains every variant of `plan` for `steps` steps: each pooling from scratch, and the LSTM with the
/// beat network's stem, frozen and fine-tuned.
///
/// # Errors
/// As [`train`].
pub(super) fn variants(
    plan: &TagPlan,
    steps: usize,
    stem: Option<&[f32]>,
    clips: &[TagClip],
    validation: &[TagClip],
    gpu: bool,
) -> Result<Vec<Row>> {
    let scratch = Pooling::ALL.map(|pooling| (pooling, Start::Scratch));
    // Only a stem that is the beat network's throughout can be left as it is.
    let frozen = (plan.shape.channels.len() == 2).then_some(Start::Frozen);
    let stems = frozen.into_iter().chain([Start::Tuned]).filter(|_| stem.is_some());
    let stems = stems.map(|start| (Pooling::Lstm, start));
    let mut rows = Vec::new();
    for (pooling, start) in scratch.into_iter().chain(stems) {
        let mut plan = TagPlan { start, steps, from: None, ..plan.clone() };
        plan.shape.pooling = pooling;
        let name = format!("{}, {}", pooling.name(), start.name());
        let options =
            RunOptions { folder: None, resume: false, gpu: gpu && pooling == Pooling::Lstm };
        let trained = train(&plan, stem, clips, validation, &options, &name, |_, _| Ok(()))?;
        eprintln!("{name}: {:?}", trained.best.scores);
        let parameters = Some(plan.shape.layout().base.len);
        rows.push(Row { name, parameters, scores: trained.best.scores, mood: true });
    }
    Ok(rows)
}

/// Learns every baseline from `clips`.
///
/// # Errors
/// When one cannot learn.
pub(super) fn baselines(
    plan: &TagPlan,
    clips: &[TagClip],
    validation: &[TagClip],
) -> Result<Vec<Row>> {
    let of = |clips: &[TagClip]| -> Vec<Vec<f32>> {
        clips.iter().map(|clip| descriptors(&clip.frames, &clip.chroma)).collect()
    };
    let (train, test) = (of(clips), of(validation));
    let (genres, instruments) = (plan.shape.genres, plan.shape.instruments);
    let known = |clip: &TagClip| clip.truth.genre.map(usize::from);
    let labelled: Vec<usize> = (0..clips.len()).filter(|&at| known(&clips[at]).is_some()).collect();
    let with_genre: Vec<Vec<f32>> = labelled.iter().map(|&at| train[at].clone()).collect();
    let truth: Vec<usize> = clips.iter().filter_map(known).collect();
    let played: Vec<usize> =
        (0..clips.len()).filter(|&at| clips[at].truth.instruments.is_some()).collect();
    let with_instruments: Vec<Vec<f32>> = played.iter().map(|&at| train[at].clone()).collect();
    let plays: Vec<Vec<bool>> = played
        .iter()
        .map(|&at| (0..instruments).map(|k| plays(&clips[at], k).unwrap_or(true)).collect())
        .collect();
    let mut rows = Vec::new();
    for baseline in Baseline::ALL {
        let genre = baseline.genre(&with_genre, &truth, genres, &test, plan.seed)?;
        let confusion = confusion(genres, &genre, validation);
        let scores = baseline.instruments(&with_instruments, &plays, &test, plan.seed)?;
        let decisions = decisions(instruments, |clip, index| scores[clip][index], validation);
        let scores = TagScores {
            accuracy: confusion.accuracy().unwrap_or(0.0),
            macro_f1: confusion.macro_f1().unwrap_or(0.0),
            instruments: averages(&decisions, average_precision).over_tags.unwrap_or(0.0),
            areas: averages(&decisions, roc_auc).over_tags.unwrap_or(0.0),
            mood: 0.0,
        };
        let name = format!("MFCC, chroma: {}", baseline.name());
        eprintln!("{name}: {scores:?}");
        rows.push(Row { name, parameters: None, scores, mood: false });
    }
    Ok(rows)
}

//! How right a tag network is on clips: each is heard as it goes by, then judged as a whole.

use metrics::{Confusion, Scored, average_precision, averages, concordance, roc_auc};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::net::{TagNetwork, TagShape, TagShard, judge};
use crate::tagclip::TagClip;

/// Blocks at the start of a clip that its judgement leaves out.
const SETTLE: usize = 2;
/// An instrument plays in a clip that it sounds in for at least this share of its seconds; below, but
/// not never, nobody can say.
const PLAYS: f64 = 0.1;

/// Scores on validation clips.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TagScores {
    /// Share of clips whose genre is right.
    pub accuracy: f64,
    /// Mean of F1 over genres.
    pub macro_f1: f64,
    /// Mean average precision over instruments.
    pub instruments: f64,
    /// Mean area under the ROC curve over instruments.
    pub areas: f64,
    /// Mean concordance of valence and arousal with the rule they were made by.
    pub mood: f64,
}

impl TagScores {
    /// The one number that early stopping goes by.
    #[must_use]
    pub fn overall(&self) -> f64 {
        self.accuracy + self.instruments + 0.2 * self.mood
    }
}

/// What is said of every clip, [clips][outputs]: the mean over its blocks.
#[must_use]
pub(super) fn judgements(shape: &TagShape, params: &[f32], clips: &[TagClip]) -> Vec<Vec<f32>> {
    let net = TagNetwork::new(shape, params);
    let of = |clip: &TagClip| mean(&blocks(&net, shape, clip), shape.outputs());
    clips.par_iter().map(of).collect()
}

/// What is said of every block of `clip`.
pub(super) fn blocks(net: &TagNetwork, shape: &TagShape, clip: &TagClip) -> Vec<Vec<f32>> {
    let whole = clip.frames.len() / shape.block * shape.block;
    if whole == 0 {
        return Vec::new();
    }
    let mut shard = TagShard::default();
    shard.forward(net, clip.frames[..whole].as_flattened(), 1, None);
    shard.logits.chunks_exact(shape.outputs()).map(|logits| judge(shape, logits)).collect()
}

fn mean(blocks: &[Vec<f32>], outputs: usize) -> Vec<f32> {
    let counted = &blocks[SETTLE.min(blocks.len().saturating_sub(1))..];
    let sum = |k: usize| counted.iter().map(|block| block[k]).sum::<f32>();
    (0..outputs).map(|k| sum(k) / counted.len().max(1) as f32).collect()
}

/// Whether instrument `index` plays in `clip`; none when nobody can say.
#[must_use]
pub(super) fn plays(clip: &TagClip, index: usize) -> Option<bool> {
    let seconds = clip.truth.instruments.as_ref()?;
    let heard = seconds.iter().filter(|&&bits| bits >> index & 1 == 1).count();
    match heard as f64 / seconds.len().max(1) as f64 {
        share if share >= PLAYS => Some(true),
        share if share > 0.0 => None,
        _ => Some(false),
    }
}

/// Genre of the highest probability.
#[must_use]
pub(super) fn named(judgement: &[f32]) -> usize {
    (0..judgement.len()).max_by(|&a, &b| judgement[a].total_cmp(&judgement[b])).unwrap_or_default()
}

/// Confusion of genres.
#[must_use]
pub(super) fn confusion(genres: usize, said: &[Vec<f32>], clips: &[TagClip]) -> Confusion {
    let pairs = said
        .iter()
        .zip(clips)
        .filter_map(|(said, clip)| Some((usize::from(clip.truth.genre?), named(&said[..genres]))));
    Confusion::of(genres, pairs)
}

/// Decisions for each instrument.
#[must_use]
pub(super) fn decisions(
    instruments: usize,
    scores: impl Fn(usize, usize) -> f32,
    clips: &[TagClip],
) -> Vec<Vec<Scored>> {
    let of = |index: usize| {
        let clips = clips.iter().enumerate();
        let decided = clips.filter_map(|(at, clip)| Some((at, plays(clip, index)?)));
        decided
            .map(|(at, positive)| Scored { score: f64::from(scores(at, index)), positive })
            .collect()
    };
    (0..instruments).map(of).collect()
}

/// Scores of the network with `params` on `clips`.
#[must_use]
pub fn scores(shape: &TagShape, params: &[f32], clips: &[TagClip]) -> TagScores {
    let said = judgements(shape, params, clips);
    scores_of((shape.genres, shape.instruments), &said, clips)
}

/// Scores of what was said about so many genres and instruments.
#[must_use]
pub(super) fn scores_of(
    (genres, instruments): (usize, usize),
    said: &[Vec<f32>],
    clips: &[TagClip],
) -> TagScores {
    let confusion = confusion(genres, said, clips);
    let decisions = decisions(instruments, |clip, index| said[clip][genres + index], clips);
    let mood = |k: usize| {
        let pairs = said.iter().zip(clips).filter_map(|(said, clip)| {
            let said = said[genres + instruments + k];
            Some((f64::from(clip.truth.mood?[k]), f64::from(said)))
        });
        concordance(&pairs.collect::<Vec<_>>()).unwrap_or(0.0)
    };
    TagScores {
        accuracy: confusion.accuracy().unwrap_or(0.0),
        macro_f1: confusion.macro_f1().unwrap_or(0.0),
        instruments: averages(&decisions, average_precision).over_tags.unwrap_or(0.0),
        areas: averages(&decisions, roc_auc).over_tags.unwrap_or(0.0),
        mood: (mood(0) + mood(1)) / 2.0,
    }
}

//! What a training run is told, and what it notes down.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::validate::Scores;
use crate::net::{BeatShape, LossWeights};
use crate::optimise::Settings;

/// Sequences of one shard; the kernels work on four rows at a time.
pub(crate) const SHARD: usize = 4;

/// How long to train.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Length {
    /// This many steps: the same result every time.
    Steps(usize),
    /// This many minutes, however many steps that is.
    Minutes(f64),
}

/// Everything that decides what comes out, beside the corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Sizes of the network.
    pub shape: BeatShape,
    /// Seed of the start and of every decision.
    pub seed: u64,
    /// How long to train.
    pub length: Length,
    /// Sequences per step; a multiple of 4.
    pub batch: usize,
    /// Frames per sequence and step.
    pub stretch: usize,
    /// Highest learning rate.
    pub rate: f64,
    /// Share of features dropped.
    pub dropout: f32,
    /// Weights of the loss.
    pub weights: LossWeights,
    /// Steps from one validation to the next.
    pub validate_every: usize,
    /// Validations without a better score before training stops.
    pub patience: usize,
    /// How many times as often a recording is heard as a rendered clip.
    #[serde(default = "alike")]
    pub recordings: usize,
    /// SHA-256 of the model whose weights it begins with; none begins with chance.
    #[serde(default)]
    pub from: Option<String>,
}

/// As often as any other clip.
fn alike() -> usize {
    1
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            shape: BeatShape::default(),
            seed: 1,
            length: Length::Steps(6000),
            batch: 16,
            stretch: 500,
            rate: Settings::default().rate,
            dropout: 0.15,
            weights: LossWeights::default(),
            validate_every: 250,
            patience: 12,
            recordings: alike(),
            from: None,
        }
    }
}

impl Plan {
    /// Checks the numbers.
    ///
    /// # Errors
    /// Names the number, its value and what it may be.
    pub fn check(&self) -> Result<()> {
        self.shape.check()?;
        match self.length {
            Length::Steps(steps) => ensure!(steps > 0, "steps = 0: give at least 1"),
            Length::Minutes(minutes) => {
                ensure!(minutes > 0.0, "minutes = {minutes}: give more than 0");
            }
        }
        ensure!(
            self.batch > 0 && self.batch.is_multiple_of(SHARD),
            "batch = {}: give a multiple of {SHARD}",
            self.batch
        );
        ensure!(
            (1..=100).contains(&self.recordings),
            "recordings = {}: give 1 to 100",
            self.recordings
        );
        ensure!(self.validate_every > 0, "validate-every = 0: give at least 1");
        ensure!(self.patience > 0, "patience = 0: give at least 1");
        ensure!(
            (0.0..0.9).contains(&self.dropout),
            "dropout = {}: give 0 to less than 0.9",
            self.dropout
        );
        ensure!(
            self.rate > 0.0 && self.rate < 1.0,
            "rate = {}: give more than 0 and less than 1; usual is 0.0001 to 0.01",
            self.rate
        );
        Ok(())
    }
}

/// One line of the journal: a validation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Steps done.
    pub step: usize,
    /// Seconds of training.
    pub seconds: f64,
    /// Learning rate.
    pub rate: f32,
    /// Mean training loss per frame since the entry before.
    pub loss: f64,
    /// On the validation clips.
    pub scores: Scores,
}

impl Entry {
    /// The one number that early stopping goes by.
    pub(super) fn overall(&self) -> f64 {
        self.scores.overall()
    }
}

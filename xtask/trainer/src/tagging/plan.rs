//! What a training run for tags is told, and what it notes down.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::scores::TagScores;
use crate::net::TagShape;
use crate::train::plan::SHARD;

/// What the convolutional stem begins with, and whether it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Chance.
    Scratch,
    /// The stem of the beat network, left as it is.
    Frozen,
    /// The stem of the beat network, learning on.
    Tuned,
    /// Another tag model, learning on; its judgement too, where the words are the same.
    #[value(skip)]
    Model,
}

impl Start {
    /// Name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scratch => "from scratch",
            Self::Frozen => "beat stem, frozen",
            Self::Tuned => "beat stem, fine-tuned",
            Self::Model => "from another tag model",
        }
    }
}

/// Everything that decides what comes out, beside the corpus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagPlan {
    /// Sizes of the network.
    pub shape: TagShape,
    /// Where the stem comes from.
    pub start: Start,
    /// Seed of the start and of every decision.
    pub seed: u64,
    /// Steps to train.
    pub steps: usize,
    /// Sequences per step; a multiple of 4.
    pub batch: usize,
    /// Blocks per sequence.
    pub blocks: usize,
    /// Highest learning rate.
    pub rate: f64,
    /// Share of values dropped before the LSTM and before the head.
    pub dropout: f32,
    /// Share of a genre that is spread over all (Szegedy et al. 2016).
    pub smoothing: f32,
    /// Share of sequences that are two clips at once (mixup, Zhang et al. 2018).
    pub mixup: f64,
    /// Steps from one validation to the next.
    pub validate_every: usize,
    /// Validations without a better score before training stops.
    pub patience: usize,
    /// How many times as often a recording is drawn as a rendered clip of its genre.
    #[serde(default = "alike")]
    pub recordings: usize,
    /// SHA-256 of the tag model it begins with, if it does.
    #[serde(default)]
    pub from: Option<String>,
}

fn alike() -> usize {
    1
}

impl TagPlan {
    /// The usual plan for a network of this `shape`.
    #[must_use]
    pub fn usual(shape: TagShape) -> Self {
        Self {
            shape,
            start: Start::Tuned,
            seed: 1,
            steps: 4000,
            batch: 16,
            blocks: 10,
            rate: 3e-3,
            dropout: 0.2,
            smoothing: 0.1,
            mixup: 0.25,
            validate_every: 250,
            patience: 10,
            recordings: alike(),
            from: None,
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// Names the number, its value and what it may be.
    pub fn check(&self) -> Result<()> {
        self.shape.check()?;
        ensure!(
            self.start != Start::Frozen || self.shape.channels.len() == 2,
            "channels = {:?}: a frozen stem is the beat model's, which has two convolutions",
            self.shape.channels
        );
        ensure!(self.steps > 0, "steps = 0: give at least 1");
        ensure!(
            self.batch > 0 && self.batch.is_multiple_of(SHARD),
            "batch = {}: give a multiple of {SHARD}",
            self.batch
        );
        ensure!((0.0..0.9).contains(&self.dropout), "dropout = {}: give 0 to 0.8", self.dropout);
        ensure!((0.0..=1.0).contains(&self.mixup), "mixup = {}: give 0 to 1", self.mixup);
        ensure!(
            (1..=100).contains(&self.recordings),
            "recordings = {}: give 1 to 100",
            self.recordings
        );
        ensure!(self.validate_every > 0, "validate-every = 0: give at least 1");
        ensure!(self.patience > 0, "patience = 0: give at least 1");
        ensure!(self.blocks > 0, "blocks = 0: give at least 1");
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
pub struct TagEntry {
    /// Steps done.
    pub step: usize,
    /// Seconds of training.
    pub seconds: f64,
    /// Learning rate.
    pub rate: f32,
    /// Mean training loss per block since the entry before.
    pub loss: f64,
    /// On the validation clips.
    pub scores: TagScores,
    /// On some of the training clips.
    pub learned: TagScores,
}

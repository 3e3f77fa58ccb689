//! Sizes of the tag network, and where each of its tensors lies.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::shape::{Dense, Layout, Places, check_sizes};
use super::stages::{stages, stride};

/// How what was heard second by second becomes one judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The state of an LSTM over the blocks.
    Lstm,
    /// Mean and maximum over all blocks so far.
    Statistics,
    /// A mean over all blocks so far, weighted by how much each has to say (Bahdanau et al. 2015).
    Attention,
}

impl Pooling {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Lstm, Self::Statistics, Self::Attention];

    /// Name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lstm => "LSTM state",
            Self::Statistics => "mean and maximum",
            Self::Attention => "attention",
        }
    }
}

/// Sizes that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagShape {
    /// Channels of the convolutions: two as in the beat network, or four, see [`stages`].
    pub channels: Vec<usize>,
    /// Features per row (a frame, or as many as the stem pools): what it sounds like.
    pub features: usize,
    /// Units of the LSTM over frames, which hears rhythm, and of that over blocks.
    pub hidden: usize,
    /// Frames per block.
    pub block: usize,
    /// From blocks to a judgement.
    pub pooling: Pooling,
    /// Genres, of which the first outputs make a softmax.
    pub genres: usize,
    /// Instruments, a sigmoid each. Two more outputs are valence and arousal.
    pub instruments: usize,
}

/// Where every tensor lies.
#[derive(Debug, Clone)]
pub struct TagLayout {
    /// Stem, features, LSTM over frames, LSTM over blocks (none for other poolings) and head.
    pub base: Layout,
    /// Importance of a block, where blocks are weighed.
    pub attention: Option<Dense>,
}

impl TagShape {
    /// Checks sizes that the kernels and the plugin's time budget allow.
    ///
    /// # Errors
    /// Names the size, its value and what it may be.
    pub fn check(&self) -> Result<()> {
        ensure!(
            !stages(self.channels.len()).is_empty(),
            "channels = {:?}: give two, or four for a deeper stem",
            self.channels
        );
        check_sizes(&self.channels, self.features, self.hidden)?;
        ensure!((10..=250).contains(&self.block), "block = {}: give 10 to 250", self.block);
        let stride = stride(stages(self.channels.len()));
        ensure!(
            self.block.is_multiple_of(stride),
            "block = {}: give a multiple of {stride}, the frames that the stem pools",
            self.block
        );
        Ok(())
    }

    /// Values of one judgement.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.genres + self.instruments + 2
    }

    /// Rows of a block: what the stem makes of its frames.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.block / stride(stages(self.channels.len()))
    }

    /// Values of one pooled block: mean and maximum of every feature and of every unit over frames.
    #[must_use]
    pub fn pooled(&self) -> usize {
        2 * (self.features + self.hidden)
    }

    /// Values the head sees.
    #[must_use]
    pub fn summary(&self) -> usize {
        match self.pooling {
            Pooling::Lstm => self.hidden,
            Pooling::Statistics => 2 * self.pooled(),
            Pooling::Attention => self.pooled(),
        }
    }

    /// Lays the tensors out one after another; stem and features lie as in the beat network.
    #[must_use]
    pub fn layout(&self) -> TagLayout {
        let mut places = Places::default();
        let (stem, features) = places.front(&self.channels, self.features);
        let mut lstm = vec![places.recurrent(self.features, self.hidden)];
        if self.pooling == Pooling::Lstm {
            lstm.push(places.recurrent(self.pooled(), self.hidden));
        }
        let attention =
            (self.pooling == Pooling::Attention).then(|| places.dense(self.pooled(), 1));
        let head = places.dense(self.summary(), self.outputs());
        TagLayout { base: Layout { stem, features, lstm, head, len: places.len }, attention }
    }

    /// The first parameters, which can come from a beat network: stem and features, where channels and features
    /// are the same; the first two convolutions of a deeper stem.
    #[must_use]
    pub fn stem_len(&self) -> usize {
        let layout = self.layout().base;
        layout.stem.get(2).map_or(layout.features.bias.end, |third| third.weights.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::BeatShape;

    #[test]
    fn the_stem_lies_where_the_beat_network_has_it() {
        let beats = BeatShape::default();
        for pooling in Pooling::ALL {
            let tags = TagShape {
                channels: beats.channels.to_vec(),
                features: beats.features,
                hidden: 64,
                block: 50,
                pooling,
                genres: 11,
                instruments: 12,
            };
            assert_eq!(tags.stem_len(), beats.layout().features.bias.end);
            assert_eq!(tags.layout().base.head.bias.end, tags.layout().base.len);
        }
    }
}

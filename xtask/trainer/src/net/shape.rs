//! Sizes of the beat network, and where each of its tensors lies in one flat vector of parameters.
//!
//! One vector makes the optimiser, gradient sums, checkpoints and hashes trivial.

use std::ops::Range;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::stages::{bands, stages};

/// Frames and bands of a convolution kernel.
pub const KERNEL: usize = 3;
/// Frames before the first that the stem needs: two valid convolutions of three frames.
pub const CONTEXT: usize = 4;
/// Outputs per frame: beat, downbeat, onset.
pub const OUTPUTS: usize = 3;

/// Sizes that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeatShape {
    /// Channels of the two convolutions.
    pub channels: [usize; 2],
    /// Features per frame handed to the LSTM.
    pub features: usize,
    /// Units of each LSTM layer.
    pub hidden: usize,
    /// LSTM layers.
    pub layers: usize,
}

impl Default for BeatShape {
    fn default() -> Self {
        Self { channels: [16, 24], features: 64, hidden: 96, layers: 2 }
    }
}

/// A weight matrix (inputs x outputs, row-major) and its bias.
#[derive(Debug, Clone)]
pub struct Dense {
    /// Rows of the matrix.
    pub inputs: usize,
    /// Columns of the matrix.
    pub outputs: usize,
    /// Where the matrix lies.
    pub weights: Range<usize>,
    /// Where the bias lies.
    pub bias: Range<usize>,
}

/// One LSTM layer. Gates are in the order input, output, forget, cell: that of ONNX.
#[derive(Debug, Clone)]
pub struct Recurrent {
    /// From the layer below, inputs x 4 hidden, with the bias.
    pub input: Dense,
    /// From the step before, hidden x 4 hidden.
    pub weights: Range<usize>,
}

/// Where every tensor lies.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The convolutions; rows are (frame, band, channel in).
    pub stem: Vec<Dense>,
    /// From the stem's bands and channels to features.
    pub features: Dense,
    /// The LSTM layers.
    pub lstm: Vec<Recurrent>,
    /// From the last layer to the outputs.
    pub head: Dense,
    /// Number of parameters.
    pub len: usize,
}

impl BeatShape {
    /// Checks sizes that the kernels and the plugin's time budget allow.
    ///
    /// # Errors
    /// Names the size, its value and what it may be.
    pub fn check(&self) -> Result<()> {
        check_sizes(&self.channels, self.features, self.hidden)?;
        ensure!((1..=4).contains(&self.layers), "layers = {}: give 1 to 4", self.layers);
        Ok(())
    }

    /// Lays the tensors out one after another.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let mut places = Places::default();
        let (stem, features) = places.front(&self.channels, self.features);
        let lstm = (0..self.layers)
            .map(|layer| {
                let inputs = if layer == 0 { self.features } else { self.hidden };
                places.recurrent(inputs, self.hidden)
            })
            .collect();
        let head = places.dense(self.hidden, OUTPUTS);
        Layout { stem, features, lstm, head, len: places.len }
    }
}

/// Checks sizes that both networks have.
///
/// # Errors
/// Names the size, its value and what it may be.
pub(super) fn check_sizes(channels: &[usize], features: usize, hidden: usize) -> Result<()> {
    let channels = channels.iter().map(|&channels| ("channels", channels, 128));
    let others = [("features", features, 512), ("hidden", hidden, 512)];
    for (name, value, most) in channels.chain(others) {
        ensure!(
            value > 0 && value % 8 == 0 && value <= most,
            "{name} = {value}: give a multiple of 8 up to {most}"
        );
    }
    Ok(())
}

/// Gives tensors their places in a vector, one after another.
#[derive(Default)]
pub(super) struct Places {
    /// Values given away.
    pub(super) len: usize,
}

impl Places {
    fn take(&mut self, count: usize) -> Range<usize> {
        self.len += count;
        self.len - count..self.len
    }

    pub(super) fn dense(&mut self, inputs: usize, outputs: usize) -> Dense {
        let (weights, bias) = (self.take(inputs * outputs), self.take(outputs));
        Dense { inputs, outputs, weights, bias }
    }

    pub(super) fn recurrent(&mut self, inputs: usize, hidden: usize) -> Recurrent {
        let gates = 4 * hidden;
        let input = self.dense(inputs + hidden, gates);
        // One block for both matrices; the recurrent one is its last rows.
        let split = input.weights.start + inputs * gates;
        Recurrent {
            weights: split..input.weights.end,
            input: Dense { inputs, weights: input.weights.start..split, ..input },
        }
    }

    /// The convolutions and the features.
    pub(super) fn front(&mut self, channels: &[usize], features: usize) -> (Vec<Dense>, Dense) {
        let taps = KERNEL * KERNEL;
        let mut inputs = 1;
        let mut stem = Vec::new();
        for &outputs in channels {
            stem.push(self.dense(taps * inputs, outputs));
            inputs = outputs;
        }
        let bands = bands(stages(channels.len()));
        (stem, self.dense(bands[bands.len() - 1] * inputs, features))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_fill_the_vector() {
        let shape = BeatShape::default();
        let layout = shape.layout();
        assert_eq!(bands(stages(shape.channels.len())), [64, 31, 9]);
        assert_eq!(layout.features.inputs, 216);
        assert_eq!(layout.lstm[1].weights.len(), 96 * 384);
        assert_eq!(layout.head.bias.end, layout.len);
        assert_eq!(
            layout.len,
            9 * 16
                + 16
                + 144 * 24
                + 24
                + 216 * 64
                + 64
                + (64 + 96) * 384
                + 384
                + 192 * 384
                + 384
                + 96 * 3
                + 3
        );
    }

    #[test]
    fn odd_sizes_are_refused() {
        let shape = BeatShape { hidden: 97, ..BeatShape::default() };
        let message = shape.check().expect_err("97 units").to_string();
        assert!(message.contains("hidden = 97"), "{message}");
    }
}

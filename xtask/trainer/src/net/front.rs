//! The front of both networks: the stem and the features per frame, sequence by sequence.

use listener::BANDS;

use super::gradient;
use super::linear::Linear;
use super::shape::Layout;
use super::stem::{self, Stem, size};
use listener::kernels::activation;
use listener::kernels::matrix::Packed;

/// Weights, packed for both directions.
pub(crate) struct Front {
    stem: Stem,
    features: Linear,
    width: usize,
}

impl Front {
    /// Silence before `lanes` sequences [lanes, context, BANDS].
    pub(crate) fn silence(&self, lanes: usize) -> Vec<f32> {
        vec![0.0; lanes * self.stem.context * BANDS]
    }
}

/// What the forward pass leaves for the backward pass.
#[derive(Default)]
pub(crate) struct Tape {
    pub(crate) stems: Vec<stem::Tape>,
    stem_scratch: stem::Scratch,
    /// Features of one sequence [rows, features].
    lane_features: Vec<f32>,
    /// Features of all sequences [rows, lanes, features]: a row for each frame, or for as many as the stem pools.
    pub(crate) features: Vec<f32>,
    d_stem: Vec<f32>,
}

impl Front {
    /// Packs the weights out of the parameters.
    pub(crate) fn new(layout: &Layout, params: &[f32]) -> Self {
        Self {
            stem: Stem::new(layout, params),
            features: Linear::new(&layout.features, params),
            width: layout.features.outputs,
        }
    }

    /// `mel` [lanes, time, BANDS] after `context` [lanes, context, BANDS], which moves on, onto the tape.
    pub(crate) fn forward(&self, mel: &[f32], context: &mut [f32], tape: &mut Tape) {
        let before = self.stem.context * BANDS;
        let lanes = context.len() / before;
        let time = mel.len() / (lanes * BANDS);
        let rows = time / self.stem.stride;
        tape.stems.resize_with(lanes, stem::Tape::default);
        size(&mut tape.features, rows * lanes * self.width);
        size(&mut tape.lane_features, rows * self.width);
        let sequences = mel.chunks_exact(time * BANDS).zip(context.chunks_exact_mut(before));
        for (lane, (mel, context)) in sequences.enumerate() {
            let stem = &mut tape.stems[lane];
            self.stem.forward(mel, context, stem, &mut tape.stem_scratch);
            self.features.forward(&stem.out, &mut tape.lane_features);
            activation::elu_all(&mut tape.lane_features);
            let columns = tape.features.chunks_exact_mut(self.width).skip(lane).step_by(lanes);
            for (to, from) in columns.zip(tape.lane_features.chunks_exact(self.width)) {
                to.copy_from_slice(from);
            }
        }
    }

    /// Adds the gradients of the weights, from `d_features` [rows, lanes, features], which it changes.
    pub(crate) fn backward(
        &self,
        d_features: &mut [f32],
        tape: &mut Tape,
        grads: &mut [f32],
        scratch: &mut Packed,
    ) {
        gradient::elu_backward(&tape.features, d_features);
        let lanes = tape.stems.len();
        for (lane, stem) in tape.stems.iter().enumerate() {
            let columns = d_features.chunks_exact(self.width).skip(lane).step_by(lanes);
            for (to, from) in tape.lane_features.chunks_exact_mut(self.width).zip(columns) {
                to.copy_from_slice(from);
            }
            self.features.weight_gradient(&stem.out, &tape.lane_features, grads, scratch);
            size(&mut tape.d_stem, stem.out.len());
            self.features.input_gradient(&tape.lane_features, &mut tape.d_stem);
            self.stem.backward(&tape.d_stem, stem, &mut tape.stem_scratch, grads, scratch);
        }
    }
}

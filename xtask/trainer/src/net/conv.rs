//! A valid 3 x 3 convolution over frames and bands, channels last, without im2col.
//!
//! Rows are positions (frame, band) in one line. The window of a position is three runs of three
//! bands, so a convolution is a product with overlapping rows. The last two bands of each frame give
//! windows that straddle frames: they are computed, never read, and have no gradient.

use super::gradient;
use super::shape::{Dense, KERNEL};
use listener::kernels::matrix::{self, Onto, Packed, View};

/// Positions that the windows of the last frame reach beyond it; inputs carry that many zeros.
pub(crate) const OVERHANG: usize = KERNEL - 1;

/// Weights of one convolution, packed for both directions.
pub(crate) struct Conv {
    dense: Dense,
    bias: Vec<f32>,
    forward: Packed,
    backward: Packed,
}

impl Conv {
    /// Packs the weights of `dense` out of the parameters.
    pub(crate) fn new(dense: &Dense, params: &[f32]) -> Self {
        let weights = &params[dense.weights.clone()];
        let (inputs, outputs) = (dense.inputs, dense.outputs);
        let channels = inputs / (KERNEL * KERNEL);
        // The input's gradient is a convolution with the kernel turned around.
        let mut turned = vec![0.0; weights.len()];
        for tap in 0..KERNEL * KERNEL {
            for input in 0..channels {
                for output in 0..outputs {
                    let to = ((KERNEL * KERNEL - 1 - tap) * outputs + output) * channels + input;
                    turned[to] = weights[(tap * channels + input) * outputs + output];
                }
            }
        }
        Self {
            dense: dense.clone(),
            bias: params[dense.bias.clone()].to_vec(),
            forward: Packed::new(View::new(weights, inputs, outputs)),
            backward: Packed::new(View::new(&turned, KERNEL * KERNEL * outputs, channels)),
        }
    }

    fn windows<'a>(&self, x: &'a [f32], frames: usize, bands: usize) -> View<'a> {
        let channels = self.dense.inputs / (KERNEL * KERNEL);
        View {
            data: x,
            rows: frames * bands,
            cols: KERNEL * channels,
            row_step: channels,
            col_step: 1,
            runs: KERNEL,
            run_step: bands * channels,
        }
    }

    /// `x` [frames + 2, bands, channels] and [`OVERHANG`] zeros -> `y` [frames, bands, outputs], of
    /// which the last two bands are meaningless.
    pub(crate) fn forward(&self, x: &[f32], frames: usize, bands: usize, y: &mut [f32]) {
        matrix::multiply(
            self.windows(x, frames, bands),
            &self.forward,
            y,
            self.dense.outputs,
            Onto::Row(&self.bias),
        );
    }

    /// Adds the gradients of weights and bias; `dy` as in [`Self::input_gradient`].
    pub(crate) fn weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        frames: usize,
        bands: usize,
        grads: &mut [f32],
        scratch: &mut Packed,
    ) {
        let outputs = self.dense.outputs;
        let dy = &dy[lead(bands) * outputs..][..frames * bands * outputs];
        gradient::accumulate_column_sums(dy, &mut grads[self.dense.bias.clone()]);
        gradient::accumulate_gradient(
            self.windows(x, frames, bands),
            View::new(dy, frames * bands, outputs),
            &mut grads[self.dense.weights.clone()],
            scratch,
        );
    }

    /// `dy` [lead + frames * bands + lead, outputs], zero in both leads and at the two meaningless
    /// bands -> `dx` [frames + 2, bands, channels].
    pub(crate) fn input_gradient(&self, dy: &[f32], frames: usize, bands: usize, dx: &mut [f32]) {
        let (channels, outputs) = (self.dense.inputs / (KERNEL * KERNEL), self.dense.outputs);
        let windows = View {
            data: dy,
            rows: (frames + KERNEL - 1) * bands,
            cols: KERNEL * outputs,
            row_step: outputs,
            col_step: 1,
            runs: KERNEL,
            run_step: bands * outputs,
        };
        matrix::multiply(windows, &self.backward, dx, channels, Onto::Nothing);
    }
}

/// Positions of zeros before and after a gradient, so that its windows may reach over the edges.
pub(crate) fn lead(bands: usize) -> usize {
    (KERNEL - 1) * bands + KERNEL - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::{assert_gradient, numbers};

    const FRAMES: usize = 3;
    const BANDS: usize = 5;
    const OUTPUTS: usize = 8;

    /// Loss: a fixed weighting of the meaningful outputs, and its gradient in the padded layout.
    fn weighting() -> Vec<f32> {
        let mut dy = vec![0.0; (2 * lead(BANDS) + FRAMES * BANDS) * OUTPUTS];
        let values = numbers(FRAMES * BANDS * OUTPUTS);
        for p in (0..FRAMES * BANDS).filter(|p| p % BANDS < BANDS - OVERHANG) {
            for o in 0..OUTPUTS {
                dy[(lead(BANDS) + p) * OUTPUTS + o] = values[p * OUTPUTS + o];
            }
        }
        dy
    }

    fn loss(dense: &Dense, params: &[f32], x: &[f32]) -> f64 {
        let mut y = vec![0.0; FRAMES * BANDS * OUTPUTS];
        Conv::new(dense, params).forward(x, FRAMES, BANDS, &mut y);
        let dy = weighting();
        y.iter().zip(&dy[lead(BANDS) * OUTPUTS..]).map(|(y, w)| f64::from(y * w)).sum()
    }

    #[test]
    fn gradients_match_finite_differences() {
        let channels = 2;
        let inputs = KERNEL * KERNEL * channels;
        let dense = Dense {
            inputs,
            outputs: OUTPUTS,
            weights: 0..inputs * OUTPUTS,
            bias: inputs * OUTPUTS..(inputs + 1) * OUTPUTS,
        };
        let params = numbers(dense.bias.end);
        let mut x = numbers((FRAMES + 2) * BANDS * channels);
        x.resize(x.len() + OVERHANG * channels, 0.0);

        let conv = Conv::new(&dense, &params);
        let dy = weighting();
        let mut grads = vec![0.0; params.len()];
        conv.weight_gradient(&x, &dy, FRAMES, BANDS, &mut grads, &mut Packed::default());
        assert_gradient(&params, &grads, |params| loss(&dense, params, &x));

        let real = (FRAMES + 2) * BANDS * channels;
        let mut dx = vec![0.0; real];
        conv.input_gradient(&dy, FRAMES, BANDS, &mut dx);
        assert_gradient(&x[..real], &dx, |real| {
            let mut x = real.to_vec();
            x.resize(real.len() + OVERHANG * channels, 0.0);
            loss(&dense, &params, &x)
        });
    }
}

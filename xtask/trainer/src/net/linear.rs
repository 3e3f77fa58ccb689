//! A fully connected layer over rows.

use super::gradient;
use super::shape::Dense;
use listener::kernels::matrix::{self, Onto, Packed, View};

/// Weights of one layer, packed for both directions.
pub(crate) struct Linear {
    dense: Dense,
    bias: Vec<f32>,
    forward: Packed,
    backward: Packed,
}

impl Linear {
    /// Packs the weights of `dense` out of the parameters.
    pub(crate) fn new(dense: &Dense, params: &[f32]) -> Self {
        let weights = View::new(&params[dense.weights.clone()], dense.inputs, dense.outputs);
        Self {
            dense: dense.clone(),
            bias: params[dense.bias.clone()].to_vec(),
            forward: Packed::new(weights),
            backward: Packed::new(weights.transposed()),
        }
    }

    /// `x` [rows, inputs] -> `y` [rows, outputs].
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        let x = View::new(x, x.len() / self.dense.inputs, self.dense.inputs);
        matrix::multiply(x, &self.forward, y, self.dense.outputs, Onto::Row(&self.bias));
    }

    /// Adds the gradients of weights and bias.
    pub(crate) fn weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        grads: &mut [f32],
        scratch: &mut Packed,
    ) {
        gradient::accumulate_column_sums(dy, &mut grads[self.dense.bias.clone()]);
        let rows = x.len() / self.dense.inputs;
        gradient::accumulate_gradient(
            View::new(x, rows, self.dense.inputs),
            View::new(dy, rows, self.dense.outputs),
            &mut grads[self.dense.weights.clone()],
            scratch,
        );
    }

    /// `dy` [rows, outputs] -> `dx` [rows, inputs].
    pub(crate) fn input_gradient(&self, dy: &[f32], dx: &mut [f32]) {
        let dy = View::new(dy, dy.len() / self.dense.outputs, self.dense.outputs);
        matrix::multiply(dy, &self.backward, dx, self.dense.inputs, Onto::Nothing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::{assert_gradient, numbers};

    #[test]
    fn gradients_match_finite_differences() {
        let (rows, inputs, outputs) = (5, 6, 3);
        let dense = Dense { inputs, outputs, weights: 0..18, bias: 18..21 };
        let (params, x, weights) = (numbers(21), numbers(rows * inputs), numbers(rows * outputs));
        let loss = |params: &[f32], x: &[f32]| -> f64 {
            let mut y = vec![0.0; rows * outputs];
            Linear::new(&dense, params).forward(x, &mut y);
            y.iter().zip(&weights).map(|(y, w)| f64::from(y * w)).sum()
        };
        let layer = Linear::new(&dense, &params);
        let mut grads = vec![0.0; params.len()];
        layer.weight_gradient(&x, &weights, &mut grads, &mut Packed::default());
        assert_gradient(&params, &grads, |params| loss(params, &x));
        let mut dx = vec![0.0; x.len()];
        layer.input_gradient(&weights, &mut dx);
        assert_gradient(&x, &dx, |x| loss(&params, x));
    }
}

//! Arithmetic that only training needs: the gradients of weights, biases and the ELU.

use listener::kernels::matrix::{Onto, Packed, View, multiply};
use listener::vectorised;

/// Rows of a reduction that are packed at a time; a panel of them stays in the first cache.
const CHUNK: usize = 256;

/// `out += a^T b`, the gradient of weights: `a` is rows x inputs, `b` rows x outputs, both as the
/// forward pass saw them. `scratch` keeps its memory from call to call.
pub(crate) fn accumulate_gradient(a: View<'_>, b: View<'_>, out: &mut [f32], scratch: &mut Packed) {
    assert_eq!(a.rows, b.rows, "one gradient row per input row");
    let mut from = 0;
    while from < a.rows {
        let count = CHUNK.min(a.rows - from);
        scratch.pack(View { data: &b.data[from * b.row_step..], rows: count, ..b });
        for run in 0..a.runs {
            let inputs = View {
                data: &a.data[from * a.row_step + run * a.run_step..],
                rows: count,
                runs: 1,
                ..a
            };
            multiply(
                inputs.transposed(),
                scratch,
                &mut out[run * a.cols * b.cols..],
                b.cols,
                Onto::Existing,
            );
        }
        from += count;
    }
}

/// Adds the column sums of `b` to `out`: the gradient of a bias.
pub(crate) fn accumulate_column_sums(b: &[f32], out: &mut [f32]) {
    for row in b.chunks_exact(out.len()) {
        for (out, value) in out.iter_mut().zip(row) {
            *out += value;
        }
    }
}

/// Slope of the ELU, from its output.
#[inline(always)]
pub(crate) fn elu_slope(y: f32) -> f32 {
    if y > 0.0 { 1.0 } else { y + 1.0 }
}

vectorised! {
    /// Multiplies `dy` by the slope of the ELU at outputs `y`, in place.
    pub(crate) fn elu_backward<FMA>(y: &[f32], dy: &mut [f32]) {
        for (dy, &y) in dy.iter_mut().zip(y) {
            *dy *= elu_slope(y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + 13) % 101) as f32 / 50.0 - 1.0).collect()
    }

    #[test]
    fn gradient_is_the_transposed_product() {
        let (rows, inputs, outputs) = (600, 6, 24);
        let (a, b) = (numbers(rows * inputs), numbers(rows * outputs));
        let mut out = vec![0.0; inputs * outputs];
        accumulate_gradient(
            View::new(&a, rows, inputs),
            View::new(&b, rows, outputs),
            &mut out,
            &mut Packed::default(),
        );
        for i in 0..inputs {
            for o in 0..outputs {
                let expected: f32 = (0..rows).map(|r| a[r * inputs + i] * b[r * outputs + o]).sum();
                assert!((out[i * outputs + o] - expected).abs() < 1e-3);
            }
        }
    }
}

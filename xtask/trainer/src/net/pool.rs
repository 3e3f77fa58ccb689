//! Max-pooling over bands followed by ELU. The ELU is monotonic, so pooling first gives the same
//! and costs half to a third of the exponentials.

use super::gradient::elu_slope;
use listener::kernels::activation::elu;
use listener::vectorised;

/// Sizes of one pooling: `y` is [frames, bands in, channels] in, [frames, bands out, channels] out.
#[derive(Clone, Copy)]
pub(crate) struct Pool {
    pub(crate) bands_in: usize,
    pub(crate) bands_out: usize,
    pub(crate) size: usize,
    pub(crate) channels: usize,
}

impl Pool {
    /// Pools `x` into `y`; `choice` remembers which band won (the first, of equals).
    pub(crate) fn forward(self, x: &[f32], y: &mut [f32], choice: &mut [u8]) {
        forward(self, x, y, choice);
    }

    /// Hands `dy` to the winners. `dx` keeps what it holds at bands beyond the last pool.
    pub(crate) fn backward(self, y: &[f32], dy: &[f32], choice: &[u8], dx: &mut [f32]) {
        backward(self, y, dy, choice, dx);
    }
}

vectorised! {
    fn forward<FMA>(pool: Pool, x: &[f32], y: &mut [f32], choice: &mut [u8]) {
        let c = pool.channels;
        let frames_out = y.chunks_exact_mut(pool.bands_out * c).zip(choice.chunks_exact_mut(pool.bands_out * c));
        for (x, (y, choice)) in x.chunks_exact(pool.bands_in * c).zip(frames_out) {
            let bands = y.chunks_exact_mut(c).zip(choice.chunks_exact_mut(c));
            for (x, (y, choice)) in x.chunks_exact(pool.size * c).zip(bands) {
                y.copy_from_slice(&x[..c]);
                choice.fill(0);
                for (k, x) in x.chunks_exact(c).enumerate().skip(1) {
                    for ((x, y), choice) in x.iter().zip(y.iter_mut()).zip(choice.iter_mut()) {
                        *choice = if *x > *y { k as u8 } else { *choice };
                        *y = if *x > *y { *x } else { *y };
                    }
                }
                for y in y {
                    *y = elu::<FMA>(*y);
                }
            }
        }
    }
}

vectorised! {
    fn backward<FMA>(pool: Pool, y: &[f32], dy: &[f32], choice: &[u8], dx: &mut [f32]) {
        let c = pool.channels;
        let frame = pool.bands_out * c;
        let pooled = y.chunks_exact(frame).zip(dy.chunks_exact(frame)).zip(choice.chunks_exact(frame));
        for (dx, ((y, dy), choice)) in dx.chunks_exact_mut(pool.bands_in * c).zip(pooled) {
            let bands = y.chunks_exact(c).zip(dy.chunks_exact(c)).zip(choice.chunks_exact(c));
            for (dx, ((y, dy), choice)) in dx.chunks_exact_mut(pool.size * c).zip(bands) {
                for (k, dx) in dx.chunks_exact_mut(c).enumerate() {
                    for (((dx, y), dy), choice) in dx.iter_mut().zip(y).zip(dy).zip(choice) {
                        let slope = dy * elu_slope(*y);
                        *dx = if usize::from(*choice) == k { slope } else { 0.0 };
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::{assert_gradient, numbers};

    #[test]
    fn gradient_matches_finite_differences() {
        let pool = Pool { bands_in: 7, bands_out: 2, size: 3, channels: 4 };
        let frames = 3;
        let x = numbers(frames * 7 * 4);
        let weights = numbers(frames * 2 * 4);
        let run = |x: &[f32]| {
            let (mut y, mut choice) = (vec![0.0; weights.len()], vec![0; weights.len()]);
            pool.forward(x, &mut y, &mut choice);
            (y, choice)
        };
        let (y, choice) = run(&x);
        let mut dx = vec![0.0; x.len()];
        pool.backward(&y, &weights, &choice, &mut dx);
        assert_gradient(&x, &dx, |x| {
            run(x).0.iter().zip(&weights).map(|(y, w)| f64::from(y * w)).sum()
        });
    }
}

//! Max-pooling over bands, and over frames, followed by ELU. The ELU is monotonic, so pooling first gives the
//! same and costs half to a third of the exponentials.

use super::gradient::elu_slope;
use listener::kernels::activation::elu;
use listener::vectorised;

/// Sizes of one pooling: [frames in, bands in, channels] in, [frames out, bands out, channels] out.
#[derive(Clone, Copy)]
pub(crate) struct Pool {
    pub(crate) bands_in: usize,
    pub(crate) bands_out: usize,
    /// Bands per pooled band.
    pub(crate) size: usize,
    /// Frames per pooled frame.
    pub(crate) frames: usize,
    pub(crate) channels: usize,
}

impl Pool {
    /// Pools `x` into `y`; `choice` remembers which place won (the first, of equals), counted frame by frame.
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
        let Pool { bands_in, bands_out, size, frames, channels: c } = pool;
        let frames_out = y.chunks_exact_mut(bands_out * c).zip(choice.chunks_exact_mut(bands_out * c));
        for (x, (y, choice)) in x.chunks_exact(frames * bands_in * c).zip(frames_out) {
            let bands = y.chunks_exact_mut(c).zip(choice.chunks_exact_mut(c));
            for (band, (y, choice)) in bands.enumerate() {
                let first = band * size * c;
                y.copy_from_slice(&x[first..first + c]);
                choice.fill(0);
                for k in 1..frames * size {
                    let from = (k / size * bands_in + k % size) * c + first;
                    let x = &x[from..from + c];
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
        let Pool { bands_in, bands_out, size, frames, channels: c } = pool;
        let row = bands_out * c;
        let pooled = y.chunks_exact(row).zip(dy.chunks_exact(row)).zip(choice.chunks_exact(row));
        for (dx, ((y, dy), choice)) in dx.chunks_exact_mut(frames * bands_in * c).zip(pooled) {
            let bands = y.chunks_exact(c).zip(dy.chunks_exact(c)).zip(choice.chunks_exact(c));
            for (band, ((y, dy), choice)) in bands.enumerate() {
                for k in 0..frames * size {
                    let to = (k / size * bands_in + band * size + k % size) * c;
                    let dx = &mut dx[to..to + c];
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
        for frames in [1, 2] {
            let pool = Pool { bands_in: 7, bands_out: 2, size: 3, frames, channels: 4 };
            let x = numbers(3 * frames * 7 * 4);
            let weights = numbers(3 * 2 * 4);
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
}

//! Dropout (Srivastava et al. 2014), scaled while training so that the exported model needs nothing.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

/// One mask, kept for the way back. Rates are in steps of 1/256.
#[derive(Default)]
pub(crate) struct Dropout {
    random: Vec<u8>,
    threshold: u8,
}

impl Dropout {
    /// Draws a mask for `count` values of which the share `rate` is dropped.
    pub(crate) fn draw(&mut self, count: usize, rate: f32, rng: &mut ChaCha8Rng) {
        self.threshold = (rate.clamp(0.0, 0.9) * 256.0).round() as u8;
        self.random.resize(count, 0);
        if self.threshold > 0 {
            rng.fill_bytes(&mut self.random);
        }
    }

    /// Keeps everything.
    pub(crate) fn keep_all(&mut self) {
        self.threshold = 0;
    }

    /// Drops and scales `x` in place; the same call takes a gradient back.
    pub(crate) fn apply(&self, x: &mut [f32]) {
        if self.threshold == 0 {
            return;
        }
        let scale = 256.0 / (256.0 - f32::from(self.threshold));
        for (x, random) in x.iter_mut().zip(&self.random) {
            *x *= if *random < self.threshold { 0.0 } else { scale };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn drops_its_share_and_keeps_the_mean() {
        let mut dropout = Dropout::default();
        dropout.draw(100_000, 0.25, &mut ChaCha8Rng::seed_from_u64(1));
        let mut x = vec![1.0; 100_000];
        dropout.apply(&mut x);
        let dropped = x.iter().filter(|x| **x == 0.0).count();
        assert!((24_000..26_000).contains(&dropped), "{dropped}");
        let mean = x.iter().sum::<f32>() / x.len() as f32;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        dropout.keep_all();
        let mut x = vec![1.0; 10];
        dropout.apply(&mut x);
        assert_eq!(x, vec![1.0; 10]);
    }
}

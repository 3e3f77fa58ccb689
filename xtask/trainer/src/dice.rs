//! Dice: every random decision of the corpus, from one seed.
//!
//! A thin dress over ChaCha8, whose stream is the same on every machine and in every version.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A seeded source of musical chance.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice for the thing called `name` under `seed`; other names give unrelated dice, so a new
    /// decision in one place changes nothing elsewhere.
    #[must_use]
    pub fn named(seed: u64, name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(name.as_bytes());
        Self(ChaCha8Rng::from_seed(hash.finalize().into()))
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.0.random::<f64>() < p
    }

    /// Uniform in `low..high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// A whole number in `low..high`; `low` when the range is empty.
    pub fn whole(&mut self, low: usize, high: usize) -> usize {
        if high > low { self.0.random_range(low..high) } else { low }
    }

    /// Normal with mean 0 and deviation `sd`, cut at three deviations.
    pub fn normal(&mut self, sd: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.0.random::<f64>()).ln()).sqrt();
        let angle = std::f64::consts::TAU * self.0.random::<f64>();
        (radius * angle.cos()).clamp(-3.0, 3.0) * sd
    }

    /// One of `items`.
    ///
    /// # Panics
    /// If there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.whole(0, items.len())]
    }

    /// An index drawn in proportion to `weights`.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.between(0.0, weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Mixes `items` into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.whole(0, last + 1));
        }
    }

    /// A fresh seed.
    pub fn seed(&mut self) -> u64 {
        self.0.random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_separate_and_seeds_repeat() {
        let mut a = Dice::named(1, "a");
        let mut again = Dice::named(1, "a");
        let mut b = Dice::named(1, "b");
        let first: Vec<u64> = (0..4).map(|_| a.seed()).collect();
        assert_eq!(first, (0..4).map(|_| again.seed()).collect::<Vec<_>>());
        assert_ne!(first, (0..4).map(|_| b.seed()).collect::<Vec<_>>());
    }

    #[test]
    fn draws_stay_in_range_and_follow_their_weights() {
        let mut dice = Dice::named(3, "range");
        let mut counts = [0; 3];
        for _ in 0..3000 {
            assert!((2.0..5.0).contains(&dice.between(2.0, 5.0)));
            assert!((1..4).contains(&dice.whole(1, 4)));
            assert!(dice.normal(2.0).abs() <= 6.0);
            counts[dice.weighted(&[1.0, 0.0, 2.0])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((900..1100).contains(&counts[0]), "{counts:?}");
    }
}

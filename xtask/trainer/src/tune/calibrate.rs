//! Confidence that means something: a beat given with 0.8 should be right in 8 cases of 10.
//!
//! A logistic regression (Platt 1999) from what the tracker knows to whether the beat was right, fitted
//! by Newton's method; judged by a reliability diagram and the expected calibration error (Guo et al.
//! 2017, "On calibration of modern neural networks").

use listener::DecoderSettings;
use rayon::prelude::*;

use super::hearing::{Heard, Piece, hear, nearest};
use crate::metrics::BEAT_TOLERANCE_S;

/// Bins of the reliability diagram.
const BINS: usize = 10;
/// Constant, filter, at beats, between beats: as in [`DecoderSettings`].
const TERMS: usize = 4;
/// Keeps a term that never varies from running away.
const RIDGE: f64 = 1e-3;
const ROUNDS: usize = 30;

/// How often beats of some confidence were right.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bin {
    /// Beats.
    pub count: usize,
    /// Mean confidence.
    pub confidence: f64,
    /// Share that was right.
    pub right: f64,
}

/// A reliability diagram.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reliability {
    /// By confidence, from 0 to 1.
    pub bins: [Bin; BINS],
}

impl Reliability {
    /// Of pairs of confidence and whether it was right.
    #[must_use]
    pub fn of(pairs: &[(f32, bool)]) -> Self {
        let mut bins = [Bin::default(); BINS];
        for &(confidence, right) in pairs {
            let bin = &mut bins[((f64::from(confidence) * BINS as f64) as usize).min(BINS - 1)];
            bin.count += 1;
            bin.confidence += f64::from(confidence);
            bin.right += f64::from(u8::from(right));
        }
        for bin in &mut bins {
            bin.confidence /= bin.count.max(1) as f64;
            bin.right /= bin.count.max(1) as f64;
        }
        Self { bins }
    }

    /// Expected calibration error: mean distance of confidence and share right, by beats.
    #[must_use]
    pub fn error(&self) -> f64 {
        let all: usize = self.bins.iter().map(|bin| bin.count).sum();
        let gap = |bin: &Bin| bin.count as f64 * (bin.confidence - bin.right).abs();
        self.bins.iter().map(gap).sum::<f64>() / all.max(1) as f64
    }
}

/// Every beat given for `pieces` whatever its confidence, and whether it is right.
#[must_use]
pub(super) fn judged(settings: &DecoderSettings, pieces: &[Piece]) -> Vec<(f32, bool)> {
    let all = DecoderSettings { min_confidence: 0.0, ..settings.clone() };
    let of = |piece: &Piece| {
        let truth: Vec<f64> = piece.beats.iter().map(|beat| beat.time_s).collect();
        // Before the first and after the last true beat nobody says what is right.
        let (from, to) = (truth[0] - 0.5, truth[truth.len() - 1] + 0.5);
        let judge = |beat: &Heard| {
            let error = nearest(&truth, beat.time_s).unwrap_or(f64::INFINITY);
            (beat.confidence, error.abs() <= BEAT_TOLERANCE_S)
        };
        let known = |beat: &&Heard| (from..to).contains(&beat.time_s);
        hear(&all, piece).iter().filter(known).map(judge).collect::<Vec<_>>()
    };
    pieces.par_iter().flat_map_iter(of).collect()
}

/// `settings` with the confidence that fits `pieces` best, and how reliable that is there.
#[must_use]
pub fn calibrate(settings: &DecoderSettings, pieces: &[Piece]) -> (DecoderSettings, Reliability) {
    // The terms are known to the tracker alone; with one weight set, the confidence tells that one.
    let log_odds = |confidence: f32| {
        let p = f64::from(confidence).clamp(1e-6, 1.0 - 1e-6);
        (p / (1.0 - p)).ln()
    };
    let term = |which: usize| {
        let mut alone = settings.clone();
        weights_of(&mut alone).into_iter().enumerate().for_each(|(k, weight)| {
            *weight = if k == which { 1.0 } else { 0.0 };
        });
        judged(&alone, pieces)
    };
    let columns: Vec<Vec<(f32, bool)>> = (1..TERMS).map(term).collect();
    let rows: Vec<([f64; TERMS], bool)> = (0..columns[0].len())
        .map(|i| {
            let value = |k: usize| if k == 0 { 1.0 } else { log_odds(columns[k - 1][i].0) };
            (std::array::from_fn(value), columns[0][i].1)
        })
        .collect();
    let fitted = logistic(&rows);
    let mut settings = settings.clone();
    for (weight, fitted) in weights_of(&mut settings).into_iter().zip(fitted) {
        *weight = fitted as f32;
    }
    let reliability = Reliability::of(&judged(&settings, pieces));
    (settings, reliability)
}

fn weights_of(settings: &mut DecoderSettings) -> [&mut f32; TERMS] {
    let DecoderSettings {
        confidence_bias,
        confidence_filter,
        confidence_at_beats,
        confidence_between,
        ..
    } = settings;
    [confidence_bias, confidence_filter, confidence_at_beats, confidence_between]
}

/// Weights of a logistic regression, by Newton's method.
fn logistic(rows: &[([f64; TERMS], bool)]) -> [f64; TERMS] {
    let mut weights = [0.0; TERMS];
    for _ in 0..ROUNDS {
        let mut gradient: [f64; TERMS] = std::array::from_fn(|k| -RIDGE * weights[k]);
        let mut hessian = [[0.0; TERMS]; TERMS];
        (0..TERMS).for_each(|k| hessian[k][k] = RIDGE);
        for (x, right) in rows {
            let z: f64 = x.iter().zip(&weights).map(|(x, w)| x * w).sum();
            let p = 1.0 / (1.0 + (-z).exp());
            for a in 0..TERMS {
                gradient[a] += (f64::from(u8::from(*right)) - p) * x[a];
                for b in 0..TERMS {
                    hessian[a][b] += p * (1.0 - p) * x[a] * x[b];
                }
            }
        }
        let step = solve(hessian, gradient);
        weights.iter_mut().zip(step).for_each(|(w, step)| *w += step.clamp(-2.0, 2.0));
    }
    weights
}

/// Solves `a x = b`, `a` symmetric and positive definite, by elimination.
fn solve(mut a: [[f64; TERMS]; TERMS], mut b: [f64; TERMS]) -> [f64; TERMS] {
    for k in 0..TERMS {
        for row in k + 1..TERMS {
            let factor = a[row][k] / a[k][k];
            for column in k..TERMS {
                a[row][column] -= factor * a[k][column];
            }
            b[row] -= factor * b[k];
        }
    }
    for k in (0..TERMS).rev() {
        let known: f64 = (k + 1..TERMS).map(|column| a[k][column] * b[column]).sum();
        b[k] = (b[k] - known) / a[k][k];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn regression_finds_the_odds_it_was_given() {
        let truth = [-1.0, 0.8, 2.0, -0.5];
        let mut dice = Dice::named(1, "odds");
        let rows: Vec<_> = (0..20_000)
            .map(|_| {
                let x = [1.0, dice.normal(1.0), dice.normal(1.0), dice.normal(1.0)];
                let z: f64 = x.iter().zip(&truth).map(|(x, w)| x * w).sum();
                (x, dice.chance(1.0 / (1.0 + (-z).exp())))
            })
            .collect();
        for (found, truth) in logistic(&rows).into_iter().zip(truth) {
            assert!((found - truth).abs() < 0.1, "{found} for {truth}");
        }
    }

    #[test]
    fn an_honest_forecast_has_no_calibration_error() {
        let honest: Vec<_> = (0..1000).map(|k| (0.75, k % 4 != 0)).collect();
        assert!(Reliability::of(&honest).error() < 1e-6);
        let boastful: Vec<_> = honest.iter().map(|&(_, right)| (0.95, right)).collect();
        assert!((Reliability::of(&boastful).error() - 0.2).abs() < 1e-6);
    }
}

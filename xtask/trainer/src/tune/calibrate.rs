//! Confidence that means something: a beat given with 0.8 should be right in 8 cases of 10.
//!
//! A logistic regression (Platt 1999) from what the tracker knows to whether the beat was right, fitted
//! by Newton's method.

use listener::DecoderSettings;
use metrics::{BEAT_WINDOW_S, Judged, judge};
use rayon::prelude::*;

use super::hearing::{Piece, hear};

/// Constant, filter, at beats, between beats: as in [`DecoderSettings`].
const TERMS: usize = 4;
/// Keeps a term that never varies from running away.
const RIDGE: f64 = 1e-3;
const ROUNDS: usize = 30;

/// Every beat given for `pieces` whatever its confidence, and whether it is right.
#[must_use]
pub fn judged(settings: &DecoderSettings, pieces: &[Piece]) -> Vec<Judged> {
    let all = DecoderSettings { min_confidence: 0.0, ..settings.clone() };
    let of = |piece: &Piece| {
        let truth: Vec<f64> = piece.beats.iter().map(|beat| beat.time_s).collect();
        // Before the first and after the last true beat nobody says what is right.
        let (from, to) = (truth[0] - 0.5, truth[truth.len() - 1] + 0.5);
        let heard = hear(&all, piece);
        let known = heard.iter().filter(|beat| (from..to).contains(&beat.time_s));
        let beats: Vec<(f64, f64)> =
            known.map(|beat| (beat.time_s, f64::from(beat.confidence))).collect();
        judge(&truth, &beats, BEAT_WINDOW_S)
    };
    pieces.par_iter().flat_map_iter(of).collect()
}

/// `settings` with the confidence that fits `pieces` best.
#[must_use]
pub fn calibrate(settings: &DecoderSettings, pieces: &[Piece]) -> DecoderSettings {
    // The terms are known to the tracker alone; with one weight set, the confidence tells that one.
    let log_odds = |confidence: f64| {
        let p = confidence.clamp(1e-6, 1.0 - 1e-6);
        (p / (1.0 - p)).ln()
    };
    let term = |which: usize| {
        let mut alone = settings.clone();
        weights_of(&mut alone).into_iter().enumerate().for_each(|(k, weight)| {
            *weight = if k == which { 1.0 } else { 0.0 };
        });
        judged(&alone, pieces)
    };
    let columns: Vec<Vec<Judged>> = (1..TERMS).map(term).collect();
    let row = |i: usize| {
        let value = |k: usize| if k == 0 { 1.0 } else { log_odds(columns[k - 1][i].confidence) };
        (std::array::from_fn(value), columns[0][i].right)
    };
    let rows: Vec<([f64; TERMS], bool)> = (0..columns[0].len()).map(row).collect();
    if rows.is_empty() {
        return settings.clone();
    }
    let mut settings = settings.clone();
    for (weight, fitted) in weights_of(&mut settings).into_iter().zip(logistic(&rows)) {
        *weight = fitted as f32;
    }
    settings
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
            let above = a[k];
            a[row].iter_mut().zip(above).for_each(|(value, above)| *value -= factor * above);
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
}

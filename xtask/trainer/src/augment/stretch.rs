//! Another tempo at the same pitch: overlap-add of the pieces that fit best (WSOLA, Verhelst and
//! Roelands 1993), and the same for another pitch at the same tempo.

use crate::clip::RATE_HZ;

/// Samples of a piece, 40 ms, and half of them.
const PIECE: usize = 1764;
const HOP: usize = PIECE / 2;
/// How far a piece may be moved to fit, samples.
const REACH: usize = 400;

/// Where the pieces of a stretched sound came from.
pub(super) struct Moved {
    /// First sample of each piece in the original; piece `k` begins at `k` hops of the result.
    from: Vec<usize>,
}

impl Moved {
    /// Where the sound at `time` of the original is heard, seconds: in the piece that has it
    /// nearest to its middle, where the pieces around it are faint.
    pub(super) fn place(&self, time: f64) -> f64 {
        let at = time * RATE_HZ;
        let off = |from: usize| (from as f64 + HOP as f64 - at).abs();
        let nearest = (0..self.from.len())
            .min_by(|&a, &b| off(self.from[a]).total_cmp(&off(self.from[b])))
            .unwrap_or(0);
        let from = self.from.get(nearest).copied().unwrap_or(0) as f64;
        (nearest * HOP) as f64 / RATE_HZ + (at - from) / RATE_HZ
    }
}

/// `samples` played `ratio` times as fast at the same pitch.
pub(super) fn stretch(samples: &[f32], ratio: f64) -> (Vec<f32>, Moved) {
    let at = |index: usize| samples.get(index).copied().unwrap_or(0.0);
    let count = (samples.len() as f64 / ratio / HOP as f64).ceil() as usize;
    let mut out = vec![0.0_f32; (count + 1) * HOP];
    let mut weight = vec![1e-6_f32; out.len()];
    let window: Vec<f32> = (0..PIECE)
        .map(|i| 0.5 - 0.5 * (std::f32::consts::TAU * (i as f32 + 0.5) / PIECE as f32).cos())
        .collect();
    let mut from: Vec<usize> = Vec::with_capacity(count);
    for index in 0..count {
        let ideal = (index as f64 * HOP as f64 * ratio).round() as usize;
        let start = match from.last() {
            // The piece that goes on most like the one before would have.
            Some(last) => best(samples, last + HOP, ideal),
            None => ideal,
        };
        from.push(start);
        for (i, w) in window.iter().enumerate() {
            out[index * HOP + i] += w * at(start + i);
            weight[index * HOP + i] += w;
        }
    }
    out.iter_mut().zip(&weight).for_each(|(x, w)| *x /= w);
    out.truncate((samples.len() as f64 / ratio) as usize);
    (out, Moved { from })
}

/// The start near `ideal` whose samples are most like those at `goal`.
fn best(samples: &[f32], goal: usize, ideal: usize) -> usize {
    let (low, high) = (ideal.saturating_sub(REACH), ideal + REACH);
    if high + HOP >= samples.len() || goal + HOP >= samples.len() {
        return ideal;
    }
    // Every eighth sample says enough about the fit, and is eight times as fast.
    let likeness = |start: usize| {
        let (mut product, mut power) = (0.0_f32, 1e-9_f32);
        for i in (0..HOP).step_by(8) {
            product += samples[start + i] * samples[goal + i];
            power += samples[start + i] * samples[start + i];
        }
        product / power.sqrt()
    };
    let coarse = (low..=high).step_by(8).max_by(|&a, &b| likeness(a).total_cmp(&likeness(b)));
    let coarse = coarse.unwrap_or(ideal);
    let near = coarse.saturating_sub(6).max(low)..=(coarse + 6).min(high);
    near.step_by(2).max_by(|&a, &b| likeness(a).total_cmp(&likeness(b))).unwrap_or(coarse)
}

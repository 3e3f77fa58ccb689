//! The state space: for every meter and tempo a bar, as a ring of equally likely steps of time.

use std::ops::Range;

use crate::DecoderSettings;

/// Filter steps per second. Finer than the network's frames, so that tempo is not quantised by them.
pub(crate) const STEPS_PER_SECOND: f64 = 100.0;

/// Beats per bar that are tracked.
pub(crate) const METERS: [usize; 3] = [2, 3, 4];

/// All bars of one meter at one tempo: `beats * interval` states, one per step of time.
///
/// Time passes by turning the ring: the state at position `p` after `t` steps lives in cell
/// `(p - t) mod length`, so a step moves no memory. Only the cells at beat boundaries change
/// hands, where the tempo may change.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// Index into [`METERS`].
    pub(crate) meter: usize,
    /// Index into [`States::intervals`].
    pub(crate) tempo: usize,
    pub(crate) beats: usize,
    /// Steps per beat.
    pub(crate) interval: usize,
    /// First cell of this bar in the filter's memory.
    pub(crate) first: usize,
    pub(crate) length: usize,
    /// Steps either side of a beat in which a beat is expected.
    pub(crate) width: usize,
}

/// The whole space, fixed after construction.
#[derive(Debug, Clone)]
pub(crate) struct States {
    /// Steps per beat of each tempo, ascending.
    pub(crate) intervals: Vec<usize>,
    /// Meter-major: the bars of meter `m` are `bars[m * tempi .. (m + 1) * tempi]`.
    pub(crate) bars: Vec<Bar>,
    /// The first and the last cell of every bar.
    pub(crate) firsts: Vec<u32>,
    pub(crate) lasts: Vec<u32>,
    /// Number of cells.
    pub(crate) size: usize,
    /// Probability of each meter before anything is heard.
    pub(crate) meter_prior: [f32; METERS.len()],
    /// Probability of each tempo before anything is heard.
    pub(crate) prior: Vec<f32>,
    /// What a beat at each tempo weighs: 1 at the most likely one, less at others.
    pub(crate) pull: Vec<f32>,
    /// For each new tempo, the probability of coming from each old one.
    pub(crate) from: Diagonals,
    /// For each tempo, how much each other sounds like it.
    pub(crate) alike: Vec<Band>,
}

/// One row of a band matrix over tempi: weights of a run of neighbours.
#[derive(Debug, Clone, Default)]
pub(crate) struct Band {
    pub(crate) first: usize,
    pub(crate) weights: Vec<f32>,
}

impl Band {
    /// The weighted sum of `values`, one per tempo.
    #[inline(always)]
    pub(crate) fn dot(&self, values: &[f32]) -> f32 {
        let run = &values[self.first..self.first + self.weights.len()];
        run.iter().zip(&self.weights).map(|(v, w)| v * w).sum()
    }

    /// The tempi with a weight.
    pub(crate) fn tempi(&self) -> Range<usize> {
        self.first..self.first + self.weights.len()
    }
}

/// A band matrix over tempi by its diagonals, so that a product runs along the tempi.
#[derive(Debug, Clone)]
pub(crate) struct Diagonals {
    /// How far from the main diagonal the band reaches.
    reach: usize,
    /// `weights[d][new]` is from the old tempo `new + d - reach`.
    weights: Vec<Vec<f32>>,
}

impl Diagonals {
    fn new(rows: &[Band]) -> Self {
        let above = |(new, row): (usize, &Band)| row.tempi().end.saturating_sub(new + 1);
        let below = |(new, row): (usize, &Band)| new.saturating_sub(row.first);
        let widest = |f: &dyn Fn((usize, &Band)) -> usize| rows.iter().enumerate().map(f).max();
        let reach = widest(&above).max(widest(&below)).unwrap_or(0);
        let mut weights = vec![vec![0.0; rows.len()]; 2 * reach + 1];
        for (new, row) in rows.iter().enumerate() {
            for (old, weight) in row.tempi().zip(&row.weights) {
                weights[old + reach - new][new] = *weight;
            }
        }
        Self { reach, weights }
    }

    /// Writes the product with `old` to `new`. `old` has [`padding`](Self::padding) zeros at
    /// either end.
    #[inline(always)]
    pub(crate) fn multiply(&self, old: &[f32], new: &mut [f32]) {
        let (groups, rest) = new.as_chunks_mut::<16>();
        let whole = 16 * groups.len();
        for (group, new) in groups.iter_mut().enumerate() {
            // Sixteen sums that stay in registers.
            let mut sums = [0.0; 16];
            for (shift, weights) in self.weights.iter().enumerate() {
                let at = 16 * group;
                let terms = weights[at..at + 16].iter().zip(&old[shift + at..shift + at + 16]);
                for (sum, (weight, old)) in sums.iter_mut().zip(terms) {
                    *sum += weight * old;
                }
            }
            *new = sums;
        }
        rest.fill(0.0);
        for (shift, weights) in self.weights.iter().enumerate() {
            let terms = weights[whole..].iter().zip(&old[shift + whole..]);
            for (new, (weight, old)) in rest.iter_mut().zip(terms) {
                *new += weight * old;
            }
        }
    }

    pub(crate) fn padding(&self) -> usize {
        self.reach
    }
}

impl Bar {
    /// The cell, in the filter's memory, of the state at `position` steps into the bar, where
    /// `head` is that of the first.
    pub(crate) fn cell(&self, head: usize, position: usize) -> usize {
        self.first + self.wrapped(head + position)
    }

    fn wrapped(&self, cell: usize) -> usize {
        if cell < self.length { cell } else { cell - self.length }
    }

    /// The cells, in a bar's own memory, of `count` states from `position` on, which lies in
    /// the bar: a run, and the rest of it where it wraps.
    pub(crate) fn run(&self, head: usize, position: usize, count: usize) -> [Range<usize>; 2] {
        let start = self.wrapped(head + position);
        let end = start + count;
        if end <= self.length {
            [start..end, 0..0]
        } else {
            [start..self.length, 0..end - self.length]
        }
    }
}

impl States {
    pub(crate) fn new(settings: &DecoderSettings) -> Self {
        let steps_per_minute = 60.0 * STEPS_PER_SECOND;
        let slow = f64::from(settings.min_bpm.min(settings.max_bpm)).max(20.0);
        let fast = f64::from(settings.max_bpm.max(settings.min_bpm)).min(400.0);
        let shortest = (steps_per_minute / fast).round() as usize;
        let longest = ((steps_per_minute / slow).round() as usize).max(shortest);
        let intervals: Vec<usize> = (shortest..=longest).collect();
        let mut bars = Vec::with_capacity(METERS.len() * intervals.len());
        let mut size = 0;
        for (meter, beats) in METERS.into_iter().enumerate() {
            for (tempo, &interval) in intervals.iter().enumerate() {
                let width = (f64::from(settings.beat_width_s) * STEPS_PER_SECOND).round() as usize;
                let width = width.clamp(1, interval / 4);
                let length = beats * interval;
                let first = size;
                bars.push(Bar { meter, tempo, beats, interval, first, length, width });
                size += length;
            }
        }
        let (two, three) = (settings.two_beat_bars, settings.three_beat_bars);
        let meter_prior = [two, three, (1.0 - two - three).max(0.0)];
        let prior = tempo_prior(&intervals, settings);
        let pull = intervals
            .iter()
            .map(|&interval| preference(interval, settings).powf(f64::from(settings.tempo_pull)))
            .map(|weight| weight as f32)
            .collect();
        let from = transitions(&intervals, settings.tempo_rigidity);
        let alike = likeness(&intervals);
        let firsts = bars.iter().map(|bar| bar.first as u32).collect();
        let lasts = bars.iter().map(|bar| (bar.first + bar.length - 1) as u32).collect();
        Self { intervals, bars, firsts, lasts, size, meter_prior, prior, pull, from, alike }
    }

    pub(crate) fn tempi(&self) -> usize {
        self.intervals.len()
    }
}

/// How likely a tempo is beside the most likely one: a bell over log tempo (van Noorden and Moelants
/// 1999 find such a preference in listeners).
fn preference(interval: usize, settings: &DecoderSettings) -> f64 {
    let bpm = 60.0 * STEPS_PER_SECOND / interval as f64;
    let octaves = (bpm / f64::from(settings.prior_bpm)).log2() / f64::from(settings.prior_octaves);
    (-0.5 * octaves * octaves).exp()
}

/// Log-normal, over tempi that are equally spaced in interval.
fn tempo_prior(intervals: &[usize], settings: &DecoderSettings) -> Vec<f32> {
    // A step of one interval covers 1 / interval of an octave: denser at slow tempi.
    let weight = |&interval: &usize| (preference(interval, settings) / interval as f64) as f32;
    let mut prior: Vec<f32> = intervals.iter().map(weight).collect();
    let sum: f32 = prior.iter().sum();
    // A narrow prior far from all of these tempi has no opinion of them.
    if sum == 0.0 {
        return vec![1.0 / intervals.len() as f32; intervals.len()];
    }
    prior.iter_mut().for_each(|p| *p /= sum);
    prior
}

/// `exp(-rigidity * |to / from - 1|)`, normalised over `to`, kept where it matters.
fn transitions(intervals: &[usize], rigidity: f32) -> Diagonals {
    let negligible = 1e-3;
    let weight = |old: usize, new: usize| (-rigidity * (new as f32 / old as f32 - 1.0).abs()).exp();
    let kept = |old: usize, new: usize| Some(weight(old, new)).filter(|w| *w > negligible);
    let leaving = |old: usize| intervals.iter().filter_map(|&new| kept(old, new)).sum::<f32>();
    let sums: Vec<f32> = intervals.iter().map(|&old| leaving(old)).collect();
    Diagonals::new(&bands(intervals, |i, j| kept(intervals[i], intervals[j]).map(|w| w / sums[i])))
}

/// Tempi within this of each other (as a log ratio) are one tempo to a listener.
const SAME_TEMPO: f32 = 0.05;

/// Falls from 1 at the same tempo to 0 at one that a listener would call another.
fn likeness(intervals: &[usize]) -> Vec<Band> {
    bands(intervals, |i, j| {
        let distance = (intervals[i] as f32 / intervals[j] as f32).ln().abs();
        Some(1.0 - distance / SAME_TEMPO).filter(|w| *w > 0.0)
    })
}

/// The band matrix of `weight(old, new)`, a row for each new tempo.
fn bands(intervals: &[usize], weight: impl Fn(usize, usize) -> Option<f32>) -> Vec<Band> {
    let row = |j: usize| {
        let mut band = Band::default();
        for (i, w) in (0..intervals.len()).filter_map(|i| weight(i, j).map(|w| (i, w))) {
            if band.weights.is_empty() {
                band.first = i;
            }
            band.weights.push(w);
        }
        band
    };
    (0..intervals.len()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tempo_goes_somewhere_with_probability_one() {
        let states = States::new(&DecoderSettings::default());
        for i in 0..states.tempi() {
            let padding = states.from.padding();
            let mut mass = vec![0.0; states.tempi() + 2 * padding];
            mass[padding + i] = 1.0;
            let mut arriving = vec![0.0; states.tempi()];
            states.from.multiply(&mass, &mut arriving);
            let out: f32 = arriving.iter().sum();
            assert!((out - 1.0).abs() < 1e-5, "tempo {i} leaves with {out}");
        }
        assert!((states.prior.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn bars_tile_the_memory() {
        let states = States::new(&DecoderSettings::default());
        let mut next = 0;
        for bar in &states.bars {
            assert_eq!(bar.first, next);
            assert_eq!(bar.length, bar.beats * bar.interval);
            next += bar.length;
        }
        assert_eq!(next, states.size);
    }
}

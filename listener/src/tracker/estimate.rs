//! From the filter's probabilities to one answer: tempo, place in the bar, and how sure that is.

use std::ops::Range;

use super::states::{METERS, STEPS_PER_SECOND, States};
use crate::DecoderSettings;

/// Where the music is at a frame, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BarEstimate {
    /// Seconds from beat to beat.
    pub interval_s: f64,
    /// Place between this beat and the next, 0..1.
    pub beat_phase: f64,
    /// Beats since the first of the bar, from 0.
    pub beat: usize,
    /// Beats per bar.
    pub beats_per_bar: usize,
    /// Probability that tempo and beat phase are these, 0..1.
    pub confidence: f32,
}

/// Bins of the beat-phase histogram.
const PHASES: usize = 120;
/// Bins to each side that are one beat to a listener: 0.15 of a beat.
const SAME_PHASE: usize = 18;
/// How much a bin so many from the first of those counts: most in the middle.
const CLOSENESS: [f32; 2 * SAME_PHASE + 1] = {
    let mut closeness = [0.0; 2 * SAME_PHASE + 1];
    let mut bin = 0;
    while bin < closeness.len() {
        closeness[bin] = 1.0 - bin.abs_diff(SAME_PHASE) as f32 / (SAME_PHASE + 1) as f32;
        bin += 1;
    }
    closeness
};
/// Longest bar of [`METERS`].
const MAX_BEATS: usize = 4;

/// Reads the filter. Keeps the last answer, because a listener stays with a tempo and a bar until
/// another is clearly better.
pub(crate) struct Estimator {
    tempo_hysteresis: f32,
    bar_hysteresis: f32,
    /// Probability of every tempo, and the same over tempi a listener would call the same.
    marginal: Vec<f32>,
    smoothed: Vec<f32>,
    /// Probability of every position in the beat, at one tempo.
    profile: Vec<f32>,
    /// Probability of every beat phase, with [`SAME_PHASE`] bins repeated at either end.
    phases: [f32; PHASES + 2 * SAME_PHASE],
    places: [[f32; MAX_BEATS]; METERS.len()],
    held: Option<Held>,
}

/// The filter, as it stands after a frame.
pub(crate) struct Filter<'a> {
    /// Probability of every state, up to a common factor.
    pub(crate) cells: &'a [f32],
    /// Total of the cells of every bar.
    pub(crate) totals: &'a [f32],
    /// For every bar, which cell its first state is in.
    pub(crate) heads: &'a [usize],
}

/// The last answer.
#[derive(Clone, Copy)]
struct Held {
    tempo: usize,
    phase: f64,
    meter: usize,
    beat: usize,
}

impl Estimator {
    pub(crate) fn new(states: &States, settings: &DecoderSettings) -> Self {
        Self {
            tempo_hysteresis: settings.tempo_hysteresis.max(1.0),
            bar_hysteresis: settings.bar_hysteresis.max(1.0),
            marginal: vec![0.0; states.tempi()],
            smoothed: vec![0.0; states.tempi()],
            profile: vec![0.0; states.intervals.last().copied().unwrap_or(0)],
            phases: [0.0; PHASES + 2 * SAME_PHASE],
            places: [[0.0; MAX_BEATS]; METERS.len()],
            held: None,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.held = None;
    }

    /// What `filter` says; the total of all its cells beside the answer.
    #[inline(always)]
    pub(crate) fn read(&mut self, states: &States, filter: &Filter<'_>) -> (BarEstimate, f32) {
        let Filter { cells, totals, heads } = *filter;
        let total = self.weigh_tempi(states, totals);
        let tempo = self.choose_tempo(states);
        let interval = self.weigh_phases(states, cells, heads, tempo);
        let (beat_phase, mass) = self.choose_phase();
        self.weigh_places(states, cells, heads, tempo, beat_phase);
        let (meter, beat) = self.choose_place(beat_phase);
        self.held = Some(Held { tempo, phase: beat_phase, meter, beat });
        let estimate = BarEstimate {
            interval_s: interval / STEPS_PER_SECOND,
            beat_phase,
            beat,
            beats_per_bar: METERS[meter],
            confidence: (mass / total.max(f32::MIN_POSITIVE)).min(1.0),
        };
        (estimate, total)
    }

    /// Probability of every tempo; returns the total.
    #[inline(always)]
    fn weigh_tempi(&mut self, states: &States, totals: &[f32]) -> f32 {
        self.marginal.fill(0.0);
        for (bar, total) in states.bars.iter().zip(totals) {
            // Rounding may leave a little less than nothing of what is gone.
            self.marginal[bar.tempo] += total.max(0.0);
        }
        for (smoothed, band) in self.smoothed.iter_mut().zip(&states.alike) {
            *smoothed = band.dot(&self.marginal);
        }
        self.marginal.iter().sum()
    }

    #[inline(always)]
    fn choose_tempo(&self, states: &States) -> usize {
        let best_of = |tempi: Range<usize>| {
            let better = |best, t| if self.smoothed[t] > self.smoothed[best] { t } else { best };
            tempi.clone().fold(tempi.start, better)
        };
        let best = best_of(0..self.smoothed.len());
        let Some(held) = self.held else { return best };
        let current = best_of(states.alike[held.tempo].tempi());
        let clearly = self.smoothed[best] > self.tempo_hysteresis * self.smoothed[current];
        if clearly { best } else { current }
    }

    /// Histogram of beat phase among tempi like `tempo`; returns their mean interval in steps.
    #[inline(always)]
    fn weigh_phases(
        &mut self,
        states: &States,
        cells: &[f32],
        heads: &[usize],
        tempo: usize,
    ) -> f64 {
        let (all, _) = self.phases.split_at_mut(PHASES);
        all.fill(0.0);
        let (mut mass, mut moment) = (0.0, 0.0);
        for near in states.alike[tempo].tempi() {
            let interval = states.intervals[near];
            let profile = &mut self.profile[..interval];
            profile.fill(0.0);
            for index in (near..states.bars.len()).step_by(states.tempi()) {
                let (bar, head) = (&states.bars[index], heads[index]);
                let cells = &cells[bar.first..bar.first + bar.length];
                for beat in 0..bar.beats {
                    let [run, rest] = bar.run(head, beat * interval, interval);
                    let (early, late) = profile.split_at_mut(run.len());
                    add(early, &cells[run]);
                    add(late, &cells[rest]);
                }
            }
            // The bin is `position * PHASES / interval`, without a division for each.
            let (mut bin, mut rest) = (0, 0);
            for probability in &*profile {
                all[bin] += probability;
                rest += PHASES;
                while rest >= interval {
                    (bin, rest) = (bin + 1, rest - interval);
                }
            }
            let weight: f64 = profile.iter().map(|&p| f64::from(p)).sum();
            mass += weight;
            moment += weight * interval as f64;
        }
        self.phases.copy_within(..2 * SAME_PHASE, PHASES);
        if mass > 0.0 { moment / mass } else { states.intervals[tempo] as f64 }
    }

    /// The beat phase most of the mass is near, and the mass that is.
    #[inline(always)]
    fn choose_phase(&self) -> (f64, f32) {
        let offset = |k: usize| k as f32 - SAME_PHASE as f32;
        // All phases side by side, so that the additions of one need not wait for each other.
        let mut weights = [0.0; PHASES];
        for (near, closeness) in CLOSENESS.iter().enumerate() {
            for (weight, probability) in weights.iter_mut().zip(&self.phases[near..]) {
                *weight += probability * closeness;
            }
        }
        let (mut best, mut most) = (0, f32::NEG_INFINITY);
        for (start, &weight) in weights.iter().enumerate() {
            if weight > most {
                (best, most) = (start, weight);
            }
        }
        let around = &self.phases[best..best + CLOSENESS.len()];
        let mass: f32 = around.iter().sum();
        let moment: f32 = around.iter().enumerate().map(|(k, p)| offset(k) * p).sum();
        let centre = (best + SAME_PHASE) as f64 + f64::from(moment / mass.max(f32::MIN_POSITIVE));
        ((centre / PHASES as f64).fract(), mass)
    }

    /// Probability of each meter and beat in the bar, among states like the tempo and the phase.
    #[inline(always)]
    fn weigh_places(
        &mut self,
        states: &States,
        cells: &[f32],
        heads: &[usize],
        tempo: usize,
        phase: f64,
    ) {
        self.places = [[0.0; MAX_BEATS]; METERS.len()];
        let reach = SAME_PHASE as f64 / PHASES as f64;
        for near in states.alike[tempo].tempi() {
            for index in (near..states.bars.len()).step_by(states.tempi()) {
                let (bar, head) = (&states.bars[index], heads[index]);
                let cells = &cells[bar.first..bar.first + bar.length];
                let steps = |beats: f64| (beats * bar.interval as f64).round() as usize;
                let count = steps(2.0 * reach) + 1;
                for (beat, place) in self.places[bar.meter][..bar.beats].iter_mut().enumerate() {
                    // States just before a beat stand for the same place as those just after it.
                    let start = (beat as f64 + phase - reach).rem_euclid(bar.beats as f64);
                    let runs = bar.run(head, steps(start).min(bar.length - 1), count);
                    *place += runs.into_iter().map(|run| sum(&cells[run])).sum::<f32>();
                }
            }
        }
    }

    #[inline(always)]
    fn choose_place(&self, phase: f64) -> (usize, usize) {
        let mut best = (0, 0);
        for (meter, beats) in METERS.into_iter().enumerate() {
            for beat in 0..beats {
                if self.places[meter][beat] > self.places[best.0][best.1] {
                    best = (meter, beat);
                }
            }
        }
        let Some(held) = self.held else { return best };
        let passed = usize::from(held.phase - phase > 0.5);
        let back = usize::from(phase - held.phase > 0.5);
        let beats = METERS[held.meter];
        let current = (held.meter, (held.beat + passed + beats - back) % beats);
        let challenged = self.places[current.0][current.1] * self.bar_hysteresis;
        if self.places[best.0][best.1] > challenged { best } else { current }
    }
}

#[inline(always)]
fn add(to: &mut [f32], values: &[f32]) {
    for (to, value) in to.iter_mut().zip(values) {
        *to += value;
    }
}

/// A sum in eight lanes, which the compiler turns into vector instructions.
#[inline(always)]
pub(crate) fn sum(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

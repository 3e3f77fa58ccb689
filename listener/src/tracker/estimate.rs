//! From the filter's probabilities to one answer: tempo, place in the bar, and how sure that is.

use std::ops::Range;

use super::past::Past;
use super::states::{BEATS, LANES, METERS, STEPS_PER_SECOND, States, padded};
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
    /// Probability of every tempo, with zeros around it, and the same over tempi a listener would call the
    /// same.
    marginal: Vec<f32>,
    smoothed: Vec<f32>,
    /// For every tempo, the bin of each position in the beat.
    bins: Vec<Vec<u8>>,
    /// Probability of every beat phase, with [`SAME_PHASE`] bins repeated at either end.
    phases: [f32; PHASES + 2 * SAME_PHASE],
    places: [[f32; MAX_BEATS]; METERS.len()],
    held: Option<Held>,
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
            marginal: vec![0.0; padded(states.tempi()) + 2 * states.likeness.padding()],
            smoothed: vec![0.0; padded(states.tempi())],
            bins: states.intervals.iter().map(|&interval| bins(interval)).collect(),
            phases: [0.0; PHASES + 2 * SAME_PHASE],
            places: [[0.0; MAX_BEATS]; METERS.len()],
            held: None,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.held = None;
    }

    /// What the filter says, whose states are in `past` and have `totals` per meter and tempo; the total of
    /// all beside the answer.
    #[inline(always)]
    pub(crate) fn read(
        &mut self,
        states: &States,
        past: &Past,
        totals: &[Vec<f32>; METERS.len()],
    ) -> (BarEstimate, f32) {
        let total = self.weigh_tempi(states, totals);
        let tempo = self.choose_tempo(states);
        let interval = self.weigh_phases(states, past, tempo);
        let (beat_phase, mass) = self.choose_phase();
        self.weigh_places(states, past, tempo, beat_phase);
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
    fn weigh_tempi(&mut self, states: &States, totals: &[Vec<f32>; METERS.len()]) -> f32 {
        let padding = states.likeness.padding();
        let marginal = &mut self.marginal[padding..padding + states.tempi()];
        let [two, three, four] = totals;
        for (((mass, two), three), four) in marginal.iter_mut().zip(two).zip(three).zip(four) {
            // Rounding may leave a little less than nothing of what is gone.
            *mass = two.max(0.0) + three.max(0.0) + four.max(0.0);
        }
        let total = marginal.iter().sum();
        states.likeness.multiply(&self.marginal, &mut self.smoothed);
        total
    }

    #[inline(always)]
    fn choose_tempo(&self, states: &States) -> usize {
        let best_of = |tempi: Range<usize>| {
            let better = |best, t| if self.smoothed[t] > self.smoothed[best] { t } else { best };
            tempi.clone().fold(tempi.start, better)
        };
        let best = best_of(0..states.tempi());
        let Some(held) = self.held else { return best };
        let current = best_of(states.alike[held.tempo].clone());
        let clearly = self.smoothed[best] > self.tempo_hysteresis * self.smoothed[current];
        if clearly { best } else { current }
    }

    /// Histogram of beat phase among tempi like `tempo`; returns their mean interval in steps.
    #[inline(always)]
    fn weigh_phases(&mut self, states: &States, past: &Past, tempo: usize) -> f64 {
        let (all, _) = self.phases.split_at_mut(PHASES);
        all.fill(0.0);
        let (mut mass, mut moment) = (0.0, 0.0);
        for (group, near) in groups(&states.alike[tempo]) {
            let mut weights = [0.0; LANES];
            for age in 0..states.intervals[near.end - 1] {
                let profile = past.profile(age, group);
                for tempo in near.clone() {
                    if let Some(&bin) = self.bins[tempo].get(age) {
                        let probability = profile[tempo - group * LANES];
                        all[usize::from(bin)] += probability;
                        weights[tempo - group * LANES] += probability;
                    }
                }
            }
            for tempo in near {
                let weight = f64::from(weights[tempo - group * LANES]);
                mass += weight;
                moment += weight * states.intervals[tempo] as f64;
            }
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
    fn weigh_places(&mut self, states: &States, past: &Past, tempo: usize, phase: f64) {
        self.places = [[0.0; MAX_BEATS]; METERS.len()];
        let reach = SAME_PHASE as f64 / PHASES as f64;
        for (group, near) in groups(&states.alike[tempo]) {
            // Ages around the phase; those before 0 are at the beat before, those beyond the interval after.
            let (mut from, mut to, mut intervals) = ([0; LANES], [0; LANES], [0; LANES]);
            for tempo in near {
                let steps = |beats: f64| (beats * states.intervals[tempo] as f64).round() as i32;
                let lane = tempo - group * LANES;
                from[lane] = steps(phase - reach);
                to[lane] = from[lane] + steps(2.0 * reach) + 1;
                intervals[lane] = states.intervals[tempo] as i32;
            }
            let (mut here, mut late, mut early) = ((from, to), (from, intervals), ([0; LANES], to));
            for (lane, &interval) in intervals.iter().enumerate() {
                here.0[lane] = from[lane].max(0);
                here.1[lane] = to[lane].min(interval);
                late.0[lane] = interval + from[lane].min(0);
                early.1[lane] = (to[lane] - interval).max(0);
            }
            for (places, beats) in self.places.iter_mut().zip(BEATS) {
                for (beat, place) in beats.clone().zip(places) {
                    let after = if beat + 1 == beats.end { beats.start } else { beat + 1 };
                    let before = if beat == beats.start { beats.end - 1 } else { beat - 1 };
                    for (beat, (from, to)) in [(before, &late), (beat, &here), (after, &early)] {
                        *place += sum(&past.sum_between(beat, group, from, to));
                    }
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

/// The bin of each position in a beat of `interval` steps.
fn bins(interval: usize) -> Vec<u8> {
    (0..interval).map(|position| (position * PHASES / interval) as u8).collect()
}

/// The groups of [`LANES`] tempi that `tempi` lie in, with those of each.
fn groups(tempi: &Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
    let tempi = tempi.clone();
    (tempi.start / LANES..tempi.end.div_ceil(LANES)).map(move |group| {
        (group, tempi.start.max(group * LANES)..tempi.end.min((group + 1) * LANES))
    })
}

/// A sum in eight lanes, which the compiler turns into vector instructions.
#[inline(always)]
fn sum(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

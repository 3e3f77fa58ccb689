//! From the filter's probabilities to one answer: tempo, place in the bar, and how sure that is.

use super::states::{Bar, METERS, STEPS_PER_SECOND, States};
use crate::DecoderSettings;

/// Where the music is at a frame, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq)]
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
/// Tempi this close (as a log ratio) are one tempo to a listener.
const SAME_TEMPO: f64 = 0.05;
/// Phases this close, in beats, are one beat to a listener.
const SAME_PHASE: f64 = 0.15;
/// Longest bar of [`METERS`].
const MAX_BEATS: usize = 4;

/// Reads the filter. Keeps the last answer, because a listener stays with a tempo and a bar until
/// another is clearly better.
pub(crate) struct Estimator {
    tempo_hysteresis: f32,
    bar_hysteresis: f32,
    /// Log of the interval of each tempo.
    log_interval: Vec<f64>,
    marginal: Vec<f32>,
    smoothed: Vec<f32>,
    phases: [f32; PHASES],
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
            log_interval: states.intervals.iter().map(|&i| (i as f64).ln()).collect(),
            marginal: vec![0.0; states.tempi()],
            smoothed: vec![0.0; states.tempi()],
            phases: [0.0; PHASES],
            places: [[0.0; MAX_BEATS]; METERS.len()],
            held: None,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.held = None;
    }

    /// `cells` sum to 1; `time` is how far the rings have turned.
    pub(crate) fn read(&mut self, states: &States, cells: &[f32], time: usize) -> BarEstimate {
        self.weigh_tempi(states, cells);
        let tempo = self.choose_tempo();
        let interval = self.weigh_phases(states, cells, time, tempo);
        let (beat_phase, confidence) = self.choose_phase();
        self.weigh_places(states, cells, time, tempo, beat_phase);
        let (meter, beat) = self.choose_place(beat_phase);
        self.held = Some(Held { tempo, phase: beat_phase, meter, beat });
        BarEstimate {
            interval_s: interval / STEPS_PER_SECOND,
            beat_phase,
            beat,
            beats_per_bar: METERS[meter].0,
            confidence,
        }
    }


    /// Probability of every tempo, smoothed over tempi a listener would call the same.
    fn weigh_tempi(&mut self, states: &States, cells: &[f32]) {
        self.marginal.fill(0.0);
        for bar in &states.bars {
            self.marginal[bar.tempo] += sum(&cells[bar.first..bar.first + bar.length]);
        }
        for tempo in 0..self.marginal.len() {
            let near = |other: &usize| {
                let distance = (self.log_interval[tempo] - self.log_interval[*other]).abs();
                let weight = (1.0 - distance / SAME_TEMPO).max(0.0);
                weight as f32 * self.marginal[*other]
            };
            self.smoothed[tempo] = (0..self.marginal.len()).map(|other| near(&other)).sum();
        }
    }

    fn choose_tempo(&self) -> usize {
        let best_of = |tempi: &mut dyn Iterator<Item = usize>| {
            tempi.fold(None, |best: Option<usize>, t| match best {
                Some(b) if self.smoothed[b] >= self.smoothed[t] => Some(b),
                _ => Some(t),
            })
        };
        let all = 0..self.smoothed.len();
        let best = best_of(&mut all.clone()).unwrap_or(0);
        let Some(held) = self.held else { return best };
        let current = best_of(&mut all.filter(|&t| is_near(&self.log_interval, t, held.tempo))).unwrap_or(best);
        if self.smoothed[best] > self.tempo_hysteresis * self.smoothed[current] { best } else { current }
    }

    /// Histogram of beat phase among tempi near `tempo`; returns their mean interval in steps.
    fn weigh_phases(&mut self, states: &States, cells: &[f32], time: usize, tempo: usize) -> f64 {
        self.phases.fill(0.0);
        let (mut mass, mut moment) = (0.0, 0.0);
        for bar in states.bars.iter().filter(|bar| is_near(&self.log_interval, bar.tempo, tempo)) {
            let scale = PHASES as f64 / bar.interval as f64;
            let phases = &mut self.phases;
            for_each_state(bar, cells, time, |_, position, probability| {
                let bin = (position as f64 * scale) as usize;
                phases[bin.min(PHASES - 1)] += probability;
                mass += f64::from(probability);
                moment += f64::from(probability) * bar.interval as f64;
            });
        }
        if mass > 0.0 { moment / mass } else { states.intervals[tempo] as f64 }
    }

    /// The beat phase most of the mass is near, and how much of all mass that is.
    fn choose_phase(&self) -> (f64, f32) {
        let reach = (SAME_PHASE * PHASES as f64) as usize;
        let around = |centre: usize| {
            (0..=2 * reach).map(move |k| {
                let bin = (centre + PHASES + k - reach) % PHASES;
                (k as f64 - reach as f64, f64::from(self.phases[bin]))
            })
        };
        let closeness = |offset: f64| 1.0 - offset.abs() / (reach + 1) as f64;
        let weight = |centre: usize| around(centre).map(|(o, p)| closeness(o) * p).sum::<f64>();
        let mut best = (0, weight(0));
        for centre in 1..PHASES {
            let w = weight(centre);
            if w > best.1 {
                best = (centre, w);
            }
        }
        let mass: f64 = around(best.0).map(|(_, p)| p).sum();
        let shift: f64 = around(best.0).map(|(o, p)| o * p).sum::<f64>() / mass.max(1e-30);
        let phase = ((best.0 as f64 + shift) / PHASES as f64).rem_euclid(1.0);
        (phase, mass.min(1.0) as f32)
    }

    /// Probability of each meter and beat in the bar, among states near the tempo and phase.
    fn weigh_places(&mut self, states: &States, cells: &[f32], time: usize, tempo: usize, phase: f64) {
        self.places = [[0.0; MAX_BEATS]; METERS.len()];
        for bar in states.bars.iter().filter(|bar| is_near(&self.log_interval, bar.tempo, tempo)) {
            let places = &mut self.places[bar.meter];
            for_each_state(bar, cells, time, |beat, position, probability| {
                let ahead = position as f64 / bar.interval as f64 - phase;
                // A state just before a beat stands for the same place as one just after it.
                let place = if ahead > 0.5 {
                    beat + 1
                } else if ahead < -0.5 {
                    beat + bar.beats - 1
                } else {
                    beat
                };
                if (ahead - ahead.round()).abs() <= SAME_PHASE {
                    places[place % bar.beats] += probability;
                }
            });
        }
    }

    fn choose_place(&self, phase: f64) -> (usize, usize) {
        let mut best = (0, 0);
        for (meter, (beats, _)) in METERS.into_iter().enumerate() {
            for beat in 0..beats {
                if self.places[meter][beat] > self.places[best.0][best.1] {
                    best = (meter, beat);
                }
            }
        }
        let Some(held) = self.held else { return best };
        let passed = usize::from(held.phase - phase > 0.5);
        let back = usize::from(phase - held.phase > 0.5);
        let beats = METERS[held.meter].0;
        let current = (held.meter, (held.beat + passed + beats - back) % beats);
        let challenged = self.places[current.0][current.1] * self.bar_hysteresis;
        if self.places[best.0][best.1] > challenged { best } else { current }
    }
}

fn is_near(log_interval: &[f64], tempo: usize, other: usize) -> bool {
    (log_interval[tempo] - log_interval[other]).abs() <= SAME_TEMPO
}

/// Calls `state(beat, position in beat, probability)` for every state of `bar`, in order of position.
fn for_each_state(bar: &Bar, cells: &[f32], time: usize, mut state: impl FnMut(usize, usize, f32)) {
    let cells = &cells[bar.first..bar.first + bar.length];
    let start = (bar.length - time % bar.length) % bar.length;
    let (late, early) = cells.split_at(start);
    let (mut beat, mut position) = (0, 0);
    for &probability in early.iter().chain(late) {
        state(beat, position, probability);
        position += 1;
        if position == bar.interval {
            (beat, position) = (beat + 1, 0);
        }
    }
}

/// A sum in eight lanes, which the compiler turns into vector instructions.
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

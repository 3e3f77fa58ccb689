//! `BarTracker`: the forward recursion. One call per frame of activations, on the worker.

use super::estimate::{BarEstimate, Estimator};
use super::observation::Observation;
use super::states::{METERS, STEPS_PER_SECOND, States};
use crate::{Activations, DecoderSettings};

/// Filter steps per frame of activations.
const STEPS_PER_FRAME: usize = 2;
/// Beat activation that supports full confidence.
const CLEAR_BEAT: f32 = 0.3;

/// Tracks tempo, meter and position in the bar. Exact, deterministic, never fails; allocates only
/// when it is built.
pub struct BarTracker {
    settings: DecoderSettings,
    states: States,
    /// Probability of every state, up to a common factor.
    cells: Vec<f32>,
    /// Steps since the last reset; the rings have turned by this much.
    time: usize,
    /// Mass at each beat boundary: `[beat in bar][tempo]`, for one meter at a time.
    flow: Vec<f32>,
    /// Mass that leaves the end of a bar, per meter and tempo.
    leaving: Vec<f32>,
    previous: Activations,
    /// The strongest beat heard, fading.
    memory: f32,
    /// What is left of the memory after a frame.
    fade: f32,
    estimator: Estimator,
}

impl BarTracker {
    /// A tracker that has heard nothing.
    #[must_use]
    pub fn new(settings: &DecoderSettings) -> Self {
        let states = States::new(settings);
        let tempi = states.tempi();
        let mut tracker = Self {
            settings: settings.clone(),
            cells: vec![0.0; states.size],
            time: 0,
            flow: vec![0.0; tempi],
            leaving: vec![0.0; METERS.len() * tempi],
            previous: Activations::default(),
            memory: 0.0,
            fade: (-(STEPS_PER_FRAME as f32) / (settings.memory_s * STEPS_PER_SECOND as f32)).exp2(),
            estimator: Estimator::new(&states, settings),
            states,
        };
        tracker.reset();
        tracker
    }

    /// Back to the state of a new tracker, without allocating.
    pub fn reset(&mut self) {
        for bar in &self.states.bars {
            let mass = self.states.prior[bar.tempo] * METERS[bar.meter].1 / bar.length as f32;
            self.cells[bar.first..bar.first + bar.length].fill(mass);
        }
        self.time = 0;
        self.previous = Activations::default();
        self.memory = 0.0;
        self.estimator.reset();
    }

    /// Hears one frame and says where in the bar the music is at that frame.
    pub fn step(&mut self, activations: Activations) -> BarEstimate {
        let activations = sane(activations);
        for step in 1..=STEPS_PER_FRAME {
            let share = step as f32 / STEPS_PER_FRAME as f32;
            let between = blend(self.previous, activations, share);
            self.advance();
            self.observe(Observation::new(between, &self.settings));
        }
        self.previous = activations;
        self.normalise();
        self.memory = activations.beat.max(self.memory * self.fade);
        let mut estimate = self.estimator.read(&self.states, &self.cells, self.time);
        // The filter is also sure of itself when it has heard nothing for long: no beat at all is
        // evidence for the slowest tempo. A listener is not.
        estimate.confidence *= (self.memory / CLEAR_BEAT).min(1.0);
        estimate
    }

    /// Turns every ring by one step and lets tempo and meter change at the beat boundaries.
    fn advance(&mut self) {
        self.time += 1;
        let tempi = self.states.tempi();
        let change = self.settings.meter_change;
        for (m, (beats, _)) in METERS.into_iter().enumerate() {
            let leaving = &mut self.leaving[m * tempi..(m + 1) * tempi];
            for (mass, bar) in leaving.iter_mut().zip(&self.states.bars[m * tempi..]) {
                *mass = self.cells[bar.cell(0, self.time)];
            }
            for beat in 1..beats {
                for (mass, bar) in self.flow.iter_mut().zip(&self.states.bars[m * tempi..]) {
                    *mass = self.cells[bar.cell(beat * bar.interval, self.time)];
                }
                for (bar, from) in self.states.bars[m * tempi..].iter().zip(&self.states.from) {
                    let mass: f32 = from.iter().map(|&(i, p)| p * self.flow[i]).sum();
                    let restart = self.restart_mass(bar);
                    self.cells[bar.cell(beat * bar.interval, self.time)] = mass + restart;
                }
            }
        }
        // A bar has ended: another meter may follow.
        for tempo in 0..tempi {
            let all: f32 = (0..METERS.len()).map(|m| self.leaving[m * tempi + tempo]).sum();
            for (m, (_, prior)) in METERS.into_iter().enumerate() {
                let mass = &mut self.leaving[m * tempi + tempo];
                *mass = (1.0 - change) * *mass + change * prior * all;
            }
        }
        for bar in &self.states.bars {
            let leaving = &self.leaving[bar.meter * tempi..(bar.meter + 1) * tempi];
            let mass: f32 = self.states.from[bar.tempo].iter().map(|&(i, p)| p * leaving[i]).sum();
            self.cells[bar.cell(0, self.time)] = mass + self.restart_mass(bar);
        }
    }

    /// What enters a beat boundary from anywhere, as the total mass is about 1.
    fn restart_mass(&self, bar: &super::states::Bar) -> f32 {
        self.settings.restart * self.states.prior[bar.tempo] * METERS[bar.meter].1
            / bar.beats as f32
    }

    /// Weighs the states around each beat; states elsewhere keep their weight of 1.
    fn observe(&mut self, observation: Observation) {
        for bar in &self.states.bars {
            let (cells, time) = (&mut self.cells[bar.first..bar.first + bar.length], self.time);
            for beat in 0..bar.beats {
                let likelihood = if beat == 0 { observation.downbeat } else { observation.beat };
                let weight = likelihood * bar.beat_weight;
                let from = beat * bar.interval + bar.length - bar.width;
                let start = (from + bar.length - time % bar.length) % bar.length;
                let count = 2 * bar.width + 1;
                let to_end = count.min(bar.length - start);
                cells[start..start + to_end].iter_mut().for_each(|c| *c *= weight);
                cells[..count - to_end].iter_mut().for_each(|c| *c *= weight);
            }
        }
    }

    fn normalise(&mut self) {
        let total = super::estimate::sum(&self.cells);
        if total.is_finite() && total > f32::MIN_POSITIVE {
            let scale = 1.0 / total;
            // What is this unlikely counts as impossible, which also keeps denormals away.
            self.cells.iter_mut().for_each(|c| *c = if *c * scale < 1e-20 { 0.0 } else { *c * scale });
        } else {
            self.reset();
        }
    }
}

impl super::states::Bar {
    /// The cell of the state at `position` steps into the bar, after `time` steps.
    fn cell(&self, position: usize, time: usize) -> usize {
        self.first + (position + self.length - time % self.length) % self.length
    }
}

fn sane(a: Activations) -> Activations {
    let probability = |x: f32| if x.is_finite() { x.clamp(0.0, 1.0) } else { 0.0 };
    Activations {
        beat: probability(a.beat),
        downbeat: probability(a.downbeat),
        onset: probability(a.onset),
    }
}

fn blend(from: Activations, to: Activations, share: f32) -> Activations {
    let mix = |from: f32, to: f32| from + share * (to - from);
    Activations {
        beat: mix(from.beat, to.beat),
        downbeat: mix(from.downbeat, to.downbeat),
        onset: mix(from.onset, to.onset),
    }
}

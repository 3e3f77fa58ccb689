//! `BarTracker`: the forward recursion. One call per frame of activations, on the worker.

use super::estimate::{BarEstimate, Estimator};
use super::observation::Observation;
use super::past::Past;
use super::states::{BEATS, LANES, METERS, States, padded};
use super::support::Support;
use crate::{Activations, DecoderSettings, vectorised};

/// Filter steps per frame of activations.
const STEPS_PER_FRAME: usize = 2;

/// Tracks tempo, meter and position in the bar. Exact, deterministic, never fails; allocates only
/// when it is built.
pub struct BarTracker {
    settings: DecoderSettings,
    states: States,
    /// Probability of every state, up to a common factor.
    past: Past,
    /// Total of the states of every meter and tempo, kept up with each change: reading all states in every
    /// frame would cost more than all changes.
    totals: [Vec<f32>; METERS.len()],
    /// The group of totals that is summed anew next, so that rounding never adds up.
    summed: usize,
    /// Total of all states after the last frame.
    total: f32,
    /// Of each beat, what reaches the next in the next step, per tempo, with the zeros that
    /// [`Diagonals::multiply`](super::states::Diagonals::multiply) wants around it.
    next: Vec<Vec<f32>>,
    /// Mass around a beat, per tempo, and a part of it.
    around: Vec<f32>,
    coming: Vec<f32>,
    previous: Activations,
    support: Support,
    estimator: Estimator,
}

impl BarTracker {
    /// A tracker that has heard nothing.
    #[must_use]
    pub fn new(settings: &DecoderSettings) -> Self {
        let states = States::new(settings);
        let tempi = states.tempi();
        let zeros = || vec![0.0; padded(tempi)];
        let next = vec![0.0; padded(tempi) + 2 * states.from.padding()];
        let mut tracker = Self {
            settings: settings.clone(),
            past: Past::new(METERS.iter().sum(), &states.intervals),
            totals: METERS.map(|_| zeros()),
            summed: 0,
            total: 1.0,
            next: vec![next; METERS.iter().sum()],
            around: zeros(),
            coming: vec![0.0; tempi],
            previous: Activations::default(),
            support: Support::default(),
            estimator: Estimator::new(&states, settings),
            states,
        };
        tracker.reset();
        tracker
    }

    /// Back to the state of a new tracker, without allocating.
    pub fn reset(&mut self) {
        let States { intervals, prior, meter_prior, .. } = &self.states;
        for ((beats, numbers), meter_prior) in METERS.into_iter().zip(BEATS).zip(meter_prior) {
            for ((mass, prior), interval) in self.coming.iter_mut().zip(prior).zip(intervals) {
                *mass = prior * meter_prior / (beats * interval) as f32;
            }
            numbers.for_each(|beat| self.past.fill(beat, &self.coming));
        }
        self.read_all();
        self.summed = 0;
        self.total = 1.0;
        self.previous = Activations::default();
        self.support = Support::default();
        self.estimator.reset();
    }

    /// Hears one frame of finite activations and says where in the bar the music is at that frame.
    pub fn step(&mut self, activations: Activations) -> BarEstimate {
        let mut estimate = BarEstimate::default();
        step(self, activations, &mut estimate);
        estimate
    }

    #[inline(always)]
    fn hear(&mut self, activations: Activations) -> BarEstimate {
        for step in 1..=STEPS_PER_FRAME {
            let share = step as f32 / STEPS_PER_FRAME as f32;
            let between = blend(self.previous, activations, share);
            let read = step == STEPS_PER_FRAME;
            self.advance(Observation::new(between, &self.settings), read);
        }
        self.previous = activations;
        self.sum_some();
        let (mut estimate, total) = self.estimator.read(&self.states, &self.past, &self.totals);
        self.rescale(total);
        self.support.hear(estimate.beat_phase, activations.beat);
        let (at_beats, between) = (self.support.at_beats(), self.support.between());
        estimate.confidence = self.settings.confidence(estimate.confidence, at_beats, between);
        estimate
    }

    /// A step passes: mass moves on, tempo and meter may change at the beats, and the states around each
    /// are weighed. `read` says whether the past is read after it.
    #[inline(always)]
    fn advance(&mut self, observation: Observation, read: bool) {
        self.past.turn();
        for (meter, beats) in BEATS.into_iter().enumerate() {
            for beat in beats.start + 1..beats.end {
                self.arrive(meter, beat - 1, beat);
            }
        }
        self.change_meter();
        for (meter, beats) in BEATS.into_iter().enumerate() {
            self.arrive(meter, beats.end - 1, beats.start);
        }
        for (meter, beats) in BEATS.into_iter().enumerate() {
            self.weigh(meter, beats.end - 1, beats.start, observation.downbeat, read);
            for beat in beats.start + 1..beats.end {
                self.weigh(meter, beat - 1, beat, observation.beat, read);
            }
        }
    }

    /// What reaches `beat` of `meter` from the one `before` goes on from there, some of it at another tempo.
    #[inline(always)]
    fn arrive(&mut self, meter: usize, before: usize, beat: usize) {
        let States { from, prior, pull, meter_prior, .. } = &self.states;
        let arriving = self.past.row_mut(beat, 0);
        from.multiply(&self.next[before], arriving);
        // A little enters from nowhere: whatever was thought impossible may begin anew.
        let enters = self.settings.restart * self.total * meter_prior[meter] / METERS[meter] as f32;
        let leaving = &self.next[before][self.states.within()];
        let totals = self.totals[meter].iter_mut().zip(leaving);
        for ((mass, (pull, prior)), (total, left)) in
            arriving.iter_mut().zip(pull.iter().zip(prior)).zip(totals)
        {
            *mass = *mass * pull + enters * prior;
            *total += *mass - left;
        }
    }

    /// A bar has ended: another meter may follow.
    #[inline(always)]
    fn change_meter(&mut self) {
        let change = self.settings.meter_change;
        let ending = self.next.get_disjoint_mut(BEATS.map(|beats| beats.end - 1));
        let Ok([two, three, four]) = ending else { return };
        let [two, three, four] = [two, three, four].map(|ending| &mut ending[self.states.within()]);
        let [two_prior, three_prior, four_prior] = self.states.meter_prior;
        let [of_two, of_three, of_four] = &mut self.totals;
        let ending = two.iter_mut().zip(three).zip(four);
        let totals = of_two.iter_mut().zip(of_three).zip(of_four);
        for (((two, three), four), ((of_two, of_three), of_four)) in ending.zip(totals) {
            let all = *two + *three + *four;
            let change = |mass: &mut f32, total: &mut f32, prior: f32| {
                let changed = (1.0 - change) * *mass + change * prior * all;
                *total += changed - std::mem::replace(mass, changed);
            };
            change(two, of_two, two_prior);
            change(three, of_three, three_prior);
            change(four, of_four, four_prior);
        }
    }

    /// Multiplies the states around `beat` of `meter`, which follows on `before`, with `weight`; states
    /// elsewhere keep their weight of 1. What leaves in the next step is put back only to be `read`.
    #[inline(always)]
    fn weigh(&mut self, meter: usize, before: usize, beat: usize, weight: f32, read: bool) {
        let Self { states, past, next, around, coming, totals, .. } = self;
        let next = &mut next[before][states.within()];
        for (mass, around) in past.row_mut(beat, 0).iter_mut().zip(&mut *around) {
            *around = *mass;
            *mass *= weight;
        }
        past.coming(before, 1, next);
        weigh_row(next, around, weight);
        if read {
            past.put_coming(before, 1, next);
        }
        for ahead in 2..=states.beat_width {
            past.coming(before, ahead, coming);
            weigh_row(coming, around, weight);
            past.put_coming(before, ahead, coming);
        }
        for age in 1..=states.beat_width {
            weigh_row(past.row_mut(beat, age), around, weight);
        }
        for (total, around) in totals[meter].iter_mut().zip(around) {
            *total += (weight - 1.0) * *around;
        }
    }

    /// Keeps mass in the range of its type. Only ratios matter, so this is rare.
    fn rescale(&mut self, total: f32) {
        self.total = total;
        if !total.is_finite() || total < f32::MIN_POSITIVE {
            self.reset();
        } else if !(1e-8..1e8).contains(&total) {
            // What is this unlikely counts as impossible, which also keeps denormals away.
            self.past.scale(1.0 / total, total * 1e-20);
            self.read_all();
            self.total = 1.0;
        }
    }

    /// Groups of totals: of each meter, of so many tempi.
    fn groups(&self) -> usize {
        METERS.len() * self.around.len() / LANES
    }

    /// Sums a group of totals anew; all of them in less than a second.
    #[inline(always)]
    fn sum_some(&mut self) {
        self.summed = (self.summed + 1) % self.groups();
        self.sum(self.summed);
    }

    /// Takes anew from the past whatever is kept up with it.
    fn read_all(&mut self) {
        (0..self.groups()).for_each(|group| self.sum(group));
        for (beat, next) in self.next.iter_mut().enumerate() {
            self.past.coming(beat, 1, &mut next[self.states.within()]);
        }
    }

    #[inline(always)]
    fn sum(&mut self, group: usize) {
        let (meter, group) = (group % METERS.len(), group / METERS.len());
        let sums = self.past.sum(BEATS[meter].clone(), group);
        self.totals[meter][group * LANES..(group + 1) * LANES].copy_from_slice(&sums);
    }
}

vectorised! {
    /// [`BarTracker::step`].
    fn step<FMA>(tracker: &mut BarTracker, activations: Activations, estimate: &mut BarEstimate) {
        *estimate = tracker.hear(activations);
    }
}

/// Adds a row of mass to what is `around`, and multiplies it with `weight`.
#[inline(always)]
fn weigh_row(row: &mut [f32], around: &mut [f32], weight: f32) {
    for (mass, around) in row.iter_mut().zip(around) {
        *around += *mass;
        *mass *= weight;
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

//! `BarTracker`: the forward recursion. One call per frame of activations, on the worker.

use super::estimate::{BarEstimate, Estimator, Filter, sum};
use super::observation::Observation;
use super::states::{Bar, METERS, States};
use super::support::Support;
use crate::{Activations, DecoderSettings, vectorised};

/// Filter steps per frame of activations.
const STEPS_PER_FRAME: usize = 2;
/// Frames in which the totals of all bars are summed anew.
const FRAMES_PER_SUM: usize = 50;

/// Tracks tempo, meter and position in the bar. Exact, deterministic, never fails; allocates only
/// when it is built.
pub struct BarTracker {
    settings: DecoderSettings,
    states: States,
    /// Probability of every state, up to a common factor.
    cells: Vec<f32>,
    /// Total of the cells of every bar, kept up with each change of a cell: reading all cells in every
    /// frame would cost more than all changes.
    totals: Vec<f32>,
    /// The bar whose total is summed anew next, so that rounding never adds up.
    summed: usize,
    /// Total of `cells` after the last frame.
    total: f32,
    /// For every bar, the cell of its first state: how far the ring has turned.
    heads: Vec<usize>,
    /// The cells at the beat boundaries: of each meter, of each of its beats, of each tempo.
    boundaries: Vec<u32>,
    /// Mass that reaches a beat boundary, per tempo, with the zeros that
    /// [`Diagonals::multiply`](super::states::Diagonals::multiply) wants around it.
    flow: Vec<f32>,
    /// Mass that goes on from there, per tempo.
    arriving: Vec<f32>,
    /// Mass that reaches the end of a bar, per meter and tempo.
    ending: Vec<f32>,
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
        let mut tracker = Self {
            settings: settings.clone(),
            cells: vec![0.0; states.size],
            totals: vec![0.0; states.bars.len()],
            summed: 0,
            total: 1.0,
            heads: vec![0; states.bars.len()],
            boundaries: vec![0; tempi * METERS.iter().sum::<usize>()],
            flow: vec![0.0; tempi + 2 * states.from.padding()],
            arriving: vec![0.0; tempi],
            ending: vec![0.0; METERS.len() * tempi],
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
        for bar in &self.states.bars {
            let mass = self.states.prior[bar.tempo] * self.states.meter_prior[bar.meter]
                / bar.length as f32;
            self.cells[bar.first..bar.first + bar.length].fill(mass);
        }
        self.sum_all();
        self.summed = 0;
        self.total = 1.0;
        self.heads.fill(0);
        let beats =
            METERS.into_iter().enumerate().flat_map(|(m, beats)| (0..beats).map(move |b| (m, b)));
        let tempi = self.states.tempi();
        for (row, (meter, beat)) in self.boundaries.chunks_exact_mut(tempi).zip(beats) {
            for (cell, bar) in row.iter_mut().zip(&self.states.bars[meter * tempi..]) {
                *cell = bar.cell(0, beat * bar.interval) as u32;
            }
        }
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
            self.advance();
            self.observe(Observation::new(between, &self.settings));
        }
        self.previous = activations;
        self.sum_some();
        let filter = Filter { cells: &self.cells, totals: &self.totals, heads: &self.heads };
        let (mut estimate, total) = self.estimator.read(&self.states, &filter);
        self.rescale(total);
        self.support.hear(estimate.beat_phase, activations.beat);
        let (at_beats, between) = (self.support.at_beats(), self.support.between());
        estimate.confidence = self.settings.confidence(estimate.confidence, at_beats, between);
        estimate
    }

    /// Turns every ring by one step and lets tempo and meter change at the beat boundaries.
    #[inline(always)]
    fn advance(&mut self) {
        self.turn();
        let States { from, prior, pull, meter_prior, .. } = &self.states;
        let tempi = prior.len();
        let within = from.padding()..from.padding() + tempi;
        let restart = self.settings.restart * self.total;
        let mut rows = self.boundaries.chunks_exact(tempi);
        for (m, (beats, meter_prior)) in METERS.into_iter().zip(*meter_prior).enumerate() {
            let range = m * tempi..(m + 1) * tempi;
            let enters = restart * meter_prior / beats as f32;
            for (beat, row) in rows.by_ref().take(beats).enumerate() {
                if beat == 0 {
                    gather(&self.cells, row, &mut self.ending[range.clone()]);
                    continue;
                }
                gather(&self.cells, row, &mut self.flow[within.clone()]);
                from.multiply(&self.flow, &mut self.arriving);
                weigh_arrivals(&mut self.arriving, pull, prior, enters);
                scatter(&self.arriving, &mut self.cells, row, &mut self.totals[range.clone()]);
            }
        }
        // A bar has ended: another meter may follow.
        let change = self.settings.meter_change;
        for tempo in 0..tempi {
            let all: f32 = (0..METERS.len()).map(|m| self.ending[m * tempi + tempo]).sum();
            for (m, prior) in meter_prior.iter().enumerate() {
                let mass = &mut self.ending[m * tempi + tempo];
                *mass = (1.0 - change) * *mass + change * prior * all;
            }
        }
        let mut row = 0;
        for (m, (beats, meter_prior)) in METERS.into_iter().zip(*meter_prior).enumerate() {
            let range = m * tempi..(m + 1) * tempi;
            let enters = restart * meter_prior / beats as f32;
            self.flow[within.clone()].copy_from_slice(&self.ending[range.clone()]);
            from.multiply(&self.flow, &mut self.arriving);
            weigh_arrivals(&mut self.arriving, pull, prior, enters);
            let first = &self.boundaries[row * tempi..(row + 1) * tempi];
            scatter(&self.arriving, &mut self.cells, first, &mut self.totals[range]);
            row += beats;
        }
    }

    /// Turns every ring by one step.
    #[inline(always)]
    fn turn(&mut self) {
        for (head, bar) in self.heads.iter_mut().zip(&self.states.bars) {
            *head = if *head == 0 { bar.length - 1 } else { *head - 1 };
        }
        let States { firsts, lasts, .. } = &self.states;
        let tempi = self.states.tempi();
        let mut rows = self.boundaries.chunks_exact_mut(tempi);
        for (m, beats) in METERS.into_iter().enumerate() {
            let (firsts, lasts) = (&firsts[m * tempi..], &lasts[m * tempi..]);
            for row in rows.by_ref().take(beats) {
                for ((cell, first), last) in row.iter_mut().zip(firsts).zip(lasts) {
                    *cell = if *cell == *first { *last } else { *cell - 1 };
                }
            }
        }
    }

    /// Weighs the states around each beat; states elsewhere keep their weight of 1.
    #[inline(always)]
    fn observe(&mut self, observation: Observation) {
        let tempi = self.states.tempi();
        let mut rows = self.boundaries.chunks_exact(tempi);
        for (m, beats) in METERS.into_iter().enumerate() {
            let bars = &self.states.bars[m * tempi..(m + 1) * tempi];
            let totals = &mut self.totals[m * tempi..(m + 1) * tempi];
            for (beat, row) in rows.by_ref().take(beats).enumerate() {
                let weight = if beat == 0 { observation.downbeat } else { observation.beat };
                for ((&cell, bar), total) in row.iter().zip(bars).zip(&mut *totals) {
                    let sum = weigh_around(&mut self.cells, bar, cell as usize, weight);
                    *total += (weight - 1.0) * sum;
                }
            }
        }
    }

    /// Keeps the cells in the range of their type. Only ratios matter, so this is rare.
    fn rescale(&mut self, total: f32) {
        self.total = total;
        if !total.is_finite() || total < f32::MIN_POSITIVE {
            self.reset();
        } else if !(1e-8..1e8).contains(&total) {
            // What is this unlikely counts as impossible, which also keeps denormals away.
            let (scale, negligible) = (1.0 / total, total * 1e-20);
            self.cells.iter_mut().for_each(|c| *c = if *c < negligible { 0.0 } else { *c * scale });
            self.sum_all();
            self.total = 1.0;
        }
    }

    /// Sums a few bars anew; all of them in about a second.
    fn sum_some(&mut self) {
        let bars = self.states.bars.len();
        for _ in 0..bars.div_ceil(FRAMES_PER_SUM) {
            self.summed = (self.summed + 1) % bars;
            self.sum(self.summed);
        }
    }

    fn sum_all(&mut self) {
        (0..self.states.bars.len()).for_each(|bar| self.sum(bar));
    }

    fn sum(&mut self, index: usize) {
        let bar = &self.states.bars[index];
        self.totals[index] = sum(&self.cells[bar.first..bar.first + bar.length]);
    }
}

vectorised! {
    /// [`BarTracker::step`].
    fn step<FMA>(tracker: &mut BarTracker, activations: Activations, estimate: &mut BarEstimate) {
        *estimate = tracker.hear(activations);
    }
}

/// Takes the mass of the cells at `row`.
#[inline(always)]
fn gather(cells: &[f32], row: &[u32], mass: &mut [f32]) {
    for (mass, &cell) in mass.iter_mut().zip(row) {
        *mass = cells[cell as usize];
    }
}

/// Of the mass that arrives, what a beat at its tempo weighs, and what enters from nowhere.
#[inline(always)]
fn weigh_arrivals(mass: &mut [f32], pull: &[f32], prior: &[f32], enters: f32) {
    for ((mass, pull), prior) in mass.iter_mut().zip(pull).zip(prior) {
        *mass = *mass * pull + enters * prior;
    }
}

/// Puts `mass` into the cells at `row`, whose bars have `totals`.
#[inline(always)]
fn scatter(mass: &[f32], cells: &mut [f32], row: &[u32], totals: &mut [f32]) {
    for ((&mass, &cell), total) in mass.iter().zip(row).zip(totals) {
        *total += mass - std::mem::replace(&mut cells[cell as usize], mass);
    }
}

/// Multiplies the cells around the beat at `cell` with `weight`; gives what they were in all.
#[inline(always)]
fn weigh_around(cells: &mut [f32], bar: &Bar, cell: usize, weight: f32) -> f32 {
    let (start, end) = (cell.wrapping_sub(bar.width), cell + bar.width + 1);
    if bar.width == 1
        && cell > bar.first
        && end <= bar.first + bar.length
        && let Some(run) = cells.get_mut(start..).and_then(<[f32]>::first_chunk_mut::<3>)
    {
        let sum = run.iter().sum();
        run.iter_mut().for_each(|cell| *cell *= weight);
        return sum;
    }
    let position = cell - bar.first + bar.length - bar.width;
    let runs = bar.run(0, position % bar.length, 2 * bar.width + 1);
    let cells = &mut cells[bar.first..bar.first + bar.length];
    runs.into_iter().map(|run| weigh(&mut cells[run], weight)).sum()
}

/// Multiplies `cells` with `weight`; gives what they were in all.
fn weigh(cells: &mut [f32], weight: f32) -> f32 {
    let mut sum = 0.0;
    for cell in cells {
        sum += *cell;
        *cell *= weight;
    }
    sum
}

fn blend(from: Activations, to: Activations, share: f32) -> Activations {
    let mix = |from: f32, to: f32| from + share * (to - from);
    Activations {
        beat: mix(from.beat, to.beat),
        downbeat: mix(from.downbeat, to.downbeat),
        onset: mix(from.onset, to.onset),
    }
}

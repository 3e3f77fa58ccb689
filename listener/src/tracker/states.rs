//! The state space: for every meter and tempo a bar of equal steps of time, and how tempi change.

use std::ops::Range;

use crate::DecoderSettings;

/// Filter steps per second. Finer than the network's frames, so that tempo is not quantised by them.
pub(crate) const STEPS_PER_SECOND: f64 = 100.0;

/// Beats per bar that are tracked.
pub(crate) const METERS: [usize; 3] = [2, 3, 4];

/// The numbers of each meter's beats, where those of all meters are counted one after the other.
pub(crate) const BEATS: [Range<usize>; METERS.len()] = {
    let [two, three, four] = METERS;
    [0..two, two..two + three, two + three..two + three + four]
};

/// The whole space, fixed after construction.
#[derive(Debug, Clone)]
pub(crate) struct States {
    /// Steps per beat of each tempo: one more from each to the next.
    pub(crate) intervals: Vec<usize>,
    /// Steps either side of a beat in which a beat is expected.
    pub(crate) beat_width: usize,
    /// Probability of each meter before anything is heard.
    pub(crate) meter_prior: [f32; METERS.len()],
    /// Probability of each tempo before anything is heard.
    pub(crate) prior: Vec<f32>,
    /// What a beat at each tempo weighs: 1 at the most likely one, less at others.
    pub(crate) pull: Vec<f32>,
    /// For each new tempo, the probability of coming from each old one.
    pub(crate) from: Diagonals,
    /// For each tempo, which others sound like it, and how much.
    pub(crate) alike: Vec<Range<usize>>,
    pub(crate) likeness: Diagonals,
}

/// One row of a band matrix over tempi: weights of a run of neighbours.
#[derive(Debug, Clone, Default)]
struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl Band {
    /// The tempi with a weight.
    fn tempi(&self) -> Range<usize> {
        self.first..self.first + self.weights.len()
    }
}

/// Tempi that are worked on side by side.
pub(crate) const LANES: usize = 16;

/// `tempi`, up to a multiple of [`LANES`].
pub(crate) fn padded(tempi: usize) -> usize {
    tempi.next_multiple_of(LANES)
}

/// A band matrix over tempi by its diagonals, so that a product runs along the tempi.
#[derive(Debug, Clone)]
pub(crate) struct Diagonals {
    /// How far from the main diagonal the band reaches.
    reach: usize,
    /// For each group of new tempi the first of its rows, and these: row `d` is from the old tempi
    /// `new + d - reach`.
    weights: Vec<(usize, Vec<[f32; LANES]>)>,
}

impl Diagonals {
    fn new(rows: &[Band]) -> Self {
        let above = |(new, row): (usize, &Band)| row.tempi().end.saturating_sub(new + 1);
        let below = |(new, row): (usize, &Band)| new.saturating_sub(row.first);
        let widest = |f: &dyn Fn((usize, &Band)) -> usize| rows.iter().enumerate().map(f).max();
        let reach = widest(&above).max(widest(&below)).unwrap_or(0);
        let mut weights = vec![vec![[0.0; LANES]; 2 * reach + 1]; padded(rows.len()) / LANES];
        for (new, row) in rows.iter().enumerate() {
            for (old, weight) in row.tempi().zip(&row.weights) {
                weights[new / LANES][old + reach - new][new % LANES] = *weight;
            }
        }
        // Fast tempi have few neighbours: most of their rows are empty.
        let weights = weights.into_iter().map(|rows| {
            let holds = |row: &[f32; LANES]| row.iter().any(|weight| *weight != 0.0);
            let first = rows.iter().position(holds).unwrap_or(0);
            let end = rows.iter().rposition(holds).map_or(first, |last| last + 1);
            (first, rows[first..end].to_vec())
        });
        Self { reach, weights: weights.collect() }
    }

    /// Writes the product with `old` to `new`, which holds a multiple of [`LANES`] values. `old` has
    /// [`padding`](Self::padding) zeros before it, and those and what fills `new` after it.
    #[inline(always)]
    pub(crate) fn multiply(&self, old: &[f32], new: &mut [f32]) {
        let groups = new.as_chunks_mut::<LANES>().0.iter_mut().zip(&self.weights);
        for (group, (new, (first, weights))) in groups.enumerate() {
            // Sums that stay in registers.
            let mut sums = [0.0; LANES];
            for (old, weights) in old[LANES * group + first..].windows(LANES).zip(weights) {
                for ((sum, weight), old) in sums.iter_mut().zip(weights).zip(old) {
                    *sum += weight * old;
                }
            }
            *new = sums;
        }
    }

    pub(crate) fn padding(&self) -> usize {
        self.reach
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
        let width = (f64::from(settings.beat_width_s) * STEPS_PER_SECOND).round() as usize;
        let beat_width = width.clamp(1, shortest / 4);
        let (two, three) = (settings.two_beat_bars, settings.three_beat_bars);
        let meter_prior = [two, three, (1.0 - two - three).max(0.0)];
        let prior = tempo_prior(&intervals, settings);
        let pull = intervals
            .iter()
            .map(|&interval| preference(interval, settings).powf(f64::from(settings.tempo_pull)))
            .map(|weight| weight as f32)
            .collect();
        let from = transitions(&intervals, settings);
        let bands = likeness(&intervals);
        let alike = bands.iter().map(Band::tempi).collect();
        let likeness = Diagonals::new(&bands);
        Self { intervals, beat_width, meter_prior, prior, pull, from, alike, likeness }
    }

    pub(crate) fn tempi(&self) -> usize {
        self.intervals.len()
    }

    /// Where the tempi lie between the zeros that a change of tempo wants around them.
    #[inline(always)]
    pub(crate) fn within(&self) -> Range<usize> {
        self.from.padding()..self.from.padding() + self.tempi()
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

/// Lambda of a tempo that gives way: a change by 4 % is about a third as likely as none.
const LOOSE: f32 = 25.0;
/// Changes less likely than this are none.
const NEGLIGIBLE: f32 = 3e-4;

/// Probability of every change of tempo: that of Krebs, Böck and Widmer and, for a share of the beats, a looser
/// one. The sum has heavy tails: steady music is not shaken, and expressive timing is followed.
fn transitions(intervals: &[usize], settings: &DecoderSettings) -> Diagonals {
    let DecoderSettings { tempo_rigidity: rigidity, tempo_give: give, .. } = *settings;
    let change = |old: usize, new: usize| (new as f32 / old as f32 - 1.0).abs();
    let leaving = |&old: &usize| -> Vec<f32> {
        let steady = intervals.iter().map(|&new| (-rigidity * change(old, new)).exp());
        let loose = intervals.iter().map(|&new| (-rigidity.min(LOOSE) * change(old, new)).exp());
        let sums: [f32; 2] = [steady.clone().sum(), loose.clone().sum()];
        let mixed = steady.zip(loose);
        let mut row: Vec<f32> = mixed
            .map(|(steady, loose)| (1.0 - give) * steady / sums[0] + give * loose / sums[1])
            .map(|p| if p > NEGLIGIBLE { p } else { 0.0 })
            .collect();
        let kept: f32 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= kept);
        row
    };
    let rows: Vec<Vec<f32>> = intervals.iter().map(leaving).collect();
    Diagonals::new(&bands(intervals, |i, j| Some(rows[i][j]).filter(|p| *p > 0.0)))
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
            band.weights.resize(i - band.first, 0.0);
            band.weights.push(w);
        }
        band
    };
    (0..intervals.len()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the mass of tempo `i` is a beat later.
    fn after_a_beat(states: &States, i: usize) -> Vec<f32> {
        let padding = states.from.padding();
        let mut mass = vec![0.0; padded(states.tempi()) + 2 * padding];
        mass[padding + i] = 1.0;
        let mut arriving = vec![0.0; padded(states.tempi())];
        states.from.multiply(&mass, &mut arriving);
        arriving
    }

    #[test]
    fn every_tempo_goes_somewhere_with_probability_one() {
        let of = |min_bpm, max_bpm, tempo_rigidity, tempo_give| DecoderSettings {
            min_bpm,
            max_bpm,
            tempo_rigidity,
            tempo_give,
            ..DecoderSettings::default()
        };
        for (slow, fast) in [(55.0, 190.0), (40.0, 240.0), (20.0, 400.0)] {
            for rigidity in [0.1, 4.0, 8.0, 20.0, 150.0, 10_000.0] {
                for give in [0.0, 0.04, 1.0] {
                    let states = States::new(&of(slow, fast, rigidity, give));
                    for i in 0..states.tempi() {
                        let out: f32 = after_a_beat(&states, i).iter().sum();
                        assert!((out - 1.0).abs() < 1e-4, "tempo {i} leaves with {out}");
                    }
                    assert!((states.prior.iter().sum::<f32>() - 1.0).abs() < 1e-4);
                }
            }
        }
    }

    #[test]
    fn a_tempo_that_gives_reaches_further_and_stays_nearly_as_often() {
        let at = |tempo_give, change: f32| {
            let settings = DecoderSettings { tempo_give, ..DecoderSettings::default() };
            let states = States::new(&settings);
            let old =
                states.intervals.iter().position(|&interval| interval == 60).expect("100 BPM");
            let new = (60.0 * change).round() as usize - states.intervals[0];
            after_a_beat(&states, old)[new]
        };
        assert_eq!(at(0.0, 1.07), 0.0);
        assert!((5e-4..5e-3).contains(&at(0.04, 1.07)), "{}", at(0.04, 1.07));
        let kept = at(0.04, 1.0) / at(0.0, 1.0);
        assert!((0.95..1.0).contains(&kept), "{kept}");
    }
}

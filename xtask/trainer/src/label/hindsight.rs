//! The beats of a whole recording, from what a network heard in all of it.
//!
//! The bar pointer of Krebs, Böck and Widmer (2015), in which the tempo changes only at beats: what lies between
//! two beats then follows from the first of them, and the search for the most likely path (Viterbi) may
//! go from beat to beat. It knows the end of the music when it decides about its beginning, which the
//! plugin cannot.

use std::ops::Range;

use listener::FeatureSpec;

/// Steps per second of the search: finer than the network's frames.
const STEPS_PER_SECOND: f64 = 100.0;
/// Steps per beat at 188 beats per minute, and at 55. Faster music has no path of clear beats, and is left alone:
/// nobody can say whether a listener would follow every second beat.
const INTERVALS: Range<usize> = 32..110;
/// Tempi.
const TEMPI: usize = INTERVALS.end - INTERVALS.start;
/// Steps from a beat on in which the network should hear it.
const SOUNDING: usize = 4;
/// Steps among which the likelihood of no beat is shared.
const BETWEEN: f64 = 10.0;
/// Lambda of Krebs, Böck and Widmer: how unlikely a change of tempo is.
const RIGIDITY: f32 = 100.0;
/// Changes of tempo beyond this share do not happen from one beat to the next.
const GREATEST_CHANGE: f32 = 0.1;
/// No activation is surer than this.
const FLOOR: f32 = 1e-3;
/// The highest number of beats per bar.
const LONGEST_BAR: usize = 4;
/// The tempo of the beat before, of a beat with none before it.
const START: u8 = u8::MAX;

/// Activations at even steps of time.
pub(super) struct Heard {
    /// Beat and downbeat at each step.
    steps: Vec<[f32; 2]>,
    /// Sums up to each step of the log likelihoods of no beat, of a beat, and of a downbeat.
    sums: Vec<[f64; 3]>,
}

/// A beat of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Beat {
    /// The step it begins at.
    pub(super) at: usize,
    /// 1 for the first of the bar.
    pub(super) in_bar: u8,
}

/// The most likely beats of a recording.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    /// In order.
    pub(super) beats: Vec<Beat>,
    /// Beats per bar.
    pub(super) meter: usize,
    /// Log likelihood.
    score: f64,
}

impl Heard {
    /// Of beat and downbeat activations of each frame of [`FeatureSpec::CURRENT`].
    pub(super) fn new(frames: impl Iterator<Item = [f32; 2]>) -> Self {
        let frames: Vec<[f32; 2]> = frames.collect();
        let hop = STEPS_PER_SECOND * FeatureSpec::CURRENT.hop_s;
        let count = (frames.len() as f64 * hop) as usize;
        let step = |step: usize| {
            let place = step as f64 / hop;
            let (before, share) = (place as usize, place.fract() as f32);
            let after = (before + 1).min(frames.len() - 1);
            std::array::from_fn(|k| frames[before][k] * (1.0 - share) + frames[after][k] * share)
        };
        let steps: Vec<[f32; 2]> = (0..count).map(step).collect();
        let mut sums = vec![[0.0; 3]];
        for &[beat, downbeat] in &steps {
            let first = f64::from(share(beat, downbeat));
            let beat = f64::from(beat.clamp(FLOOR, 1.0 - FLOOR));
            let likelihoods = [(1.0 - beat) / BETWEEN, beat * (1.0 - first), beat * first];
            let last: [f64; 3] = sums[sums.len() - 1];
            sums.push(std::array::from_fn(|k| last[k] + likelihoods[k].ln()));
        }
        Self { steps, sums }
    }

    /// Steps there are.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The highest activations around a beat at step `at`: of beat and of downbeat.
    pub(super) fn near(&self, at: usize) -> [f32; 2] {
        let steps = self.steps[at.min(self.len())..].iter().take(SOUNDING);
        steps.fold([0.0; 2], |highest, step| std::array::from_fn(|k| highest[k].max(step[k])))
    }

    /// The centre of the beat activation around step `at`, seconds from the centre of the first frame.
    pub(super) fn centre_s(&self, at: usize) -> f64 {
        let around = at.saturating_sub(2)..(at + SOUNDING + 3).min(self.len());
        let (mut sum, mut weight) = (0.0, 0.0);
        for step in around {
            let power = f64::from(self.steps[step][0].max(FLOOR)).powi(2);
            sum += power * step as f64;
            weight += power;
        }
        sum / weight / STEPS_PER_SECOND
    }

    /// Log likelihood of a beat, downbeat or not, that begins at step `at` and ends before step `end`.
    fn beat(&self, downbeat: bool, at: usize, end: usize) -> f64 {
        let sounds = (at + SOUNDING).min(end);
        let kind = 1 + usize::from(downbeat);
        self.sums[sounds][kind] - self.sums[at][kind] + self.sums[end][0] - self.sums[sounds][0]
    }

    /// The most likely path in bars of one of `meters`.
    pub(super) fn path(&self, meters: &[usize]) -> Path {
        let changes = changes();
        let paths = meters.iter().map(|&meter| self.path_in(meter, &changes));
        let none = Path { beats: Vec::new(), meter: 1, score: f64::NEG_INFINITY };
        paths.max_by(|a, b| a.score.total_cmp(&b.score)).unwrap_or(none)
    }

    fn path_in(&self, meter: usize, changes: &[Change]) -> Path {
        let states: usize = INTERVALS.sum::<usize>() * meter;
        let anywhere = -(states as f64).ln();
        // Of each beat that begins at a step: how likely all before it is, and the tempo of the beat before.
        type Row = [[f64; TEMPI]; LONGEST_BAR];
        let mut entered: Vec<Row> = vec![[[0.0; TEMPI]; LONGEST_BAR]; INTERVALS.end];
        let mut came_from = vec![[[START; TEMPI]; LONGEST_BAR]; self.len()];
        for at in 0..self.len() {
            let mut row: Row = [[f64::NEG_INFINITY; TEMPI]; LONGEST_BAR];
            for number in 0..meter {
                let last = (number + meter - 1) % meter;
                let left: [f64; TEMPI] =
                    std::array::from_fn(|tempo| match at.checked_sub(INTERVALS.start + tempo) {
                        Some(from) => {
                            entered[from % INTERVALS.end][last][tempo]
                                + self.beat(last == 0, from, at)
                        }
                        None => anywhere + self.sums[at][0],
                    });
                for (tempo, (first, weights)) in changes.iter().enumerate() {
                    for (old, weight) in (*first..).zip(weights) {
                        let score = left[old] + f64::from(*weight);
                        if score > row[number][tempo] {
                            row[number][tempo] = score;
                            let began = at < INTERVALS.start + old;
                            came_from[at][number][tempo] = if began { START } else { old as u8 };
                        }
                    }
                }
            }
            entered[at % INTERVALS.end] = row;
        }
        // The music ends within a beat.
        let end = self.len();
        let lasts = (end.saturating_sub(INTERVALS.end - 1)..end).flat_map(|at| {
            let tempi = (end - at).saturating_sub(INTERVALS.start)..TEMPI;
            (0..meter).flat_map(move |number| tempi.clone().map(move |tempo| (at, number, tempo)))
        });
        let score = |(at, number, tempo): (usize, usize, usize)| {
            entered[at % INTERVALS.end][number][tempo] + self.beat(number == 0, at, end)
        };
        let scored = lasts.map(|last| (score(last), last));
        let Some((score, last)) = scored.max_by(|a, b| a.0.total_cmp(&b.0)) else {
            return Path { beats: Vec::new(), meter, score: f64::NEG_INFINITY };
        };
        let (mut at, mut number, mut tempo) = last;
        let mut beats = Vec::new();
        loop {
            beats.push(Beat { at, in_bar: number as u8 + 1 });
            let old = came_from[at][number][tempo];
            if old == START {
                break;
            }
            tempo = usize::from(old);
            at -= INTERVALS.start + tempo;
            number = (number + meter - 1) % meter;
        }
        beats.reverse();
        Path { beats, meter, score }
    }
}

/// Probability that a beat of these activations is a downbeat.
pub(super) fn share(beat: f32, downbeat: f32) -> f32 {
    (downbeat / beat.max(FLOOR)).clamp(0.02, 0.98)
}

/// Of a new tempo the first of the old ones it may follow, and how likely it follows each from there on (log).
type Change = (usize, Vec<f32>);

/// Of every tempo.
fn changes() -> Vec<Change> {
    let change = |old: usize, new: usize| (new as f32 / old as f32 - 1.0).abs();
    let likely = |old: usize, new: usize| (-RIGIDITY * change(old, new)).exp();
    let all: Vec<f32> = INTERVALS.map(|old| INTERVALS.map(|new| likely(old, new)).sum()).collect();
    let into = |new: usize| {
        let near = |old: &usize| change(*old, new) <= GREATEST_CHANGE;
        let old: Vec<usize> = INTERVALS.filter(near).collect();
        let weights =
            old.iter().map(|&old| (likely(old, new) / all[old - INTERVALS.start]).ln()).collect();
        (old[0] - INTERVALS.start, weights)
    };
    INTERVALS.map(into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reaches_from_the_first_beat_to_the_last() {
        // A beat every 40 steps, from step 30 on; the music ends 10 steps after the last.
        let frame = |frame: usize| if frame % 20 == 15 { [0.9, 0.1] } else { [0.01, 0.002] };
        let heard = Heard::new((0..460).map(frame));
        let path = heard.path(&[4]);
        let near = |beat: &Beat| (beat.at + 2) / 40 * 40 + 30;
        let places: Vec<usize> = path.beats.iter().map(near).collect();
        assert_eq!(places, (0..23).map(|beat| 30 + 40 * beat).collect::<Vec<_>>());
        assert!(path.beats.iter().all(|beat| beat.at.abs_diff(near(beat)) <= 3));
        let numbers = path.beats.windows(2).map(|pair| (pair[0].in_bar, pair[1].in_bar));
        assert!(numbers.into_iter().all(|(last, next)| next == last % 4 + 1));
    }

    #[test]
    fn the_likelier_meter_is_chosen() {
        for meter in [3, 4] {
            let frame = |frame: usize| match frame % 25 {
                5 if (frame / 25).is_multiple_of(meter) => [0.8, 0.7],
                5 => [0.8, 0.1],
                _ => [0.01, 0.002],
            };
            assert_eq!(Heard::new((0..1200).map(frame)).path(&[3, 4]).meter, meter);
        }
    }

    #[test]
    fn next_to_nothing_has_hardly_a_beat() {
        for frames in [0, 1, 2, 10] {
            let path = Heard::new((0..frames).map(|_| [0.5, 0.1])).path(&[3, 4]);
            assert!(path.beats.len() < 2, "{frames} frames: {path:?}");
        }
    }
}

//! The state space: for every meter and tempo a bar, as a ring of equally likely steps of time.

use crate::DecoderSettings;

/// Filter steps per second. Finer than the network's frames, so that tempo is not quantised by them.
pub(crate) const STEPS_PER_SECOND: f64 = 100.0;

/// Beats per bar that are tracked, and how often each is met before anything is heard.
pub(crate) const METERS: [(usize, f32); 3] = [(2, 0.1), (3, 0.2), (4, 0.7)];

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
    /// What a beat's odds are worth here: the fewer states are near a beat, the more each says.
    pub(crate) beat_weight: f32,
}

/// The whole space, fixed after construction.
#[derive(Debug, Clone)]
pub(crate) struct States {
    /// Steps per beat of each tempo, ascending.
    pub(crate) intervals: Vec<usize>,
    /// Meter-major: the bars of meter `m` are `bars[m * tempi .. (m + 1) * tempi]`.
    pub(crate) bars: Vec<Bar>,
    /// Number of cells.
    pub(crate) size: usize,
    /// Probability of each tempo before anything is heard.
    pub(crate) prior: Vec<f32>,
    /// For each new tempo, the tempi it may come from and with what probability.
    pub(crate) from: Vec<Vec<(usize, f32)>>,
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
        for (meter, (beats, _)) in METERS.into_iter().enumerate() {
            for (tempo, &interval) in intervals.iter().enumerate() {
                let width = (f64::from(settings.beat_width_s) * STEPS_PER_SECOND).round() as usize;
                let width = width.clamp(1, interval / 4);
                let near = (2 * width + 1) as f32 / interval as f32;
                let beat_weight = ((1.0 - near) / near).powf(settings.beat_trust);
                let length = beats * interval;
                let first = size;
                bars.push(Bar { meter, tempo, beats, interval, first, length, width, beat_weight });
                size += length;
            }
        }
        let prior = tempo_prior(&intervals, settings);
        let from = transitions(&intervals, settings.tempo_rigidity);
        Self { intervals, bars, size, prior, from }
    }

    pub(crate) fn tempi(&self) -> usize {
        self.intervals.len()
    }
}

/// Log-normal, over tempi that are equally spaced in interval.
fn tempo_prior(intervals: &[usize], settings: &DecoderSettings) -> Vec<f32> {
    let weight = |&interval: &usize| {
        let bpm = 60.0 * STEPS_PER_SECOND / interval as f64;
        let octaves = (bpm / f64::from(settings.prior_bpm)).log2() / f64::from(settings.prior_octaves);
        // A step of one interval covers 1 / interval of an octave: denser at slow tempi.
        ((-0.5 * octaves * octaves).exp() / interval as f64) as f32
    };
    let mut prior: Vec<f32> = intervals.iter().map(weight).collect();
    let sum: f32 = prior.iter().sum();
    prior.iter_mut().for_each(|p| *p /= sum);
    prior
}

/// `exp(-rigidity * |to / from - 1|)`, normalised over `to`, kept where it matters.
fn transitions(intervals: &[usize], rigidity: f32) -> Vec<Vec<(usize, f32)>> {
    let negligible = 1e-4;
    let mut from = vec![Vec::new(); intervals.len()];
    for (i, &old) in intervals.iter().enumerate() {
        let weight = |&new: &usize| (-rigidity * (new as f32 / old as f32 - 1.0).abs()).exp();
        let sum: f32 = intervals.iter().map(weight).filter(|w| *w > negligible).sum();
        for (j, new) in intervals.iter().enumerate() {
            let w = weight(new);
            if w > negligible {
                from[j].push((i, w / sum));
            }
        }
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tempo_goes_somewhere_with_probability_one() {
        let states = States::new(&DecoderSettings::default());
        for i in 0..states.tempi() {
            let out: f32 =
                states.from.iter().flatten().filter(|(from, _)| *from == i).map(|(_, p)| p).sum();
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

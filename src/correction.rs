//! The user's correction of the tempo: count twice as fast, or half as fast, as was heard.
//!
//! Applied on the worker to what leaves the decoder, so that it is never overwritten by analysis
//! and every output, the picture included, agrees with it.

use listener::{BarState, Beat, Bpm, Heard, SamplePos};
use nice_plug::prelude::*;

/// At which level beats are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Default)]
pub(crate) enum TempoCorrection {
    /// Every second beat.
    #[id = "half"]
    #[name = "÷2"]
    Half,
    /// What was heard.
    #[default]
    #[id = "as_heard"]
    #[name = "As heard"]
    AsHeard,
    /// A beat between every two.
    #[id = "double"]
    #[name = "x2"]
    Double,
}

/// Applies a [`TempoCorrection`] to one lane. Bars keep their number of beats: at half tempo a bar
/// lasts two heard bars, at double tempo half a one.
pub(crate) struct Correction {
    kind: TempoCorrection,
    rate_hz: f64,
    /// Whether the newest heard bar is the second of the two that make one at half tempo.
    second_bar: bool,
    /// Where the newest heard bar begins; it may not have begun yet.
    bar_at: SamplePos,
    /// The newest beat that left.
    last: Option<SamplePos>,
}

/// A beat this close to the one before, in its own beats, is the same beat seen again: the tempo fell
/// faster than a beat between two was sent, or the user counts in another way from here on.
const SAME_BEAT: f64 = 0.25;

impl Correction {
    /// A correction at the start of a stream.
    pub(crate) fn new(kind: TempoCorrection, rate_hz: f64) -> Self {
        Self { kind, rate_hz, second_bar: true, bar_at: SamplePos(0), last: None }
    }

    /// The user counts as `kind` from here on, in the same stream.
    pub(crate) fn change(&mut self, kind: TempoCorrection) {
        if kind == self.kind {
            return;
        }
        *self = Self { last: self.last, ..Self::new(kind, self.rate_hz) };
    }

    /// The corrected news, and a second beat when one falls between two that were heard. No beat comes
    /// twice or before another.
    pub(crate) fn apply(&mut self, heard: Heard) -> (Heard, Option<Beat>) {
        let (mut heard, between) = self.count(heard);
        heard.beat = heard.beat.filter(|beat| self.follows(beat));
        let between = between.filter(|beat| self.follows(beat));
        (heard, between)
    }

    /// Whether `beat` comes after the last one, which it then is.
    fn follows(&mut self, beat: &Beat) -> bool {
        let apart = (SAME_BEAT * beat.tempo.interval() * self.rate_hz) as i64;
        let follows = self.last.is_none_or(|last| beat.at >= last.offset(apart.max(1)));
        if follows {
            self.last = Some(beat.at);
        }
        follows
    }

    /// Counts at the user's level.
    fn count(&mut self, mut heard: Heard) -> (Heard, Option<Beat>) {
        match self.kind {
            TempoCorrection::AsHeard => (heard, None),
            TempoCorrection::Double => {
                heard.bar = Self::double_bar(heard.bar);
                let between = heard.beat.as_mut().map(|beat| self.double_beat(beat));
                (heard, between)
            }
            TempoCorrection::Half => {
                heard.beat = heard.beat.and_then(|beat| self.half_beat(beat));
                heard.bar = self.half_bar(heard.bar, heard.due.offset(-heard.shift));
                (heard, None)
            }
        }
    }

    fn double_bar(bar: BarState) -> BarState {
        let phase = (2.0 * bar.phase).fract();
        BarState {
            phase,
            phase_per_sample: 2.0 * bar.phase_per_sample,
            tempo: Bpm(2.0 * bar.tempo.0),
            beat_in_bar: beat_at(phase, bar.beats_per_bar),
            ..bar
        }
    }

    /// Renumbers `beat` and makes the one after it.
    fn double_beat(&self, beat: &mut Beat) -> Beat {
        let beats = beat.beats_per_bar.max(1);
        let index = 2 * beat.in_bar.saturating_sub(1);
        beat.tempo = Bpm(2.0 * beat.tempo.0);
        beat.in_bar = index % beats + 1;
        let half = (beat.tempo.interval() * self.rate_hz).round() as i64;
        Beat { at: beat.at.offset(half), in_bar: (index + 1) % beats + 1, ..*beat }
    }

    /// Keeps every second beat, counted through two heard bars.
    fn half_beat(&mut self, beat: Beat) -> Option<Beat> {
        if beat.in_bar == 1 {
            self.second_bar = !self.second_bar;
            self.bar_at = beat.at;
        }
        let before = if self.second_bar { beat.beats_per_bar } else { 0 };
        let index = before + beat.in_bar.saturating_sub(1);
        index.is_multiple_of(2).then_some(Beat {
            in_bar: index / 2 + 1,
            tempo: Bpm(beat.tempo.0 / 2.0),
            ..beat
        })
    }

    fn half_bar(&self, bar: BarState, playing: SamplePos) -> BarState {
        // The newest bar was predicted: until it begins, the one before it goes on.
        let second = self.second_bar == (self.bar_at <= playing);
        // Rounded, the end of the second bar can be the whole of both.
        let phase = (0.5 * (bar.phase + if second { 1.0 } else { 0.0 })).fract();
        BarState {
            phase,
            phase_per_sample: 0.5 * bar.phase_per_sample,
            tempo: Bpm(bar.tempo.0 / 2.0),
            beat_in_bar: beat_at(phase, bar.beats_per_bar),
            ..bar
        }
    }
}

/// The beat that `phase` lies in; 0 before anything was heard.
fn beat_at(phase: f32, beats_per_bar: u8) -> u8 {
    let beat = (phase * f32::from(beats_per_bar)) as u8 + 1;
    beat.min(beats_per_bar)
}

#[cfg(test)]
mod tests {
    use super::*;
    use listener::Activations;

    const RATE_HZ: f64 = 48_000.0;

    /// Beats of 4/4 at 120 BPM, one every 24000 samples, each decided 100 samples before it.
    fn heard(beat: i64) -> Heard {
        let at = SamplePos(beat * 24_000);
        let in_bar = (beat % 4) as u8 + 1;
        let tempo = Bpm(120.0);
        let bar = BarState {
            phase: ((beat % 4) as f32 / 4.0 + 0.999).fract(),
            phase_per_sample: 1.0 / 96_000.0,
            tempo,
            beat_in_bar: in_bar,
            beats_per_bar: 4,
            confidence: 0.9,
            locked: true,
        };
        let beat = Beat { at, in_bar, beats_per_bar: 4, tempo, confidence: 0.9 };
        let activations = Activations::default();
        Heard {
            at: at.offset(-200),
            due: at.offset(-100),
            shift: 0,
            activations,
            bar,
            beat: Some(beat),
            onset: None,
        }
    }

    fn corrected(kind: TempoCorrection) -> Vec<(i64, u8)> {
        let mut correction = Correction::new(kind, RATE_HZ);
        let mut beats = Vec::new();
        for n in 0..16 {
            let (heard, between) = correction.apply(heard(n));
            beats.extend(heard.beat.into_iter().chain(between).map(|b| (b.at.0, b.in_bar)));
        }
        beats
    }

    #[test]
    fn double_puts_a_beat_between() {
        let expected: Vec<_> = (0..32).map(|n| (n * 12_000, (n % 4) as u8 + 1)).collect();
        assert_eq!(corrected(TempoCorrection::Double), expected);
    }

    #[test]
    fn no_beat_comes_before_another_whatever_the_tempo_does() {
        let mut correction = Correction::new(TempoCorrection::Double, RATE_HZ);
        let beat = |at, bpm| Heard {
            beat: heard(0).beat.map(|beat| Beat { at: SamplePos(at), tempo: Bpm(bpm), ..beat }),
            ..heard(0)
        };
        let mut beats = Vec::new();
        // The second beat comes sooner than the one that was to be between.
        for (at, bpm) in [(0, 60.0), (20_000, 150.0), (39_200, 150.0)] {
            let (heard, between) = correction.apply(beat(at, bpm));
            beats.extend(heard.beat.into_iter().chain(between).map(|beat| beat.at.0));
        }
        assert_eq!(beats, [0, 24_000, 29_600, 39_200, 48_800]);
        correction.change(TempoCorrection::AsHeard);
        assert_eq!(correction.apply(beat(48_000, 60.0)).0.beat, None, "the same beat");
    }

    #[test]
    fn half_keeps_every_second_beat_and_counts_to_four() {
        let expected: Vec<_> = (0..8).map(|n| (n * 48_000, (n % 4) as u8 + 1)).collect();
        assert_eq!(corrected(TempoCorrection::Half), expected);
    }

    #[test]
    fn half_phase_runs_through_two_bars() {
        let mut correction = Correction::new(TempoCorrection::Half, RATE_HZ);
        let phases: Vec<f32> = (0..8).map(|n| correction.apply(heard(n)).0.bar.phase).collect();
        assert!(phases[0] > 0.99, "the bar before the first goes on: {phases:?}");
        assert!(phases[1..].windows(2).all(|pair| pair[0] < pair[1]), "{phases:?}");
    }
}

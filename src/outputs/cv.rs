//! Control voltage: beat, downbeat and onset as pulses, the bar as a ramp, at audio rate.

use listener::{BarState, vectorised};
use nice_plug::prelude::*;

/// The auxiliary outputs, in the order of the host's ports.
pub(crate) const CV_PORTS: [&str; 4] = ["Beat CV", "Downbeat CV", "Onset CV", "Bar phase CV"];

/// Length of a gate, seconds: long enough for any trigger input.
const GATE_S: f64 = 0.015;
/// Time constant of a decaying pulse, seconds.
const DECAY_S: f64 = 0.03;
/// Samples of a pulse that are rendered side by side, counted from its start, so that it is the same
/// however the blocks fall.
const GROUP: usize = 16;
/// A pulse this low is over.
const FLOOR: f32 = 1e-4;

/// Shape of a pulse. Both are as high as the event is strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum CvShape {
    /// Full at once, then an exponential decay.
    #[id = "decay"]
    Decay,
    /// Full for 15 ms.
    #[id = "gate"]
    Gate,
}

/// One of the pulse outputs.
#[derive(Debug, Clone, Copy, Default)]
struct Pulse {
    /// Level at the start of the group of samples at hand.
    level: f32,
    /// What is left of that at each sample of a group, and at the next group.
    decay: [f32; GROUP],
    group_decay: f32,
    /// Samples of the group that were rendered.
    at: usize,
    /// Samples until it ends, for a gate; it may also fade first.
    left: u64,
}

/// The ramp: the phase at a sample, its slope, and the sample from which it rests at 0.
#[derive(Debug, Clone, Copy, Default)]
struct Ramp {
    at: i64,
    rest: i64,
    phase: f64,
    per_sample: f64,
}

/// State of the CV outputs.
pub(crate) struct Cv {
    rate_hz: f64,
    pulses: [Pulse; 3],
    ramp: Option<Ramp>,
}

/// The pulse outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CvPulse {
    /// Every beat.
    Beat,
    /// The first beat of every bar.
    Downbeat,
    /// Every onset.
    Onset,
}

impl Cv {
    /// Silent outputs for a host at `rate_hz`.
    pub(crate) fn new(rate_hz: f64) -> Self {
        Self { rate_hz, pulses: [Pulse::default(); 3], ramp: None }
    }

    /// Silence. Real-time safe.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.rate_hz);
    }

    /// Starts a pulse of `strength` (0..1) at the sample rendered next. Real-time safe.
    pub(crate) fn trigger(&mut self, pulse: CvPulse, strength: f32, shape: CvShape) {
        self.pulses[pulse as usize] = match shape {
            CvShape::Decay => Pulse::new(strength, DECAY_S * self.rate_hz, u64::MAX),
            CvShape::Gate => {
                Pulse::new(strength, f64::INFINITY, (GATE_S * self.rate_hz).round() as u64)
            }
        };
    }

    /// The ramp goes on from `bar`, the state at host sample `at`, till sample `rest` or the next news; it rests
    /// at 0 until the bar is known. Real-time safe.
    pub(crate) fn follow(&mut self, bar: &BarState, at: i64, rest: i64) {
        self.ramp = bar.locked.then(|| Ramp {
            at,
            rest,
            phase: f64::from(bar.phase),
            per_sample: f64::from(bar.phase_per_sample),
        });
    }

    /// Fills `out`, the part of port number `port` that begins at host sample `from`.
    /// Real-time safe.
    pub(crate) fn render(&mut self, port: usize, from: i64, out: &mut [f32]) {
        if let Some(pulse) = self.pulses.get_mut(port) {
            pulse.render(out);
        } else if let Some(ramp) = self.ramp {
            climb(ramp, from, out);
        } else {
            out.fill(0.0);
        }
    }
}

vectorised! {
    /// Fills `out`, which begins at host sample `from`, with `ramp`.
    fn climb<FMA>(ramp: Ramp, from: i64, out: &mut [f32]) {
        let first = (from - ramp.at) as f64;
        let longest = (ramp.rest - ramp.at) as f64;
        for (n, sample) in (0_u32..).zip(out) {
            let ago = first + f64::from(n);
            let bars = ramp.phase + ramp.per_sample * ago;
            let phase = (bars - bars.floor()) as f32;
            // Rounded to 32 bits the end of the bar can be the whole of it.
            *sample = if phase < 1.0 && ago < longest { phase } else { 0.0 };
        }
    }
}

impl Pulse {
    /// One of `strength`, that falls to its e-th part in `decay` samples and ends after `length`.
    fn new(strength: f32, decay: f64, length: u64) -> Self {
        let after = |samples: usize| (-(samples as f64) / decay).exp() as f32;
        Self {
            level: strength,
            decay: std::array::from_fn(after),
            group_decay: after(GROUP),
            at: 0,
            left: length,
        }
    }

    fn render(&mut self, out: &mut [f32]) {
        let mut rest = out;
        while !rest.is_empty() {
            let left = usize::try_from(self.left).unwrap_or(usize::MAX);
            if left == 0 || self.level < FLOOR {
                rest.fill(0.0);
                return;
            }
            let (now, later) = rest.split_at_mut(rest.len().min(GROUP - self.at).min(left));
            for (sample, decay) in now.iter_mut().zip(&self.decay[self.at..]) {
                *sample = self.level * decay;
            }
            self.at += now.len();
            self.left -= now.len() as u64;
            if self.at == GROUP {
                self.at = 0;
                self.level *= self.group_decay;
            }
            rest = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulse_starts_at_its_strength_and_ends() {
        for shape in [CvShape::Decay, CvShape::Gate] {
            let mut cv = Cv::new(1000.0);
            let mut out = [0.0; 1000];
            cv.trigger(CvPulse::Onset, 0.8, shape);
            cv.render(2, 0, &mut out);
            assert_eq!(out[0], 0.8, "{shape:?}");
            assert!(out.windows(2).all(|pair| pair[1] <= pair[0]), "{shape:?}");
            assert_eq!(out[999], 0.0, "{shape:?}");
            cv.render(0, 0, &mut out);
            assert!(out.iter().all(|&sample| sample == 0.0), "{shape:?} leaked to another port");
        }
    }

    #[test]
    fn the_ramp_is_the_same_however_it_is_cut() {
        let bar =
            BarState { phase: 0.9, phase_per_sample: 0.001, locked: true, ..BarState::default() };
        let mut cv = Cv::new(48_000.0);
        cv.follow(&bar, 50, 50 + 24_000);
        let (mut whole, mut cut) = ([0.0; 400], [0.0; 400]);
        cv.render(3, 50, &mut whole);
        let (first, second) = cut.split_at_mut(123);
        cv.render(3, 50, first);
        cv.render(3, 50 + 123, second);
        assert_eq!(whole, cut);
        assert!((whole[0] - 0.9).abs() < 1e-6);
        assert!(whole.iter().all(|phase| (0.0..1.0).contains(phase)));
        cv.render(3, 50 + 48_000, &mut whole);
        assert_eq!(whole, [0.0; 400], "a second without news rests");
        cv.follow(&BarState::default(), 450, 450 + 24_000);
        cv.render(3, 450, &mut whole);
        assert_eq!(whole, [0.0; 400], "an unknown bar rests");
    }
}

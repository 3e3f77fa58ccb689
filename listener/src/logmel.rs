//! Streaming log-mel frames, computed on the audio thread.
//!
//! After construction nothing allocates, whatever the block size. The same samples give the same
//! frames however they are cut into blocks.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use crate::mel::MelBank;
use crate::{BANDS, Error, FeatureSpec, SamplePos, vectorised};

/// Lowest and highest host rate the features are defined for, Hz.
pub const RATE_RANGE_HZ: (f64, f64) = (16_000.0, 768_000.0);

/// One frame of features.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MelFrame {
    /// The sample at the centre of the window.
    pub at: SamplePos,
    /// `log10(1 + g * magnitude)` per mel band; silence is 0, a full-scale sine about 3.
    pub bins: [f32; BANDS],
}

/// Samples in, log-mel frames out, at any host rate.
pub struct LogMel {
    rate_hz: f64,
    hop_s: f64,
    log_gain: f32,
    /// Hann, scaled so that a full-scale sine peaks at magnitude 1.
    window: Vec<f32>,
    /// The last `window.len()` samples, as a ring; `write` is the oldest.
    history: Vec<f32>,
    write: usize,
    /// Samples taken since the last reset.
    taken: i64,
    /// Frames given since the last reset, and the number of samples at which the next is due.
    frames: i64,
    next_at: i64,
    fft: Arc<dyn RealToComplex<f32>>,
    input: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    magnitudes: Vec<f32>,
    bank: MelBank,
}

impl LogMel {
    /// Features of `spec` for a host that runs at `rate_hz`.
    ///
    /// # Errors
    /// [`Error::UnsupportedRate`] outside [`RATE_RANGE_HZ`].
    ///
    /// # Panics
    /// If `spec.bands` is not [`BANDS`].
    pub fn new(spec: &FeatureSpec, rate_hz: f64) -> Result<Self, Error> {
        let (min_hz, max_hz) = RATE_RANGE_HZ;
        if !(min_hz..=max_hz).contains(&rate_hz) {
            return Err(Error::UnsupportedRate { rate_hz, min_hz, max_hz });
        }
        assert_eq!(spec.bands, BANDS, "a frame has {BANDS} bands");
        let length = (spec.window_s * rate_hz).round() as usize;
        let fft = RealFftPlanner::new().plan_fft_forward(length);
        let hann = |n: usize| 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / length as f64).cos();
        // A sine of amplitude 1 has a spectral peak of sum(window) / 2, and a Hann sums to length / 2.
        let scale = 4.0 / length as f64;
        let bank = MelBank::new(spec, length / 2 + 1, rate_hz / length as f64);
        Ok(Self {
            rate_hz,
            hop_s: spec.hop_s,
            log_gain: spec.log_gain as f32,
            window: (0..length).map(|n| (hann(n) * scale) as f32).collect(),
            history: vec![0.0; length],
            write: 0,
            taken: 0,
            frames: 0,
            next_at: Self::due(1, spec.hop_s, rate_hz),
            input: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            magnitudes: vec![0.0; bank.bins()],
            bank,
            fft,
        })
    }

    /// Takes `samples` (mono, any number of them) and gives `frame` each frame they complete.
    /// Anything that is not a finite number counts as silence. Real-time safe.
    pub fn push(&mut self, samples: &[f32], mut frame: impl FnMut(MelFrame)) {
        let mut rest = samples;
        while !rest.is_empty() {
            let until_frame = usize::try_from(self.next_at - self.taken).unwrap_or(0);
            let (now, later) = rest.split_at(until_frame.min(rest.len()));
            self.keep(now);
            rest = later;
            if self.taken == self.next_at {
                frame(self.transform());
                self.frames += 1;
                self.next_at = Self::due(self.frames + 1, self.hop_s, self.rate_hz);
            }
        }
    }

    /// Back to the state of a new `LogMel`. Real-time safe.
    pub fn reset(&mut self) {
        self.history.fill(0.0);
        self.write = 0;
        self.taken = 0;
        self.frames = 0;
        self.next_at = Self::due(1, self.hop_s, self.rate_hz);
    }

    /// Samples from a frame's centre to the last sample it needs: the delay of the window.
    #[must_use]
    pub fn delay(&self) -> i64 {
        (self.window.len() / 2) as i64
    }

    /// Samples after which frame `n` (from 1) is complete. Rounded from the exact time, so that
    /// hops which are not whole samples never drift.
    fn due(n: i64, hop_s: f64, rate_hz: f64) -> i64 {
        (n as f64 * hop_s * rate_hz).round() as i64
    }

    fn keep(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let room = self.history.len() - self.write;
            let (now, later) = rest.split_at(room.min(rest.len()));
            for (kept, &sample) in self.history[self.write..].iter_mut().zip(now) {
                // Beyond any sane level the sum of squares could overflow; such input is damage, not music.
                *kept = if sample.is_finite() { sample.clamp(-1e6, 1e6) } else { 0.0 };
            }
            self.write = if now.len() == room { 0 } else { self.write + now.len() };
            rest = later;
        }
        self.taken += samples.len() as i64;
    }

    fn transform(&mut self) -> MelFrame {
        let (newest, oldest) = self.history.split_at(self.write);
        let (first, last) = self.input.split_at_mut(oldest.len());
        let (fade_in, fade_out) = self.window.split_at(oldest.len());
        for (input, samples, window) in [(first, oldest, fade_in), (last, newest, fade_out)] {
            for ((input, sample), weight) in input.iter_mut().zip(samples).zip(window) {
                *input = sample * weight;
            }
        }
        let mut bins = [0.0; BANDS];
        let done =
            self.fft.process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch);
        // Fails only on buffers of the wrong length, and these are the planner's own.
        if done.is_ok() {
            magnitudes(&self.spectrum, &mut self.magnitudes);
            self.bank.apply(&self.magnitudes, &mut bins);
            bins.iter_mut().for_each(|bin| *bin = (1.0 + self.log_gain * *bin).log10());
        }
        MelFrame { at: SamplePos(self.taken - self.delay()), bins }
    }
}

vectorised! {
    /// Magnitudes of the first bins of a spectrum.
    fn magnitudes<FMA>(spectrum: &[Complex32], magnitudes: &mut [f32]) {
        for (magnitude, bin) in magnitudes.iter_mut().zip(spectrum) {
            *magnitude = bin.norm_sqr().sqrt();
        }
    }
}

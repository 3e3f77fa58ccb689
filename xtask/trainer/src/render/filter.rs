//! Filters of the mixing desk: biquads (R. Bristow-Johnson's cookbook) and convolution.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;

use crate::clip::RATE_HZ;

/// A second-order section.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

impl Biquad {
    fn new(b: [f64; 3], a: [f64; 3]) -> Self {
        Self { b: b.map(|x| x / a[0]), a: [a[1] / a[0], a[2] / a[0]] }
    }

    fn angle(hz: f64) -> (f64, f64, f64) {
        let w = std::f64::consts::TAU * hz.clamp(10.0, 0.45 * RATE_HZ) / RATE_HZ;
        (w, w.cos(), w.sin())
    }

    /// Second-order low-pass.
    #[must_use]
    pub fn low_pass(hz: f64, q: f64) -> Self {
        let (_, cos, sin) = Self::angle(hz);
        let alpha = sin / (2.0 * q);
        let b = (1.0 - cos) / 2.0;
        Self::new([b, 2.0 * b, b], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// Second-order high-pass.
    #[must_use]
    pub fn high_pass(hz: f64, q: f64) -> Self {
        let (_, cos, sin) = Self::angle(hz);
        let alpha = sin / (2.0 * q);
        let b = (1.0 + cos) / 2.0;
        Self::new([b, -2.0 * b, b], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// A bell of `gain_db`.
    #[must_use]
    pub fn bell(hz: f64, q: f64, gain_db: f64) -> Self {
        let (_, cos, sin) = Self::angle(hz);
        let amp = 10_f64.powf(gain_db / 40.0);
        let alpha = sin / (2.0 * q);
        Self::new(
            [1.0 + alpha * amp, -2.0 * cos, 1.0 - alpha * amp],
            [1.0 + alpha / amp, -2.0 * cos, 1.0 - alpha / amp],
        )
    }

    /// A shelf of `gain_db` above (`high`) or below `hz`, slope 0.7.
    #[must_use]
    pub fn shelf(hz: f64, gain_db: f64, high: bool) -> Self {
        let (_, cos, sin) = Self::angle(hz);
        let amp = 10_f64.powf(gain_db / 40.0);
        let alpha = sin / 2.0 * ((amp + 1.0 / amp) * (1.0 / 0.7 - 1.0) + 2.0).sqrt();
        let root = 2.0 * amp.sqrt() * alpha;
        let side = if high { -1.0 } else { 1.0 };
        let cos = side * cos;
        Self::new(
            [
                amp * ((amp + 1.0) - (amp - 1.0) * cos + root),
                side * 2.0 * amp * ((amp - 1.0) - (amp + 1.0) * cos),
                amp * ((amp + 1.0) - (amp - 1.0) * cos - root),
            ],
            [
                (amp + 1.0) + (amp - 1.0) * cos + root,
                side * -2.0 * ((amp - 1.0) + (amp + 1.0) * cos),
                (amp + 1.0) + (amp - 1.0) * cos - root,
            ],
        )
    }

    /// Filters `samples` in place, from rest.
    pub fn run(&self, samples: &mut [f32]) {
        let (mut s1, mut s2) = (0.0, 0.0);
        for sample in samples {
            let x = f64::from(*sample);
            let y = self.b[0] * x + s1;
            s1 = self.b[1] * x - self.a[0] * y + s2;
            s2 = self.b[2] * x - self.a[1] * y;
            *sample = y as f32;
        }
    }
}

/// `samples` through the impulse response `response`, same length, by overlap-add.
#[must_use]
pub fn convolve(samples: &[f32], response: &[f32]) -> Vec<f32> {
    let size = (2 * response.len()).next_power_of_two().max(1 << 16);
    let block = size - response.len();
    let mut planner = RealFftPlanner::new();
    let (forward, backward) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let mut time = vec![0.0_f32; size];
    let mut kernel = forward.make_output_vec();
    time[..response.len()].copy_from_slice(response);
    // Both transforms fail only on buffers of the wrong length, and these are the planner's own.
    let _ = forward.process(&mut time, &mut kernel);
    let mut spectrum: Vec<Complex32> = forward.make_output_vec();
    let mut out = vec![0.0_f32; samples.len()];
    let scale = 1.0 / size as f32;
    for (index, piece) in samples.chunks(block).enumerate() {
        time.fill(0.0);
        time[..piece.len()].copy_from_slice(piece);
        let _ = forward.process(&mut time, &mut spectrum);
        spectrum.iter_mut().zip(&kernel).for_each(|(bin, weight)| *bin *= weight * scale);
        // The imaginary parts of the outermost bins of a real signal are rounding noise.
        let last = spectrum.len() - 1;
        spectrum[0].im = 0.0;
        spectrum[last].im = 0.0;
        let _ = backward.process(&mut spectrum, &mut time);
        out[index * block..].iter_mut().zip(&time).for_each(|(to, from)| *to += from);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain_at(filter: Biquad, hz: f64) -> f64 {
        let mut wave: Vec<f32> = (0..44_100)
            .map(|i| (std::f64::consts::TAU * hz * f64::from(i) / RATE_HZ).sin() as f32)
            .collect();
        filter.run(&mut wave);
        let power = wave[22_050..].iter().map(|x| f64::from(x * x)).sum::<f64>() / 22_050.0;
        10.0 * (2.0 * power).log10()
    }

    #[test]
    fn filters_do_what_they_are_called() {
        assert!(gain_at(Biquad::low_pass(1000.0, 0.7), 100.0).abs() < 0.1);
        assert!(gain_at(Biquad::low_pass(1000.0, 0.7), 8000.0) < -30.0);
        assert!(gain_at(Biquad::high_pass(1000.0, 0.7), 100.0) < -30.0);
        assert!((gain_at(Biquad::bell(1000.0, 1.0, 6.0), 1000.0) - 6.0).abs() < 0.1);
        assert!((gain_at(Biquad::shelf(500.0, 6.0, true), 8000.0) - 6.0).abs() < 0.3);
        assert!(gain_at(Biquad::shelf(500.0, 6.0, true), 40.0).abs() < 0.3);
        assert!((gain_at(Biquad::shelf(500.0, -6.0, false), 40.0) + 6.0).abs() < 0.3);
        assert!(gain_at(Biquad::shelf(500.0, -6.0, false), 8000.0).abs() < 0.3);
    }

    #[test]
    fn convolution_equals_the_sum() {
        let samples: Vec<f32> =
            (0..70_000).map(|i| ((i * 7919) % 101) as f32 / 50.0 - 1.0).collect();
        let response = [0.5, 0.0, -0.25, 0.125];
        let out = convolve(&samples, &response);
        for at in [0, 1, 3, 65_530, 65_533, 69_999] {
            let direct: f32 =
                (0..4).filter(|&k| k <= at).map(|k| response[k] * samples[at - k]).sum();
            assert!((out[at] - direct).abs() < 1e-4, "{at}");
        }
    }
}

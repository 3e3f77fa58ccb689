//! Chroma of a clip: how much of each pitch class sounds in each second.
//!
//! After Fujishima ("Realtime Chord Recognition of Musical Sound", 1999), but over spectral peaks
//! with interpolated frequency (Gómez, "Tonal Description of Polyphonic Audio", 2006): at low
//! pitches a semitone is narrower than a bin, and whole bins would smear over its neighbours.

use std::f32::consts::TAU;

use realfft::RealFftPlanner;

use crate::clip::RATE_HZ;
use crate::tagclip::PITCHES;

/// Samples of the window: 186 ms, 5.4 Hz a bin.
const WINDOW: usize = 8192;
/// Samples from window to window: a tenth of a second.
const HOP: usize = 4410;
const WINDOWS_PER_SECOND: usize = 10;
/// Pitches that count, Hz.
const RANGE_HZ: (f64, f64) = (55.0, 5000.0);
/// Magnitude of a full-scale sine is 1; a window with less than -80 dB is silent.
const SILENCE: f32 = 1e-4;
/// Peaks more than 30 dB below the strongest may be side lobes: those of a Hann window reach -31.
const LEAST_PEAK: f32 = 0.0316;

/// Chroma of mono `samples` at [`RATE_HZ`]: one vector per second begun, from C upwards with
/// A = 440 Hz, its strongest class 1. Silence, and what is not a number, gives zeros.
#[must_use]
pub fn chroma(samples: &[f32]) -> Vec<[f32; PITCHES]> {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
    let hann = |n: usize| 0.5 - 0.5 * (TAU * n as f32 / WINDOW as f32).cos();
    // Scaled so that a sine of amplitude 1 peaks at magnitude 1.
    let window: Vec<f32> = (0..WINDOW).map(|n| hann(n) * 4.0 / WINDOW as f32).collect();
    let (mut input, mut scratch) = (fft.make_input_vec(), fft.make_scratch_vec());
    let mut spectrum = fft.make_output_vec();
    let mut second = |from: usize| {
        let mut classes = [0.0; PITCHES];
        for index in 0..WINDOWS_PER_SECOND {
            let centre = from + index * HOP + HOP / 2;
            for (n, (sample, weight)) in input.iter_mut().zip(&window).enumerate() {
                let at = (centre + n).checked_sub(WINDOW / 2);
                *sample = weight * at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
            }
            // It only refuses buffers of another length.
            if fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch).is_ok() {
                let magnitudes: Vec<f32> = spectrum.iter().map(|bin| bin.norm()).collect();
                add_peaks(&magnitudes, &mut classes);
            }
        }
        let strongest = classes.iter().fold(0.0_f32, |a, &b| a.max(b));
        classes.map(|class| if strongest > 0.0 { class / strongest } else { 0.0 })
    };
    (0..samples.len()).step_by(HOP * WINDOWS_PER_SECOND).map(&mut second).collect()
}

/// Adds the square root of each peak's magnitude to its pitch class.
fn add_peaks(magnitudes: &[f32], classes: &mut [f32; PITCHES]) {
    let bin_hz = RATE_HZ / WINDOW as f64;
    let bins = (RANGE_HZ.0 / bin_hz).ceil() as usize..(RANGE_HZ.1 / bin_hz) as usize;
    let strongest = magnitudes[bins.clone()].iter().fold(0.0_f32, |a, &b| a.max(b));
    if strongest < SILENCE {
        return;
    }
    for bin in bins {
        let [before, here, after] = [magnitudes[bin - 1], magnitudes[bin], magnitudes[bin + 1]];
        if here > before && here >= after && here >= LEAST_PEAK * strongest {
            // The summit of the parabola through three logarithms.
            let [a, b, c] = [before, here, after].map(|m| f64::from(m.max(1e-12)).ln());
            let summit = bin as f64 + 0.5 * (a - c) / (a - 2.0 * b + c);
            let midi = 69.0 + 12.0 * (summit * bin_hz / 440.0).log2();
            classes[(midi.round() as i64).rem_euclid(PITCHES as i64) as usize] += here.sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(midi: &[f64], seconds: f64) -> Vec<f32> {
        let sample = |n: usize| {
            let tone = |&pitch: &f64| {
                let phase = std::f64::consts::TAU * 440.0 * 2.0_f64.powf((pitch - 69.0) / 12.0);
                let phase = phase * n as f64 / RATE_HZ;
                0.1 * phase.sin() + 0.05 * (2.0 * phase).sin()
            };
            midi.iter().map(tone).sum::<f64>() as f32
        };
        (0..(seconds * RATE_HZ) as usize).map(sample).collect()
    }

    #[test]
    fn a_c_major_triad_lights_c_e_and_g() {
        for root in [36.0, 48.0, 60.0, 72.0] {
            for second in chroma(&chord(&[root, root + 4.0, root + 7.0], 2.0)) {
                for (class, &level) in second.iter().enumerate() {
                    let lit = [0, 4, 7].contains(&class);
                    assert!(if lit { level > 0.5 } else { level < 0.15 }, "{root} {second:?}");
                }
            }
        }
    }

    #[test]
    fn there_is_a_vector_for_every_second_begun() {
        assert_eq!(chroma(&[]).len(), 0);
        assert_eq!(chroma(&[0.1]).len(), 1);
        assert_eq!(chroma(&chord(&[60.0], 2.5)).len(), 3);
    }

    #[test]
    fn level_does_not_matter_and_silence_is_zero() {
        let loud = chord(&[57.0, 64.0], 1.0);
        let soft: Vec<f32> = loud.iter().map(|x| 0.1 * x).collect();
        for (a, b) in chroma(&loud)[0].iter().zip(&chroma(&soft)[0]) {
            assert!((a - b).abs() < 1e-3);
        }
        for nothing in [0.0, 1e-6, f32::NAN] {
            assert_eq!(chroma(&vec![nothing; 44_100]), [[0.0; PITCHES]]);
        }
    }
}

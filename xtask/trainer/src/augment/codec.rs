//! What a lossy codec leaves: spectra in bands, each quantised as coarsely as few bits allow.
//!
//! Not any codec, but their way of working (Brandenburg 1999): short-time spectra, steps in
//! proportion to the level of each band, weak bins dropped, no treble. Labels stay.

use realfft::RealFftPlanner;

/// Samples per transform, as in AAC; it smears strokes by up to this much, as they do.
const SIZE: usize = 2048;
const HOP: usize = SIZE / 2;
/// First bins of the bands.
const EDGES: [usize; 24] = [
    0, 2, 4, 6, 8, 11, 14, 18, 23, 29, 37, 46, 57, 70, 86, 106, 130, 160, 196, 240, 300, 380, 500,
    1025,
];

/// Degrades `samples` to about `kbit_s` kilobits per second, 32 to 192.
pub(super) fn degrade(samples: &mut [f32], kbit_s: f64) {
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, backward) = (planner.plan_fft_forward(SIZE), planner.plan_fft_inverse(SIZE));
    let window: Vec<f32> =
        (0..SIZE).map(|i| (std::f32::consts::PI * (i as f32 + 0.5) / SIZE as f32).sin()).collect();
    // 64 kbit/s ends near 11 kHz and 128 near 16 kHz.
    let last = ((kbit_s * 80.0 + 6000.0) / 44_100.0 * SIZE as f64) as usize;
    let quality = (kbit_s / 96.0) as f32;
    let mut time = vec![0.0_f32; SIZE];
    let mut bins = forward.make_output_vec();
    let mut out = vec![0.0_f32; samples.len() + SIZE];
    let scale = 1.0 / SIZE as f32;
    for index in 0..samples.len().div_ceil(HOP) + 1 {
        // One hop before the start, so that every sample is in two windows.
        for (i, (x, w)) in time.iter_mut().zip(&window).enumerate() {
            let at = (index * HOP + i).checked_sub(HOP);
            *x = w * at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
        }
        // The transforms fail only on buffers of the wrong length, and these are their own.
        let _ = forward.process(&mut time, &mut bins);
        for (band, edges) in EDGES.windows(2).enumerate() {
            let band_bins = &mut bins[edges[0]..edges[1]];
            let power: f32 = band_bins.iter().map(|bin| bin.norm_sqr()).sum();
            let level = (power / band_bins.len() as f32).sqrt();
            // Treble gets coarser steps than bass.
            let step = level * (0.15 + 0.06 * band as f32) / quality;
            let kept = if step > 0.0 { 1.0 / step } else { 0.0 };
            for bin in band_bins {
                bin.re = (bin.re * kept).round() * step;
                bin.im = (bin.im * kept).round() * step;
            }
        }
        bins[last.min(HOP)..].fill(Default::default());
        bins[0].im = 0.0;
        let _ = backward.process(&mut bins, &mut time);
        for (i, (x, w)) in time.iter().zip(&window).enumerate() {
            if let Some(at) = (index * HOP + i).checked_sub(HOP) {
                out[at] += x * w * scale;
            }
        }
    }
    let length = samples.len();
    samples.copy_from_slice(&out[..length]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_bits_are_further_from_the_original() {
        let tone: Vec<f32> = (0..44_100)
            .map(|i| {
                let t = i as f32 / 44_100.0;
                0.3 * (2764.0 * t).sin() + 0.2 * (8000.0 * t).sin() + 0.1 * (90_000.0 * t).sin()
            })
            .collect();
        let error = |kbit_s: f64| {
            let mut heard = tone.clone();
            degrade(&mut heard, kbit_s);
            heard.iter().zip(&tone).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / 44_100.0
        };
        let (few, many) = (error(48.0), error(192.0));
        assert!(many < few && few < 0.02 && many > 0.0, "{few} {many}");
    }
}

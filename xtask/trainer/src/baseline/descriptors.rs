//! A clip in a hundred numbers: the classic descriptors of timbre and harmony, and how they vary.
//!
//! MFCC: Davis and Mermelstein 1980, here over the ear's own log-mel bands. Deltas: Furui 1986.
//! Statistics over the clip, spectral centroid, rolloff and flux: Tzanetakis and Cook 2002.

use std::f32::consts::PI;

use listener::{BANDS, FeatureSpec};

use crate::tagclip::PITCHES;

/// Cepstral coefficients, from 0: the level is told as well.
const COEFFICIENTS: usize = 20;
/// Share of the magnitude below the rolloff.
const ROLLOFF: f32 = 0.85;
/// Length of what [`descriptors`] gives.
pub const DESCRIPTORS: usize = 4 * COEFFICIENTS + 6 + 2 * PITCHES;

type Cepstrum = [f32; COEFFICIENTS];

/// Descriptors of a clip from its log-mel `frames` and the `chroma` of its seconds; [`DESCRIPTORS`]
/// numbers, in this order:
///
/// - mean and deviation of each MFCC,
/// - mean magnitude and deviation of each delta (the plain mean of a delta is only the last value
///   less the first),
/// - mean and deviation of spectral centroid, rolloff (both in bands) and flux,
/// - means, then deviations, of the pitch classes, turned so that the strongest comes first: a song
///   is of the same genre in any key.
///
/// What there is none of (no frames, no chroma) is 0.
#[must_use]
pub fn descriptors(frames: &[[f32; BANDS]], chroma: &[[f32; PITCHES]]) -> Vec<f32> {
    let mut found = Vec::with_capacity(DESCRIPTORS);
    let mfcc = mfcc(frames);
    let deltas = deltas(&mfcc);
    for at in 0..COEFFICIENTS {
        found.extend(moments(mfcc.iter().map(|frame| frame[at])));
    }
    for at in 0..COEFFICIENTS {
        let [magnitude, _] = moments(deltas.iter().map(|frame| frame[at].abs()));
        let [_, deviation] = moments(deltas.iter().map(|frame| frame[at]));
        found.extend([magnitude, deviation]);
    }
    let shapes: Vec<[f32; 2]> = frames.iter().map(centroid_and_rolloff).collect();
    found.extend(moments(shapes.iter().map(|shape| shape[0])));
    found.extend(moments(shapes.iter().map(|shape| shape[1])));
    found.extend(moments(frames.windows(2).map(|pair| flux(&pair[0], &pair[1]))));
    found.extend(pitches(chroma));
    found
}

/// Orthonormal DCT-II of each frame.
fn mfcc(frames: &[[f32; BANDS]]) -> Vec<Cepstrum> {
    let cosine = |at: usize, band: usize| {
        let scale = if at == 0 { 1.0 } else { 2.0_f32.sqrt() } / (BANDS as f32).sqrt();
        scale * (PI * at as f32 * (band as f32 + 0.5) / BANDS as f32).cos()
    };
    let basis: [[f32; BANDS]; COEFFICIENTS] =
        std::array::from_fn(|at| std::array::from_fn(|band| cosine(at, band)));
    let dot = |frame: &[f32; BANDS], row: &[f32; BANDS]| -> f32 {
        frame.iter().zip(row).map(|(x, c)| x * c).sum()
    };
    frames.iter().map(|frame| std::array::from_fn(|at| dot(frame, &basis[at]))).collect()
}

/// Slope of each coefficient by regression over two frames on either side; the clip's first and
/// last frames stand for those beyond.
fn deltas(mfcc: &[Cepstrum]) -> Vec<Cepstrum> {
    let last = mfcc.len().saturating_sub(1);
    let slope = |frame: usize, at: usize| {
        let rise =
            |by: usize| mfcc[(frame + by).min(last)][at] - mfcc[frame.saturating_sub(by)][at];
        (rise(1) + 2.0 * rise(2)) / 10.0
    };
    (0..mfcc.len()).map(|frame| std::array::from_fn(|at| slope(frame, at))).collect()
}

/// Where the magnitude is centred, and below which band 85 % of it lie; 0 in silence.
fn centroid_and_rolloff(frame: &[f32; BANDS]) -> [f32; 2] {
    let gain = FeatureSpec::CURRENT.log_gain as f32;
    let magnitudes = frame.map(|x| (10.0_f32.powf(x) - 1.0) / gain);
    let whole: f32 = magnitudes.iter().sum();
    if whole <= 0.0 {
        return [0.0; 2];
    }
    let moment: f32 = magnitudes.iter().enumerate().map(|(band, m)| band as f32 * m).sum();
    let mut below = 0.0;
    let rolloff = magnitudes.iter().position(|m| {
        below += m;
        below >= ROLLOFF * whole
    });
    [moment / whole, rolloff.unwrap_or(BANDS - 1) as f32]
}

/// Mean rise of the bands from one frame to the next.
fn flux(before: &[f32; BANDS], after: &[f32; BANDS]) -> f32 {
    before.iter().zip(after).map(|(b, a)| (a - b).max(0.0)).sum::<f32>() / BANDS as f32
}

fn pitches(chroma: &[[f32; PITCHES]]) -> [f32; 2 * PITCHES] {
    let classes: [[f32; 2]; PITCHES] =
        std::array::from_fn(|class| moments(chroma.iter().map(|second| second[class])));
    let tonic = (0..PITCHES).max_by(|&a, &b| classes[a][0].total_cmp(&classes[b][0])).unwrap_or(0);
    std::array::from_fn(|at| classes[(tonic + at) % PITCHES][at / PITCHES])
}

/// Mean and standard deviation; zeros of nothing.
fn moments(values: impl ExactSizeIterator<Item = f32> + Clone) -> [f32; 2] {
    let count = values.len().max(1) as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / count;
    let variance = values.map(|x| (f64::from(x) - mean).powi(2)).sum::<f64>() / count;
    [mean as f32, variance.sqrt() as f32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_spectrum_has_only_coefficient_0() {
        let mfcc = mfcc(&[[1.5; BANDS]]);
        assert!((mfcc[0][0] - 1.5 * (BANDS as f32).sqrt()).abs() < 1e-4);
        assert!(mfcc[0][1..].iter().all(|c| c.abs() < 1e-4), "{mfcc:?}");
    }

    #[test]
    fn deltas_are_slopes() {
        let ramp: Vec<Cepstrum> = (0..20).map(|k| [0.5 * k as f32; COEFFICIENTS]).collect();
        assert!(deltas(&ramp)[2..18].iter().flatten().all(|d| (d - 0.5).abs() < 1e-6));
        assert_eq!(deltas(&[]).len(), 0);
        assert_eq!(deltas(&ramp[..1]), [[0.0; COEFFICIENTS]]);
    }

    #[test]
    fn centroid_and_rolloff_follow_the_spectrum() {
        let mut frame = [0.0; BANDS];
        frame[10] = 2.0;
        assert_eq!(centroid_and_rolloff(&frame), [10.0, 10.0]);
        frame[20] = 2.0;
        assert_eq!(centroid_and_rolloff(&frame), [15.0, 20.0]);
        assert_eq!(centroid_and_rolloff(&[0.0; BANDS]), [0.0; 2]);
    }

    #[test]
    fn any_clip_has_the_same_length_and_only_numbers() {
        let frames: Vec<[f32; BANDS]> = (0..100)
            .map(|k| std::array::from_fn(|b| ((k * 7 + b * 3) % 30) as f32 / 10.0))
            .collect();
        for (frames, seconds) in [(&frames[..], 2), (&frames[..], 0), (&frames[..1], 1), (&[], 0)] {
            let all = descriptors(frames, &vec![[0.5; PITCHES]; seconds]);
            assert_eq!(all.len(), DESCRIPTORS);
            assert!(all.iter().all(|x| x.is_finite()));
        }
        assert!(descriptors(&[], &[]).iter().all(|&x| x == 0.0));
    }

    #[test]
    fn the_key_of_a_song_does_not_matter() {
        let level = |second: usize, class: usize| {
            if class == 7 { 1.0 } else { ((second * 5 + class * class) % 11) as f32 / 12.0 }
        };
        let song: Vec<[f32; PITCHES]> =
            (0..8).map(|second| std::array::from_fn(|class| level(second, class))).collect();
        let mut higher = song.clone();
        higher.iter_mut().for_each(|second| second.rotate_right(5));
        assert_eq!(pitches(&song), pitches(&higher));
    }
}

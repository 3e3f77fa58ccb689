//! Log-mel frames: the same whatever the blocks, the rate or the damage in the audio.

mod support;

use listener::{BANDS, Error, FeatureSpec, LogMel, SamplePos};
use support::{frames, golden, largest_difference, music, push_blocks};

#[test]
fn any_partition_gives_the_same_frames() {
    let audio = music(44_100.0, 3.0);
    let whole = frames(&audio, 44_100.0, &[audio.len()]);
    assert_eq!(whole.len(), 150);
    for blocks in [&[1][..], &[32], &[441], &[4096], &[882], &[1, 0, 7, 2000, 64]] {
        assert_eq!(whole, frames(&audio, 44_100.0, blocks), "blocks of {blocks:?}");
    }
}

#[test]
fn reset_equals_new() {
    let audio = music(48_000.0, 1.0);
    let mut logmel = LogMel::new(&FeatureSpec::CURRENT, 48_000.0).expect("a supported rate");
    let first = push_blocks(&mut logmel, &audio, &[500]);
    let carried_on = push_blocks(&mut logmel, &audio, &[500]);
    assert_ne!(first, carried_on, "without a reset the past must matter");
    logmel.reset();
    assert_eq!(first, push_blocks(&mut logmel, &audio, &[500]));
}

#[test]
fn every_rate_gives_the_same_features() {
    let reference = frames(&music(44_100.0, 3.0), 44_100.0, &[512]);
    for rate_hz in [22_050.0, 32_000.0, 48_000.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0] {
        let other = frames(&music(rate_hz, 3.0), rate_hz, &[512]);
        assert_eq!(reference.len(), other.len());
        for (k, (a, b)) in reference.iter().zip(&other).enumerate() {
            let apart_s = a.at.seconds(44_100.0) - b.at.seconds(rate_hz);
            assert!(apart_s.abs() < 1e-4, "frame {k} is {apart_s} s apart at {rate_hz} Hz");
            let difference = largest_difference(&a.bins, &b.bins);
            assert!(difference < 0.02, "frame {k} differs by {difference} at {rate_hz} Hz");
        }
    }
}

#[test]
fn hops_that_are_not_whole_samples_do_not_drift() {
    let rate_hz = 37_777.0;
    let found = frames(&vec![0.0; (rate_hz * 60.0) as usize], rate_hz, &[480]);
    let last = found.last().expect("frames");
    let expected_s = found.len() as f64 * 0.02 - 0.03;
    assert!((last.at.seconds(rate_hz) - expected_s).abs() < 2.0 / rate_hz);
}

#[test]
fn a_full_scale_sine_peaks_near_three_and_silence_is_zero() {
    let sine: Vec<f32> =
        (0..44_100).map(|n| (std::f32::consts::TAU * 1000.0 * n as f32 / 44_100.0).sin()).collect();
    let loudest = frames(&sine, 44_100.0, &[512])[40].bins.iter().copied().fold(0.0, f32::max);
    assert!((2.4..3.01).contains(&loudest), "a full-scale sine reads {loudest}");
    let silence = frames(&vec![0.0; 44_100], 44_100.0, &[512]);
    assert!(silence.iter().all(|f| f.bins == [0.0; BANDS]));
}

#[test]
fn damaged_audio_is_input_not_an_error() {
    let mut audio = music(44_100.0, 1.0);
    for (n, bad) in
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-40].into_iter().enumerate()
    {
        audio[n * 1000 + 5] = bad;
    }
    for frame in frames(&audio, 44_100.0, &[64]) {
        assert!(frame.bins.iter().all(|b| b.is_finite() && *b >= 0.0), "{frame:?}");
    }
    let after_damage =
        frames(&[vec![f32::NAN; 44_100], music(44_100.0, 1.0)].concat(), 44_100.0, &[64]);
    let clean = frames(&[vec![0.0; 44_100], music(44_100.0, 1.0)].concat(), 44_100.0, &[64]);
    assert_eq!(after_damage, clean);
}

#[test]
fn a_frame_is_centred_on_its_window() {
    // A click at 0.5 s is loudest in the frame centred nearest to it.
    let mut audio = vec![0.0; 48_000];
    audio[24_000] = 1.0;
    let found = frames(&audio, 48_000.0, &[333]);
    let loudest = found.iter().max_by(|a, b| a.bins[40].total_cmp(&b.bins[40])).expect("frames");
    assert!((loudest.at.0 - 24_000).abs() <= 480, "{:?}", loudest.at);
    assert_eq!(found[0].at, SamplePos(960 - 1440));
}

#[test]
fn unsupported_rates_are_named() {
    for rate_hz in [0.0, 1000.0, 1e6, f64::NAN] {
        let refused = LogMel::new(&FeatureSpec::CURRENT, rate_hz).err();
        assert!(matches!(refused, Some(Error::UnsupportedRate { .. })), "{rate_hz}: {refused:?}");
    }
    let text = LogMel::new(&FeatureSpec::CURRENT, 1000.0).err().map(|e| e.to_string());
    assert_eq!(
        text.as_deref(),
        Some("sample rate 1000 Hz is not supported; use a rate from 16000 to 768000 Hz")
    );
}

#[test]
fn golden_features() {
    let found: Vec<Vec<f32>> = frames(&music(44_100.0, 1.0), 44_100.0, &[512])
        .iter()
        .map(|frame| frame.bins.to_vec())
        .collect();
    golden("features", &found, |expected, found| {
        for (k, (expected, found)) in expected.iter().zip(found).enumerate() {
            let difference = largest_difference(expected, found);
            assert!(difference < 1e-4, "frame {k} differs by {difference}");
        }
        assert_eq!(expected.len(), found.len());
    });
}

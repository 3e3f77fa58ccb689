//! From activations to beats on the host's clock.

mod support;

use listener::{
    Activations, Beat, Decoder, DecoderSettings, FeatureSpec, Heard, LEAD_S, Onset, SamplePos,
};
use serde::{Deserialize, Serialize};
use support::golden;

const RATE_HZ: f64 = 48_000.0;

/// What a good network would say of beats at `beat_s(n)`, every `meter`th a downbeat.
fn activations(beat_s: impl Fn(usize) -> f64, meter: usize, seconds: f64) -> Vec<Activations> {
    let frames = (seconds / 0.02) as usize;
    let mut out = vec![Activations::default(); frames];
    for n in 0.. {
        let time_s = beat_s(n);
        if time_s > seconds {
            break;
        }
        for (k, frame) in out.iter_mut().enumerate() {
            let distance = (frame_s(k) - time_s).abs() / 0.02;
            let height = 0.9 * (1.0 - distance / 2.0).max(0.0) as f32;
            frame.beat = frame.beat.max(height);
            frame.onset = frame.onset.max(height);
            if n % meter == 0 {
                frame.downbeat = frame.downbeat.max(height);
            }
        }
    }
    out
}

fn frame_s(k: usize) -> f64 {
    (k + 1) as f64 * 0.02 - 0.03
}

fn decode(activations: &[Activations]) -> Vec<Heard> {
    let mut decoder = Decoder::new(&FeatureSpec::CURRENT, RATE_HZ, &DecoderSettings::default());
    decode_with(&mut decoder, activations)
}

fn decode_with(decoder: &mut Decoder, activations: &[Activations]) -> Vec<Heard> {
    let step = |(k, a): (usize, &Activations)| {
        decoder.step(SamplePos::from_seconds(frame_s(k), RATE_HZ), *a)
    };
    activations.iter().enumerate().map(step).collect()
}

fn beats(heard: &[Heard]) -> Vec<Beat> {
    heard.iter().filter_map(|h| h.beat).collect()
}

#[test]
fn steady_beats_are_predicted_on_time_with_their_place_in_the_bar() {
    for (interval_s, meter) in [(0.5, 4), (0.5, 3), (0.35, 4), (0.8, 3), (0.62, 4)] {
        let heard = decode(&activations(|n| 0.3 + n as f64 * interval_s, meter, 30.0));
        let late: Vec<Beat> = beats(&heard).into_iter().filter(|b| b.at.0 > 480_000).collect();
        let expected = ((30.0 - 10.0) / interval_s) as usize;
        assert!(late.len().abs_diff(expected) <= 1, "{} beats of {expected}", late.len());
        for beat in late {
            let n = (beat.at.seconds(RATE_HZ) - 0.3) / interval_s;
            let error_s = (n - n.round()) * interval_s;
            assert!(error_s.abs() < 0.012, "{interval_s} s: beat {n:.2} is {error_s} s off");
            let place = n.round() as usize % meter + 1;
            assert_eq!((usize::from(beat.in_bar), usize::from(beat.beats_per_bar)), (place, meter));
            assert!((beat.tempo.interval() - interval_s).abs() < 0.02 * interval_s);
        }
    }
}

#[test]
fn news_leaves_a_fixed_time_after_the_frame_and_beats_never_before_it() {
    let heard = decode(&activations(|n| n as f64 * 0.47, 4, 20.0));
    for (k, news) in heard.iter().enumerate() {
        let due = SamplePos::from_seconds(frame_s(k) + 0.03 + LEAD_S, RATE_HZ);
        assert!((news.due.0 - due.0).abs() <= 1, "frame {k}: {:?} is not {due:?}", news.due);
        assert!(news.beat.is_none_or(|beat| beat.at >= news.due));
        assert!(news.onset.is_none_or(|onset| onset.at < news.due));
        assert!((0.0..1.0).contains(&news.bar.phase));
    }
    let beats = beats(&heard);
    assert!(beats.windows(2).all(|pair| pair[0].at < pair[1].at), "beats go forward in time");
}

#[test]
fn a_tempo_change_is_followed() {
    let beat_s = |n: usize| if n < 30 { n as f64 * 0.5 } else { 15.0 + (n - 30) as f64 * 0.4 };
    let heard = decode(&activations(beat_s, 4, 30.0));
    let last = beats(&heard).into_iter().next_back().expect("beats");
    assert!((last.tempo.0 - 150.0).abs() < 4.0, "{:?}", last.tempo);
    assert!(last.confidence > 0.5);
}

#[test]
fn expressive_timing_is_followed_because_tempo_gives_way() {
    // Phrases of sixteen beats that hurry and linger: up to a twentieth from one beat to the next.
    let interval_s =
        |n: usize| 0.6 * (1.0 + 0.12 * (n as f64 * std::f64::consts::TAU / 16.0).sin());
    let times: Vec<f64> =
        (0..120).scan(0.3, |at, n| Some(std::mem::replace(at, *at + interval_s(n)))).collect();
    let song = activations(|n| times[n], 4, 60.0);
    let hits = |tempo_give| {
        let settings = DecoderSettings { tempo_give, ..DecoderSettings::default() };
        let mut decoder = Decoder::new(&FeatureSpec::CURRENT, RATE_HZ, &settings);
        let given = beats(&decode_with(&mut decoder, &song));
        let near =
            |time_s: f64| given.iter().any(|b| (b.at.seconds(RATE_HZ) - time_s).abs() < 0.07);
        let after = times.iter().filter(|time_s| (10.0..60.0).contains(*time_s));
        let hit = after.clone().filter(|time_s| near(**time_s)).count();
        hit as f64 / after.count() as f64
    };
    let (steady, giving) = (hits(0.0), hits(DecoderSettings::default().tempo_give));
    assert!(giving > 0.85 && steady < 0.6, "{giving} with it, {steady} without");
}

#[test]
fn silence_is_not_given_beats_with_confidence() {
    let heard = decode(&vec![Activations::default(); 1500]);
    let sure = heard.iter().filter(|h| h.bar.confidence > 0.5).count();
    assert_eq!(sure, 0, "nothing was heard, so nothing may be certain");
}

#[test]
fn reset_equals_new_and_the_past_matters() {
    let song = activations(|n| 0.1 + n as f64 * 0.44, 4, 12.0);
    let mut decoder = Decoder::new(&FeatureSpec::CURRENT, RATE_HZ, &DecoderSettings::default());
    let first = decode_with(&mut decoder, &song);
    let carried_on = decode_with(&mut decoder, &song);
    assert_ne!(first, carried_on);
    decoder.reset();
    assert_eq!(first, decode_with(&mut decoder, &song));
}

#[test]
fn damaged_activations_do_no_harm() {
    let mut song = activations(|n| n as f64 * 0.5, 4, 20.0);
    for (k, bad) in [f32::NAN, f32::INFINITY, -1.0, 7.0].into_iter().enumerate() {
        song[200 + k] = Activations { beat: bad, downbeat: bad, onset: bad };
    }
    let heard = decode(&song);
    assert!(heard.iter().all(|h| h.bar.phase.is_finite() && h.bar.confidence.is_finite()));
    let last = beats(&heard).into_iter().next_back().expect("beats");
    assert!((last.tempo.0 - 120.0).abs() < 3.0);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct GoldenBeat(i64, u8, u8);

#[test]
fn golden_beats() {
    // A ragged performance in three, with beats missing and false ones between.
    let mut song = activations(|n| 0.2 + n as f64 * 0.55 + 0.01 * ((n * 7) % 5) as f64, 3, 25.0);
    for (k, frame) in song.iter_mut().enumerate() {
        if (k / 80) % 4 == 3 {
            *frame = Activations { beat: 0.1, downbeat: 0.05, onset: 0.1 };
        } else if k % 37 == 0 {
            frame.beat = frame.beat.max(0.4);
        }
    }
    let heard = decode(&song);
    let found: Vec<GoldenBeat> =
        beats(&heard).iter().map(|b| GoldenBeat(b.at.0, b.in_bar, b.beats_per_bar)).collect();
    let onsets: Vec<i64> =
        heard.iter().filter_map(|h| h.onset).map(|Onset { at, .. }| at.0).collect();
    // A millisecond is far below what a listener hears and far above the last bits of a float.
    let near = |a: i64, b: i64| a.abs_diff(b) <= 48;
    golden("beats", &(found, onsets), |expected, found| {
        assert_eq!((expected.0.len(), expected.1.len()), (found.0.len(), found.1.len()));
        for (a, b) in expected.0.iter().zip(&found.0) {
            assert!(near(a.0, b.0) && (a.1, a.2) == (b.1, b.2), "{a:?} is now {b:?}");
        }
        for (a, b) in expected.1.iter().zip(&found.1) {
            assert!(near(*a, *b), "the onset at {a} is now at {b}");
        }
    });
}

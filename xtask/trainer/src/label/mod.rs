//! `trainer label FOLDER`: beats for recordings that have none, as a model hears them in hindsight.
//!
//! The plugin has to say at once where a beat is; who has heard the whole recording knows better. So a
//! model can teach itself recordings of which nobody wrote down the beats (self-training; Xie et al. 2020,
//! "Self-training with Noisy Student"): it learns to say at once what it is sure of in hindsight.

pub mod command;
mod hindsight;

use std::ops::Range;

use anyhow::{Result, ensure};
use metrics::{BEAT_WINDOW_S, f_measure};

use crate::clip::{BeatLabel, frame_time};
use crate::net::OUTPUTS;
use hindsight::{Beat, Heard};

/// Beats per bar that are looked for.
const METERS: [usize; 2] = [3, 4];
/// Fewest beats worth labelling.
const FEWEST: usize = 24;
/// Beats over which it is asked whether they are heard.
const WINDOW: usize = 12;
/// How much higher the activation must be at the beats than half way between them, on average.
const CLEAR: f32 = 0.2;
/// How much likelier the downbeats must be where they are than on any other beat of the bar (log odds).
const SURE_OF_BARS: f32 = 0.6;

/// F-measure from which on two models hear the same beats.
const AGREED: f64 = 0.9;

/// The beats of the longest stretch in which a network whose `activations` of each frame these are is sure
/// of them in hindsight, and whose beats come `lag_s` late. Places in the bar are 0 where it is not sure.
///
/// # Errors
/// When there is no such stretch; the message says how long the longest is.
fn labels(activations: &[[f32; OUTPUTS]], lag_s: f64) -> Result<Vec<BeatLabel>> {
    let heard = Heard::new(activations.iter().map(|&[beat, downbeat, _]| [beat, downbeat]));
    let path = heard.path(&METERS);
    let stretch = longest_clear(&heard, &path.beats);
    ensure!(
        stretch.len() >= FEWEST,
        "only {} beats in a row are clearly heard, {FEWEST} are needed; write them by hand, or leave it out",
        stretch.len()
    );
    let beats = &path.beats[stretch];
    let bars = bars_are_clear(&heard, beats, path.meter);
    let label = |beat: &Beat| BeatLabel {
        time_s: frame_time(0) + heard.centre_s(beat.at) - lag_s,
        in_bar: if bars { beat.in_bar } else { 0 },
    };
    Ok(beats.iter().map(label).filter(|beat| beat.time_s >= 0.0).collect())
}

/// F-measure of the beats of two models where both have some; 0 where these are fewer than [`FEWEST`].
fn agreement(ours: &[BeatLabel], theirs: &[BeatLabel]) -> f64 {
    let from = ours[0].time_s.max(theirs[0].time_s) - BEAT_WINDOW_S;
    let until = ours[ours.len() - 1].time_s.min(theirs[theirs.len() - 1].time_s) + BEAT_WINDOW_S;
    let shared = |beats: &[BeatLabel]| -> Vec<f64> {
        let times = beats.iter().map(|beat| beat.time_s);
        times.filter(|time| (from..=until).contains(time)).collect()
    };
    let (ours, theirs) = (shared(ours), shared(theirs));
    if ours.len() < FEWEST { 0.0 } else { f_measure(&theirs, &ours, BEAT_WINDOW_S) }
}

/// The longest run of `beats` that are clearly heard. The last of all is never in it: nothing follows
/// that it could be clearer than.
fn longest_clear(heard: &Heard, beats: &[Beat]) -> Range<usize> {
    let contrast = |pair: &[Beat]| {
        let between = usize::midpoint(pair[0].at, pair[1].at);
        heard.near(pair[0].at)[0] - heard.near(between)[0]
    };
    let contrasts: Vec<f32> = beats.windows(2).map(contrast).collect();
    // Every second one by itself too: of music that is half as fast, only every second beat is there.
    let clear = |beat: usize| {
        let from = beat.saturating_sub(WINDOW / 2);
        let around = &contrasts[from..(beat + WINDOW / 2).min(contrasts.len())];
        let mean = |from: usize| {
            let every = around.iter().skip(from).step_by(2);
            every.clone().sum::<f32>() / every.len().max(1) as f32
        };
        mean(0).min(mean(1)) >= CLEAR
    };
    let (mut longest, mut from) = (0..0, 0);
    for beat in 0..contrasts.len() {
        if !clear(beat) {
            from = beat + 1;
        } else if beat + 1 - from > longest.len() {
            longest = from..beat + 1;
        }
    }
    // What lies around the first and the last may be clear where they are not.
    let heard = |beat: &usize| contrasts[*beat] >= CLEAR;
    match (longest.clone().find(heard), longest.rev().find(heard)) {
        (Some(first), Some(last)) => first..last + 1,
        _ => 0..0,
    }
}

/// Whether the downbeats of `beats`, `meter` to the bar, are clearly where they are.
fn bars_are_clear(heard: &Heard, beats: &[Beat], meter: usize) -> bool {
    let mut odds = vec![(0.0, 0); meter];
    for beat in beats {
        let [activation, downbeat] = heard.near(beat.at);
        let first = hindsight::share(activation, downbeat);
        let (sum, count) = &mut odds[usize::from(beat.in_bar) - 1];
        *sum += (first / (1.0 - first)).ln();
        *count += 1;
    }
    let means: Vec<f32> = odds.into_iter().map(|(sum, count)| sum / count.max(1) as f32).collect();
    means[1..].iter().all(|other| means[0] - other >= SURE_OF_BARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a network hears in `frames` frames with `beats`, each at a frame and so high; with `bars` every
    /// fourth is a downbeat.
    fn heard(frames: usize, beats: &[(f64, f32)], bars: bool) -> Vec<[f32; OUTPUTS]> {
        let mut heard = vec![[0.02_f32, 0.004, 0.02]; frames];
        for (number, (at, height)) in beats.iter().enumerate() {
            let first = if bars && number % 4 == 0 { 0.9 } else { 0.2 };
            let around = at.floor() as usize..=at.ceil() as usize;
            for (frame, [beat, downbeat, _]) in around.clone().zip(&mut heard[around]) {
                let height = height * (1.0 - (frame as f64 - at).abs()) as f32;
                *beat = beat.max(height);
                *downbeat = downbeat.max(height * first);
            }
        }
        heard
    }

    fn steady(count: usize, interval: f64) -> Vec<(f64, f32)> {
        (0..count).map(|beat| (20.0 + interval * beat as f64, 0.8)).collect()
    }

    /// Of each label, the number of the true beat at its place.
    fn numbers(labels: &[BeatLabel], truth: &[(f64, f32)]) -> Vec<usize> {
        let number = |label: &BeatLabel| {
            let place = (label.time_s - frame_time(0)) / 0.02;
            let number = truth.iter().position(|(at, _)| (at - place).abs() < 1.0);
            number.unwrap_or_else(|| panic!("frame {place} is none of the beats"))
        };
        labels.iter().map(number).collect()
    }

    #[test]
    fn steady_beats_are_found_where_they_are_with_their_bars() {
        let truth = steady(48, 26.3);
        let found = labels(&heard(1300, &truth, true), 0.0).expect("labels");
        let numbers = numbers(&found, &truth);
        assert_eq!(numbers, (0..48).collect::<Vec<_>>());
        assert!(found.iter().zip(numbers).all(|(beat, n)| usize::from(beat.in_bar) == n % 4 + 1));
        let late = labels(&heard(1300, &truth, true), 0.01).expect("labels");
        assert!((found[7].time_s - late[7].time_s - 0.01).abs() < 1e-9);
    }

    #[test]
    fn hindsight_goes_on_where_beats_are_missing_or_false() {
        let mut truth = steady(64, 25.0);
        // Three beats that nobody hears, and three sounds between beats that seem to be some.
        truth[30..33].iter_mut().for_each(|beat| beat.1 = 0.02);
        let mut with_false = truth.clone();
        with_false.extend([(1001.0, 0.6), (1037.0, 0.6), (1111.0, 0.6)]);
        let found = labels(&heard(1700, &with_false, false), 0.0).expect("labels");
        let numbers = numbers(&found, &truth);
        assert!(numbers.len() > 60 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1));
    }

    #[test]
    fn bars_that_are_not_heard_are_left_open() {
        let found = labels(&heard(1300, &steady(48, 25.0), false), 0.0).expect("labels");
        assert!(found.iter().all(|beat| beat.in_bar == 0));
    }

    #[test]
    fn only_the_clear_part_is_labelled() {
        let mut truth = steady(80, 25.0);
        for quiet in [0..10, 50..80] {
            truth[quiet].iter_mut().for_each(|beat| beat.1 = 0.05);
        }
        let found = labels(&heard(2100, &truth, true), 0.0).expect("labels");
        assert_eq!(numbers(&found, &truth), (10..50).collect::<Vec<_>>());
    }

    #[test]
    fn music_too_slow_for_the_search_gets_no_beats_between_its_own() {
        for interval in [60.0, 75.0] {
            assert!(labels(&heard(3600, &steady(46, interval), true), 0.0).is_err());
        }
    }

    #[test]
    fn models_agree_where_they_hear_the_same_beats() {
        let beats = |first: f64, interval: f64| -> Vec<BeatLabel> {
            let time_s = |beat: u32| first + interval * f64::from(beat);
            (0..60).map(|beat| BeatLabel { time_s: time_s(beat), in_bar: 0 }).collect()
        };
        let ours = beats(1.0, 0.5);
        assert_eq!(agreement(&ours, &beats(6.02, 0.5)), 1.0);
        for theirs in [beats(1.25, 0.5), beats(1.0, 1.0), beats(1.0, 0.25), beats(25.0, 0.5)] {
            assert!(agreement(&ours, &theirs) < 0.7);
        }
    }

    #[test]
    fn noise_silence_and_next_to_nothing_are_refused() {
        let silence = [0.0; OUTPUTS];
        for heard in [vec![[0.3; OUTPUTS]; 3000], vec![silence; 3000], vec![silence; 5], vec![]] {
            let told = format!("{:#}", labels(&heard, 0.0).expect_err("refused"));
            assert!(told.contains("only 0 beats"), "{told}");
        }
    }
}

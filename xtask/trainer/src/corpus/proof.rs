//! Proof on the real datasets: they are read, parted, and labelled where they sound.
//!
//! Runs where `TATUM_DATA` names a folder that holds them, and says so where it does not.

use std::path::PathBuf;

use super::library::Library;
use super::sources::Source;
use crate::clip::RATE_HZ;
use crate::compose::score::Score;
use crate::dice::Dice;
use crate::render::{Split, Studio, installed};

/// Clips of a source that are looked at.
const CLIPS: u64 = 24;

fn median(values: Vec<f64>) -> f64 {
    metrics::median(&values).unwrap_or(0.0)
}

/// Seconds from each beat to the nearest note within 40 ms.
fn offsets(score: &Score) -> Vec<f64> {
    let mut starts: Vec<f64> =
        score.parts.iter().flat_map(|part| &part.notes).map(|note| note.at).collect();
    starts.sort_by(f64::total_cmp);
    let near = |time: f64| {
        let after = starts.partition_point(|&at| at < time);
        let around = starts[after.saturating_sub(1)..(after + 1).min(starts.len())].iter();
        around.map(|at| at - time).min_by(|a, b| a.abs().total_cmp(&b.abs()))
    };
    let offs = score.beats.iter().filter_map(|beat| near(beat.time_s));
    offs.filter(|off| off.abs() < 0.04).collect()
}

/// Seconds from each beat to where the sound rises most within 25 ms, in steps of 1 ms.
fn rises(score: &Score, samples: &[f32]) -> Vec<f64> {
    let level = |time: f64| {
        let from = (time * RATE_HZ).max(0.0) as usize;
        let until = (from + 132).min(samples.len());
        let energy: f32 = samples.get(from..until).unwrap_or(&[]).iter().map(|x| x * x).sum();
        f64::from(energy + 1e-5).ln()
    };
    let struck = |time: f64| {
        let drums = score.parts.iter().filter(|part| part.voice.is_drums());
        drums.flat_map(|part| &part.notes).any(|note| {
            matches!(note.key, 36 | 38) && note.velocity > 80 && (note.at - time).abs() < 0.002
        })
    };
    let rise = |time: f64| {
        // The window of `level` lies after its time, so a rise is where the next one begins.
        let gain = |ms: i32| {
            let at = time + f64::from(ms) / 1000.0;
            level(at) - level(at - 0.003)
        };
        let best = (-25..=25).max_by(|&a, &b| gain(a).total_cmp(&gain(b))).unwrap_or(0);
        (gain(best) > 1.5).then_some(f64::from(best) / 1000.0)
    };
    let beats = score.beats.iter().map(|beat| beat.time_s);
    beats.filter(|&time| time > 0.1 && struck(time)).filter_map(rise).collect()
}

#[test]
fn real_data_is_read_parted_and_labelled_where_it_sounds() {
    let Some(data) = std::env::var_os("TATUM_DATA").map(PathBuf::from) else {
        eprintln!("TATUM_DATA names no datasets: nothing tested");
        return;
    };
    let library = Library::open(Some(&data)).expect("opened");
    let counts = library.counts();
    let fonts = installed();
    let studio = Studio::open(&fonts[..fonts.len().min(1)], &[]).expect("opened");
    for (source, least) in [
        (Source::Groove, [300, 50]),
        (Source::Pop909, [600, 50]),
        (Source::LeadSheets, [400, 20]),
        (Source::Scores, [1200, 60]),
        (Source::Mma, [180, 10]),
        (Source::Composer, [0, 0]),
    ] {
        let found = counts[&source];
        eprintln!("{:<10} {found:?} to learn from and to be scored on", source.name());
        if found == [0, 0] && source != Source::Composer {
            eprintln!("{} is not there: not tested", source.name());
            continue;
        }
        assert!(found[0] >= least[0] && found[1] >= least[1], "{}: {found:?}", source.name());
        let (mut offs, mut heard, mut beats, mut paces) = (vec![], vec![], 0, vec![]);
        for seed in 0..CLIPS {
            let split = if seed % 6 == 5 { Split::Validation } else { Split::Train };
            let mut dice = Dice::named(seed, source.name());
            let score = library.score(source, split, &mut dice).expect("a score");
            let again = library.score(source, split, &mut Dice::named(seed, source.name()));
            assert_eq!(score, again.expect("a score"), "{} {seed}", source.name());
            assert!(score.beats.windows(2).all(|pair| pair[0].time_s < pair[1].time_s));
            beats += score.beats.len();
            offs.extend(offsets(&score));
            paces.extend(score.beats.windows(2).map(|b| 60.0 / (b[1].time_s - b[0].time_s)));
            if seed % 3 == 0 && !fonts.is_empty() {
                let (mix, _) = studio.record(&mut dice, &score, split).expect("played");
                heard.extend(rises(&score, &mix.mono()));
            }
        }
        let (share, off) = (offs.len() as f64 / beats as f64, median(offs));
        let (count, rise) = (heard.len(), median(heard));
        eprintln!(
            "{:<10} {:.0} % of {beats} beats have a note, {:.1} ms after them; {count} drum strokes \
             are heard {:.1} ms after; {:.0} bpm",
            "",
            100.0 * share,
            1000.0 * off,
            1000.0 * rise,
            median(paces)
        );
        assert!(share > 0.55, "{}: notes at {share} of the beats", source.name());
        assert!(off.abs() < 0.004, "{}: notes {off} s after the beat", source.name());
        assert!(count < 40 || rise.abs() < 0.005, "{}: heard {rise} s late", source.name());
    }
}

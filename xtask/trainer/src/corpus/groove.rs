//! Groove MIDI Dataset (Gillick et al. 2019): human drumming to a click, with `info.csv`.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::midi;
use crate::compose::drums::Performance;
use crate::compose::score::Note;

/// Drummers kept for validation; nobody else plays there.
const VALIDATION_DRUMMERS: [&str; 4] = ["drummer4", "drummer6", "drummer9", "drummer10"];

/// Longest performance that is believed, beats: hours of playing.
const MOST_BEATS: f64 = 20_000.0;

#[derive(Debug, Deserialize)]
struct Row {
    drummer: String,
    id: String,
    style: String,
    bpm: f64,
    beat_type: String,
    time_signature: String,
    midi_filename: String,
    split: String,
}

/// The performances of both sides of the split.
#[derive(Debug, Default)]
pub(super) struct Grooves {
    /// For training.
    pub(super) train: Vec<Performance>,
    /// By other drummers.
    pub(super) validation: Vec<Performance>,
}

/// Reads the beats (not the short fills) under `folder`. The dataset's own test sequences are left
/// alone. Files that cannot be used are told to `skipped`.
///
/// # Errors
/// When `info.csv` is missing or malformed.
pub(super) fn read(folder: &Path, skipped: &mut Vec<String>) -> Result<Grooves> {
    let table = folder.join("info.csv");
    let mut rows = csv::Reader::from_path(&table).with_context(|| {
        format!("cannot read {}; give the unpacked Groove MIDI Dataset", table.display())
    })?;
    let mut grooves = Grooves::default();
    for row in rows.deserialize::<Row>() {
        let row = row.with_context(|| format!("{} is malformed", table.display()))?;
        if row.beat_type != "beat" || row.split == "test" {
            continue;
        }
        let path = folder.join(&row.midi_filename);
        match perform(&path, &row) {
            Ok(performance) if VALIDATION_DRUMMERS.contains(&row.drummer.as_str()) => {
                grooves.validation.push(performance);
            }
            Ok(performance) => grooves.train.push(performance),
            Err(error) => skipped.push(format!("{}: {error:#}", path.display())),
        }
    }
    Ok(grooves)
}

fn perform(path: &Path, row: &Row) -> Result<Performance> {
    let tracks = midi::read(&std::fs::read(path)?)?;
    let notes: Vec<Note> = tracks.into_iter().flat_map(|track| track.beats).collect();
    let per_bar = match row.time_signature.as_str() {
        "4-4" => 4,
        "3-4" => 3,
        other => anyhow::bail!("meter {other} is not used"),
    };
    performance(notes, row, per_bar)
}

fn performance(notes: Vec<Note>, row: &Row, per_bar: u8) -> Result<Performance> {
    let mut notes: Vec<Note> =
        notes.into_iter().map(|note| Note { key: general_midi(note.key), ..note }).collect();
    notes.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.key.cmp(&b.key)));
    let last = notes.last().map_or(0.0, |note| note.at);
    if !(0.0..=MOST_BEATS).contains(&last) {
        anyhow::bail!("is {last} beats long; {MOST_BEATS} are the most");
    }
    let beats = last.ceil() as usize;
    if beats < 2 * usize::from(per_bar) {
        anyhow::bail!("is shorter than two bars");
    }
    let lean = lean(&notes, beats);
    for note in &mut notes {
        note.at -= lean[(note.at.max(0.0).round() as usize).min(lean.len() - 1)];
    }
    let style = row.style.split('/').next().unwrap_or_default();
    Ok(Performance {
        id: row.id.clone(),
        drummer: row.drummer.clone(),
        style: style.split('-').next().unwrap_or_default().to_owned(),
        bpm: row.bpm,
        per_bar,
        notes,
        beats,
    })
}

/// How far from the click the drummer feels each beat, in beats: drummers play some 10 ms ahead of
/// it. The median over the strokes near the beats of four bars around; a beat is where they strike.
fn lean(notes: &[Note], beats: usize) -> Vec<f64> {
    let near: Vec<(f64, f64)> = notes
        .iter()
        .filter(|note| note.velocity >= 40)
        .map(|note| (note.at, note.at - note.at.round()))
        .filter(|(_, off)| off.abs() < 0.12)
        .collect();
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    };
    let overall = median(near.iter().map(|pair| pair.1).collect());
    let around = |beat: usize| {
        let window = near.iter().filter(|(at, _)| (at - beat as f64).abs() <= 8.0);
        let values: Vec<f64> = window.map(|pair| pair.1).collect();
        if values.len() < 8 { overall } else { median(values) }
    };
    (0..=beats).map(around).collect()
}

/// The Roland kit's keys in General MIDI.
fn general_midi(key: u8) -> u8 {
    match key {
        22 => 42,
        26 => 46,
        58 => 43,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            drummer: "drummer1".into(),
            id: "d/1".into(),
            style: "jazz-fast/groove1".into(),
            bpm: 120.0,
            beat_type: "beat".into(),
            time_signature: "4-4".into(),
            midi_filename: String::new(),
            split: "train".into(),
        }
    }

    #[test]
    fn the_drummers_lead_is_removed_and_the_feel_kept() {
        // Everything 15 ms (0.03 beats) early, the off-beats another 0.02 late.
        let strokes: Vec<(f64, u8)> =
            (1..32).flat_map(|b| [(f64::from(b) - 0.03, 36), (f64::from(b) + 0.49, 22)]).collect();
        let tracks = midi::read(&midi::tests::file(&strokes, 120.0, None)).expect("read");
        let performance = performance(tracks[0].beats.clone(), &row(), 4).expect("used");
        assert_eq!((performance.style.as_str(), performance.beats), ("jazz", 32));
        for note in &performance.notes {
            let goal = if note.key == 36 { note.at.round() } else { note.at.floor() + 0.52 };
            assert!((note.at - goal).abs() < 0.003, "{note:?}");
        }
    }

    #[test]
    fn absurd_lengths_are_refused() {
        for last in [f64::NAN, f64::INFINITY, 1e9] {
            let note = Note { at: last, length: 0.1, key: 36, velocity: 100 };
            let error = performance(vec![note], &row(), 4).expect_err("refused").to_string();
            assert!(error.contains(&format!("is {last} beats long")), "{error}");
        }
    }

    #[test]
    fn a_missing_table_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = read(folder.path(), &mut Vec::new()).expect_err("refused");
        assert!(format!("{error:#}").contains("info.csv"));
    }
}

//! POP909 (Wang et al. 2020): pop songs as MIDI with beats, downbeats and chords.
//!
//! `beat_midi.txt` lies on the MIDI notes to within a millisecond (`beat_audio.txt` is some 50 ms
//! off, being of the recording). Its third column marks downbeats; bars of irregular length are
//! resynchronisations of its automatic annotation, so only regular stretches are used.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::midi;
use super::song::Song;
use crate::clip::BeatLabel;
use crate::compose::grid::Grid;
use crate::compose::harmony::Chord;
use crate::compose::score::Note;

/// Every twelfth song is kept for validation.
fn is_validation(id: &str) -> bool {
    id.parse::<u32>().is_ok_and(|number| number % 12 == 5)
}

/// Shortest regular stretch worth using, bars.
const SHORTEST: usize = 8;

/// Reads song `id` under `folder`.
///
/// # Errors
/// When a file is missing or malformed, or no stretch has a trustworthy bar.
pub(super) fn read(folder: &Path, id: &str) -> Result<Song> {
    let text = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))
    };
    let bytes = std::fs::read(folder.join(format!("{id}.mid"))).context("cannot read its MIDI")?;
    song(id, &bytes, &text("beat_midi.txt")?, &text("chord_midi.txt")?)
}

fn song(id: &str, bytes: &[u8], beats: &str, chords: &str) -> Result<Song> {
    let numbers = |line: &str| -> Option<Vec<f64>> {
        line.split_whitespace().map(|word| word.parse().ok()).collect()
    };
    let rows: Option<Vec<Vec<f64>>> =
        beats.lines().filter(|l| !l.trim().is_empty()).map(numbers).collect();
    let rows = rows
        .filter(|rows| rows.iter().all(|row| row.len() == 3))
        .context("beat_midi.txt is malformed")?;
    let labels = rows.iter().map(|row| BeatLabel { time_s: row[0], in_bar: 1 }).collect();
    let grid = Grid::new(labels).context("beat_midi.txt is not in order")?;
    let marked = |column: usize| -> Vec<usize> {
        (0..rows.len()).filter(|&index| rows[index][column] == 1.0).collect()
    };
    let (per_bar, downbeats) = meter(&marked(1), &marked(2))?;
    let chart = chart(chords, &grid)?;
    let stretches = stretches(&downbeats, usize::from(per_bar), &chart);
    if stretches.is_empty() {
        bail!("no regular stretch whose chords change on its downbeats");
    }
    let mut tracks = Vec::new();
    for track in midi::read(bytes)?.into_iter().filter(|track| !track.seconds.is_empty()) {
        let in_beats = |note: Note| {
            let at = grid.position(note.at);
            Note { at, length: grid.position(note.at + note.length) - at, ..note }
        };
        tracks.push(track.seconds.into_iter().map(in_beats).collect());
    }
    let mut paces: Vec<f64> = grid.beats().windows(2).map(|b| b[1].time_s - b[0].time_s).collect();
    paces.sort_by(f64::total_cmp);
    let bpm = 60.0 / paces[paces.len() / 2];
    let held_out = is_validation(id);
    Ok(Song { held_out, bpm, spread: 0.05, per_bar, compound: false, tracks, chart, stretches })
}

/// Beats per bar and downbeats, from the columns of candidates in bars of two (or three) and four
/// (or six).
fn meter(halves: &[usize], wholes: &[usize]) -> Result<(u8, Vec<usize>)> {
    let most = |marks: &[usize], gap: usize| {
        let gaps = marks.windows(2).filter(|pair| pair[1] - pair[0] == gap).count();
        marks.len() > SHORTEST && gaps * 10 > marks.len() * 7
    };
    if most(wholes, 4) {
        Ok((4, wholes.to_vec()))
    } else if most(halves, 3) {
        Ok((3, halves.to_vec()))
    } else {
        bail!("its bars are neither of four nor of three beats");
    }
}

/// Runs of regular bars in which chords change on the downbeat more than anywhere else.
fn stretches(downbeats: &[usize], per_bar: usize, chart: &[Chord]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for pair in downbeats.windows(2).filter(|pair| pair[1] - pair[0] == per_bar) {
        match runs.last_mut() {
            Some((first, bars)) if *first + *bars * per_bar == pair[0] => *bars += 1,
            _ => runs.push((pair[0], 1)),
        }
    }
    let trusted = |&(first, bars): &(usize, usize)| {
        let mut changes = vec![0_usize; per_bar];
        for beat in first.max(1)..(first + bars * per_bar).min(chart.len()) {
            changes[(beat - first) % per_bar] += usize::from(chart[beat] != chart[beat - 1]);
        }
        let others = changes[1..].iter().max().copied().unwrap_or(0);
        bars >= SHORTEST && changes[0] * 10 >= others * 11 && changes[0] * 3 >= bars
    };
    runs.into_iter().filter(trusted).collect()
}

/// The chord of every beat; where there is none, the one before goes on.
fn chart(text: &str, grid: &Grid) -> Result<Vec<Chord>> {
    let mut spans: Vec<(f64, Option<Chord>)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [from, _, name] = words[..] else { bail!("chord_midi.txt is malformed") };
        spans.push((from.parse().context("chord_midi.txt is malformed")?, chord(name)));
    }
    let first = spans.iter().find_map(|span| span.1.clone()).context("has no chords")?;
    let mut chart = Vec::with_capacity(grid.beats().len());
    for beat in grid.beats() {
        let now = spans.partition_point(|span| span.0 <= beat.time_s + 0.05);
        let chord = spans[..now].iter().rev().find_map(|span| span.1.clone());
        chart.push(chord.unwrap_or_else(|| first.clone()));
    }
    Ok(chart)
}

/// `Bb:min7/b3` and the like (Harte et al. 2005); `None` for no chord.
fn chord(name: &str) -> Option<Chord> {
    let (root, rest) = name.split_once(':').unwrap_or((name, "maj"));
    let mut letters = root.chars();
    let natural = match letters.next()? {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let sharp = letters.map(|c| if c == '#' { 1 } else { 11 }).sum::<u8>();
    let (quality, bass) = rest.split_once('/').unwrap_or((rest, "1"));
    let tones: &[u8] = match quality.split('(').next().unwrap_or_default() {
        "min" => &[0, 3, 7],
        "dim" => &[0, 3, 6],
        "aug" => &[0, 4, 8],
        "sus2" => &[0, 2, 7],
        "sus4" => &[0, 5, 7],
        "maj7" => &[0, 4, 7, 11],
        "min7" => &[0, 3, 7, 10],
        "7" | "9" => &[0, 4, 7, 10],
        "hdim7" => &[0, 3, 6, 10],
        "dim7" => &[0, 3, 6, 9],
        "maj6" => &[0, 4, 7, 9],
        "min6" => &[0, 3, 7, 9],
        _ => &[0, 4, 7],
    };
    let mut chord = Chord::new((natural + sharp) % 12, tones);
    let degree = bass.trim_start_matches(['b', '#']);
    let flat = u8::from(bass.starts_with('b'));
    let above = [0, 2, 4, 5, 7, 9, 11];
    let step = degree.parse::<usize>().unwrap_or(1).max(1) - 1;
    chord.bass = (chord.root + above[step % 7] + 12 - flat) % 12;
    Some(chord)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn chord_names_are_understood() {
        assert_eq!(chord("Bb:min"), Some(Chord::new(10, &[0, 3, 7])));
        assert_eq!(chord("N"), None);
        let inverted = chord("C#:maj7/5").expect("a chord");
        assert_eq!((inverted.root, inverted.bass, inverted.tones.len()), (1, 8, 4));
        assert_eq!(chord("A:min/b3").map(|c| c.bass), Some(0));
    }

    fn annotated(beats: usize, shift: usize) -> Result<Song> {
        let (mut grid, mut chords) = (String::new(), String::new());
        for beat in 0..beats {
            let time = 0.25 + beat as f64 * 0.5;
            let half = u8::from(beat % 2 == 0);
            writeln!(grid, "{time} {half}.0 {}.0", u8::from(beat % 4 == 0)).expect("text");
            if (beat + shift).is_multiple_of(4) {
                let name = ["C:maj", "F:maj", "G:7"][beat / 4 % 3];
                writeln!(chords, "{time} {} {name}", time + 2.0).expect("text");
            }
        }
        let notes: Vec<(f64, u8)> = (0..beats).map(|b| (0.5 + b as f64, 60)).collect();
        song("001", &midi::tests::file(&notes, 120.0, None), &grid, &chords)
    }

    #[test]
    fn a_regular_song_is_one_stretch_with_its_notes_on_the_beats() {
        let song = annotated(64, 0).expect("used");
        assert_eq!((song.per_bar, song.stretches.as_slice()), (4, &[(0, 15)][..]));
        assert!((song.bpm - 120.0).abs() < 1e-6);
        assert!(
            song.tracks[0].iter().take(50).all(|note| (note.at - note.at.round()).abs() < 1e-6)
        );
    }

    #[test]
    fn chords_that_change_elsewhere_make_the_bar_doubtful() {
        assert!(annotated(64, 1).is_err());
    }

    #[test]
    fn malformed_annotation_is_an_error() {
        let midi = midi::tests::file(&[(0.0, 60)], 120.0, None);
        assert!(song("1", &midi, "0.0 1.0", "0 1 C:maj").is_err());
        assert!(song("1", &midi, "1.0 1 1\n0.5 0 0", "0 1 C:maj").is_err());
    }
}

//! Lead sheets: a melody and its chord symbols as MusicXML (OpenEWLD and the like), as songs.

use std::path::Path;

use anyhow::{Result, bail};

use super::files;
use super::musicxml::meter::{self, Bar, Pulse};
use super::musicxml::{self, Work};
use super::song::Song;
use crate::compose::harmony::Chord;
use crate::compose::score::Note;

/// Shortest regular stretch worth using, bars.
const SHORTEST: usize = 8;

/// Reads the lead sheet at `path`, which lies in a folder of its own inside its artist's.
///
/// # Errors
/// When it is not MusicXML, has no chords, no stretch of one meter, or a meter that no style plays.
pub(super) fn read(path: &Path) -> Result<Song> {
    let held_out = files::held_out(&files::folder_above(path, 2));
    song(&musicxml::read(path)?, held_out)
}

/// The longest stretch of one meter.
fn song(work: &Work, held_out: bool) -> Result<Song> {
    let runs = meter::stretches(&work.measures);
    let steady = runs.iter().flat_map(|run| run.chunk_by(|a, b| a.pulse == b.pulse));
    let Some(bars) = steady.max_by_key(|bars| bars.len()).filter(|bars| bars.len() >= SHORTEST)
    else {
        bail!("has no {SHORTEST} bars of one meter with a clear beat");
    };
    let pulse = bars[0].pulse;
    let chart = chart(work, bars)?;
    let Some(melody) = work.staves.iter().find(|staff| !staff.notes.is_empty()) else {
        bail!("has no melody");
    };
    let (from, until) = (bars[0].at, bars[bars.len() - 1].end());
    let inside = melody.notes.iter().filter(|note| note.at >= from - 1e-6 && note.at < until);
    let in_beats = |note: &Note| Note {
        at: (note.at - from) / pulse.quarters,
        length: note.length / pulse.quarters,
        ..*note
    };
    let melody: Vec<Note> = inside.map(in_beats).collect();
    if melody.len() < bars.len() {
        bail!("has only {} notes in {} bars", melody.len(), bars.len());
    }
    let (bpm, spread) = natural_tempo(pulse);
    let song = Song {
        held_out,
        bpm,
        spread,
        per_bar: pulse.per_bar,
        compound: pulse.compound,
        tracks: vec![melody],
        chart,
        stretches: vec![(0, bars.len())],
    };
    song.any_style()?;
    Ok(song)
}

/// The chord of every beat of `bars`.
fn chart(work: &Work, bars: &[Bar]) -> Result<Vec<Chord>> {
    let pulse = bars[0].pulse;
    let known: Vec<&(f64, Option<Chord>)> =
        work.chords.iter().filter(|(_, chord)| chord.is_some()).collect();
    let changes = known.len();
    let Some(first) = known.first().and_then(|(_, chord)| chord.as_ref()) else {
        bail!("has no chords");
    };
    if changes * 4 < bars.len() {
        bail!("has only {changes} chords in {} bars", bars.len());
    }
    let beats = bars.len() * usize::from(pulse.per_bar);
    let chord_at = |beat: usize| {
        let quarter = bars[0].at + beat as f64 * pulse.quarters;
        let now = known.partition_point(|(at, _)| *at <= quarter + 0.01);
        now.checked_sub(1).and_then(|now| known[now].1.clone()).unwrap_or_else(|| first.clone())
    };
    Ok((0..beats).map(chord_at).collect())
}

/// Median tempo and spread at which tunes of this meter are played when nothing else is known.
pub(super) fn natural_tempo(pulse: Pulse) -> (f64, f64) {
    match pulse {
        _ if pulse.compound && pulse.quarters > 2.0 => (56.0, 0.15),
        _ if pulse.compound => (66.0, 0.2),
        _ if pulse.quarters > 1.5 => (86.0, 0.18),
        _ if pulse.per_bar == 3 => (116.0, 0.25),
        _ if pulse.per_bar == 2 => (100.0, 0.2),
        _ => (114.0, 0.24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::musicxml::parse;
    use crate::corpus::musicxml::tests::sheet;

    #[test]
    fn a_lead_sheet_becomes_a_song_on_its_beats() {
        let c = "<harmony><root><root-step>C</root-step></root><kind>major</kind></harmony>";
        let g = "<harmony><root><root-step>G</root-step></root><kind>dominant</kind></harmony>";
        let mut measures = vec![vec![("G4", 0.5, "")]];
        for bar in 0..10 {
            measures.push(vec![("C5", 1.5, if bar % 2 == 0 { c } else { g }), ("E5", 1.5, "")]);
        }
        let work = parse(&sheet((6, 8), &measures)).expect("read");
        let song = song(&work, false).expect("used");
        assert_eq!((song.per_bar, song.compound, song.stretches[0]), (2, true, (0, 11)));
        assert_eq!(song.chart.len(), 22);
        assert_eq!((song.chart[2].root, song.chart[4].root, song.chart[5].root), (0, 7, 7));
        assert!((song.tracks[0][0].at - 5.0 / 3.0).abs() < 1e-9);
        assert!((song.tracks[0][1].at - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_meter_no_style_plays_is_refused() {
        let c = "<harmony><root><root-step>C</root-step></root><kind>major</kind></harmony>";
        let bars = vec![vec![("C5", 1.5, c), ("E5", 1.5, ""), ("G5", 1.5, "")]; 9];
        let work = parse(&sheet((9, 8), &bars)).expect("read");
        let error = song(&work, false).expect_err("refused").to_string();
        assert!(error.contains("no style plays bars of 3 compound beats"), "{error}");
    }

    #[test]
    fn a_melody_without_chords_is_refused() {
        let bars = vec![vec![("C5", 2.0, ""), ("E5", 2.0, "")]; 9];
        let work = parse(&sheet((4, 4), &bars)).expect("read");
        assert!(song(&work, false).is_err());
    }
}

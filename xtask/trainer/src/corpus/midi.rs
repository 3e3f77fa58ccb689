//! MIDI files in: tracks of notes in beats and in seconds.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use midly::{MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};

use crate::compose::score::Note;

/// One track.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Track {
    /// Its name, or nothing.
    pub(super) name: String,
    /// Channel of its first note, 0 to 15.
    pub(super) channel: u8,
    /// Program its first note is played with, 0 to 127.
    pub(super) program: u8,
    /// Notes with times in quarter notes.
    pub(super) beats: Vec<Note>,
    /// The same notes with times in seconds.
    pub(super) seconds: Vec<Note>,
}

/// Tempo changes: quarter note, seconds there, seconds per quarter from there.
struct TempoMap(Vec<(f64, f64, f64)>);

impl TempoMap {
    fn seconds(&self, quarter: f64) -> f64 {
        let after = self.0.partition_point(|change| change.0 <= quarter).max(1);
        let (at, seconds, pace) = self.0[after - 1];
        seconds + (quarter - at) * pace
    }
}

/// Reads a standard MIDI file. Notes without an end are dropped.
///
/// # Errors
/// When it is not MIDI, or its time is in SMPTE frames or has no unit, or it has no notes.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Track>> {
    let smf = Smf::parse(bytes).map_err(|error| anyhow::anyhow!("is not a MIDI file ({error})"))?;
    let Timing::Metrical(ticks) = smf.header.timing else {
        bail!("counts time in SMPTE frames, not in beats");
    };
    if ticks.as_int() == 0 {
        bail!("has 0 ticks per beat");
    }
    let quarter = |tick: u64| tick as f64 / f64::from(ticks.as_int());
    let mut changes = vec![(0_u64, 0.5)];
    let mut tracks = Vec::new();
    for events in &smf.tracks {
        let (mut tick, mut name) = (0_u64, String::new());
        let mut open: HashMap<(u8, u8), (u64, u8)> = HashMap::new();
        let mut notes = Vec::new();
        let mut programs = [0_u8; 16];
        let mut played_by = None;
        for event in events {
            tick += u64::from(event.delta.as_int());
            match event.kind {
                TrackEventKind::Meta(MetaMessage::Tempo(pace)) => {
                    changes.push((tick, f64::from(pace.as_int()) / 1e6));
                }
                TrackEventKind::Meta(MetaMessage::TrackName(bytes)) => {
                    name = String::from_utf8_lossy(bytes).into_owned();
                }
                TrackEventKind::Midi { channel, message } => {
                    if let MidiMessage::ProgramChange { program } = message {
                        programs[usize::from(channel.as_int())] = program.as_int();
                    }
                    let (key, velocity) = match message {
                        MidiMessage::NoteOn { key, vel } => (key.as_int(), vel.as_int()),
                        MidiMessage::NoteOff { key, .. } => (key.as_int(), 0),
                        _ => continue,
                    };
                    let place = (channel.as_int(), key);
                    if let Some((from, velocity)) = open.remove(&place) {
                        let (at, end) = (quarter(from), quarter(tick));
                        notes.push(Note { at, length: end - at, key, velocity });
                    }
                    if velocity > 0 {
                        let program = programs[usize::from(place.0)];
                        played_by.get_or_insert((place.0, program));
                        open.insert(place, (tick, velocity));
                    }
                }
                _ => {}
            }
        }
        notes.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.key.cmp(&b.key)));
        tracks.push((name, played_by.unwrap_or_default(), notes));
    }
    changes.sort_by_key(|change| change.0);
    let mut map: Vec<(f64, f64, f64)> = Vec::new();
    for (tick, pace) in changes {
        let at = quarter(tick);
        let seconds = map.last().map_or(0.0, |&(from, seconds, pace)| seconds + (at - from) * pace);
        map.push((at, seconds, pace));
    }
    let map = TempoMap(map);
    let timed = |note: &Note| {
        let at = map.seconds(note.at);
        Note { at, length: map.seconds(note.at + note.length) - at, ..*note }
    };
    let tracks: Vec<Track> = tracks
        .into_iter()
        .map(|(name, (channel, program), beats)| {
            let seconds = beats.iter().map(timed).collect();
            Track { name, channel, program, beats, seconds }
        })
        .collect();
    tracks.iter().any(|track| !track.beats.is_empty()).then_some(tracks).context("holds no notes")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use midly::num::{u4, u7, u15, u24, u28};
    use midly::{Format, Header, TrackEvent};

    /// A MIDI file of one drum track: `(quarter, key)` at `bpm`, changing to `then` at quarter 2.
    pub(in crate::corpus) fn file(notes: &[(f64, u8)], bpm: f64, then: Option<f64>) -> Vec<u8> {
        let mut timed: Vec<(u32, TrackEventKind<'_>)> = vec![];
        let tempo =
            |bpm: f64| TrackEventKind::Meta(MetaMessage::Tempo(u24::new((60e6 / bpm) as u32)));
        timed.push((0, tempo(bpm)));
        if let Some(bpm) = then {
            timed.push((960, tempo(bpm)));
        }
        for &(at, key) in notes {
            let tick = (at * 480.0).round() as u32;
            for (offset, vel) in [(0, 100), (40, 0)] {
                let message = MidiMessage::NoteOn { key: u7::new(key), vel: u7::new(vel) };
                timed.push((tick + offset, TrackEventKind::Midi { channel: u4::new(9), message }));
            }
        }
        timed.sort_by_key(|event| event.0);
        let mut last = 0;
        let mut track: Vec<TrackEvent<'_>> = Vec::new();
        for (tick, kind) in timed {
            track.push(TrackEvent { delta: u28::new(tick - last), kind });
            last = tick;
        }
        track.push(TrackEvent {
            delta: u28::new(0),
            kind: TrackEventKind::Meta(MetaMessage::EndOfTrack),
        });
        let header =
            Header { format: Format::SingleTrack, timing: Timing::Metrical(u15::new(480)) };
        let mut bytes = Vec::new();
        Smf { header, tracks: vec![track] }.write_std(&mut bytes).expect("written to memory");
        bytes
    }

    #[test]
    fn tempo_changes_count() {
        let tracks =
            read(&file(&[(0.0, 36), (2.0, 38), (4.0, 36)], 120.0, Some(60.0))).expect("read");
        let at: Vec<f64> = tracks[0].seconds.iter().map(|note| note.at).collect();
        assert!(at.iter().zip([0.0, 1.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-6), "{at:?}");
        assert!((tracks[0].beats[2].at - 4.0).abs() < 1e-9);
    }

    #[test]
    fn damage_is_an_error() {
        assert!(read(b"MThd").is_err());
        assert!(read(b"nothing like it").is_err());
        assert!(read(&file(&[], 120.0, None)).is_err());
        let mut timeless = file(&[(0.0, 36)], 120.0, None);
        timeless[12..14].fill(0);
        assert!(read(&timeless).expect_err("refused").to_string().contains("0 ticks per beat"));
    }
}

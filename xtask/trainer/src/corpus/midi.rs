//! MIDI files in: tracks of notes in beats and in seconds, tempo and meters.

use std::collections::HashMap;

use anyhow::{Result, bail};
use midly::{Format, MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};

use super::musicxml::Meter;
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

/// A whole file, in quarter notes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sequence {
    /// From quarters to seconds.
    pub(super) tempo: TempoMap,
    /// Time signatures in ascending quarters; `None` where the lower number is absurd.
    pub(super) meters: Vec<(f64, Option<Meter>)>,
    /// Its tracks.
    pub(super) tracks: Vec<Voices>,
}

/// The notes of one track, whoever plays them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Voices {
    name: String,
    /// Of its first note.
    first: Hand,
    /// In ascending time; `at` and `length` in quarters.
    pub(super) notes: Vec<(Note, Hand)>,
}

/// How a channel was set when a note began, as MIDI counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hand {
    /// 0 to 15; 9 is the drums.
    pub(super) channel: u8,
    /// 0 to 127.
    pub(super) program: u8,
    /// Controller 7; 100 unless it is set.
    pub(super) volume: u8,
    /// Controller 10; 64 is the middle.
    pub(super) pan: u8,
}

impl Hand {
    /// `channel` before anything is set.
    fn of(channel: u8) -> Self {
        Self { channel, program: 0, volume: 100, pan: 64 }
    }
}

/// Tempo changes: quarter note, seconds there, seconds per quarter from there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TempoMap(Vec<(f64, f64, f64)>);

impl TempoMap {
    /// `changes` by tick, in any order.
    fn new(mut changes: Vec<(u64, f64)>, quarter: impl Fn(u64) -> f64) -> Self {
        changes.sort_by_key(|change| change.0);
        let mut map: Vec<(f64, f64, f64)> = Vec::new();
        for (tick, pace) in changes {
            let at = quarter(tick);
            let seconds =
                map.last().map_or(0.0, |&(from, seconds, pace)| seconds + (at - from) * pace);
            map.push((at, seconds, pace));
        }
        Self(map)
    }

    /// Seconds at `quarter`.
    pub(super) fn seconds(&self, quarter: f64) -> f64 {
        let after = self.0.partition_point(|change| change.0 <= quarter).max(1);
        let (at, seconds, pace) = self.0[after - 1];
        seconds + (quarter - at) * pace
    }

    /// `note`, given in quarters, in seconds.
    pub(super) fn timed(&self, note: &Note) -> Note {
        let at = self.seconds(note.at);
        Note { at, length: self.seconds(note.at + note.length) - at, ..*note }
    }
}

/// Reads the tracks of a standard MIDI file. Notes without an end are dropped.
///
/// # Errors
/// As [`parse`].
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Track>> {
    let Sequence { tempo, tracks, .. } = parse(bytes)?;
    let track = |Voices { name, first, notes }: Voices| {
        let beats: Vec<Note> = notes.into_iter().map(|(note, _)| note).collect();
        let seconds = beats.iter().map(|note| tempo.timed(note)).collect();
        Track { name, channel: first.channel, program: first.program, beats, seconds }
    };
    Ok(tracks.into_iter().map(track).collect())
}

/// Reads a standard MIDI file. Notes without an end are dropped.
///
/// # Errors
/// When it is not MIDI, or its time is in SMPTE frames or has no unit, or it has no notes.
pub(super) fn parse(bytes: &[u8]) -> Result<Sequence> {
    let smf = Smf::parse(bytes).map_err(|error| anyhow::anyhow!("is not a MIDI file ({error})"))?;
    if smf.header.format == Format::Sequential {
        bail!("holds several songs (MIDI format 2); save them one by one");
    }
    let Timing::Metrical(ticks) = smf.header.timing else {
        bail!("counts time in SMPTE frames, not in beats");
    };
    if ticks.as_int() == 0 {
        bail!("has 0 ticks per beat");
    }
    let quarter = |tick: u64| tick as f64 / f64::from(ticks.as_int());
    let mut changes = vec![(0_u64, 0.5)];
    let mut meters = Vec::new();
    let mut tracks = Vec::new();
    for events in &smf.tracks {
        let (mut tick, mut name) = (0_u64, String::new());
        let mut open: HashMap<(u8, u8), (u64, u8, Hand)> = HashMap::new();
        let mut notes = Vec::new();
        let mut hands: [Hand; 16] = std::array::from_fn(|channel| Hand::of(channel as u8));
        let mut first = None;
        for event in events {
            tick += u64::from(event.delta.as_int());
            match event.kind {
                TrackEventKind::Meta(MetaMessage::Tempo(pace)) => {
                    changes.push((tick, f64::from(pace.as_int()) / 1e6));
                }
                TrackEventKind::Meta(MetaMessage::TimeSignature(count, power, ..)) => {
                    let unit = 1_u8.checked_shl(u32::from(power));
                    meters.push((quarter(tick), unit.map(|unit| Meter { count, unit })));
                }
                TrackEventKind::Meta(MetaMessage::TrackName(bytes)) => {
                    name = String::from_utf8_lossy(bytes).into_owned();
                }
                TrackEventKind::Midi { channel, message } => {
                    let hand = &mut hands[usize::from(channel.as_int())];
                    match message {
                        MidiMessage::ProgramChange { program } => hand.program = program.as_int(),
                        MidiMessage::Controller { controller, value } => {
                            match controller.as_int() {
                                7 => hand.volume = value.as_int(),
                                10 => hand.pan = value.as_int(),
                                _ => {}
                            }
                        }
                        _ => {}
                    }
                    let (key, velocity) = match message {
                        MidiMessage::NoteOn { key, vel } => (key.as_int(), vel.as_int()),
                        MidiMessage::NoteOff { key, .. } => (key.as_int(), 0),
                        _ => continue,
                    };
                    let place = (channel.as_int(), key);
                    if let Some((from, velocity, hand)) = open.remove(&place) {
                        let (at, end) = (quarter(from), quarter(tick));
                        notes.push((Note { at, length: end - at, key, velocity }, hand));
                    }
                    if velocity > 0 {
                        first.get_or_insert(*hand);
                        open.insert(place, (tick, velocity, *hand));
                    }
                }
                _ => {}
            }
        }
        notes.sort_by(|(a, _), (b, _)| a.at.total_cmp(&b.at).then(a.key.cmp(&b.key)));
        tracks.push(Voices { name, first: first.unwrap_or(Hand::of(0)), notes });
    }
    if tracks.iter().all(|track| track.notes.is_empty()) {
        bail!("holds no notes");
    }
    meters.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(Sequence { tempo: TempoMap::new(changes, quarter), meters, tracks })
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

//! The hearing as a Standard MIDI File whose tempo map follows the music: every beat lies on a
//! quarter note, every downbeat starts a bar, and all beats are exact to a microsecond.

use crate::hearing::Hearing;
use anyhow::Result;
use midly::num::{u4, u7, u15, u24, u28};
use midly::{
    Format, Header, MetaMessage, MidiMessage, Smf, Timing, Track, TrackEvent, TrackEventKind,
};

/// Fine enough to place an onset within 0.05 ms at 120 bpm.
const TICKS_PER_QUARTER: u16 = 9_600;
/// A tempo is a 24-bit number of microseconds, so a longer gap becomes several quarter notes.
const LONGEST_QUARTER_US: u64 = 0xFF_FFFF;
/// Notes and channel (0-based) of the plugin's defaults.
const DOWNBEAT_KEY: u8 = 36;
const BEAT_KEY: u8 = 37;
const ONSET_KEY: u8 = 38;
const CHANNEL: u8 = 0;
const NOTE_TICKS: u64 = TICKS_PER_QUARTER as u64 / 16;

/// One quarter note: where it starts and how long it lasts, in microseconds.
#[derive(Clone, Copy)]
struct Quarter {
    start_us: u64,
    length_us: u64,
}

/// The file's bytes.
pub(super) fn bytes(hearing: &Hearing) -> Result<Vec<u8>> {
    let (quarters, beats) = quarters(hearing);
    let mut events: Vec<(u64, u8, TrackEventKind<'static>)> = Vec::new();
    let mut last = None;
    for (index, quarter) in quarters.iter().enumerate() {
        if last != Some(quarter.length_us) {
            let tempo = u24::new(quarter.length_us as u32);
            events.push((ticks(index), 0, TrackEventKind::Meta(MetaMessage::Tempo(tempo))));
            last = Some(quarter.length_us);
        }
    }
    events.extend(signatures(hearing, &beats));
    for (beat, &index) in hearing.beats.iter().zip(&beats) {
        let key = if beat.beat == 1 { DOWNBEAT_KEY } else { BEAT_KEY };
        note(&mut events, ticks(index), key, beat.confidence);
    }
    for onset in &hearing.onsets {
        note(&mut events, tick_of(&quarters, micros(onset.time)), ONSET_KEY, onset.strength);
    }
    // Meta events first, then note ends, then note starts.
    events.sort_by_key(|&(tick, rank, _)| (tick, rank));
    let mut track: Track = Vec::new();
    let mut now = 0;
    for (tick, _, kind) in events {
        track.push(TrackEvent { delta: u28::new((tick - now) as u32), kind });
        now = tick;
    }
    track.push(TrackEvent {
        delta: u28::new(0),
        kind: TrackEventKind::Meta(MetaMessage::EndOfTrack),
    });
    let timing = Timing::Metrical(u15::new(TICKS_PER_QUARTER));
    let mut smf = Smf::new(Header::new(Format::SingleTrack, timing));
    smf.tracks.push(track);
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes)?;
    Ok(bytes)
}

/// The quarter notes from zero to the end, and the index at which each beat starts.
fn quarters(hearing: &Hearing) -> (Vec<Quarter>, Vec<usize>) {
    let period_us = micros(60.0 / hearing.median_bpm().unwrap_or(120.0));
    let mut quarters: Vec<Quarter> = Vec::new();
    let mut beats = Vec::with_capacity(hearing.beats.len());
    let mut now = 0;
    for (index, beat) in hearing.beats.iter().enumerate() {
        let at = micros(beat.time);
        if at > now {
            // The time before the first beat is filled with quarters of about the piece's tempo.
            let wanted = if index == 0 { (at + period_us / 2) / period_us } else { 1 };
            fill(&mut quarters, now, at, wanted);
            now = at;
        }
        beats.push(quarters.len());
    }
    let end = micros(hearing.duration).max(now + 1);
    fill(&mut quarters, now, end, (end - now) / period_us);
    (quarters, beats)
}

/// Appends `wanted` quarters (more where a tempo would not fit) that exactly fill `from..to`.
fn fill(quarters: &mut Vec<Quarter>, from: u64, to: u64, wanted: u64) {
    let total = to - from;
    let count = wanted.clamp(total.div_ceil(LONGEST_QUARTER_US), total).max(1);
    for i in 0..count {
        let (start, end) = (from + total * i / count, from + total * (i + 1) / count);
        quarters.push(Quarter { start_us: start, length_us: end - start });
    }
}

/// A time signature wherever the number of quarters between downbeats changes. The quarters before
/// the first downbeat are a bar of their own.
fn signatures(hearing: &Hearing, beats: &[usize]) -> Vec<(u64, u8, TrackEventKind<'static>)> {
    let downbeats = hearing.beats.iter().zip(beats).filter(|(b, _)| b.beat == 1).map(|(_, &i)| i);
    let mut starts: Vec<usize> = [0].into_iter().chain(downbeats).collect();
    starts.dedup();
    let mut events = Vec::new();
    let mut last = None;
    for pair in starts.windows(2) {
        let Ok(length) = u8::try_from(pair[1] - pair[0]) else { continue };
        if last != Some(length) {
            let signature = MetaMessage::TimeSignature(length, 2, 24, 8);
            events.push((ticks(pair[0]), 0, TrackEventKind::Meta(signature)));
            last = Some(length);
        }
    }
    events
}

fn note(events: &mut Vec<(u64, u8, TrackEventKind<'static>)>, tick: u64, key: u8, strength: f64) {
    let channel = u4::new(CHANNEL);
    let velocity = u7::new((strength * 127.0).round().clamp(1.0, 127.0) as u8);
    let key = u7::new(key);
    let on = MidiMessage::NoteOn { key, vel: velocity };
    let off = MidiMessage::NoteOff { key, vel: u7::new(0) };
    events.push((tick, 2, TrackEventKind::Midi { channel, message: on }));
    events.push((tick + NOTE_TICKS, 1, TrackEventKind::Midi { channel, message: off }));
}

fn tick_of(quarters: &[Quarter], at_us: u64) -> u64 {
    let index = quarters.partition_point(|q| q.start_us <= at_us).saturating_sub(1);
    let Quarter { start_us, length_us } = quarters[index];
    let within = (at_us - start_us) as f64 / length_us as f64;
    ticks(index) + (within * f64::from(TICKS_PER_QUARTER)).round() as u64
}

fn ticks(quarter: usize) -> u64 {
    quarter as u64 * u64::from(TICKS_PER_QUARTER)
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hearing::{Beat, Onset, Tags};

    fn hearing(times: &[(f64, u32)], onsets: &[f64]) -> Hearing {
        let beat = |&(time, beat)| Beat { time, beat, emitted: time, confidence: 0.5 };
        let onset = |&time: &f64| Onset { time, emitted: time, strength: 1.0 };
        Hearing {
            file: "x.wav".to_owned(),
            duration: 60.0,
            sample_rate: 44_100,
            mode: "offline",
            backend: String::new(),
            beats: times.iter().map(beat).collect(),
            onsets: onsets.iter().map(onset).collect(),
            tempo: Vec::new(),
            tags: Tags::default(),
            tag_moments: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// Plays a file: seconds and key of every note start, by its own tempo map.
    fn played(bytes: &[u8]) -> Vec<(f64, u8)> {
        let smf = Smf::parse(bytes).expect("a MIDI file");
        let (mut seconds, mut quarter_us) = (0.0, 500_000.0);
        let mut notes = Vec::new();
        for event in &smf.tracks[0] {
            let delta = f64::from(event.delta.as_int()) / f64::from(TICKS_PER_QUARTER);
            seconds += delta * quarter_us / 1e6;
            match event.kind {
                TrackEventKind::Meta(MetaMessage::Tempo(us)) => quarter_us = f64::from(us.as_int()),
                TrackEventKind::Midi { message: MidiMessage::NoteOn { key, .. }, .. } => {
                    notes.push((seconds, key.as_int()));
                }
                _ => {}
            }
        }
        notes
    }

    #[test]
    fn notes_play_at_their_exact_times() {
        // A long gap (longer than one tempo can hold), a repeated beat, and a drifting pulse.
        let beats =
            [(0.7, 3), (1.213_457, 4), (1.7, 1), (2.2, 2), (40.0, 1), (40.0, 2), (40.41, 3)];
        let notes = played(&bytes(&hearing(&beats, &[0.1, 1.5, 55.5])).expect("a file"));
        let starts = |keys: &[u8]| -> Vec<f64> {
            notes.iter().filter(|(_, key)| keys.contains(key)).map(|&(time, _)| time).collect()
        };
        for (got, want) in starts(&[DOWNBEAT_KEY, BEAT_KEY]).iter().zip(beats) {
            assert!((got - want.0).abs() < 2e-6, "{got} for {}", want.0);
        }
        assert_eq!(starts(&[DOWNBEAT_KEY]).len(), 2);
        for (got, want) in starts(&[ONSET_KEY]).iter().zip([0.1, 1.5, 55.5]) {
            assert!((got - want).abs() < 1e-3, "{got} for {want}");
        }
    }

    #[test]
    fn nothing_heard_is_an_empty_file() {
        assert!(played(&bytes(&hearing(&[], &[])).expect("a file")).is_empty());
        assert_eq!(played(&bytes(&hearing(&[(0.0, 1)], &[0.0])).expect("a file")).len(), 2);
    }
}

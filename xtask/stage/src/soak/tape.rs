//! `Tape`: the host's transport as one lane sees it: forward, backward, in a loop, stopped, or not there.

use clack_host::events::event_types::{TransportEvent, TransportFlags};
use clack_host::events::{EventFlags, EventHeader};
use clack_host::utils::{BeatTime, SecondsTime};

/// Tempo of every song, BPM.
const BPM: f64 = 120.0;
/// Where a tape that runs backward begins again, samples.
const END: i64 = 1 << 26;

/// How it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    Forward,
    /// From the start of the loop to so many samples later.
    Loop(i64),
    Backward,
    Stopped,
    /// The host tells nothing.
    Absent,
}

/// Position and motion.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tape {
    at: i64,
    motion: Motion,
    loop_start: i64,
}

impl Tape {
    pub(super) fn new() -> Self {
        Self { at: 0, motion: Motion::Forward, loop_start: 0 }
    }

    pub(super) fn set(&mut self, motion: Motion) {
        (self.motion, self.loop_start) = (motion, self.at);
    }

    /// A locate.
    pub(super) fn seek(&mut self, at: i64) {
        (self.at, self.loop_start) = (at, at);
    }

    /// The transport for the next block.
    pub(super) fn transport(&self, rate_hz: u32) -> Option<TransportEvent> {
        if self.motion == Motion::Absent {
            return None;
        }
        let seconds = self.at as f64 / f64::from(rate_hz);
        let playing = match self.motion {
            Motion::Stopped => TransportFlags::empty(),
            _ => TransportFlags::IS_PLAYING,
        };
        Some(TransportEvent {
            header: EventHeader::new_core(0, EventFlags::empty()),
            flags: playing
                | TransportFlags::HAS_TEMPO
                | TransportFlags::HAS_BEATS_TIMELINE
                | TransportFlags::HAS_SECONDS_TIMELINE,
            song_pos_beats: BeatTime::from_float(seconds * BPM / 60.0),
            song_pos_seconds: SecondsTime::from_float(seconds),
            tempo: BPM,
            tempo_inc: 0.0,
            loop_start_beats: BeatTime::from_int(0),
            loop_end_beats: BeatTime::from_int(0),
            loop_start_seconds: SecondsTime::from_int(0),
            loop_end_seconds: SecondsTime::from_int(0),
            bar_start: BeatTime::from_int(0),
            bar_number: 0,
            time_signature_numerator: 4,
            time_signature_denominator: 4,
        })
    }

    /// A block of so many samples was played.
    pub(super) fn advance(&mut self, frames: usize) {
        let frames = frames as i64;
        match self.motion {
            Motion::Forward => self.at += frames,
            Motion::Loop(length) => {
                self.at += frames;
                if self.at >= self.loop_start + length {
                    self.at = self.loop_start;
                }
            }
            Motion::Backward => {
                self.at -= frames;
                if self.at < 0 {
                    self.at = END;
                }
            }
            Motion::Stopped | Motion::Absent => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_as_told() {
        let mut tape = Tape::new();
        tape.advance(100);
        tape.set(Motion::Loop(150));
        let mut at = || {
            tape.advance(100);
            tape.at
        };
        assert_eq!([at(), at(), at()], [200, 100, 200]);
        tape.set(Motion::Backward);
        tape.advance(150);
        assert_eq!(tape.at, 50);
        tape.advance(150);
        assert_eq!(tape.at, END);
        tape.set(Motion::Absent);
        assert!(tape.transport(48_000).is_none());
    }
}

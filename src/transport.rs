//! `TransportWatch`: has the host's song position jumped since the last block? Audio thread only.

use std::ops::RangeInclusive;

use nice_plug::prelude::Transport;

/// A position may differ from the expected one by this much, seconds: hosts round.
const TOLERANCE_S: f64 = 0.01;
/// The same for hosts that give beats only; a tempo ramp moves those within a block.
const TOLERANCE_BEATS: f64 = 0.25;
/// Song time per time of sound at which a host may play.
const SPEEDS: RangeInclusive<f64> = 0.25..=4.0;

/// A place in the song, in seconds or, from hosts that give nothing else, in beats.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: f64,
    in_beats: bool,
    /// Of the same unit in a second of sound, at the song's own speed; none while the tempo is unknown.
    per_second: Option<f64>,
    /// Length of the loop that is on.
    cycle: Option<f64>,
}

impl Place {
    /// Where the block begins, if the host says so.
    fn of(transport: &Transport) -> Option<Self> {
        // A wrapper may say that a loop is on and give its length in beats alone, with none in seconds.
        let length = |(start, end): (f64, f64)| Some(end - start).filter(|length| *length > 0.0);
        let rate_hz = f64::from(transport.sample_rate);
        let beats = transport.loop_range_beats.and_then(length);
        let beats_per_second = transport.tempo.map(|bpm| bpm / 60.0);
        let seconds = transport.pos_samples.map(|samples| samples as f64 / rate_hz);
        match (seconds.or(transport.pos_seconds), transport.pos_beats) {
            (Some(at), _) => {
                let from_beats = beats.zip(beats_per_second).map(|(beats, rate)| beats / rate);
                let cycle = transport.loop_range_seconds.and_then(length).or(from_beats);
                Some(Self { at, in_beats: false, per_second: Some(1.0), cycle })
            }
            (None, Some(at)) => {
                Some(Self { at, in_beats: true, per_second: beats_per_second, cycle: beats })
            }
            (None, None) => None,
        }
    }

    fn tolerance(&self) -> f64 {
        if self.in_beats { TOLERANCE_BEATS } else { TOLERANCE_S }
    }
}

/// Notices jumps of a playing transport, as a locate. The wrap of a loop is none: the music goes round. Nor are
/// stopping, and starting again, unless the song is silent and starts elsewhere. A host without transport
/// never jumps.
#[derive(Debug)]
pub(crate) struct TransportWatch {
    /// Where the last block that played began, and how long it was, seconds.
    last: Option<(Place, f64)>,
    /// Song time per time of sound; and that of the last block that was not as expected.
    speed: f64,
    candidate: f64,
    playing: bool,
}

impl Default for TransportWatch {
    fn default() -> Self {
        Self { last: None, speed: 1.0, candidate: 1.0, playing: false }
    }
}

impl TransportWatch {
    /// Forgets the last block.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether the transport has played and stopped since the reset.
    pub(crate) fn stopped(&self) -> bool {
        self.last.is_some() && !self.playing
    }

    /// Takes the transport of a block of `samples`, before which it was `quiet`; says whether its start does not
    /// follow the block before. Real-time safe.
    pub(crate) fn jumped(&mut self, transport: &Transport, samples: usize, quiet: bool) -> bool {
        let played = std::mem::replace(&mut self.playing, transport.playing);
        if !transport.playing {
            return false;
        }
        let length_s = samples as f64 / f64::from(transport.sample_rate);
        let Some(here) = Place::of(transport) else {
            self.last = None;
            return false;
        };
        let Some((last, last_s)) = self.last.replace((here, length_s)) else { return false };
        let Some(expected) = last.per_second.filter(|_| last.in_beats == here.in_beats) else {
            return false;
        };
        let moved = here.at - last.at;
        let off = moved - self.speed * expected * last_s;
        let round = here.cycle.is_some_and(|cycle| (off + cycle).abs() <= here.tolerance());
        if round || off.abs() <= here.tolerance() {
            return false;
        }
        // A host may play at another speed than the song's own; two blocks that agree say at which.
        let speed = moved / (expected * last_s);
        if played && SPEEDS.contains(&speed) {
            if (speed / self.candidate - 1.0).abs() < 0.01 {
                self.speed = speed;
            }
            self.candidate = speed;
        }
        played || quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(playing: bool, pos_samples: Option<i64>) -> Transport {
        let mut transport = Transport::new(48_000.0);
        transport.playing = playing;
        transport.pos_samples = pos_samples;
        transport
    }

    #[test]
    fn only_a_playing_transport_jumps() {
        let mut watch = TransportWatch::default();
        let mut jumped = |playing, position| watch.jumped(&at(playing, position), 100, false);
        assert!(!jumped(true, Some(500)));
        assert!(!jumped(true, Some(600)));
        assert!(jumped(true, Some(9000)), "a locate");
        assert!(jumped(true, Some(0)), "a locate back");
        assert!(!jumped(false, Some(0)), "a stop");
        assert!(!jumped(false, Some(7000)), "a locate while stopped");
        assert!(!jumped(true, Some(7000)), "a start");
        assert!(!jumped(true, None), "no position");
    }

    #[test]
    fn a_silent_song_that_starts_elsewhere_has_jumped() {
        let mut watch = TransportWatch::default();
        let mut jumped = |playing, position| watch.jumped(&at(playing, Some(position)), 100, true);
        assert!(!jumped(true, 0) && !jumped(false, 100) && !jumped(false, 48_000));
        assert!(!jumped(true, 100), "it goes on where it stopped");
        assert!(!jumped(false, 200) && jumped(true, 48_000), "it starts elsewhere");
        assert!(!jumped(true, 48_100));
    }

    #[test]
    fn a_loop_goes_round_and_a_locate_in_it_does_not() {
        let mut watch = TransportWatch::default();
        let mut jumped = |position| {
            let mut transport = at(true, Some(position));
            transport.loop_range_seconds = Some((1.0, 3.0));
            watch.jumped(&transport, 4800, false)
        };
        assert!(!jumped(139_200));
        assert!(!jumped(48_000), "the end of the loop was the end of the block");
        assert!(!jumped(52_800));
        assert!(jumped(96_000), "a locate");
        assert!((1..=10).all(|block| !jumped(96_000 + 4800 * block - 96_000 * (block / 10))));
    }

    #[test]
    fn a_loop_may_be_told_in_beats_alone() {
        let mut watch = TransportWatch::default();
        let mut jumped = |position| {
            let mut transport = at(true, Some(position));
            // As clap-wrapper tells it.
            (transport.tempo, transport.loop_range_seconds) = (Some(120.0), Some((0.0, 0.0)));
            transport.loop_range_beats = Some((2.0, 6.0));
            watch.jumped(&transport, 4800, false)
        };
        assert!(!jumped(139_200) && !jumped(48_000) && jumped(96_000));
    }

    #[test]
    fn another_speed_is_no_jump_once_it_is_known() {
        let mut watch = TransportWatch::default();
        let mut jumped = |position| watch.jumped(&at(true, Some(position)), 1024, false);
        let jumps = (0..100).filter(|block| jumped(1536 * block)).count();
        assert!(jumps <= 2, "{jumps} jumps at one and a half times the speed");
        assert!(jumped(900_000));
    }

    #[test]
    fn beats_are_watched_when_there_is_nothing_else() {
        let mut watch = TransportWatch::default();
        let mut beats = |pos_beats| {
            let mut transport = at(true, None);
            (transport.tempo, transport.pos_beats) = (Some(120.0), Some(pos_beats));
            watch.jumped(&transport, 24_000, false)
        };
        assert!(!beats(0.0));
        assert!(!beats(1.1), "a tempo ramp");
        assert!(beats(8.0));
    }
}

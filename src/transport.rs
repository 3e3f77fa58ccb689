//! `TransportWatch`: has the host's song position jumped since the last block? Audio thread only.

use nice_plug::prelude::Transport;

/// A position may differ from the expected one by this much, seconds: hosts round.
const TOLERANCE_S: f64 = 0.01;
/// The same for hosts that give beats only; a tempo ramp moves those within a block.
const TOLERANCE_BEATS: f64 = 0.25;

/// Where the next block should start, while the transport plays.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Seconds(f64),
    Beats(f64),
}

/// Notices jumps of a playing transport: a loop, a locate. Starting and stopping are no jumps, and
/// a host without transport never jumps.
#[derive(Debug, Default)]
pub(crate) struct TransportWatch {
    expected: Option<Expected>,
}

impl TransportWatch {
    /// Forgets the last block.
    pub(crate) fn reset(&mut self) {
        self.expected = None;
    }

    /// Takes the transport of a block of `samples`; says whether its start does not follow the
    /// block before. Real-time safe.
    pub(crate) fn jumped(&mut self, transport: &Transport, samples: usize) -> bool {
        let rate_hz = f64::from(transport.sample_rate);
        let length_s = samples as f64 / rate_hz;
        let here = if !transport.playing {
            None
        } else if let Some(position) = transport.pos_samples {
            Some(Expected::Seconds(position as f64 / rate_hz))
        } else if let Some(seconds) = transport.pos_seconds {
            Some(Expected::Seconds(seconds))
        } else {
            transport.pos_beats.map(Expected::Beats)
        };
        let jumped = match (self.expected, here) {
            (Some(Expected::Seconds(expected)), Some(Expected::Seconds(here))) => {
                (here - expected).abs() > TOLERANCE_S
            }
            (Some(Expected::Beats(expected)), Some(Expected::Beats(here))) => {
                (here - expected).abs() > TOLERANCE_BEATS
            }
            _ => false,
        };
        self.expected = here.and_then(|here| match here {
            Expected::Seconds(seconds) => Some(Expected::Seconds(seconds + length_s)),
            Expected::Beats(beats) => {
                transport.tempo.map(|bpm| Expected::Beats(beats + length_s * bpm / 60.0))
            }
        });
        jumped
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
        assert!(!watch.jumped(&at(true, Some(500)), 100));
        assert!(!watch.jumped(&at(true, Some(600)), 100));
        assert!(watch.jumped(&at(true, Some(9000)), 100), "a locate");
        assert!(watch.jumped(&at(true, Some(0)), 100), "a loop");
        assert!(!watch.jumped(&at(false, Some(0)), 100), "a stop");
        assert!(!watch.jumped(&at(false, Some(7000)), 100), "a locate while stopped");
        assert!(!watch.jumped(&at(true, Some(7000)), 100), "a start");
        assert!(!watch.jumped(&at(true, None), 100), "no position");
    }

    #[test]
    fn beats_are_watched_when_there_is_nothing_else() {
        let mut watch = TransportWatch::default();
        let mut beats = |pos_beats| {
            let mut transport = at(true, None);
            (transport.tempo, transport.pos_beats) = (Some(120.0), Some(pos_beats));
            watch.jumped(&transport, 24_000)
        };
        assert!(!beats(0.0));
        assert!(!beats(1.1), "a tempo ramp");
        assert!(beats(8.0));
    }
}

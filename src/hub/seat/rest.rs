//! A seat's rest: what the triage asks and says. Worker thread only.

use std::sync::atomic::Ordering;

use listener::FeatureSpec;

use super::Seat;
use crate::health::Health;

/// Frames for which a lane counts as looked at after the editor took a picture of it.
const WATCHED_FRAMES: u32 = 25;

/// Whether a lane rests, and for how long it did.
#[derive(Default)]
pub(super) struct Rest {
    resting: bool,
    /// The look of the triage at which it last began.
    since: u64,
    /// Frames that were not heard for it.
    pub(super) missed: u64,
    /// Frames painted since the editor took a picture.
    unseen: u32,
}

impl Rest {
    pub(super) fn health(&self) -> Health {
        let missed_s = self.missed as f64 * FeatureSpec::CURRENT.hop_s;
        Health::Overloaded { missed_s: missed_s as u64 }
    }

    /// A picture was painted; `seen` if the editor took the one before.
    pub(super) fn painted(&mut self, seen: bool) {
        self.unseen = if seen { 0 } else { self.unseen.saturating_add(1) };
    }
}

impl Seat {
    /// Whether the lane rests.
    pub(crate) fn rests(&self) -> bool {
        self.rest.resting
    }

    /// The look of the triage at which it was last sent to rest.
    pub(crate) fn rested_at(&self) -> u64 {
        self.rest.since
    }

    /// Messages that wait for the worker.
    pub(crate) fn backlog(&self) -> usize {
        self.lane.messages.slots()
    }

    /// Whether the audio thread waits for the worker, as in an offline render.
    pub(crate) fn is_awaited(&self) -> bool {
        self.lane.shared.awaited.load(Ordering::Relaxed)
    }

    /// Higher rests later: an open editor, then an output that is recorded, then the rest.
    pub(crate) fn priority(&self) -> u8 {
        let watched = self.rest.unseen < WATCHED_FRAMES;
        let recorded =
            self.params.write_automation.value() || self.report.recording.load(Ordering::Relaxed);
        2 * u8::from(watched) + u8::from(recorded)
    }

    /// Nothing is heard until [`wake`](Self::wake); `look` is the triage's.
    pub(crate) fn rest(&mut self, look: u64) {
        (self.rest.resting, self.rest.since) = (true, look);
    }

    /// Listens again, from nothing.
    pub(crate) fn wake(&mut self) {
        self.rest.resting = false;
        if let Some(now) = &mut self.listening {
            now.memory = None;
            now.decoder.reset();
        }
        self.tagging.restart(self.picture.rate_hz);
        self.picture.restart(self.picture.rate_hz);
    }
}

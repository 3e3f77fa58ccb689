//! A seat's rest: what the triage asks and says. For whoever holds the table.

use std::sync::atomic::Ordering;
use std::time::Duration;

use listener::FeatureSpec;

use super::Seat;
use crate::health::Health;

/// Frames for which a lane counts as looked at after the editor took a picture of it.
const WATCHED_FRAMES: u32 = 25;
/// Frames from picture to picture while nobody looks.
const UNSEEN_FRAMES: u32 = 8;
/// Times real time from which a host plays faster than it sounds; a busy one catches up by a little.
const HURRY: f64 = 1.5;

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
    /// Frames that had been sent at the last look.
    sent: u64,
    /// Frames came since, and nothing is wrong but the time.
    active: bool,
    /// The shortest its queue was since; none if nobody asked. A block of many frames is no backlog.
    shortest: Option<usize>,
    /// What that was at the last look.
    standing: usize,
    /// The host plays faster than it sounds: a bounce that calls itself live. Nothing is late in one.
    hurries: bool,
}

impl Rest {
    pub(super) fn health(&self) -> Health {
        let missed_s = self.missed as f64 * FeatureSpec::CURRENT.hop_s;
        Health::Overloaded { missed_s: missed_s as u64 }
    }

    /// A frame was painted; `seen` if the editor took the last picture. Says whether to give it another.
    pub(super) fn painted(&mut self, seen: bool) -> bool {
        self.unseen = if seen { 0 } else { self.unseen.wrapping_add(1).max(1) };
        self.unseen < WATCHED_FRAMES || self.unseen.is_multiple_of(UNSEEN_FRAMES)
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

    /// The triage looks again, so much later.
    pub(crate) fn look(&mut self, passed: Duration) {
        let sent = self.report.frames.sent.load(Ordering::Relaxed);
        let frames = sent - std::mem::replace(&mut self.rest.sent, sent);
        let sounds_s = frames as f64 * FeatureSpec::CURRENT.hop_s;
        self.rest.hurries = sounds_s > HURRY * passed.as_secs_f64();
        self.rest.active = frames > 0 && self.fault.is_none() && self.listening.is_some();
        let queued = self.lane.messages.slots();
        self.rest.standing = self.rest.shortest.take().unwrap_or(queued);
    }

    /// Messages were taken from the queue.
    pub(super) fn note_queue(&mut self) {
        let queued = self.lane.messages.slots();
        self.rest.shortest = Some(self.rest.shortest.map_or(queued, |least| least.min(queued)));
    }

    /// Whether resting it would free time: frames come, and they are heard.
    pub(crate) fn is_active(&self) -> bool {
        self.rest.active && !self.rests()
    }

    /// Messages that always waited for the worker since the look before, if it has to be in time.
    pub(crate) fn backlog(&self) -> usize {
        if self.rest.hurries { 0 } else { self.rest.standing }
    }

    /// Whether it must be heard whatever that costs the others: the audio thread waits for the worker, or
    /// the host renders.
    pub(crate) fn is_awaited(&self) -> bool {
        self.rest.hurries || self.lane.shared.awaited.load(Ordering::Relaxed)
    }

    /// Higher rests later: an open editor, then an output that is recorded, then the rest.
    pub(crate) fn priority(&self) -> u8 {
        let watched = self.rest.unseen < WATCHED_FRAMES;
        let recorded =
            self.params.write_automation.value() || self.report.recording.load(Ordering::Relaxed);
        2 * u8::from(watched) + u8::from(recorded)
    }

    /// Ends the rest, if there is one: who restarts the lane wants it heard.
    pub(super) fn end_rest(&mut self) {
        self.rest.resting = false;
    }

    /// Nothing is heard until [`wake`](Self::wake); `look` is the triage's.
    pub(crate) fn rest(&mut self, look: u64) {
        (self.rest.resting, self.rest.since) = (true, look);
    }

    /// Listens again, from nothing.
    pub(crate) fn wake(&mut self) {
        self.end_rest();
        if let Some(now) = &mut self.listening {
            now.memory = None;
            now.decoder.reset();
        }
        self.tagging.restart(self.picture.rate_hz);
        self.picture.restart(self.picture.rate_hz);
        self.show = true;
    }
}

//! `Triage`: who is heard when the processor cannot follow every lane. Worker thread only.
//!
//! A lane that falls behind is late for good, and with it every other: all wait for one worker. So lanes
//! that nobody looks at and nobody records rest first, one by one, until the others are in time again;
//! who has rested longest comes back first. A lane whose audio thread waits, or whose host plays faster
//! than it sounds, never rests.

use std::time::Duration;

use super::seat::Seat;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// Frames of one lane that wait for the worker when it is behind: news leaves 20 ms after its frame.
const BEHIND: usize = 5;
/// Looks in time after which one more lane is heard.
const CALM: u32 = 12;
/// Looks after a lane came back in which an overload is its doing.
const RELAPSE: u64 = 20;
/// Most looks in time before the next lane comes back: two minutes.
const LONGEST_WAIT: u32 = 480;

/// What was seen at the last look.
pub(super) struct Triage {
    since_look: Duration,
    /// The longest queue.
    worst: usize,
    /// Looks since somebody was behind.
    calm: u32,
    /// Looks so far.
    looks: u64,
    /// Looks in time that it takes for one more lane to be heard.
    wait: u32,
    /// The look at which one last came back.
    woke_at: Option<u64>,
}

impl Default for Triage {
    fn default() -> Self {
        Self { since_look: Duration::ZERO, worst: 0, calm: 0, looks: 0, wait: CALM, woke_at: None }
    }
}

impl Triage {
    /// Lets a lane rest, or come back, when that is due; `passed` is the time since the last call.
    pub(super) fn look(&mut self, seats: &mut [Seat], passed: Duration) {
        self.since_look += passed;
        if self.since_look < LOOK {
            return;
        }
        seats.iter_mut().for_each(|seat| seat.look(self.since_look));
        self.since_look = Duration::ZERO;
        self.looks += 1;
        let heard = || seats.iter().filter(|seat| seat.is_active());
        let worst = heard().map(Seat::backlog).max().unwrap_or(0);
        let before = std::mem::replace(&mut self.worst, worst);
        self.calm = if worst < BEHIND { self.calm + 1 } else { 0 };
        // A queue that grows shorter needs nobody's rest: a model was loaded, or the machine was busy.
        let overloaded = worst >= BEHIND && worst >= before && before >= BEHIND;
        if overloaded && heard().count() > 1 {
            let tired = seats.iter_mut().filter(|seat| seat.is_active() && !seat.is_awaited());
            if let Some(seat) = tired.min_by_key(|seat| (seat.priority(), seat.rested_at())) {
                seat.rest(self.looks);
                // Time to see what that gives.
                self.worst = 0;
                // Who came back was one too many: the next try is later, because each disturbs all.
                if self.woke_at.is_some_and(|woke_at| self.looks - woke_at < RELAPSE) {
                    self.wait = (2 * self.wait).min(LONGEST_WAIT);
                }
            }
        } else if self.calm >= self.wait {
            let resting = seats.iter_mut().filter(|seat| seat.rests());
            let first = resting.max_by_key(|seat| (seat.priority(), u64::MAX - seat.rested_at()));
            if let Some(seat) = first {
                seat.wake();
                (self.calm, self.woke_at) = (0, Some(self.looks));
            } else {
                self.wait = CALM;
            }
        }
    }
}

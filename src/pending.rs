//! `Pending`: events that wait for their sample, in order. Audio thread only, fixed size.

use std::collections::VecDeque;

use listener::{Activations, BarState, Beat, Onset};

use crate::lane::Mood;

/// What happens at a sample. Positions inside are host samples, like [`Due::at`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Event {
    /// The sample at a frame's centre, its values, and the tags that are new with it.
    Frame(i64, Activations, BarState, Option<Mood>),
    /// A beat.
    Beat(Beat),
    /// An onset.
    Onset(Onset),
}

/// An event and the host sample at which it leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Due {
    /// Host samples since activation or reset.
    pub(crate) at: i64,
    /// What happens.
    pub(crate) event: Event,
}

/// Events sorted by their sample; those of the same sample stay in the order they came.
pub(crate) struct Pending {
    events: VecDeque<Due>,
    capacity: usize,
}

impl Pending {
    /// Room for `capacity` events.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { events: VecDeque::with_capacity(capacity), capacity }
    }

    /// How many more events fit.
    pub(crate) fn room(&self) -> usize {
        self.capacity - self.events.len()
    }

    /// Keeps an event; it is lost when there is no [`room`](Self::room). Real-time safe.
    pub(crate) fn push(&mut self, due: Due) {
        if self.room() == 0 {
            return;
        }
        // Events come almost in order: the place is near the end.
        let later = self.events.iter().rev().take_while(|kept| kept.at > due.at).count();
        self.events.insert(self.events.len() - later, due);
    }

    /// The next event before sample `end`. Real-time safe.
    pub(crate) fn pop_before(&mut self, end: i64) -> Option<Due> {
        self.events.pop_front_if(|due| due.at < end)
    }

    /// Forgets everything that leaves at `end` or later, and beats that fall on `now` or later. Real-time
    /// safe.
    pub(crate) fn keep_before(&mut self, end: i64, now: i64) {
        self.events.retain(|due| {
            let falls = if let Event::Beat(beat) = due.event { beat.at.0 } else { i64::MIN };
            due.at < end && falls < now
        });
    }

    /// Forgets everything. Real-time safe.
    pub(crate) fn clear(&mut self) {
        self.events.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use listener::SamplePos;

    fn onset(at: i64, strength: f32) -> Due {
        Due { at, event: Event::Onset(Onset { at: SamplePos(at), strength }) }
    }

    #[test]
    fn sorted_by_sample_and_then_by_arrival() {
        let mut pending = Pending::new(8);
        for (at, strength) in [(5, 0.1), (9, 0.2), (5, 0.3), (1, 0.4), (9, 0.5)] {
            pending.push(onset(at, strength));
        }
        let mut order = Vec::new();
        while let Some(due) = pending.pop_before(9) {
            order.push(due);
        }
        assert_eq!(order, [onset(1, 0.4), onset(5, 0.1), onset(5, 0.3)]);
        assert_eq!(pending.pop_before(10), Some(onset(9, 0.2)));
        pending.push(onset(12, 0.6));
        pending.keep_before(12, 12);
        assert_eq!(pending.pop_before(20), Some(onset(9, 0.5)));
        assert_eq!(pending.pop_before(i64::MAX), None);
    }

    #[test]
    fn a_full_queue_never_grows() {
        let mut pending = Pending::new(2);
        let allocated = pending.events.capacity();
        (0..5).for_each(|at| pending.push(onset(at, 0.0)));
        assert_eq!(pending.room(), 0);
        assert_eq!(pending.events.capacity(), allocated);
    }
}

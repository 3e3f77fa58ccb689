//! `Tagger`: lets the tag networks hear the lanes' blocks, a few at a time. For whoever holds the table.
//!
//! Tags can wait and beats cannot, so it works after the beats of a pass and while no frame comes,
//! and does before the beats only what could not leave in time otherwise. Whatever a tag network
//! does, be it panic, stays here: the lanes lose their tags, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use listener::{Error, TagEar, TagNet};

use super::seat::Seat;
use super::{load, reason};
use crate::faults;
use crate::health::Health;
use crate::models::Models;

/// Most blocks that are heard in one go: some milliseconds, well within the time a frame has.
const MOST: usize = 4;

/// The tag networks in use.
#[derive(Default)]
pub(crate) struct Tagger {
    pub(super) models: Models<TagNet>,
}

impl Tagger {
    /// Hears every block whose tags leave with the frame at hand.
    pub(crate) fn catch_up(&mut self, seats: &mut [Seat]) {
        while self.step(seats, usize::MAX, Seat::tags_overdue) {}
    }

    /// Hears some of the blocks that wait; says whether there were any.
    pub(crate) fn go_on(&mut self, seats: &mut [Seat]) -> bool {
        self.step(seats, MOST, |_| true)
    }

    /// Models whose files were written anew, or that were refused and are not what they were, are read again when
    /// they are next wanted.
    pub(super) fn forget_changed(&mut self, seats: &mut [Seat]) {
        for path in self.models.forget_changed() {
            Self::fail(seats, &path, Health::Waiting);
        }
    }

    /// One step of one model, for up to `most` of the seats that want it and are `chosen`.
    fn step(&mut self, seats: &mut [Seat], most: usize, chosen: fn(&Seat) -> bool) -> bool {
        let wanted = seats.iter().filter(|seat| chosen(seat)).find_map(Seat::wants_tags);
        let Some(path) = wanted.map(str::to_owned) else { return false };
        let model = load(&mut self.models, &path, seats);
        let health = model.health();
        let Some(net) = model.net() else {
            Self::fail(seats, &path, health);
            return true;
        };
        let wants = |seat: &Seat| chosen(seat) && seat.wants_tags() == Some(path.as_str());
        let lanes: Vec<&mut Seat> =
            seats.iter_mut().filter(|seat| wants(seat)).take(most).collect();
        match hear(net, lanes) {
            Ok(lanes) => lanes.into_iter().for_each(|seat| seat.tags_heard(health)),
            Err(reason) => {
                // A lane that restarts tries again with a fresh network.
                self.models.keep(|kept| kept != path);
                Self::fail(seats, &path, Health::TagsStopped(reason.as_str().into()));
            }
        }
        true
    }

    /// Every lane of the model at `path` is without tags until it restarts or chooses another.
    fn fail(seats: &mut [Seat], path: &str, health: Health) {
        seats
            .iter_mut()
            .filter(|seat| seat.tag_model() == path)
            .for_each(|seat| seat.fail_tags(health));
    }
}

/// One step for the blocks of `lanes`, which come back; or why there was none.
fn hear<'a>(net: &mut TagNet, mut lanes: Vec<&'a mut Seat>) -> Result<Vec<&'a mut Seat>, String> {
    let mut ears: Vec<&mut TagEar> =
        lanes.iter_mut().filter_map(|seat| seat.due_ear(net)).collect();
    guarded(|| faults::tag_step().and_then(|()| net.step(&mut ears)))?;
    Ok(lanes)
}

/// Why `step` failed, if it did, be it by a panic.
fn guarded(step: impl FnOnce() -> Result<(), Error>) -> Result<(), String> {
    // Who fails or panics is dropped with all its state, so nothing half-changed is seen again.
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(panic) => Err(reason(&*panic).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_and_a_panic_are_reasons() {
        assert_eq!(guarded(|| Ok(())), Ok(()));
        assert_eq!(guarded(|| panic!("boom")), Err("boom".into()));
        let failed = guarded(|| Err(Error::Backend { backend: "a GPU", reason: "gone".into() }));
        assert!(failed.is_err_and(|reason| reason.starts_with("a GPU: gone")));
    }
}

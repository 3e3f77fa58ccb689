//! `Tagging`: one lane's tags, from frames to what leaves. For whoever holds the table.
//!
//! A block ends with some frame; its tags leave with the news of the frame [`LEAD_FRAMES`] later, so
//! that when they leave depends on the audio alone, while the worker may hear the block at any time
//! in between. Frames that come while a block waits for the network wait too.

use std::collections::VecDeque;

use listener::{FeatureSpec, MelFrame, SamplePos, TagEar, TagNet, Tags};

/// Frames from the one that ends a block to the one whose news carries its tags: 0.2 s, in which the
/// worker can spread the blocks of many lanes, which all end together when the host starts to play.
pub(crate) const LEAD_FRAMES: u64 = 10;

/// Tags on their way out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Leaving {
    /// Number of the frame they leave with.
    frame: u64,
    /// The end of the audio they rest on, on the lane's time line.
    pub(crate) end: SamplePos,
    /// The tags.
    pub(crate) tags: Tags,
}

/// The tags of one lane.
#[derive(Default)]
pub(crate) struct Tagging {
    /// None until a network made it.
    ear: Option<TagEar>,
    /// Frames that the ear has not taken, oldest first.
    waiting: VecDeque<MelFrame>,
    /// Frames that came in this stretch.
    came: u64,
    /// Frames the ear took of them.
    taken: u64,
    /// The end of the audio of the last frame it took.
    end: SamplePos,
    /// Whether the ear's block waits for the network.
    due: bool,
    /// Oldest first.
    leaving: VecDeque<Leaving>,
    half_window: i64,
}

impl Tagging {
    /// A new stretch at `rate_hz` begins; the ear stays, but forgets.
    pub(crate) fn restart(&mut self, rate_hz: f64) {
        self.ear.iter_mut().for_each(TagEar::reset);
        self.waiting.clear();
        self.leaving.clear();
        (self.came, self.taken, self.due) = (0, 0, false);
        self.half_window = (FeatureSpec::CURRENT.window_s / 2.0 * rate_hz).round() as i64;
    }

    /// What the ear was made by is gone, so the ear goes too, and what it was still to hear.
    pub(crate) fn forget(&mut self) {
        self.ear = None;
        self.waiting.clear();
        self.leaving.clear();
        (self.taken, self.due) = (self.came, false);
    }

    /// A frame has come.
    pub(crate) fn push(&mut self, frame: &MelFrame) {
        self.came += 1;
        self.waiting.push_back(*frame);
        self.listen();
    }

    /// Whether a network has something to do here: make the ear, or hear its block.
    pub(crate) fn wants(&self) -> bool {
        self.due || (self.ear.is_none() && !self.waiting.is_empty())
    }

    /// Whether it has to be done before the next frame is heard.
    pub(crate) fn overdue(&self) -> bool {
        self.wants() && self.came >= self.taken + LEAD_FRAMES - 1
    }

    /// The ear, if its block waits for `net`; made when there is none.
    pub(crate) fn due_ear(&mut self, net: &TagNet) -> Option<&mut TagEar> {
        if self.ear.is_none() {
            self.ear = Some(net.new_ear());
            self.listen();
        }
        self.ear.as_mut().filter(|_| self.due)
    }

    /// The network heard every ear that waited.
    pub(crate) fn heard(&mut self) {
        if std::mem::take(&mut self.due) {
            self.block_ended();
            self.listen();
        }
    }

    /// What leaves with the frame that came last.
    pub(crate) fn leave(&mut self) -> Option<Leaving> {
        self.leaving.pop_front_if(|leaving| leaving.frame <= self.came)
    }

    /// The newest tags.
    pub(crate) fn tags(&self) -> Tags {
        self.ear.as_ref().map(|ear| *ear.tags()).unwrap_or_default()
    }

    /// The ear takes frames until its block waits for the network.
    fn listen(&mut self) {
        while let (false, Some(ear)) = (self.due, &mut self.ear) {
            let Some(frame) = self.waiting.pop_front() else { return };
            self.due = ear.push(&frame.bins);
            self.taken += 1;
            self.end = frame.at.offset(self.half_window);
            if !self.due && ear.block_ended() {
                self.block_ended();
            }
        }
    }

    fn block_ended(&mut self) {
        let frame = self.taken + LEAD_FRAMES;
        self.leaving.push_back(Leaving { frame, end: self.end, tags: self.tags() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Network;
    use listener::{BANDS, Runtime};

    fn frame(n: i64) -> MelFrame {
        MelFrame { at: SamplePos(960 * n - 1440), bins: [0.3; BANDS] }
    }

    fn step(net: &mut TagNet, tagging: &mut Tagging) {
        let mut ears: Vec<&mut TagEar> = tagging.due_ear(net).into_iter().collect();
        net.step(&mut ears).expect("it runs");
        tagging.heard();
    }

    /// Frames with which tags leave, when the network comes `late` frames after it is wanted.
    fn leave(late: u64, frames: i64) -> Vec<(i64, Leaving)> {
        let mut net = TagNet::load(TagNet::BUILT_IN, &Runtime::Embedded).expect("it loads");
        let mut tagging = Tagging::default();
        tagging.restart(48_000.0);
        let (mut left, mut since) = (Vec::new(), 0);
        for n in 1..=frames {
            while tagging.overdue() {
                step(&mut net, &mut tagging);
            }
            tagging.push(&frame(n));
            left.extend(tagging.leave().map(|leaving| (n, leaving)));
            since = if tagging.wants() { since + 1 } else { 0 };
            if since > late {
                step(&mut net, &mut tagging);
            }
            assert!(tagging.waiting.len() as u64 <= LEAD_FRAMES);
        }
        left
    }

    #[test]
    fn when_tags_leave_does_not_depend_on_when_they_were_heard() {
        let at_once = leave(0, 180);
        let frames: Vec<i64> = at_once.iter().map(|(n, _)| *n).collect();
        assert_eq!(frames, [60, 110, 160]);
        assert_eq!(at_once[0].1.end, SamplePos(48_000), "a second of audio");
        assert!(at_once.iter().all(|(_, leaving)| leaving.tags.sounding));
        for late in [1, 5, 1000] {
            assert!(leave(late, 180) == at_once, "{late} frames late");
        }
    }

    #[test]
    fn a_new_stretch_knows_nothing_of_the_one_before() {
        let mut tagging = Tagging::default();
        tagging.restart(48_000.0);
        (1..60).for_each(|n| tagging.push(&frame(n)));
        tagging.restart(44_100.0);
        assert!(!tagging.wants() && tagging.leave().is_none() && tagging.waiting.is_empty());
    }
}

//! A seat's tags: its part of the tagger's work, the picture of it, and the lines of its report.
//! For whoever holds the table.

use std::sync::{Arc, PoisonError};

use listener::{MelFrame, SamplePos, TagEar, TagNet};

use super::Seat;
use crate::health::Health;
use crate::hub::tagging::Leaving;
use crate::report::TagLine;

impl Seat {
    /// The model whose network has something to do here, if nothing is wrong.
    pub(crate) fn wants_tags(&self) -> Option<&str> {
        (self.tags_work() && self.tagging.wants()).then_some(self.tag_model.as_str())
    }

    /// Whether it has to be done before the frame at hand is heard.
    pub(crate) fn tags_overdue(&self) -> bool {
        self.frame.is_some() && self.tagging.overdue()
    }

    /// The tag model this seat uses, tags or no tags.
    pub(crate) fn tag_model(&self) -> &str {
        &self.tag_model
    }

    /// The ear, if its block waits for `net`.
    pub(crate) fn due_ear(&mut self, net: &TagNet) -> Option<&mut TagEar> {
        if self.picture.vocabulary.as_ref() != Some(net.vocabulary()) {
            self.picture.vocabulary = Some(Arc::clone(net.vocabulary()));
            let words = Arc::clone(net.vocabulary());
            *self.params.words.write().unwrap_or_else(PoisonError::into_inner) = words;
        }
        self.tagging.due_ear(net)
    }

    /// The network heard the block that waited, if one did.
    pub(crate) fn tags_heard(&mut self, health: Health) {
        self.tagging.heard();
        self.tag_health = health;
    }

    /// No tags until the next restart or another model, because of `health`.
    pub(crate) fn fail_tags(&mut self, health: Health) {
        self.tag_health = health;
        self.forget_tags();
    }

    /// What was heard is void: it leaves the screen, and the automation with the next news.
    pub(super) fn forget_tags(&mut self) {
        self.tagging.forget();
        self.picture.forget_tags();
        self.show = true;
        self.mood_void = self.mood_left;
    }

    /// Whether nothing is wrong with the tags.
    pub(super) fn tags_work(&self) -> bool {
        self.tag_health.listens() || self.tag_health == Health::Waiting
    }

    /// The frame at hand is heard; the tags that leave with it.
    pub(super) fn push_tags(&mut self, frame: &MelFrame) -> Option<Leaving> {
        if !self.tags_work() {
            return None;
        }
        self.tagging.push(frame);
        let leaving = self.tagging.leave();
        leaving.iter().for_each(|leaving| self.picture.tag(&leaving.tags));
        leaving
    }

    /// Tells the report of tags that leave at `due`.
    pub(super) fn report_tags(&self, leaving: &Leaving, base: i64, due: SamplePos) {
        if let Some(vocabulary) = &self.picture.vocabulary {
            self.report.post_tags(|| TagLine {
                at: base + due.0,
                heard: base + leaving.end.0,
                tags: leaving.tags,
                vocabulary: Arc::clone(vocabulary),
            });
        }
    }
}

//! What a soak did and saw, as text for people and as one JSON object.

use super::check::Left;
use super::memory::Slope;
use crate::report::FramesLine;
use crate::summary::clock;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Something that must never happen.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Violation {
    /// The rule, and how it was broken.
    pub(super) what: String,
    /// The lane; none when it is about all of them.
    pub(super) lane: Option<usize>,
    /// Seconds since the start.
    pub(super) at_s: f64,
    /// What was done last, oldest first.
    pub(super) actions: Vec<String>,
}

/// Sums over all lanes that there were.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) actions: BTreeMap<&'static str, u64>,
    pub(super) faults: BTreeMap<&'static str, u64>,
    pub(super) frames: FramesLine,
    /// Frames under way when their lane left.
    pub(super) abandoned: u64,
    pub(super) left: Left,
    pub(super) late: u64,
    pub(super) gaps: u64,
    pub(super) played_s: f64,
    /// Times that all lanes were found well.
    pub(super) recoveries: u64,
    /// The longest that took, seconds of the clock on the wall.
    pub(super) longest_recovery_s: f64,
}

/// A whole run.
pub(super) struct Report {
    pub(super) seed: u64,
    pub(super) lanes: usize,
    pub(super) seconds: f64,
    /// Whether the plugin was built to be broken.
    pub(super) with_faults: bool,
    pub(super) totals: Totals,
    pub(super) slope: Option<Slope>,
    pub(super) violations: Vec<Violation>,
}

impl Report {
    pub(super) fn json(&self) -> Value {
        let Totals { frames, left, .. } = &self.totals;
        json!({
            "minutes": self.seconds / 60.0,
            "lanes": self.lanes,
            "seed": self.seed,
            "audio_minutes": self.totals.played_s / 60.0,
            "actions": self.totals.actions,
            "faults": self.with_faults.then_some(&self.totals.faults),
            "frames": {
                "sent": frames.sent,
                "heard": frames.heard,
                "missed": frames.missed,
                "lost": frames.lost,
                "abandoned": self.totals.abandoned,
            },
            "events": {
                "beats": left.beats,
                "onsets": left.onsets,
                "frames": left.frames,
                "notes": left.notes,
                "values": left.values,
            },
            "late": self.totals.late,
            "gaps": self.totals.gaps,
            "recoveries": self.totals.recoveries,
            "longest_recovery_s": self.totals.longest_recovery_s,
            "rss_slope_mb_per_hour": self.slope.as_ref().map(|slope| slope.mb_per_hour),
            "rss": self.slope,
            "violations": self.violations,
        })
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let Totals { frames, left, played_s, .. } = &self.totals;
        let _ = writeln!(
            text,
            "{} lanes, {} on the clock, {} of audio ({:.0} x real time), seed {}",
            self.lanes,
            clock(self.seconds),
            clock(*played_s),
            played_s / self.seconds,
            self.seed
        );
        counts(&mut text, "actions", &self.totals.actions);
        if self.with_faults {
            counts(&mut text, "faults", &self.totals.faults);
        } else {
            let _ = writeln!(text, "\n  no faults: this plugin is built without them");
        }
        let _ = writeln!(text, "\n  frames");
        let mut line = |name: &str, count: u64| {
            let _ = writeln!(text, "    {name:<42}{count:>10}");
        };
        line("sent", frames.sent);
        line("heard", frames.heard);
        line("missed, the worker could not", frames.missed);
        line("abandoned, their lane left", self.totals.abandoned);
        line("lost, the queue was full", frames.lost);
        line("gaps", self.totals.gaps);
        line("late", self.totals.late);
        let _ = writeln!(text, "\n  events");
        for (name, count) in [
            ("beats", left.beats),
            ("onsets", left.onsets),
            ("frames", left.frames),
            ("notes", left.notes),
            ("parameter values", left.values),
        ] {
            let _ = writeln!(text, "    {name:<42}{count:>10}");
        }
        let _ = writeln!(
            text,
            "\n  all lanes well again {} times, within {:.1} s",
            self.totals.recoveries, self.totals.longest_recovery_s
        );
        let _ = match &self.slope {
            Some(slope @ Slope { mb_per_hour, error, resident_mb, samples, .. }) => writeln!(
                text,
                "  memory {:.0} MB, slope {mb_per_hour:+.1} ± {error:.1} MB per hour over {samples} samples{}",
                resident_mb.last().map_or(0.0, |sample| sample.1),
                if slope.is_sure() { "" } else { ", too short a time to judge" }
            ),
            None => writeln!(text, "  memory: too short a run for a slope"),
        };
        let _ = writeln!(text, "  violations {}", self.violations.len());
        text
    }
}

impl Violation {
    /// For people, with what is needed to see it again.
    pub(super) fn text(&self, seed: u64) -> String {
        let lane = self.lane.map_or("all lanes".to_owned(), |lane| format!("lane {lane}"));
        let mut text = format!(
            "violation: {}; {lane}, at {:.3} s, --seed {seed}; done last:\n",
            self.what, self.at_s
        );
        for action in &self.actions {
            let _ = writeln!(text, "  {action}");
        }
        text
    }
}

fn counts(text: &mut String, name: &str, counts: &BTreeMap<&'static str, u64>) {
    let _ = writeln!(text, "\n  {name}");
    for (kind, count) in counts {
        let _ = writeln!(text, "    {kind:<42}{count:>10}");
    }
}

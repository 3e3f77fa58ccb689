//! The host's half of `tatum.report/1`, the plugin's private CLAP extension: exact positions of
//! everything it heard, as JSON lines. Main thread only.

use clack_host::extensions::prelude::*;
use clap_sys::plugin::clap_plugin;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};

/// One line. Positions are host samples since activation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A beat left the plugin.
    Beat(BeatLine),
    /// An onset left the plugin.
    Onset(OnsetLine),
    /// The shown tempo changed.
    Tempo(TempoLine),
    /// One frame of automation.
    Frame(FrameLine),
    /// The tags of one block, about a second.
    Tags(TagsLine),
    /// What runs, and whether it is well.
    Status(StatusLine),
    /// What became of every frame.
    Frames(FramesLine),
    /// How long after the sound things left, by what it is; once after the recording was stopped.
    Latency(BTreeMap<String, Times>),
}

/// Times that were counted in the plugin, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Times {
    /// Number of them.
    pub count: u64,
    /// Median.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// A beat: where it is, and at which sample its event left `process`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BeatLine {
    /// Position of the beat.
    pub at: i64,
    /// Sample at which the event left.
    pub emitted: i64,
    /// 1-based place in the bar.
    pub in_bar: u32,
    /// Beats per bar the tracker believes in.
    pub beats_per_bar: u32,
    /// Tempo in beats per minute.
    pub bpm: f64,
    /// 0..1.
    pub confidence: f64,
}

/// An onset.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OnsetLine {
    /// Position of the onset.
    pub at: i64,
    /// Sample at which the event left.
    pub emitted: i64,
    /// 0..1.
    pub strength: f64,
}

/// A change of the shown tempo.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TempoLine {
    /// Position of the change.
    pub at: i64,
    /// Beats per minute.
    pub bpm: f64,
}

/// The automation values of one frame.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FrameLine {
    /// Sample at which the frame's news leaves.
    pub at: i64,
    /// Sample at the frame's centre: when what was heard sounded.
    pub heard: i64,
    /// Beat activation, 0..1.
    pub beat: f64,
    /// Downbeat activation, 0..1.
    pub downbeat: f64,
    /// Onset activation, 0..1.
    pub onset: f64,
    /// Phase through the bar, 0..1.
    pub phase: f64,
    /// Confidence of the tracker, 0..1.
    pub confidence: f64,
}

/// The tags that leave at a sample.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct TagsLine {
    /// Sample at which they leave.
    pub at: i64,
    /// The end of the audio they rest on.
    pub heard: i64,
    /// The genre that is named; none while unsure.
    pub top: Option<String>,
    /// Probability of each genre.
    pub genre: BTreeMap<String, f64>,
    /// How well each mood word fits, 0..1.
    pub mood: BTreeMap<String, f64>,
    /// Probability that each instrument plays.
    pub instrument: BTreeMap<String, f64>,
    /// The instruments that are shown.
    pub playing: Vec<String>,
    /// Unpleasant -1 to pleasant 1.
    pub valence: f64,
    /// Calm -1 to excited 1.
    pub arousal: f64,
    /// Whether there was music in the block.
    pub sounding: bool,
}

/// The plugin's state of health.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StatusLine {
    /// What computes, e.g. `tract 0.23 (CPU)`.
    pub backend: String,
    /// `ok`, or what is wrong.
    pub health: String,
    /// Times the plugin had to restart because audio was lost.
    pub gaps: u64,
    /// Events that left later than they should have.
    pub late: u64,
    /// `ok`, or what is wrong with the tags.
    pub tags: String,
}

/// What became of every frame since the instance was made. When the worker has caught up, `sent` is the
/// sum of `heard` and `missed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct FramesLine {
    /// Went to the worker.
    pub sent: u64,
    /// Were heard.
    pub heard: u64,
    /// Could not be heard.
    pub missed: u64,
    /// Found the queue to the worker full.
    pub lost: u64,
}

impl FramesLine {
    /// Frames that the worker has not dealt with.
    #[must_use]
    pub fn under_way(&self) -> u64 {
        self.sent.saturating_sub(self.heard + self.missed)
    }
}

/// The C struct behind the extension's name.
#[repr(C)]
#[derive(Clone, Copy)]
struct RawReport {
    lockstep: Option<unsafe extern "C" fn(*const clap_plugin, bool)>,
    record: Option<unsafe extern "C" fn(*const clap_plugin, bool)>,
    drain: Option<unsafe extern "C" fn(*const clap_plugin, *mut c_char, u32) -> u32>,
}

/// The extension of one plugin instance.
#[derive(Clone, Copy)]
pub struct PluginReport(RawExtension<PluginExtensionSide, RawReport>);

// SAFETY: `RawReport` is the repr(C) struct both sides agreed on under this identifier.
unsafe impl Extension for PluginReport {
    const IDENTIFIERS: &'static [&'static CStr] = &[c"tatum.report/1"];
    type ExtensionSide = PluginExtensionSide;

    unsafe fn from_raw(raw: RawExtension<Self::ExtensionSide>) -> Self {
        // SAFETY: the caller got the pointer under our identifier, so it points to a `RawReport`.
        Self(unsafe { raw.cast() })
    }
}

impl PluginReport {
    /// Lets every `process` call wait for the frames of earlier blocks: repeatable live runs.
    /// Call before processing starts.
    pub fn lockstep(&self, plugin: &PluginMainThreadHandle, on: bool) {
        if let Some(lockstep) = plugin.use_extension(&self.0).lockstep {
            // SAFETY: the pointer belongs to this instance, and the handle is the main thread's.
            unsafe { lockstep(plugin.as_raw_ptr(), on) }
        }
    }

    /// Starts or stops the writing of lines.
    pub fn record(&self, plugin: &PluginMainThreadHandle, on: bool) {
        if let Some(record) = plugin.use_extension(&self.0).record {
            // SAFETY: as in `lockstep`.
            unsafe { record(plugin.as_raw_ptr(), on) }
        }
    }

    /// Moves whole lines, each ended by a newline, into `buffer`; returns what was written.
    pub fn drain<'b>(&self, plugin: &PluginMainThreadHandle, buffer: &'b mut [u8]) -> &'b [u8] {
        let Some(drain) = plugin.use_extension(&self.0).drain else { return &[] };
        let capacity = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        // SAFETY: as in `lockstep`; `buffer` is writable for `capacity` bytes during the call.
        let written = unsafe { drain(plugin.as_raw_ptr(), buffer.as_mut_ptr().cast(), capacity) };
        &buffer[..(written as usize).min(buffer.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_agreed() {
        let text = r#"{"status":{"backend":"tract 0.23 (CPU)","health":"ok","gaps":0,"late":2,"tags":"ok"}}"#;
        let line: Line = serde_json::from_str(text).expect("a line");
        let Line::Status(status) = line else { panic!("not a status") };
        assert_eq!((status.backend.as_str(), status.late), ("tract 0.23 (CPU)", 2));
        let text = r#"{"beat":{"at":123,"emitted":124,"in_bar":1,"beats_per_bar":4,"bpm":120.0,"confidence":0.9}}"#;
        let Line::Beat(beat) = serde_json::from_str(text).expect("a line") else {
            panic!("not a beat")
        };
        assert_eq!((beat.at, beat.emitted, beat.in_bar), (123, 124, 1));
        let text = r#"{"latency":{"worker":{"count":9,"p50":3.5,"p99":12.5,"max":14.0}}}"#;
        let Line::Latency(times) = serde_json::from_str(text).expect("a line") else {
            panic!("no times")
        };
        assert_eq!((times["worker"].count, times["worker"].p99), (9, 12.5));
        let text = r#"{"tags":{"at":60,"heard":50,"top":null,"genre":{"rock":0.4},"mood":{},"instrument":{"bass":0.9},"playing":["bass"],"valence":-0.5,"arousal":0.1,"sounding":true}}"#;
        let Line::Tags(tags) = serde_json::from_str(text).expect("a line") else {
            panic!("not tags")
        };
        assert_eq!((tags.top, tags.genre["rock"], tags.playing.len()), (None, 0.4, 1));
    }
}

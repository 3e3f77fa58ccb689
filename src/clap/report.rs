//! The private extension `tatum.report/1`: what was heard, as JSON lines, for `cargo xtask listen`.
//! Main thread only.
//!
//! ```c
//! struct tatum_report {
//!    void (*lockstep)(const clap_plugin_t *, bool on);
//!    void (*record)(const clap_plugin_t *, bool on);
//!    uint32_t (*drain)(const clap_plugin_t *, char *buf, uint32_t capacity);
//! };
//! ```

use std::ffi::{CStr, c_char};
use std::io::{Cursor, Write};
use std::slice;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use clap_sys::plugin::clap_plugin;
use serde_json::{Map, Value, json};

use super::decorator::Decorated;
use crate::latency::{Latencies, Summary, TIMED};
use crate::report::{Report, ReportEvent, Status, TagLine};

/// Name of the extension.
pub(super) const REPORT_ID: &CStr = c"tatum.report/1";

/// The calls of the extension.
#[repr(C)]
pub(super) struct TatumReport {
    lockstep: unsafe extern "C" fn(*const clap_plugin, bool),
    record: unsafe extern "C" fn(*const clap_plugin, bool),
    drain: unsafe extern "C" fn(*const clap_plugin, *mut c_char, u32) -> u32,
}

/// What the host gets for [`REPORT_ID`].
pub(super) static REPORT: TatumReport = TatumReport { lockstep, record, drain };

/// How far a report was read.
#[derive(Default)]
pub(super) struct Drain {
    /// A line that did not fit any more.
    pending: Option<String>,
    /// The status last told.
    told: Option<Status>,
    /// The counts of frames last told.
    counted: [u64; 4],
}

impl Drain {
    /// Writes whole lines into `buffer`; returns the bytes written.
    fn fill(&mut self, report: &Report, buffer: &mut [u8]) -> usize {
        let mut out = Cursor::new(buffer);
        while let Some(line) = self.next_line(report) {
            let room = out.get_ref().len() as u64 - out.position();
            if line.len() as u64 >= room || writeln!(out, "{line}").is_err() {
                self.pending = Some(line);
                break;
            }
        }
        out.position() as usize
    }

    /// The line that did not fit, else a changed status, else changed counts of frames, else the next
    /// tags, else the next event, else, once after the recording was stopped, the latencies.
    fn next_line(&mut self, report: &Report) -> Option<String> {
        if self.pending.is_some() {
            return self.pending.take();
        }
        let status = report.status();
        if self.told != Some(status) {
            self.told = Some(status);
            return Some(status_line(&status).to_string());
        }
        let counted = report.frames.now();
        if self.counted != counted {
            self.counted = counted;
            return Some(frames_line(counted).to_string());
        }
        let tags = report.next_tags().map(|line| tag_line(&line));
        let event = tags.or_else(|| report.next().map(|event| event_line(&event)));
        let stopped = || report.stopped.swap(false, Ordering::Relaxed);
        event.or_else(|| stopped().then(|| latency_line(&report.latencies))).map(|v| v.to_string())
    }
}

/// `status` as JSON.
fn status_line(status: &Status) -> Value {
    json!({"status": {
        "backend": status.backend.as_str(),
        "health": status.health.to_string(),
        "gaps": status.gaps,
        "late": status.late,
        "tags": status.tags.to_string(),
    }})
}

/// What was counted so far as JSON, milliseconds.
fn latency_line(latencies: &Latencies) -> Value {
    let of = |summary: Summary| {
        let Summary { count, p50_ms, p99_ms, max_ms } = summary;
        json!({"count": count, "p50": p50_ms, "p99": p99_ms, "max": max_ms})
    };
    let kinds = TIMED.iter().zip(latencies.summaries());
    let counted = kinds.filter_map(|(name, summary)| Some(((*name).to_owned(), of(summary?))));
    json!({"latency": counted.collect::<Map<_, Value>>()})
}

/// What became of every frame, as JSON.
fn frames_line([sent, heard, missed, lost]: [u64; 4]) -> Value {
    json!({"frames": {"sent": sent, "heard": heard, "missed": missed, "lost": lost}})
}

/// `line` as JSON: every word of the vocabulary with its probability, `top` null while unsure.
fn tag_line(line: &TagLine) -> Value {
    let TagLine { at, heard, tags, vocabulary } = line;
    let named = |words: &[String], values: &[f32]| -> Map<String, Value> {
        words.iter().zip(values).map(|(word, &p)| (word.clone(), p.into())).collect()
    };
    let moods = vocabulary.moods(tags.valence, tags.arousal);
    let playing = vocabulary.instruments.iter().enumerate().filter(|&(index, _)| tags.plays(index));
    json!({"tags": {
        "at": at,
        "heard": heard,
        "top": tags.top.and_then(|top| vocabulary.genres.get(usize::from(top))),
        "genre": named(&vocabulary.genres, &tags.genre),
        "mood": moods.map(|(word, p)| (word.to_owned(), p.into())).collect::<Map<_, Value>>(),
        "instrument": named(&vocabulary.instruments, &tags.instrument),
        "playing": playing.map(|(_, word)| word).collect::<Vec<_>>(),
        "valence": tags.valence,
        "arousal": tags.arousal,
        "sounding": tags.sounding,
    }})
}

/// `event` as JSON. Positions are host samples since activation or reset.
fn event_line(event: &ReportEvent) -> Value {
    match *event {
        ReportEvent::Beat { at, emitted, in_bar, beats_per_bar, bpm, confidence } => {
            json!({"beat": {
                "at": at, "emitted": emitted, "in_bar": in_bar, "beats_per_bar": beats_per_bar,
                "bpm": bpm.0, "confidence": confidence,
            }})
        }
        ReportEvent::Onset { at, emitted, strength } => {
            json!({"onset": {"at": at, "emitted": emitted, "strength": strength}})
        }
        ReportEvent::Tempo { at, bpm } => json!({"tempo": {"at": at, "bpm": bpm.0}}),
        ReportEvent::Frame { at, heard, activations, phase, confidence } => json!({"frame": {
            "at": at,
            "heard": heard,
            "beat": activations.beat,
            "downbeat": activations.downbeat,
            "onset": activations.onset,
            "phase": phase,
            "confidence": confidence,
        }}),
    }
}

/// The report of the host's plugin.
///
/// # Safety
/// `plugin` is null or a pointer the host got from us.
unsafe fn of<'a>(plugin: *const clap_plugin) -> Option<(&'a Decorated, &'a Report)> {
    // SAFETY: the caller vouches for the plugin.
    let this = unsafe { Decorated::of(plugin) }?;
    Some((this, this.report.as_deref()?))
}

unsafe extern "C" fn lockstep(plugin: *const clap_plugin, on: bool) {
    // SAFETY: called by the host with our plugin.
    if let Some((_, report)) = unsafe { of(plugin) } {
        report.lockstep.store(on, Ordering::Release);
    }
}

unsafe extern "C" fn record(plugin: *const clap_plugin, on: bool) {
    // SAFETY: called by the host with our plugin.
    if let Some((_, report)) = unsafe { of(plugin) } {
        report.record(on);
    }
}

unsafe extern "C" fn drain(plugin: *const clap_plugin, buffer: *mut c_char, capacity: u32) -> u32 {
    // SAFETY: called by the host with our plugin.
    let (Some((this, report)), false) = (unsafe { of(plugin) }, buffer.is_null()) else { return 0 };
    // SAFETY: the host passes `capacity` bytes it will read only as far as we say.
    let buffer = unsafe {
        buffer.write_bytes(0, capacity as usize);
        slice::from_raw_parts_mut(buffer.cast::<u8>(), capacity as usize)
    };
    let mut drain = this.drain.lock().unwrap_or_else(PoisonError::into_inner);
    drain.fill(report, buffer) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_whole_and_none_is_lost() {
        let report = std::sync::Arc::new(Report::default());
        report.record(true);
        let mut recorder = crate::report::Recorder::new(std::sync::Arc::clone(&report));
        for at in 0..20 {
            recorder.push(ReportEvent::Onset { at, emitted: at, strength: 0.5 });
        }
        let (mut drain, mut text) = (Drain::default(), String::new());
        let mut buffer = [0; 200];
        loop {
            let written = drain.fill(&report, &mut buffer);
            if written == 0 {
                break;
            }
            assert_eq!(buffer[written - 1], b'\n');
            text.push_str(std::str::from_utf8(&buffer[..written]).expect("JSON is UTF-8"));
        }
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        assert_eq!(lines.len(), 21);
        assert!(lines[0].get("status").is_some());
        for (at, line) in lines[1..].iter().enumerate() {
            assert_eq!(line["onset"]["at"], at);
        }
    }
}

//! What was heard, as text for people.

use crate::hearing::Hearing;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Beats shown of each song.
const SHOWN: usize = 8;
/// Length of a full confidence bar, in characters.
const BAR: f64 = 20.0;

/// A few lines: the run, the tempo, the tags, the first beats, the files.
#[must_use]
pub fn text(hearing: &Hearing, written: &[PathBuf]) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: {}, {} Hz, {}, {}",
        hearing.file,
        clock(hearing.duration),
        hearing.sample_rate,
        hearing.mode,
        hearing.backend
    );
    let tempo = hearing.median_bpm().map_or("not found".to_owned(), |bpm| format!("{bpm:.1} bpm"));
    let downbeats = hearing.beats.iter().filter(|b| b.beat == 1).count();
    let _ = writeln!(text, "  tempo   {tempo}");
    let _ = writeln!(text, "  beats   {}, {downbeats} of them downbeats", hearing.beats.len());
    let _ = writeln!(text, "  onsets  {}", hearing.onsets.len());
    if let Some(tags) = hearing.tags.line() {
        let _ = writeln!(text, "  tags    {tags}");
    }
    if !hearing.beats.is_empty() {
        let _ = writeln!(text, "\n      time  beat  confidence");
    }
    for beat in hearing.beats.iter().take(SHOWN) {
        let bar = "#".repeat((beat.confidence.clamp(0.0, 1.0) * BAR).round() as usize);
        let line =
            format!("  {:>8.3}  {:>4}  {:>10.2}  {bar}", beat.time, beat.beat, beat.confidence);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if hearing.beats.len() > SHOWN {
        let _ = writeln!(text, "       ... and {} more", hearing.beats.len() - SHOWN);
    }
    if !written.is_empty() {
        let _ = writeln!(text);
    }
    for path in written {
        let _ = writeln!(text, "  wrote {}", path.display());
    }
    text
}

/// Minutes and seconds.
pub(crate) fn clock(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}

//! Automation as a table: one row per frame, at the time its values leave the plugin.

use crate::hearing::Hearing;
use std::fmt::Write as _;

/// Header and rows. `tempo` is empty until the first tempo is known.
pub(super) fn text(hearing: &Hearing) -> String {
    let mut text = String::from("time,beat,downbeat,onset,bar_phase,tempo\n");
    let mut changes = hearing.tempo.iter().peekable();
    let mut tempo = String::new();
    for f in &hearing.frames {
        while let Some(change) = changes.next_if(|change| change.time <= f.time) {
            tempo = format!("{:.3}", change.bpm);
        }
        let _ = writeln!(
            text,
            "{:.6},{:.6},{:.6},{:.6},{:.6},{tempo}",
            f.time, f.beat, f.downbeat, f.onset, f.phase
        );
    }
    text
}

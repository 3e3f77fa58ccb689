//! Latency: from the sample of a beat or an onset in the host's audio to the sample at which its event
//! leaves the plugin, in real time. A beat is predicted; an onset cannot be.

use super::percentiles::Percentiles;
use super::rig::{BLOCK, Metronome, setting, warm_up};
use crate::host::{Clock, Host, Setting};
use crate::report::Line;
use crate::song::Song;
use anyhow::Result;
use serde::Serialize;

/// Milliseconds after the sound; negative when the event left before it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Latency {
    pub(super) beats_ms: Percentiles,
    pub(super) onsets_ms: Percentiles,
}

/// Plays the whole song in real time.
pub(super) fn measure(host: &Host, song: &Song) -> Result<Latency> {
    let setting = Setting { record: true, ..setting(song, BLOCK, Clock::Free) };
    let mut player = host.start(setting)?;
    let mut lines = Vec::new();
    let mut metronome = Metronome::new(BLOCK, song.rate_hz, 1.0);
    for at in (0..song.frames() / BLOCK).map(|block| block * BLOCK) {
        metronome.wait();
        player.fill(&song.channels, at, BLOCK);
        player.process(BLOCK)?;
        player.idle();
        // Between blocks there is time; the queue of a long song would overflow.
        player.fetch(&mut lines)?;
    }
    player.stop();
    player.fetch(&mut lines)?;
    Ok(Latency::of(&lines, song.rate_hz, warm_up(song) as i64))
}

impl Latency {
    /// Of the events that sounded at sample `from` or later.
    fn of(lines: &[Line], rate_hz: u32, from: i64) -> Self {
        let ms = |at: i64, emitted: i64| 1e3 * (emitted - at) as f64 / f64::from(rate_hz);
        let of = |event: fn(&Line) -> Option<(i64, i64)>| {
            let events = lines.iter().filter_map(event).filter(|&(at, _)| at >= from);
            Percentiles::of(events.map(|(at, emitted)| ms(at, emitted)).collect())
        };
        Self {
            beats_ms: of(|line| match line {
                Line::Beat(beat) => Some((beat.at, beat.emitted)),
                _ => None,
            }),
            onsets_ms: of(|line| match line {
                Line::Onset(onset) => Some((onset.at, onset.emitted)),
                _ => None,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::OnsetLine;

    #[test]
    fn latency_counts_from_the_sound_and_not_while_warming_up() {
        let onset = |at, emitted| Line::Onset(OnsetLine { at, emitted, strength: 1.0 });
        let lines = [onset(10, 900), onset(1_000, 1_070), onset(2_000, 2_060)];
        let latency = Latency::of(&lines, 1_000, 500);
        assert_eq!(latency.onsets_ms.count, 2);
        assert_eq!((latency.onsets_ms.p50, latency.onsets_ms.p99), (Some(60.0), Some(70.0)));
        assert_eq!(latency.beats_ms.p50, None);
    }
}

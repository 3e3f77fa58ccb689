//! What all measurements share: instances that are played block by block, and the clock they follow.

use crate::host::{Clock, Host, Player, Setting};
use crate::report::{Line, StatusLine};
use crate::song::Song;
use anyhow::{Context, Result, bail};
use std::thread;
use std::time::{Duration, Instant};

/// Samples per block where the size is not what is measured.
pub(super) const BLOCK: usize = 512;
/// Time an instance is played before it is measured.
pub(super) const WARM_S: f64 = 1.0;
/// Frames the plugin hears in a second.
pub(super) const FRAMES_PER_S: f64 = 50.0;
/// Time the worker gets to post its last status.
pub(super) const SETTLE: Duration = Duration::from_millis(50);

/// Blocks that begin on time, as a sound card asks for them.
pub(super) struct Metronome {
    begun: Instant,
    block: Duration,
    blocks: u32,
}

impl Metronome {
    /// Blocks of `samples` at `rate_hz`, `speed` times as fast as they sound.
    pub(super) fn new(samples: usize, rate_hz: u32, speed: f64) -> Self {
        let block = Duration::from_secs_f64(samples as f64 / f64::from(rate_hz) / speed);
        Self { begun: Instant::now(), block, blocks: 0 }
    }

    /// Sleeps until the next block begins; not at all when that time has passed.
    pub(super) fn wait(&mut self) {
        thread::sleep(self.until_next(Instant::now()));
    }

    fn until_next(&mut self, now: Instant) -> Duration {
        let due = self.begun + self.block * self.blocks;
        self.blocks += 1;
        due.saturating_duration_since(now)
    }
}

/// An instance whose only task is to keep the models loaded, so that no measurement contains the
/// loading; and what it says about itself.
pub(super) fn keep_models(host: &Host, song: &Song) -> Result<(Player, StatusLine)> {
    let mut player = host.start(setting(song, BLOCK, Clock::Offline))?;
    play(&mut player, song, 0..warm_up(song), BLOCK)?;
    thread::sleep(SETTLE);
    let status = newest_status(&mut player)?.context("the plugin said nothing about its health")?;
    if status.health != "ok" {
        bail!("{}", status.health);
    }
    Ok((player, status))
}

/// Samples an instance is played before it is measured.
pub(super) fn warm_up(song: &Song) -> usize {
    (WARM_S * f64::from(song.rate_hz)) as usize
}

/// How an instance runs that is measured: nothing is recorded, as in a DAW.
pub(super) fn setting(song: &Song, block: usize, clock: Clock) -> Setting {
    Setting { rate_hz: song.rate_hz, block: block as u32, clock, record: false }
}

/// Plays a part of the song as fast as it goes.
pub(super) fn play(
    player: &mut Player,
    song: &Song,
    part: std::ops::Range<usize>,
    block: usize,
) -> Result<()> {
    for at in part.clone().step_by(block) {
        let frames = block.min(part.end - at);
        player.fill(&song.channels, at, frames);
        player.process(frames)?;
        player.idle();
    }
    Ok(())
}

/// The newest status, if there is one since this was last asked.
pub(super) fn newest_status(player: &mut Player) -> Result<Option<StatusLine>> {
    let mut lines = Vec::new();
    player.fetch(&mut lines)?;
    Ok(last_status(&lines).cloned())
}

/// The last status in these lines.
pub(super) fn last_status(lines: &[Line]) -> Option<&StatusLine> {
    lines.iter().rev().find_map(|line| match line {
        Line::Status(status) => Some(status),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_begin_on_time_and_a_late_one_at_once() {
        let mut metronome = Metronome::new(480, 48_000, 2.0);
        let begun = metronome.begun;
        assert_eq!(metronome.until_next(begun), Duration::ZERO);
        assert_eq!(metronome.until_next(begun), Duration::from_millis(5));
        assert_eq!(
            metronome.until_next(begun + Duration::from_millis(9)),
            Duration::from_millis(1)
        );
        assert_eq!(metronome.until_next(begun + Duration::from_millis(90)), Duration::ZERO);
        assert_eq!(metronome.until_next(begun), Duration::from_millis(20), "it does not drift");
    }
}

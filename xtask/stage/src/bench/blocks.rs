//! The audio thread: how long one `process` call takes, for every usual size of block.

use super::meter;
use super::percentiles::{Percentiles, rounded};
use super::rig::{Metronome, setting, warm_up};
use crate::host::{Clock, Host};
use crate::song::Song;
use anyhow::Result;
use serde::Serialize;
use std::time::Instant;

/// Sizes of block, in samples.
pub(super) const SIZES: [usize; 6] = [16, 64, 128, 512, 2048, 4096];
/// Blocks come this much faster than they sound: still slow enough for the worker to keep up.
const SPEED: f64 = 4.0;

/// One size of block.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Block {
    pub(super) samples: usize,
    /// Time of a call by the clock on the wall: what other programs take is in it.
    pub(super) us: Percentiles,
    /// The same as shares of the time the block sounds.
    pub(super) share: Percentiles,
    /// Processor time of a call; none where it cannot be measured.
    pub(super) cpu_us: Option<Percentiles>,
}

/// Plays the song in blocks of this size.
pub(super) fn measure(host: &Host, song: &Song, samples: usize) -> Result<Block> {
    let mut player = host.start(setting(song, samples, Clock::Free))?;
    let warm = warm_up(song);
    let mut metronome = Metronome::new(samples, song.rate_hz, SPEED);
    let calls = song.frames() / samples;
    let (mut wall, mut cpu) = (Vec::with_capacity(calls), Vec::with_capacity(calls));
    for at in (0..calls).map(|call| call * samples) {
        metronome.wait();
        player.fill(&song.channels, at, samples);
        let cpu_begun = meter::thread_cpu();
        let begun = Instant::now();
        player.process(samples)?;
        let took = begun.elapsed();
        let used = meter::thread_cpu().zip(cpu_begun).map(|(end, begun)| end - begun);
        player.idle();
        if at >= warm {
            wall.push(1e6 * took.as_secs_f64());
            cpu.extend(used.map(|used| 1e6 * used.as_secs_f64()));
        }
    }
    let us = Percentiles::of(wall);
    let block_us = 1e6 * samples as f64 / f64::from(song.rate_hz);
    let share = |us: Option<f64>| us.map(|us| rounded(us / block_us));
    let share = Percentiles { p50: share(us.p50), p99: share(us.p99), p999: share(us.p999), ..us };
    let cpu_us = (!cpu.is_empty()).then(|| Percentiles::of(cpu));
    Ok(Block { samples, us, share, cpu_us })
}

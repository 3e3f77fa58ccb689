//! The whole chain: what a second of audio costs, in an offline render and with all its threads.

use super::meter;
use super::rig::{BLOCK, play, setting, warm_up};
use crate::host::{Clock, Host};
use crate::song::Song;
use anyhow::Result;

/// Processor seconds per second of audio.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// Of all threads. The host's own work, copying the samples, is in it: about 20 us.
    pub(super) all: f64,
    /// Of the audio thread, which waits for the worker.
    pub(super) audio_thread: f64,
}

/// What the song costs; none where that cannot be measured.
pub(super) fn cost(host: &Host, song: &Song) -> Result<Option<Cost>> {
    let mut player = host.start(setting(song, BLOCK, Clock::Offline))?;
    let warm = warm_up(song);
    play(&mut player, song, 0..warm, BLOCK)?;
    let used = || Some((meter::process_cpu()?.as_secs_f64(), meter::thread_cpu()?.as_secs_f64()));
    let begun = used();
    play(&mut player, song, warm..song.frames(), BLOCK)?;
    let audio_s = (song.frames() - warm) as f64 / f64::from(song.rate_hz);
    Ok(used().zip(begun).map(|(end, begun)| Cost {
        all: (end.0 - begun.0) / audio_s,
        audio_thread: (end.1 - begun.1) / audio_s,
    }))
}

//! The whole chain: what a second of audio costs, in an offline render and with all its threads.

use super::meter;
use super::rig::{BLOCK, play, setting, warm_up};
use crate::host::{Clock, Host};
use crate::song::Song;
use anyhow::Result;

/// Processor seconds per second of audio; none where they cannot be measured.
///
/// The host's own work, copying the samples, is in it: about 20 us.
pub(super) fn cost(host: &Host, song: &Song) -> Result<Option<f64>> {
    let mut player = host.start(setting(song, BLOCK, Clock::Offline))?;
    let warm = warm_up(song);
    play(&mut player, song, 0..warm, BLOCK)?;
    let begun = meter::process_cpu();
    play(&mut player, song, warm..song.frames(), BLOCK)?;
    let used = meter::process_cpu().zip(begun).map(|(end, begun)| end - begun);
    let audio_s = (song.frames() - warm) as f64 / f64::from(song.rate_hz);
    Ok(used.map(|used| used.as_secs_f64() / audio_s))
}

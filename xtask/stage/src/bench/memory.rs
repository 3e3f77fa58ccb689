//! Memory: what this process holds in RAM without the plugin, with one instance, and per instance more.
//! To be measured first, before anything else has grown the heap.

use super::meter::resident_bytes;
use super::percentiles::rounded;
use super::rig::{BLOCK, play, setting, warm_up};
use crate::host::{Clock, Host, Player};
use crate::song::Song;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// Instances beside the first.
const MORE: usize = 16;
const MB: f64 = 1e6;

/// Megabytes (10^6 bytes) in RAM.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Memory {
    /// The stage with the song, but without the plugin.
    pub(super) host_mb: f64,
    /// What the plugin's library and the first instance with its models add.
    pub(super) first_instance_mb: f64,
    /// What each further instance adds.
    pub(super) per_instance_mb: f64,
}

/// Loads the plugin and starts instances; none where memory cannot be measured.
pub(super) fn measure(plugin: &Path, song: &Song) -> Result<(Host, Option<Memory>)> {
    let empty = resident_bytes();
    let host = Host::load(plugin, None)?;
    let mut players = vec![heard(&host, song)?];
    let first = resident_bytes();
    for _ in 0..MORE {
        players.push(heard(&host, song)?);
    }
    let all = resident_bytes();
    let grown = |from: u64, to: u64| to.saturating_sub(from) as f64 / MB;
    let memory = empty.zip(first).zip(all).map(|((empty, first), all)| Memory {
        host_mb: rounded(empty as f64 / MB),
        first_instance_mb: rounded(grown(empty, first)),
        per_instance_mb: rounded(grown(first, all) / MORE as f64),
    });
    Ok((host, memory))
}

/// An instance that has heard enough to hold all it ever will.
fn heard(host: &Host, song: &Song) -> Result<Player> {
    let mut player = host.start(setting(song, BLOCK, Clock::Offline))?;
    play(&mut player, song, 0..warm_up(song), BLOCK)?;
    Ok(player)
}

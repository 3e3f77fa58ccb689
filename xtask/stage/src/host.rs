//! A small CLAP host. One thread plays main thread and audio thread in turn, so a run is repeatable.

mod buses;
mod desk;
mod player;
pub(crate) mod session;

pub(crate) use desk::Range;
pub use player::{Clock, Player, Setting};

use crate::report::Line;
use crate::song::Song;
use anyhow::{Context, Result, bail};
use clack_host::prelude::*;
use std::env;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Silence after a song's end, in seconds: what is still on its way leaves in this time.
const TAIL_S: f64 = 0.5;
/// Lines are fetched this often, in samples, whatever the block size.
const FETCH_EVERY: usize = 4096;

/// How to run the plugin.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    /// The causal engine in lock-step instead of an offline render.
    pub live: bool,
    /// Samples per `process` call.
    pub block: u32,
}

/// Everything that came out during one song.
#[derive(Debug, Default)]
pub struct Take {
    /// Report lines in the order they were written.
    pub lines: Vec<Line>,
    /// Sample positions of the notes in the plugin's event output.
    pub notes: Vec<i64>,
}

/// A loaded CLAP library.
pub struct Host {
    entry: PluginEntry,
    id: CString,
    info: HostInfo,
    path: PathBuf,
    model: Option<PathBuf>,
    tag_model: Option<PathBuf>,
}

impl Host {
    /// Loads a CLAP library and finds the one plugin in it. `model` replaces its own beat model.
    ///
    /// # Errors
    /// When the file is missing, or is no CLAP with a plugin.
    pub fn load(path: &Path, model: Option<&Path>) -> Result<Self> {
        if !path.exists() {
            bail!("{}: no plugin there; run `cargo xtask bundle`", path.display());
        }
        let path = path.canonicalize().with_context(|| path.display().to_string())?;
        let remedy =
            || format!("{}: is not a CLAP plugin; run `cargo xtask bundle`", path.display());
        // SAFETY: the user names a plugin to run; like every host we trust it to be a valid CLAP.
        let entry = unsafe { PluginEntry::load(&path) }.with_context(remedy)?;
        let id = entry
            .get_plugin_factory()
            .and_then(|factory| factory.plugin_descriptor(0)?.id().map(ToOwned::to_owned))
            .with_context(remedy)?;
        let info = HostInfo::new("Tatum Stage", "Tatum", "", env!("CARGO_PKG_VERSION"))?;
        let model = model.map(std::path::absolute).transpose().context("--model names no path")?;
        Ok(Self { entry, id, info, path, model, tag_model: None })
    }

    /// The same host, with `tag_model` in place of the plugin's own tag model.
    ///
    /// # Errors
    /// When it is no path.
    pub fn with_tag_model(mut self, tag_model: Option<&Path>) -> Result<Self> {
        self.tag_model =
            tag_model.map(std::path::absolute).transpose().context("--tag-model names no path")?;
        Ok(self)
    }

    /// Plays a song through a new instance. `progress` hears how many samples are done.
    ///
    /// # Errors
    /// When the plugin refuses a step of the way, or is not built from this project.
    pub fn play(&self, song: &Song, mode: Mode, progress: &dyn Fn(usize)) -> Result<Take> {
        self.run(song, mode, progress).with_context(|| self.path.display().to_string())
    }

    /// Starts a new instance.
    ///
    /// # Errors
    /// When the plugin refuses a step of the way, or is not built from this project.
    pub fn start(&self, setting: Setting) -> Result<Player> {
        Player::start(self, setting).with_context(|| self.path.display().to_string())
    }

    fn run(&self, song: &Song, mode: Mode, progress: &dyn Fn(usize)) -> Result<Take> {
        let clock = if mode.live { Clock::Lockstep } else { Clock::Offline };
        let setting = Setting { rate_hz: song.rate_hz, block: mode.block, clock, record: true };
        let mut player = Player::start(self, setting)?;
        let mut take = Take::default();
        let tail = (TAIL_S * f64::from(song.rate_hz)) as usize + 2 * mode.block as usize;
        let end = song.frames() + tail;
        let (mut at, mut fetched) = (0, 0);
        while at < end {
            let frames = (mode.block as usize).min(end - at);
            player.fill(&song.channels, at, frames);
            player.process(frames)?;
            take.notes.extend(player.notes().map(|offset| at as i64 + offset));
            at += frames;
            player.idle();
            if at - fetched >= FETCH_EVERY || at == end {
                player.fetch(&mut take.lines)?;
                fetched = at;
                progress(at.min(song.frames()));
            }
        }
        player.stop();
        player.fetch(&mut take.lines)?;
        Ok(take)
    }
}

/// Where `cargo xtask bundle` puts the plugin: beside the folder this program was built into.
#[must_use]
pub fn default_plugin() -> PathBuf {
    let this = env::current_exe().unwrap_or_default();
    let target = this.ancestors().nth(2).unwrap_or(Path::new("target"));
    target.join("bundled").join("tatum.clap")
}

/// This host's half of the callbacks; extensions of the host are none.
struct Stage;

impl HostHandlers for Stage {
    type Shared<'a> = Callbacks;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();
}

#[derive(Default)]
struct Callbacks {
    callback: AtomicBool,
}

impl SharedHandler<'_> for Callbacks {
    /// A restart would only change the latency, and positions here do not depend on it.
    fn request_restart(&self) {}
    /// Processing never pauses.
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback.store(true, Ordering::Release);
    }
}

//! `listen`: every file through the plugin, one after the other. A file that fails is reported and
//! the others go on.

use crate::hearing::Hearing;
use crate::host::{Host, Mode, default_plugin};
use crate::song::{RATES_HZ, Song};
use crate::{picture, summary, write};
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};

/// What the built plugin hears in music files.
#[derive(clap::Args)]
pub struct Options {
    /// wav, flac, ogg or mp3 files.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Run the causal engine with a fixed one-block delay instead of an offline render.
    #[arg(long)]
    pub live: bool,
    /// Samples per process call.
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub block: u32,
    /// Host the plugin at this rate instead of the file's own.
    #[arg(long, value_name = "HZ")]
    pub rate: Option<u32>,
    /// Write NAME.beats .mid .csv .jams .json .png into this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON object per file.
    #[arg(long)]
    pub json: bool,
    /// The CLAP to host [default: what `cargo xtask bundle` made].
    #[arg(long, value_name = "PATH")]
    pub plugin: Option<PathBuf>,
    /// Let the plugin load this beat model instead of its own.
    #[arg(long, value_name = "PATH")]
    pub model: Option<PathBuf>,
    /// Let the plugin load this tag model instead of its own.
    #[arg(long, value_name = "PATH")]
    pub tag_model: Option<PathBuf>,
}

/// Largest block a host may ask for.
const LARGEST_BLOCK: u32 = 1 << 20;

/// Runs the command; false when a file failed.
///
/// # Errors
/// When the options or the plugin are at fault, so that no file can be heard.
pub fn run(options: &Options) -> Result<bool> {
    check_block(options.block)?;
    if let Some(rate) = options.rate.filter(|rate| !RATES_HZ.contains(rate)) {
        let (low, high) = (RATES_HZ.start(), RATES_HZ.end());
        bail!("--rate {rate} is not supported; use {low} to {high} Hz");
    }
    if options.out.is_some() {
        write::check_names(&options.files)?;
    }
    let plugin = options.plugin.clone().unwrap_or_else(default_plugin);
    let host = Host::load(&plugin, options.model.as_deref())?
        .with_tag_model(options.tag_model.as_deref())?;
    let mut all_well = true;
    for file in &options.files {
        if let Err(error) = one(&host, file, options) {
            eprintln!("error: {error:#}");
            all_well = false;
        }
    }
    Ok(all_well)
}

fn one(host: &Host, file: &Path, options: &Options) -> Result<()> {
    if let Some(dir) = &options.out {
        write::check_free(file, dir)?;
    }
    let song = Song::open(file, options.rate)?;
    let hearing = hear_with_bar(host, &song, Mode { live: options.live, block: options.block })?;
    let written = match &options.out {
        Some(dir) => write::write(&hearing, picture::png(&song, &hearing)?, dir)?,
        None => Vec::new(),
    };
    write::print(options.json.then_some(&hearing), || summary::text(&hearing, &written))
}

pub(crate) fn check_block(block: u32) -> Result<()> {
    if !(1..=LARGEST_BLOCK).contains(&block) {
        bail!("--block {block} is not possible; use 1 to {LARGEST_BLOCK}");
    }
    Ok(())
}

/// Plays a song with a progress bar and says what was heard.
///
/// # Errors
/// Names the file and what the plugin refused.
pub fn hear_with_bar(host: &Host, song: &Song, mode: Mode) -> Result<Hearing> {
    let bar = ProgressBar::new(song.frames() as u64);
    let style = ProgressStyle::with_template("{prefix} [{bar:40}] {percent:>3} % {eta:>4}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.set_prefix(song.path.display().to_string());
    let hearing = hear(host, song, mode, &|done| bar.set_position(done as u64));
    bar.finish_and_clear();
    hearing
}

/// Plays a song and says what was heard. `progress` hears how many samples are done.
///
/// # Errors
/// Names the file and what the plugin refused.
pub fn hear(host: &Host, song: &Song, mode: Mode, progress: &dyn Fn(usize)) -> Result<Hearing> {
    let take = host.play(song, mode, progress);
    take.and_then(|take| Hearing::new(song, mode, &take))
        .with_context(|| song.path.display().to_string())
}

//! `demo`: the project's own song through the plugin, offline, with everything it writes.

use crate::hearing::Hearing;
use crate::host::{Host, Mode, default_plugin};
use crate::listen::hear_with_bar;
use crate::song::Song;
use crate::{picture, summary, write};
use anyhow::{Context, Result};
use metrics::annotation::Beats;
use metrics::{BEAT_WINDOW_S, f_measure, settled};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Plays the demo song through the plugin and shows what it heard.
#[derive(clap::Args)]
pub struct Options {
    /// The song; a .beats file beside it is used to score the beats.
    #[arg(long, value_name = "FILE", default_value = "assets/demo.ogg")]
    pub song: PathBuf,
    /// Where the files go.
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    pub out: PathBuf,
    /// The CLAP to host [default: what `cargo xtask bundle` made].
    #[arg(long, value_name = "PATH")]
    pub plugin: Option<PathBuf>,
}

/// Samples per process call; an offline render hears the same with any.
const BLOCK: u32 = 512;

/// Runs the command.
///
/// # Errors
/// Names the file or the plugin at fault and what to do.
pub fn run(options: &Options) -> Result<bool> {
    let host = Host::load(&options.plugin.clone().unwrap_or_else(default_plugin), None)?;
    let song = Song::open(&options.song, None)?;
    let hearing = hear_with_bar(&host, &song, Mode { live: false, block: BLOCK })?;
    let truth = options.song.with_extension("beats");
    let score = if truth.exists() { score(&hearing, &truth)? } else { String::new() };
    let written = write::write(&hearing, picture::png(&song, &hearing)?, &options.out)?;
    let text = summary::text(&hearing, &written) + &score;
    std::io::stdout()
        .write_all(text.as_bytes())
        .context("the result cannot be printed; look into the files it names")?;
    Ok(true)
}

/// Compares with the beats the song was made with.
fn score(hearing: &Hearing, truth: &Path) -> Result<String> {
    let truth_beats = Beats::read(truth, Some(hearing.duration))?;
    let f = |reference: &[f64], heard: &[f64]| {
        f_measure(settled(reference), settled(heard), BEAT_WINDOW_S)
    };
    let heard: Vec<f64> = hearing.beats.iter().map(|beat| beat.time).collect();
    let ones = hearing.beats.iter().filter(|beat| beat.beat == 1);
    let beats = f(&truth_beats.times, &heard);
    let downbeats = f(
        &truth_beats.downbeats().unwrap_or_default(),
        &ones.map(|beat| beat.time).collect::<Vec<_>>(),
    );
    Ok(format!(
        "\n  against {}: beat F {beats:.2}, downbeat F {downbeats:.2} (70 ms, after 5 s)\n",
        truth.display()
    ))
}

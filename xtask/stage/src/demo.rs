//! `demo`: the project's own song through the plugin, offline, with everything it writes.

use crate::hearing::Hearing;
use crate::host::{Host, Mode, default_plugin};
use crate::listen::hear;
use crate::score::f_measure;
use crate::song::Song;
use crate::{picture, summary, write};
use anyhow::{Context, Result};
use std::fs;
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
    let hearing = hear(&host, &song, Mode { live: false, block: BLOCK })?;
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
    let text = fs::read_to_string(truth)
        .with_context(|| format!("{}: cannot be read; remove it", truth.display()))?;
    let reference = parse(&text).with_context(|| {
        format!("{}: is not a list of seconds, tab, beat; make it again", truth.display())
    })?;
    let heard: Vec<(f64, u32)> = hearing.beats.iter().map(|b| (b.time, b.beat)).collect();
    let beats = f_measure(&times(&reference, false), &times(&heard, false));
    let downbeats = f_measure(&times(&reference, true), &times(&heard, true));
    Ok(format!(
        "\n  against {}: beat F {beats:.2}, downbeat F {downbeats:.2} (70 ms, after 5 s)\n",
        truth.display()
    ))
}

/// `seconds<TAB>beat in bar` per line.
fn parse(text: &str) -> Option<Vec<(f64, u32)>> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse().ok()?, words.next()?.parse::<f64>().ok()? as u32))
    };
    text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).map(line).collect()
}

fn times(beats: &[(f64, u32)], only_downbeats: bool) -> Vec<f64> {
    beats.iter().filter(|b| !only_downbeats || b.1 == 1).map(|b| b.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_files_are_read() {
        let beats = parse("# made by the trainer\n0.5\t1\n1.0\t2\n\n1.5\t1\n").expect("beats");
        assert_eq!(times(&beats, true), [0.5, 1.5]);
        assert_eq!(times(&beats, false).len(), 3);
        assert!(parse("half past\t1\n").is_none());
    }
}

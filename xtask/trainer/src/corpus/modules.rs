//! Tracker modules as annotated recordings: a module says on which row every note is, so its beats are
//! exact once it is known how many rows make one.
//!
//! `trainer modules FOLDER --out DIR` plays every MOD, XM, S3M and IT under `FOLDER` into
//! `DIR/NAME.wav` with `NAME.beats` and `NAME.onsets` beside it, which `--audio DIR` then learns from.

use std::fmt::Write;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use rayon::prelude::*;
use xmrs::prelude::Module;
use xmrsplayer::prelude::{PlayerObserver, RowContext, XmrsPlayer};

use super::{files, progress_of};
use crate::clip::{BeatLabel, RATE_HZ};
use crate::render::audio::{Stereo, write_wav, write_whole};

/// Endings of modules.
const MODULES: [&str; 4] = ["mod", "xm", "s3m", "it"];
/// Longest and shortest stretch of a module that is played, seconds.
const PLAYED_S: (f64, f64) = (240.0, 20.0);
/// The tempo that listeners prefer to tap at, beats per minute (Moelants 2002): of the levels of a
/// module, the nearest to it is the beat.
const PREFERRED_BPM: f64 = 120.0;
/// Rows that make a beat, where notes come in twos and in threes.
const BINARY: [usize; 4] = [2, 4, 8, 16];
const TERNARY: [usize; 3] = [3, 6, 12];
/// How much more often notes must be three rows apart than two, to be in threes.
const CLEARLY: f64 = 1.3;
/// Shortest and longest beat, seconds.
const BEAT_S: std::ops::Range<f64> = 0.27..1.2;
/// Share of beats that may come early or late, where a pattern is cut short.
const IRREGULAR: f64 = 0.05;

/// Plays tracker modules into annotated recordings.
#[derive(Debug, Args)]
pub struct ModulesArgs {
    /// Folder with modules (mod, xm, s3m, it).
    folder: PathBuf,
    /// Folder that gets the recordings, their beats and their onsets.
    #[arg(long)]
    out: PathBuf,
}

/// Runs `trainer modules`.
///
/// # Errors
/// When there are no modules, none can be used, or the recordings cannot be written.
pub fn run(args: &ModulesArgs) -> Result<()> {
    let modules = files::under(&args.folder, &MODULES);
    ensure!(
        !modules.is_empty(),
        "{} holds no modules; give a folder with .mod, .xm, .s3m or .it files",
        args.folder.display()
    );
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make {}; choose another --out", args.out.display()))?;
    let bar = progress_of(modules.len());
    let play = |path: &PathBuf| {
        let played = record(path, &args.out);
        bar.inc(1);
        played
    };
    let played: Vec<Result<f64>> = modules.par_iter().map(play).collect();
    bar.finish_and_clear();
    let (mut seconds, mut skipped) = (Vec::new(), 0);
    for (path, played) in modules.iter().zip(played) {
        match played {
            Ok(long) => seconds.push(long),
            Err(error) => {
                eprintln!("skipped {}: {error:#}", path.display());
                skipped += 1;
            }
        }
    }
    ensure!(!seconds.is_empty(), "none of {} modules can be used", modules.len());
    println!(
        "{} modules, {:.2} h, in {}; {skipped} skipped",
        seconds.len(),
        seconds.iter().sum::<f64>() / 3600.0,
        args.out.display()
    );
    Ok(())
}

/// Writes the recording of the module at `path`; gives its length in seconds.
fn record(path: &Path, out: &Path) -> Result<f64> {
    let bytes = std::fs::read(path)?;
    // A damaged module may break the player, but not the run.
    let (audio, rows) =
        catch_unwind(|| play(&bytes)).map_err(|_| anyhow!("breaks the player"))??;
    let beats = beats(&rows)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let place = |ending: &str| out.join(format!("{stem}.{ending}"));
    let (mut beat_lines, mut onset_lines) = (String::new(), String::new());
    for beat in &beats {
        match beat.in_bar {
            0 => writeln!(beat_lines, "{:.6}", beat.time_s)?,
            in_bar => writeln!(beat_lines, "{:.6}\t{in_bar}", beat.time_s)?,
        }
    }
    for row in rows.iter().filter(|row| row.notes > 0) {
        writeln!(onset_lines, "{:.6}", row.time_s)?;
    }
    // The beats last: without them nobody takes the recording for a whole one.
    write_wav(&place("wav"), &audio)?;
    write_whole(&place("onsets"), onset_lines.as_bytes())?;
    write_whole(&place("beats"), beat_lines.as_bytes())?;
    Ok(audio.len() as f64 / RATE_HZ)
}

/// A row as it was played.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    /// When it begins.
    time_s: f64,
    /// Its place in the pattern.
    row: usize,
    /// Notes that begin on it.
    notes: usize,
}

/// Writes down the rows as they come: place and notes.
struct Scribe(Arc<Mutex<Vec<(usize, usize)>>>);

impl PlayerObserver for Scribe {
    fn on_row(&mut self, context: &RowContext<'_>) {
        let notes = context.cells.iter().filter(|cell| cell.event.pitch().is_some()).count();
        if let Ok(mut rows) = self.0.lock() {
            rows.push((context.row, notes));
        }
    }
}

/// Plays a module once through, or as long as [`PLAYED_S`] allows.
fn play(bytes: &[u8]) -> Result<(Stereo, Vec<Row>)> {
    let module = Module::load(bytes).map_err(|error| anyhow!("is no module: {error:?}"))?;
    let mut player = XmrsPlayer::new(&module, RATE_HZ as u32, 0);
    player.set_max_loop_count(1);
    let heard = Arc::new(Mutex::new(Vec::new()));
    player.add_observer(Box::new(Scribe(Arc::clone(&heard))));
    let (mut audio, mut rows) = (Stereo::default(), Vec::new());
    while audio.len() < (PLAYED_S.0 * RATE_HZ) as usize {
        let Some((left, right)) = player.sample(true) else { break };
        if let Ok(mut heard) = heard.lock() {
            let time_s = audio.len() as f64 / RATE_HZ;
            rows.extend(heard.drain(..).map(|(row, notes)| Row { time_s, row, notes }));
        }
        audio.left.push(f32::from(left) / 32_768.0);
        audio.right.push(f32::from(right) / 32_768.0);
    }
    let seconds = audio.len() as f64 / RATE_HZ;
    ensure!(seconds >= PLAYED_S.1, "lasts {seconds:.0} s; {} are needed", PLAYED_S.1);
    ensure!(audio.loudness() > 1e-3, "is silent");
    Ok((audio, rows))
}

/// The beats of `rows`: every so many rows of a pattern, of which four make a bar where notes come in
/// twos. A bar begins with its pattern.
fn beats(rows: &[Row]) -> Result<Vec<BeatLabel>> {
    ensure!(rows.len() >= 64, "has only {} rows", rows.len());
    let mut lengths: Vec<f64> = rows.windows(2).map(|w| w[1].time_s - w[0].time_s).collect();
    lengths.sort_by(f64::total_cmp);
    let row_s = lengths[lengths.len() / 2];
    ensure!(row_s > 0.0, "has rows without length");
    let ternary = is_ternary(rows);
    let levels: &[usize] = if ternary { &TERNARY } else { &BINARY };
    let far = |rows: usize| (60.0 / (rows as f64 * row_s) / PREFERRED_BPM).log2().abs();
    let per_beat = levels.iter().copied().min_by(|&a, &b| far(a).total_cmp(&far(b)));
    let per_beat = per_beat.context("no level")?;
    let on_beat = (0..rows.len()).filter(|&at| rows[at].row % per_beat == 0);
    let on_beat: Vec<usize> = on_beat.collect();
    // A pattern may be left in the middle of a beat, and the tempo may change beyond what one taps.
    let odd = |pair: &&[usize]| {
        let beat_s = rows[pair[1]].time_s - rows[pair[0]].time_s;
        pair[1] - pair[0] != per_beat || !BEAT_S.contains(&beat_s)
    };
    let odds = on_beat.windows(2).filter(odd).count();
    if odds as f64 > IRREGULAR * on_beat.len() as f64 {
        bail!("{odds} of {} beats are irregular", on_beat.len());
    }
    let label = |at: usize| BeatLabel {
        time_s: rows[at].time_s,
        in_bar: if ternary { 0 } else { (rows[at].row / per_beat % 4 + 1) as u8 },
    };
    Ok(on_beat.into_iter().map(label).collect())
}

/// Whether notes tend to come on every third row of a pattern rather than on every second or fourth.
fn is_ternary(rows: &[Row]) -> bool {
    let on = |every: usize| {
        let here = rows.iter().filter(|row| row.row % every == 0);
        let (notes, count) = here.fold((0, 0), |(n, c), row| (n + row.notes, c + 1));
        notes as f64 / f64::from(count.max(1))
    };
    on(3).max(on(6)) > CLEARLY * on(2).max(on(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns of 64 rows, of `row_s` each, with a note on every `every`th.
    fn rows(row_s: f64, every: usize) -> Vec<Row> {
        let row = |at: usize| Row {
            time_s: at as f64 * row_s,
            row: at % 64,
            notes: usize::from(at % 64 % every == 0),
        };
        (0..256).map(row).collect()
    }

    #[test]
    fn the_beat_is_the_level_that_listeners_would_tap() {
        // 125 BPM at the usual speed of 6, and at 3; in threes.
        for (row_s, every, bpm, downbeats) in
            [(0.12, 4, 125.0, 16), (0.06, 8, 125.0, 8), (0.16, 3, 125.0, 0)]
        {
            let beats = beats(&rows(row_s, every)).expect("beats");
            let found = 60.0 / (beats[1].time_s - beats[0].time_s);
            assert!((found - bpm).abs() < 1.0, "{found} rather than {bpm}");
            assert_eq!(beats.iter().filter(|beat| beat.in_bar == 1).count(), downbeats);
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        let mut broken = rows(0.12, 4);
        // Every pattern is left after 6 rows.
        broken.iter_mut().enumerate().for_each(|(at, row)| row.row = at % 6);
        let told = format!("{:#}", beats(&broken).expect_err("refused"));
        assert!(told.contains("irregular"), "{told}");
    }

    #[test]
    fn what_is_no_module_is_named_and_skipped() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("bad.xm"), b"Extended Module: not really").expect("made");
        let args = ModulesArgs { folder: folder.path().into(), out: folder.path().join("out") };
        let told = format!("{:#}", run(&args).expect_err("refused"));
        assert!(told.contains("none of 1 modules"), "{told}");
        assert_eq!(std::fs::read_dir(&args.out).expect("made").count(), 0);
    }
}

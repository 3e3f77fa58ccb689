//! Tracker modules as annotated recordings: a module says on which row every note is, so its beats are
//! exact once it is known how many rows make one.
//!
//! `trainer modules FOLDER --out DIR` plays every MOD, XM, S3M and IT under `FOLDER` into a WAV in `DIR`
//! with its `.beats` beside it, which `--audio DIR` then learns from.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use rayon::prelude::*;
use xmrs::prelude::{Cell, CellEvent, Module};
use xmrsplayer::prelude::{PlayerObserver, RowContext, XmrsPlayer};

use super::{annotation, files};
use crate::clip::{BeatLabel, RATE_HZ};
use crate::progress;
use crate::render::audio::{Stereo, write_wav};

/// Endings of modules.
const MODULES: [&str; 4] = ["mod", "xm", "s3m", "it"];
/// Longer modules are played this far, seconds.
const LONGEST_S: f64 = 240.0;
/// Shorter ones teach nothing, seconds.
const SHORTEST_S: f64 = 20.0;
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
/// Share of beats that may come early or late, where a pattern is left or the tempo changes.
const IRREGULAR: f64 = 0.05;

/// Plays tracker modules into annotated recordings.
#[derive(Debug, Args)]
pub struct ModulesArgs {
    /// Folder with modules (mod, xm, s3m, it). What a model is judged on must not be among them.
    folder: PathBuf,
    /// Folder that gets the recordings and their beats.
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
    let bar = progress::bar(modules.len() as u64, "modules {bar:30} {pos}/{len}, {eta} to go");
    let play = |path: &PathBuf| {
        let played = record(path, &args.out.join(name(&args.folder, path)));
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

/// The place of `path` below `folder` as one name, its ending too: no two modules have the same.
fn name(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts = below.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("-").replace('.', "-")
}

/// Writes `place.wav` and `place.beats` of the module at `path`; gives its length in seconds.
fn record(path: &Path, place: &Path) -> Result<f64> {
    let labels = place.with_extension("beats");
    // Beats make a recording whole: those of an earlier run go first, the new ones come last.
    if labels.exists() {
        std::fs::remove_file(&labels).with_context(|| labels.display().to_string())?;
    }
    let bytes = std::fs::read(path)?;
    // A damaged module may break the player, but not the run.
    let (audio, rows) =
        catch_unwind(|| play(&bytes)).map_err(|_| anyhow!("breaks the player"))??;
    let beats = beats(&rows)?;
    write_wav(&place.with_extension("wav"), &audio)?;
    annotation::write(&labels, "from the rows of the module", &beats)?;
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

/// Tells of the rows as they come: pattern, place and notes.
struct Scribe(Sender<[usize; 3]>);

impl PlayerObserver for Scribe {
    fn on_row(&mut self, context: &RowContext<'_>) {
        let struck = |cell: &&Cell| matches!(cell.event, CellEvent::NoteOn { .. });
        let notes = context.cells.iter().filter(struck).count();
        // Who plays listens as long as the player lives.
        let _ = self.0.send([context.pattern, context.row, notes]);
    }
}

/// A module by what its first bytes say: what ends in `.mod` may be of another kind, and a player that
/// is not asked plays anything at all as one.
fn load(bytes: &[u8]) -> Result<Module> {
    let at = |place: usize, mark: &[u8]| bytes.get(place..place + mark.len()) == Some(mark);
    let marks: [&[u8]; 8] =
        [b"M.K.", b"M!K!", b"M&K!", b"N.T.", b"FLT4", b"4CHN", b"6CHN", b"8CHN"];
    let module = if at(0, b"Extended Module: ") {
        Module::load_xm(bytes)
    } else if at(44, b"SCRM") {
        Module::load_s3m(bytes)
    } else if at(0, b"IMPM") {
        Module::load_it(bytes)
    } else if marks.into_iter().any(|mark| at(1080, mark)) {
        Module::load_mod(bytes)
    } else {
        bail!("is no module of a known kind; save it as XM, IT, S3M or a MOD of 31 samples");
    };
    module.map_err(|error| anyhow!("is damaged: {error}"))
}

/// Plays a module once through, or as far as [`LONGEST_S`] allows.
fn play(bytes: &[u8]) -> Result<(Stereo, Vec<Row>)> {
    let module = load(bytes)?;
    let mut player = XmrsPlayer::new(&module, RATE_HZ as u32, 0);
    let (tell, told) = channel();
    player.add_observer(Box::new(Scribe(tell)));
    let (mut audio, mut rows) = (Stereo::default(), Vec::<Row>::new());
    let (mut farthest, mut before) = (0, None);
    while audio.len() < (LONGEST_S * RATE_HZ) as usize {
        let Some((left, right)) = player.sample(true) else { break };
        let time_s = audio.len() as f64 / RATE_HZ;
        for [pattern, row, notes] in told.try_iter() {
            // A row that is held comes again, and is one all the same.
            if before != Some((pattern, row)) {
                rows.push(Row { time_s, row, notes });
            }
            before = Some((pattern, row));
        }
        // The player goes round for ever.
        if player.timeline_index() < farthest {
            break;
        }
        farthest = player.timeline_index();
        audio.left.push(f32::from(left) / 32_768.0);
        audio.right.push(f32::from(right) / 32_768.0);
    }
    let seconds = audio.len() as f64 / RATE_HZ;
    rows.retain(|row| row.time_s < seconds);
    ensure!(seconds >= SHORTEST_S, "lasts {seconds:.0} s; {SHORTEST_S} are needed");
    ensure!(audio.loudness() > 1e-3, "is silent");
    Ok((audio, rows))
}

/// The beats of `rows`: every so many rows of a pattern. Four make a bar, which begins with its pattern,
/// where notes come in twos and patterns are a power of two of beats long; elsewhere bars are not known.
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
    let on_beat = (0..rows.len()).filter(|&at| rows[at].row.is_multiple_of(per_beat));
    let on_beat: Vec<usize> = on_beat.collect();
    let odd = |pair: &&[usize]| {
        let beat_s = rows[pair[1]].time_s - rows[pair[0]].time_s;
        pair[1] - pair[0] != per_beat || !BEAT_S.contains(&beat_s)
    };
    let odds = on_beat.windows(2).filter(odd).count();
    if odds as f64 > IRREGULAR * on_beat.len() as f64 {
        bail!("{odds} of {} beats are irregular", on_beat.len());
    }
    let pattern = usual_pattern(rows);
    ensure!(
        !ternary || pattern.is_multiple_of(per_beat),
        "has patterns of {pattern} rows, in threes"
    );
    let in_fours = !ternary && (pattern / per_beat).is_power_of_two() && pattern >= 4 * per_beat;
    let label = |at: usize| BeatLabel {
        time_s: rows[at].time_s,
        in_bar: if in_fours { (rows[at].row / per_beat % 4 + 1) as u8 } else { 0 },
    };
    Ok(on_beat.into_iter().map(label).collect())
}

/// Rows of the patterns that most of the music is in.
fn usual_pattern(rows: &[Row]) -> usize {
    let ends =
        rows.windows(2).filter(|pair| pair[1].row <= pair[0].row).map(|pair| pair[0].row + 1);
    let ends: Vec<usize> = ends.chain(rows.last().map(|row| row.row + 1)).collect();
    let share = |length: usize| length * ends.iter().filter(|&&other| other == length).count();
    ends.iter().copied().max_by_key(|&length| share(length)).unwrap_or_default()
}

/// Whether notes tend to come on every third row of a pattern rather than on every second or fourth. The
/// first row, on which nearly everything begins, says nothing.
fn is_ternary(rows: &[Row]) -> bool {
    let on = |every: usize| {
        let here = rows.iter().filter(|row| row.row > 0 && row.row % every == 0);
        let (notes, count) = here.fold((0, 0), |(n, c), row| (n + row.notes, c + 1));
        notes as f64 / f64::from(count.max(1))
    };
    on(3).max(on(6)) > CLEARLY * on(2).max(on(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns of `length` rows, of `row_s` each, with a note on every `every`th.
    fn rows(row_s: f64, every: usize, length: usize) -> Vec<Row> {
        let row = |at: usize| Row {
            time_s: at as f64 * row_s,
            row: at % length,
            notes: usize::from((at % length).is_multiple_of(every)),
        };
        (0..256).map(row).collect()
    }

    /// A MOD of one pattern, played `times` times: a square wave on every fourth of 64 rows.
    fn module(times: u8) -> Vec<u8> {
        let mut bytes = vec![0; 1084 + 1024 + 64];
        // The first sample: 32 words, loud, all of it a loop.
        bytes[42..50].copy_from_slice(&[0, 32, 0, 64, 0, 0, 0, 32]);
        bytes[950] = times;
        bytes[1080..1084].copy_from_slice(b"M.K.");
        for row in (0..64).step_by(4) {
            bytes[1084 + 16 * row..][..4].copy_from_slice(&[0x01, 0xAC, 0x10, 0]);
        }
        for (at, byte) in bytes[1084 + 1024..].iter_mut().enumerate() {
            *byte = if at % 16 < 8 { 100 } else { 156 };
        }
        bytes
    }

    #[test]
    fn the_beat_is_the_level_that_listeners_would_tap() {
        // 125 BPM at the usual speed of 6, and at 3; a waltz; in threes.
        for (row_s, every, length, bpm, downbeats) in [
            (0.12, 4, 64, 125.0, 16),
            (0.06, 8, 64, 125.0, 8),
            (0.12, 4, 48, 125.0, 0),
            (0.16, 3, 48, 125.0, 0),
        ] {
            let beats = beats(&rows(row_s, every, length)).expect("beats");
            let found = 60.0 / (beats[1].time_s - beats[0].time_s);
            assert!((found - bpm).abs() < 1.0, "{found} rather than {bpm}");
            assert_eq!(beats.iter().filter(|beat| beat.in_bar == 1).count(), downbeats);
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        // Every pattern is left after 6 rows.
        let told = format!("{:#}", beats(&rows(0.12, 4, 6)).expect_err("refused"));
        assert!(told.contains("irregular"), "{told}");
    }

    #[test]
    fn modules_become_recordings_and_the_rest_is_skipped() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = |name: &str| folder.path().join(name);
        std::fs::create_dir(place("b")).expect("made");
        std::fs::write(place("a.mod"), module(4)).expect("written");
        std::fs::write(place("b/a.mod"), module(3)).expect("written");
        std::fs::write(place("short.mod"), module(2)).expect("written");
        std::fs::write(place("bad.xm"), b"Extended Module: not really").expect("written");
        let args = ModulesArgs { folder: folder.path().into(), out: place("out") };
        run(&args).expect("played");
        let mut made: Vec<_> = std::fs::read_dir(&args.out)
            .expect("made")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        made.sort();
        assert_eq!(made, ["a-mod.beats", "a-mod.wav", "b-a-mod.beats", "b-a-mod.wav"]);
        // Once through, a row of 0.12 s, a beat on every fourth, four to a bar.
        let text = std::fs::read_to_string(place("out/a-mod.beats")).expect("read");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!((lines.len(), lines[0]), (64, "0.000000\t1"));
        assert!(lines[63].starts_with("30.24") && lines[63].ends_with("\t4"), "{}", lines[63]);

        std::fs::remove_file(place("a.mod")).expect("removed");
        std::fs::remove_file(place("b/a.mod")).expect("removed");
        let told = format!("{:#}", run(&args).expect_err("refused"));
        assert!(told.contains("none of 2 modules"), "{told}");
    }
}

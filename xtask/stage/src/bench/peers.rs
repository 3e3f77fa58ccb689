//! Other beat trackers, if they are there: what they use for the same seconds of audio.
//!
//! A peer is a program. What it needs to start, as to load its model, is not counted: it hears the whole
//! song and the song's first second, and the difference is divided by the seconds between. None is
//! ever required; `xtask/peers` says how each is built.

use super::meter;
use crate::song::Song;
use anyhow::{Context, Result, bail};
use std::cell::Cell;
use std::env::{self, consts::EXE_SUFFIX};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Length of the short run that tells what starting costs.
const SHORT_S: f64 = 1.0;

/// A program, and how it takes its audio.
struct Program {
    path: PathBuf,
    /// Mono 32-bit floats on stdin, else a wav file by name.
    raw: bool,
    library: Option<PathBuf>,
}

/// A tracker to compare with.
pub(super) struct Peer {
    pub(super) name: &'static str,
    /// Its program, or why it cannot be run.
    program: Result<Program, String>,
    /// Holds the song as both programs read it, whole and short.
    sounds: TempDir,
    /// Processor seconds of the quickest turns: the whole song, and its first seconds.
    quickest: Cell<(f64, f64)>,
}

/// Every peer this project knows, there or not, ready to hear `song`.
pub(super) fn peers(workspace: &Path, song: &Song) -> Result<[Peer; 2]> {
    let peer = |name, program| {
        let sounds = tempfile::tempdir().context("no folder for temporary files")?;
        for (stem, seconds) in [("whole", song.duration_s()), ("short", SHORT_S)] {
            let mono = mono(song, seconds);
            fs::write(sounds.path().join(format!("{stem}.raw")), raw(&mono))?;
            fs::write(sounds.path().join(format!("{stem}.wav")), wav(&mono, song.rate_hz))?;
        }
        anyhow::Ok(Peer { name, program, sounds, quickest: Cell::new((f64::MAX, f64::MAX)) })
    };
    Ok([peer("beatnet-rs", beatnet(workspace))?, peer("aubio", aubio())?])
}

fn beatnet(workspace: &Path) -> Result<Program, String> {
    let folder = workspace.join("xtask/peers/beatnet/target/release");
    let path = on_path("beatnet", &[folder])
        .ok_or("not installed; xtask/peers/README.md says how it is built")?;
    let library = ["ORT_DYLIB_PATH", "TATUM_ONNXRUNTIME"].into_iter().find_map(env::var_os);
    let library = library.ok_or("ORT_DYLIB_PATH does not name an ONNX Runtime library")?;
    Ok(Program { path, raw: true, library: Some(library.into()) })
}

fn aubio() -> Result<Program, String> {
    let path = on_path("aubiotrack", &[]).ok_or("not installed; `apt-get install aubio-tools`")?;
    Ok(Program { path, raw: false, library: None })
}

/// A program in one of the folders, or where programs are.
fn on_path(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let usual = env::var_os("PATH").unwrap_or_default();
    let usual: Vec<PathBuf> = env::split_paths(&usual).collect();
    let candidates = folders.iter().chain(&usual);
    candidates.map(|folder| folder.join(format!("{name}{EXE_SUFFIX}"))).find(|path| path.is_file())
}

impl Peer {
    /// Processor seconds per second of audio, of the quickest turns so far (the whole song and its first
    /// seconds each have their own), or why there is no such number.
    pub(super) fn cost(&self, song: &Song) -> Result<f64, String> {
        let program = self.program.as_ref().map_err(Clone::clone)?;
        let used = |stem| self.used(program, stem).map_err(|error| format!("{error:#}"));
        let (whole, short) = self.quickest.get();
        let (whole, short) = (used("whole")?.min(whole), used("short")?.min(short));
        self.quickest.set((whole, short));
        Ok((whole - short) / (song.duration_s() - SHORT_S))
    }

    fn used(&self, program: &Program, stem: &str) -> Result<f64> {
        let file = |ending| self.sounds.path().join(format!("{stem}.{ending}"));
        let mut command = Command::new(&program.path);
        if program.raw {
            command.stdin(File::open(file("raw"))?);
        } else {
            command.arg("-i").arg(file("wav"));
        }
        if let Some(library) = &program.library {
            command.env("ORT_DYLIB_PATH", library);
        }
        let begun = meter::children_cpu().context("processor time cannot be measured here")?;
        let output = command.stderr(Stdio::piped()).output().context("cannot be started")?;
        let ended = meter::children_cpu().context("processor time cannot be measured here")?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            bail!("failed: {}", reason.lines().next().unwrap_or("it does not say why"));
        }
        Ok((ended - begun).as_secs_f64())
    }
}

/// The first seconds of a song, mixed down.
fn mono(song: &Song, seconds: f64) -> Vec<f32> {
    let frames = song.frames().min((seconds * f64::from(song.rate_hz)) as usize);
    let share = 1.0 / song.channels.len() as f32;
    (0..frames).map(|i| share * song.channels.iter().map(|c| c[i]).sum::<f32>()).collect()
}

fn raw(samples: &[f32]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// A mono wav file of 16-bit samples.
fn wav(samples: &[f32], rate_hz: u32) -> Vec<u8> {
    let length = 2 * samples.len() as u32;
    let mut bytes = Vec::with_capacity(44 + 2 * samples.len());
    bytes.extend(b"RIFF");
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    bytes.extend([1, 0, 1, 0]);
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((2 * rate_hz).to_le_bytes());
    // Two bytes a frame, sixteen bits a sample.
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    let sample = |s: &f32| ((s.clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes();
    bytes.extend(samples.iter().flat_map(sample));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_found() {
        assert!(on_path("no-such-program", &[]).is_none());
    }

    #[test]
    fn the_stage_reads_the_wav_it_writes() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.wav");
        fs::write(&path, wav(&[0.0, 0.5, -1.0], 44_100)).expect("written");
        let song = Song::open(&path, None).expect("a wav");
        assert_eq!((song.rate_hz, song.channels.len(), song.frames()), (44_100, 1, 3));
        assert!((song.channels[0][1] - 0.5).abs() < 1e-3);
        assert_eq!(mono(&song, 1.0).len(), 3);
    }
}

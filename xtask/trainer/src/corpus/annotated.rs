//! Real music with its beats beside it: `song.ogg` and `song.beats`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rayon::prelude::*;

use crate::clip::{BeatLabel, Clip};
use crate::features;

const AUDIO: [&str; 4] = ["wav", "flac", "ogg", "mp3"];

/// Every song under `folder` that has a `.beats` file, in order of name.
///
/// # Errors
/// When the folder cannot be listed, holds no such song, or one cannot be read.
pub fn annotated(folder: &Path) -> Result<Vec<Clip>> {
    let mut songs = Vec::new();
    find(folder, &mut songs)?;
    songs.sort();
    if songs.is_empty() {
        bail!("{} holds no audio with a .beats file beside it", folder.display());
    }
    songs.into_par_iter().map(|path| read(&path)).collect()
}

fn find(folder: &Path, songs: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, songs)?;
        } else if path.extension().is_some_and(|e| AUDIO.iter().any(|known| e == *known))
            && path.with_extension("beats").exists()
        {
            songs.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Clip> {
    let frames = features::of_file(path)?;
    let labels = path.with_extension("beats");
    let text = std::fs::read_to_string(&labels)
        .with_context(|| format!("reading {}", labels.display()))?;
    let mut beats: Vec<BeatLabel> = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let time_s = words.next().and_then(|word| word.parse::<f64>().ok());
        let in_bar = words.next().map_or(Some(0), |word| word.parse::<u8>().ok());
        let (Some(time_s), Some(in_bar)) = (time_s, in_bar) else {
            bail!("{} line {}: {line:?} is not `seconds beat`", labels.display(), number + 1);
        };
        beats.push(BeatLabel { time_s, in_bar });
    }
    Ok(Clip {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        source: "audio".to_owned(),
        frames,
        beats,
        onsets: Vec::new(),
    })
}

//! The sources: what music there is to render, and how a clip of each is scored.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::groove::{self, Grooves};
use super::pop909::{self, Song};
use crate::augment::tidy_response;
use crate::compose::drums::Performance;
use crate::compose::score::{Note, Part, Score, Voice, Wave};
use crate::compose::style::{Drums, Style};
use crate::compose::{self, Sheet};
use crate::dice::Dice;
use crate::render::Split;
use crate::render::audio::read_mono;

/// Longest clip, seconds.
pub(super) const CLIP_S: f64 = 42.0;

/// Where a clip comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Source {
    /// Groove MIDI Dataset alone.
    Groove,
    /// POP909 re-instrumented, with human drums under it.
    Pop909,
    /// The composer of this project.
    Composer,
}

impl Source {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Groove, Self::Pop909, Self::Composer];

    /// Name in clip names and reports.
    #[must_use]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Groove => "groove",
            Self::Pop909 => "pop909",
            Self::Composer => "composer",
        }
    }

    /// Share of the hours when every source is there.
    #[must_use]
    pub(super) fn share(self) -> f64 {
        match self {
            Self::Groove => 0.22,
            Self::Pop909 => 0.30,
            Self::Composer => 0.48,
        }
    }

    /// Licence and attribution, for the model card.
    #[must_use]
    pub(super) fn terms(self) -> (&'static str, &'static str) {
        match self {
            Self::Groove => {
                ("CC BY 4.0", "Groove MIDI Dataset, J. Gillick et al. 2019, Google Magenta")
            }
            Self::Pop909 => ("MIT", "POP909, Z. Wang et al., ISMIR 2020"),
            Self::Composer => ("MIT OR Apache-2.0", "composed by this project"),
        }
    }
}

/// Everything read from the data folder.
#[derive(Default)]
pub(super) struct Library {
    grooves: Grooves,
    songs: Vec<Song>,
    /// Impulse responses.
    pub(super) rooms: Vec<Arc<Vec<f32>>>,
    /// Folders of drum machine samples.
    pub(super) machines: Vec<PathBuf>,
    /// Files that could not be used, and why, by source.
    pub(super) skipped: Vec<(Source, String)>,
}

impl Library {
    /// Reads what is under `data`. A folder that is not there is a source that is not there.
    ///
    /// # Errors
    /// When a dataset is there and its index is not readable.
    pub(super) fn open(data: &Path) -> Result<Self> {
        let mut library = Self::default();
        let grooves = data.join("groove-midi");
        if grooves.is_dir() {
            let mut skipped = Vec::new();
            library.grooves = groove::read(&grooves, &mut skipped)?;
            library.skipped.extend(skipped.into_iter().map(|line| (Source::Groove, line)));
        }
        let songs = ["POP909/POP909", "POP909"].map(|name| data.join(name));
        if let Some(folder) = songs.iter().find(|folder| folder.join("001").is_dir()) {
            let found = folders(folder)?;
            let read: Vec<(String, Result<Song>)> = found
                .into_par_iter()
                .map(|id| {
                    let song = pop909::read(&folder.join(&id), &id);
                    (id, song)
                })
                .collect();
            for (id, song) in read {
                match song {
                    Ok(song) => library.songs.push(song),
                    Err(error) => {
                        library.skipped.push((Source::Pop909, format!("POP909 {id}: {error:#}")))
                    }
                }
            }
        }
        for name in
            ["drum-machines-pd", "uzu-drumkit-unlicense", "sonic-pi-samples-cc0/etc/samples"]
        {
            library.machines.extend(Some(data.join(name)).filter(|folder| folder.is_dir()));
        }
        let responses: Vec<PathBuf> = ["Rooms", "Plates", "Springs", "Outdoors"]
            .iter()
            .flat_map(|kind| flacs(&data.join("ir-library-mit").join(kind)))
            .collect();
        // A third of them is variety enough, and reading is slow.
        let tidy =
            responses.par_iter().step_by(3).filter_map(|path| tidy_response(read_mono(path).ok()?));
        library.rooms = tidy.map(Arc::new).collect();
        Ok(library)
    }

    /// The score of one clip.
    ///
    /// # Errors
    /// When the source has nothing for this side of the split.
    pub(super) fn score(&self, source: Source, split: Split, dice: &mut Dice) -> Result<Score> {
        let performances: Vec<&Performance> = match split {
            Split::Train => self.grooves.train.iter().collect(),
            Split::Validation => self.grooves.validation.iter().collect(),
        };
        let score = match source {
            Source::Groove => {
                let long: Vec<&Performance> =
                    performances.iter().filter(|p| p.beats >= 16).copied().collect();
                let performance =
                    (!long.is_empty()).then(|| *dice.pick(&long)).context("no performance")?;
                let bpm = performance.bpm * dice.normal(0.07).exp();
                let bars = CLIP_S * bpm / 60.0 / f64::from(performance.per_bar);
                compose::solo(dice, performance, bpm, bars.ceil() as usize)
            }
            Source::Pop909 => {
                let ours =
                    |song: &&Song| pop909::is_validation(&song.id) == (split == Split::Validation);
                let songs: Vec<&Song> = self.songs.iter().filter(ours).collect();
                // Two thirds are ballads below 80 a minute, far more than among songs at large.
                let weights: Vec<f64> =
                    songs.iter().map(|song| if song.bpm < 80.0 { 0.35 } else { 1.0 }).collect();
                let song = songs.get(dice.weighted(&weights)).context("no song")?;
                arrange(dice, song, &performances)
            }
            Source::Composer => {
                let style = Style::draw(dice);
                compose::compose(dice, style, CLIP_S, &performances)
            }
        };
        let spare = (score.seconds - CLIP_S).max(0.0);
        let from = if dice.chance(0.5) { dice.between(0.0, spare) } else { 0.0 };
        Ok(score.cut(from, CLIP_S.min(score.seconds - from)))
    }
}

/// Instruments that may sing a song's melody.
const SINGERS: [u8; 22] =
    [0, 4, 11, 22, 24, 26, 29, 40, 41, 52, 53, 54, 56, 60, 65, 66, 68, 71, 73, 80, 81, 85];
/// Instruments that may play its accompaniment.
const ACCOMPANISTS: [u8; 18] = [0, 0, 0, 1, 2, 3, 4, 5, 6, 11, 16, 24, 25, 26, 27, 46, 48, 62];

/// A stretch of `song`, in another arrangement.
fn arrange(dice: &mut Dice, song: &Song, performances: &[&Performance]) -> Score {
    let per_bar = usize::from(song.per_bar);
    let &(first, whole) = dice.pick(&song.stretches);
    let bpm = song.bpm * dice.normal(0.05).exp();
    let wanted = (CLIP_S * bpm / 60.0 / per_bar as f64).ceil() as usize + 1;
    let bars = wanted.min(whole);
    let from = (first + dice.whole(0, whole - bars + 1) * per_bar) as f64;
    let until = from + (bars * per_bar) as f64;
    let mut parts = Vec::new();
    for (index, track) in song.tracks.iter().enumerate() {
        let programs: &[u8] = if index == 0 { &SINGERS } else { &ACCOMPANISTS };
        let sung = index == 0 && dice.chance(0.3);
        let voice =
            if sung { Voice::Wave(Wave::Sung) } else { Voice::Program(*dice.pick(programs)) };
        let pan = dice.normal(0.3).clamp(-1.0, 1.0) as f32;
        let gain_db = dice.normal(3.0) as f32 - if index == 0 { 1.0 } else { 4.0 };
        let muted = dice.chance([0.12, 0.3, 0.2][index.min(2)]);
        let inside = track.iter().filter(|note| note.at >= from - 0.01 && note.at < until);
        let notes: Vec<_> =
            inside.map(|note| Note { at: (note.at - from).max(0.0), ..*note }).collect();
        let silent = notes.is_empty() || (muted && index > 0);
        if !silent {
            parts.push(Part { voice, notes, gain_db, pan, drive: 0.0 });
        }
    }
    let beats = from as usize..(until as usize).min(song.chart.len());
    let mut chart = song.chart[beats].to_vec();
    chart.extend(chart.last().cloned());
    let style = style_for(dice, song.per_bar, bpm);
    compose::arrange(dice, style, Sheet { bpm, bars, chart, parts }, performances)
}

/// A style of the same meter whose tempo suits.
fn style_for(dice: &mut Dice, per_bar: u8, bpm: f64) -> &'static Style {
    for _ in 0..64 {
        let style = Style::draw(dice);
        let (low, high) = style.tempo.range;
        // Drumless styles are welcome, but a song should mostly have a band.
        let often = style.drums != Drums::Silent || dice.chance(0.4);
        if style.per_bar == per_bar && style.steps == 4 && (low..=high).contains(&bpm) && often {
            return style;
        }
    }
    let meter = if per_bar == 3 { "waltz" } else { "pop" };
    Style::named(meter).unwrap_or_else(|| Style::draw(dice))
}

fn folders(path: &Path) -> Result<Vec<String>> {
    let entries =
        std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn flacs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.into_iter().partition(|path| path.is_dir());
    let audio = files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "flac" || e == "wav"));
    audio.chain(folders.iter().flat_map(|folder| flacs(folder))).collect()
}

//! The library: everything read from the data folder, and how a clip of each source is scored.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::groove::{self, Grooves};
use super::mma::{self, Book};
use super::song::{self, Song};
use super::sources::{CLIP_S, Source};
use super::written::{self, Written};
use super::{files, leadsheets, pop909};
use crate::augment::tidy_response;
use crate::compose;
use crate::compose::drums::Performance;
use crate::compose::score::Score;
use crate::compose::style::Style;
use crate::dice::Dice;
use crate::render::Split;
use crate::render::decode::read_mono;

/// Folder of lead sheets.
const LEAD_SHEETS: &str = "OpenEWLD";
/// Folders of scores, and how many levels their composer's folder is above a score.
const SCORES: [(&str, usize); 2] = [("openscore-lieder", 3), ("openscore-quartets", 2)];
/// Share of composed pieces that start before their first downbeat.
const PICKUPS: f64 = 0.1;
/// Files of scores.
const MUSIC_XML: [&str; 3] = ["mxl", "musicxml", "xml"];

/// Everything there is to play.
#[derive(Default)]
pub(super) struct Library {
    pub(super) grooves: Grooves,
    pub(super) songs: Vec<Song>,
    pub(super) leads: Vec<Song>,
    pub(super) scores: Vec<Written>,
    pub(super) books: Vec<Book>,
    /// Impulse responses.
    pub(super) rooms: Vec<Arc<Vec<f32>>>,
    /// Folders of drum machine samples.
    pub(super) machines: Vec<PathBuf>,
    /// Files that could not be used, and why, by source.
    pub(super) skipped: Vec<(Source, String)>,
    /// Impulse responses that could not be used, and why.
    pub(super) broken_rooms: Vec<String>,
}

impl Library {
    /// Reads what is under `data` and asks the installed programs. What is not there is a source
    /// that is not there.
    ///
    /// # Errors
    /// When a dataset is there and its index is not readable, or mma does not answer.
    pub(super) fn open(data: Option<&Path>) -> Result<Self> {
        let mut library = Self { books: mma::books()?, ..Self::default() };
        let Some(data) = data else { return Ok(library) };
        let grooves = data.join("groove-midi");
        if grooves.is_dir() {
            let mut skipped = Vec::new();
            library.grooves = groove::read(&grooves, &mut skipped)?;
            library.skipped.extend(skipped.into_iter().map(|line| (Source::Groove, line)));
        }
        let songs = ["POP909/POP909", "POP909"].map(|name| data.join(name));
        if let Some(folder) = songs.iter().find(|folder| folder.join("001").is_dir()) {
            library.songs = library.read(Source::Pop909, folders(folder)?, |path| {
                pop909::read(path, &files::folder_above(path, 0))
            });
        }
        let sheets = files::under(&data.join(LEAD_SHEETS), &MUSIC_XML);
        library.leads = library.read(Source::LeadSheets, sheets, leadsheets::read);
        for (folder, up) in SCORES {
            let scores = files::under(&data.join(folder), &MUSIC_XML);
            let scores = library.read(Source::Scores, scores, |path| written::read(path, up));
            library.scores.extend(scores);
        }
        for name in
            ["drum-machines-pd", "uzu-drumkit-unlicense", "sonic-pi-samples-cc0/etc/samples"]
        {
            library.machines.extend(Some(data.join(name)).filter(|folder| folder.is_dir()));
        }
        let responses: Vec<PathBuf> = ["Rooms", "Plates", "Springs", "Outdoors"]
            .iter()
            .flat_map(|kind| {
                files::under(&data.join("ir-library-mit").join(kind), &["flac", "wav"])
            })
            .collect();
        // A third of them is variety enough, and reading is slow.
        let rooms: Vec<Result<Vec<f32>>> =
            responses.par_iter().step_by(3).map(|path| room(path)).collect();
        for room in rooms {
            match room {
                Ok(room) => library.rooms.push(Arc::new(room)),
                Err(error) => library.broken_rooms.push(format!("{error:#}")),
            }
        }
        Ok(library)
    }

    /// What `reader` makes of every path; refusals are noted.
    fn read<T: Send>(
        &mut self,
        source: Source,
        paths: Vec<PathBuf>,
        reader: impl Fn(&Path) -> Result<T> + Sync,
    ) -> Vec<T> {
        let read: Vec<Result<T>> = paths
            .into_par_iter()
            .map(|path| reader(&path).with_context(|| path.display().to_string()))
            .collect();
        let taken = read.into_iter().filter_map(|thing| {
            thing.map_err(|error| self.skipped.push((source, format!("{error:#}")))).ok()
        });
        taken.collect()
    }

    /// How much there is of every source, to learn from and to be scored on.
    #[cfg(test)]
    pub(super) fn counts(&self) -> std::collections::BTreeMap<Source, [usize; 2]> {
        let of = |splits: Vec<Split>| {
            let held = splits.iter().filter(|split| **split == Split::Validation).count();
            [splits.len() - held, held]
        };
        let songs = |songs: &[Song]| of(songs.iter().map(Song::split).collect());
        [
            (Source::Groove, [self.grooves.train.len(), self.grooves.validation.len()]),
            (Source::Pop909, songs(&self.songs)),
            (Source::LeadSheets, songs(&self.leads)),
            (Source::Scores, of(self.scores.iter().map(Written::split).collect())),
            (Source::Mma, of(self.books.iter().map(Book::split).collect())),
            (Source::Composer, [0, 0]),
        ]
        .into()
    }

    /// The score of one clip.
    ///
    /// # Errors
    /// When the source has nothing for this side of the split.
    pub(super) fn score(&self, source: Source, split: Split, dice: &mut Dice) -> Result<Score> {
        let performances = self.performances(split);
        let score = match source {
            Source::Groove => solo(dice, &performances)?,
            Source::Pop909 => {
                let songs: Vec<&Song> = self.songs.iter().filter(|s| s.split() == split).collect();
                // Two thirds are ballads below 80 a minute, far more than among songs at large.
                let weights: Vec<f64> =
                    songs.iter().map(|song| if song.bpm < 80.0 { 0.35 } else { 1.0 }).collect();
                let song = songs.get(dice.weighted(&weights)).context("no song")?;
                song::arrange(dice, song, &performances)?
            }
            Source::LeadSheets => {
                let songs: Vec<&Song> = self.leads.iter().filter(|s| s.split() == split).collect();
                let song = (!songs.is_empty()).then(|| *dice.pick(&songs));
                song::arrange(dice, song.context("no lead sheet")?, &performances)?
            }
            Source::Scores => self.written(split, dice)?,
            Source::Mma => mma::perform(&self.books, split, dice)?,
            Source::Composer => return Ok(composed(dice, &performances)),
            Source::Audio | Source::Midi => anyhow::bail!("a user's music is not written here"),
        };
        Ok(stretch_of(&score, dice))
    }

    /// Human drumming for this side of the split.
    pub(super) fn performances(&self, split: Split) -> Vec<&Performance> {
        match split {
            Split::Train => self.grooves.train.iter().collect(),
            Split::Validation => self.grooves.validation.iter().collect(),
        }
    }

    /// A written score, as it stands.
    ///
    /// # Errors
    /// When there is none for this side of the split.
    pub(super) fn written(&self, split: Split, dice: &mut Dice) -> Result<Score> {
        let scores: Vec<&Written> = self.scores.iter().filter(|s| s.split() == split).collect();
        // Quartets are few and long, songs many and short: neither may take all.
        let weights: Vec<f64> = scores.iter().map(|score| (score.beats() as f64).sqrt()).collect();
        Ok(scores.get(dice.weighted(&weights)).context("no score")?.perform(dice))
    }
}

/// A clip of the composer's own, perhaps with a pickup.
fn composed(dice: &mut Dice, performances: &[&Performance]) -> Score {
    let style = Style::draw(dice);
    let mut apart = Dice::named(dice.clone().seed(), "pickup");
    let score = compose::compose(dice, style, CLIP_S, performances);
    let stretch = stretch_of(&score, dice);
    if !apart.chance(PICKUPS) {
        return stretch;
    }
    // From its start, or nobody would hear the pickup.
    let score = compose::with_pickup(&mut apart, style, score);
    score.cut(0.0, CLIP_S.min(score.seconds))
}

/// One of `performances` alone.
///
/// # Errors
/// When none is long enough.
pub(super) fn solo(dice: &mut Dice, performances: &[&Performance]) -> Result<Score> {
    let long: Vec<&Performance> = performances.iter().filter(|p| p.beats >= 16).copied().collect();
    let performance = (!long.is_empty()).then(|| *dice.pick(&long)).context("no performance")?;
    let bpm = performance.bpm * dice.normal(0.07).exp();
    let bars = CLIP_S * bpm / 60.0 / f64::from(performance.per_bar);
    Ok(compose::solo(dice, performance, bpm, bars.ceil() as usize))
}

/// A stretch of at most [`CLIP_S`] of `score`, as often as not from its start.
pub(super) fn stretch_of(score: &Score, dice: &mut Dice) -> Score {
    let spare = (score.seconds - CLIP_S).max(0.0);
    let from = if dice.chance(0.5) { dice.between(0.0, spare) } else { 0.0 };
    score.cut(from, CLIP_S.min(score.seconds - from))
}

/// An impulse response, ready for use.
fn room(path: &Path) -> Result<Vec<f32>> {
    let response = tidy_response(read_mono(path)?);
    response.with_context(|| format!("{}: holds no sound", path.display()))
}

fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::audio::{Stereo, write_wav};

    #[test]
    fn broken_rooms_are_named() {
        let data = tempfile::tempdir().expect("a temporary folder");
        let rooms = data.path().join("ir-library-mit/Rooms");
        std::fs::create_dir_all(&rooms).expect("made");
        // Every third is read.
        for name in ["a.wav", "b.wav", "c.wav", "e.wav", "f.wav", "g.wav"] {
            std::fs::write(rooms.join(name), b"RIFF").expect("written");
        }
        let click = Stereo { left: vec![1.0; 9], right: vec![1.0; 9] };
        write_wav(&rooms.join("g.wav"), &click).expect("written");
        write_wav(&rooms.join("d.wav"), &Stereo::silent(9)).expect("written");
        let library = Library::open(Some(data.path())).expect("opened");
        let told = &library.broken_rooms;
        assert_eq!((library.rooms.len(), told.len()), (1, 2));
        assert!(told[0].contains("a.wav") && told[1].contains("d.wav: holds no sound"), "{told:?}");
    }
}

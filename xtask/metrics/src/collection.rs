//! Labelled collections of music, in the layouts people have. School and stage read them here, so
//! that what one accepts the other does.
//!
//! - `genre/file.wav` (GTZAN): the folder is the genre, where no tags file says genres;
//! - `tags.tsv` (MTG-Jamendo): `TRACK_ID ARTIST_ID ALBUM_ID PATH DURATION TAGS...`, a tab between them;
//! - `tags.csv`: a line of headings, `file` and any of `genre`, `instruments` (`;` between them),
//!   `valence`, `arousal` (-1..1), `artist`, `fold`;
//! - `faults.txt`: files to leave out, a path a line, `#` starts a remark.
//!
//! Paths in them are relative to their folder; an ending may differ from the file's. What cannot be
//! used is refused line by line, and the rest is taken; only what makes all of it doubtful is an
//! error.

mod copies;
mod csv;
mod folders;
mod refusal;
mod shelf;
mod text;
mod tsv;
mod words;

pub use refusal::{Fault, Refusal, counts};
pub use shelf::AUDIO;
pub use words::Words;

use anyhow::{Result, bail};
use shelf::Shelf;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// An audio file and what is known of it. What is None is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The file.
    pub path: PathBuf,
    /// Its one genre.
    pub genre: Option<String>,
    /// All instruments that play, at least one.
    pub instruments: Option<Vec<String>>,
    /// Valence (unpleasant -1 to pleasant 1) and arousal (calm -1 to excited 1).
    pub mood: Option<[f32; 2]>,
    /// What may not be on both sides of a split: the artist, or the file's stem where nobody says.
    pub group: String,
    /// Whether that is an artist.
    pub artist: bool,
    /// The part of a published split it belongs to.
    pub fold: Option<u32>,
}

/// What the folders hold.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    /// Files with a label, in order of path.
    pub labelled: Vec<Labelled>,
    /// Files without one, in order of path.
    pub unlabelled: Vec<PathBuf>,
    /// Files that `faults.txt` leaves out.
    pub left_out: usize,
    /// What was refused, and why.
    pub refused: Vec<Refusal>,
}

/// What one row, or a folder, says of a file, in its own words.
#[derive(Debug, Clone, Default, PartialEq)]
struct Row {
    genres: Vec<String>,
    instruments: Vec<String>,
    mood: Option<[f32; 2]>,
    artist: Option<String>,
    fold: Option<u32>,
}

impl Collection {
    /// Looks through the folders and those in them. `words` are those of a model: genres and
    /// instruments become its words, whatever their case, blanks and hyphens, and others are refused.
    /// Without them every word is taken as it is. A piece with several genres has none.
    ///
    /// # Errors
    /// When a folder or a tags file cannot be read, a tags file has not the headings of its layout, or
    /// a valence or arousal is beyond -1..1, because then the others are in another range too.
    pub fn read(folders: &[PathBuf], words: Option<&Words>) -> Result<Self> {
        let mut collection = Self::default();
        let mut rows = BTreeMap::new();
        let mut bare = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for folder in folders {
            let mut shelf = Shelf::of(folder, &mut collection.refused)?;
            collection.left_out += shelf.leave_faults_out(&mut collection.refused)?;
            let mut found = shelf.rows(&mut collection.refused)?;
            for path in shelf.audio {
                // Two of the given folders may hold the same file.
                if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                    continue;
                }
                match found.remove(&path) {
                    Some(row) => drop(rows.insert(path, row)),
                    None => drop(bare.insert(path)),
                }
            }
        }
        copies::refuse(&mut rows, &mut bare, &mut collection.refused);
        collection.labelled = words::translate(rows, words, &mut bare, &mut collection.refused);
        collection.unlabelled = bare.into_iter().collect();
        let genres: BTreeSet<&str> =
            collection.labelled.iter().filter_map(|file| file.genre.as_deref()).collect();
        if let (1, Some(only)) = (genres.len(), genres.first()) {
            let line = format!(
                "{}: '{only}' is the only genre, so nothing can be confused with it; add others",
                names(folders)
            );
            collection.refused.push(Refusal { fault: Fault::OneGenre, line });
        }
        Ok(collection)
    }

    /// For those to whom audio alone is of no use.
    ///
    /// # Errors
    /// Names the folders when no file in them has a label, and the first reason.
    pub fn require_labels(&self, folders: &[PathBuf]) -> Result<()> {
        if self.labelled.is_empty() {
            let first = self.refused.first().map_or(String::new(), |first| format!(" ({first})"));
            bail!(
                "{}: none of {} audio files has a label{first}; put them into folders named for their \
                 genres, or a tags.csv with `file` and `genre` beside them",
                names(folders),
                self.unlabelled.len()
            );
        }
        Ok(())
    }
}

fn names(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;

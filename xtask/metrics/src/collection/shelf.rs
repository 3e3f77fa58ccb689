//! One folder of a collection: its audio, and finding a file there by what a list calls it.

use super::refusal::{Fault, Refusal};
use super::{Row, csv, folders, text, tsv};
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Endings of audio files that are read, in small letters.
pub const AUDIO: [&str; 4] = ["wav", "flac", "ogg", "mp3"];
/// Those of audio files that are not.
const OTHERS: [&str; 9] = ["au", "aif", "aiff", "m4a", "aac", "mp4", "opus", "wma", "wv"];
/// Files to leave out.
const FAULTS: &str = "faults.txt";

/// A folder and what is in it and below.
pub(super) struct Shelf {
    pub(super) folder: PathBuf,
    /// Audio files, each with the folder's path before its own.
    pub(super) audio: BTreeSet<PathBuf>,
}

impl Shelf {
    pub(super) fn of(folder: &Path, refused: &mut Vec<Refusal>) -> Result<Self> {
        if !folder.is_dir() {
            bail!("{}: is not a folder; name one with audio and its labels", folder.display());
        }
        // Without `.` in it, so that paths can be compared.
        let folder: PathBuf = plain(folder);
        let mut audio = BTreeSet::new();
        let mut others = BTreeMap::new();
        list(&folder, &mut audio, &mut others)?;
        for (ending, (count, first)) in others {
            let line = format!(
                "{}: {count} files like this end in .{ending}, which is not read; convert them to wav, \
                 flac, ogg or mp3",
                first.display()
            );
            refused.push(Refusal { fault: Fault::Format, line });
        }
        Ok(Self { folder, audio })
    }

    /// Removes the files that are listed as faulty; says how many there were.
    pub(super) fn leave_faults_out(&mut self, refused: &mut Vec<Refusal>) -> Result<usize> {
        let list = self.folder.join(FAULTS);
        let before = self.audio.len();
        for (number, line) in text::lines_of(&list)? {
            let name = line.split('#').next().unwrap_or_default().trim();
            match self.find(name) {
                Some(path) => drop(self.audio.remove(&path)),
                None if name.is_empty() => {}
                None => refused.push(missing(&list, number, name)),
            }
        }
        Ok(before - self.audio.len())
    }

    /// What tags files and folders say of the files.
    pub(super) fn rows(&self, refused: &mut Vec<Refusal>) -> Result<BTreeMap<PathBuf, Row>> {
        let mut rows = BTreeMap::new();
        let mut genres_are_told = false;
        for (name, read) in [("tags.tsv", tsv::read as Reader), ("tags.csv", csv::read)] {
            let list = self.folder.join(name);
            if !list.is_file() {
                continue;
            }
            let table = read(&list, refused)?;
            genres_are_told |= table.tells_genres;
            for (number, name, row) in table.rows {
                match self.find(&name) {
                    None => refused.push(missing(&list, number, &name)),
                    Some(path) if rows.contains_key(&path) => {
                        let list = list.display();
                        let line = format!(
                            "{list} line {number}: '{name}' was named before; remove one line"
                        );
                        refused.push(Refusal { fault: Fault::Duplicate, line });
                    }
                    Some(path) => drop(rows.insert(path, row)),
                }
            }
        }
        if !genres_are_told {
            folders::add(self, &mut rows, refused)?;
        }
        Ok(rows)
    }

    /// The file that a list calls `name`: by its path, or with another of the endings, or as the
    /// smaller version `NAME.low.mp3` that MTG-Jamendo offers.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let path = plain(&self.folder.join(name));
        if name.is_empty() || self.audio.contains(&path) {
            return Some(path).filter(|_| !name.is_empty());
        }
        let is_audio = |ending: &str| AUDIO.contains(&ending) || OTHERS.contains(&ending);
        let stem = if is_audio(&ending(&path)) { path.with_extension("") } else { path };
        let stem = stem.into_os_string().into_string().ok()?;
        let candidates = ["", ".low"].into_iter().flat_map(|version| {
            AUDIO.map(|ending| PathBuf::from(format!("{stem}{version}.{ending}")))
        });
        candidates.into_iter().find(|path| self.audio.contains(path))
    }
}

/// A tags file.
pub(super) struct Table {
    /// Whether it has a say about genres, so that folders have none.
    pub(super) tells_genres: bool,
    /// Number of the line, what it calls the file, and what it says of it.
    pub(super) rows: Vec<(usize, String, Row)>,
}

type Reader = fn(&Path, &mut Vec<Refusal>) -> Result<Table>;

fn missing(list: &Path, number: usize, name: &str) -> Refusal {
    let line = format!(
        "{} line {number}: '{name}' is not there, or no audio file; correct the path from {} on, or \
         remove the line",
        list.display(),
        list.parent().unwrap_or(list).display()
    );
    Refusal { fault: Fault::NoSuchFile, line }
}

type Others = BTreeMap<String, (usize, PathBuf)>;

fn list(folder: &Path, audio: &mut BTreeSet<PathBuf>, others: &mut Others) -> Result<()> {
    let cannot = || format!("{}: cannot be listed; check its permissions", folder.display());
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        let ending = ending(&path);
        if is_hidden(&path) {
            continue;
        } else if path.is_dir() {
            list(&path, audio, others)?;
        } else if AUDIO.contains(&ending.as_str()) {
            audio.insert(path);
        } else if OTHERS.contains(&ending.as_str()) {
            let seen = others.entry(ending).or_insert((0, path.clone()));
            *seen = (seen.0 + 1, path.min(seen.1.clone()));
        }
    }
    Ok(())
}

pub(super) fn is_hidden(path: &Path) -> bool {
    path.file_name().unwrap_or_default().to_string_lossy().starts_with('.')
}

fn ending(path: &Path) -> String {
    path.extension().unwrap_or_else(|| OsStr::new("")).to_string_lossy().to_lowercase()
}

fn plain(path: &Path) -> PathBuf {
    let kept = path.components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
    if kept.as_os_str().is_empty() { PathBuf::from(".") } else { kept }
}

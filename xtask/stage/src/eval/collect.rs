//! Which files there are to score: audio with a `.beats` file of the same stem beside it.

use anyhow::{Context, Result, bail};
use metrics::annotation::{self, Beats};
use metrics::settled;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Endings of audio files, in small letters; of files that share their stem, and so their beats, the first is
/// scored.
const AUDIO: [&str; 4] = ["wav", "flac", "ogg", "mp3"];

/// One annotated piece.
pub(super) struct Piece {
    pub(super) audio: PathBuf,
    /// The stem of its file.
    pub(super) name: String,
    /// The folder it is counted under.
    pub(super) folder: String,
    beats: PathBuf,
    onsets: Option<PathBuf>,
}

/// What the annotation of a piece says.
pub(super) struct Truth {
    pub(super) beats: Beats,
    pub(super) onsets: Option<Vec<f64>>,
}

/// What the folders hold.
#[derive(Default)]
pub(super) struct Collection {
    /// By folder, then by name.
    pub(super) pieces: Vec<Piece>,
    /// Audio without annotation.
    pub(super) unannotated: Vec<PathBuf>,
}

impl Collection {
    /// Looks through the folders and those in them.
    ///
    /// # Errors
    /// When a folder cannot be listed, or holds nothing to score.
    pub(super) fn of(folders: &[PathBuf]) -> Result<Self> {
        let mut found = BTreeSet::new();
        for folder in folders {
            if !folder.is_dir() {
                bail!(
                    "{}: is not a folder; name one with audio and .beats files",
                    folder.display()
                );
            }
            let top = folder.canonicalize().with_context(|| folder.display().to_string())?;
            let above = top.parent().unwrap_or(&top).to_path_buf();
            list(folder, &top, &above, &mut found)?;
        }
        let mut collection = Self::default();
        let mut seen = BTreeSet::new();
        for Found { folder, name, path, .. } in found {
            // Two of the given folders may hold the same file, and a folder the same song in two formats.
            let whole = path.canonicalize().with_context(|| path.display().to_string())?;
            if !seen.insert(whole.with_extension("")) {
                continue;
            }
            let beats = path.with_extension("beats");
            if !beats.is_file() {
                collection.unannotated.push(path);
                continue;
            }
            let onsets = Some(path.with_extension("onsets")).filter(|onsets| onsets.is_file());
            collection.pieces.push(Piece { audio: path, name, folder, beats, onsets });
        }
        if collection.pieces.is_empty() {
            let names: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
            bail!(
                "nothing to score in {} ({} audio files without .beats); put STEM.beats beside the audio",
                names.join(", "),
                collection.unannotated.len()
            );
        }
        Ok(collection)
    }
}

impl Piece {
    /// Reads the annotation. `end_s` is the length of the audio, where it is known.
    ///
    /// # Errors
    /// Names the line at fault, or says that there are too few beats.
    pub(super) fn truth(&self, end_s: Option<f64>) -> Result<Truth> {
        let beats = Beats::read(&self.beats, end_s)?;
        if settled(&beats.times).len() < 2 {
            bail!(
                "{}: {} beats after 5 s are too few to score; annotate more or remove the file",
                self.beats.display(),
                settled(&beats.times).len()
            );
        }
        let onsets = match &self.onsets {
            Some(path) => Some(annotation::onsets(path, end_s)?),
            None => None,
        };
        Ok(Truth { beats, onsets })
    }
}

/// An audio file, in the order of the report.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    folder: String,
    name: String,
    /// Place of its ending in [`AUDIO`].
    format: usize,
    path: PathBuf,
}

/// Adds the audio in `folder`, whose full path is `full`, called by its path from `above`.
fn list(folder: &Path, full: &Path, above: &Path, found: &mut BTreeSet<Found>) -> Result<()> {
    let label = full.strip_prefix(above).unwrap_or(full).display().to_string();
    let entries =
        fs::read_dir(folder).with_context(|| format!("{}: cannot be listed", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("{}: cannot be listed", folder.display()))?;
        let path = entry.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            list(&path, &full.join(entry.file_name()), above, found)?;
        } else if let Some(format) = format(&path).filter(|_| !name.starts_with('.')) {
            found.insert(Found { folder: label.clone(), name, format, path });
        }
    }
    Ok(())
}

/// Place of the ending of an audio file in [`AUDIO`].
fn format(path: &Path) -> Option<usize> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    AUDIO.iter().position(|known| *known == ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_found_in_order_and_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path().join("music");
        fs::create_dir_all(top.join("b")).expect("a folder");
        for file in
            ["z.wav", "z.beats", "b/y.OGG", "b/y.beats", "b/y.onsets", "b/lone.flac", "t.txt"]
        {
            fs::write(top.join(file), "6\t1\n6.5\t2\n").expect("written");
        }
        let found = Collection::of(&[top.clone(), top.join("b")]).expect("pieces");
        let pieces: Vec<(&str, &str, bool)> = found
            .pieces
            .iter()
            .map(|piece| (piece.folder.as_str(), piece.name.as_str(), piece.onsets.is_some()))
            .collect();
        assert_eq!(pieces, [("b", "y", true), ("music", "z", false)]);
        assert_eq!(found.unannotated, [top.join("b/lone.flac")]);
        assert!(found.pieces[0].truth(Some(7.0)).is_ok());
        assert!(found.pieces[0].truth(Some(6.2)).is_err());
    }

    #[test]
    fn a_song_in_two_formats_is_one() {
        let dir = tempfile::tempdir().expect("a folder");
        for file in ["x.mp3", "x.FLAC", "x.beats", "y.ogg", "y.mp3"] {
            fs::write(dir.path().join(file), "6\t1\n6.5\t2\n").expect("written");
        }
        let found = Collection::of(&[dir.path().to_path_buf()]).expect("a piece");
        let audio: Vec<&Path> = found.pieces.iter().map(|piece| piece.audio.as_path()).collect();
        assert_eq!(audio, [dir.path().join("x.FLAC")]);
        assert_eq!(found.unannotated, [dir.path().join("y.ogg")]);
    }

    #[test]
    fn nothing_to_score_is_an_error() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("lone.wav"), "").expect("written");
        let error = Collection::of(&[dir.path().to_path_buf()]).err().expect("refused").to_string();
        assert!(error.contains("nothing to score") && error.contains("1 audio"), "{error}");
        assert!(Collection::of(&[dir.path().join("none")]).is_err());
    }

    #[test]
    fn an_annotation_without_settled_beats_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("x.wav"), "").expect("written");
        fs::write(dir.path().join("x.beats"), "1\t1\n2\t2\n6\t3\n").expect("written");
        let found = Collection::of(&[dir.path().to_path_buf()]).expect("a piece");
        let error = found.pieces[0].truth(None).err().expect("refused").to_string();
        assert!(error.contains("x.beats") && error.contains("1 beats after 5 s"), "{error}");
    }
}

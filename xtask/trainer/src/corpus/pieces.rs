//! Pieces: a user's own music, cut to the length of clips. Each file is on one side of the split.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};

use super::files;
use super::sources::CLIP_S;
use crate::clip::BeatLabel;
use crate::hash::hex;
use crate::render::Split;

/// Fewest beats of a piece worth learning from.
pub(super) const FEWEST: usize = 8;

/// A part of a file, about as long as any clip.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    /// The file.
    pub(super) path: Arc<PathBuf>,
    /// Which side of the split the whole file is on.
    pub(super) split: Split,
    /// Unique and the same wherever the folder lies.
    pub(super) name: String,
    /// Where it begins and ends in the music, seconds.
    pub(super) span: (f64, f64),
    /// Its beats, from its own start.
    pub(super) beats: Vec<BeatLabel>,
}

/// What the folders of a user hold.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every usable file in pieces.
    pub(super) pieces: Vec<Piece>,
    /// Files that could not be used, and why.
    pub(super) refused: Vec<String>,
    /// What there is, in words; nothing where there is nothing.
    pub(super) contents: String,
}

/// Gathers what `cut` makes of every file in each of `folders`, given the folder and how its pieces
/// are called: by `kind`, as `audio`. `nothing` says what is missing in a folder without such files.
///
/// # Errors
/// When a folder does not exist, or none of the files can be used.
pub(super) fn gather(
    folders: &[PathBuf],
    kind: &str,
    nothing: &str,
    cut: impl Fn(&Path, &str) -> Vec<Result<Vec<Piece>>>,
) -> Result<Found> {
    let mut found = Found::default();
    let mut hash = Sha256::new();
    for (index, folder) in folders.iter().enumerate() {
        if !folder.is_dir() {
            bail!(
                "{kind} folder {} does not exist; name one that does, or leave the option out",
                folder.display()
            );
        }
        // Two folders may hold files of one name.
        let prefix = if index == 0 { kind.to_owned() } else { format!("{kind}{}", index + 1) };
        for file in cut(folder, &prefix) {
            match file {
                Ok(pieces) => {
                    for piece in &pieces {
                        let Piece { name, split, span, beats, .. } = piece;
                        hash.update(format!("{name} {split:?} {span:?} {beats:?}"));
                    }
                    found.pieces.extend(pieces);
                }
                Err(error) => found.refused.push(format!("{error:#}")),
            }
        }
    }
    if folders.is_empty() {
        return Ok(found);
    }
    if found.pieces.is_empty() {
        let first = found.refused.first().map_or(nothing, String::as_str);
        bail!("the {kind} folders hold nothing to learn from: {first}");
    }
    found.contents = format!("{kind} {} {}", found.pieces.len(), hex(&hash.finalize()[..6]));
    Ok(found)
}

/// Cuts one file.
pub(super) struct Cutter {
    path: Arc<PathBuf>,
    split: Split,
    name: String,
}

impl Cutter {
    /// For the file at `path` in `folder`, whose pieces have names that begin with `prefix`. Where
    /// it is cheap to read, other `bytes` give other names, so that nobody takes old clips for new.
    pub(super) fn new(folder: &Path, path: &Path, prefix: &str, bytes: &[u8]) -> Self {
        // The stem alone: a song stays on its side when it is stored in another format.
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let split = if files::held_out(&stem) { Split::Validation } else { Split::Train };
        let place = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
        let id = hex(&Sha256::digest([place.as_bytes(), bytes].concat())[..5]);
        Self { path: Arc::new(path.to_owned()), split, name: format!("{prefix}-{id}") }
    }

    /// The music from `span.0` to `span.1`, seconds, in equal pieces of at most [`CLIP_S`], counted
    /// from `first`, which moves on. Pieces of fewer than [`FEWEST`] of its `beats` are left out.
    pub(super) fn cut(
        &self,
        first: &mut usize,
        span: (f64, f64),
        beats: &[BeatLabel],
    ) -> Vec<Piece> {
        let (from, until) = span;
        let count = ((until - from) / CLIP_S).ceil().max(1.0);
        let number = *first;
        *first += count as usize;
        let piece = |index: usize| {
            let at = |index: usize| from + (until - from) * index as f64 / count;
            let span = (at(index), at(index + 1));
            let inside = beats.iter().filter(|beat| (span.0..span.1).contains(&beat.time_s));
            let beats = inside.map(|beat| BeatLabel { time_s: beat.time_s - span.0, ..*beat });
            Piece {
                path: Arc::clone(&self.path),
                split: self.split,
                name: format!("{}-{:03}", self.name, number + index),
                span,
                beats: beats.collect(),
            }
        };
        (0..count as usize).map(piece).filter(|piece| piece.beats.len() >= FEWEST).collect()
    }
}

//! One file: what it is, as far as anybody says, and what was heard.

use super::steady::Steadiness;
use crate::hearing::{Hearing, Tags};
use metrics::collection::{Labelled, Words};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A heard file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) path: PathBuf,
    /// None for plain audio.
    pub(super) label: Option<Labelled>,
    /// Over the whole piece.
    pub(super) tags: Tags,
    pub(super) steady: Steadiness,
}

impl Piece {
    /// What was heard; nothing is known of it yet.
    pub(super) fn heard(path: &Path, hearing: Hearing) -> Self {
        let steady = Steadiness::of(&hearing.tag_moments);
        Self { path: path.to_path_buf(), label: None, tags: hearing.tags, steady }
    }

    /// Whether there was music, so that there are tags.
    pub(super) fn has_music(&self) -> bool {
        !self.tags.genre.is_empty() && self.steady.music_s > 0.0
    }

    pub(super) fn genre(&self) -> Option<&str> {
        self.label.as_ref()?.genre.as_deref()
    }

    pub(super) fn instruments(&self) -> Option<&[String]> {
        self.label.as_ref()?.instruments.as_deref()
    }

    pub(super) fn mood(&self) -> Option<[f64; 2]> {
        Some(self.label.as_ref()?.mood?.map(f64::from))
    }

    /// The most probable genre, named or not, with its probability.
    pub(super) fn likeliest(&self) -> Option<(&str, f64)> {
        let best = self.tags.genre.iter().max_by(|a, b| a.1.total_cmp(b.1))?;
        Some((best.0, *best.1))
    }

    /// The named genre with its probability; None while unsure.
    pub(super) fn named(&self) -> Option<(&str, f64)> {
        let name = self.tags.top.as_deref()?;
        Some((name, self.tags.genre.get(name).copied().unwrap_or(0.0)))
    }
}

/// The words that were heard: those of the plugin's model.
pub(super) fn words(pieces: &[Piece]) -> Words {
    let all = |of: fn(&Tags) -> &BTreeMap<String, f64>| {
        let words: BTreeSet<&String> = pieces.iter().flat_map(|p| of(&p.tags).keys()).collect();
        words.into_iter().cloned().collect()
    };
    Words { genres: all(|tags| &tags.genre), instruments: all(|tags| &tags.instrument) }
}

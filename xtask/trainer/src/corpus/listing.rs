//! What a folder of clips says of itself, so that it can be learned from where nothing can be rendered: on
//! another machine, without datasets, SoundFonts or mma.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use listener::{FeatureSpec, Vocabulary};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Sound, SourceReport};
use crate::write::write_whole;

const FILE: &str = "corpus.json";

/// The clips of a folder, by side of the split, and where they came from.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Listing {
    pub(super) spec: FeatureSpec,
    /// Names of clips, in the order in which they are learned from.
    pub(super) train: Vec<String>,
    pub(super) validation: Vec<String>,
    pub(super) sources: Vec<SourceReport>,
    pub(super) sounds: Vec<Sound>,
    /// The words of a tag corpus.
    pub(super) vocabulary: Option<Vocabulary>,
}

impl Listing {
    /// Writes it into `folder`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(super) fn store(&self, folder: &Path) -> Result<()> {
        eprintln!("the clips are in {}", folder.display());
        write_whole(&folder.join(FILE), &serde_json::to_vec_pretty(self)?)
    }

    /// Reads that of `folder`.
    ///
    /// # Errors
    /// When there is none, or it is of other features; the message names it.
    pub(super) fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let bytes = std::fs::read(&path).with_context(|| {
            format!(
                "cannot read {}; name the folder in which training, or `cargo xtask corpus`, said that its clips are",
                path.display()
            )
        })?;
        let listing: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is damaged", path.display()))?;
        ensure!(
            listing.spec == FeatureSpec::CURRENT,
            "{} is of other features, {:?}; render it again",
            folder.display(),
            listing.spec
        );
        Ok(listing)
    }
}

/// Reads the clips called `names`, each by `read`.
///
/// # Errors
/// When one is missing or damaged; the message names it.
pub(super) fn clips<T: Send>(
    names: &[String],
    read: impl Fn(&str) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    names.par_iter().map(|name| read(name)).collect()
}

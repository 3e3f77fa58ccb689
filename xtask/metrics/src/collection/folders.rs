//! The layout of GTZAN (Tzanetakis, Cook 2002): a folder for each genre.

use super::Row;
use super::refusal::{Fault, Refusal};
use super::shelf::{Shelf, is_hidden};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// Lets the folder directly below the shelf's be the genre of each file.
pub(super) fn add(
    shelf: &Shelf,
    rows: &mut BTreeMap<PathBuf, Row>,
    refused: &mut Vec<Refusal>,
) -> Result<()> {
    let mut filled = BTreeSet::new();
    for path in &shelf.audio {
        let inside = path.strip_prefix(&shelf.folder).unwrap_or(path);
        let mut parts = inside.components();
        let (Some(first), Some(_)) = (parts.next(), parts.next()) else { continue };
        let genre = first.as_os_str().to_string_lossy().into_owned();
        rows.entry(path.clone()).or_default().genres.push(genre);
        filled.insert(shelf.folder.join(first));
    }
    let cannot = || format!("{}: cannot be listed; check its permissions", shelf.folder.display());
    let mut empty = Vec::new();
    for entry in fs::read_dir(&shelf.folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path.is_dir() && !is_hidden(&path) && !filled.contains(&path) {
            empty.push(path);
        }
    }
    empty.sort();
    for path in empty {
        let line = format!(
            "{}: the folder holds no audio to use; put files of that genre in, or remove it",
            path.display()
        );
        refused.push(Refusal { fault: Fault::EmptyFolder, line });
    }
    Ok(())
}

//! Files with the bytes of another: heard twice they would count twice, or be learned and then asked.

use super::Row;
use super::refusal::{Fault, Refusal};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes looked at in each place of a file before it is compared whole.
const STRETCH: u64 = 4_096;

/// Removes all but the first of the same bytes, those with labels before those without.
pub(super) fn refuse(
    rows: &mut BTreeMap<PathBuf, Row>,
    bare: &mut BTreeSet<PathBuf>,
    refused: &mut Vec<Refusal>,
) {
    let paths: Vec<PathBuf> = rows.keys().chain(bare.iter()).cloned().collect();
    for (copy, first) in find(&paths) {
        let differ = rows.contains_key(copy) && rows.get(copy) != rows.get(first);
        rows.remove(copy);
        bare.remove(copy);
        let line = format!(
            "{}: has the same bytes as {}{}; remove one",
            copy.display(),
            first.display(),
            if differ { ", but other labels" } else { "" }
        );
        refused.push(Refusal { fault: Fault::Duplicate, line });
    }
}

/// Each copy with the first file of its bytes. A file that cannot be read is no copy.
fn find(paths: &[PathBuf]) -> Vec<(&Path, &Path)> {
    let mut sizes: HashMap<u64, Vec<&Path>> = HashMap::new();
    let mut copies = Vec::new();
    for path in paths {
        let size = fs::metadata(path).map_or(0, |about| about.len());
        if size > 0 {
            sizes.entry(size).or_default().push(path);
        }
    }
    for (size, paths) in sizes.into_iter().filter(|(_, paths)| paths.len() > 1) {
        let mut firsts: HashMap<u64, Vec<&Path>> = HashMap::new();
        for path in paths {
            let Ok(print) = print(path, size) else { continue };
            let alike = firsts.entry(print).or_default();
            match alike.iter().find(|first| same(first, path).unwrap_or(false)) {
                Some(first) => copies.push((path, *first)),
                None => alike.push(path),
            }
        }
    }
    copies.sort();
    copies
}

/// A hash of the start, the middle and the end. Nearly always enough to tell files of one size apart
/// without reading them.
fn print(path: &Path, size: u64) -> Result<u64> {
    let mut file = File::open(path)?;
    let mut hasher = DefaultHasher::new();
    for start in [0, size / 2, size.saturating_sub(STRETCH)] {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.by_ref().take(STRETCH).read_to_end(&mut bytes)?;
        hasher.write(&bytes);
    }
    Ok(hasher.finish())
}

fn same(a: &Path, b: &Path) -> Result<bool> {
    Ok(fs::read(a)? == fs::read(b)?)
}

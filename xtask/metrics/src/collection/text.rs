//! The lines of a list.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// The lines that are not blank with their numbers, from 1 as editors count; none when there is no
/// such file. A mark of the byte order, which spreadsheets write, is no part of the first.
pub(super) fn lines_of(path: &Path) -> Result<Vec<(usize, String)>> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path)
        .with_context(|| format!("{}: cannot be read as text; save it as UTF-8", path.display()))?;
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let written = lines.filter(|(_, line)| !line.trim().is_empty());
    Ok(written.map(|(index, line)| (index + 1, line.to_owned())).collect())
}

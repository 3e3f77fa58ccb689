//! The plain tags file, as spreadsheets write it (RFC 4180, without line breaks inside cells).

use super::Row;
use super::refusal::{Fault, Refusal};
use super::shelf::Table;
use super::text;
use anyhow::{Result, bail};
use std::collections::BTreeMap;
use std::path::Path;

const FILE: &str = "file";
const LABELS: [&str; 6] = ["genre", "instruments", "valence", "arousal", "artist", "fold"];

/// Why a row cannot be used.
enum Wrong {
    /// The row alone is damaged.
    Row(String),
    /// All rows must be doubted.
    Range(String),
}

/// Reads the file; damaged rows are refused.
pub(super) fn read(path: &Path, refused: &mut Vec<Refusal>) -> Result<Table> {
    let shown = path.display();
    let lines = text::lines_of(path)?;
    let Some((_, heading)) = lines.first() else {
        bail!("{shown}: is empty; remove it or write its rows");
    };
    let headings: Vec<String> = cells(heading).unwrap_or_default();
    let headings: Vec<String> = headings.iter().map(|cell| cell.to_lowercase()).collect();
    if !headings.iter().any(|heading| heading == FILE) {
        bail!(
            "{shown}: its first line is '{heading}'; it must name the columns: file, and any of {}",
            LABELS.join(", ")
        );
    }
    let mut refuse = |number: usize, reason: &str| {
        let line = format!("{shown} line {number}: {reason}");
        refused.push(Refusal { fault: Fault::Row, line });
    };
    for (index, heading) in headings.iter().enumerate() {
        if heading != FILE && !LABELS.contains(&heading.as_str()) {
            let known = LABELS.join(", ");
            refuse(
                1,
                &format!("the column '{heading}' is not read; those that are: file, {known}"),
            );
        } else if headings[..index].contains(heading) {
            bail!("{shown}: has two columns '{heading}'; remove one");
        }
    }
    let mut rows = Vec::new();
    for (number, line) in &lines[1..] {
        match row(&headings, line) {
            Ok((name, row)) => rows.push((*number, name, row)),
            Err(Wrong::Row(reason)) => refuse(*number, &reason),
            Err(Wrong::Range(reason)) => bail!("{shown} line {number}: {reason}"),
        }
    }
    Ok(Table { tells_genres: headings.iter().any(|heading| heading == "genre"), rows })
}

fn row(headings: &[String], line: &str) -> Result<(String, Row), Wrong> {
    let wrong = |reason: String| Err(Wrong::Row(reason));
    let Some(cells) = cells(line) else {
        return wrong(format!(
            "'{line}' has a quote that does not close; write \"\" for one inside"
        ));
    };
    if cells.len() != headings.len() {
        let (count, wanted) = (cells.len(), headings.len());
        return wrong(format!("has {count} cells, not {wanted}; quote cells with a comma inside"));
    }
    let cells: BTreeMap<&str, &str> =
        headings.iter().map(String::as_str).zip(cells.iter().map(String::as_str)).collect();
    let cell = |name: &str| cells.get(name).copied().filter(|cell| !cell.is_empty());
    let Some(name) = cell(FILE) else {
        return wrong("has no file; write its path or remove the line".to_owned());
    };
    let mood = match (cell("valence"), cell("arousal")) {
        (Some(valence), Some(arousal)) => {
            Some([place("valence", valence)?, place("arousal", arousal)?])
        }
        (None, None) => None,
        (Some(alone), None) | (None, Some(alone)) => {
            return wrong(format!("has '{alone}' alone; write valence and arousal, or neither"));
        }
    };
    let fold = match cell("fold").map(str::parse) {
        None => None,
        Some(Ok(fold)) => Some(fold),
        Some(Err(_)) => {
            let fold = cell("fold").unwrap_or_default();
            return wrong(format!("'{fold}' is no fold; write a whole number from 0"));
        }
    };
    let split = cell("instruments").unwrap_or_default().split(';').map(str::trim);
    let instruments = split.filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect();
    let genres = cell("genre").map(ToOwned::to_owned).into_iter().collect();
    let artist = cell("artist").map(ToOwned::to_owned);
    Ok((name.to_owned(), Row { genres, instruments, mood, artist, fold }))
}

fn place(name: &str, text: &str) -> Result<f32, Wrong> {
    match text.parse::<f32>() {
        Ok(value) if (-1.0..=1.0).contains(&value) => Ok(value),
        Ok(value) if value.is_finite() => Err(Wrong::Range(format!(
            "{name} {value} is beyond -1 to 1; scale the whole column: (x - 5) / 4 for 1 to 9, \
             2 x - 1 for 0 to 1"
        ))),
        _ => Err(Wrong::Row(format!("'{text}' is no {name}; write a number from -1 to 1"))),
    }
}

/// The cells of a line without blanks around them; None when a quote does not close.
fn cells(line: &str) -> Option<Vec<String>> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let (Some(character), Some(cell)) = (characters.next(), cells.last_mut()) {
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => quoted = true,
            ',' if !quoted => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    (!quoted).then(|| cells.iter().map(|cell| cell.trim().to_owned()).collect())
}

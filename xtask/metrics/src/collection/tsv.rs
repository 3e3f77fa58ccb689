//! The tags file of MTG-Jamendo (Bogdanov et al. 2019). Its moods are words without a place on the
//! plane of valence and arousal, so they are not read.

use super::Row;
use super::refusal::{Fault, Refusal};
use super::shelf::Table;
use super::text;
use anyhow::{Result, bail};
use std::path::Path;

const HEADINGS: [&str; 6] = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"];

/// Reads the file; damaged rows are refused.
pub(super) fn read(path: &Path, refused: &mut Vec<Refusal>) -> Result<Table> {
    let lines = text::lines_of(path)?;
    let Some((_, heading)) = lines.first() else {
        bail!("{}: is empty; remove it or write its rows", path.display());
    };
    if !heading.split('\t').map(str::trim).eq(HEADINGS) {
        bail!(
            "{}: its first line is '{heading}'; it must be {}, with tabs between them",
            path.display(),
            HEADINGS.join(" ")
        );
    }
    let mut rows = Vec::new();
    for (number, line) in &lines[1..] {
        match row(line) {
            Ok((name, row)) => rows.push((*number, name, row)),
            Err(reason) => {
                let line = format!("{} line {number}: {reason}", path.display());
                refused.push(Refusal { fault: Fault::Row, line });
            }
        }
    }
    Ok(Table { tells_genres: true, rows })
}

fn row(line: &str) -> Result<(String, Row), String> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let [_, artist, _, name, _, tags @ ..] = cells.as_slice() else {
        let count = cells.len();
        return Err(format!("has {count} columns, not 6 or more; put a tab between each"));
    };
    if name.is_empty() {
        return Err("has '' for PATH; write the audio file's path or remove the line".to_owned());
    }
    let artist = Some((*artist).to_owned()).filter(|artist| !artist.is_empty());
    let mut row = Row { artist, ..Row::default() };
    for tag in tags.iter().filter(|tag| !tag.is_empty()) {
        match tag.split_once("---") {
            Some(("genre", word)) if !word.is_empty() => row.genres.push(word.to_owned()),
            Some(("instrument", word)) if !word.is_empty() => row.instruments.push(word.to_owned()),
            Some(("mood/theme", _)) => {}
            _ => {
                return Err(format!(
                    "'{tag}' is no tag; write genre---WORD, instrument---WORD or mood/theme---WORD"
                ));
            }
        }
    }
    Ok(((*name).to_owned(), row))
}

//! The words of a collection in the words of a model.

use super::refusal::{Fault, Refusal};
use super::{Labelled, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What a model knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Its genres.
    pub genres: Vec<String>,
    /// Its instruments.
    pub instruments: Vec<String>,
}

/// Words that were not known: how many files have them, and the first.
type Unknown = BTreeMap<(&'static str, String), (usize, PathBuf)>;

/// Labels every file in known `words`; files of which nothing is known then go to `bare`.
pub(super) fn translate(
    rows: BTreeMap<PathBuf, Row>,
    words: Option<&Words>,
    bare: &mut BTreeSet<PathBuf>,
    refused: &mut Vec<Refusal>,
) -> Vec<Labelled> {
    let mut labelled = Vec::new();
    let mut unknown = Unknown::new();
    let mut several: Option<(usize, String)> = None;
    for (path, row) in rows {
        let mut known = |kind, given: Vec<String>, list: Option<&Vec<String>>| {
            let mut found = BTreeSet::new();
            for word in given {
                match list.map(|list| list.iter().find(|known| squeezed(known) == squeezed(&word)))
                {
                    None => drop(found.insert(word.trim().to_lowercase())),
                    Some(Some(known)) => drop(found.insert(known.clone())),
                    Some(None) => {
                        let seen = unknown.entry((kind, word)).or_insert((0, path.clone()));
                        seen.0 += 1;
                    }
                }
            }
            found
        };
        let genres = known("genre", row.genres, words.map(|words| &words.genres));
        let instruments = known("instrument", row.instruments, words.map(|w| &w.instruments));
        if genres.len() > 1 {
            let all = genres.iter().cloned().collect::<Vec<_>>().join(", ");
            let first = || (0, format!("{} ({all})", path.display()));
            several.get_or_insert_with(first).0 += 1;
        }
        let genre = if genres.len() == 1 { genres.into_iter().next() } else { None };
        let instruments =
            (!instruments.is_empty()).then(|| instruments.into_iter().collect::<Vec<_>>());
        if genre.is_none() && instruments.is_none() && row.mood.is_none() {
            bare.insert(path);
            continue;
        }
        let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let artist = row.artist.is_some();
        let group = row.artist.unwrap_or_else(stem);
        let (mood, fold) = (row.mood, row.fold);
        labelled.push(Labelled { path, genre, instruments, mood, group, artist, fold });
    }
    for ((kind, word), (count, first)) in unknown {
        let list =
            words.map(|words| if kind == "genre" { &words.genres } else { &words.instruments });
        let line = format!(
            "{}: {kind} '{word}' ({}) is not known; rename it to one of: {}",
            first.display(),
            files(count),
            list.map_or(String::new(), |list| list.join(", "))
        );
        refused.push(Refusal { fault: Fault::UnknownWord, line });
    }
    if let Some((count, first)) = several {
        let line = format!(
            "{first}: has several genres ({}), so its genre is not used; keep the one it is",
            files(count)
        );
        refused.push(Refusal { fault: Fault::SeveralGenres, line });
    }
    labelled
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// `Hip-Hop`, `hip hop` and `hiphop` are one word.
fn squeezed(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

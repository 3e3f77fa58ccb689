//! What is played for a tag clip: a score of a wanted genre, from any source that has it.

use anyhow::{Context, Result, bail};

use super::genres;
use crate::compose;
use crate::compose::drums::Performance;
use crate::compose::score::Score;
use crate::compose::style::Style;
use crate::corpus::library::{Library, solo, stretch_of};
use crate::corpus::mma::{self, Book};
use crate::corpus::song::{self, Song};
use crate::corpus::sources::{CLIP_S, Source};
use crate::dice::Dice;
use crate::render::Split;

/// A score with what is known of it.
pub(super) struct Piece {
    pub(super) score: Score,
    pub(super) source: Source,
    /// What may not be on both sides of a split.
    pub(super) group: String,
    pub(super) genre: Option<String>,
}

/// A piece of `genre` for one side of the split.
///
/// # Errors
/// When no source has it.
pub(super) fn of_genre(
    library: &Library,
    genre: &str,
    split: Split,
    dice: &mut Dice,
) -> Result<Piece> {
    let styles = genres::styles(genre, split);
    let books: Vec<&Book> = library
        .books
        .iter()
        .filter(|book| book.split() == split && genres::of_book(book.name()) == Some(genre))
        .collect();
    let all = library.performances(split);
    let drumming: Vec<&Performance> =
        all.iter().filter(|p| genres::of_drumming(&p.style) == Some(genre)).copied().collect();
    let classical = genre == "classical";
    let songs = || library.leads.iter().chain(&library.songs).filter(|song| song.split() == split);
    let there = |yes: bool, weight: f64| if yes { weight } else { 0.0 };
    let weights = [
        there(!styles.is_empty(), 0.42),
        there(!books.is_empty(), 0.28),
        there(!drumming.is_empty(), 0.04),
        there(!styles.is_empty() && !classical && songs().next().is_some(), 0.26),
        there(classical && !library.scores.is_empty(), 0.6),
    ];
    if weights.iter().sum::<f64>() <= 0.0 {
        bail!("no source plays {genre}");
    }
    let (source, score, group) = match dice.weighted(&weights) {
        0 => {
            let style = *dice.pick(&styles);
            (Source::Composer, compose::compose(dice, style, CLIP_S, &all), style.name)
        }
        1 => (Source::Mma, mma::perform_one(&books, dice)?, "mma"),
        2 => (Source::Groove, solo(dice, &drumming)?, "drumming"),
        3 => {
            let (song, style) = song_in(songs().collect(), &styles, dice)?;
            let source = if song.tracks.len() == 1 { Source::LeadSheets } else { Source::Pop909 };
            (source, song::arrange(dice, song, Some(style), &all)?, style.name)
        }
        _ => (Source::Scores, library.written(split, dice)?, "score"),
    };
    let score = stretch_of(&score, dice);
    Ok(Piece { score, source, group: group.to_owned(), genre: Some(genre.to_owned()) })
}

/// Any piece for one side of the split, of no genre that is known: it teaches instruments and mood.
///
/// # Errors
/// When the source that is drawn has nothing.
pub(super) fn of_any(library: &Library, split: Split, dice: &mut Dice) -> Result<Piece> {
    let has = [
        (Source::Pop909, !library.songs.is_empty()),
        (Source::Scores, !library.scores.is_empty()),
        (Source::Mma, !library.books.is_empty()),
        (Source::Groove, !library.performances(split).is_empty()),
        (Source::Composer, true),
    ];
    let weights = has.map(|(source, there)| if there { source.share() } else { 0.0 });
    let source = has[dice.weighted(&weights)].0;
    // The styles that are kept for validation are in the composer's mixture.
    let score = match source {
        Source::Composer => {
            let style = loop {
                let style = Style::draw(dice);
                let kept = genres::of_style(style.name).is_some_and(|genre| {
                    genres::styles(genre, Split::Validation).iter().any(|s| s.name == style.name)
                });
                if kept == (split == Split::Validation) || split == Split::Validation {
                    break style;
                }
            };
            compose::compose(dice, style, CLIP_S, &library.performances(split))
        }
        Source::Scores => {
            let score = library.written(split, dice)?;
            let score = stretch_of(&score, dice);
            let genre = Some("classical".to_owned());
            return Ok(Piece { score, source, group: "score".to_owned(), genre });
        }
        // A song is arranged in any style; those kept for validation would be heard in training.
        Source::Pop909 => {
            let songs: Vec<&Song> =
                library.songs.iter().filter(|song| song.split() == split).collect();
            let styles: Vec<&Style> = genres::styles("pop", split);
            let (song, style) = song_in(songs, &styles, dice)?;
            song::arrange(dice, song, Some(style), &library.performances(split))?
        }
        _ => library.score(source, split, dice)?,
    };
    let score = stretch_of(&score, dice);
    Ok(Piece { score, source, group: source.name().to_owned(), genre: None })
}

/// A song and one of `styles` in its meter.
fn song_in<'a>(
    songs: Vec<&'a Song>,
    styles: &[&'static Style],
    dice: &mut Dice,
) -> Result<(&'a Song, &'static Style)> {
    for _ in 0..200 {
        let (Some(style), false) = (styles.get(dice.whole(0, styles.len())), songs.is_empty())
        else {
            break;
        };
        let song = *dice.pick(&songs);
        if song.suits(style) {
            return Ok((song, style));
        }
    }
    None.context("no song is in the meter of these styles")
}

//! What is played for a tag clip: a score of a wanted genre, from any source that has it.

use anyhow::{Context, Result, bail};

use super::{genres, orchestration};
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
    /// What it was written as.
    pub(super) genre: String,
    /// Whether it is played as that genre is, so that it can be known by its sound.
    pub(super) typical: bool,
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
    let mut piece = written(library, genre, split, dice)?;
    orchestration::vary(&mut piece.score, genre, dice);
    Ok(piece)
}

/// A piece of `genre` on the instruments it was written for.
///
/// # Errors
/// When no source has it.
fn written(library: &Library, genre: &str, split: Split, dice: &mut Dice) -> Result<Piece> {
    let has_styles = genres::is_played(genre);
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
        there(has_styles, 0.42),
        there(!books.is_empty(), 0.28),
        there(!drumming.is_empty(), 0.04),
        there(has_styles && !classical && songs().next().is_some(), 0.26),
        there(classical && !library.scores.is_empty(), 0.6),
    ];
    if weights.iter().sum::<f64>() <= 0.0 {
        bail!("no source plays {genre}");
    }
    let (source, score, group) = match dice.weighted(&weights) {
        0 => {
            let style = genres::draw(genre, split, dice).context("no style")?;
            (Source::Composer, compose::compose(dice, &style, CLIP_S, &all), style.name)
        }
        1 => (Source::Mma, mma::perform_one(&books, dice)?, "mma"),
        2 => (Source::Groove, solo(dice, &drumming)?, "drumming"),
        3 => {
            let songs: Vec<&Song> = songs().collect();
            let (song, style) = song_in(&songs, genre, split, dice)?;
            let source = if song.tracks.len() == 1 { Source::LeadSheets } else { Source::Pop909 };
            (source, song::arrange_in(dice, song, &style, &all), style.name)
        }
        _ => (Source::Scores, library.written(split, dice)?, "score"),
    };
    let score = stretch_of(&score, dice);
    Ok(Piece { score, source, group: group.to_owned(), genre: genre.to_owned(), typical: true })
}

/// Any piece for one side of the split, of no genre that is known: it teaches instruments and mood.
/// Every part may be played by another instrument, so that none is known by its company.
///
/// # Errors
/// When mma takes too long, or the only genre cannot be played.
pub(super) fn of_any(
    library: &Library,
    genres: &[&str],
    split: Split,
    dice: &mut Dice,
) -> Result<Piece> {
    let mut piece = loop {
        let genre: &str = dice.pick::<&str>(genres);
        match written(library, genre, split, dice) {
            Ok(piece) => break piece,
            // A busy machine must not decide what is played.
            Err(error) if genres.len() == 1 || mma::was_too_slow(&error) => return Err(error),
            // Some genres need data that is not there.
            Err(_) => (),
        }
    };
    orchestration::scatter(&mut piece.score, dice);
    Ok(Piece { typical: false, ..piece })
}

/// A song and a style of `genre` in its meter.
fn song_in<'a>(
    songs: &[&'a Song],
    genre: &str,
    split: Split,
    dice: &mut Dice,
) -> Result<(&'a Song, Style)> {
    for _ in 0..300 {
        let style = genres::draw(genre, split, dice).context("no style")?;
        let song = *dice.pick(songs);
        if song.suits(&style) {
            return Ok((song, style));
        }
    }
    None.context("no song is in the meter of these styles")
}

//! Which genre the styles of every source are of, and which of the composer's figures are kept for
//! validation.
//!
//! Names of genres are those of the vocabulary; a genre that a vocabulary does not have is not made.
//! Styles between two genres stay out.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::players;
use crate::compose::style::{Drums, Style};
use crate::dice::Dice;
use crate::hash::hex;
use crate::render::Split;

/// Styles of the composer. Its plain disco stays out: the club plays the same.
const COMPOSER: [(&str, &[&str]); 11] = [
    (
        "rock",
        &[
            "rock",
            "punk",
            "hard-rock",
            "shuffle-rock",
            "rock-68",
            "five-rock",
            "slow-rock",
            "grunge",
            "classic-rock",
            "rock-and-roll",
            "garage-rock",
            "arena",
            "indie",
            "folk-rock",
            "psychedelic",
        ],
    ),
    (
        "metal",
        &[
            "metal",
            "thrash",
            "blast",
            "doom",
            "metal-7",
            "dbeat",
            "industrial",
            "metalcore",
            "power-metal",
        ],
    ),
    (
        "pop",
        &[
            "pop",
            "pop-34",
            "pop-ballad",
            "power-pop",
            "doo-wop",
            "teen-pop",
            "soul-pop",
            "piano-pop",
            "acoustic-pop",
            "sixties-pop",
            "soft-pop",
            "latin-pop",
        ],
    ),
    (
        "electronic",
        &[
            "house",
            "techno",
            "drumnbass",
            "tracker",
            "tracker-breaks",
            "chiptune",
            "electro",
            "breakbeat",
            "trance",
            "minimal",
            "hardcore",
            "jungle",
            "synthwave",
            "arps",
            "tracker-trance",
            "synth",
            "halfstep",
            "acid",
            "garage",
            "tracker-slow",
            "eurodance",
            "downtempo",
            "demo-scene",
            "computer-pop",
        ],
    ),
    (
        "hiphop",
        &[
            "hiphop",
            "trap",
            "lofi",
            "south",
            "boom-bap",
            "west",
            "jazz-rap",
            "drill",
            "old-school",
            "soul-samples",
        ],
    ),
    (
        "disco",
        &[
            "disco-strings",
            "disco-piano",
            "disco-funk",
            "philly",
            "latin-disco",
            "disco-wah",
            "chorus-disco",
            "hustle",
        ],
    ),
    ("reggae", &["reggae", "roots", "dub", "rocksteady"]),
    (
        "country",
        &[
            "country",
            "train-beat",
            "country-ballad",
            "country-34",
            "honky-tonk",
            "two-step",
            "boom-chick",
            "western-swing",
            "bluegrass",
            "string-band",
            "outlaw",
            "countrypolitan",
            "country-shuffle",
        ],
    ),
    (
        "blues",
        &[
            "blues",
            "slow-blues",
            "boogie",
            "jump-blues",
            "blues-rock",
            "delta",
            "chicago",
            "barrelhouse",
            "texas-shuffle",
            "slow-twelve",
            "horn-blues",
            "soul-blues",
            "ragtime-blues",
        ],
    ),
    (
        "jazz",
        &[
            "swing",
            "bebop",
            "jazz-ballad",
            "big-band",
            "jazz-waltz",
            "gypsy",
            "five",
            "bossa",
            "combo",
            "cool",
            "hard-bop",
            "organ-trio",
            "dixieland",
            "fusion",
            "chamber-jazz",
        ],
    ),
    (
        "classical",
        &["orchestra", "orchestra-34", "strings-motor", "sonatina", "symphony", "baroque", "winds"],
    ),
];

/// The styles of each genre, for both sides of the split: no drum groove, bass line or chord figure that
/// validation plays is heard in training, in any genre.
static STYLES: LazyLock<Vec<Genre>> = LazyLock::new(|| {
    let cut = |salt: u32| -> Vec<Genre> {
        let of = |(genre, names): &(&'static str, &[&str])| {
            let styles: Vec<&Style> = names.iter().filter_map(|name| Style::named(name)).collect();
            let on = |side| on_one_side(&styles, (salt, side));
            (*genre, [Split::Train, Split::Validation].map(on))
        };
        COMPOSER.iter().map(of).collect()
    };
    // The first cut that leaves every genre something to play on both sides.
    let fits = |genres: &Vec<Genre>| {
        genres.iter().all(|(_, [train, held])| train.len() >= 3 && held.len() >= 3)
    };
    let mut genres: Vec<Genre> = (0..200).map(cut).find(fits).unwrap_or_default();
    players::join(&mut genres);
    genres
});

/// A genre, and its styles on both sides.
pub(super) type Genre = (&'static str, [Vec<Style>; 2]);

/// Which side of the split a figure is on: its own hash says it, whoever plays it.
fn side_of(figure: &str, salt: u32) -> Split {
    let held = Sha256::digest(format!("{salt} {figure}"))[0] % 4 == 0;
    if held { Split::Validation } else { Split::Train }
}

/// `styles` with only the figures of one side. A style that has none of a kind borrows those of the other
/// styles in its meter; one that finds none there either is left out.
fn on_one_side(styles: &[&Style], (salt, split): (u32, Split)) -> Vec<Style> {
    let kin = |style: &Style| {
        let meter = (style.per_bar, style.steps);
        styles.iter().filter(move |other| (other.per_bar, other.steps) == meter)
    };
    let lines = |of: fn(&Style) -> &'static [&'static str], style: &Style| {
        let ours = |list: &[&'static str]| -> Vec<&'static str> {
            list.iter().copied().filter(|figure| side_of(figure, salt) == split).collect()
        };
        let own = ours(of(style));
        if own.is_empty() { kin(style).flat_map(|other| ours(of(other))).collect() } else { own }
    };
    let grooves = |style: &Style| {
        let ours = |list: &'static [&'static [&'static str]]| -> Vec<&'static [&'static str]> {
            list.iter().copied().filter(|lines| side_of(&lines.join("/"), salt) == split).collect()
        };
        let own = ours(style.grooves);
        if own.is_empty() {
            kin(style).flat_map(|other| ours(other.grooves)).collect()
        } else {
            own
        }
    };
    let cut = |style: &&Style| {
        let silent = style.drums == Drums::Silent;
        let grooves = if silent { Vec::new() } else { grooves(style) };
        let (bass, chords) = (lines(|s| s.bass, style), lines(|s| s.chords, style));
        let whole = (silent || !grooves.is_empty()) && !bass.is_empty() && !chords.is_empty();
        // Small tables for the life of the program.
        whole.then(|| Style {
            grooves: grooves.leak(),
            bass: bass.leak(),
            chords: chords.leak(),
            ..**style
        })
    };
    styles.iter().filter_map(cut).collect()
}

/// A style of `genre` for one side of the split. Two in three are crossings: the tempo and form of one
/// style with the drums of a second, the figures of a third and the instruments of a fourth of the same
/// genre, so that what is learned is the genre rather than a handful of styles.
pub(super) fn draw(genre: &str, split: Split, dice: &mut Dice) -> Option<Style> {
    let (_, sides) = STYLES.iter().find(|(name, _)| *name == genre)?;
    let styles = &sides[usize::from(split == Split::Validation)];
    let first = *styles.get(dice.whole(0, styles.len()))?;
    if dice.chance(0.33) {
        return Some(first);
    }
    let meter = |style: &&Style| (style.per_bar, style.steps) == (first.per_bar, first.steps);
    let kin: Vec<&Style> = styles.iter().filter(meter).collect();
    let (drums, figures, band) = (*dice.pick(&kin), *dice.pick(&kin), *dice.pick(&kin));
    Some(Style {
        drums: drums.drums,
        grooves: drums.grooves,
        human: drums.human,
        bass: figures.bass,
        chords: figures.chords,
        chord_beats: figures.chord_beats,
        palette: band.palette,
        drive: band.drive,
        chip: band.chip,
        density: band.density,
        ..first
    })
}

/// Every genre that is played here.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    COMPOSER.iter().map(|(genre, _)| *genre)
}

/// Short, and another when any figure is on another side: clips of before would mix both.
pub(super) fn fingerprint() -> String {
    let mut hash = Sha256::new();
    for (genre, sides) in STYLES.iter() {
        for style in sides.iter().flatten() {
            let figures = (style.name, style.grooves, style.bass, style.chords);
            hash.update(format!("{genre} {figures:?};"));
        }
    }
    hex(&hash.finalize()[..6])
}

/// Whether anybody plays `genre` here.
pub(super) fn is_played(genre: &str) -> bool {
    COMPOSER.iter().any(|(name, ..)| *name == genre)
}

/// Words in the names of mma's style files, the first that fits counts; no genre stays out.
const BOOKS: [(&str, &str); 61] = [
    ("countryblues", ""),
    ("bluefolk", ""),
    ("jazzcountry", ""),
    ("jazzrock", ""),
    ("folkyjazz", ""),
    ("jazzrhumba", ""),
    ("folkrock", ""),
    ("softrock", ""),
    ("w-rock", ""),
    ("poppolka", ""),
    ("popwaltz", ""),
    ("popspiritual", ""),
    ("poprock", ""),
    ("electricpop", ""),
    ("dancepop", ""),
    ("8beatdance", ""),
    ("latinhouse", ""),
    ("worldpop", ""),
    ("68swing", ""),
    ("countryswing", "country"),
    ("westernswing", "country"),
    ("bluegrass", "country"),
    ("hillcountry", "country"),
    ("country", "country"),
    ("cntry", "country"),
    ("western", "country"),
    ("kwestballad", "country"),
    ("heavymetal", "metal"),
    ("metal", "metal"),
    ("mtl", "metal"),
    ("zoom/thr", "metal"),
    ("house", "electronic"),
    ("techno", "electronic"),
    ("trance", "electronic"),
    ("rave", "electronic"),
    ("ambient", "electronic"),
    ("dnb", "electronic"),
    ("trip", "electronic"),
    ("hip-hop", "hiphop"),
    ("hiphop", "hiphop"),
    ("disco", "disco"),
    ("boneym", "disco"),
    ("reggae", "reggae"),
    ("blues", "blues"),
    ("bogg", "blues"),
    ("boogie", "blues"),
    ("rock", "rock"),
    ("hrk", "rock"),
    ("punk", "rock"),
    ("jazz", "jazz"),
    ("bebop", "jazz"),
    ("bigband", "jazz"),
    ("evansish", "jazz"),
    ("swing", "jazz"),
    ("zoom/pop", "pop"),
    ("pop", "pop"),
    ("8beat", "pop"),
    ("16beat", "pop"),
    ("beat8", "pop"),
    ("beat16", "pop"),
    ("motown", "pop"),
];

/// Genre of mma's style file `name`, as `stdlib/8beat`.
pub(super) fn of_book(name: &str) -> Option<&'static str> {
    let found = BOOKS.iter().find(|(word, _)| name.contains(word)).map(|(_, genre)| *genre);
    found.filter(|genre| !genre.is_empty())
}

/// Genre of a style of recorded drumming.
pub(super) fn of_drumming(style: &str) -> Option<&'static str> {
    Some(match style {
        "rock" | "punk" => "rock",
        "pop" => "pop",
        "jazz" => "jazz",
        "hiphop" => "hiphop",
        "reggae" => "reggae",
        "country" => "country",
        "dance" => "disco",
        "blues" => "blues",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_style_exists_once() {
        let mut seen = BTreeSet::new();
        for (_, names) in COMPOSER {
            for name in names {
                assert!(Style::named(name).is_some(), "{name}");
                assert!(seen.insert(*name), "{name} is in two places");
            }
        }
    }

    #[test]
    fn the_sides_share_no_figure_and_both_have_every_genre() {
        let mut figures: [BTreeSet<String>; 2] = Default::default();
        for (genre, sides) in STYLES.iter() {
            for (side, styles) in sides.iter().enumerate() {
                assert!(styles.len() >= 3, "{genre}: {} styles on side {side}", styles.len());
                figures[side].extend(styles.iter().flat_map(players::figures));
            }
        }
        assert!(figures[0].is_disjoint(&figures[1]));
        assert!(figures[0].len() > figures[1].len() && figures[1].len() > 40);
    }

    #[test]
    fn books_are_known_by_their_names() {
        assert_eq!(of_book("stdlib/westernswing"), Some("country"));
        assert_eq!(of_book("stdlib/easyswing"), Some("jazz"));
        assert_eq!(of_book("casio/poprock1"), None);
        assert_eq!(of_book("stdlib/tango"), None);
    }
}

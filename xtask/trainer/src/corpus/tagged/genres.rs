//! Which genre the styles of every source are of, and which of the composer's are kept for validation.
//!
//! Names of genres are those of the vocabulary; a genre that a vocabulary does not have is not made.
//! Styles between two genres stay out.

use crate::compose::style::Style;
use crate::dice::Dice;
use crate::render::Split;

/// Styles of the composer: genre, what is learned from, what is only scored. Nothing of one line's
/// last list is heard in training, so a network has to know the genre, not the style.
const COMPOSER: [(&str, &[&str], &[&str]); 11] = [
    (
        "rock",
        &["rock", "punk", "hard-rock", "shuffle-rock", "rock-68", "five-rock", "slow-rock"],
        &["grunge", "classic-rock"],
    ),
    (
        "metal",
        &["metal", "thrash", "blast", "doom", "metal-7", "dbeat", "industrial"],
        &["metalcore", "power-metal"],
    ),
    ("pop", &["pop", "pop-34", "pop-ballad", "power-pop", "doo-wop"], &["teen-pop", "soul-pop"]),
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
        ],
        &["acid", "garage", "tracker-slow", "eurodance"],
    ),
    ("hiphop", &["hiphop", "trap", "lofi", "south"], &["boom-bap"]),
    ("disco", &["disco", "disco-strings", "disco-piano"], &["disco-funk"]),
    ("reggae", &["reggae", "roots", "dub"], &["rocksteady"]),
    ("country", &["country", "train-beat", "country-ballad", "country-34"], &["honky-tonk"]),
    (
        "blues",
        &["blues", "slow-blues", "jump-blues", "blues-rock", "delta"],
        &["chicago", "boogie"],
    ),
    (
        "jazz",
        &["swing", "bebop", "jazz-ballad", "gypsy", "five", "bossa", "combo"],
        &["jazz-waltz", "big-band"],
    ),
    (
        "classical",
        &["orchestra", "orchestra-34", "strings-motor", "sonatina", "symphony"],
        &["baroque", "winds"],
    ),
];

/// The composer's styles of `genre` for one side of the split.
pub(super) fn styles(genre: &str, split: Split) -> Vec<&'static Style> {
    let names =
        COMPOSER.iter().find(|(name, ..)| *name == genre).map(
            |(_, train, validation)| match split {
                Split::Train => *train,
                Split::Validation => *validation,
            },
        );
    names.unwrap_or_default().iter().filter_map(|name| Style::named(name)).collect()
}

/// A style of `genre` for one side of the split. For training two in three are crossings: the tempo and
/// form of one style with the drums of a second, the figures of a third and the instruments of a fourth
/// of the same genre, so that what is learned is the genre rather than a handful of styles.
pub(super) fn draw(genre: &str, split: Split, dice: &mut Dice) -> Option<Style> {
    let styles = styles(genre, split);
    let first = **styles.get(dice.whole(0, styles.len()))?;
    if split == Split::Validation || dice.chance(0.33) {
        return Some(first);
    }
    let meter = |style: &&&Style| (style.per_bar, style.steps) == (first.per_bar, first.steps);
    let kin: Vec<&Style> = styles.iter().filter(meter).copied().collect();
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
    fn every_style_exists_once_and_every_genre_is_on_both_sides() {
        let mut seen = BTreeSet::new();
        for (genre, train, validation) in COMPOSER {
            for name in train.iter().chain(validation) {
                assert!(Style::named(name).is_some(), "{name}");
                assert!(seen.insert(*name), "{name} is in two places");
            }
            assert!(styles(genre, Split::Train).len() >= 3, "{genre}");
            assert!(!styles(genre, Split::Validation).is_empty(), "{genre}");
        }
    }

    #[test]
    fn books_are_known_by_their_names() {
        assert_eq!(of_book("stdlib/westernswing"), Some("country"));
        assert_eq!(of_book("stdlib/easyswing"), Some("jazz"));
        assert_eq!(of_book("casio/poprock1"), None);
        assert_eq!(of_book("stdlib/tango"), None);
    }
}

//! `Words`: the words of the tag model in use, for whoever shows a genre. Written by whoever lets a
//! model be heard for the first time, read by the main thread; no audio thread touches them while it processes live.

use std::sync::{Arc, PoisonError, RwLock};

use listener::Vocabulary;

/// The words in use.
pub(crate) type Words = Arc<RwLock<Arc<Vocabulary>>>;

/// The vocabulary of the tag model that comes with the plugin: known before it is loaded.
const BUILT_IN: &str = include_str!("../models/vocabulary.json");

/// What is shown for genre 0.
const UNSURE: &str = "unsure";

/// The words of the built-in model.
pub(crate) fn built_in() -> Words {
    // A test holds the file against the model; if it were broken, numbers would be shown.
    Arc::new(RwLock::new(Arc::new(serde_json::from_str(BUILT_IN).unwrap_or_default())))
}

/// The words in use now.
pub(crate) fn now(words: &Words) -> Arc<Vocabulary> {
    Arc::clone(&words.read().unwrap_or_else(PoisonError::into_inner))
}

/// The word of genre `number`, 1 for the first; the number itself where there is none.
pub(crate) fn genre(vocabulary: &Vocabulary, number: i32) -> String {
    if number <= 0 {
        return UNSURE.into();
    }
    let word = vocabulary.genres.get(number as usize - 1);
    word.cloned().unwrap_or_else(|| number.to_string())
}

/// The number of the genre called `word`, or the number it is.
pub(crate) fn number(vocabulary: &Vocabulary, word: &str) -> Option<i32> {
    if word.eq_ignore_ascii_case(UNSURE) {
        return Some(0);
    }
    let place = vocabulary.genres.iter().position(|genre| genre.eq_ignore_ascii_case(word));
    place.map(|place| place as i32 + 1).or_else(|| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Network;
    use listener::{TagFile, TagNet};

    #[test]
    fn the_built_in_model_has_the_built_in_words() {
        let file = TagFile::read(TagNet::BUILT_IN).expect("it is a tag model");
        assert_eq!(*now(&built_in()), file.vocabulary);
    }

    #[test]
    fn every_number_comes_back_from_its_word() {
        let words = now(&built_in());
        for value in 0..=listener::MOST_TAGS as i32 {
            assert_eq!(number(&words, &genre(&words, value)), Some(value));
        }
        assert_eq!(genre(&words, 1), words.genres[0]);
        assert_eq!((genre(&words, 0).as_str(), number(&words, "no such genre")), ("unsure", None));
    }
}

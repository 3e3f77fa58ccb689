//! The words a tag model knows. They travel in its metadata, so that a model with other tags needs
//! no other plugin.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Most genres, and most instruments, of a model: a constant, so that tags cross threads without a
/// heap.
pub const MOST_TAGS: usize = 32;

/// Where a mood word lies on Russell's circumplex of affect (1980).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoodWord {
    /// The word.
    pub word: String,
    /// Unpleasant -1 to pleasant 1.
    pub valence: f32,
    /// Calm -1 to excited 1.
    pub arousal: f32,
}

/// The words of a tag model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// Genres, of which a piece has one.
    pub genres: Vec<String>,
    /// Families of instruments, of which any may play.
    pub instruments: Vec<String>,
    /// Words for the mood.
    pub moods: Vec<MoodWord>,
}

impl Vocabulary {
    /// Values a model with these words gives: every genre, every instrument, valence and arousal.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.genres.len() + self.instruments.len() + 2
    }

    /// How well each mood word describes a place on the circumplex, 0..1.
    ///
    /// A word is a direction `u`, a mood a point `m` of the plane: `1 / (1 + exp(-8 (m . u - 0.3)))`.
    /// So no word fits the middle, and opposite words never fit together. It says where the point
    /// lies, no more: the words were never learned.
    pub fn moods(&self, valence: f32, arousal: f32) -> impl Iterator<Item = (&str, f32)> {
        self.moods.iter().map(move |mood| {
            let length = mood.valence.hypot(mood.arousal).max(1e-6);
            let along = (valence * mood.valence + arousal * mood.arousal) / length;
            (mood.word.as_str(), 1.0 / (1.0 + (-8.0 * (along - 0.3)).exp()))
        })
    }

    /// Checks that the words can be used.
    ///
    /// # Errors
    /// What is wrong, with the word.
    pub fn check(&self) -> Result<(), String> {
        for (kind, words, least) in
            [("genres", &self.genres, 2), ("instruments", &self.instruments, 0)]
        {
            let count = words.len();
            if !(least..=MOST_TAGS).contains(&count) {
                return Err(format!("{count} {kind}; give {least} to {MOST_TAGS}"));
            }
            let mut seen = BTreeSet::new();
            for word in words {
                let folded = word.trim().to_lowercase();
                // Hosts show these where a genre has no name.
                if folded == "unsure" || folded.parse::<f64>().is_ok() {
                    return Err(format!(
                        "{kind} have '{word}', which would be read as something else"
                    ));
                }
                if folded.is_empty() || !seen.insert(folded) {
                    return Err(format!("{kind} have '{word}' empty or twice"));
                }
            }
        }
        let mut seen = BTreeSet::new();
        for MoodWord { word, valence, arousal } in &self.moods {
            let folded = word.trim().to_lowercase();
            if folded.is_empty() || !seen.insert(folded) {
                return Err(format!("moods have '{word}' empty or twice"));
            }
            let inside = |x: &f32| (-1.0..=1.0).contains(x);
            if !inside(valence) || !inside(arousal) {
                return Err(format!("mood '{word}' lies at {valence}, {arousal}; give -1 to 1"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_word_fits_its_own_place_and_not_the_opposite() {
        let mood = |word: &str, valence, arousal| MoodWord { word: word.into(), valence, arousal };
        let moods = vec![mood("happy", 0.8, 0.5), mood("sad", -0.8, -0.5)];
        let vocabulary = Vocabulary { moods, ..Vocabulary::default() };
        let at = |v, a| vocabulary.moods(v, a).map(|(_, p)| p).collect::<Vec<f32>>();
        assert!(at(0.8, 0.5)[0] > 0.95 && at(0.8, 0.5)[1] < 0.01);
        assert!(at(0.0, 0.0).iter().all(|&p| p < 0.1));
    }

    #[test]
    fn words_that_cannot_be_used_are_named() {
        let good = Vocabulary { genres: words("rock jazz"), ..Vocabulary::default() };
        assert_eq!(good.check(), Ok(()));
        let twice = Vocabulary { genres: words("rock rock"), ..Vocabulary::default() };
        assert!(twice.check().is_err_and(|reason| reason.contains("'rock'")));
        let cased = Vocabulary { genres: words("Rock rock"), ..Vocabulary::default() };
        assert!(cased.check().is_err_and(|reason| reason.contains("'rock'")));
        let unsure = Vocabulary { genres: words("rock Unsure"), ..Vocabulary::default() };
        assert!(unsure.check().is_err_and(|reason| reason.contains("'Unsure'")));
        let one = Vocabulary { genres: words("rock"), ..Vocabulary::default() };
        assert!(one.check().is_err_and(|reason| reason.contains("1 genres")));
    }
}

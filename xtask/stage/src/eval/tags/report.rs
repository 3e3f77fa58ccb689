//! A whole run as JSON and as tables for machines.

use super::piece::Piece;
use super::score::{Measure, Scores, Word};
use crate::eval::report::{round, rounded};
use metrics::collection::{Refusal, Words};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// How the run was made.
#[derive(Serialize)]
pub(super) struct Setting {
    pub(super) mode: &'static str,
    pub(super) block: u32,
    pub(super) backend: String,
    /// The tag model, where it is not the plugin's own.
    pub(super) model: Option<String>,
    /// Files that a list of faults leaves out.
    pub(super) left_out: usize,
}

/// A run.
pub(super) struct Report {
    pub(super) setting: Setting,
    pub(super) pieces: Vec<Piece>,
    pub(super) scores: Scores,
    /// What could not be used.
    pub(super) refused: Vec<Refusal>,
}

impl Report {
    pub(super) fn new(
        setting: Setting,
        pieces: Vec<Piece>,
        words: &Words,
        refused: Vec<Refusal>,
    ) -> Self {
        let scores = Scores::of(&pieces, words);
        Self { setting, pieces, scores, refused }
    }

    /// The document that `--json` prints and `eval-tags.json` holds. What is not known is null.
    pub(super) fn json(&self) -> Value {
        let scores = &self.scores;
        let measures: Map<String, Value> = scores.measures.iter().map(measure).collect();
        let words: Vec<Value> = scores.words.iter().map(word).collect();
        let count = |truth| {
            let guesses = 0..scores.genres.len();
            guesses.map(|guess| scores.confusion.count(truth, guess)).collect::<Vec<_>>()
        };
        let counts: Vec<Vec<usize>> = (0..scores.genres.len()).map(count).collect();
        json!({
            "setting": self.setting,
            "scores": measures,
            "words": words,
            "confusion": {"genres": scores.genres, "counts": counts},
            "reliability": scores.reliability,
            "files": self.pieces.iter().map(file).collect::<Vec<_>>(),
            "refused": self.refused.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }

    /// A line per file; what is not known is empty.
    pub(super) fn files_tsv(&self) -> String {
        let mut text = [
            "file",
            "genre",
            "named",
            "named_p",
            "likeliest",
            "likeliest_p",
            "instruments",
            "valence",
            "arousal",
            "heard_valence",
            "heard_arousal",
            "music_s",
            "stable_s",
            "changes_per_minute",
        ]
        .join("\t")
            + "\n";
        for piece in &self.pieces {
            let named = piece.named();
            let likeliest = piece.likeliest();
            let mood = piece.mood();
            let heard = piece.has_music().then_some([piece.tags.valence, piece.tags.arousal]);
            let cells = [
                piece.path.display().to_string(),
                piece.genre().unwrap_or_default().to_owned(),
                named.map_or(String::new(), |named| named.0.to_owned()),
                digits(named.map(|named| named.1)),
                likeliest.map_or(String::new(), |likeliest| likeliest.0.to_owned()),
                digits(likeliest.map(|likeliest| likeliest.1)),
                piece.instruments().unwrap_or_default().join(";"),
                digits(mood.map(|mood| mood[0])),
                digits(mood.map(|mood| mood[1])),
                digits(heard.map(|heard| heard[0])),
                digits(heard.map(|heard| heard[1])),
                digits(Some(piece.steady.music_s)),
                digits(piece.steady.stable_s),
                digits(piece.steady.changes_per_minute),
            ];
            text += &(cells.map(|cell| cell.replace(['\t', '\n'], " ")).join("\t") + "\n");
        }
        text
    }

    /// A line per measure.
    pub(super) fn scores_tsv(&self) -> String {
        let mut text = "measure\tfiles\tvalue\tlow\thigh\n".to_owned();
        for Measure { key, files, value, .. } in &self.scores.measures {
            text += &format!(
                "{key}\t{files}\t{:.4}\t{:.4}\t{:.4}\n",
                value.mean, value.low, value.high
            );
        }
        text
    }
}

fn measure(measure: &Measure) -> (String, Value) {
    let value = rounded(measure.value);
    let value =
        json!({"files": measure.files, "value": value.mean, "low": value.low, "high": value.high});
    (measure.key.to_owned(), value)
}

fn word(word: &Word) -> Value {
    json!({"kind": word.about, "word": word.word, "files": word.files,
           "roc_auc": word.roc_auc.map(round),
           "average_precision": word.average_precision.map(round)})
}

fn file(piece: &Piece) -> Value {
    let truth = json!({"genre": piece.genre(), "instruments": piece.instruments(),
                       "mood": piece.mood().map(|mood| mood.map(round))});
    json!({"file": piece.path.display().to_string(), "truth": truth, "tags": piece.tags,
           "music_s": piece.steady.music_s, "stable_s": piece.steady.stable_s.map(round),
           "changes_per_minute": piece.steady.changes_per_minute.map(round)})
}

fn digits(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{value:.4}"))
}

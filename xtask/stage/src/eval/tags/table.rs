//! The scores as text for people: every file, then every measure with its interval.

use super::piece::Piece;
use super::report::Report;
use super::score::{Measure, Scores};
use metrics::collection::counts;
use std::cmp::Reverse;
use std::fmt::Write as _;

const NAME: usize = 40;
const WORD: usize = 17;
const NUMBER: usize = 10;
/// Most refusals, and most confusions, that are shown; the JSON has all.
const MOST: usize = 8;

/// The table.
pub(super) fn text(report: &Report) -> String {
    let mut text = format!(
        "\n{:<NAME$}  {:<WORD$}{:<WORD$}{:>NUMBER$}{:>NUMBER$}{:>NUMBER$}\n",
        "file", "genre", "named", "p", "stable s", "changes/m"
    );
    report.pieces.iter().for_each(|piece| line(&mut text, piece));
    let measures = &report.scores.measures;
    for group in measures.chunk_by(|a, b| a.about == b.about) {
        let title = group[0].about;
        let _ = writeln!(text, "\n{title:<NAME$}  {:>NUMBER$}  {:<14}{:>6}", "", "95 %", "files");
        group.iter().for_each(|measure| number(&mut text, measure));
    }
    words(&mut text, &report.scores);
    confused(&mut text, &report.scores);
    footer(&mut text, report);
    text
}

fn line(text: &mut String, piece: &Piece) {
    let named = piece.named();
    let shown = match (piece.has_music(), named) {
        (false, _) => "no music",
        (true, None) => "unsure",
        (true, Some((name, _))) => name,
    };
    let digits = |value: Option<f64>, digits: usize| {
        value.map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    let whole = format!(
        "{:<NAME$}  {:<WORD$}{shown:<WORD$}{:>NUMBER$}{:>NUMBER$}{:>NUMBER$}",
        shortened(&piece.path.display().to_string()),
        piece.genre().unwrap_or_default(),
        digits(named.map(|named| named.1), 2),
        digits(piece.steady.stable_s, 1),
        digits(piece.steady.changes_per_minute, 1),
    );
    let _ = writeln!(text, "{}", whole.trim_end());
}

/// The end of a long path, which tells files apart.
fn shortened(path: &str) -> String {
    let count = path.chars().count();
    if count <= NAME {
        return path.to_owned();
    }
    ['…'].into_iter().chain(path.chars().skip(count - NAME + 1)).collect()
}

fn number(text: &mut String, measure: &Measure) {
    let name = measure.key.replace('_', " ");
    let interval = format!("{:.3}..{:.3}", measure.value.low, measure.value.high);
    let (value, files) = (measure.value.mean, measure.files);
    let _ = writeln!(text, "  {name:<NAME$}{value:>NUMBER$.3}  {interval:<14}{files:>6}");
}

fn words(text: &mut String, scores: &Scores) {
    for group in scores.words.chunk_by(|a, b| a.about == b.about) {
        let title = format!("{}, one against the rest", group[0].about);
        let _ = writeln!(
            text,
            "\n{title:<NAME$}  {:>NUMBER$}{:>NUMBER$}{:>8}",
            "ROC-AUC", "AP", "files"
        );
        for word in group {
            let digits = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.3}"));
            let (area, precision) = (digits(word.roc_auc), digits(word.average_precision));
            let (word, files) = (&word.word, word.files);
            let _ = writeln!(text, "  {word:<NAME$}{area:>NUMBER$}{precision:>NUMBER$}{files:>8}");
        }
    }
}

/// The most frequent confusions.
fn confused(text: &mut String, scores: &Scores) {
    let Scores { genres, confusion, .. } = scores;
    let mut pairs = Vec::new();
    for truth in 0..genres.len() {
        for guess in (0..genres.len()).filter(|&guess| guess != truth) {
            pairs.push((confusion.count(truth, guess), &genres[truth], &genres[guess]));
        }
    }
    pairs.sort_by_key(|&(count, _, _)| Reverse(count));
    let shown: Vec<String> = pairs
        .iter()
        .filter(|(count, _, _)| *count > 0)
        .take(MOST)
        .map(|(count, truth, guess)| format!("{truth} as {guess} {count}"))
        .collect();
    if !shown.is_empty() {
        let _ = writeln!(text, "\nmost confused: {}", shown.join(", "));
    }
}

fn footer(text: &mut String, report: &Report) {
    let setting = &report.setting;
    let _ = writeln!(
        text,
        "\nlive, blocks of {}, {}. Accuracy, F1 and confusions are of the most probable genre, coverage, 'named'\n\
         and calibration of the one Tatum names. Macro is the mean over words that occur, micro pools their\n\
         decisions. Stable: from when the last name stays, after the music starts; changes are per minute.",
        setting.block, setting.backend
    );
    if setting.left_out > 0 {
        let _ = writeln!(text, "{} files are left out by faults.txt", setting.left_out);
    }
    if !report.refused.is_empty() {
        let _ = writeln!(text, "Not used: {}", counts(&report.refused));
    }
    for refusal in report.refused.iter().take(MOST) {
        let _ = writeln!(text, "  {refusal}");
    }
    if report.refused.len() > MOST {
        let more = report.refused.len() - MOST;
        let _ = writeln!(text, "  and {more} more; --json lists all");
    }
}

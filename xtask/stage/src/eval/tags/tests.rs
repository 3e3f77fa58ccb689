//! Scores, tables and files of pieces made by hand.

use super::*;
use crate::hearing::{Hearing, TagMoment, Tags};
use metrics::collection::{Labelled, Words};
use score::Scores;
use std::fs;

/// Ten seconds of music with this genre named, and these probabilities for rock, jazz and piano.
fn heard(name: &str, top: Option<&str>, [rock, jazz, piano]: [f64; 3], mood: [f64; 2]) -> Piece {
    let top = top.map(ToOwned::to_owned);
    let moment = |second: u32| TagMoment {
        time: f64::from(second),
        top: top.clone().filter(|_| second > 2),
        sounding: true,
        ..TagMoment::default()
    };
    let tags = Tags {
        genre: [("jazz", jazz), ("rock", rock)].map(|(word, p)| (word.to_owned(), p)).into(),
        instrument: [("piano".to_owned(), piano), ("voice".to_owned(), 0.5)].into(),
        valence: mood[0],
        arousal: mood[1],
        top: top.clone(),
        ..Tags::default()
    };
    let hearing = Hearing {
        file: name.to_owned(),
        duration: 10.0,
        sample_rate: 44_100,
        mode: "live",
        backend: "none".to_owned(),
        beats: Vec::new(),
        onsets: Vec::new(),
        tempo: Vec::new(),
        tags,
        tag_moments: (1..=10).map(moment).collect(),
        frames: Vec::new(),
    };
    Piece::heard(Path::new(name), hearing)
}

fn labelled(piece: Piece, genre: &str, piano: bool, mood: Option<[f32; 2]>) -> Piece {
    let label = Labelled {
        path: PathBuf::new(),
        genre: Some(genre.to_owned()),
        instruments: Some(vec![if piano { "piano" } else { "guitar" }.to_owned()]),
        mood,
        artist: false,
        group: String::new(),
        fold: None,
    };
    Piece { label: Some(label), ..piece }
}

fn pieces() -> Vec<Piece> {
    let right = heard("a.wav", Some("rock"), [0.9, 0.1, 0.2], [0.5, 0.5]);
    let unsure = heard("b.wav", None, [0.45, 0.55, 0.9], [-0.5, 0.0]);
    let wrong = heard("c.wav", Some("rock"), [0.6, 0.4, 0.7], [0.0, -0.5]);
    let plain = heard("d.wav", Some("jazz"), [0.1, 0.9, 0.9], [0.0, 0.0]);
    let mut silent = heard("e.wav", None, [0.0, 0.0, 0.0], [0.0, 0.0]);
    silent.steady = Default::default();
    vec![
        labelled(right, "rock", false, Some([0.5, 1.0])),
        labelled(unsure, "jazz", true, Some([-0.5, 0.5])),
        labelled(wrong, "jazz", true, Some([0.0, 0.0])),
        plain,
        labelled(silent, "rock", false, None),
    ]
}

fn scores(pieces: &[Piece]) -> Scores {
    Scores::of(pieces, &words(pieces))
}

#[test]
fn every_measure_is_of_the_pieces_that_have_it() {
    let scores = scores(&pieces());
    for (key, files, value) in [
        ("genre_accuracy", 3, 2.0 / 3.0),
        ("genre_balanced_accuracy", 3, 0.75),
        ("genre_macro_f1", 3, 2.0 / 3.0),
        ("genre_coverage", 3, 2.0 / 3.0),
        ("genre_accuracy_named", 3, 0.5),
        // 0.9 was right, 0.6 was not.
        ("genre_calibration_error", 3, (0.1 + 0.6) / 2.0),
        ("genre_roc_auc_macro", 3, 1.0),
        ("instruments_roc_auc_macro", 3, 1.0),
        ("instruments_average_precision_macro", 3, 1.0),
        ("valence_r2", 3, 1.0),
        ("valence_concordance", 3, 1.0),
        ("arousal_r2", 3, 1.0 - 0.75 / 0.5),
        ("named_share", 4, 0.75),
        ("stable_median_s", 4, 3.0),
        ("stable_within_5_s", 4, 0.75),
        ("changes_per_minute_median", 4, 0.0),
    ] {
        let found = scores.get(key).unwrap_or_else(|| panic!("{key} is missing"));
        assert_eq!(found.files, files, "{key}");
        assert!((found.value.mean - value).abs() < 1e-9, "{key} {}, not {value}", found.value.mean);
        assert!(found.value.low <= value && value <= found.value.high, "{key}");
    }
    // No piece has a voice: it is no part of the mean, and has no line.
    let words: Vec<(&str, usize)> =
        scores.words.iter().map(|word| (word.word.as_str(), word.files)).collect();
    assert_eq!(words, [("jazz", 2), ("rock", 1), ("piano", 2)]);
    assert_eq!(scores.genres, ["jazz", "rock"]);
    assert_eq!((scores.confusion.count(0, 1), scores.confusion.support(0)), (1, 2));
}

#[test]
fn plain_audio_is_scored_for_steadiness_alone() {
    let plain = pieces().into_iter().map(|piece| Piece { label: None, ..piece });
    let scores = scores(&plain.collect::<Vec<_>>());
    let keys: Vec<&str> = scores.measures.iter().map(|measure| measure.key).collect();
    let steadiness =
        ["named_share", "stable_median_s", "stable_within_5_s", "changes_per_minute_median"];
    assert_eq!(keys, steadiness);
    assert!(scores.words.is_empty());
    assert!(Scores::of(&[], &Words::default()).measures.is_empty());
}

fn report(pieces: Vec<Piece>) -> Report {
    let setting =
        Setting { mode: "live", block: 512, backend: "none".into(), model: None, left_out: 2 };
    let line = "x.wav: is damaged; copy it again".to_owned();
    let refused = vec![Refusal { fault: Fault::Unreadable, line }];
    let words = words(&pieces);
    Report::new(setting, pieces, &words, refused)
}

#[test]
fn pictures_are_written_where_there_is_something_in_them() {
    let written = |pieces: Vec<Piece>| {
        let dir = tempfile::tempdir().expect("a folder");
        write(&report(pieces), dir.path()).expect("written");
        let entries = fs::read_dir(dir.path()).expect("listed");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
        names.sort();
        names
    };
    let tables = ["eval-tags-scores.tsv", "eval-tags.json", "eval-tags.tsv"];
    let pictures = ["genre-confusion.png", "genre-reliability.png"];
    assert_eq!(written(pieces()), [&tables[..], &pictures].concat());
    let plain = pieces().into_iter().map(|piece| Piece { label: None, ..piece });
    assert_eq!(written(plain.collect()), tables);
}

#[test]
fn a_report_repeats_and_tells_what_was_refused() {
    let (first, second) = (report(pieces()), report(pieces()));
    assert_eq!(first.json(), second.json());
    let json = first.json();
    assert_eq!(json["scores"]["genre_accuracy"]["files"], 3);
    assert_eq!(json["confusion"]["counts"][0], serde_json::json!([1, 1]));
    assert_eq!(json["files"][3]["truth"]["genre"], serde_json::Value::Null);
    let table = table::text(&first);
    for words in [
        "unsure",
        "no music",
        "genre accuracy named",
        "most confused: jazz as rock 1",
        "Not used: 1 unreadable file",
        "x.wav: is damaged",
        "2 files are left out",
    ] {
        assert!(table.contains(words), "'{words}' is missing in:\n{table}");
    }
    let tsv = first.files_tsv();
    assert_eq!(tsv.lines().count(), 6);
    let cells: Vec<usize> = tsv.lines().map(|line| line.split('\t').count()).collect();
    assert!(cells.iter().all(|&count| count == 14), "{cells:?}");
    assert!(first.scores_tsv().contains("genre_accuracy\t3\t0.6667"));
}

//! `stage eval tags` on small folders.

mod program;
mod sounds;

use program::{assert_refused, plugin, stage};
use serde_json::Value;
use sounds::{clicks, wav};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::{TempDir, tempdir};

/// `music/rock/one.wav`, `music/jazz/two.wav`, `music/lone.wav`, and one that is no audio.
fn music() -> (TempDir, PathBuf) {
    let dir = tempdir().expect("a folder");
    let music = dir.path().join("music");
    for (folder, name, seconds) in [("rock", "one", 6.0), ("jazz", "two", 5.0), ("", "lone", 4.0)] {
        let folder = music.join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        wav(&folder, &format!("{name}.wav"), 44_100, 1, &clicks(44_100, seconds));
    }
    fs::write(music.join("jazz/broken.wav"), "RIFF").expect("written");
    (dir, music)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn scores_and_pictures_of_a_labelled_folder() {
    let Some(plugin) = plugin() else { return };
    let (dir, music) = music();
    let run = |out: &Path, more: &[&str]| {
        let (music, out) = (text(&music), text(out));
        stage(&[&["eval", "tags", &music, "--plugin", &plugin, "--out", &out], more].concat())
    };
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let output = run(&first, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).expect("text");
    for words in ["genre accuracy", "stable within 5 s", "1 unreadable file", "broken.wav"] {
        assert!(table.contains(words), "'{words}' is missing in:\n{table}");
    }
    let output = run(&second, &["--json"]);
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(printed["files"].as_array().expect("files").len(), 3);
    assert_eq!(printed["scores"]["genre_accuracy"]["files"], 2);
    let names = ["eval-tags.tsv", "eval-tags-scores.tsv", "eval-tags.json", "genre-confusion.png"];
    for name in names {
        let read = |dir: &Path| fs::read(dir.join(name)).expect("read");
        assert!(read(&first) == read(&second), "{name} does not repeat");
    }
}

#[test]
fn what_cannot_be_scored_is_refused_before_anything_is_hosted() {
    let (dir, music) = music();
    let none = text(&dir.path().join("no.clap"));
    let refused = |dir: &Path, words: &[&str]| {
        assert_refused(&stage(&["eval", "tags", &text(dir), "--plugin", &none]), words);
    };
    refused(&music, &["no.clap", "no plugin there"]);
    fs::write(music.join("tags.csv"), "file,valence,arousal\nlone.wav,7,3\n").expect("written");
    refused(&music, &["tags.csv line 2", "valence 7", "(x - 5) / 4"]);
    let empty = dir.path().join("empty");
    fs::create_dir_all(&empty).expect("a folder");
    refused(&empty, &["nothing to hear", "empty"]);
    refused(&dir.path().join("none"), &["none", "not a folder"]);
    let music = text(&music);
    assert_refused(&stage(&["eval", "tags", &music, "--block", "0"]), &["--block 0"]);
    assert_refused(&stage(&["eval", "tags"]), &["<DIR>"]);
    // A folder may still be called tags.
    assert_refused(&stage(&["eval", "./tags"]), &["./tags", "not a folder"]);
    assert_refused(&stage(&["eval", &music, "tags"]), &["tags", "not a folder"]);
}

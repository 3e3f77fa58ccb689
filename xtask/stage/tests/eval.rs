//! `stage eval` on small folders. What needs the plugin is skipped, and says so, while there is none.

mod program;
mod sounds;

use program::{assert_refused, plugin, stage};
use serde_json::Value;
use sounds::{clicks, wav};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::{TempDir, tempdir};

const SECONDS: f64 = 14.0;

/// Beats every half second, `late` seconds after the clicks.
fn beats(late: f64) -> String {
    (0..(SECONDS * 2.0) as u32)
        .map(|i| format!("{:.4}\t{}\n", f64::from(i) / 2.0 + late, i % 4 + 1))
        .collect()
}

/// `music/a/one.wav`, `music/b/two.wav` with onsets too, and `music/lone.wav` without annotation.
fn music() -> (TempDir, PathBuf) {
    let dir = tempdir().expect("a folder");
    let music = dir.path().join("music");
    for folder in ["a", "b"] {
        fs::create_dir_all(music.join(folder)).expect("a folder");
    }
    wav(&music.join("a"), "one.wav", 44_100, 1, &clicks(44_100, SECONDS));
    wav(&music.join("b"), "two.wav", 44_100, 1, &clicks(44_100, SECONDS));
    wav(&music, "lone.wav", 44_100, 1, &clicks(44_100, 1.0));
    for file in ["a/one.beats", "b/two.beats"] {
        fs::write(music.join(file), beats(0.0)).expect("written");
    }
    let onsets: String = beats(0.0).lines().map(|l| l[..6].trim().to_owned() + "\n").collect();
    fs::write(music.join("b/two.onsets"), onsets).expect("written");
    (dir, music)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn scores_peers_and_pictures() {
    let Some(plugin) = plugin() else { return };
    let (dir, music) = music();
    let peer = dir.path().join("late");
    fs::create_dir_all(&peer).expect("a folder");
    for name in ["one", "two"] {
        fs::write(peer.join(format!("{name}.beats")), beats(0.1)).expect("written");
    }
    let run = |out: &Path, more: &[&str]| {
        let named = format!("late={}", text(&peer));
        let (music, out) = (text(&music), text(out));
        let options = ["eval", &music, "--plugin", &plugin, "--out", &out, "--peer", &named];
        let output = stage(&[&options, more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let table = run(&first, &[]);
    for words in ["music/a", "music/b", "mean of 2", "95 %", "late", "1 without annotation: "] {
        assert!(table.contains(words), "'{words}' is missing in:\n{table}");
    }
    let printed: Value = serde_json::from_str(&run(&second, &["--json"])).expect("JSON");
    let mut names: Vec<String> = fs::read_dir(&first)
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["beats.png", "errors.png", "eval.json", "eval.tsv", "reliability.png"]);
    for name in names {
        let read = |dir: &Path| fs::read(dir.join(&name)).expect("read");
        assert!(read(&first) == read(&second), "{name} does not repeat");
    }
    let written = fs::read_to_string(first.join("eval.json")).expect("read");
    assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), printed);

    let scores = |index: usize| &printed["files"][index]["scores"];
    assert_eq!(printed["files"].as_array().expect("rows").len(), 4);
    assert_eq!(printed["files"][0]["system"], "tatum");
    assert!(scores(0)["beat_f"].as_f64().is_some_and(|f| (0.0..=1.0).contains(&f)));
    assert!(scores(0)["onset_f_25"].is_null() && scores(2)["onset_f_25"].is_f64());
    assert_eq!(
        (&scores(1)["beat_f"], &scores(1)["beat_f_without_bias"]),
        (&0.0.into(), &1.0.into())
    );
    assert_eq!(
        (&scores(1)["beat_bias_ms"], &scores(1)["onset_f_25"]),
        (&100.0.into(), &Value::Null)
    );
    let all = printed["means"].as_array().expect("means").iter();
    let all = all.filter(|mean| mean["folder"].is_null()).collect::<Vec<_>>();
    assert_eq!(
        (all.len(), &all[1]["files"], &all[1]["levels"]["right"]),
        (2, &2.into(), &2.into())
    );
    assert!(all[1]["expected_calibration_error"].is_null());
}

#[test]
fn annotations_that_are_wrong() {
    let Some(plugin) = plugin() else { return };
    let (dir, music) = music();
    let out = text(&dir.path().join("out"));
    let annotation = music.join("b/two.beats");
    for (line, words) in [
        ("3.2\t1\n", ["line 29", "3.2 s", "sort the lines"]),
        ("99\t1\n", ["line 29", "99 s", "beyond the end"]),
        ("soon\t1\n", ["line 29", "'soon'", "correct or remove"]),
    ] {
        fs::write(&annotation, beats(0.0) + line).expect("written");
        let output = stage(&["eval", &text(&music), "--plugin", &plugin, "--out", &out]);
        assert_refused(&output, &words);
        assert_refused(&output, &["two.beats"]);
        let left = fs::read_dir(&out).map_or(0, Iterator::count);
        assert_eq!(left, 0, "nothing half-done");
    }
    fs::write(&annotation, "-1\t1\n").expect("written");
    assert_refused(&stage(&["eval", &text(&music)]), &["two.beats line 1", "-1 s"]);
}

#[test]
fn what_cannot_be_scored_is_refused_before_anything_is_hosted() {
    let (dir, music) = music();
    let refused = |words: &[&str]| {
        let none = text(&dir.path().join("no.clap"));
        assert_refused(&stage(&["eval", &text(&music), "--plugin", &none]), words);
    };
    fs::write(music.join("b/two.onsets"), "99\n").expect("written");
    refused(&["two.onsets line 1", "99 s", "beyond the end"]);
    fs::write(music.join("b/two.wav"), "RIFF").expect("written");
    refused(&["two.wav", "not audio"]);
}

#[test]
fn folders_and_options_that_are_wrong() {
    let (dir, music) = music();
    let music = text(&music);
    let empty = dir.path().join("empty");
    fs::create_dir_all(&empty).expect("a folder");
    assert_refused(&stage(&["eval", &text(&empty)]), &["nothing to score", "empty"]);
    assert_refused(&stage(&["eval", &text(&dir.path().join("none"))]), &["none", "not a folder"]);
    assert_refused(&stage(&["eval", &music, "--block", "0"]), &["--block 0"]);
    assert_refused(&stage(&["eval", &music, "--peer", "late"]), &["NAME=DIR"]);
    assert_refused(&stage(&["eval", &music, "--peer", "tatum=x"]), &["tatum", "taken"]);
    let named = format!("absent={}", text(&empty));
    assert_refused(&stage(&["eval", &music, "--peer", &named]), &["one.beats", "peer absent"]);
    assert_refused(&stage(&["eval"]), &["<DIR>"]);
}

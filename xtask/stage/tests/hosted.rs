//! The `stage` program, alone and with the built plugin. What needs the plugin is skipped, and says
//! so, while there is none.

mod program;
mod sounds;

use program::{assert_refused, plugin, stage};
use sounds::{clicks, wav};
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::tempdir;

fn json(output: &Output) -> Vec<serde_json::Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout.clone()).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("a JSON object per line")).collect()
}

#[test]
fn impossible_options() {
    assert_refused(&stage(&["listen", "x.wav", "--rate", "3"]), &["--rate 3", "16000"]);
    assert_refused(&stage(&["listen", "x.wav", "--block", "0"]), &["--block 0"]);
    let clash = stage(&["listen", "a/x.wav", "b/x.wav", "--out", "o"]);
    assert_refused(&clash, &["a/x.wav", "b/x.wav", "--out"]);
    assert!(!stage(&["listen", "x.wav", "--bogus"]).status.success());
}

#[test]
fn plugins_that_are_none() {
    let dir = tempdir().expect("a folder");
    let song = wav(dir.path(), "x.wav", 44_100, 1, &clicks(44_100, 1.0));
    let song = song.display().to_string();
    let none = dir.path().join("none.clap").display().to_string();
    let missing = stage(&["listen", &song, "--plugin", &none]);
    assert_refused(&missing, &["none.clap", "cargo xtask bundle"]);
    let foreign = stage(&["listen", &song, "--plugin", &song]);
    assert_refused(&foreign, &["x.wav", "is not a CLAP plugin", "cargo xtask bundle"]);
}

#[test]
fn a_bad_file_leaves_nothing_and_does_not_stop_the_others() {
    let Some(plugin) = plugin() else { return };
    let dir = tempdir().expect("a folder");
    let good = wav(dir.path(), "good.wav", 44_100, 1, &clicks(44_100, 3.0)).display().to_string();
    let bad = wav(dir.path(), "bad.wav", 44_100, 1, &[f32::NAN; 99]).display().to_string();
    let out = dir.path().join("out");
    let folder = out.display().to_string();
    assert_refused(&stage(&["listen", &bad, "--plugin", &plugin, "--out", &folder]), &["NaN"]);
    assert!(!out.exists());
    let both = stage(&["listen", &bad, &good, "--plugin", &plugin, "--out", &folder, "--json"]);
    assert_eq!(both.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&both.stdout).lines().count(), 1);
    let mut names: Vec<String> = fs::read_dir(&out)
        .expect("listed")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let expected = ["beats", "csv", "jams", "json", "mid", "png"].map(|e| format!("good.{e}"));
    assert_eq!(names, expected);
}

#[test]
fn models_that_are_none() {
    let Some(plugin) = plugin() else { return };
    let dir = tempdir().expect("a folder");
    let song = wav(dir.path(), "x.wav", 44_100, 1, &clicks(44_100, 1.0)).display().to_string();
    let with = |model: &Path| {
        let model = model.display().to_string();
        stage(&["listen", &song, "--plugin", &plugin, "--model", &model, "--json"])
    };
    assert_refused(&with(&dir.path().join("none.onnx")), &["x.wav", "none.onnx"]);
    let broken = dir.path().join("broken.onnx");
    fs::write(&broken, b"no model").expect("written");
    assert_refused(&with(&broken), &["x.wav"]);
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/beats.onnx");
    let whole = fs::read(&built_in).expect("the model that ships");
    fs::write(&broken, &whole[..whole.len() / 2]).expect("written");
    assert_refused(&with(&broken), &["x.wav"]);
    // Names and numbers of equal length keep the file whole.
    for (old, new, named) in [
        (&b"\"hop_s\":0.02"[..], &b"\"hop_s\":0.01"[..], &["hop_s = 0.01", "hop_s = 0.02"][..]),
        (b"activations", b"deactivated", &["activations", "missing"]),
    ] {
        fs::write(&broken, replaced(&whole, old, new)).expect("written");
        assert_refused(&with(&broken), named);
    }
    assert!(with(&built_in).status.success());
}

/// `bytes` with every `old` made `new`.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> =
        (0..bytes.len() - old.len()).filter(|&at| bytes[at..].starts_with(old)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

#[test]
fn tag_models_that_are_none() {
    let Some(plugin) = plugin() else { return };
    let dir = tempdir().expect("a folder");
    let song = wav(dir.path(), "x.wav", 44_100, 1, &clicks(44_100, 1.0)).display().to_string();
    let with = |model: &Path| {
        let model = model.display().to_string();
        stage(&["listen", &song, "--plugin", &plugin, "--tag-model", &model, "--json"])
    };
    assert_refused(&with(&dir.path().join("none.onnx")), &["x.wav", "none.onnx"]);
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    assert_refused(&with(&models.join("beats.onnx")), &["beats.onnx", "vocabulary"]);
    assert!(with(&models.join("tags.onnx")).status.success());
}

#[test]
fn every_way_of_running_hears_the_same() {
    let Some(plugin) = plugin() else { return };
    let dir = tempdir().expect("a folder");
    let song = wav(dir.path(), "x.wav", 44_100, 1, &clicks(44_100, 12.0)).display().to_string();
    let heard = |options: &[&str]| -> [String; 3] {
        let out = tempdir().expect("a folder");
        let folder = out.path().display().to_string();
        let arguments =
            [&["listen", &song, "--plugin", &plugin, "--out", &folder], options].concat();
        let output = stage(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |name| fs::read_to_string(out.path().join(name)).expect(name);
        let json: serde_json::Value = serde_json::from_str(&read("x.json")).expect("JSON");
        [read("x.beats"), read("x.csv"), json["tag_moments"].to_string()]
    };
    let offline = heard(&[]);
    assert!(offline[1].lines().count() > 500, "a frame every 20 ms of 12 s");
    for options in [
        &["--live"][..],
        &["--live"],
        &["--live", "--block", "32"],
        &["--live", "--block", "441"],
        &["--block", "4096"],
        &["--block", "100000"],
    ] {
        assert!(heard(options) == offline, "{options:?}");
    }
}

#[test]
fn the_json_is_as_documented() {
    let Some(plugin) = plugin() else { return };
    let dir = tempdir().expect("a folder");
    let song = wav(dir.path(), "x.wav", 44_100, 1, &clicks(44_100, 4.0)).display().to_string();
    let heard = json(&stage(&["listen", &song, "--plugin", &plugin, "--rate", "48000", "--json"]));
    let heard = heard[0].as_object().expect("an object");
    let keys = "backend beats duration file mode onsets sample_rate tag_moments tags tempo";
    assert_eq!(heard.keys().collect::<Vec<_>>(), keys.split(' ').collect::<Vec<_>>());
    assert_eq!(heard["duration"], 4.0);
    assert_eq!(heard["sample_rate"], 48_000);
    assert_eq!(heard["mode"], "offline");
    let share =
        |value: &serde_json::Value| (0.0..=1.0).contains(&value.as_f64().expect("a number"));
    for kind in ["genre", "mood", "instrument"] {
        let words = heard["tags"][kind].as_object().expect("words");
        assert!(!words.is_empty() && words.values().all(share), "{kind}: {words:?}");
    }
    let moments = heard["tag_moments"].as_array().expect("moments");
    let times: Vec<_> = moments.iter().map(|moment| moment["time"].as_f64()).collect();
    assert_eq!(times, [1.0, 2.0, 3.0, 4.0].map(Some), "the tags of every whole second");
    for moment in moments {
        assert_eq!(moment["sounding"], true);
        assert_eq!(moment["genre"].as_object().map(serde_json::Map::len), Some(11));
        assert!(
            moment["playing"].is_array() && (moment["top"].is_null() || moment["top"].is_string())
        );
    }
    for beat in heard["beats"].as_array().expect("beats") {
        let number = |key: &str| beat[key].as_f64().expect("a number");
        assert!((0.0..4.0).contains(&number("time")) && number("beat") >= 1.0);
        assert!((0.0..=1.0).contains(&number("confidence")));
    }
}

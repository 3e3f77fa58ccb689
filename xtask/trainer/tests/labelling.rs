//! `trainer label` on the command line: the model that ships, in hindsight, on the demo song.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use metrics::annotation::Beats;

fn repository(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(place)
}

fn label(folder: &Path, model: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer"))
        .arg("label")
        .arg(folder)
        .arg("--model")
        .arg(repository(model))
        // It cannot but agree with itself.
        .arg("--agree")
        .arg(repository(model))
        .output()
        .expect("the trainer runs")
}

#[test]
fn a_song_gets_its_beats_and_the_rest_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name);
    for copy in ["song.ogg", "song.mp3", "known.ogg", "jams.ogg"] {
        fs::copy(repository("assets/demo.ogg"), place(copy)).expect("copied");
    }
    fs::write(place("known.beats"), "1.0\n2.0\n").expect("written");
    fs::write(place("jams.jams"), "{}").expect("written");
    fs::write(place("broken.wav"), "no sound").expect("written");

    let output = label(folder.path(), "models/beats.onnx");
    let (said, told) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    assert!(said.starts_with("1 recordings, "), "{said}");
    assert!(said.contains("1 skipped, 2 had beats"), "{said}");
    assert!(told.contains("skipped") && told.matches("broken.wav").count() == 1, "{told}");
    assert!(!place("broken.beats").exists() && !place("jams.beats").exists());
    assert_eq!(fs::read_to_string(place("known.beats")).expect("still there"), "1.0\n2.0\n");
    let written = fs::read_to_string(place("song.beats")).expect("labels");
    assert!(written.starts_with("# heard in hindsight by model "), "{written}");

    let truth = Beats::read(&repository("assets/demo.beats"), None).expect("the truth");
    let labels = Beats::read(&place("song.beats"), None).expect("labels");
    let error = |time: &f64| {
        let errors = truth.times.iter().map(|truth| time - truth);
        errors.min_by(|a, b| a.abs().total_cmp(&b.abs())).expect("beats")
    };
    // The truth ends before the last notes do.
    let last_s = truth.times[truth.times.len() - 1] + 0.1;
    let before = labels.times.iter().filter(|&&time| time < last_s);
    let mut errors: Vec<f64> = before.map(error).collect();
    errors.sort_by(f64::total_cmp);
    assert!(labels.times.len() * 10 > truth.times.len() * 8, "{} beats", labels.times.len());
    assert!(errors.iter().all(|error| error.abs() < 0.05), "{errors:?}");
    assert!(errors[errors.len() / 2].abs() < 0.015, "{errors:?}");

    fs::remove_file(place("broken.wav")).expect("removed");
    let again = label(folder.path(), "models/beats.onnx");
    assert!(String::from_utf8_lossy(&again.stdout).starts_with("0 recordings"));
    assert!(again.status.success());
}

#[test]
fn mistakes_are_named_in_one_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refused = |folder: &Path, model: &str, named: &str| {
        let output = label(folder, model);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        let errors: Vec<&str> = told.lines().filter(|line| !line.starts_with("skipped")).collect();
        assert!(errors.len() == 1 && errors[0].starts_with("error: "), "{told}");
        assert!(told.contains(named), "{told}");
    };
    refused(folder.path(), "models/beats.onnx", "holds no recordings");
    refused(&folder.path().join("absent"), "models/beats.onnx", "does not exist");
    refused(folder.path(), "models/tags.onnx", "is no beat model");
    fs::write(folder.path().join("broken.wav"), "no sound").expect("written");
    refused(folder.path(), "models/beats.onnx", "broken.wav");
}

//! The command line: a smoke training makes a model, and errors are one line with exit code 1.

use std::path::Path;
use std::process::{Command, Output};

fn trainer(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["train", "beats"])
        .args(arguments)
        .current_dir(folder)
        .env_remove("TATUM_DATA")
        .output()
        .expect("the trainer runs")
}

fn assert_refused(folder: &Path, arguments: &[&str], named: &str) {
    let output = trainer(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: ") && said.lines().count() == 1, "{said}");
    assert!(said.contains(named), "{said}");
    assert!(!folder.join("models").exists(), "nothing may be left");
}

#[test]
fn mistakes_are_named_in_one_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_refused(folder.path(), &["--steps", "0"], "steps = 0");
    assert_refused(folder.path(), &["--hours", "0"], "hours = 0");
    assert_refused(folder.path(), &["--hidden", "50"], "hidden = 50");
    assert_refused(folder.path(), &["--resume"], "beats.checkpoint");
    assert_refused(folder.path(), &["--data", "no/such/folder"], "no/such/folder");
}

#[test]
fn trains_with_no_data_and_never_replaces_a_better_model() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let small = [
        "--hours",
        "0.02",
        "--channels",
        "8",
        "8",
        "--features",
        "16",
        "--hidden",
        "16",
        "--batch",
        "4",
    ];
    let model = folder.path().join("models/beats.onnx");

    let output = trainer(folder.path(), &[&small[..], &["--steps", "30"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let first = std::fs::read(&model).expect("a model");
    assert!(trainer::export::parameters(&first).is_ok());
    let card = std::fs::read_to_string(folder.path().join("models/beats.md")).expect("a card");
    assert!(card.contains(&trainer::export::sha256(&first)) && card.contains("composer"), "{card}");
    assert!(folder.path().join("models/beats.svg").exists());

    let output = trainer(folder.path(), &[&small[..], &["--steps", "1", "--seed", "1"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    let kept = std::fs::read(&model).expect("a model");
    if said.contains("stays") {
        assert_eq!(kept, first);
        assert!(folder.path().join("models/beats.new.onnx").exists());
    } else {
        assert_ne!(kept, first, "{said}");
    }
}

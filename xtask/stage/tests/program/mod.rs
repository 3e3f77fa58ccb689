//! The `stage` program as a user starts it, and the plugin it hosts.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::Path;
use std::process::{Command, Output};

pub(crate) fn stage(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stage")).args(arguments).output().expect("stage starts")
}

/// The built plugin, or None after saying why the test does nothing.
pub(crate) fn plugin() -> Option<String> {
    let release = Path::new(env!("CARGO_BIN_EXE_stage")).parent().expect("a target folder");
    let path = release.join(format!("{DLL_PREFIX}tatum{DLL_SUFFIX}"));
    if path.exists() {
        return Some(path.display().to_string());
    }
    println!("skipped: {} is not there; run `cargo build --release -p tatum`", path.display());
    None
}

/// Asserts a refusal: exit code 1, nothing on stdout, one line that holds the words.
pub(crate) fn assert_refused(output: &Output, words: &[&str]) {
    let line = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(line.starts_with("error: ") && line.trim_end().lines().count() == 1, "{line}");
    for word in words {
        assert!(line.contains(word), "'{word}' is missing in: {line}");
    }
}

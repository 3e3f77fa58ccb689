//! The `stage` program as a user starts it, and the plugin it hosts.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) fn stage(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stage")).args(arguments).output().expect("stage starts")
}

/// The plugin as it was last built, by itself or for tests, or None after saying why the test does
/// nothing.
pub(crate) fn plugin() -> Option<String> {
    let release = Path::new(env!("CARGO_BIN_EXE_stage")).parent().expect("a target folder");
    let name = format!("{DLL_PREFIX}tatum{DLL_SUFFIX}");
    let built = |path: PathBuf| Some((path.metadata().ok()?.modified().ok()?, path));
    let found =
        [release.join(&name), release.join("deps").join(&name)].into_iter().filter_map(built);
    let newest = found.max_by_key(|(modified, _)| *modified);
    if newest.is_none() {
        println!("skipped: {name} is not there; run `cargo build --release -p tatum`");
    }
    newest.map(|(_, path)| path.display().to_string())
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

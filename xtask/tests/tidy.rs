//! Rules of the house that a machine can check.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below `folder`, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for entry in entries {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("a readable file");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds no Rust file");
    found
}

fn manifest(package: &str) -> String {
    let path = root().join(package).join("Cargo.toml");
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Whether a manifest's `[dependencies]` name `package`.
fn depends(manifest: &str, package: &str) -> bool {
    let dependencies = manifest.split("\n[").find(|section| section.starts_with("dependencies]"));
    dependencies.is_some_and(|section| {
        section.lines().any(|line| {
            line.strip_prefix(package).is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
        })
    })
}

#[test]
fn dependencies_run_one_way() {
    for (package, others) in [
        ("listener", &["tatum", "trainer", "stage", "xtask"][..]),
        ("xtask", &["tatum", "listener", "metrics", "trainer", "stage"]),
        ("xtask/metrics", &["tatum", "listener", "trainer", "stage", "xtask"]),
        ("xtask/trainer", &["tatum", "stage", "xtask"]),
        ("xtask/stage", &["tatum", "listener", "trainer", "xtask"]),
        (".", &["metrics", "trainer", "stage", "xtask"]),
    ] {
        let manifest = manifest(package);
        for other in others {
            assert!(!depends(&manifest, other), "{package} must not depend on {other}");
        }
    }
    assert!(depends(&manifest("."), "listener"), "the check can see a dependency");
}

#[test]
fn the_ear_has_no_threads_files_or_clock() {
    for (path, text) in sources("listener/src") {
        for word in ["std::fs", "std::thread", "std::net", "std::time", "println!", "std::env"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    for folder in [
        "src",
        "listener/src",
        "xtask/src",
        "xtask/metrics/src",
        "xtask/trainer/src",
        "xtask/stage/src",
    ] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(
                lines <= 500,
                "{}: {lines} lines; what second thing lives there?",
                path.display()
            );
            assert!(text.starts_with("//!"), "{}: opens without saying what it is", path.display());
        }
    }
}

#[test]
fn every_unsafe_says_why_it_is_sound() {
    for folder in ["src", "listener/src", "xtask/trainer/src", "xtask/stage/src"] {
        for (path, text) in sources(folder) {
            let blocks = text.matches("unsafe {").count() + text.matches("unsafe impl").count();
            let notes = text.matches("SAFETY:").count();
            assert!(notes >= blocks, "{}: {blocks} unsafe, {notes} SAFETY notes", path.display());
        }
    }
}

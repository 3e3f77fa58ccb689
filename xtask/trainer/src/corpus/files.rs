//! Files under a folder, and the part of them that is held out for validation.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};

use super::annotated::AUDIO;

/// All files under `folder` whose extension is one of `extensions`, in order of their paths.
#[must_use]
pub(super) fn under(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let wanted = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|e| extensions.iter().any(|wanted| e.eq_ignore_ascii_case(wanted)))
    };
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.into_iter().partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| under(folder, extensions));
    files.into_iter().filter(wanted).chain(below).collect()
}

/// Refuses songs under `dev` that are under one of the `learned` folders too, in whatever format: what is learned
/// from cannot be judged by.
///
/// # Errors
/// Names the first such song.
pub fn check_unheard(dev: &Path, learned: &[PathBuf]) -> Result<()> {
    let song = |path: &PathBuf| path.canonicalize().unwrap_or(path.clone()).with_extension("");
    let learned: HashSet<PathBuf> =
        learned.iter().flat_map(|folder| under(folder, &AUDIO)).map(|path| song(&path)).collect();
    match under(dev, &AUDIO).iter().find(|path| learned.contains(&song(path))) {
        Some(path) => bail!(
            "{} would be learned from, and the model judged by it; give --dev songs of its own",
            path.display()
        ),
        None => Ok(()),
    }
}

/// Name of the folder `up` levels above `path`: an artist or a composer.
#[must_use]
pub(super) fn folder_above(path: &Path, up: usize) -> String {
    let folder = path.ancestors().nth(up).and_then(Path::file_name);
    folder.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Whether what is called `name` is one of the tenth kept for validation. Decided by the name
/// alone, so that it stays where it is when other files come and go.
#[must_use]
pub(super) fn held_out(name: &str) -> bool {
    Sha256::digest(name)[0] % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_from_is_not_judged_by() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["own", "own/more", "dev"] {
            std::fs::create_dir(at(name)).expect("made");
        }
        for name in ["own/a.wav", "own/more/b.flac", "dev/c.wav"] {
            std::fs::write(at(name), "").expect("written");
        }
        check_unheard(&at("dev"), &[at("own")]).expect("other songs");
        check_unheard(&at("dev"), &[]).expect("nothing is learned from");
        std::fs::write(at("own/more/b.mp3"), "").expect("written");
        let told = check_unheard(&at("own/more"), &[at("dev"), at("own")]).expect_err("refused");
        assert!(told.to_string().contains("b.flac would be learned from"), "{told}");
    }

    #[test]
    fn files_come_in_order_and_about_a_tenth_is_held_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("b")).expect("made");
        for name in ["c.mxl", "b/a.MXL", "a.txt"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let found = under(folder.path(), &["mxl"]);
        assert_eq!(found, ["c.mxl", "b/a.MXL"].map(|name| folder.path().join(name)));
        assert_eq!(folder_above(&found[1], 1), "b");
        let held = (0..1000).filter(|i| held_out(&format!("song {i}"))).count();
        assert!((60..150).contains(&held), "{held}");
    }
}

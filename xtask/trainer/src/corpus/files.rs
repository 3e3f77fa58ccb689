//! Files under a folder, and the part of them that is held out for validation.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

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

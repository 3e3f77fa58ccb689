//! Credits: the licences of recordings and whom they name, from `CREDITS.tsv` beside them, for the
//! model card. One line each: licence, a tab, attribution.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// File with the credits of the recordings in its folder and below.
const FILE: &str = "CREDITS.tsv";

/// Licence and attribution of what is in `folders`; none where no folder says.
///
/// # Errors
/// When a file of credits cannot be read, or a line has no tab; the message names file, line and remedy.
pub fn credits(folders: &[PathBuf]) -> Result<Option<(String, String)>> {
    let (mut licences, mut names) = (Vec::new(), Vec::new());
    for folder in folders.iter().filter(|folder| folder.join(FILE).is_file()) {
        for (licence, name) in read(&folder.join(FILE))? {
            let once = |list: &mut Vec<String>, word: String| {
                if !list.contains(&word) {
                    list.push(word);
                }
            };
            once(&mut licences, licence);
            once(&mut names, name);
        }
    }
    Ok((!names.is_empty()).then(|| (licences.join(", "), names.join("; "))))
}

fn read(path: &Path) -> Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let pair = |(at, line): (usize, &str)| {
        let (licence, name) = line.split_once('\t').with_context(|| {
            let place = format!("{} line {}", path.display(), at + 1);
            format!("{place}: {line:?} has no tab; write licence, tab, attribution")
        })?;
        Ok((licence.trim().to_owned(), name.trim().to_owned()))
    };
    lines.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_licence_and_name_is_told_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folders = [folder.path().to_owned()];
        assert_eq!(credits(&folders).expect("none"), None);
        let file = folder.path().join(FILE);
        std::fs::write(&file, "CC BY 4.0\tAda\n\nCC0\tBob\nCC0\tAda\n").expect("written");
        let told = credits(&folders).expect("read").expect("some");
        assert_eq!(told, ("CC BY 4.0, CC0".to_owned(), "Ada; Bob".to_owned()));
        std::fs::write(&file, "CC0 Ada").expect("written");
        let told = format!("{:#}", credits(&folders).expect_err("refused"));
        assert!(told.contains("CREDITS.tsv line 1") && told.contains("no tab"), "{told}");
    }
}

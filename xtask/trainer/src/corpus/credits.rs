//! Credits: the licences of recordings and whom they name, from `CREDITS.tsv` beside them, for the
//! model card. One line each: licence, a tab, attribution; a line that begins with `#` is a remark.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// File with the credits of the recordings in its folder and below.
const FILE: &str = "CREDITS.tsv";

/// Licences and attributions of what is in `folders`, each told once; `usual` of a folder that says
/// nothing.
///
/// # Errors
/// When a file of credits cannot be read, or a line has no tab; the message names file, line and remedy.
pub fn credits(folders: &[PathBuf], usual: (&str, &str)) -> Result<(String, String)> {
    let (mut licences, mut names) = (Vec::new(), Vec::new());
    for folder in folders {
        let path = folder.join(FILE);
        let told = match path.is_file() {
            true => read(&path)?,
            false => vec![(usual.0.to_owned(), usual.1.to_owned())],
        };
        for (licence, name) in told {
            for (list, word) in [(&mut licences, licence), (&mut names, name)] {
                // The card is a table.
                let word = word.replace('|', "/");
                if !list.contains(&word) {
                    list.push(word);
                }
            }
        }
    }
    Ok((licences.join(", "), names.join("; ")))
}

fn read(path: &Path) -> Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let says = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let lines = text.lines().enumerate().filter(|(_, line)| says(line));
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
    fn every_licence_and_name_is_told_once_and_no_folder_speaks_for_another() {
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
        let paths = folders.each_ref().map(|folder| folder.path().to_owned());
        let usual = ("its own", "you");
        let told = |paths: &[PathBuf]| credits(paths, usual).expect("read");
        assert_eq!(told(&paths), ("its own".to_owned(), "you".to_owned()));
        let file = paths[0].join(FILE);
        std::fs::write(&file, "# who\nCC BY 4.0\tAda\n\nCC0\tBob|Co\nCC0\tAda\n").expect("written");
        assert_eq!(told(&paths[..1]), ("CC BY 4.0, CC0".to_owned(), "Ada; Bob/Co".to_owned()));
        assert_eq!(told(&paths).0, "CC BY 4.0, CC0, its own");
        std::fs::write(&file, "CC0 Ada").expect("written");
        let told = format!("{:#}", credits(&paths, usual).expect_err("refused"));
        assert!(told.contains("CREDITS.tsv line 1") && told.contains("no tab"), "{told}");
    }
}

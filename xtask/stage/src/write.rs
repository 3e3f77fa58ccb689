//! The files of one hearing. All are made in memory, written under temporary names and renamed
//! when every one is whole, so an error leaves nothing half-done behind.

mod csv;
mod jams;
mod mid;

use crate::hearing::{Beat, Hearing};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The endings `--out` writes, in the order they are listed.
pub const ENDINGS: [&str; 6] = ["beats", "mid", "csv", "jams", "json", "png"];

/// Writes `NAME.beats .mid .csv .jams .json .png` into `dir`, NAME being the song file's stem.
///
/// # Errors
/// When the folder cannot be written to, or as [`check_free`]; then no file of this hearing is there.
pub fn write(hearing: &Hearing, picture: Vec<u8>, dir: &Path) -> Result<Vec<PathBuf>> {
    let file = Path::new(&hearing.file);
    check_free(file, dir)?;
    let name = stem(file)?;
    let contents: [Vec<u8>; 6] = [
        beats(&hearing.beats).into_bytes(),
        mid::bytes(hearing)?,
        csv::text(hearing).into_bytes(),
        pretty(&jams::document(hearing, &name))?,
        pretty(hearing)?,
        picture,
    ];
    let paths = paths(&name, dir);
    make_folder(dir)?;
    all_or_nothing(&paths, &contents)?;
    Ok(paths.to_vec())
}

/// Makes the folder that `--out` names, if it is not there.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn make_folder(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)
        .with_context(|| format!("{}: cannot be made; choose another --out", dir.display()))
}

/// Prints a result: as one line of JSON where it is asked for, else as text.
///
/// # Errors
/// When nobody takes it.
pub(crate) fn print<T: Serialize>(json: Option<T>, text: impl FnOnce() -> String) -> Result<()> {
    let text = match json {
        Some(json) => serde_json::to_string(&json)? + "\n",
        None => text(),
    };
    std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")
}

/// Refuses two songs whose files would overwrite each other in one folder.
///
/// # Errors
/// Names both songs.
pub fn check_names(files: &[PathBuf]) -> Result<()> {
    let mut seen: HashMap<String, &Path> = HashMap::new();
    for file in files {
        if let Some(first) = seen.insert(stem(file)?, file) {
            bail!(
                "{} and {} would write the same files; listen to them with different --out",
                first.display(),
                file.display()
            );
        }
    }
    Ok(())
}

/// Refuses to write over what no earlier hearing of `file` wrote into `dir`: beats that somebody annotated
/// or corrected, the song's own MIDI file.
///
/// # Errors
/// Names the file that is in the way.
pub fn check_free(file: &Path, dir: &Path) -> Result<()> {
    /// What is looked for in the JSON of an earlier hearing.
    #[derive(Deserialize)]
    struct Earlier {
        beats: Vec<Beat>,
    }
    let name = stem(file)?;
    let paths = paths(&name, dir);
    let earlier = fs::read(dir.join(format!("{name}.json"))).ok();
    let earlier: Option<Earlier> = earlier.and_then(|json| serde_json::from_slice(&json).ok());
    let [annotation, ..] = &paths;
    let foreign = match &earlier {
        None => paths.iter().find(|path| path.exists()),
        Some(earlier) => {
            let now = fs::read_to_string(annotation);
            now.is_ok_and(|now| now != beats(&earlier.beats)).then_some(annotation)
        }
    };
    match foreign {
        Some(path) => bail!(
            "{}: is there already, and not as listening wrote it; move it away or choose another --out",
            path.display()
        ),
        None => Ok(()),
    }
}

fn paths(name: &str, dir: &Path) -> [PathBuf; 6] {
    ENDINGS.map(|ending| dir.join(format!("{name}.{ending}")))
}

fn stem(file: &Path) -> Result<String> {
    let stem = file.file_stem().with_context(|| format!("{}: is no file name", file.display()))?;
    Ok(stem.to_string_lossy().into_owned())
}

/// One line per beat: seconds, tab, beat in the bar. What mir_eval and madmom read.
fn beats(beats: &[Beat]) -> String {
    beats.iter().fold(String::new(), |mut text, beat| {
        let _ = writeln!(text, "{:.6}\t{}", beat.time, beat.beat);
        text
    })
}

pub(crate) fn pretty(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// Writes every file or none: under temporary names, which are then renamed. Files of an earlier run
/// are replaced by the renaming, not before.
///
/// # Errors
/// Names the file that cannot be written.
pub(crate) fn all_or_nothing(paths: &[PathBuf], contents: &[Vec<u8>]) -> Result<()> {
    let partial = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.partial"))
    };
    if let Some(path) = paths.iter().find(|path| path.exists() && !path.is_file()) {
        bail!("{}: is in the way and no file; remove it or choose another --out", path.display());
    }
    let mut renamed = Vec::new();
    let mut write = || {
        for (path, bytes) in paths.iter().zip(contents) {
            fs::write(partial(path), bytes).with_context(|| {
                format!("{}: cannot be written; choose another --out", path.display())
            })?;
        }
        for path in paths {
            fs::rename(partial(path), path)
                .with_context(|| format!("{}: cannot be replaced; remove it", path.display()))?;
            renamed.push(path);
        }
        Ok(())
    };
    let done = write();
    if done.is_err() {
        // What is whole already goes too, so that no file of this hearing is left alone; what an
        // earlier run wrote and this one has not replaced stays.
        for path in renamed {
            let _ = fs::remove_file(path);
        }
        for path in paths {
            let _ = fs::remove_file(partial(path));
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stems_are_refused() {
        let files = [PathBuf::from("a/x.wav"), PathBuf::from("b/x.flac")];
        let error = check_names(&files).expect_err("a clash").to_string();
        assert!(error.contains("a/x.wav") && error.contains("b/x.flac"), "{error}");
        assert!(check_names(&files[..1]).is_ok());
    }

    #[test]
    fn only_what_an_earlier_hearing_wrote_is_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        let (song, at) = (Path::new("music/x.wav"), |name: &str| dir.path().join(name));
        let refused = || check_free(song, dir.path()).err().map(|error| error.to_string());
        assert_eq!(refused(), None);
        fs::write(at("x.mid"), "somebody's").expect("written");
        assert!(refused().expect("refused").contains("x.mid"));
        let heard = [Beat { time: 0.1 + 0.2, beat: 3, emitted: 0.5, confidence: 0.9 }];
        let json = serde_json::json!({"file": "x.wav", "beats": heard}).to_string();
        fs::write(at("x.json"), json).expect("written");
        fs::write(at("x.beats"), beats(&heard)).expect("written");
        assert_eq!(refused(), None);
        fs::write(at("x.beats"), "0.310000\t3\n").expect("corrected");
        assert!(refused().expect("refused").contains("x.beats"));
        fs::remove_file(at("x.beats")).expect("removed");
        assert_eq!(refused(), None);
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let blocked = dir.path().join("blocked");
        fs::create_dir_all(blocked.join("inside")).expect("a folder in the way");
        let paths = [dir.path().join("first"), blocked.clone()];
        assert!(all_or_nothing(&paths, &[vec![1], vec![2]]).is_err());
        assert!(all_or_nothing(&[dir.path().join("no/where")], &[vec![3]]).is_err());
        let left: Vec<_> = fs::read_dir(dir.path()).expect("listed").flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        all_or_nothing(&paths[..1], &[vec![1]]).expect("written");
        assert_eq!(fs::read(&paths[0]).expect("read"), [1]);
    }

    #[test]
    fn a_failed_write_keeps_what_an_earlier_run_wrote() {
        let dir = tempfile::tempdir().expect("a folder");
        let paths = ["first", "second"].map(|name| dir.path().join(name));
        all_or_nothing(&paths, &[vec![1], vec![2]]).expect("written");
        // A folder where the second file is to be written first.
        let in_the_way = dir.path().join(".second.partial");
        fs::create_dir(&in_the_way).expect("a folder in the way");
        assert!(all_or_nothing(&paths, &[vec![3], vec![4]]).is_err());
        assert_eq!(paths.each_ref().map(|path| fs::read(path).expect("kept")), [[1], [2]]);
        assert!(!dir.path().join(".first.partial").exists());
        fs::remove_dir(&in_the_way).expect("removed");
        all_or_nothing(&paths, &[vec![3], vec![4]]).expect("written");
        assert_eq!(fs::read(&paths[1]).expect("read"), [4]);
    }
}

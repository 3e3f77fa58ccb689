//! Real music with its beats beside it: `song.ogg` and `song.beats` or `song.jams`.
//!
//! Its onsets are unknown: [`Clip::onsets`] stays empty, and nobody learns or scores them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rayon::prelude::*;

use super::pieces::{self, Cutter, FEWEST, Found, Piece};
use super::{annotation, files};
use crate::clip::Clip;
use crate::features;
use crate::render::decode;

/// Name of the source that is the user's own recordings.
pub const RECORDINGS: &str = "audio";

/// Endings of audio files; of two with one stem the earlier is heard.
pub(super) const AUDIO: [&str; 4] = ["wav", "flac", "ogg", "mp3"];
const LABELS: [&str; 2] = ["beats", "jams"];
/// How much before its first beat a recording is heard at most, seconds.
const LEAD_S: f64 = 1.5;
/// And in beats: one that nobody labelled must not be taken for none.
const LEAD_BEATS: f64 = 0.8;

/// Finds the annotated recordings under `folders` and cuts them up. Reads their annotations, but
/// of the audio only how long it is.
///
/// # Errors
/// When a folder does not exist, or none of its files can be used.
pub(super) fn recordings(folders: &[PathBuf]) -> Result<Found> {
    pieces::gather(folders, RECORDINGS, "no audio with beats beside it", |folder, prefix| {
        let songs = songs(folder);
        songs.iter().map(|(path, labels)| cut(folder, path, labels, prefix)).collect()
    })
}

/// Every song under `folder` that has its beats beside it, in order of path.
fn songs(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let songs = with_labels(folder).into_iter();
    songs.filter_map(|(path, labels)| labels.map(|labels| (path, labels))).collect()
}

/// Every song under `folder`, in order of path, and the file with its beats where there is one: of audio
/// files that share their stem, and so their beats, only one.
pub(crate) fn with_labels(folder: &Path) -> Vec<(PathBuf, Option<PathBuf>)> {
    let labels = |audio: &Path| {
        LABELS.iter().map(|label| audio.with_extension(label)).find(|path| path.is_file())
    };
    let rank = |path: &Path| {
        let ending = path.extension().unwrap_or_default();
        AUDIO.iter().position(|known| ending.eq_ignore_ascii_case(known))
    };
    let files = files::under(folder, &AUDIO);
    let mut chosen: HashMap<PathBuf, &PathBuf> = HashMap::new();
    for path in &files {
        let song = chosen.entry(path.with_extension("")).or_insert(path);
        if rank(path) < rank(song) {
            *song = path;
        }
    }
    let once = files.iter().filter(|path| chosen.get(&path.with_extension("")) == Some(path));
    once.map(|path| (path.clone(), labels(path))).collect()
}

fn cut(folder: &Path, path: &Path, labels: &Path, prefix: &str) -> Result<Vec<Piece>> {
    let beats = annotation::read(labels)?;
    if let Some(seconds) = decode::seconds(path)? {
        annotation::within(&beats, seconds).with_context(|| labels.display().to_string())?;
    }
    let (first, last) = (beats[0].time_s, beats[beats.len() - 1].time_s);
    let beat_s = (last - first) / beats.len() as f64;
    let lead_s = LEAD_S.min(LEAD_BEATS * beat_s);
    // A beat more: the last one has to sound.
    let span = ((first - lead_s).max(0.0), last + beat_s);
    let pieces = Cutter::new(folder, path, prefix, &[]).cut(&mut 0, span, &beats);
    if pieces.is_empty() {
        bail!("{}: has fewer than {FEWEST} beats together", labels.display());
    }
    Ok(pieces)
}

/// Every song under `folder` whole, in order of path, just as it sounds.
///
/// # Errors
/// When the folder holds no such song, or one cannot be read.
pub fn annotated(folder: &Path) -> Result<Vec<Clip>> {
    let songs = songs(folder);
    if songs.is_empty() {
        bail!(
            "{} holds no audio with a .beats or .jams file beside it; put them there, or let `cargo xtask label` write some",
            folder.display()
        );
    }
    songs.into_par_iter().map(|(path, labels)| whole(&path, &labels)).collect()
}

fn whole(path: &Path, labels: &Path) -> Result<Clip> {
    let beats = annotation::read(labels)?;
    let (frames, seconds) = features::of_file(path)?;
    if frames.is_empty() {
        bail!(
            "{}: {:.0} ms of audio are too short for one frame; use a longer file",
            path.display(),
            1000.0 * seconds
        );
    }
    annotation::within(&beats, seconds).with_context(|| labels.display().to_string())?;
    Ok(Clip {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        source: RECORDINGS.to_owned(),
        frames,
        beats,
        onsets: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::audio::{Stereo, write_wav};
    use std::fmt::Write;

    /// A folder with a silent minute and its beats, every half second.
    fn song(folder: &Path, name: &str, beats: usize) {
        let path = folder.join(name);
        write_wav(&path, &Stereo::silent(60 * 44_100)).expect("written");
        let mut text = String::new();
        for beat in 0..beats {
            writeln!(text, "{}\t{}", 0.5 * beat as f64 + 2.0, beat % 4 + 1).expect("text");
        }
        std::fs::write(path.with_extension("beats"), text).expect("written");
    }

    #[test]
    fn songs_are_cut_whole_and_stay_on_one_side() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        song(folder.path(), "a.wav", 112);
        song(folder.path(), "long.wav", 200);
        std::fs::write(folder.path().join("alone.wav"), b"no beats").expect("written");
        let found = recordings(&[folder.path().to_owned()]).expect("found");
        assert_eq!(found.pieces.len(), 2);
        assert_eq!(found.pieces[0].split, found.pieces[1].split);
        assert_eq!(found.pieces.iter().map(|piece| piece.beats.len()).sum::<usize>(), 112);
        let lead_s = LEAD_BEATS * 0.5 * 111.0 / 112.0;
        assert!((found.pieces[0].beats[0].time_s - lead_s).abs() < 1e-9);
        assert_eq!(found.refused.len(), 1);
        let told = &found.refused[0];
        assert!(told.contains("long.beats") && told.contains("beyond the audio"), "{told}");
    }

    #[test]
    fn a_song_in_two_formats_is_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        song(folder.path(), "a.wav", 112);
        let one = recordings(&[folder.path().to_owned()]).expect("found");
        for format in ["a.flac", "a.MP3"] {
            std::fs::copy(folder.path().join("a.wav"), folder.path().join(format)).expect("copied");
        }
        assert_eq!(recordings(&[folder.path().to_owned()]).expect("found").pieces, one.pieces);
    }

    #[test]
    fn clips_of_several_folders_have_names_of_their_own() {
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
        folders.iter().for_each(|folder| song(folder.path(), "a.wav", 112));
        let paths = folders.each_ref().map(|folder| folder.path().to_owned());
        let pieces = recordings(&paths).expect("found").pieces;
        assert_eq!(pieces[..2], recordings(&paths[..1]).expect("found").pieces);
        assert!(pieces[2..].iter().all(|piece| piece.name.starts_with("audio2-")));
        assert_eq!((pieces.len(), pieces[0].split), (4, pieces[2].split));
    }

    #[test]
    fn whole_songs_are_refused_with_file_value_and_remedy() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        song(folder.path(), "a.wav", 112);
        assert_eq!(annotated(folder.path()).expect("whole")[0].beats.len(), 112);
        song(folder.path(), "long.wav", 200);
        let told = format!("{:#}", annotated(folder.path()).expect_err("refused"));
        for words in ["long.beats", "60.5 s", "is it of this file?"] {
            assert!(told.contains(words), "{told}");
        }
        let short = folder.path().join("long.wav");
        write_wav(&short, &Stereo::silent(441)).expect("written");
        let told = format!("{:#}", annotated(folder.path()).expect_err("refused"));
        for words in ["long.wav", "10 ms", "use a longer file"] {
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn nothing_at_all_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folders = [folder.path().to_owned()];
        assert!(recordings(&folders).is_err());
        song(folder.path(), "a.wav", 3);
        let error = format!("{:#}", recordings(&folders).expect_err("refused"));
        assert!(error.contains("a.beats"), "{error}");
        assert!(recordings(&[folder.path().join("absent")]).is_err());
        assert!(recordings(&[]).expect("nothing asked").pieces.is_empty());
    }
}

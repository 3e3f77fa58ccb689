//! The inventory: what there is to render from, told by names and sizes without opening anything.

use std::path::Path;

use anyhow::{Result, bail};
use listener::FeatureSpec;
use sha2::{Digest, Sha256};

use super::annotated::recordings;
use super::midi_files::midi_files;
use super::pieces::Found;
use super::sources::Source;
use super::{CorpusSettings, Sound, mma};
use crate::hash::hex;
use crate::render::installed;

/// Raised whenever rendering changes, so that old clips are not taken for new ones.
const VERSION: u32 = 7;
/// Likewise for what concerns the clips of beats alone.
const BEATS_VERSION: u32 = 9;

/// What there is.
#[derive(Default)]
pub(super) struct Inventory {
    /// Sources with any music.
    pub(super) sources: Vec<Source>,
    /// What it is played with.
    pub(super) sounds: Vec<Sound>,
    /// The user's own music, by its source.
    pub(super) own: Vec<(Source, Found)>,
    /// Everything that makes a corpus what it is, in words.
    pub(super) contents: String,
}

impl Inventory {
    /// Looks around.
    ///
    /// # Errors
    /// When a folder or SoundFont named in `settings` is not there, no file in one can be used,
    /// or mma does not answer.
    pub(super) fn take(settings: &CorpusSettings) -> Result<Self> {
        let fonts =
            if settings.soundfonts.is_empty() { installed() } else { settings.soundfonts.clone() };
        let mut sounds: Vec<Sound> = fonts.iter().map(|font| soundfont(&name(font))).collect();
        let mut words = vec![format!("version {VERSION}"), format!("{:?}", FeatureSpec::CURRENT)];
        for font in &fonts {
            let Ok(about) = std::fs::metadata(font) else {
                bail!(
                    "SoundFont {} does not exist; name one with --soundfont, or leave it out for those installed",
                    font.display()
                );
            };
            words.push(format!("{} {}", name(font), about.len()));
        }
        let mut sources = Vec::new();
        if let Some(data) = &settings.data {
            if !data.is_dir() {
                bail!("data folder {} does not exist; name one or leave it out", data.display());
            }
            for (folder, source, licence) in FOLDERS {
                let files = count(&data.join(folder));
                if files > 0 {
                    words.push(format!("{folder} {files}"));
                    match source {
                        Some(source) => sources.push(source),
                        None => sounds.push(Sound::new(folder, licence)),
                    }
                }
            }
        }
        sources.dedup();
        let books = mma::books()?.len();
        if books > 0 {
            words.push(format!("mma {books}"));
            sources.push(Source::Mma);
        }
        sources.push(Source::Composer);
        let own = vec![
            (Source::Audio, recordings(&settings.audio)?),
            (Source::Midi, midi_files(&settings.midi)?),
        ];
        let given = own.iter().map(|(_, found)| found.contents.clone());
        words.extend(given.filter(|contents| !contents.is_empty()));
        Ok(Self { sources, sounds, own, contents: words.join("; ") })
    }

    /// Short name of the corpus of beats that `seed` makes of this.
    pub(super) fn fingerprint(&self, seed: u64) -> String {
        self.named(seed, &format!("; beats {BEATS_VERSION}"))
    }

    /// Short name of the corpus that `seed` makes of this with further `words`.
    pub(super) fn named(&self, seed: u64, words: &str) -> String {
        let hash = Sha256::digest(format!("{seed}; {}{words}", self.contents));
        hex(&hash[..6])
    }
}

/// Folders of the data that change what is rendered: the source that stands on each, or the licence
/// of the sounds in it.
pub(super) const FOLDERS: [(&str, Option<Source>, &str); 9] = [
    ("groove-midi", Some(Source::Groove), ""),
    ("POP909", Some(Source::Pop909), ""),
    ("OpenEWLD", Some(Source::LeadSheets), ""),
    ("openscore-lieder", Some(Source::Scores), ""),
    ("openscore-quartets", Some(Source::Scores), ""),
    ("drum-machines-pd", None, "public domain"),
    ("uzu-drumkit-unlicense", None, "Unlicense"),
    ("sonic-pi-samples-cc0", None, "CC0"),
    ("ir-library-mit", None, "MIT"),
];

/// A SoundFont by its file name, with the licence its Debian package states.
fn soundfont(file: &str) -> Sound {
    let licence = match file {
        _ if file.starts_with("FluidR3") || file.starts_with("MuseScore_General") => "MIT",
        _ if file.starts_with("sf_GMbank") => "public domain",
        _ if file.starts_with("TimGM6mb") => "GPL-2; only played, no part of it is in the model",
        _ => "its own",
    };
    Sound::new(file, licence)
}

fn count(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) { count(&entry.path()) } else { 1 }
        })
        .sum()
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_missing_soundfont_is_named() {
        let settings = CorpusSettings {
            seed: 1,
            hours: 1.0,
            data: None,
            audio: Vec::new(),
            midi: Vec::new(),
            soundfonts: vec![PathBuf::from("nowhere.sf2")],
            cache: PathBuf::new(),
        };
        let error = Inventory::take(&settings).err().expect("refused");
        assert!(format!("{error:#}").contains("nowhere.sf2"));
    }

    #[test]
    fn other_seeds_are_other_corpora() {
        let inventory = Inventory { contents: "x".into(), ..Inventory::default() };
        assert_ne!(inventory.fingerprint(1), inventory.fingerprint(2));
        assert_eq!(inventory.fingerprint(1).len(), 12);
    }
}

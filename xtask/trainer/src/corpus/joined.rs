//! Several folders of clips as one corpus: music rendered with several seeds, or apart.
//!
//! Which side of the split a song, style file, drummer, figure or recording is on does not depend on the seed
//! or the folder, so the sides stay apart. Where that does not hold, as for SoundFonts, folders are refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{Corpus, Sound, SourceReport, open};

/// The corpora in `folders` as one.
///
/// # Errors
/// As [`open`], and when no folder is named, two hold the same clip, or they were played with other sounds; the
/// message names them.
pub fn open_all(folders: &[PathBuf]) -> Result<Corpus> {
    let (first, others) = folders.split_first().context("no folder of clips is named")?;
    let mut corpus = open(first)?;
    for folder in others {
        let other = open(folder)?;
        same_sounds([first, folder], [&corpus.sounds, &other.sounds])?;
        let [ours, theirs] =
            [&corpus, &other].map(|corpus| corpus.train.iter().chain(&corpus.validation));
        none_twice(ours, theirs, |clip| &clip.name, folder)?;
        corpus.train.extend(other.train);
        corpus.validation.extend(other.validation);
        add_sources(&mut corpus.sources, other.sources);
    }
    Ok(corpus)
}

/// Refuses two `folders` that were played with other `sounds`: which of three or more SoundFonts is kept for
/// validation is known by their order.
///
/// # Errors
/// That, and names the folders.
pub(super) fn same_sounds([ours, theirs]: [&Path; 2], sounds: [&[Sound]; 2]) -> Result<()> {
    ensure!(
        sounds[0] == sounds[1],
        "{} was not played with the sounds of {}, so that training might hear the SoundFont of validation; leave \
         one out, or render it with the same --soundfont",
        theirs.display(),
        ours.display()
    );
    Ok(())
}

/// Refuses a `folder` in which one of `theirs` is one of `ours`. Clips of other seeds may have the same `name`.
///
/// # Errors
/// That, and names the clip.
pub(super) fn none_twice<'a, Clip: PartialEq + 'a>(
    ours: impl Iterator<Item = &'a Clip>,
    theirs: impl Iterator<Item = &'a Clip>,
    name: impl Fn(&Clip) -> &str,
    folder: &Path,
) -> Result<()> {
    let mut known: BTreeMap<&str, Vec<&Clip>> = BTreeMap::new();
    for clip in ours {
        known.entry(name(clip)).or_default().push(clip);
    }
    for clip in theirs {
        ensure!(
            !known.get(name(clip)).is_some_and(|ours| ours.contains(&clip)),
            "clip {} of {1} is in a --corpus before it too; leave {1} out",
            name(clip),
            folder.display()
        );
    }
    Ok(())
}

/// Counts `theirs` together with `ours`, and credits whom either credits.
pub(super) fn add_sources(ours: &mut Vec<SourceReport>, theirs: Vec<SourceReport>) {
    for theirs in theirs {
        match ours.iter_mut().find(|ours| ours.name == theirs.name) {
            Some(ours) => {
                ours.hours += theirs.hours;
                ours.clips += theirs.clips;
                // The same files of the same dataset.
                ours.skipped = ours.skipped.max(theirs.skipped);
                add_words(&mut ours.licence, &theirs.licence, ", ");
                add_words(&mut ours.attribution, &theirs.attribution, "; ");
            }
            None => ours.push(theirs),
        }
    }
}

/// Adds those of `theirs` that are not in `ours`, both listed with `between`.
fn add_words(ours: &mut String, theirs: &str, between: &str) {
    for words in theirs.split(between) {
        if !ours.split(between).any(|known| known == words) {
            ours.push_str(between);
            ours.push_str(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use listener::{BANDS, FeatureSpec};

    use super::super::{Listing, cache};
    use super::*;
    use crate::clip::Clip;

    /// A folder with a clip to learn from and one to validate on, that sound like `heard`.
    fn fill(folder: &Path, heard: f32, attribution: &str, font: &str) {
        std::fs::create_dir(folder).expect("made");
        let clip = |name: &str| {
            let frames = vec![[heard; BANDS]; 60];
            let (name, source) = (name.to_owned(), "audio".to_owned());
            let clip = Clip { name, source, frames, beats: vec![], onsets: vec![] };
            cache::store(folder, &clip).expect("stored");
            clip.name
        };
        let report = SourceReport {
            name: "audio".to_owned(),
            licence: "MIT".to_owned(),
            attribution: attribution.to_owned(),
            hours: 0.5,
            clips: 2,
            skipped: 3,
        };
        let listing = Listing {
            spec: FeatureSpec::CURRENT,
            train: vec![clip("audio-000001")],
            validation: vec![clip("audio-000000")],
            sources: vec![report],
            sounds: vec![Sound::new(font, "free")],
            vocabulary: None,
        };
        listing.store(folder).expect("listed");
    }

    #[test]
    fn clips_keep_their_sides_and_everybody_is_credited_once() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let folders = ["a", "b", "c"].map(|name| home.path().join(name));
        let credits = ["Ann; Bob", "Bob; Cid", "Ann"];
        for ((folder, heard), credits) in folders.iter().zip([0.25, 0.5, 0.75]).zip(credits) {
            fill(folder, heard, credits, "horn");
        }
        let all = open_all(&folders).expect("opened");
        let heard = |clips: &[Clip]| clips.iter().map(|c| c.frames[0][0]).collect::<Vec<_>>();
        assert_eq!(heard(&all.train), [0.25, 0.5, 0.75]);
        assert_eq!(heard(&all.validation), [0.25, 0.5, 0.75]);
        assert!(all.validation.iter().all(|clip| clip.name == "audio-000000"));
        let [report] = &all.sources[..] else { panic!("one source: {:?}", all.sources) };
        assert_eq!((report.hours, report.clips, report.skipped), (1.5, 6, 3));
        assert_eq!((&*report.licence, &*report.attribution), ("MIT", "Ann; Bob; Cid"));
    }

    #[test]
    fn the_same_clip_twice_and_other_sounds_are_refused() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let [a, b] = ["a", "b"].map(|name| home.path().join(name));
        fill(&a, 0.25, "Ann", "horn");
        fill(&b, 0.5, "Ann", "flute");
        let refused =
            |folders: &[PathBuf]| format!("{:#}", open_all(folders).err().expect("refused"));
        let told = refused(&[a.clone(), a.clone()]);
        assert!(told.contains("audio-000001") && told.contains("leave"), "{told}");
        let told = refused(&[a, b.clone()]);
        assert!(told.contains(&*b.to_string_lossy()) && told.contains("--soundfont"), "{told}");
        assert!(open_all(&[]).is_err());
    }
}

//! Several folders of clips as one corpus: music rendered with several seeds, or apart.
//!
//! Which side of the split a song, style file, drummer, figure or recording is on does not depend on the seed
//! or the folder, so the sides stay apart. Where that does not hold, as for SoundFonts, folders are refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{Corpus, Sound, SourceReport, open};

/// The corpora in `folders` as one, in their order.
///
/// # Errors
/// As [`open`], and when no folder is named, two hold the same clip by the same name, or they were played with
/// other sounds; the message names them.
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
/// That, and names the folders and what differs.
pub(super) fn same_sounds(folders: [&Path; 2], sounds: [&[Sound]; 2]) -> Result<()> {
    let [ours, theirs] = sounds;
    let alone = |these: &[Sound], others: &[Sound]| -> Vec<String> {
        these.iter().filter(|it| !others.contains(it)).map(|it| it.name.clone()).collect()
    };
    let differing = [alone(ours, theirs), alone(theirs, ours)].concat();
    ensure!(
        ours == theirs,
        "{} was not played with the sounds of {} ({}), so that training might hear the SoundFont of validation; \
         leave one out, or render it with the same --soundfont and --data",
        folders[1].display(),
        folders[0].display(),
        if differing.is_empty() { "other order".to_owned() } else { differing.join(", ") }
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
            "clip {} of {1} is in a --corpus before it too; leave {1} out, or render it with another --seed and \
             without recordings that are in both",
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
                // Mostly the same files of the same datasets.
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
        if ours.is_empty() {
            words.clone_into(ours);
        } else if !ours.split(between).any(|known| known == words) {
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

    /// A folder with a clip of `source` to learn from and one to validate on, that sound like `heard`.
    fn fill(folder: &Path, heard: f32, source: &str, credit: [&str; 2], fonts: &[&str]) {
        std::fs::create_dir(folder).expect("made");
        let clip = |number: usize| {
            let frames = vec![[heard; BANDS]; 60];
            let (name, source) = (format!("{source}-{number:06}"), source.to_owned());
            let clip = Clip { name, source, frames, beats: vec![], onsets: vec![] };
            cache::store(folder, &clip).expect("stored");
            clip.name
        };
        let [licence, attribution] = credit.map(str::to_owned);
        let (name, hours, clips, skipped) = (source.to_owned(), 0.5, 2, 3);
        let report = SourceReport { name, licence, attribution, hours, clips, skipped };
        let listing = Listing {
            spec: FeatureSpec::CURRENT,
            train: vec![clip(1)],
            validation: vec![clip(0)],
            sources: vec![report],
            sounds: fonts.iter().map(|font| Sound::new(font, "free")).collect(),
            vocabulary: None,
        };
        listing.store(folder).expect("listed");
    }

    #[test]
    fn clips_keep_their_sides_and_everybody_is_credited_once() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let music = [
            ("audio", ["MIT", "Ann; Bob"]),
            ("audio", ["MIT, CC0", "Bob; Cid"]),
            ("composer", ["MIT", "us"]),
            ("audio", ["CC0", "Ann"]),
        ];
        let folders: Vec<PathBuf> = (0..4).map(|n| home.path().join(n.to_string())).collect();
        for (n, (folder, (source, credit))) in folders.iter().zip(music).enumerate() {
            fill(folder, n as f32, source, credit, &["horn"]);
        }
        let all = open_all(&folders).expect("opened");
        let heard = |clips: &[Clip]| clips.iter().map(|c| c.frames[0][0]).collect::<Vec<_>>();
        assert_eq!(heard(&all.train), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(heard(&all.validation), [0.0, 1.0, 2.0, 3.0]);
        assert!(all.train.iter().all(|clip| clip.name.ends_with("-000001")));
        assert!(all.validation.iter().all(|clip| clip.name.ends_with("-000000")));
        let [audio, composer] = &all.sources[..] else { panic!("two: {:?}", all.sources) };
        assert_eq!((audio.hours, audio.clips, audio.skipped), (1.5, 6, 3));
        assert_eq!((&*audio.licence, &*audio.attribution), ("MIT, CC0", "Ann; Bob; Cid"));
        assert_eq!(
            (&*composer.name, composer.clips, &*composer.attribution),
            ("composer", 2, "us")
        );
    }

    #[test]
    fn whom_nobody_credited_yet_is_credited() {
        let mut ours = String::new();
        add_words(&mut ours, "Ann; Bob", "; ");
        assert_eq!(ours, "Ann; Bob");
    }

    #[test]
    fn the_same_clip_twice_and_other_sounds_are_refused() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let [a, b, c] = ["a", "b", "c"].map(|name| home.path().join(name));
        let credit = ["MIT", "Ann"];
        fill(&a, 0.25, "audio", credit, &["horn", "drum"]);
        fill(&b, 0.5, "audio", credit, &["flute", "drum"]);
        fill(&c, 0.5, "audio", credit, &["drum", "horn"]);
        let refused = |folders: [&PathBuf; 2]| {
            format!("{:#}", open_all(&folders.map(Clone::clone)).err().expect("refused"))
        };
        let told = refused([&a, &a]);
        let folder = a.display().to_string();
        assert!(told.contains("audio-000001") && told.contains(&folder), "{told}");
        assert!(told.contains("--seed"), "{told}");
        let told = refused([&a, &b]);
        assert!(told.contains(&*b.to_string_lossy()) && told.contains("--soundfont"), "{told}");
        assert!(told.contains("(horn, flute)"), "{told}");
        assert!(refused([&a, &c]).contains("(other order)"));
        assert!(open_all(&[]).is_err());
    }
}

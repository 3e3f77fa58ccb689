//! Several folders of tagged clips as one corpus, as those of [beats](crate::corpus::open_all). A recording's
//! side depends on what else is in its folder, though, so that only one folder may hold any.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use listener::Vocabulary;

use super::{TagCorpus, open};
use crate::corpus::joined::{add_sources, none_twice, same_sounds};

/// The corpora in `folders` as one.
///
/// # Errors
/// As [`open`], and when no folder is named, two hold the same clip, two hold recordings, or they were
/// played with other sounds; the message names them.
pub fn open_all(folders: &[PathBuf], vocabulary: &Vocabulary) -> Result<TagCorpus> {
    let (first, others) = folders.split_first().context("no folder of clips is named")?;
    let mut corpus = open(first, vocabulary)?;
    for folder in others {
        corpus.join(open(folder, vocabulary)?)?;
    }
    Ok(corpus)
}

impl TagCorpus {
    fn join(&mut self, other: Self) -> Result<()> {
        same_sounds([&self.folder, &other.folder], [&self.sounds, &other.sounds])?;
        ensure!(
            !(self.holds_recordings() && other.holds_recordings()),
            "{} holds recordings, and so does a --corpus before it: nobody knows whether their sides keep apart; \
             render one without --audio and give the recordings with --data",
            other.folder.display()
        );
        let [ours, theirs] =
            [&*self, &other].map(|corpus| corpus.train.iter().chain(&corpus.validation));
        none_twice(ours, theirs, |clip| &clip.name, &other.folder)?;
        self.train.extend(other.train);
        self.validation.extend(other.validation);
        add_sources(&mut self.sources, other.sources);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use listener::BANDS;

    use super::super::store;
    use super::*;
    use crate::corpus::{RECORDINGS, Sound, SourceReport};
    use crate::tagclip::{TagClip, TagTruth};

    fn vocabulary() -> Vocabulary {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Vocabulary { genres: words("rock jazz"), instruments: words("drums bass"), moods: vec![] }
    }

    /// A folder with a clip to learn from and one to validate on, that sound like `heard`.
    fn fill(folder: &Path, heard: f32, source: &str, font: &str) {
        let clip = |name: &str| TagClip {
            name: name.to_owned(),
            source: source.to_owned(),
            group: String::new(),
            frames: vec![[heard; BANDS]; 60],
            chroma: Vec::new(),
            truth: TagTruth::default(),
        };
        let report = SourceReport {
            name: source.to_owned(),
            licence: "free".to_owned(),
            attribution: "us".to_owned(),
            hours: 0.5,
            clips: 2,
            skipped: 3,
        };
        let corpus = TagCorpus {
            train: vec![store(folder, clip("jazz-000001")).expect("stored")],
            validation: vec![store(folder, clip("jazz-000000")).expect("stored")],
            sources: vec![report],
            sounds: vec![Sound { name: font.to_owned(), licence: "free".to_owned() }],
            folder: folder.to_owned(),
        };
        corpus.list(&vocabulary()).expect("listed");
    }

    #[test]
    fn clips_keep_their_sides_and_their_sources_count_together() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let folders = ["a", "b", "c"].map(|name| home.path().join(name));
        for (folder, heard) in folders.iter().zip([0.25, 0.5, 0.75]) {
            std::fs::create_dir(folder).expect("made");
            fill(folder, heard, "composer", "horn");
        }
        let all = open_all(&folders, &vocabulary()).expect("opened");
        let names = |clips: &[TagClip]| clips.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&all.train), ["jazz-000001"; 3]);
        assert_eq!(names(&all.validation), ["jazz-000000"; 3]);
        let [report] = &all.sources[..] else { panic!("one source: {:?}", all.sources) };
        assert_eq!((report.hours, report.clips, report.skipped), (1.5, 6, 3));
        let [a, b, _] = folders;
        for twice in [vec![a.clone(), a.clone()], vec![a.clone(), b, a.clone()]] {
            let told = format!("{:#}", open_all(&twice, &vocabulary()).err().expect("refused"));
            assert!(told.contains("jazz-000001") && told.contains("leave"), "{told}");
        }
        assert!(open_all(&[], &vocabulary()).is_err());
    }

    #[test]
    fn what_might_mix_the_sides_is_refused() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let refused = |name: &str, (source, font): (&str, &str), heard: f32| {
            let folders = [format!("{name}-a"), format!("{name}-b")].map(|n| home.path().join(n));
            folders.iter().for_each(|folder| std::fs::create_dir(folder).expect("made"));
            fill(&folders[0], 0.0, source, "horn");
            fill(&folders[1], heard, source, font);
            format!("{:#}", open_all(&folders, &vocabulary()).err().expect("refused"))
        };
        let told = refused("fonts", ("composer", "flute"), 0.5);
        assert!(told.contains("fonts-b") && told.contains("--soundfont"), "{told}");
        let told = refused("recordings", (RECORDINGS, "horn"), 0.5);
        assert!(told.contains("recordings-b") && told.contains("--data"), "{told}");
        assert!(told.contains("holds recordings"), "{told}");
    }
}

//! The tag corpus: music of every genre alike, with what plays in it second by second.
//!
//! As with the beat corpus the same settings give the same clips, clips are kept on disk as features,
//! and fewer hours give fewer of the same clips. Songs, style files of mma, drummers, the composer's drum
//! grooves, bass lines and chord figures, and (of three or more) the SoundFont of validation are never
//! heard in training.

mod genres;
pub(crate) mod instruments;
mod joined;
mod mood;
mod orchestration;
mod players;
mod write;

pub use joined::open_all;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use listener::{FeatureSpec, Vocabulary};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::clip_renderer::ClipRenderer;
use super::inventory::Inventory;
use super::listing::{self, Listing};
use super::sources::{CLIP_S, Source};
use super::{CorpusSettings, RECORDINGS, Sound, SourceReport, cache, cache_folder, make_missing};
use crate::baseline::chroma::chroma;
use crate::dice::Dice;
use crate::features;
use crate::render::timbre::Timbre;
use crate::render::{Split, Stems};
use crate::tagclip::{PITCHES, TagClip, TagTruth};

/// Every so many clips of a genre, one is for validation.
const VALIDATION_EVERY: usize = 10;
/// Share of clips of any genre, on any instruments.
const ANY: f64 = 0.25;
/// Raised whenever what is written changes, so that old clips are not taken for new ones.
const VERSION: u32 = 7;

/// The words of the shipped model.
const VOCABULARY: &str = include_str!("../../../../../models/vocabulary.json");

/// The vocabulary in the file at `path`, or that of the shipped model.
///
/// # Errors
/// When the file cannot be read or its words cannot be used; the message names it.
pub fn vocabulary(path: Option<&Path>) -> Result<Vocabulary> {
    let (text, name) = match path {
        None => (VOCABULARY.to_owned(), "the built-in vocabulary".to_owned()),
        Some(path) => {
            let name = path.display().to_string();
            (std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?, name)
        }
    };
    let vocabulary: Vocabulary =
        serde_json::from_str(&text).with_context(|| format!("{name} is no vocabulary"))?;
    if let Err(reason) = vocabulary.check() {
        bail!("{name}: {reason}");
    }
    Ok(vocabulary)
}

/// A tag corpus in memory.
pub struct TagCorpus {
    /// To learn from.
    pub train: Vec<TagClip>,
    /// To be scored on: other songs, style files, drummers, figures and SoundFonts.
    pub validation: Vec<TagClip>,
    /// Where it came from.
    pub sources: Vec<SourceReport>,
    /// What it was played with.
    pub sounds: Vec<Sound>,
    /// Where it is kept.
    folder: PathBuf,
}

impl TagCorpus {
    /// Adds a user's own clips, to learn from and to be scored on, to corpus and folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn extend(
        &mut self,
        [train, validation]: [Vec<TagClip>; 2],
        report: SourceReport,
        vocabulary: &Vocabulary,
    ) -> Result<()> {
        let mut count = 0;
        for (ours, theirs) in [(&mut self.train, train), (&mut self.validation, validation)] {
            for mut clip in theirs {
                // Names of files may say anything.
                clip.name = format!("{}-{count:06}", report.name);
                ours.push(store(&self.folder, clip)?);
                count += 1;
            }
        }
        self.sources.push(report);
        self.list(vocabulary)
    }

    /// Whether a user's own music is among it.
    pub fn holds_recordings(&self) -> bool {
        self.sources.iter().any(|source| source.name == RECORDINGS)
    }

    fn list(&self, vocabulary: &Vocabulary) -> Result<()> {
        let names = |clips: &[TagClip]| clips.iter().map(|clip| clip.name.clone()).collect();
        let listing = Listing {
            spec: FeatureSpec::CURRENT,
            train: names(&self.train),
            validation: names(&self.validation),
            sources: self.sources.clone(),
            sounds: self.sounds.clone(),
            vocabulary: Some(vocabulary.clone()),
        };
        listing.store(&self.folder)
    }
}

/// The corpus in a folder that [`build`] has filled, as it is: nothing is rendered, and neither datasets nor
/// SoundFonts are needed.
///
/// # Errors
/// When the folder is no such corpus, is in other words than `vocabulary`, or a clip is missing or damaged;
/// the message names it.
pub fn open(folder: &Path, vocabulary: &Vocabulary) -> Result<TagCorpus> {
    let Listing { train, validation, sources, sounds, vocabulary: theirs, .. } =
        Listing::load(folder)?;
    let Some(theirs) = theirs else {
        bail!("{} is a corpus of beats, not of tags", folder.display());
    };
    // Words of the mood are never learned.
    let words =
        |vocabulary: &Vocabulary| (vocabulary.genres.clone(), vocabulary.instruments.clone());
    ensure!(
        words(&theirs) == words(vocabulary),
        "{} is a corpus in other words ({:?}); train in those with --vocabulary, or render it again",
        folder.display(),
        words(&theirs)
    );
    let read = |name: &str| read(&path_of(folder, name));
    let (train, validation) = (listing::clips(&train, read)?, listing::clips(&validation, read)?);
    Ok(TagCorpus { train, validation, sources, sounds, folder: folder.to_owned() })
}

/// A clip to be had.
struct Job {
    name: String,
    split: Split,
    /// None asks for any music.
    genre: Option<String>,
}

/// The head of a clip on disk.
#[derive(Serialize, Deserialize)]
struct Head {
    name: String,
    source: String,
    group: String,
    chroma: Vec<[f32; PITCHES]>,
    truth: TagTruth,
}

/// Builds the tag corpus in the words of `vocabulary`, or takes up where an earlier run stopped.
///
/// # Errors
/// When a SoundFont or dataset named in `settings` cannot be used, the cache cannot be written, or
/// there is nothing for one side of the split.
pub fn build(settings: &CorpusSettings, vocabulary: &Vocabulary) -> Result<TagCorpus> {
    settings.check()?;
    let inventory = Inventory::take(settings)?;
    let Vocabulary { genres, instruments, .. } = vocabulary;
    let words = format!("{VERSION} {genres:?} {instruments:?} {}", genres::fingerprint());
    let name = format!("tags-{}", inventory.named(settings.seed, &words));
    let folder = cache_folder(&settings.cache, &name)?;
    let jobs = jobs(settings.hours, vocabulary);
    let mut clips: Vec<Option<TagClip>> =
        jobs.par_iter().map(|job| load(&folder, &job.name)).collect();
    let (mut failed, mut unusable) = (Vec::new(), BTreeMap::new());
    if clips.contains(&None) {
        let renderer = ClipRenderer::open(settings)?;
        unusable = renderer.skipped();
        failed = make_missing(&mut clips, |index| {
            store(&folder, render(&renderer, &jobs[index], vocabulary, settings.seed)?)
        });
    }
    for (index, error) in &failed {
        eprintln!("skipped {}: {error:#}", jobs[*index].name);
    }
    if !failed.is_empty() {
        eprintln!("{} clips skipped", failed.len());
    }
    let mut corpus = TagCorpus {
        train: Vec::new(),
        validation: Vec::new(),
        sources: reports(clips.iter().flatten(), &unusable),
        sounds: inventory.sounds,
        folder,
    };
    for (job, clip) in jobs.iter().zip(clips) {
        match job.split {
            Split::Train => corpus.train.extend(clip),
            Split::Validation => corpus.validation.extend(clip),
        }
    }
    if corpus.train.is_empty() || corpus.validation.is_empty() {
        bail!("{} hours gave nothing for one side of the split; ask for more", settings.hours);
    }
    corpus.list(vocabulary)?;
    Ok(corpus)
}

/// As many clips of every genre, and some of any music.
fn jobs(hours: f64, vocabulary: &Vocabulary) -> Vec<Job> {
    let clips = hours * 3600.0 / CLIP_S;
    let played: Vec<&String> =
        vocabulary.genres.iter().filter(|genre| genres::is_played(genre)).collect();
    let each = (clips * (1.0 - ANY) / played.len().max(1) as f64).ceil() as usize;
    let any = (clips * ANY).ceil() as usize;
    let kinds = played.into_iter().map(|genre| (Some(genre.clone()), each));
    let mut jobs: Vec<(usize, Job)> = Vec::new();
    for (genre, count) in kinds.chain([(None, any)]) {
        let kind = genre.clone().unwrap_or_else(|| "any".to_owned());
        for index in 0..count {
            let split =
                if index % VALIDATION_EVERY == 0 { Split::Validation } else { Split::Train };
            jobs.push((
                index,
                Job { name: format!("{kind}-{index:06}"), split, genre: genre.clone() },
            ));
        }
    }
    jobs.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.name.cmp(&b.1.name)));
    jobs.into_iter().map(|(_, job)| job).collect()
}

/// Writes, plays, mixes and spoils the music of `job`, and takes its features.
fn render(
    renderer: &ClipRenderer,
    job: &Job,
    vocabulary: &Vocabulary,
    seed: u64,
) -> Result<TagClip> {
    let mut dice = Dice::named(seed, &format!("tags {}", job.name));
    let library = renderer.library();
    let piece = match &job.genre {
        Some(genre) => write::of_genre(library, genre, job.split, &mut dice)?,
        None => {
            let known = vocabulary.genres.iter().map(String::as_str);
            let mut played: Vec<&str> = known.filter(|genre| genres::is_played(genre)).collect();
            if played.is_empty() {
                // Music of whatever genre teaches instruments and mood.
                played = genres::all().collect();
            }
            write::of_any(library, &played, job.split, &mut dice)?
        }
    };
    let index = |genre: &str| vocabulary.genres.iter().position(|known| known == genre);
    let genre = index(&piece.genre).filter(|_| piece.typical).map(|index| index as u8);
    let mood = Some(mood::mood(&piece.score, &piece.genre));
    let parts = &piece.score.parts;
    let families: Vec<u32> =
        parts.iter().map(|part| instruments::group(part, vocabulary)).collect();
    // Validation hears instruments as sampled: from a SoundFont that nobody learned from.
    let timbres: Vec<Timbre> = match job.split {
        Split::Train => parts.iter().map(|part| Timbre::draw(&mut dice, part.voice)).collect(),
        Split::Validation => Vec::new(),
    };
    let sounding = |stems: &Stems| {
        let of = stems.iter().map(|(part, stem)| {
            let mut frames = features::frames(&stem.mono())?;
            features::to_magnitudes(&mut frames);
            Ok((families[*part], frames))
        });
        Ok(instruments::sounding(&of.collect::<Result<Vec<_>>>()?))
    };
    let (take, frames) =
        renderer.play_parts(piece.score, job.split, &mut dice, &timbres, sounding)?;
    if frames.len() < 400 {
        bail!("is only {:.1} s long", take.seconds());
    }
    let seconds = frames.len() / 50;
    let bits = instruments::by_second(&take.sounding, seconds);
    Ok(TagClip {
        name: job.name.clone(),
        source: piece.source.name().to_owned(),
        group: piece.group,
        chroma: chroma(&take.samples),
        frames,
        truth: TagTruth { genre, instruments: Some(bits), mood },
    })
}

fn path_of(folder: &Path, name: &str) -> std::path::PathBuf {
    folder.join(format!("{name}.clip"))
}

/// Writes `clip` and reads it back, so that a fresh clip equals a cached one to the bit.
fn store(folder: &Path, clip: TagClip) -> Result<TagClip> {
    let path = path_of(folder, &clip.name);
    let TagClip { name, source, group, frames, chroma, truth } = clip;
    cache::write(&path, &Head { name, source, group, chroma, truth }, &frames)?;
    read(&path)
}

fn read(path: &Path) -> Result<TagClip> {
    let (Head { name, source, group, chroma, truth }, frames) = cache::read(path)?;
    Ok(TagClip { name, source, group, frames, chroma, truth })
}

fn load(folder: &Path, name: &str) -> Option<TagClip> {
    let path = path_of(folder, name);
    if !path.exists() {
        return None;
    }
    read(&path).map_err(|error| eprintln!("rendering again: {error:#}")).ok()
}

/// Hours and clips by source, for the card.
fn reports<'a>(
    clips: impl Iterator<Item = &'a TagClip> + Clone,
    unusable: &BTreeMap<Source, usize>,
) -> Vec<SourceReport> {
    let report = |source: Source| {
        let (licence, attribution) = source.terms();
        let ours = clips.clone().filter(|clip| clip.source == source.name());
        SourceReport {
            name: source.name().to_owned(),
            licence: licence.to_owned(),
            attribution: attribution.to_owned(),
            hours: ours.clone().map(TagClip::seconds).sum::<f64>() / 3600.0,
            clips: ours.count(),
            skipped: unusable.get(&source).copied().unwrap_or(0),
        }
    };
    let all = Source::ALL.map(report);
    all.into_iter().filter(|report| report.clips > 0).collect()
}

#[cfg(test)]
mod tests {
    use listener::BANDS;

    use super::*;

    fn vocabulary() -> Vocabulary {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Vocabulary { genres: words("rock jazz"), instruments: words("drums bass"), moods: vec![] }
    }

    #[test]
    fn genres_come_alike_and_fewer_hours_are_fewer_of_the_same() {
        let names = |hours| -> Vec<String> {
            jobs(hours, &vocabulary()).into_iter().map(|job| job.name).collect()
        };
        let (few, many) = (names(0.2), names(1.0));
        assert!(few.iter().all(|name| many.contains(name)) && few.len() < many.len());
        let of = |genre: &str| many.iter().filter(|name| name.starts_with(genre)).count();
        assert_eq!(of("rock"), of("jazz"));
    }

    #[test]
    fn a_corpus_opens_with_the_users_own_clips_and_in_its_own_words_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clip = |name: &str| TagClip {
            name: name.to_owned(),
            source: "composer".to_owned(),
            group: String::new(),
            frames: vec![[0.25; BANDS]; 60],
            chroma: Vec::new(),
            truth: TagTruth::default(),
        };
        let mut corpus = TagCorpus {
            train: vec![store(folder.path(), clip("jazz-000001")).expect("stored")],
            validation: vec![store(folder.path(), clip("jazz-000000")).expect("stored")],
            sources: Vec::new(),
            sounds: Vec::new(),
            folder: folder.path().to_owned(),
        };
        let report = SourceReport {
            name: "audio".to_owned(),
            licence: "mine".to_owned(),
            attribution: "me".to_owned(),
            hours: 0.1,
            clips: 3,
            skipped: 0,
        };
        let own = [vec![clip("a/b: c"), clip("d")], vec![clip("e")]];
        corpus.extend(own, report, &vocabulary()).expect("extended");
        let opened = open(folder.path(), &vocabulary()).expect("opened");
        assert_eq!((&opened.train, &opened.validation), (&corpus.train, &corpus.validation));
        assert_eq!((opened.train.len(), opened.sources.len()), (3, 1));
        let other = Vocabulary { genres: vec!["polka".to_owned()], ..vocabulary() };
        let told = format!("{:#}", open(folder.path(), &other).err().expect("refused"));
        assert!(told.contains("rock") && told.contains("--vocabulary"), "{told}");
        let told = format!("{:#}", super::super::open(folder.path()).err().expect("refused"));
        assert!(told.contains("tags, not of beats"), "{told}");
    }

    #[test]
    fn a_clip_survives_the_disk() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let renderer = ClipRenderer::bare(1);
        let job =
            Job { name: "jazz-000001".into(), split: Split::Train, genre: Some("jazz".into()) };
        let clip = render(&renderer, &job, &vocabulary(), 1).expect("rendered");
        let stored = store(folder.path(), clip).expect("stored");
        assert_eq!(load(folder.path(), &job.name), Some(stored.clone()));
        assert_eq!(stored.truth.genre, Some(1));
        let bits = stored.truth.instruments.expect("known");
        assert_eq!(bits.len(), stored.frames.len() / 50);
        let playing = bits.iter().filter(|&&bits| bits != 0).count();
        assert!(playing * 2 > bits.len(), "drums or bass most of the time: {bits:?}");
    }
}

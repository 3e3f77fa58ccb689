//! The corpus: hours of labelled music, rendered from scores and kept on disk as features.
//!
//! The same settings give the same clips, and fewer hours give a prefix of more: a corpus can be
//! used while it grows. Nothing here trains.

mod annotated;
pub(crate) mod annotation;
mod cache;
mod clip_renderer;
mod collected;
pub mod command;
mod credits;
mod files;
mod folds;
mod groove;
mod inventory;
mod joined;
mod leadsheets;
mod library;
mod listing;
mod midi;
mod midi_files;
mod mma;
pub mod modules;
mod musicxml;
mod pieces;
mod pop909;
#[cfg(test)]
mod proof;
mod song;
mod sources;
pub mod tagged;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Error, Result, bail, ensure};
use indicatif::ProgressBar;
use listener::FeatureSpec;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::clip::Clip;
use crate::progress;
use crate::render::Split;
use crate::write::write_whole;
pub(crate) use annotated::with_labels;
pub use annotated::{RECORDINGS, annotated};
use clip_renderer::ClipRenderer;
pub use collected::{COLLECTED, Collected, Labelled, Refused, collected};
pub use credits::credits;
pub use files::check_unheard;
pub use folds::folds;
use inventory::Inventory;
pub use joined::open_all;
use listing::Listing;
use pieces::{Found, Piece};
use sources::{CLIP_S, Source};

/// Audio files under `folder`, in order of their paths.
#[must_use]
pub fn audio_files(folder: &Path) -> Vec<PathBuf> {
    files::under(folder, &annotated::AUDIO)
}

/// Whether `folder` holds any of the datasets this corpus is rendered from.
#[must_use]
pub fn holds_datasets(folder: &Path) -> bool {
    inventory::FOLDERS.iter().any(|(name, ..)| folder.join(name).is_dir())
}

/// Every so many clips of a source, one is for validation.
const VALIDATION_EVERY: usize = 10;
const MANIFEST: &str = "manifest.json";

/// What corpus to build.
#[derive(Debug, Clone)]
pub struct CorpusSettings {
    /// Seed of every decision.
    pub seed: u64,
    /// Hours of music, training and validation together.
    pub hours: f64,
    /// Folder with the datasets; without it the composer (and mma, where installed)
    /// writes everything.
    pub data: Option<PathBuf>,
    /// Folders of recordings with their beats beside them, used whole on top of `hours`.
    pub audio: Vec<PathBuf>,
    /// Folders of MIDI files, likewise.
    pub midi: Vec<PathBuf>,
    /// SoundFonts; when empty, those of the system.
    pub soundfonts: Vec<PathBuf>,
    /// Folder that keeps the clips.
    pub cache: PathBuf,
}

impl CorpusSettings {
    /// Checks the hours.
    ///
    /// # Errors
    /// When nobody could render so many; the message names them.
    pub fn check(&self) -> Result<()> {
        let hours = self.hours;
        ensure!(
            hours > 0.0 && hours < 1000.0,
            "hours = {hours}: give more than 0 and less than 1000"
        );
        Ok(())
    }
}

/// What became of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Its name, as in [`Clip::source`].
    pub name: String,
    /// Licence.
    pub licence: String,
    /// Whom to credit.
    pub attribution: String,
    /// Hours, training and validation together.
    pub hours: f64,
    /// Clips.
    pub clips: usize,
    /// Files and clips that could not be used.
    pub skipped: usize,
}

/// What music is played with: a SoundFont, a folder of drum sounds or of rooms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    /// File or folder name.
    pub name: String,
    /// Licence.
    pub licence: String,
}

impl Sound {
    fn new(name: &str, licence: &str) -> Self {
        Self { name: name.to_owned(), licence: licence.to_owned() }
    }
}

/// A corpus in memory.
pub struct Corpus {
    /// To learn from.
    pub train: Vec<Clip>,
    /// To be scored on: other songs, drummers and SoundFonts.
    pub validation: Vec<Clip>,
    /// Where it came from; only sources with clips.
    pub sources: Vec<SourceReport>,
    /// What it was played with, by training and validation together.
    pub sounds: Vec<Sound>,
}

/// What a cache folder holds, for people and for model cards.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    seed: u64,
    hours: f64,
    spec: FeatureSpec,
    made_from: String,
    sources: Vec<SourceReport>,
}

/// A clip to be had.
struct Job {
    source: Source,
    split: Split,
    name: String,
    /// What it is, of the user's own music.
    piece: Option<Piece>,
}

/// Builds the corpus, or takes up where an earlier run stopped. What is in the cache is read, the
/// rest is rendered.
///
/// # Errors
/// When a SoundFont or dataset named in `settings` cannot be used, the cache cannot be written, or
/// nothing at all could be rendered.
pub fn build(settings: &CorpusSettings) -> Result<Corpus> {
    settings.check()?;
    build_with(settings, Inventory::take(settings)?, || ClipRenderer::open(settings))
}

/// [`build`] from an inventory, with a renderer that is opened only if something is missing.
fn build_with(
    settings: &CorpusSettings,
    inventory: Inventory,
    open: impl FnOnce() -> Result<ClipRenderer>,
) -> Result<Corpus> {
    let mut credited = Vec::new();
    for (source, folders) in [(Source::Audio, &settings.audio), (Source::Midi, &settings.midi)] {
        credited.push((source, credits(folders, source.terms())?));
    }
    let folder = cache_folder(&settings.cache, &inventory.fingerprint(settings.seed))?;
    let jobs = jobs(settings.hours, &inventory.sources, &inventory.own);
    let mut clips: Vec<Option<Clip>> = jobs.par_iter().map(|job| cached(&folder, job)).collect();

    let mut skipped = skipped_before(&folder);
    if clips.contains(&None) {
        let renderer = open()?;
        skipped = renderer
            .skipped()
            .into_iter()
            .map(|(source, n)| (source.name().to_owned(), n))
            .collect();
        let failed = make_missing(&mut clips, |index| {
            let clip = renderer.render(&jobs[index])?;
            cache::store(&folder, &clip)?;
            // Read back, so that a fresh clip equals a cached one to the bit.
            cache::load(&cache::path_of(&folder, &clip.name))
        });
        for (source, found) in &inventory.own {
            skipped.insert(source.name().to_owned(), found.refused.len());
            found.refused.iter().for_each(|line| eprintln!("skipped {line}"));
        }
        for (index, error) in failed {
            eprintln!("skipped {}: {error:#}", jobs[index].name);
            *skipped.entry(jobs[index].source.name().to_owned()).or_default() += 1;
        }
    }
    let mut corpus = sorted(&jobs, clips, &skipped);
    for source in corpus.sources.iter().filter(|source| source.skipped > 0) {
        let SourceReport { name, clips, skipped, .. } = source;
        eprintln!("{name}: {clips} clips; {skipped} files or clips skipped");
    }
    corpus.sounds = inventory.sounds;
    for (source, terms) in credited {
        if let Some(report) = corpus.sources.iter_mut().find(|it| it.name == source.name()) {
            (report.licence, report.attribution) = terms;
        }
    }
    if corpus.train.is_empty() || corpus.validation.is_empty() {
        bail!(
            "{} hours gave {} training and {} validation clips; ask for more hours",
            settings.hours,
            corpus.train.len(),
            corpus.validation.len()
        );
    }
    let manifest = Manifest {
        seed: settings.seed,
        hours: settings.hours,
        spec: FeatureSpec::CURRENT,
        made_from: inventory.contents,
        sources: corpus.sources.clone(),
    };
    write_whole(&folder.join(MANIFEST), &serde_json::to_vec_pretty(&manifest)?)?;
    // Who gave nothing is told and counted, but is owed no credit.
    corpus.sources.retain(|source| source.clips > 0);
    let names = |clips: &[Clip]| clips.iter().map(|clip| clip.name.clone()).collect();
    let listing = Listing {
        spec: FeatureSpec::CURRENT,
        train: names(&corpus.train),
        validation: names(&corpus.validation),
        sources: corpus.sources.clone(),
        sounds: corpus.sounds.clone(),
        vocabulary: None,
    };
    listing.store(&folder)?;
    Ok(corpus)
}

/// The corpus in a folder that [`build`] has filled, as it is: nothing is rendered, and neither datasets nor
/// SoundFonts are needed.
///
/// # Errors
/// When the folder is no such corpus, or a clip is missing or damaged; the message names it.
pub fn open(folder: &Path) -> Result<Corpus> {
    let Listing { train, validation, sources, sounds, vocabulary, .. } = Listing::load(folder)?;
    ensure!(vocabulary.is_none(), "{} is a corpus of tags, not of beats", folder.display());
    let read = |name: &str| cache::load(&cache::path_of(folder, name));
    let (train, validation) = (listing::clips(&train, read)?, listing::clips(&validation, read)?);
    Ok(Corpus { train, validation, sources, sounds })
}

/// The folder called `name` in `cache`, made if it is not there.
fn cache_folder(cache: &Path, name: &str) -> Result<PathBuf> {
    let folder = cache.join(name);
    std::fs::create_dir_all(&folder).with_context(|| {
        format!("cannot make cache folder {}; choose another", folder.display())
    })?;
    Ok(folder)
}

/// Makes every clip that is missing, several at a time; gives those that cannot be made, and why.
fn make_missing<T: Send>(
    clips: &mut [Option<T>],
    make: impl Fn(usize) -> Result<T> + Sync,
) -> Vec<(usize, Error)> {
    let missing: Vec<usize> = (0..clips.len()).filter(|&index| clips[index].is_none()).collect();
    let bar = progress_of(missing.len());
    let made: Vec<(usize, Result<T>)> = missing
        .into_iter()
        .par_bridge()
        .map(|index| {
            let clip = make(index);
            bar.inc(1);
            (index, clip)
        })
        .collect();
    bar.finish_and_clear();
    let keep = |(index, clip): (usize, Result<T>)| match clip {
        Ok(clip) => {
            clips[index] = Some(clip);
            None
        }
        Err(error) => Some((index, error)),
    };
    made.into_iter().filter_map(keep).collect()
}

/// The clips of the first `hours` hours and all of the user's `own` music, sources mixed evenly.
fn jobs(hours: f64, sources: &[Source], own: &[(Source, Found)]) -> Vec<Job> {
    let whole: f64 = sources.iter().map(|source| source.share()).sum();
    let mut jobs: Vec<(f64, Job)> = Vec::new();
    for &source in sources {
        let count = hours * 3600.0 / CLIP_S * source.share() / whole;
        for index in 0..count.ceil() as usize {
            // The first clip is for validation, so that any corpus has one.
            let split =
                if index % VALIDATION_EVERY == 0 { Split::Validation } else { Split::Train };
            let name = format!("{}-{index:06}", source.name());
            jobs.push(((index as f64 + 0.5) / count, Job { source, split, name, piece: None }));
        }
    }
    for (source, Found { pieces, .. }) in own {
        let count = pieces.len() as f64;
        for (index, piece) in pieces.iter().enumerate() {
            let (split, name) = (piece.split, piece.name.clone());
            let job = Job { source: *source, split, name, piece: Some(piece.clone()) };
            jobs.push(((index as f64 + 0.5) / count, job));
        }
    }
    jobs.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.name.cmp(&b.1.name)));
    jobs.into_iter().map(|(_, job)| job).collect()
}

fn cached(folder: &Path, job: &Job) -> Option<Clip> {
    let path = cache::path_of(folder, &job.name);
    if !path.exists() {
        return None;
    }
    cache::load(&path).map_err(|error| eprintln!("rendering again: {error:#}")).ok()
}

/// Counts of an earlier run, for when nothing has to be opened again.
fn skipped_before(folder: &Path) -> BTreeMap<String, usize> {
    let manifest = std::fs::read(folder.join(MANIFEST)).ok();
    let manifest: Option<Manifest> = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let sources = manifest.map(|manifest| manifest.sources).unwrap_or_default();
    sources.into_iter().map(|source| (source.name, source.skipped)).collect()
}

/// Parts the clips by split and counts them by source; a source that is not there is left out.
fn sorted(jobs: &[Job], clips: Vec<Option<Clip>>, skipped: &BTreeMap<String, usize>) -> Corpus {
    let report = |source: Source| {
        let (licence, attribution) = source.terms();
        SourceReport {
            name: source.name().to_owned(),
            licence: licence.to_owned(),
            attribution: attribution.to_owned(),
            hours: 0.0,
            clips: 0,
            skipped: skipped.get(source.name()).copied().unwrap_or(0),
        }
    };
    let sources = Source::ALL.map(report).to_vec();
    let mut corpus =
        Corpus { train: Vec::new(), validation: Vec::new(), sources, sounds: Vec::new() };
    for (job, clip) in jobs.iter().zip(clips) {
        let Some(clip) = clip else { continue };
        let report = corpus.sources.iter_mut().find(|report| report.name == clip.source);
        if let Some(report) = report {
            report.hours += clip.seconds() / 3600.0;
            report.clips += 1;
        }
        match job.split {
            Split::Train => corpus.train.push(clip),
            Split::Validation => corpus.validation.push(clip),
        }
    }
    corpus.sources.retain(|report| report.clips > 0 || report.skipped > 0);
    corpus
}

fn progress_of(clips: usize) -> ProgressBar {
    let template = "corpus {bar:30} {pos}/{len} clips, {elapsed} gone, {eta} to go";
    let bar = progress::bar(clips as u64, template);
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(cache: &Path, hours: f64) -> CorpusSettings {
        CorpusSettings {
            seed: 3,
            hours,
            data: None,
            audio: Vec::new(),
            midi: Vec::new(),
            soundfonts: Vec::new(),
            cache: cache.to_owned(),
        }
    }

    #[test]
    fn fewer_hours_are_a_prefix_of_more() {
        let names = |hours| {
            jobs(hours, &Source::ALL, &[]).into_iter().map(|job| job.name).collect::<Vec<_>>()
        };
        let (few, many) = (names(0.2), names(1.0));
        assert!(few.iter().all(|name| many.contains(name)) && few.len() < many.len());
    }

    #[test]
    fn a_corpus_repeats_resumes_and_mends_itself() {
        let cache = tempfile::tempdir().expect("a temporary folder");
        let build_it = || {
            let inventory = Inventory {
                sources: vec![Source::Composer],
                contents: "test".into(),
                ..Inventory::default()
            };
            build_with(&settings(cache.path(), 0.03), inventory, || Ok(ClipRenderer::bare(3)))
                .expect("built")
        };
        let first = build_it();
        assert!(!first.train.is_empty() && !first.validation.is_empty());
        assert_eq!(first.sources.len(), 1);
        let folder =
            std::fs::read_dir(cache.path()).expect("listed").flatten().next().expect("one").path();
        std::fs::remove_file(cache::path_of(&folder, &first.train[1].name)).expect("removed");
        // It is used as it is, or a clip that is missing is named.
        let told = format!("{:#}", open(&folder).err().expect("refused"));
        assert!(told.contains(&first.train[1].name), "{told}");
        std::fs::write(cache::path_of(&folder, &first.train[0].name), b"half").expect("damaged");
        let again = build_it();
        let opened = open(&folder).expect("opened");
        assert!(again.train == opened.train && again.validation == opened.validation);
        assert_eq!((&again.sources, &again.sounds), (&opened.sources, &opened.sounds));
        assert!(first.train == again.train && first.validation == again.validation);
        assert_eq!(first.sources, again.sources);
    }

    #[test]
    fn a_source_that_gives_nothing_is_counted_but_not_credited() {
        let cache = tempfile::tempdir().expect("a temporary folder");
        let sources = vec![Source::Groove, Source::Composer];
        let inventory = Inventory { sources, contents: "test".into(), ..Inventory::default() };
        let folder = cache.path().join(inventory.fingerprint(3));
        let corpus =
            build_with(&settings(cache.path(), 0.03), inventory, || Ok(ClipRenderer::bare(3)))
                .expect("built");
        let names: Vec<&str> = corpus.sources.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, ["composer"]);
        assert!(skipped_before(&folder).get("groove").is_some_and(|&skipped| skipped > 0));
    }

    #[test]
    fn a_folder_of_midi_files_gives_clips_on_top() {
        let (cache, folder) =
            (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
        let strokes: Vec<(f64, u8)> = (0..120).map(|beat| (f64::from(beat), 36)).collect();
        let song = midi::tests::file(&strokes, 120.0, Some(110.0));
        std::fs::write(folder.path().join("song.mid"), song).expect("written");
        std::fs::write(folder.path().join("broken.mid"), b"MThd").expect("written");
        let settings =
            CorpusSettings { midi: vec![folder.path().to_owned()], ..settings(cache.path(), 0.03) };
        let build_it = || {
            let own = vec![(Source::Midi, midi_files::midi_files(&settings.midi).expect("found"))];
            let sources = vec![Source::Composer];
            let inventory = Inventory { sources, own, ..Inventory::default() };
            build_with(&settings, inventory, || Ok(ClipRenderer::bare(3))).expect("built")
        };
        let corpus = build_it();
        let report = corpus.sources.iter().find(|source| source.name == "midi").expect("told");
        assert_eq!((report.clips, report.skipped), (2, 1));
        let clips = corpus.train.iter().chain(&corpus.validation);
        let clips: Vec<&Clip> = clips.filter(|clip| clip.source == "midi").collect();
        assert!(clips.iter().all(|clip| clip.beats.len() > 30 && !clip.onsets.is_empty()));
        let again = build_it();
        assert!(corpus.train == again.train && corpus.validation == again.validation);
    }

    #[test]
    fn a_wrong_data_folder_is_named() {
        let cache = tempfile::tempdir().expect("a temporary folder");
        let data = Some(PathBuf::from("no/such/folder"));
        let error =
            build(&CorpusSettings { data, ..settings(cache.path(), 0.1) }).err().expect("refused");
        assert!(format!("{error:#}").contains("no/such/folder"));
    }
}

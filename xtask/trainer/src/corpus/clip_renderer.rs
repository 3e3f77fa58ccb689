//! The renderer: everything rendering needs, opened once; a job goes in, a clip comes out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};
use listener::BANDS;

use super::library::Library;
use super::midi_files;
use super::pieces::Piece;
use super::sources::Source;
use super::{CorpusSettings, Job};
use crate::augment::{self, Crowd, Downmix, Take, Transform};
use crate::clip::{Clip, RATE_HZ};
use crate::compose::score::Score;
use crate::dice::Dice;
use crate::features;
use crate::render::decode::read_mono_at_its_rate;
use crate::render::resample::at_rate;
use crate::render::timbre::Timbre;
use crate::render::{Split, Stems, Studio};

/// Data and sounds.
pub(super) struct ClipRenderer {
    seed: u64,
    library: Library,
    studio: Studio,
    /// The recording decoded last: its pieces come one after the other.
    decoded: Mutex<Option<Arc<Recording>>>,
}

/// A decoded recording.
struct Recording {
    path: Arc<PathBuf>,
    samples: Vec<f32>,
    rate_hz: f64,
}

impl ClipRenderer {
    /// Reads the datasets and SoundFonts, and says on stderr which files it cannot use.
    ///
    /// # Errors
    /// When a dataset's index or a SoundFont named in `settings` cannot be read.
    pub(super) fn open(settings: &CorpusSettings) -> Result<Self> {
        let library = Library::open(settings.data.as_deref())?;
        let studio = Studio::open(&settings.soundfonts, &library.machines)?;
        let told = library.skipped.iter().map(|(_, line)| line).chain(&library.broken_rooms);
        told.chain(&studio.skipped).for_each(|line| eprintln!("skipped {line}"));
        if !library.broken_rooms.is_empty() {
            eprintln!("{} impulse responses were skipped", library.broken_rooms.len());
        }
        Ok(Self { seed: settings.seed, library, studio, decoded: Mutex::default() })
    }

    /// The composer and its oscillators alone.
    #[cfg(test)]
    pub(super) fn bare(seed: u64) -> Self {
        let (library, studio) = (Library::default(), Studio::bare());
        Self { seed, library, studio, decoded: Mutex::default() }
    }

    /// Files that could not be used, by source.
    pub(super) fn skipped(&self) -> BTreeMap<Source, usize> {
        let mut counts = BTreeMap::new();
        for (source, _) in &self.library.skipped {
            *counts.entry(*source).or_default() += 1;
        }
        counts
    }

    /// Cuts a piece out of its recording.
    fn cut(&self, piece: &Piece) -> Result<Take> {
        let mut decoded = None;
        if let Ok(last) = self.decoded.lock() {
            decoded = last.clone().filter(|last| last.path == piece.path);
        }
        let recording = match decoded {
            Some(recording) => recording,
            None => {
                let (samples, rate_hz) = read_mono_at_its_rate(&piece.path)?;
                Arc::new(Recording { path: Arc::clone(&piece.path), samples, rate_hz })
            }
        };
        if let Ok(mut last) = self.decoded.lock() {
            *last = Some(Arc::clone(&recording));
        }
        let Recording { samples, rate_hz, .. } = &*recording;
        let end = (piece.span.1 * rate_hz) as usize;
        let first = (piece.span.0 * rate_hz) as usize;
        let samples = samples.get(first..end.min(samples.len())).unwrap_or(&[]);
        let samples = at_rate(samples.to_vec(), *rate_hz, RATE_HZ)
            .with_context(|| piece.path.display().to_string())?;
        Ok(Take { samples, beats: piece.beats.clone(), ..Take::default() })
    }

    /// What is read from the data folder.
    pub(super) fn library(&self) -> &Library {
        &self.library
    }

    /// Plays and mixes `score` for the clip called `name`. Only training changes the timbre of
    /// players: validation hears a SoundFont as sampled that nobody learned from.
    ///
    /// # Errors
    /// When a synthesizer refuses to start.
    fn play(&self, score: Score, split: Split, name: &str, dice: &mut Dice) -> Result<Take> {
        let (mix, onsets) = match split {
            Split::Train => {
                let voices = score.parts.iter().map(|part| part.voice);
                let timbres: Vec<Timbre> = voices.map(|voice| Timbre::draw(dice, voice)).collect();
                let (mix, onsets, _) = self.studio.record_parts(dice, &score, split, &timbres)?;
                (mix, onsets)
            }
            Split::Validation => self.studio.record(dice, &score, split)?,
        };
        let samples = Downmix::draw(&mut self.dice(name, "downmix")).apply(&mix);
        Ok(Take { samples, beats: score.beats, onsets, ..Take::default() })
    }

    /// Dice for one decision about the clip called `name`, which moves no other.
    fn dice(&self, name: &str, decision: &str) -> Dice {
        Dice::named(self.seed, &format!("{name} {decision}"))
    }

    /// Plays, mixes and spoils `score`, its parts told apart in their `timbres`, and takes its
    /// features: `sounding` makes of the parts, as they are in the mix, what can be heard.
    ///
    /// # Errors
    /// When a synthesizer refuses to start.
    pub(super) fn play_parts(
        &self,
        score: Score,
        split: Split,
        dice: &mut Dice,
        timbres: &[Timbre],
        sounding: impl Fn(&Stems) -> Result<Vec<(f64, u32)>>,
    ) -> Result<(Take, Vec<[f32; BANDS]>)> {
        let (mix, onsets, stems) = self.studio.record_parts(dice, &score, split, timbres)?;
        let sounding = sounding(&stems)?;
        let mut take = Take { samples: mix.mono(), beats: score.beats, onsets, sounding };
        self.spoil(&mut take, dice);
        let frames = features::frames(&take.samples)?;
        Ok((take, frames))
    }

    fn spoil(&self, take: &mut Take, dice: &mut Dice) {
        for transform in augment::chain(dice, take.seconds(), &self.library.rooms) {
            transform.apply(take);
        }
    }

    /// Writes, plays, mixes and spoils the music of `job`, and takes its features.
    ///
    /// # Errors
    /// When its source has nothing for its split, or the clip comes out too short to be of use.
    pub(super) fn render(&self, job: &Job) -> Result<Clip> {
        let mut dice = Dice::named(self.seed, &job.name);
        let mut take = match &job.piece {
            Some(piece) if job.source == Source::Audio => self.cut(piece)?,
            Some(piece) => {
                let score = midi_files::score(piece, &mut dice)?;
                self.play(score, job.split, &job.name, &mut dice)?
            }
            None => {
                let score = self.library.score(job.source, job.split, &mut dice)?;
                self.play(score, job.split, &job.name, &mut dice)?
            }
        };
        // A recording is scored as it is.
        if job.source != Source::Audio || job.split == Split::Train {
            // The audience is in the hall with the band: what befalls one befalls both.
            if let Some(crowd) = Crowd::draw(&mut self.dice(&job.name, "crowd")) {
                Transform::Crowd(crowd).apply(&mut take);
            }
            self.spoil(&mut take, &mut dice);
        }
        let frames = features::frames(&take.samples)?;
        let end = take.seconds();
        take.beats.retain(|beat| beat.time_s < end);
        if frames.len() < 250 || take.beats.len() < 4 {
            bail!("is only {end:.1} s long with {} beats", take.beats.len());
        }
        Ok(Clip {
            name: job.name.clone(),
            source: job.source.name().to_owned(),
            frames,
            beats: take.beats,
            onsets: take.onsets,
        })
    }
}

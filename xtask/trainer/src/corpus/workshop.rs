//! The workshop: everything rendering needs, opened once; a job goes in, a clip comes out.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::sources::{Library, Source};
use super::{CorpusSettings, Job};
use crate::augment::{self, Take};
use crate::clip::Clip;
use crate::dice::Dice;
use crate::features;
use crate::render::Studio;

/// Data and sounds.
pub(super) struct Workshop {
    seed: u64,
    library: Library,
    studio: Studio,
}

impl Workshop {
    /// Reads the datasets and SoundFonts, and says on stderr which files it cannot use.
    ///
    /// # Errors
    /// When a dataset's index or a SoundFont named in `settings` cannot be read.
    pub(super) fn open(settings: &CorpusSettings) -> Result<Self> {
        let library =
            settings.data.as_deref().map_or_else(|| Ok(Library::default()), Library::open)?;
        let studio = Studio::open(&settings.soundfonts, &library.machines)?;
        let told = library.skipped.iter().map(|(_, line)| line).chain(&studio.skipped);
        told.for_each(|line| eprintln!("skipped {line}"));
        Ok(Self { seed: settings.seed, library, studio })
    }

    /// The composer and its oscillators alone.
    #[cfg(test)]
    pub(super) fn bare(seed: u64) -> Self {
        Self { seed, library: Library::default(), studio: Studio::bare() }
    }

    /// Files that could not be used, by source.
    pub(super) fn skipped(&self) -> BTreeMap<Source, usize> {
        let mut counts = BTreeMap::new();
        for (source, _) in &self.library.skipped {
            *counts.entry(*source).or_default() += 1;
        }
        counts
    }

    /// Writes, plays, mixes and spoils the music of `job`, and takes its features.
    ///
    /// # Errors
    /// When its source has nothing for its split, or the clip comes out too short to be of use.
    pub(super) fn render(&self, job: &Job) -> Result<Clip> {
        let mut dice = Dice::named(self.seed, &job.name);
        let score = self.library.score(job.source, job.split, &mut dice)?;
        let (mix, onsets) = self.studio.record(&mut dice, &score, job.split)?;
        let mut take = Take { samples: mix.mono(), beats: score.beats, onsets };
        for transform in augment::chain(&mut dice, score.seconds, &self.library.rooms) {
            transform.apply(&mut take);
        }
        let end = take.seconds();
        take.beats.retain(|beat| beat.time_s < end);
        let frames = features::frames(&take.samples)?;
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

//! The studio: plays a score with SoundFonts, drum machines and oscillators, and mixes it.
//!
//! Deterministic for the same score, dice and sounds. Reads sound files when opened, never after.

pub mod audio;
pub mod decode;
mod effect;
pub mod filter;
pub mod machine;
mod oscillator;
mod pump;
pub mod resample;
mod sf3;
pub mod soundfont;
mod sung;
pub mod timbre;

use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;

use crate::clip::RATE_HZ;
use crate::compose::score::{Part, Score, Voice};
use crate::dice::Dice;
use audio::Stereo;
use filter::Biquad;
use machine::Machine;
use soundfont::{Font, SLOWEST_S};
use timbre::Timbre;

/// Folders in which distributions install SoundFonts.
const FONT_FOLDERS: [&str; 4] = [
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
];

/// The parts as they are in the mix: (index of the part, its sound).
pub type Stems = Vec<(usize, Stereo)>;

/// Who the music is for: training and validation never hear the same combination of SoundFonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Split {
    /// Learned from.
    Train,
    /// Only scored.
    Validation,
}

/// All the sounds at hand.
pub struct Studio {
    fonts: Vec<Font>,
    machines: Vec<Machine>,
    /// What could not be used, and why.
    pub skipped: Vec<String>,
}

impl Studio {
    /// Opens `soundfonts`, or those installed on the system when the list is empty, and the drum
    /// machines under `machines`. With no SoundFont anywhere the built-in oscillators play.
    ///
    /// # Errors
    /// When a SoundFont that was asked for by name cannot be used.
    pub fn open(soundfonts: &[PathBuf], machines: &[PathBuf]) -> Result<Self> {
        let mut skipped = Vec::new();
        let fonts: Vec<Font> = if soundfonts.is_empty() {
            let found: Vec<Result<Font>> =
                installed().par_iter().map(|path| Font::open(path)).collect();
            let told = found
                .into_iter()
                .filter_map(|font| font.map_err(|e| skipped.push(format!("{e:#}"))).ok());
            told.collect()
        } else {
            soundfonts.par_iter().map(|path| Font::open(path)).collect::<Result<_>>()?
        };
        if fonts.is_empty() {
            skipped.push(
                "no SoundFont found: the built-in oscillators play (better: install Debian's \
                 fluid-soundfont-gm, csound-soundfont and timgm6mb-soundfont, or give --soundfont FILE.sf2)"
                    .to_owned(),
            );
        }
        let machines = machine::find(machines, &mut skipped);
        Ok(Self { fonts, machines, skipped })
    }

    /// The built-in oscillators alone.
    #[must_use]
    pub fn bare() -> Self {
        Self { fonts: Vec::new(), machines: Vec::new(), skipped: Vec::new() }
    }

    /// Plays and mixes `score`. Also gives the audible onsets, seconds.
    ///
    /// # Errors
    /// When a synthesizer refuses to start.
    pub fn record(
        &self,
        dice: &mut Dice,
        score: &Score,
        split: Split,
    ) -> Result<(Stereo, Vec<f64>)> {
        let (mix, onsets, _) = self.perform(dice, score, split, |_| 0, &[])?;
        Ok((mix, onsets))
    }

    /// [`Self::record`], with every part played by itself, in the timbre of its place in `timbres`; as
    /// sampled where that ends. Also gives each part as it is in the mix.
    ///
    /// # Errors
    /// When a synthesizer refuses to start.
    pub fn record_parts(
        &self,
        dice: &mut Dice,
        score: &Score,
        split: Split,
        timbres: &[Timbre],
    ) -> Result<(Stereo, Vec<f64>, Stems)> {
        self.perform(dice, score, split, |index| index, timbres)
    }

    /// Plays and mixes, the parts of one group, as `group` numbers them by their index, at once.
    fn perform(
        &self,
        dice: &mut Dice,
        score: &Score,
        split: Split,
        group: impl Fn(usize) -> usize,
        timbres: &[Timbre],
    ) -> Result<(Stereo, Vec<f64>, Stems)> {
        let (melodic, drums) = self.cast(dice, split);
        let samples = (score.seconds * RATE_HZ) as usize;
        let font_for = |part: &Part| if part.voice.is_drums() { drums } else { melodic };
        let onsets = score.onsets(|part| match (part.voice, font_for(part)) {
            (Voice::Program(_), Some(font)) => {
                let keys = part.notes.iter().map(|note| note.key);
                keys.clone().map(|key| font.attack(part.voice, key)).sum::<f64>()
                    <= SLOWEST_S * keys.count().max(1) as f64
            }
            _ => true,
        });
        // Groups of each bus, in the order they come.
        let mut clean = Bus::default();
        let mut driven = Bus::default();
        let mut kits = Bus::default();
        let mut percussion = Bus::default();
        let mut waves = Bus::default();
        for (index, part) in score.parts.iter().enumerate() {
            let group = group(index);
            match (part.voice, font_for(part)) {
                (Voice::Kit(_), Some(_)) => kits.add(group, part),
                (Voice::Program(_), Some(_)) if part.drive > 0.0 => driven.add(group, part),
                (Voice::Program(_), Some(_)) => clean.add(group, part),
                (voice, _) if voice.is_drums() => {
                    let machine = self.machine(voice, dice);
                    let stem = percussion.stem(group, samples);
                    machine.play(part, dice, stem);
                }
                _ => oscillator::play(part, dice, waves.stem(group, samples)),
            }
        }
        let ducks = pump::draw(dice, score);
        let mut mix = Stereo::silent(samples);
        let mut stems = Vec::new();
        let mut bus = |dice: &mut Dice, mut bus: Bus<'_>, level_db: f64| {
            for (group, stem) in &mut bus.stems {
                timbres.get(*group).into_iter().for_each(|timbre| timbre.apply(stem));
            }
            let mut whole = Stereo::silent(samples);
            bus.stems.iter().for_each(|(_, stem)| whole.add(stem, 1.0));
            let loudness = whole.loudness();
            if loudness > 1e-6 {
                let gain_db = level_db + dice.normal(2.5);
                let gain = 10_f32.powf(gain_db as f32 / 20.0) / loudness;
                mix.add(&whole, gain);
                bus.each(|stem| stem.scale(gain));
                stems.append(&mut bus.stems);
            }
        };
        bus(dice, percussion, -16.0);
        waves.each(|stem| ducks.apply(stem));
        bus(dice, waves, -20.0);
        if let Some(font) = drums {
            bus(dice, kits.played(font, samples, timbres)?, -17.0);
        }
        if let Some(font) = melodic {
            let mut clean = clean.played(font, samples, timbres)?;
            clean.each(|stem| ducks.apply(stem));
            bus(dice, clean, -19.0);
            let most = driven.parts().map(|part| part.drive).fold(0.0, f32::max);
            let mut driven = driven.played(font, samples, timbres)?;
            driven.each(|stem| distort(stem, most));
            bus(dice, driven, -19.0);
        }
        Ok((mix, onsets, stems))
    }

    /// The SoundFonts for melody and drums. From three on, the last is kept for validation; of
    /// two, training hears each alone and validation their crossing.
    fn cast(&self, dice: &mut Dice, split: Split) -> (Option<&Font>, Option<&Font>) {
        let fonts = &self.fonts;
        let (melodic, drums) = match (fonts.len(), split) {
            (0, _) => return (None, None),
            (1, _) => (0, 0),
            (2, Split::Train) => [(0, 0), (1, 1)][dice.whole(0, 2)],
            (2, Split::Validation) => [(0, 1), (1, 0)][dice.whole(0, 2)],
            (n, Split::Train) => (dice.whole(0, n - 1), dice.whole(0, n - 1)),
            (n, Split::Validation) => (n - 1, n - 1),
        };
        (Some(&fonts[melodic]), Some(&fonts[drums]))
    }

    fn machine(&self, voice: Voice, dice: &mut Dice) -> std::borrow::Cow<'_, Machine> {
        match voice {
            Voice::Machine(number) if !self.machines.is_empty() => {
                // Half of the pieces take every sound from anywhere.
                let index = (number >> 1) as usize % self.machines.len();
                let index = if number & 1 == 0 { self.machines.len() - 1 } else { index };
                std::borrow::Cow::Borrowed(&self.machines[index])
            }
            _ => std::borrow::Cow::Owned(oscillator::beeps(dice)),
        }
    }
}

/// Parts that are mixed at one level, group by group.
#[derive(Default)]
struct Bus<'a> {
    groups: Vec<(usize, Vec<&'a Part>)>,
    /// What each group sounds like.
    stems: Vec<(usize, Stereo)>,
}

impl<'a> Bus<'a> {
    fn add(&mut self, group: usize, part: &'a Part) {
        match self.groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, parts)) => parts.push(part),
            None => self.groups.push((group, vec![part])),
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.groups.iter().flat_map(|(_, parts)| parts.iter().copied())
    }

    /// Sound of a group to play into.
    fn stem(&mut self, group: usize, samples: usize) -> &mut Stereo {
        let at = self.stems.iter().position(|(known, _)| *known == group).unwrap_or_else(|| {
            self.stems.push((group, Stereo::silent(samples)));
            self.stems.len() - 1
        });
        &mut self.stems[at].1
    }

    /// The bus with every group played by `font`.
    fn played(mut self, font: &Font, samples: usize, timbres: &[Timbre]) -> Result<Self> {
        for (group, parts) in &self.groups {
            let formant = timbres.get(*group).map_or(0, |timbre| timbre.formant);
            self.stems.push((*group, font.play(parts, samples, formant)?));
        }
        Ok(self)
    }

    fn each(&mut self, change: impl Fn(&mut Stereo)) {
        self.stems.iter_mut().for_each(|(_, stem)| change(stem));
    }
}

/// Overdrive and a speaker cabinet; `drive` 0 to 1.
fn distort(audio: &mut Stereo, drive: f32) {
    let loudness = audio.loudness().max(1e-6);
    let gain = (2.0 + 22.0 * drive) / (4.0 * loudness);
    for channel in audio.channels() {
        Biquad::high_pass(100.0, 0.7).run(channel);
        channel.iter_mut().for_each(|x| *x = (*x * gain).tanh());
        Biquad::bell(2200.0, 0.8, 4.0).run(channel);
        Biquad::low_pass(5200.0, 0.8).run(channel);
        Biquad::low_pass(6500.0, 0.6).run(channel);
    }
}

/// SoundFonts of the system in alphabetical order, links to others left out. Capitals count for nothing,
/// so that of Debian's TimGM6mb, whose samples are its own, stays the last: the one of validation.
#[must_use]
pub fn installed() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = FONT_FOLDERS
        .iter()
        .filter_map(|folder| std::fs::read_dir(Path::new(folder)).ok())
        .flat_map(|entries| entries.flatten())
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "sf2" || e == "sf3"))
        .collect();
    found.sort_by_key(|path| {
        let name = path.file_name().map(|name| name.to_ascii_lowercase());
        // Two folders may have one of the same name.
        (name, path.clone())
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{compose, style::Style};

    #[test]
    fn without_any_sounds_the_oscillators_play() {
        let studio = Studio::bare();
        let style = Style::named("rock").expect("rock is played");
        let score = compose(&mut Dice::named(1, "studio"), style, 12.0, &[]);
        let (audio, onsets) =
            studio.record(&mut Dice::named(1, "mix"), &score, Split::Train).expect("played");
        assert!(audio.loudness() > 0.01);
        assert!(onsets.len() > 20);
        let (again, _) =
            studio.record(&mut Dice::named(1, "mix"), &score, Split::Train).expect("played");
        assert_eq!(audio, again);
    }
}

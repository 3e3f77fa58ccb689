//! SoundFonts: parts played through rustysynth, each note *sounding* at its written time.
//!
//! Samples differ in how long they take to speak. The time is measured once per program and the
//! notes are triggered that much earlier, so that labels sit on the acoustic onset.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use rayon::prelude::*;
use rustysynth::{SoundFont, Synthesizer, SynthesizerSettings};

use super::audio::Stereo;
use super::sf3;
use crate::clip::RATE_HZ;
use crate::compose::score::{Part, Voice};

/// Samples per block; events happen at block boundaries, so timing is exact to half of it.
const BLOCK: usize = 64;
/// Attacks longer than this are not heard as onsets, and are not compensated further, seconds.
pub const SLOWEST_S: f64 = 0.045;
const DRUM_CHANNEL: i32 = 9;
/// Keys at which the attack of a melodic program is measured.
const PROBES: [u8; 3] = [40, 60, 76];
const KITS: [u8; 9] = [0, 8, 16, 24, 25, 32, 40, 48, 56];

/// A loaded SoundFont with the measured attack of its programs.
pub struct Font {
    /// File name, for reports.
    pub name: String,
    font: Arc<SoundFont>,
    /// Seconds to speak by program and probe key.
    programs: Vec<[f64; 3]>,
    /// Seconds to speak by kit (as in [`KITS`]) and drum key.
    kits: Vec<Vec<f64>>,
}

impl Font {
    /// Loads and measures a `.sf2` or `.sf3` file.
    ///
    /// # Errors
    /// When it cannot be read or is not a SoundFont 2; the message names it and the remedy.
    pub fn open(path: &Path) -> Result<Self> {
        let remedy = "give an .sf2 or .sf3 file, as Debian's fluid-soundfont-gm has";
        let bytes = std::fs::read(path)
            .with_context(|| format!("cannot open SoundFont {}", path.display()))?;
        let unusable = || format!("SoundFont {} is not usable; {remedy}", path.display());
        let bytes = if sf3::is_compressed(&bytes) {
            sf3::expand(&bytes).with_context(unusable)?
        } else {
            bytes
        };
        let font = SoundFont::new(&mut bytes.as_slice())
            .map_err(|error| anyhow!("{error}"))
            .with_context(unusable)?;
        let name =
            path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let mut this = Self { name, font: Arc::new(font), programs: Vec::new(), kits: Vec::new() };
        let programs: Result<Vec<_>> = (0..128_u8)
            .into_par_iter()
            .map(|program| {
                let mut attacks = [0.0; 3];
                for (attack, key) in attacks.iter_mut().zip(PROBES) {
                    *attack = this.measure(Voice::Program(program), key)?;
                }
                Ok(attacks)
            })
            .collect();
        let kits: Result<Vec<_>> = KITS
            .into_par_iter()
            .map(|kit| (0..96).map(|key| this.measure(Voice::Kit(kit), key)).collect())
            .collect();
        (this.programs, this.kits) = (programs?, kits?);
        Ok(this)
    }

    /// Seconds from trigger to sound of `voice` at `key`.
    #[must_use]
    pub fn attack(&self, voice: Voice, key: u8) -> f64 {
        match voice {
            Voice::Program(program) => {
                let probe = usize::from(key >= 50) + usize::from(key >= 68);
                self.programs.get(usize::from(program)).map_or(0.0, |attacks| attacks[probe])
            }
            Voice::Kit(kit) => {
                let row = KITS.iter().position(|&k| k == kit).unwrap_or(0);
                self.kits
                    .get(row)
                    .and_then(|keys| keys.get(usize::from(key)))
                    .copied()
                    .unwrap_or(0.0)
            }
            _ => 0.0,
        }
    }

    fn synthesizer(&self, rate_hz: f64) -> Result<Synthesizer> {
        let mut settings = SynthesizerSettings::new(rate_hz as i32);
        settings.block_size = BLOCK;
        settings.enable_reverb_and_chorus = false;
        Synthesizer::new(&self.font, &settings).map_err(|error| anyhow!("rustysynth: {error}"))
    }

    /// Time until a single note reaches a quarter of its early peak.
    fn measure(&self, voice: Voice, key: u8) -> Result<f64> {
        let mut synth = self.synthesizer(RATE_HZ)?;
        let channel = program_channel(&mut synth, voice, 0);
        synth.note_on(channel, i32::from(key), 100);
        let samples = (0.2 * RATE_HZ) as usize;
        let mut audio = Stereo::silent(samples);
        synth.render(&mut audio.left, &mut audio.right);
        let level: Vec<f32> =
            audio.left.iter().zip(&audio.right).map(|(l, r)| l.abs().max(r.abs())).collect();
        let peak = level.iter().fold(0.0_f32, |a, &b| a.max(b));
        let speaks = level.iter().position(|&x| peak > 1e-5 && x >= 0.25 * peak);
        Ok(speaks.unwrap_or(0) as f64 / RATE_HZ)
    }

    /// Plays `parts` for `samples` samples, dry. At most fifteen melodic parts; drums share a channel.
    /// Notes are played `formant` semitones higher and as much slower, which moves formants and decay
    /// but no pitch; drums only become slower, so lower.
    ///
    /// # Errors
    /// When the synthesizer refuses its settings.
    pub fn play(&self, parts: &[&Part], samples: usize, formant: i32) -> Result<Stereo> {
        // Sound made at a higher rate than it is heard at is slower.
        let slower = (f64::from(formant) / 12.0).exp2();
        let mut synth = self.synthesizer((RATE_HZ * slower).round())?;
        let mut events: Vec<(i64, bool, i32, i32, i32)> = Vec::new();
        let mut free = (0..16).filter(|&channel| channel != DRUM_CHANNEL);
        for part in parts {
            let channel =
                if part.voice.is_drums() { DRUM_CHANNEL } else { free.next().unwrap_or(15) };
            program_channel(&mut synth, part.voice, channel);
            // The synthesizer squares volume, as General MIDI asks; 0.7 leaves room for loud parts.
            let volume = (0.7 * 10_f64.powf(f64::from(part.gain_db) / 40.0)).min(1.0);
            synth.process_midi_message(channel, 0xB0, 0x07, (volume * 127.0).round() as i32);
            let pan = ((part.pan + 1.0) * 63.5).round() as i32;
            synth.process_midi_message(channel, 0xB0, 0x0A, pan);
            for note in &part.notes {
                let key = match part.voice {
                    Voice::Program(_) => (i32::from(note.key) + formant).clamp(0, 127),
                    _ => i32::from(note.key),
                };
                let speaks = (slower * self.attack(part.voice, key as u8)).min(SLOWEST_S);
                let on = ((note.at - speaks) * RATE_HZ).round() as i64;
                let off = on + (note.length * RATE_HZ).max(1.0) as i64;
                events.push((on, true, channel, key, i32::from(note.velocity)));
                if !part.voice.is_drums() {
                    events.push((off, false, channel, key, 0));
                }
            }
        }
        // Ends before beginnings, so that repeated notes are struck again.
        events.sort_unstable();
        let mut events = events.into_iter().peekable();
        let mut audio = Stereo::silent(samples);
        let blocks = audio.left.chunks_mut(BLOCK).zip(audio.right.chunks_mut(BLOCK));
        for (index, (left, right)) in blocks.enumerate() {
            let until = (index * BLOCK + BLOCK / 2) as i64;
            while let Some((_, on, channel, key, velocity)) =
                events.next_if(|event| event.0 < until)
            {
                if on {
                    synth.note_on(channel, key, velocity);
                } else {
                    synth.note_off(channel, key);
                }
            }
            synth.render(left, right);
        }
        Ok(audio)
    }
}

/// Sets the program of `voice` and says on which channel it plays.
fn program_channel(synth: &mut Synthesizer, voice: Voice, channel: i32) -> i32 {
    let (channel, program) = match voice {
        Voice::Kit(kit) => (DRUM_CHANNEL, kit),
        Voice::Program(program) => (channel, program),
        _ => (channel, 0),
    };
    synth.process_midi_message(channel, 0xC0, i32::from(program), 0);
    channel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::score::Note;

    /// The smallest SoundFont; on a machine without one there is nothing to measure.
    fn smallest() -> Option<Font> {
        let size = |path: &std::path::PathBuf| {
            std::fs::metadata(path).map_or(u64::MAX, |about| about.len())
        };
        let path = crate::render::installed().into_iter().min_by_key(size)?;
        Some(Font::open(&path).expect("opened"))
    }

    /// A second of sound with one note at half of it.
    fn note(font: &Font, voice: Voice, key: u8, formant: i32) -> Vec<f32> {
        let note = Note { at: 0.5, length: 0.3, key, velocity: 110 };
        let part = Part { voice, notes: vec![note], gain_db: 0.0, pan: 0.0, drive: 0.0 };
        font.play(&[&part], 44_100, formant).expect("played").mono()
    }

    #[test]
    fn drums_and_pianos_sound_within_two_milliseconds_of_their_note() {
        let Some(font) = smallest() else { return };
        for (voice, key) in
            [(Voice::Kit(0), 36), (Voice::Kit(0), 38), (Voice::Kit(0), 42), (Voice::Program(0), 60)]
        {
            let audio = note(&font, voice, key, 0);
            let peak = audio.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            let speaks = audio.iter().position(|x| x.abs() > 0.25 * peak).expect("it sounds");
            let off = speaks as f64 / RATE_HZ - 0.5;
            assert!(off.abs() < 0.002, "{voice:?} {key}: {:.1} ms", 1000.0 * off);
        }
    }

    #[test]
    fn moved_formants_leave_pitch_and_time() {
        let Some(font) = smallest() else { return };
        let pitch = |sound: &[f32]| {
            let held = &sound[25_000..33_000];
            let like =
                |lag: usize| -> f32 { held.iter().zip(&held[lag..]).map(|(a, b)| a * b).sum() };
            (60..400).max_by(|&a, &b| like(a).total_cmp(&like(b)))
        };
        let plain = note(&font, Voice::Program(71), 60, 0);
        for formant in [-5, 5] {
            let moved = note(&font, Voice::Program(71), 60, formant);
            let (of_plain, of_moved) = (pitch(&plain).expect("some"), pitch(&moved).expect("some"));
            assert!(of_plain.abs_diff(of_moved) <= 2, "{formant}: {of_plain} {of_moved}");
            let peak = moved.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            let speaks = moved.iter().position(|x| x.abs() > 0.2 * peak).expect("it sounds");
            assert!((speaks as f64 / RATE_HZ - 0.5).abs() < 0.03, "{formant}: {speaks}");
            assert_ne!(moved, plain);
        }
    }
}

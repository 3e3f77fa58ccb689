//! Sampled drum machines: one-shot recordings sorted onto General MIDI drum keys by their names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::audio::Stereo;
use super::decode::read_mono;
use crate::clip::RATE_HZ;
use crate::compose::score::Part;
use crate::dice::Dice;

/// Longest one-shot kept, seconds.
const LONGEST_S: f64 = 1.6;

/// One-shots by drum key; several per key are alternatives for different pieces.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// Folder or name it came from.
    pub name: String,
    shots: BTreeMap<u8, Vec<Vec<f32>>>,
}

impl Machine {
    /// An empty machine.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), shots: BTreeMap::new() }
    }

    /// Adds a one-shot: its silence before the attack is cut, its peak brought to 1.
    pub fn add(&mut self, key: u8, mut samples: Vec<f32>) {
        let peak = samples.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        if peak < 1e-4 {
            return;
        }
        let attack = samples.iter().position(|x| x.abs() > 0.2 * peak).unwrap_or(0);
        samples.drain(..attack.saturating_sub((0.001 * RATE_HZ) as usize));
        samples.truncate((LONGEST_S * RATE_HZ) as usize);
        let fade = samples.len().min(400);
        let start = samples.len() - fade;
        for (index, sample) in samples[start..].iter_mut().enumerate() {
            *sample *= 1.0 - index as f32 / fade as f32;
        }
        samples.iter_mut().for_each(|x| *x /= peak);
        self.shots.entry(key).or_default().push(samples);
    }

    /// Whether it has what a beat needs: kick, snare or clap, and a hi-hat.
    #[must_use]
    pub fn is_playable(&self) -> bool {
        let has = |key| self.shots.contains_key(&key);
        has(36) && (has(38) || has(39)) && has(42)
    }

    /// Takes over the shots of `other` as further alternatives.
    pub fn join(&mut self, other: &Self) {
        for (key, shots) in &other.shots {
            self.shots.entry(*key).or_default().extend(shots.iter().cloned());
        }
    }

    /// The alternatives for `key`, or for the nearest relative that is there.
    fn alternatives(&self, key: u8) -> Option<&Vec<Vec<f32>>> {
        relatives(key).iter().find_map(|key| self.shots.get(key))
    }

    /// Adds `part` to `audio`; `dice` picks one alternative per key for the whole part.
    pub fn play(&self, part: &Part, dice: &mut Dice, audio: &mut Stereo) {
        let mut chosen: BTreeMap<u8, (usize, f32)> = BTreeMap::new();
        let gain = 0.5 * 10_f32.powf(part.gain_db / 20.0);
        for note in &part.notes {
            let Some(shots) = self.alternatives(note.key) else { continue };
            let &mut (index, level) = chosen.entry(note.key).or_insert_with(|| {
                (dice.whole(0, shots.len()), balance(note.key) * dice.between(0.7, 1.3) as f32)
            });
            let velocity = f32::from(note.velocity) / 127.0;
            let gain = gain * level * velocity * velocity;
            let start = (note.at * RATE_HZ).round().max(0.0) as usize;
            let room = audio.len().saturating_sub(start);
            for (offset, sample) in shots[index].iter().take(room).enumerate() {
                audio.left[start + offset] += gain * sample;
                audio.right[start + offset] += gain * sample;
            }
        }
    }
}

/// One-shots are stored at equal peaks; a kit is not.
fn balance(key: u8) -> f32 {
    match key {
        35 | 36 => 1.0,
        37..=40 => 0.8,
        42 | 44 | 46 => 0.35,
        49 | 51 | 52 | 53 | 55 | 57 | 59 => 0.4,
        54 | 56 | 69 | 70 => 0.3,
        _ => 0.6,
    }
}

/// The key itself and what may stand in for it, nearest first.
fn relatives(key: u8) -> &'static [u8] {
    match key {
        35 | 36 => &[36],
        38 | 40 => &[38, 39, 37],
        39 => &[39, 38],
        37 => &[37, 38, 39],
        42 | 44 | 22 => &[42, 46],
        46 | 26 => &[46, 42],
        49 | 52 | 55 | 57 => &[49, 51, 46, 42],
        51 | 53 | 59 => &[51, 49, 42],
        50 | 48 => &[50, 47, 43, 38],
        45 | 47 => &[47, 50, 43, 38],
        41 | 43 | 58 => &[43, 47, 50, 38],
        56 => &[56, 37, 42],
        62..=64 => &[64, 47, 37, 42],
        _ => &[70, 54, 42],
    }
}

/// The drum key that a file or folder name means.
#[must_use]
pub fn key_of_name(name: &str) -> Option<u8> {
    let name = name.to_lowercase();
    let has = |part: &str| name.contains(part);
    let starts = |part: &str| name.starts_with(part);
    let key = match () {
        () if has("loop") || has("conga-l") || has("roll") => return None,
        () if has("kick") || starts("bd") || has("drum_bass") => 36,
        () if has("snare") || starts("sd") || starts("sn_") => 38,
        () if has("clap") || starts("cp") => 39,
        () if has("rim") || has("clave") || has("stick") || has("snap") => 37,
        () if has("open") || starts("oh") => 46,
        () if has("hihat") || starts("hat") || starts("hh") || has("cymbal_closed") => 42,
        () if has("ride") || starts("rd") => 51,
        () if has("crash") || starts("cr") || has("cymbal") || has("cymball") || has("splash") => {
            49
        }
        () if has("cow") || starts("cb") => 56,
        () if has("tom-h") || has("tom_hi") || starts("ht") => 50,
        () if has("tom-m") || has("tom_mid") || starts("mt") => 47,
        () if has("tom") || starts("lt") => 43,
        () if has("conga") || has("bongo") => 64,
        () if has("tamb") || starts("tb") => 54,
        () if has("cabasa") || starts("sh") => 70,
        () => return None,
    };
    Some(key)
}

/// The playable machines under the folders `roots`, and one of all their sounds together. Files
/// that cannot be read are told to `skipped`.
pub fn find(roots: &[PathBuf], skipped: &mut Vec<String>) -> Vec<Machine> {
    let mut machines: Vec<Machine> = Vec::new();
    for root in roots {
        let mut files = Vec::new();
        gather(root, &mut files);
        files.sort();
        let mut families: BTreeMap<String, Machine> = BTreeMap::new();
        for file in files {
            let name = |path: Option<&Path>| {
                path.and_then(|p| p.file_name())
                    .map_or_else(String::new, |n| n.to_string_lossy().into_owned())
            };
            let (stem, folder) = (name(Some(&file)), name(file.parent()));
            let stem = stem.trim_start_matches("tr505-");
            let Some(key) = key_of_name(stem).or_else(|| key_of_name(&folder)) else { continue };
            // `KIT/samples/kick.wav` is one kit per folder above; a flat tree is one kit in all.
            let family = if folder == "samples" {
                name(file.parent().and_then(Path::parent))
            } else {
                name(Some(root))
            };
            match read_mono(&file) {
                Ok(samples) => {
                    families
                        .entry(family.clone())
                        .or_insert_with(|| Machine::named(&family))
                        .add(key, samples);
                }
                Err(error) => skipped.push(format!("{error:#}")),
            }
        }
        machines.extend(families.into_values().filter(Machine::is_playable));
    }
    if machines.len() > 1 {
        let mut all = Machine::named("mixed");
        machines.iter().for_each(|machine| all.join(machine));
        machines.push(all);
    }
    machines
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|e| e == "wav" || e == "flac") {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::score::{Note, Voice};

    #[test]
    fn names_find_their_drums() {
        let cases = [
            ("kick-alt.wav", Some(36)),
            ("snare-accent.wav", Some(38)),
            ("hihat-open.wav", Some(46)),
            ("drum_tom_mid_hard.flac", Some(47)),
            ("hat_zap.flac", Some(42)),
            ("loop_amen.flac", None),
            ("vinyl_hiss.flac", None),
        ];
        for (name, key) in cases {
            assert_eq!(key_of_name(name), key, "{name}");
        }
    }

    #[test]
    fn shots_begin_at_the_note_without_their_silence() {
        let mut machine = Machine::named("test");
        let mut shot = vec![0.0; 2000];
        shot.extend((0..2000).map(|i| 0.5 * (-f64::from(i) / 300.0).exp() as f32));
        machine.add(36, shot);
        let note = Note { at: 0.25, length: 0.1, key: 35, velocity: 127 };
        let part = Part {
            voice: Voice::Machine(0),
            notes: vec![note],
            gain_db: 0.0,
            pan: 0.0,
            drive: 0.0,
        };
        let mut audio = Stereo::silent(20_000);
        machine.play(&part, &mut Dice::named(1, "machine"), &mut audio);
        let first = audio.left.iter().position(|x| x.abs() > 0.05).expect("it sounds");
        assert!((first as f64 / RATE_HZ - 0.25).abs() < 0.002, "{first}");
    }
}

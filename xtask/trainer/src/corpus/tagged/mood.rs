//! Mood of a score by rule: a place on Russell's circumplex of affect (1980).
//!
//! Nobody rated this music. What is learned is a rule made of what listening tests agree on (Gabrielsson
//! and Lindstroem 2010; Livingstone et al. 2010): fast, dense, loud, percussive, distorted music excites;
//! major mode, brightness of tempo and consonance please. Genres move the place a little.

use crate::compose::score::{Score, Voice};

/// Krumhansl and Kessler's (1982) key profiles.
const MAJOR: [f64; 12] = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88];
const MINOR: [f64; 12] = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17];

/// What a genre adds to valence and arousal.
fn leaning(genre: &str) -> (f64, f64) {
    match genre {
        "blues" => (-0.1, -0.1),
        "classical" => (0.05, -0.35),
        "country" => (0.25, -0.05),
        "disco" => (0.4, 0.2),
        "electronic" => (0.0, 0.15),
        "hiphop" => (0.0, 0.1),
        "jazz" => (0.2, -0.2),
        "metal" => (-0.35, 0.4),
        "pop" => (0.2, 0.05),
        "reggae" => (0.35, -0.05),
        "rock" => (0.0, 0.2),
        _ => (0.0, 0.0),
    }
}

/// Valence and arousal of `score`, which was written as `genre`, -1..1.
pub(super) fn mood(score: &Score, genre: &str) -> [f32; 2] {
    let gaps = score.beats.windows(2).map(|pair| pair[1].time_s - pair[0].time_s);
    let mut gaps: Vec<f64> = gaps.collect();
    gaps.sort_by(f64::total_cmp);
    let beat_s = gaps.get(gaps.len() / 2).copied().unwrap_or(0.6).clamp(0.2, 2.0);
    let octaves = (60.0 / beat_s / 110.0).log2();
    let notes = || score.parts.iter().flat_map(|part| &part.notes);
    let mut starts: Vec<f64> = notes().map(|note| note.at).collect();
    starts.sort_by(f64::total_cmp);
    starts.dedup_by(|a, b| (*a - *b).abs() < 0.03);
    let seconds = score.seconds.max(1.0);
    // Onsets a second: 1 is sparse, 4 usual, 10 a storm.
    let density = (starts.len() as f64 / seconds / 4.0).max(0.1).log2();
    let count = notes().count().max(1) as f64;
    let loud = notes().map(|note| f64::from(note.velocity)).sum::<f64>() / count / 127.0;
    let is = |test: fn(&Voice) -> bool| {
        score.parts.iter().any(|part| !part.notes.is_empty() && test(&part.voice))
    };
    let drums = f64::from(u8::from(is(|voice| voice.is_drums())));
    let drive = score.parts.iter().map(|part| f64::from(part.drive)).fold(0.0, f64::max);
    let (v, a) = leaning(genre);
    let arousal = 0.45 * octaves
        + 0.3 * density
        + 1.2 * (loud - 0.7)
        + 0.3 * (drums - 0.6)
        + 0.35 * drive
        + a;
    let valence = 1.1 * majorness(score) + 0.3 * octaves + 0.1 * density - 0.2 * drive + v;
    [valence.tanh() as f32, arousal.tanh() as f32]
}

/// How much better the pitches fit the best major key than the best minor one, about -0.4..0.4.
fn majorness(score: &Score) -> f64 {
    let mut histogram = [0.0; 12];
    for part in score.parts.iter().filter(|part| !part.voice.is_drums()) {
        for note in &part.notes {
            histogram[usize::from(note.key % 12)] += note.length.min(2.0);
        }
    }
    let best = |profile: &[f64; 12]| {
        (0..12).map(|key| correlation(&histogram, profile, key)).fold(-1.0, f64::max)
    };
    (2.0 * (best(&MAJOR) - best(&MINOR))).clamp(-0.4, 0.4)
}

/// Pearson correlation of `histogram` with `profile` moved up by `key`; 0 for no notes.
fn correlation(histogram: &[f64; 12], profile: &[f64; 12], key: usize) -> f64 {
    let mean = |values: &[f64; 12]| values.iter().sum::<f64>() / 12.0;
    let (mean_h, mean_p) = (mean(histogram), mean(profile));
    let (mut both, mut own, mut other) = (0.0, 0.0, 0.0);
    for pitch in 0..12 {
        let h = histogram[(pitch + key) % 12] - mean_h;
        let p = profile[pitch] - mean_p;
        both += h * p;
        own += h * h;
        other += p * p;
    }
    if own <= 0.0 { 0.0 } else { both / (own * other).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::BeatLabel;
    use crate::compose::score::{Note, Part};

    fn song(beat_s: f64, keys: &[u8], velocity: u8, drive: f32) -> Score {
        let notes = (0..40).map(|i| Note {
            at: beat_s * f64::from(i) / 2.0,
            length: beat_s / 2.0,
            key: keys[i as usize % keys.len()],
            velocity,
        });
        let part = Part {
            voice: Voice::Program(0),
            notes: notes.collect(),
            gain_db: 0.0,
            pan: 0.0,
            drive,
        };
        let beats = (0..20).map(|i| BeatLabel { time_s: beat_s * f64::from(i), in_bar: 1 });
        Score { parts: vec![part], beats: beats.collect(), seconds: 20.0 * beat_s }
    }

    #[test]
    fn fast_and_loud_excites_major_pleases() {
        let (major, minor) = ([60, 64, 67, 72, 64, 67], [60, 63, 67, 72, 63, 67]);
        let calm = mood(&song(1.0, &major, 50, 0.0), "");
        let wild = mood(&song(0.35, &minor, 120, 0.8), "metal");
        assert!(wild[1] > 0.4 && calm[1] < -0.2, "{wild:?} {calm:?}");
        assert!(calm[0] > wild[0], "{wild:?} {calm:?}");
        let sad = mood(&song(1.0, &minor, 50, 0.0), "");
        assert!(calm[0] > sad[0] + 0.1, "{calm:?} {sad:?}");
    }
}

//! Coordinate search: one setting at a time, a step up or down, as long as that helps.

use listener::DecoderSettings;

use super::hearing::{Piece, Summary, onset_f, summary};

/// A setting that can be turned.
struct Knob {
    name: &'static str,
    of: fn(&mut DecoderSettings) -> &mut f32,
    /// A step multiplies or divides by this.
    step: f32,
    range: (f32, f32),
}

const KNOBS: [Knob; 15] = [
    Knob { name: "beat_odds", of: |s| &mut s.beat_odds, step: 1.5, range: (0.01, 0.4) },
    Knob { name: "beat_trust", of: |s| &mut s.beat_trust, step: 1.4, range: (0.1, 2.0) },
    Knob { name: "downbeat_trust", of: |s| &mut s.downbeat_trust, step: 1.35, range: (0.05, 2.0) },
    Knob { name: "downbeat_share", of: |s| &mut s.downbeat_share, step: 1.2, range: (0.15, 0.8) },
    Knob { name: "tempo_rigidity", of: |s| &mut s.tempo_rigidity, step: 1.4, range: (40.0, 400.0) },
    Knob { name: "tempo_give", of: |s| &mut s.tempo_give, step: 2.0, range: (0.01, 0.2) },
    Knob { name: "beat_floor", of: |s| &mut s.beat_floor, step: 1.5, range: (1e-3, 0.1) },
    Knob { name: "restart", of: |s| &mut s.restart, step: 5.0, range: (1e-9, 1e-3) },
    Knob { name: "tempo_pull", of: |s| &mut s.tempo_pull, step: 1.5, range: (0.02, 2.0) },
    Knob { name: "prior_bpm", of: |s| &mut s.prior_bpm, step: 1.1, range: (70.0, 180.0) },
    Knob { name: "prior_octaves", of: |s| &mut s.prior_octaves, step: 1.25, range: (0.25, 1.5) },
    Knob { name: "two_beat_bars", of: |s| &mut s.two_beat_bars, step: 4.0, range: (1e-5, 0.3) },
    Knob { name: "three_beat_bars", of: |s| &mut s.three_beat_bars, step: 2.0, range: (0.01, 0.4) },
    Knob {
        name: "tempo_hysteresis",
        of: |s| &mut s.tempo_hysteresis,
        step: 1.5,
        range: (1.0, 20.0),
    },
    Knob { name: "bar_hysteresis", of: |s| &mut s.bar_hysteresis, step: 1.5, range: (1.0, 20.0) },
];

/// A step must gain this much, or it is chance: the start was found on much other music.
const GAIN: f64 = 3e-3;

/// The settings that hear `pieces` best, found from `start` by `rounds` walks over all knobs;
/// `tell` hears of every improvement.
pub fn search(
    start: &DecoderSettings,
    pieces: &[Piece],
    rounds: usize,
    mut tell: impl FnMut(&str, f32, &Summary),
) -> (DecoderSettings, Summary) {
    let mut best = start.clone();
    let mut score = summary(&best, pieces);
    for _ in 0..rounds {
        let before = score.overall();
        for knob in &KNOBS {
            for factor in [knob.step, 1.0 / knob.step] {
                while let Some((settings, now)) = turned(&best, knob, factor, pieces)
                    .filter(|(_, now)| now.overall() > score.overall() + GAIN)
                {
                    (best, score) = (settings, now);
                    tell(knob.name, *(knob.of)(&mut best), &score);
                }
            }
        }
        if score.overall() <= before {
            break;
        }
    }
    (best, score)
}

/// Thresholds that onsets are picked at.
const THRESHOLDS: [f32; 9] = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7];

/// The threshold at which the onsets of `pieces` are picked best; that of `settings` where none is better by more than
/// chance, or nobody says where onsets are.
pub(super) fn onset_threshold(settings: &DecoderSettings, pieces: &[Piece]) -> f32 {
    let at =
        |onset_threshold| onset_f(&DecoderSettings { onset_threshold, ..settings.clone() }, pieces);
    let Some(now) = onset_f(settings, pieces) else { return settings.onset_threshold };
    let tried = THRESHOLDS.into_iter().filter_map(|threshold| Some((at(threshold)?, threshold)));
    match tried.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((best, threshold)) if best > now + GAIN => threshold,
        _ => settings.onset_threshold,
    }
}

fn turned(
    from: &DecoderSettings,
    knob: &Knob,
    factor: f32,
    pieces: &[Piece],
) -> Option<(DecoderSettings, Summary)> {
    let mut settings = from.clone();
    let value = (knob.of)(&mut settings);
    let turned = (*value * factor).clamp(knob.range.0, knob.range.1);
    if turned == *value {
        return None;
    }
    *value = turned;
    let score = summary(&settings, pieces);
    Some((settings, score))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::frame_time;

    #[test]
    fn onsets_are_picked_above_what_is_none() {
        let mut activations = vec![[0.0; 3]; 1000];
        for frame in (10..990).step_by(20) {
            activations[frame][2] = 0.9;
            activations[frame + 10][2] = 0.47;
        }
        let onsets = (10..990).step_by(20).map(frame_time).collect();
        let (name, source) = (String::new(), String::new());
        let piece = Piece { name, source, activations, beats: Vec::new(), onsets };
        let settings = DecoderSettings::default();
        let threshold = onset_threshold(&settings, std::slice::from_ref(&piece));
        assert!((0.5..0.9).contains(&threshold), "{threshold}");
        let silent = Piece { onsets: Vec::new(), ..piece };
        assert_eq!(onset_threshold(&settings, &[silent]), settings.onset_threshold);
    }
}

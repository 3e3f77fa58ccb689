//! How good the network is on music it does not learn from, without a decoder: peaks of its
//! activations against the truth. Quick enough to run every few minutes.

use listener::BANDS;
use metrics::{BEAT_WINDOW_S, f_measure, settled};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::targets;
use crate::clip::{Clip, frame_time};
use crate::net::{BeatShape, Loss, LossWeights, Network, OUTPUTS, Shard, State, UNLABELLED};
use crate::peaks::peaks;

/// Clips run side by side.
const LANES: usize = 4;
/// Frames run at once: what is remembered of each would not fit for an hour of music.
const STRETCH: usize = 3000;
/// Half width of the window around an onset, in seconds: the strict one.
pub(crate) const ONSET_WINDOW_S: f64 = 0.025;
/// Thresholds tried for each output; the best is reported with its score.
const THRESHOLDS: [f32; 12] = [0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7];

/// Scores on the validation clips.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Weighted cross-entropy per frame.
    pub loss: f64,
    /// Mean F-measures of beats and downbeats (70 ms) and onsets (25 ms), at the best threshold.
    pub f: [f64; OUTPUTS],
    /// Those thresholds.
    pub threshold: [f32; OUTPUTS],
}

impl Scores {
    /// The one number that early stopping goes by.
    #[must_use]
    pub fn overall(&self) -> f64 {
        0.5 * self.f[0] + 0.3 * self.f[1] + 0.2 * self.f[2]
    }
}

/// Activations of each clip, [frames, OUTPUTS]. `params` are those of one voice, or of several one
/// after the other, whose logits are averaged.
pub fn activations(shape: &BeatShape, params: &[f32], clips: &[Clip]) -> Vec<Vec<[f32; OUTPUTS]>> {
    let voices: Vec<Network> =
        params.chunks_exact(shape.layout().len).map(|voice| Network::new(shape, voice)).collect();
    let mut order: Vec<usize> = (0..clips.len()).collect();
    order.sort_by_key(|&i| clips[i].frames.len());
    let groups: Vec<&[usize]> = order.chunks(LANES).collect();
    let mut of: Vec<(usize, Vec<[f32; OUTPUTS]>)> = groups
        .par_iter()
        .flat_map_iter(|group| {
            let longest = group.iter().map(|&i| clips[i].frames.len()).max().unwrap_or(0);
            let lanes = group.len();
            let mut shard = Shard::default();
            let mut mel = Vec::new();
            let mut logits = vec![0.0; lanes * longest * OUTPUTS];
            for net in &voices {
                let mut state = State::new(shape, lanes);
                for from in (0..longest).step_by(STRETCH) {
                    let until = (from + STRETCH).min(longest);
                    mel.clear();
                    mel.resize(lanes * (until - from) * BANDS, 0.0);
                    for (mel, &clip) in mel.chunks_exact_mut((until - from) * BANDS).zip(*group) {
                        let frames = &clips[clip].frames;
                        let heard = frames.get(from..until.min(frames.len())).unwrap_or_default();
                        let heard = heard.as_flattened();
                        mel[..heard.len()].copy_from_slice(heard);
                    }
                    shard.forward(net, &mel, &mut state, None);
                    let there = &mut logits[from * lanes * OUTPUTS..];
                    there.iter_mut().zip(&shard.logits).for_each(|(sum, z)| *sum += z);
                }
            }
            let probability = |sum: f32| 1.0 / (1.0 + (-sum / voices.len() as f32).exp());
            let rows: Vec<[f32; OUTPUTS]> =
                logits.as_chunks::<OUTPUTS>().0.iter().map(|row| row.map(probability)).collect();
            group
                .iter()
                .enumerate()
                .map(move |(lane, &clip)| {
                    let frames = clips[clip].frames.len();
                    (clip, rows.iter().skip(lane).step_by(lanes).take(frames).copied().collect())
                })
                .collect::<Vec<_>>()
        })
        .collect();
    of.sort_by_key(|(clip, _)| *clip);
    of.into_iter().map(|(_, rows)| rows).collect()
}

/// Scores of the network with `params` on `clips`.
#[must_use]
pub fn validate(
    shape: &BeatShape,
    params: &[f32],
    weights: &LossWeights,
    clips: &[Clip],
) -> Scores {
    let activations = activations(shape, params, clips);
    let mut scores = Scores { loss: loss(weights, clips, &activations), ..Scores::default() };
    for output in 0..OUTPUTS {
        let best = THRESHOLDS
            .par_iter()
            .map(|&threshold| (mean_f(output, threshold, clips, &activations), threshold))
            .collect::<Vec<_>>()
            .into_iter()
            .fold((0.0, 0.5), |best, now| if now.0 > best.0 { now } else { best });
        (scores.f[output], scores.threshold[output]) = best;
    }
    scores
}

fn mean_f(
    output: usize,
    threshold: f32,
    clips: &[Clip],
    activations: &[Vec<[f32; OUTPUTS]>],
) -> f64 {
    let (window_s, reach) = if output == 2 { (ONSET_WINDOW_S, 1) } else { (BEAT_WINDOW_S, 5) };
    let mut sum = 0.0;
    let mut count = 0;
    for (clip, rows) in clips.iter().zip(activations) {
        let truth: Vec<f64> = match output {
            0 => clip.beats.iter().map(|b| b.time_s).collect(),
            1 => clip.beats.iter().filter(|b| b.in_bar == 1).map(|b| b.time_s).collect(),
            _ => clip.onsets.clone(),
        };
        if settled(&truth).is_empty() {
            continue;
        }
        let column: Vec<f32> = rows.iter().map(|row| row[output]).collect();
        let (first, hop) = (frame_time(0), frame_time(1) - frame_time(0));
        let given = peaks(&column, threshold, reach, |k| first + k * hop);
        sum += f_measure(settled(&truth), settled(&given), window_s);
        count += 1;
    }
    sum / f64::from(count.max(1))
}

fn loss(weights: &LossWeights, clips: &[Clip], activations: &[Vec<[f32; OUTPUTS]>]) -> f64 {
    let (mut sum, mut frames) = (0.0, 0);
    for (clip, rows) in clips.iter().zip(activations) {
        let logits: Vec<f32> = rows
            .as_flattened()
            .iter()
            .map(|p| p.clamp(1e-6, 1.0 - 1e-6))
            .map(|p| (p / (1.0 - p)).ln())
            .collect();
        let targets = targets::of(clip);
        sum += Loss::of(weights, &logits, targets.as_flattened(), 1.0, &mut Vec::new()).total();
        frames += targets.iter().filter(|t| t[0] != UNLABELLED).count();
    }
    sum / frames.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::BeatLabel;
    use crate::net::random_parameters;

    #[test]
    fn clips_of_any_length_get_their_own_activations() {
        let clip = |frames: usize| Clip {
            name: frames.to_string(),
            source: String::new(),
            frames: (0..frames).map(|k| [(k % 17) as f32 / 8.0; BANDS]).collect(),
            beats: vec![BeatLabel { time_s: 6.0, in_bar: 1 }],
            onsets: vec![6.0],
        };
        let clips = [clip(400), clip(310), clip(350), clip(500), clip(450)];
        let shape = BeatShape { channels: [8, 8], features: 8, hidden: 8, layers: 1 };
        let params = random_parameters(&shape, 2);
        let together = activations(&shape, &params, &clips);
        for (clip, rows) in clips.iter().zip(&together) {
            let alone = activations(&shape, &params, std::slice::from_ref(clip));
            assert_eq!(&alone[0], rows);
            assert_eq!(rows.len(), clip.frames.len());
        }
        let scores = validate(&shape, &params, &LossWeights::default(), &clips);
        assert!(scores.loss.is_finite() && scores.overall() >= 0.0);
    }
}

//! Which stretch of which clip each lane of the batch hears next.
//!
//! A lane walks through a clip from a random place, carrying the network's state from stretch to
//! stretch, and often into the next clip, so that the network learns to start from nothing, to keep what it knows,
//! and to let go of it when another song begins.
//! Decisions follow from seed, step and lane alone: a resumed run makes the same ones.

use std::iter::repeat_n;

use listener::BANDS;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::colour::Colour;
use super::targets::Labels;
use crate::clip::Clip;
use crate::corpus::RECORDINGS;
use crate::dice::Dice;
use crate::features;
use crate::hash::hex;
use crate::net::{OUTPUTS, UNLABELLED};

/// Longest walk through one clip, in stretches.
const WALK: usize = 4;

/// Magnitudes of one clip.
type Frames = Vec<[f32; BANDS]>;

/// Share of clips that follow on another, as songs in a set do, and not on silence.
const FOLLOWS: f64 = 0.4;

/// Spread of the pace at which clips are heard.
const PACE: f64 = 0.07;

/// Training music.
pub(super) struct Music {
    clips: Vec<(Frames, Labels)>,
    /// Numbers of clips, each as often as it is to be drawn.
    draws: Vec<usize>,
    stretch: usize,
    fingerprint: String,
}

/// Where a lane is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lane {
    clip: usize,
    /// First frame of the stretch, in frames of the clip.
    at: f64,
    /// Frames of the clip per frame heard: above 1 it is faster than it was made.
    pace: f64,
    walked: usize,
    colour: Colour,
}

impl Music {
    /// Takes `clips`, to be heard in stretches of `stretch` frames, recordings `recordings` times as often
    /// as the others.
    #[must_use]
    pub(super) fn new(clips: Vec<Clip>, stretch: usize, recordings: usize) -> Self {
        let mut hash = Sha256::new();
        for clip in &clips {
            hash.update(&clip.name);
            hash.update(clip.frames.len().to_le_bytes());
            hash.update(clip.frames.last().map_or(0, |last| last[0].to_bits()).to_le_bytes());
        }
        let fingerprint = hex(&hash.finalize()[..8]);
        let times = |clip: &Clip| if clip.source == RECORDINGS { recordings } else { 1 };
        let draws =
            clips.iter().enumerate().flat_map(|(k, clip)| repeat_n(k, times(clip))).collect();
        let prepare = |mut clip: Clip| {
            let labels = Labels::of(&clip);
            features::to_magnitudes(&mut clip.frames);
            (clip.frames, labels)
        };
        Self { clips: clips.into_iter().map(prepare).collect(), draws, stretch, fingerprint }
    }

    /// Short, and another for other music.
    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Moves `lane` to its next stretch; true if that is a start from nothing, where the state is silence.
    #[must_use]
    pub(super) fn advance(&self, lane: &mut Option<Lane>, dice: &mut Dice) -> bool {
        if let Some(lane) = lane {
            let step = lane.pace * self.stretch as f64;
            if lane.walked < WALK && lane.at + 2.0 * step <= self.clips[lane.clip].0.len() as f64 {
                lane.at += step;
                lane.walked += 1;
                return false;
            }
        }
        let clip = self.draws[dice.whole(0, self.draws.len())];
        // Half of what is heard keeps the pace it was made at.
        let pace = if dice.chance(0.5) { 1.0 } else { dice.normal(PACE).exp() };
        let spare = (self.clips[clip].0.len() as f64 - pace * self.stretch as f64).max(0.0);
        let at = if dice.chance(0.3) { 0.0 } else { dice.between(0.0, spare).floor() };
        *lane = Some(Lane { clip, at, pace, walked: 1, colour: Colour::draw(dice) });
        !dice.chance(FOLLOWS)
    }

    /// The lane's features [stretch, BANDS] and targets [stretch, OUTPUTS]. A clip that is too short ends in
    /// unlabelled silence.
    pub(super) fn hear(&self, lane: &Lane, features: &mut [f32], targets: &mut [f32]) {
        let (magnitudes, labels) = &self.clips[lane.clip];
        let place = |row: usize| lane.at + lane.pace * row as f64;
        let there = (0..self.stretch).take_while(|&row| place(row) < magnitudes.len() as f64);
        let heard = there.count();
        features.fill(0.0);
        for (row, features) in features.chunks_exact_mut(BANDS).take(heard).enumerate() {
            let (before, share) = (place(row) as usize, place(row).fract() as f32);
            let after = (before + 1).min(magnitudes.len() - 1);
            lane.colour.apply(&magnitudes[before], &magnitudes[after], share, features);
        }
        let (labelled, silent) = targets.split_at_mut(heard * OUTPUTS);
        labels.mark(lane.at, lane.pace, labelled.chunks_exact_mut(OUTPUTS));
        silent.fill(UNLABELLED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(frames: usize) -> Clip {
        Clip {
            name: String::new(),
            source: String::new(),
            frames: vec![[1.0; BANDS]; frames],
            beats: vec![],
            onsets: vec![],
        }
    }

    #[test]
    fn lanes_walk_on_and_start_anew() {
        let music = Music::new(vec![clip(1000)], 100, 1);
        let mut lane = None;
        let (mut starts, mut silent) = (0, 0);
        let mut before: Option<Lane> = None;
        for step in 0..200 {
            let from_nothing = music.advance(&mut lane, &mut Dice::named(1, &format!("{step}")));
            let now = lane.clone().expect("a lane");
            assert!(now.at + 100.0 * now.pace <= 1000.5);
            if now.walked > 1 {
                assert!(!from_nothing);
                assert_eq!(now.at, before.expect("a stretch before").at + 100.0 * now.pace);
            }
            starts += usize::from(now.walked == 1);
            silent += usize::from(from_nothing);
            before = Some(now);
        }
        assert!((50..150).contains(&starts), "{starts}");
        let share = silent as f64 / starts as f64;
        assert!((0.45..0.75).contains(&share), "{share} of them begin in silence");
    }

    #[test]
    fn recordings_are_drawn_as_often_as_asked() {
        let mut clips = vec![clip(500); 10];
        clips[4].source = RECORDINGS.to_owned();
        let drawn = |recordings| {
            let music = Music::new(clips.clone(), 100, recordings);
            let first = |seed| {
                let mut lane = None;
                let _ = music.advance(&mut lane, &mut Dice::named(seed, "recordings"));
                lane.map(|lane: Lane| lane.clip)
            };
            (0..400).filter(|&seed| first(seed) == Some(4)).count()
        };
        assert!((20..60).contains(&drawn(1)), "{} of 400, about a tenth", drawn(1));
        assert!((160..240).contains(&drawn(9)), "{} of 400, about half", drawn(9));
    }

    #[test]
    fn a_short_clip_ends_in_unlabelled_silence() {
        let music = Music::new(vec![clip(30)], 50, 1);
        let mut lane = None;
        let _ = music.advance(&mut lane, &mut Dice::named(1, ""));
        let (mut features, mut targets) = (vec![9.0; 50 * BANDS], vec![9.0; 50 * OUTPUTS]);
        music.hear(&lane.expect("a lane"), &mut features, &mut targets);
        // The pace may be 20 % off.
        let rows = features.chunks_exact(BANDS);
        let heard = rows.take_while(|row| row.iter().all(|&f| f > 0.0)).count();
        assert!((24..37).contains(&heard), "{heard}");
        assert!(features[heard * BANDS..].iter().all(|&f| f == 0.0));
        assert!(targets[heard * OUTPUTS..].iter().all(|&t| t == UNLABELLED));
    }
}

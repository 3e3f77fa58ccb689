//! Which stretch of which clip each lane of the batch hears next.
//!
//! A lane walks through a clip from a random place, carrying the network's state from stretch to
//! stretch, so that the network learns both to start from nothing and to keep what it knows.
//! Decisions follow from seed, step and lane alone: a resumed run makes the same ones.

use listener::BANDS;
use serde::{Deserialize, Serialize};

use super::{colour, targets};
use crate::clip::Clip;
use crate::dice::Dice;
use crate::net::OUTPUTS;

/// Longest walk through one clip, in stretches.
const WALK: usize = 4;

/// Magnitudes of one clip.
type Frames = Vec<[f32; BANDS]>;
/// What the network should say of them.
type Targets = Vec<[f32; OUTPUTS]>;

/// Training music.
pub(super) struct Music {
    clips: Vec<(Frames, Targets)>,
    stretch: usize,
}

/// Where a lane is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lane {
    clip: usize,
    at: usize,
    walked: usize,
    colour: Vec<f32>,
}

impl Music {
    /// Takes `clips`, to be heard in stretches of `stretch` frames.
    #[must_use]
    pub(super) fn new(clips: Vec<Clip>, stretch: usize) -> Self {
        let prepare = |mut clip: Clip| {
            let targets = targets::of(&clip);
            colour::to_magnitudes(&mut clip.frames);
            (clip.frames, targets)
        };
        Self { clips: clips.into_iter().map(prepare).collect(), stretch }
    }

    /// Moves `lane` to its next stretch; true if that is a new start, where the state is silence.
    #[must_use]
    pub(super) fn advance(&self, lane: &mut Option<Lane>, dice: &mut Dice) -> bool {
        if let Some(lane) = lane {
            let end = lane.at + 2 * self.stretch;
            if lane.walked < WALK && end <= self.clips[lane.clip].0.len() {
                lane.at += self.stretch;
                lane.walked += 1;
                return false;
            }
        }
        let clip = dice.whole(0, self.clips.len());
        let spare = self.clips[clip].0.len().saturating_sub(self.stretch);
        let at = if dice.chance(0.3) { 0 } else { dice.whole(0, spare + 1) };
        *lane = Some(Lane { clip, at, walked: 1, colour: colour::draw(dice).to_vec() });
        true
    }

    /// The lane's features [stretch, BANDS] and its targets, which go to rows `column`,
    /// `column + columns`, ... of `targets`. A clip that is too short ends in unlabelled silence.
    pub(super) fn hear(
        &self,
        lane: &Lane,
        features: &mut [f32],
        targets: &mut [f32],
        (column, columns): (usize, usize),
    ) {
        let (magnitudes, truth) = &self.clips[lane.clip];
        let until = magnitudes.len().min(lane.at + self.stretch);
        let mut colour = [1.0; BANDS];
        colour.copy_from_slice(&lane.colour);
        features.fill(0.0);
        colour::apply(&colour, &magnitudes[lane.at..until], features);
        let mut truth = truth[lane.at..until].iter();
        for row in targets.chunks_exact_mut(OUTPUTS).skip(column).step_by(columns) {
            row.copy_from_slice(truth.next().unwrap_or(&[targets::UNLABELLED; OUTPUTS]));
        }
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
        let music = Music::new(vec![clip(1000)], 100);
        let mut lane = None;
        let mut starts = 0;
        let mut before: Option<Lane> = None;
        for step in 0..200 {
            let new = music.advance(&mut lane, &mut Dice::named(1, &format!("{step}")));
            let now = lane.clone().expect("a lane");
            assert!(now.at + 100 <= 1000);
            if !new {
                assert_eq!(now.at, before.expect("a stretch before").at + 100);
            }
            starts += usize::from(new);
            before = Some(now);
        }
        assert!((50..150).contains(&starts), "{starts}");
    }

    #[test]
    fn a_short_clip_ends_in_unlabelled_silence() {
        let music = Music::new(vec![clip(30)], 50);
        let mut lane = None;
        assert!(music.advance(&mut lane, &mut Dice::named(1, "")));
        let (mut features, mut targets) = (vec![9.0; 50 * BANDS], vec![9.0; 50 * OUTPUTS]);
        music.hear(&lane.expect("a lane"), &mut features, &mut targets, (0, 1));
        assert!(features[..30 * BANDS].iter().all(|&f| f > 0.0));
        assert!(features[30 * BANDS..].iter().all(|&f| f == 0.0));
        assert!(targets[30 * OUTPUTS..].iter().all(|&t| t == targets::UNLABELLED));
    }
}

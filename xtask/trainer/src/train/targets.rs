//! From labels in seconds to what the network should say at each frame.

use crate::clip::{Clip, frame_of};
use crate::net::OUTPUTS;

/// Value of the frames beside a labelled one: half a yes, so that a hit one frame off costs little.
const BESIDE: f32 = 0.5;
/// Value of a frame nothing is known about.
pub(super) const UNLABELLED: f32 = -1.0;

/// Beat, downbeat and onset at each frame, 0 to 1; [`UNLABELLED`] where the clip does not say.
#[must_use]
pub(super) fn of(clip: &Clip) -> Vec<[f32; OUTPUTS]> {
    let mut targets = vec![[0.0; OUTPUTS]; clip.frames.len()];
    let mut mark = |time_s: f64, output: usize| {
        let frame = frame_of(time_s);
        for (at, value) in [(frame.wrapping_sub(1), BESIDE), (frame, 1.0), (frame + 1, BESIDE)] {
            if let Some(target) = targets.get_mut(at) {
                target[output] = value.max(target[output]);
            }
        }
    };
    for beat in &clip.beats {
        mark(beat.time_s, 0);
        if beat.in_bar == 1 {
            mark(beat.time_s, 1);
        }
    }
    clip.onsets.iter().for_each(|&time_s| mark(time_s, 2));
    let known =
        [!clip.beats.is_empty(), clip.beats.iter().any(|b| b.in_bar == 1), !clip.onsets.is_empty()];
    for (output, _) in known.iter().enumerate().filter(|(_, known)| !**known) {
        targets.iter_mut().for_each(|target| target[output] = UNLABELLED);
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{BeatLabel, frame_time};

    #[test]
    fn labels_widen_and_unknown_outputs_stay_unlabelled() {
        let beat = |frame, in_bar| BeatLabel { time_s: frame_time(frame), in_bar };
        let clip = Clip {
            name: String::new(),
            source: String::new(),
            frames: vec![[0.0; 64]; 10],
            beats: vec![beat(0, 1), beat(5, 2), beat(7, 3), beat(20, 1)],
            onsets: vec![],
        };
        let targets = of(&clip);
        let column = |o: usize| targets.iter().map(|t| t[o]).collect::<Vec<_>>();
        assert_eq!(column(0), [1.0, 0.5, 0.0, 0.0, 0.5, 1.0, 0.5, 1.0, 0.5, 0.0]);
        assert_eq!(column(1)[..3], [1.0, 0.5, 0.0]);
        assert!(column(2).iter().all(|&t| t == UNLABELLED));
    }
}

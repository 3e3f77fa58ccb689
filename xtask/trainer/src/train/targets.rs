//! From labels in seconds to what the network should say at each frame.

use listener::FeatureSpec;

use crate::clip::{Clip, frame_time};
use crate::net::{HALFWAY, OUTPUTS, UNLABELLED};

/// Value of the frames beside a labelled one: half a yes, so that a hit one frame off costs little.
const BESIDE: f32 = 0.5;
/// Number of the output that hears beats.
const BEAT: usize = 0;

/// What a clip says about each output.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    /// Frames, ascending and fractional, at which each output happens.
    events: [Vec<f64>; OUTPUTS],
    /// Whether the clip speaks of that output at all.
    known: [bool; OUTPUTS],
}

impl Labels {
    /// The labels of `clip`.
    #[must_use]
    pub(super) fn of(clip: &Clip) -> Self {
        let place = |time_s: f64| (time_s - frame_time(0)) / FeatureSpec::CURRENT.hop_s;
        let beats = |first: bool| {
            let wanted = clip.beats.iter().filter(move |beat| !first || beat.in_bar == 1);
            wanted.map(|beat| place(beat.time_s)).collect::<Vec<_>>()
        };
        let onsets: Vec<f64> = clip.onsets.iter().map(|&time_s| place(time_s)).collect();
        let events = [beats(false), beats(true), onsets];
        let known = std::array::from_fn(|output| !events[output].is_empty());
        Self { events, known }
    }

    /// Targets of the frames `from`, `from + pace`, ... of the clip, one for each row.
    pub(super) fn mark<'a>(&self, from: f64, pace: f64, rows: impl Iterator<Item = &'a mut [f32]>) {
        let mut rows: Vec<&mut [f32]> = rows.collect();
        for (output, (events, known)) in self.events.iter().zip(self.known).enumerate() {
            rows.iter_mut().for_each(|row| row[output] = if known { 0.0 } else { UNLABELLED });
            let end = from + pace * (rows.len() as f64 + 1.0);
            let first = events.partition_point(|&event| event < from - 2.0 * pace);
            for event in events[first..].iter().take_while(|&&event| event < end) {
                let row = ((event - from) / pace).round() as isize;
                for (at, value) in [(row - 1, BESIDE), (row, 1.0), (row + 1, BESIDE)] {
                    if let Some(row) = usize::try_from(at).ok().and_then(|at| rows.get_mut(at)) {
                        row[output] = value.max(row[output]);
                    }
                }
            }
        }
        let beats = &self.events[BEAT];
        let first = beats.partition_point(|&beat| beat < from).saturating_sub(1);
        for pair in beats[first..].windows(2) {
            let row = ((0.5 * (pair[0] + pair[1]) - from) / pace).round();
            if row > rows.len() as f64 {
                break;
            }
            for at in [row - 1.0, row, row + 1.0] {
                if let Some(row) = rows.get_mut(at as usize).filter(|_| at >= 0.0)
                    && row[BEAT] == 0.0
                {
                    row[BEAT] = HALFWAY;
                }
            }
        }
    }
}

/// Beat, downbeat and onset at each frame, 0 to 1; [`HALFWAY`] between beats, [`UNLABELLED`] where the clip does not
/// say.
#[must_use]
pub(super) fn of(clip: &Clip) -> Vec<[f32; OUTPUTS]> {
    let mut targets = vec![[0.0; OUTPUTS]; clip.frames.len()];
    Labels::of(clip).mark(0.0, 1.0, targets.iter_mut().map(|row| row.as_mut_slice()));
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::BeatLabel;

    /// So many silent frames with these beats.
    fn clip(frames: usize, beats: &[BeatLabel]) -> Clip {
        Clip {
            name: String::new(),
            source: String::new(),
            frames: vec![[0.0; 64]; frames],
            beats: beats.to_vec(),
            onsets: vec![],
        }
    }

    #[test]
    fn labels_widen_and_unknown_outputs_stay_unlabelled() {
        let beat = |frame, in_bar| BeatLabel { time_s: frame_time(frame), in_bar };
        let clip = clip(10, &[beat(0, 1), beat(5, 2), beat(7, 3), beat(20, 1)]);
        let targets = of(&clip);
        let column = |o: usize| targets.iter().map(|t| t[o]).collect::<Vec<_>>();
        let half = HALFWAY;
        assert_eq!(column(0), [1.0, 0.5, half, half, 0.5, 1.0, 0.5, 1.0, 0.5, 0.0]);
        assert_eq!(column(1)[..3], [1.0, 0.5, 0.0]);
        assert!(column(2).iter().all(|&t| t == UNLABELLED));
    }

    #[test]
    fn half_way_between_beats_is_marked_in_every_stretch() {
        let beats = [10, 30, 50].map(|frame| BeatLabel { time_s: frame_time(frame), in_bar: 1 });
        let clip = clip(60, &beats);
        let halves = |from: f64| {
            let mut rows = [[0.0; OUTPUTS]; 12];
            Labels::of(&clip).mark(from, 1.0, rows.iter_mut().map(|row| row.as_mut_slice()));
            assert!(rows.iter().all(|row| row[1] >= 0.0), "beats only");
            (0..12).filter(|&k| rows[k][0] == HALFWAY).collect::<Vec<_>>()
        };
        assert_eq!(halves(12.0), [7, 8, 9]);
        assert_eq!(halves(21.0), [0], "a stretch that begins on it");
        assert_eq!(halves(32.0), [7, 8, 9]);
        assert_eq!(halves(46.0), [0; 0]);
    }

    #[test]
    fn at_another_pace_labels_move_with_the_music() {
        let beats = [10, 20, 30].map(|frame| BeatLabel { time_s: frame_time(frame), in_bar: 1 });
        let clip = clip(40, &beats);
        let mut rows = [[0.0; OUTPUTS]; 12];
        Labels::of(&clip).mark(4.0, 1.25, rows.iter_mut().map(|row| row.as_mut_slice()));
        let beats: Vec<usize> = (0..12).filter(|&k| rows[k][0] == 1.0).collect();
        // (10 - 4) / 1.25 = 4.8 and (20 - 4) / 1.25 = 12.8, whose neighbour would be row 12.
        assert_eq!(beats, [5]);
    }
}

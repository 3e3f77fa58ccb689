//! Pumping: the rest of the music gives way to the kick and swells back, as in club music.

use super::audio::Stereo;
use crate::clip::RATE_HZ;
use crate::compose::score::{Score, Voice};
use crate::dice::Dice;

/// When the music gives way, how far and for how long.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ducks {
    /// Ascending, seconds.
    times: Vec<f64>,
    /// Share of the level that goes.
    depth: f32,
    /// Seconds until it is back.
    back_s: f64,
}

/// Draws whether and how `score` pumps: only with a drum machine, at its kicks, or at every beat
/// where a silent kick drives the compressor.
pub(super) fn draw(dice: &mut Dice, score: &Score) -> Ducks {
    let machine = score.parts.iter().find(|part| matches!(part.voice, Voice::Machine(_)));
    let Some(machine) = machine.filter(|_| dice.chance(0.4)) else { return Ducks::default() };
    let silent_kick = dice.chance(0.25);
    let kicks = machine.notes.iter().filter(|note| note.key == 36).map(|note| note.at);
    let times = if silent_kick {
        score.beats.iter().map(|beat| beat.time_s).collect()
    } else {
        kicks.collect()
    };
    Ducks { times, depth: dice.between(0.3, 0.95) as f32, back_s: dice.between(0.1, 0.4) }
}

impl Ducks {
    /// Turns `audio` down after each of the times.
    pub(super) fn apply(&self, audio: &mut Stereo) {
        let length = (self.back_s * RATE_HZ) as usize;
        for (index, &time) in self.times.iter().enumerate() {
            let from = (time * RATE_HZ) as usize;
            let next = self.times.get(index + 1).map_or(usize::MAX, |&t| (t * RATE_HZ) as usize);
            for channel in audio.channels() {
                let until = (from + length).min(next).min(channel.len());
                for (i, sample) in channel.iter_mut().enumerate().take(until).skip(from) {
                    let way = (i - from) as f32 / length as f32;
                    *sample *= 1.0 - self.depth * (1.0 - way) * (1.0 - way);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_music_gives_way_at_the_kick_and_comes_back() {
        let ducks = Ducks { times: vec![0.5, 0.6], depth: 0.8, back_s: 0.2 };
        let mut audio = Stereo { left: vec![1.0; 44_100], right: vec![1.0; 44_100] };
        ducks.apply(&mut audio);
        let at = |time: f64| audio.left[(time * RATE_HZ) as usize];
        assert_eq!((at(0.4), at(0.9)), (1.0, 1.0));
        assert!((at(0.5) - 0.2).abs() < 0.01 && (at(0.6) - 0.2).abs() < 0.01);
        assert!(at(0.55) > 0.4 && at(0.59) < 0.95);
    }
}

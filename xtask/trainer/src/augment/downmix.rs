//! Downmix: how a stereo mix becomes the one channel that is heard.
//!
//! Listeners hear the mean of both channels. But tracks come as one side of a recording, from two
//! microphones that stand apart, or with a phase turned over, and a beat is a beat in all of them.

use super::signal::{db, loudness};
use crate::clip::RATE_HZ;
use crate::dice::Dice;
use crate::render::audio::Stereo;

/// What is less than this share of the mean has lost the music: 12 dB.
const LEAST: f32 = 0.25;

/// A way from two channels to one. Labels stay: no sound comes more than a millisecond late.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Downmix {
    /// The mean of both channels.
    Mid,
    /// Only the left channel.
    Left,
    /// Only the right one.
    Right,
    /// The mean of both, one of them late by so many seconds and changed by so many decibels.
    Skewed {
        /// Whether that is the right one.
        right: bool,
        /// How late it comes, seconds.
        delay_s: f64,
        /// How much louder it is, decibels.
        gain_db: f64,
    },
    /// The mean, and so much of the half difference. At -1 and 1 that is one channel; beyond, the
    /// phase of the other one is turned over.
    Side(f32),
}

impl Downmix {
    /// That of one clip.
    #[must_use]
    pub fn draw(dice: &mut Dice) -> Self {
        match dice.whole(0, 100) {
            0..8 => Self::Left,
            8..16 => Self::Right,
            16..22 => Self::Skewed {
                right: dice.chance(0.5),
                delay_s: dice.between(0.0, 0.001),
                gain_db: -dice.between(0.0, 3.0),
            },
            22..28 => Self::Skewed {
                right: dice.chance(0.5),
                delay_s: 0.0,
                gain_db: -dice.between(2.0, 20.0),
            },
            28..40 => {
                let share = dice.between(0.2, 1.8) as f32;
                Self::Side(if dice.chance(0.5) { share } else { -share })
            }
            _ => Self::Mid,
        }
    }

    /// `mix` in one channel of the same length. Where next to nothing would be left, as of a piece
    /// that plays on the other side, it is the mean.
    #[must_use]
    pub fn apply(self, mix: &Stereo) -> Vec<f32> {
        let mid = mix.mono();
        let heard = match self {
            Self::Mid => return mid,
            Self::Left => mix.left.clone(),
            Self::Right => mix.right.clone(),
            Self::Skewed { right, delay_s, gain_db } => {
                let (whole, skewed) =
                    if right { (&mix.left, &mix.right) } else { (&mix.right, &mix.left) };
                let (late, gain) = ((delay_s * RATE_HZ) as usize, db(gain_db));
                let skewed = std::iter::repeat_n(&0.0, late).chain(skewed);
                whole.iter().zip(skewed).map(|(a, b)| 0.5 * (a + gain * b)).collect()
            }
            Self::Side(share) => {
                let sides = mix.left.iter().zip(&mix.right).map(|(l, r)| 0.5 * (l - r));
                mid.iter().zip(sides).map(|(mid, side)| mid + share * side).collect()
            }
        };
        if loudness(&heard) < LEAST * loudness(&mid) { mid } else { heard }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A click on the left at sample 100, one on the right at sample 200.
    fn clicks() -> Stereo {
        let mut mix = Stereo::silent(400);
        mix.left[100] = 1.0;
        mix.right[200] = 1.0;
        mix
    }

    #[test]
    fn each_way_is_what_it_is_called() {
        let mix = clicks();
        let at = |way: Downmix, index: usize| way.apply(&mix)[index];
        assert_eq!(Downmix::Mid.apply(&mix), mix.mono());
        assert_eq!(Downmix::Left.apply(&mix), mix.left);
        assert_eq!(Downmix::Right.apply(&mix), mix.right);
        assert_eq!(Downmix::Side(1.0).apply(&mix), mix.left);
        assert_eq!(Downmix::Side(-1.0).apply(&mix), mix.right);
        assert!((at(Downmix::Side(1.5), 200) + 0.25).abs() < 1e-6, "turned over");
        let late = Downmix::Skewed { right: true, delay_s: 0.001, gain_db: -6.0 };
        assert_eq!((at(late, 100), at(late, 200)), (0.5, 0.0));
        assert!((at(late, 244) - 0.25).abs() < 0.01);
    }

    #[test]
    fn a_silent_side_is_not_heard_alone() {
        let mix = Stereo { right: vec![0.0; 400], ..clicks() };
        assert_eq!(Downmix::Right.apply(&mix), mix.mono());
        assert_eq!(Downmix::Side(-1.0).apply(&mix), mix.mono());
    }

    #[test]
    fn draws_repeat_are_mostly_the_mean_and_keep_the_length() {
        let draw = |seed| Downmix::draw(&mut Dice::named(seed, "downmix"));
        let mids = (0..500).filter(|&seed| draw(seed) == Downmix::Mid).count();
        assert!((250..350).contains(&mids), "{mids}");
        for seed in 0..50 {
            assert_eq!(draw(seed), draw(seed));
            assert_eq!(draw(seed).apply(&clicks()).len(), 400);
            assert!(draw(seed).apply(&Stereo::default()).is_empty());
        }
    }
}

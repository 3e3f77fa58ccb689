//! What a lane is given to hear: music, and everything a broken neighbour on the track may send.

use crate::song::Song;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Kinds of audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sound {
    Music,
    Silence,
    Noise,
    Denormal,
    Loud,
    Infinite,
    NotANumber,
}

impl Sound {
    /// Music half of the time.
    pub(super) fn draw(dice: &mut ChaCha8Rng) -> Self {
        match dice.random_range(0..12) {
            0 => Self::Silence,
            1 => Self::Noise,
            2 => Self::Denormal,
            3 => Self::Loud,
            4 => Self::Infinite,
            5 => Self::NotANumber,
            _ => Self::Music,
        }
    }

    /// Fills a block; music goes on from sample `place` of the song.
    pub(super) fn fill(
        self,
        channels: &mut [Vec<f32>],
        frames: usize,
        song: &Song,
        place: usize,
        dice: &mut ChaCha8Rng,
    ) {
        for (index, channel) in channels.iter_mut().enumerate() {
            let block = &mut channel[..frames];
            if self == Self::Music {
                let played = &song.channels[index % song.channels.len()];
                let from = played.iter().cycle().skip(place % played.len());
                block.iter_mut().zip(from).for_each(|(sample, &music)| *sample = music);
            } else {
                block.iter_mut().for_each(|sample| *sample = self.sample(dice));
            }
        }
    }

    fn sample(self, dice: &mut ChaCha8Rng) -> f32 {
        match self {
            Self::Music | Self::Silence => 0.0,
            Self::Noise => dice.random_range(-1.0..1.0),
            // The sign is random, the exponent is zero.
            Self::Denormal => f32::from_bits(dice.random::<u32>() & 0x807F_FFFF),
            Self::Loud => dice.random_range(-1.0..1.0) * f32::MAX,
            Self::Infinite if dice.random() => f32::INFINITY,
            Self::Infinite => f32::NEG_INFINITY,
            // Any payload, quiet or signalling.
            Self::NotANumber => f32::from_bits(dice.random::<u32>() | 0x7F80_0001),
        }
    }
}

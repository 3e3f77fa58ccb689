//! What a host and its user do to a lane, drawn from the dice.

use super::sound::Sound;
use super::tape::Motion;
use crate::host::Clock;
use crate::host::session::{BEAT_MODEL, TAG_MODEL};
use rand::Rng;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

/// Rates of a host; the first and the last are beyond what can be heard.
const RATES_HZ: [u32; 10] =
    [8_000, 16_000, 22_050, 44_100, 48_000, 48_000, 88_200, 96_000, 192_000, 1_000_000];
/// Sizes of block that a host announces.
const BLOCKS: [u32; 10] = [1, 16, 32, 64, 256, 441, 512, 1024, 4096, 16_384];
/// Farthest that a locate goes, samples.
const FARTHEST: i64 = 1 << 30;
/// Longest loop, samples.
const LONGEST_LOOP: i64 = 1 << 18;

/// A model file to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The one that comes with the plugin.
    BuiltIn,
    /// A file that is never there.
    Missing,
    /// The file that is missing, broken or whole by turns.
    Turning,
}

/// A saved project to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Project {
    /// As it was saved, maybe by another lane.
    Saved,
    /// With values no parameter can have.
    Wild,
    /// Cut off, or with bytes changed.
    Broken,
}

/// One action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Action {
    /// The instance goes; another comes in its place.
    Leave,
    Reset,
    /// Deactivated and activated.
    Restart,
    Rate(u32),
    Block(u32),
    Clock(Clock),
    Seek(i64),
    Tape(Motion),
    Sound(Sound),
    /// The index of a parameter, and where in its range; beyond 0..1 is out of it.
    Param(usize, f64),
    Save,
    Load(Project),
    /// The field of the state, and the file.
    Model(&'static str, Choice),
}

impl Action {
    /// One of them.
    pub(super) fn draw(dice: &mut ChaCha8Rng) -> Self {
        let pick = |dice: &mut ChaCha8Rng, of: &[u32]| of.choose(dice).copied().unwrap_or(512);
        match dice.random_range(0..22) {
            0 => Self::Leave,
            1 => Self::Reset,
            2 => Self::Restart,
            3 => Self::Rate(pick(dice, &RATES_HZ)),
            4 => Self::Block(pick(dice, &BLOCKS)),
            5 | 6 => Self::Clock(match dice.random_range(0..4) {
                0 => Clock::Offline,
                1 => Clock::Lockstep,
                _ => Clock::Free,
            }),
            7 | 8 => Self::Seek(dice.random_range(0..FARTHEST)),
            9..=11 => Self::Tape(match dice.random_range(0..8) {
                0 => Motion::Backward,
                1 | 2 => Motion::Loop(dice.random_range(1..LONGEST_LOOP)),
                3 => Motion::Stopped,
                4 => Motion::Absent,
                _ => Motion::Forward,
            }),
            12 | 13 => Self::Sound(Sound::draw(dice)),
            14..=17 => Self::Param(dice.random_range(0..1000), dice.random_range(-0.2..1.2)),
            18 => Self::Save,
            19 => Self::Load(match dice.random_range(0..4) {
                0 => Project::Wild,
                1 => Project::Broken,
                _ => Project::Saved,
            }),
            _ => Self::Model(
                if dice.random() { BEAT_MODEL } else { TAG_MODEL },
                match dice.random_range(0..4) {
                    0 => Choice::Missing,
                    1 => Choice::Turning,
                    _ => Choice::BuiltIn,
                },
            ),
        }
    }

    /// Its name in the report.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Leave => "leave and join",
            Self::Reset => "reset",
            Self::Restart => "restart",
            Self::Rate(_) => "sample rate",
            Self::Block(_) => "block size",
            Self::Clock(_) => "offline or live",
            Self::Seek(_) => "locate",
            Self::Tape(_) => "transport",
            Self::Sound(_) => "audio",
            Self::Param(..) => "parameter",
            Self::Save => "save",
            Self::Load(_) => "load",
            Self::Model(..) => "model",
        }
    }
}

//! The stages of a stem: a convolution, a max-pool and an ELU each. How many channels there are says which.

use listener::BANDS;

use super::shape::KERNEL;

/// One stage: what is pooled after its convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Bands per pooled band.
    pub bands: usize,
    /// Frames per pooled frame.
    pub frames: usize,
}

const fn stage(bands: usize, frames: usize) -> Stage {
    Stage { bands, frames }
}

/// The beat network's stem: a feature for every frame.
const SHALLOW: [Stage; 2] = [stage(2, 1), stage(3, 1)];
/// A deeper one, for the tag network: two more convolutions on the same beginning. Features for every second
/// frame, which then know a quarter of a second.
const DEEP: [Stage; 4] = [stage(2, 1), stage(3, 2), stage(1, 1), stage(1, 1)];

/// The stages of a stem with so many convolutions; none for other numbers than two and four.
#[must_use]
pub fn stages(convolutions: usize) -> &'static [Stage] {
    match convolutions {
        2 => &SHALLOW,
        4 => &DEEP,
        _ => &[],
    }
}

/// Frames before the first that a stem needs.
#[must_use]
pub fn context(stages: &[Stage]) -> usize {
    stages.iter().rev().fold(0, |frames, stage| frames * stage.frames + KERNEL - 1)
}

/// Frames per frame that comes out.
#[must_use]
pub fn stride(stages: &[Stage]) -> usize {
    stages.iter().map(|stage| stage.frames).product()
}

/// Bands that go into each stage, and those that come out of the last.
#[must_use]
pub fn bands(stages: &[Stage]) -> Vec<usize> {
    let mut bands = vec![BANDS];
    for stage in stages {
        let last = bands[bands.len() - 1];
        bands.push((last - KERNEL + 1) / stage.bands);
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::shape::CONTEXT;

    #[test]
    fn sizes_follow_from_the_stages() {
        assert_eq!((context(&SHALLOW), stride(&SHALLOW)), (CONTEXT, 1));
        assert_eq!(bands(&SHALLOW), [64, 31, 9]);
        assert_eq!((context(&DEEP), stride(&DEEP)), (12, 2));
        assert_eq!(bands(&DEEP), [64, 31, 9, 7, 5]);
    }
}

//! The host's channels as one. Audio thread; never touches what it reads.

/// Writes the mean of the `channels`, from sample `start` on, into `mono`. A sample that is not a
/// finite number counts as silence, and so does one past a channel's end.
pub(crate) fn downmix(channels: &[&mut [f32]], start: usize, mono: &mut [f32]) {
    mono.fill(0.0);
    let scale = 1.0 / channels.len().max(1) as f32;
    for channel in channels {
        for (mono, &sample) in mono.iter_mut().zip(channel.iter().skip(start)) {
            *mono += if sample.is_finite() { scale * sample } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_of_the_channels_and_nothing_but_numbers() {
        let (mut left, mut right) = ([1.0, 2.0, f32::NAN, 4.0], [3.0, f32::INFINITY, 1.0, -4.0]);
        let mut mono = [9.0; 3];
        downmix(&[&mut left, &mut right], 1, &mut mono);
        assert_eq!(mono, [1.0, 0.5, 0.0]);
        downmix(&[&mut left], 0, &mut mono);
        assert_eq!(mono, [1.0, 2.0, 0.0]);
        downmix(&[], 0, &mut mono);
        assert_eq!(mono, [0.0; 3]);
    }
}

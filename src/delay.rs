//! `Delay`: the host's audio, later, sample for sample: the look-ahead of the aligned mode.

/// Delays every channel by the same number of samples.
#[derive(Default)]
pub(crate) struct Delay {
    /// The last samples of every channel, as rings of one length.
    rings: Vec<Vec<f32>>,
    /// The oldest sample of every ring.
    oldest: usize,
}

impl Delay {
    /// A delay of `samples` for `channels`, which begins with silence.
    pub(crate) fn new(channels: usize, samples: usize) -> Self {
        Self { rings: vec![vec![0.0; samples]; channels], oldest: 0 }
    }

    /// Silence. Real-time safe.
    pub(crate) fn reset(&mut self) {
        self.rings.iter_mut().for_each(|ring| ring.fill(0.0));
    }

    /// Replaces `audio`, a block of every channel, by what came so many samples before. Channels that
    /// were not announced pass. Real-time safe.
    pub(crate) fn process(&mut self, audio: &mut [&mut [f32]]) {
        let length = self.rings.first().map_or(0, Vec::len);
        if length == 0 {
            return;
        }
        let mut oldest = self.oldest;
        for (channel, ring) in audio.iter_mut().zip(&mut self.rings) {
            oldest = self.oldest;
            for sample in channel.iter_mut() {
                std::mem::swap(sample, &mut ring[oldest]);
                oldest += 1;
                if oldest == length {
                    oldest = 0;
                }
            }
        }
        self.oldest = oldest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_out_later_bit_for_bit_whatever_the_blocks() {
        let input: Vec<f32> = (0..500).map(|n| (n as f32 * 0.1).sin()).collect();
        for sizes in [[1, 7], [64, 3], [200, 300]] {
            let mut delay = Delay::new(2, 100);
            let (mut left, mut right) = (input.clone(), input.clone());
            let (mut at, mut turn) = (0, 0);
            while at < input.len() {
                let end = (at + sizes[turn % 2]).min(input.len());
                delay.process(&mut [&mut left[at..end], &mut right[at..end]]);
                (at, turn) = (end, turn + 1);
            }
            assert!(left[..100].iter().all(|&sample| sample == 0.0));
            assert!(left[100..] == input[..400] && left == right);
        }
    }

    #[test]
    fn no_delay_leaves_audio_alone() {
        let mut audio = [0.5, f32::NAN];
        Delay::new(1, 0).process(&mut [&mut audio]);
        Delay::default().process(&mut [&mut audio]);
        assert!(audio[0] == 0.5 && audio[1].is_nan());
    }
}

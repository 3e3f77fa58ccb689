//! `Silence`: for how long nothing has sounded. Audio thread only.

/// Audio that is nowhere louder than this is silence.
const QUIETEST: f32 = 1e-5;

/// Counts silent samples.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    samples: i64,
}

impl Silence {
    /// Hears what comes next. Real-time safe.
    pub(crate) fn hear(&mut self, mono: &[f32]) {
        let loud = mono.iter().rposition(|sample| sample.abs() > QUIETEST);
        let since = |at: usize| (mono.len() - 1 - at) as i64;
        self.samples = loud.map_or(self.samples + mono.len() as i64, since);
    }

    /// Samples of silence up to now.
    pub(crate) fn samples(&self) -> i64 {
        self.samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_counted_from_the_last_sound_whatever_the_blocks() {
        let mut audio = vec![0.0; 1000];
        (audio[299], audio[300]) = (0.5, 1e-6);
        for block in [1, 64, 1000] {
            let mut silence = Silence::default();
            audio.chunks(block).for_each(|mono| silence.hear(mono));
            assert_eq!(silence.samples(), 700, "blocks of {block}");
        }
    }
}

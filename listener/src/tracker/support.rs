//! How well what is heard fits the beat that is tracked. The filter can be sure of itself and wrong:
//! a listener also asks whether there was a beat where one was expected, and none between.

/// Beats after which what was heard weighs half as much.
const MEMORY_BEATS: f32 = 6.0;
/// A frame this close to a beat, in beats, belongs to it.
const NEAR: f64 = 0.15;

/// Running means of the strongest beat activation at the tracked beats and between them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Support {
    near: bool,
    /// Strongest activation of the present stretch, at a beat and between two.
    strongest: [f32; 2],
    /// Means over past beats.
    mean: [f32; 2],
    beats: f32,
}

impl Support {
    /// Hears the frame at `phase` (0..1) between two beats.
    pub(crate) fn hear(&mut self, phase: f64, activation: f32) {
        let near = phase.min(1.0 - phase) < NEAR;
        if self.near && !near {
            // A beat has passed. The first few weigh alike, and silence came before them.
            self.beats += 1.0;
            let share = (1.0 / (self.beats + 1.0)).max(1.0 - (-1.0 / MEMORY_BEATS).exp2());
            for (mean, strongest) in self.mean.iter_mut().zip(&mut self.strongest) {
                *mean += share * (*strongest - *mean);
                *strongest = 0.0;
            }
        }
        self.near = near;
        let strongest = &mut self.strongest[usize::from(!near)];
        *strongest = strongest.max(activation);
    }

    /// Mean activation, 0..1, at the beats.
    pub(crate) fn at_beats(&self) -> f32 {
        self.mean[0]
    }

    /// Mean activation, 0..1, of the strongest frame between beats.
    pub(crate) fn between(&self) -> f32 {
        self.mean[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 25 frames a beat; the beat is heard at `phase`.
    fn after(beats: usize, phase: f64) -> Support {
        let mut support = Support::default();
        for frame in 0..25 * beats {
            let now = (frame % 25) as f64 / 25.0;
            support.hear(now, if (now - phase).abs() < 0.01 { 0.8 } else { 0.0 });
        }
        support
    }

    #[test]
    fn beats_where_expected_support_and_others_do_not() {
        let (on, off) = (after(16, 0.0), after(16, 0.48));
        assert!(on.at_beats() > 0.6 && on.between() < 0.01, "{on:?}");
        assert!(off.at_beats() < 0.01 && off.between() > 0.6, "{off:?}");
    }

    #[test]
    fn support_grows_beat_by_beat_and_fades_in_silence() {
        let mut support = after(2, 0.0);
        assert!(support.at_beats() < 0.6, "too soon to be sure: {support:?}");
        (0..25 * 16).for_each(|frame| support.hear(f64::from(frame % 25) / 25.0, 0.0));
        assert!(support.at_beats() < 0.2, "{support:?}");
    }
}

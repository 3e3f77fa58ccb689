//! Meter: bars out of measures, and the level at which a listener taps.
//!
//! The usual rule: quarters in x/4, dotted quarters in 6/8, 9/8 and 12/8, halves in 2/2 and 3/2.
//! Bars of eighths that are not compound (3/8, 5/8) have no level everybody agrees on.

use super::{Measure, Meter};

/// A whole bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::corpus) struct Bar {
    /// Where it begins, quarters. A pickup bar begins before its first note, perhaps before 0.
    pub(in crate::corpus) at: f64,
    /// Its beats.
    pub(in crate::corpus) pulse: Pulse,
}

/// How a bar is tapped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::corpus) struct Pulse {
    /// Beats per bar.
    pub(in crate::corpus) per_bar: u8,
    /// Quarters per beat.
    pub(in crate::corpus) quarters: f64,
    /// Whether a beat divides in three.
    pub(in crate::corpus) compound: bool,
}

impl Bar {
    /// Where it ends, quarters.
    pub(in crate::corpus) fn end(self) -> f64 {
        self.at + f64::from(self.pulse.per_bar) * self.pulse.quarters
    }
}

/// The pulse of `meter`; `None` where listeners disagree.
#[must_use]
pub(in crate::corpus) fn pulse(meter: Meter) -> Option<Pulse> {
    let unit = 4.0 / f64::from(meter.unit);
    let compound = meter.count > 3 && meter.count.is_multiple_of(3) && meter.unit >= 4;
    match (meter.count, meter.unit) {
        (count, _) if compound => {
            Some(Pulse { per_bar: count / 3, quarters: 3.0 * unit, compound })
        }
        (2..=7, 4) | (2..=4, 2) => {
            Some(Pulse { per_bar: meter.count, quarters: unit, compound: false })
        }
        _ => None,
    }
}

/// Runs of whole bars that follow one another. A first measure that is too short is a pickup; two
/// short ones around a repeat are one bar.
#[must_use]
pub(in crate::corpus) fn stretches(measures: &[Measure]) -> Vec<Vec<Bar>> {
    let mut runs: Vec<Vec<Bar>> = Vec::new();
    let mut index = 0;
    let mut broken = true;
    while let Some(measure) = measures.get(index) {
        let next = measures.get(index + 1);
        let whole =
            measure.meter.and_then(|meter| pulse(meter).map(|pulse| (meter.quarters(), pulse)));
        index += 1;
        let Some((quarters, pulse)) = whole else {
            broken = true;
            continue;
        };
        let fits = |length: f64| (length - quarters).abs() < 0.01;
        let pickup = index == 1 && measure.length < quarters;
        let split = !pickup
            && next.is_some_and(|next| {
                next.meter == measure.meter && fits(measure.length + next.length)
            });
        if !(fits(measure.length) || pickup || split) {
            broken = true;
            continue;
        }
        index += usize::from(split && !fits(measure.length));
        let at = if pickup { measure.at + measure.length - quarters } else { measure.at };
        match runs.last_mut() {
            Some(run) if !broken => run.push(Bar { at, pulse }),
            _ => runs.push(vec![Bar { at, pulse }]),
        }
        broken = false;
    }
    runs
}

/// The beat at quarter `at` of `bars`, counted from their first downbeat.
#[must_use]
pub(in crate::corpus) fn beat_at(bars: &[Bar], at: f64) -> f64 {
    let mut beats = 0.0;
    for (index, bar) in bars.iter().enumerate() {
        if at < bar.end() || index + 1 == bars.len() {
            return beats + (at - bar.at) / bar.pulse.quarters;
        }
        beats += f64::from(bar.pulse.per_bar);
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(lengths: &[f64], meter: Meter) -> Vec<Measure> {
        let mut at = 0.0;
        let measure = |&length: &f64| {
            at += length;
            Measure { at: at - length, length, meter: Some(meter) }
        };
        lengths.iter().map(measure).collect()
    }

    #[test]
    fn every_meter_has_its_usual_beat() {
        let of = |count, unit| pulse(Meter { count, unit }).map(|p| (p.per_bar, p.quarters));
        assert_eq!(of(4, 4), Some((4, 1.0)));
        assert_eq!(of(6, 8), Some((2, 1.5)));
        assert_eq!(of(12, 8), Some((4, 1.5)));
        assert_eq!(of(2, 2), Some((2, 2.0)));
        assert_eq!(of(5, 4), Some((5, 1.0)));
        assert_eq!(of(6, 4), Some((2, 3.0)));
        assert_eq!((of(3, 8), of(5, 8), of(4, 8)), (None, None, None));
    }

    #[test]
    fn pickups_and_split_bars_are_whole_and_odd_ones_break_the_run() {
        let waltz = Meter { count: 3, unit: 4 };
        let runs = stretches(&laid(&[1.0, 3.0, 2.0, 1.0, 3.0, 2.5, 3.0, 3.0], waltz));
        let starts: Vec<Vec<f64>> =
            runs.iter().map(|run| run.iter().map(|bar| bar.at).collect()).collect();
        assert_eq!(starts, [vec![-2.0, 1.0, 4.0, 7.0], vec![12.5, 15.5]]);
        assert_eq!(beat_at(&runs[0], 0.0), 2.0);
        assert_eq!(beat_at(&runs[0], 4.5), 6.5);
    }
}

//! `Latencies`: how long after the sound each output leaves, counted where it leaves. The audio thread
//! counts, the main thread reads; nothing but relaxed atomics.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timed {
    /// From a beat's own sample to the sample at which it leaves; below 0 it leaves ahead.
    Beat,
    /// From an onset's own sample to the sample at which it leaves.
    Onset,
    /// From the middle of a frame to the sample at which its activations leave.
    Frame,
    /// From the sample that completes a frame to the block in which its news is there.
    Worker,
}

/// All that is timed, with its name, in the order of [`Timed`].
pub(crate) const TIMED: [&str; 4] = ["beat", "onset", "frame", "worker"];

/// Width of a bin, milliseconds.
const BIN_MS: f64 = 1.0;
/// Bins of a histogram.
const BINS: usize = 1024;
/// Where the first begins, milliseconds; what lies outside counts in the outermost bins.
const FROM_MS: f64 = -320.0;

/// Times of one kind.
struct Histogram {
    bins: [AtomicU32; BINS],
    /// The longest, microseconds.
    longest: AtomicI32,
}

/// What a histogram says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    /// Number of times.
    pub(crate) count: u64,
    /// Median, milliseconds, to the width of a bin.
    pub(crate) p50_ms: f64,
    /// 99th percentile, likewise.
    pub(crate) p99_ms: f64,
    /// The longest, milliseconds.
    pub(crate) max_ms: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { bins: [const { AtomicU32::new(0) }; BINS], longest: AtomicI32::new(i32::MIN) }
    }
}

impl Histogram {
    fn count(&self, ms: f64) {
        let bin = ((ms - FROM_MS) / BIN_MS).clamp(0.0, (BINS - 1) as f64) as usize;
        self.bins[bin].fetch_add(1, Ordering::Relaxed);
        self.longest.fetch_max((1e3 * ms) as i32, Ordering::Relaxed);
    }

    fn summary(&self) -> Option<Summary> {
        let bins: Vec<u64> =
            self.bins.iter().map(|bin| u64::from(bin.load(Ordering::Relaxed))).collect();
        let count: u64 = bins.iter().sum();
        let at = |share: f64| {
            let rank = ((share * count as f64).ceil() as u64).max(1);
            let mut passed = 0;
            let bin = bins.iter().position(|of| {
                passed += of;
                passed >= rank
            });
            FROM_MS + (bin.unwrap_or(0) as f64 + 0.5) * BIN_MS
        };
        let max_ms = 1e-3 * f64::from(self.longest.load(Ordering::Relaxed));
        (count > 0).then(|| Summary { count, p50_ms: at(0.5), p99_ms: at(0.99), max_ms })
    }
}

/// The histograms of one instance, since it was made.
#[derive(Default)]
pub(crate) struct Latencies {
    of: [Histogram; TIMED.len()],
}

impl Latencies {
    /// Counts one time of `seconds`. Real-time safe.
    pub(crate) fn count(&self, timed: Timed, seconds: f64) {
        self.of[timed as usize].count(1e3 * seconds);
    }

    /// What was counted of each kind, if anything was, in the order of [`TIMED`].
    pub(crate) fn summaries(&self) -> [Option<Summary>; TIMED.len()] {
        self.of.each_ref().map(Histogram::summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_counted() {
        let latencies = Latencies::default();
        assert_eq!(latencies.summaries(), [None; TIMED.len()]);
        (0..100).for_each(|ms| latencies.count(Timed::Onset, 1e-3 * f64::from(ms)));
        latencies.count(Timed::Beat, -0.25);
        let [beat, onset, ..] = latencies.summaries();
        let onset = onset.expect("counted");
        assert_eq!((onset.count, onset.max_ms), (100, 99.0));
        assert!((onset.p50_ms - 49.5).abs() <= 1.0 && (onset.p99_ms - 98.5).abs() <= 1.0);
        assert!((beat.expect("counted").p50_ms + 249.5).abs() <= 1.0);
    }

    #[test]
    fn what_is_out_of_range_is_counted_at_its_ends() {
        let latencies = Latencies::default();
        [-9.0, 9.0, f64::NAN].into_iter().for_each(|s| latencies.count(Timed::Frame, s));
        let frame = latencies.summaries()[Timed::Frame as usize].expect("counted");
        assert_eq!((frame.count, frame.max_ms), (3, 9000.0));
    }
}

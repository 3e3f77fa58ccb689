//! Whether memory grows: a line fitted to what was resident at moments that compare.

use serde::Serialize;

const MB: f64 = 1024.0 * 1024.0;
const HOUR_S: f64 = 3600.0;
/// A slope over less than this is that of the allocator, which goes on finding its size.
const SURE_S: f64 = 240.0;

/// Resident memory over time.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Seconds and megabytes.
    samples: Vec<(f64, f64)>,
}

/// The line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Slope {
    pub(super) mb_per_hour: f64,
    /// Standard error of the slope.
    pub(super) error: f64,
    pub(super) samples: usize,
    /// From the first of them to the last.
    pub(super) seconds: f64,
    /// All samples, those before them too: seconds since the start, megabytes.
    pub(super) resident_mb: Vec<(f64, f64)>,
}

impl Memory {
    pub(super) fn push(&mut self, seconds: f64, bytes: u64) {
        self.samples.push((seconds, bytes as f64 / MB));
    }

    /// The slope of the second half, because in the first the allocator finds its size; none of fewer
    /// than four samples.
    pub(super) fn slope(&self) -> Option<Slope> {
        let settled = &self.samples[self.samples.len() / 2..];
        if settled.len() < 4 {
            return None;
        }
        let count = settled.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| settled.iter().map(of).sum::<f64>() / count;
        let (time, memory) = (mean(|s| s.0), mean(|s| s.1));
        let spread: f64 = settled.iter().map(|s| (s.0 - time).powi(2)).sum();
        let common: f64 = settled.iter().map(|s| (s.0 - time) * (s.1 - memory)).sum();
        let slope = common / spread;
        let residual = |s: &(f64, f64)| (s.1 - memory - slope * (s.0 - time)).powi(2);
        let variance = settled.iter().map(residual).sum::<f64>() / (count - 2.0);
        Some(Slope {
            mb_per_hour: slope * HOUR_S,
            error: (variance / spread).sqrt() * HOUR_S,
            samples: settled.len(),
            seconds: settled[settled.len() - 1].0 - settled[0].0,
            resident_mb: self.samples.clone(),
        })
    }
}

impl Slope {
    /// Whether it is over a time long enough to say anything.
    pub(super) fn is_sure(&self) -> bool {
        self.seconds > SURE_S
    }

    /// Whether memory surely grows by more than `limit` megabytes per hour: by three standard errors.
    pub(super) fn above(&self, limit: f64) -> bool {
        self.is_sure() && self.mb_per_hour - 3.0 * self.error > limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(of: impl Fn(f64) -> f64) -> Slope {
        let mut memory = Memory::default();
        (0..60).for_each(|n| {
            let seconds = 10.0 * f64::from(n);
            memory.push(seconds, (of(seconds) * MB) as u64);
        });
        memory.slope().expect("enough samples")
    }

    #[test]
    fn a_leak_is_seen_and_a_warm_up_is_not() {
        let leak = slope(|seconds| 100.0 + seconds / HOUR_S * 50.0);
        assert!((leak.mb_per_hour - 50.0).abs() < 0.1 && leak.above(20.0), "{leak:?}");
        let warm = slope(|seconds| 100.0 + seconds.min(60.0));
        assert!(warm.mb_per_hour.abs() < 1.0 && !warm.above(20.0), "{warm:?}");
        let noise = slope(|seconds| 100.0 + (seconds * 7.7).sin());
        assert!(!noise.above(20.0), "{noise:?}");
        assert!(Memory::default().slope().is_none());
    }
}

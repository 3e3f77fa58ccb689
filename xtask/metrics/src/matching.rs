//! Which events belong together.

/// The largest number of pairs of a `reference` and an `estimated` time at most `window_s` apart, each
/// time used once. On a line, taking the earliest free partner finds as many pairs as the bipartite
/// matching of `mir_eval.util.match_events`.
#[must_use]
pub fn matches(reference: &[f64], estimated: &[f64], window_s: f64) -> usize {
    let (mut r, mut e, mut pairs) = (0, 0, 0);
    while r < reference.len() && e < estimated.len() {
        // The borders are computed as mir_eval does it, so that rounding decides alike.
        if estimated[e] < reference[r] - window_s {
            e += 1;
        } else if estimated[e] > reference[r] + window_s {
            r += 1;
        } else {
            (r, e, pairs) = (r + 1, e + 1, pairs + 1);
        }
    }
    pairs
}

/// Index of the first time in the non-empty, ascending `times` that is nearest to `to`.
pub(crate) fn nearest(times: &[f64], to: f64) -> usize {
    let after = times.partition_point(|&t| t < to).min(times.len() - 1);
    let before = after.saturating_sub(1);
    let best = if (times[after] - to).abs() < (times[before] - to).abs() { after } else { before };
    times.partition_point(|&t| t < times[best])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_used_once() {
        assert_eq!(matches(&[1.0, 2.0, 3.0], &[1.05, 1.06, 2.5, 2.95], 0.07), 2);
        assert_eq!(matches(&[], &[1.0], 0.07), 0);
        assert_eq!(matches(&[1.0], &[], 0.07), 0);
    }

    #[test]
    fn taking_the_nearest_first_would_lose_a_pair() {
        assert_eq!(matches(&[1.0, 1.06], &[1.05, 1.12], 0.07), 2);
    }

    #[test]
    fn the_first_of_equally_near_times_wins() {
        let times = [1.0, 2.0, 2.0, 3.0];
        let found = [0.0, 1.4, 1.5, 1.6, 2.5, 2.6, 9.0].map(|to| nearest(&times, to));
        assert_eq!(found, [0, 0, 0, 1, 1, 3, 3]);
    }
}

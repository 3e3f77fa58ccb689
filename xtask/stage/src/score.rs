//! F-measure of beats, as mir_eval computes it (Davies, Degara, Plumbley 2009; window 70 ms, the
//! first 5 s do not count).

/// Half width of the window around a reference beat, in seconds.
const WINDOW_S: f64 = 0.07;
/// Beats before this time do not count.
const SETTLE_S: f64 = 5.0;

/// F-measure of estimated against reference times, both ascending, in seconds. 0 when either is
/// empty after the first seconds.
#[must_use]
pub fn f_measure(reference: &[f64], estimated: &[f64]) -> f64 {
    let settled =
        |times: &[f64]| -> Vec<f64> { times.iter().copied().filter(|&t| t >= SETTLE_S).collect() };
    let (reference, estimated) = (settled(reference), settled(estimated));
    if reference.is_empty() || estimated.is_empty() {
        return 0.0;
    }
    2.0 * hits(&reference, &estimated) as f64 / (reference.len() + estimated.len()) as f64
}

/// The largest number of pairs within the window, each time used once. On a line, taking the
/// earliest possible partner is optimal.
fn hits(reference: &[f64], estimated: &[f64]) -> usize {
    let (mut r, mut e, mut hits) = (0, 0, 0);
    while r < reference.len() && e < estimated.len() {
        let distance = estimated[e] - reference[r];
        if distance.abs() <= WINDOW_S {
            hits += 1;
            r += 1;
            e += 1;
        } else if distance < 0.0 {
            e += 1;
        } else {
            r += 1;
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let reference: Vec<f64> = (0..20).map(|i| f64::from(i) * 0.5).collect();
        assert_eq!(f_measure(&reference, &reference), 1.0);
        let late: Vec<f64> = reference.iter().map(|t| t + 0.1).collect();
        assert_eq!(f_measure(&reference, &late), 0.0);
        let every_other: Vec<f64> = reference.iter().copied().step_by(2).collect();
        assert!((f_measure(&reference, &every_other) - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(f_measure(&reference, &[]), 0.0);
        assert_eq!(f_measure(&[1.0], &[1.0]), 0.0);
    }

    #[test]
    fn one_estimate_matches_one_reference() {
        assert!((f_measure(&[6.0], &[5.95, 6.05]) - 2.0 / 3.0).abs() < 1e-12);
    }
}

//! Coefficient of determination: the share of the truth's variance that the guesses explain.

/// `R2 = 1 - sum (t - g)^2 / sum (t - mean t)^2` over pairs of truth `t` and guess `g`: 1 is perfect,
/// 0 no better than always saying the mean, and there is no lower end. None where the truth never
/// varies, one pair included. The same as scikit-learn's `r2_score`, which gives 0 or 1 there.
#[must_use]
pub fn r2(pairs: &[(f64, f64)]) -> Option<f64> {
    let mean = pairs.iter().map(|pair| pair.0).sum::<f64>() / pairs.len().max(1) as f64;
    let around: f64 = pairs.iter().map(|pair| (pair.0 - mean).powi(2)).sum();
    let left: f64 = pairs.iter().map(|(truth, guess)| (truth - guess).powi(2)).sum();
    (around > 0.0).then(|| 1.0 - left / around)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_worth_nothing() {
        assert_eq!(r2(&[(0.0, 0.0), (1.0, 1.0)]), Some(1.0));
        assert_eq!(r2(&[(0.0, 0.5), (1.0, 0.5)]), Some(0.0));
        assert_eq!(r2(&[(0.0, 1.0), (1.0, 0.0)]), Some(-3.0));
    }

    #[test]
    fn a_truth_that_never_varies_has_none() {
        assert_eq!(r2(&[]), None);
        assert_eq!(r2(&[(0.5, 0.5)]), None);
        assert_eq!(r2(&[(0.5, 0.4), (0.5, 0.6)]), None);
    }
}

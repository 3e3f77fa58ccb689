//! Lin's concordance correlation coefficient (1989): correlation that also punishes a wrong scale or
//! a wrong centre.

/// `2 s_tg / (s_t^2 + s_g^2 + (mean t - mean g)^2)` over pairs of truth `t` and guess `g`, with
/// (co)variances over `n`: 1 when all pairs are equal, 0 without a common course, -1 when mirrored.
/// None when neither varies and both are the same, and of nothing.
#[must_use]
pub fn concordance(pairs: &[(f64, f64)]) -> Option<f64> {
    let share = 1.0 / pairs.len().max(1) as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() * share;
    let (truth, guess) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let spread = mean(&|pair| (pair.0 - truth).powi(2) + (pair.1 - guess).powi(2));
    let common = mean(&|pair| (pair.0 - truth) * (pair.1 - guess));
    let whole = spread + (truth - guess).powi(2);
    (whole > 0.0).then(|| 2.0 * common / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_punishes_what_a_correlation_forgives() {
        let close = |found: Option<f64>, known: f64| {
            assert!((found.expect("a score") - known).abs() < 1e-12, "{found:?}, not {known}");
        };
        close(concordance(&[(0.0, 0.0), (1.0, 1.0)]), 1.0);
        close(concordance(&[(-1.0, 1.0), (1.0, -1.0)]), -1.0);
        // Shifted by 1: 2 * 0.25 / (0.25 + 0.25 + 1); half as wide: 2 * 0.5 / (1 + 0.25).
        close(concordance(&[(0.0, 1.0), (1.0, 2.0)]), 1.0 / 3.0);
        close(concordance(&[(-1.0, -0.5), (1.0, 0.5)]), 0.8);
        close(concordance(&[(-1.0, 0.2), (1.0, 0.2)]), 0.0);
    }

    #[test]
    fn what_never_varies_has_none() {
        assert_eq!(concordance(&[]), None);
        assert_eq!(concordance(&[(0.5, 0.5), (0.5, 0.5)]), None);
    }
}

//! Average precision: the mean precision met on the way down a ranking, at every piece that has the
//! tag (Salton, McGill 1983).

use crate::roc_auc::Scored;

/// `sum over n of (R_n - R_(n-1)) P_n`, 0..1, with recall R and precision P above each distinct
/// score, from the highest; a tag given at random gets its own share of pieces. None without a piece
/// that has the tag. The same as scikit-learn's `average_precision_score`, which gives 0 there.
#[must_use]
pub fn average_precision(scored: &[Scored]) -> Option<f64> {
    let positives = scored.iter().filter(|one| one.positive).count();
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (mut above, mut right, mut sum) = (0, 0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.score == b.score) {
        let new = tied.iter().filter(|one| one.positive).count();
        above += tied.len();
        right += new;
        sum += new as f64 * right as f64 / above as f64;
    }
    (positives > 0).then(|| sum / positives as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn precision(scored: &[(f64, bool)]) -> Option<f64> {
        let scored = scored.iter().map(|&(score, positive)| Scored { score, positive });
        average_precision(&scored.collect::<Vec<_>>())
    }

    #[test]
    fn the_top_of_the_ranking_weighs_most() {
        assert_eq!(precision(&[(0.9, true), (0.8, true), (0.1, false)]), Some(1.0));
        // Precision 1 at the first, 2 of 3 at the second.
        let found = precision(&[(0.9, true), (0.8, false), (0.1, true)]).expect("a positive");
        assert!((found - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert_eq!(precision(&[(0.5, true), (0.5, false)]), Some(0.5), "ties come together");
    }

    #[test]
    fn without_positives_there_is_none() {
        assert_eq!(precision(&[(0.5, false)]), None);
        assert_eq!(precision(&[]), None);
    }
}

//! Area under the ROC curve: how probable it is that a piece that has a tag gets a higher score for
//! it than a piece that has not.

/// A score for one tag of one piece, and whether the piece has that tag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The higher, the more probable; any range.
    pub score: f64,
    /// Whether the piece has the tag.
    pub positive: bool,
}

/// The area, 0..1, 0.5 for guessing; None unless there are pieces with and without the tag.
///
/// By the rank statistic (Mann, Whitney 1947; Hanley, McNeil 1982), equal scores sharing their mean
/// rank: `(sum of the positives' ranks - p (p + 1) / 2) / (p n)` for `p` positives and `n` negatives.
/// The same as scikit-learn's `roc_auc_score`.
#[must_use]
pub fn roc_auc(scored: &[Scored]) -> Option<f64> {
    let positives = scored.iter().filter(|one| one.positive).count() as f64;
    let negatives = scored.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    let (mut before, mut ranks) = (0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.score == b.score) {
        let rank = before + (tied.len() as f64 + 1.0) / 2.0;
        ranks += rank * tied.iter().filter(|one| one.positive).count() as f64;
        before += tied.len() as f64;
    }
    Some((ranks - positives * (positives + 1.0) / 2.0) / (positives * negatives))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(positives: &[f64], negatives: &[f64]) -> Option<f64> {
        let of = |scores: &[f64], positive| {
            scores.iter().map(|&score| Scored { score, positive }).collect::<Vec<_>>()
        };
        roc_auc(&[of(positives, true), of(negatives, false)].concat())
    }

    #[test]
    fn order_is_all_that_counts() {
        assert_eq!(area(&[0.9, 0.8], &[0.1, 0.2, 0.3]), Some(1.0));
        assert_eq!(area(&[0.03, 0.02], &[0.01, 0.01]), Some(1.0));
        assert_eq!(area(&[0.1], &[0.2, 0.3]), Some(0.0));
        assert_eq!(area(&[0.5, 0.5], &[0.5]), Some(0.5), "ties are a guess");
        assert_eq!(area(&[0.5], &[0.5, 0.1]), Some(0.75));
    }

    #[test]
    fn one_side_alone_has_no_order() {
        assert_eq!(area(&[], &[0.5]), None);
        assert_eq!(area(&[0.5], &[]), None);
        assert_eq!(area(&[], &[]), None);
    }
}

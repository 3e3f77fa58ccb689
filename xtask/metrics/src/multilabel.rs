//! One number for many tags: the mean over tags (macro), or all decisions pooled (micro).

use crate::roc_auc::Scored;

/// A measure of several tags.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Averages {
    /// Mean over the tags that can be measured, so that rare tags weigh as much as frequent ones;
    /// None when there is no such tag. A tag that no piece has, or for an area every piece has, is
    /// left out.
    pub over_tags: Option<f64>,
    /// Over the decisions of all tags together; None when they cannot be measured.
    pub pooled: Option<f64>,
    /// Tags left out of the mean.
    pub left_out: usize,
}

/// Measures the `tags`, each given as its decisions on all pieces, by [`roc_auc`](crate::roc_auc) or
/// [`average_precision`](crate::average_precision): scikit-learn's `average="macro"` and `"micro"`.
#[must_use]
pub fn averages(tags: &[Vec<Scored>], measure: impl Fn(&[Scored]) -> Option<f64>) -> Averages {
    let each: Vec<f64> = tags.iter().filter_map(|tag| measure(tag)).collect();
    Averages {
        over_tags: (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64),
        pooled: measure(&tags.concat()),
        left_out: tags.len() - each.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{average_precision, roc_auc};

    fn tag(scored: &[(f64, bool)]) -> Vec<Scored> {
        scored.iter().map(|&(score, positive)| Scored { score, positive }).collect()
    }

    #[test]
    fn a_tag_that_no_piece_has_is_left_out_of_the_mean_but_pooled() {
        let tags = [tag(&[(0.9, true), (0.1, false)]), tag(&[(0.95, false), (0.2, false)])];
        let area = averages(&tags, roc_auc);
        assert_eq!((area.over_tags, area.left_out), (Some(1.0), 1));
        assert!((area.pooled.expect("an area") - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(averages(&tags, average_precision).pooled, Some(0.5));
    }

    #[test]
    fn without_tags_there_is_nothing() {
        let none = Averages { over_tags: None, pooled: None, left_out: 0 };
        assert_eq!(averages(&[], roc_auc), none);
    }
}

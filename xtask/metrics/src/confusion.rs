//! Which class was taken for which, and the shares that follow from it.
//!
//! The same as `accuracy_score`, `balanced_accuracy_score` and `f1_score(average="macro")` of
//! scikit-learn (Pedregosa et al. 2011).

/// Counts of pieces by what they are and what they were taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// `[classes, classes]`: a row for each truth, a column for each guess.
    counts: Vec<usize>,
}

impl Confusion {
    /// Counts pairs of truth and guess, each an index below `classes`; others are not counted.
    #[must_use]
    pub fn of(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![0; classes * classes];
        for (truth, guess) in pairs {
            if truth < classes && guess < classes {
                counts[truth * classes + guess] += 1;
            }
        }
        Self { classes, counts }
    }

    /// How often `truth` was taken for `guess`.
    ///
    /// # Panics
    /// When one of them is no class.
    #[must_use]
    pub fn count(&self, truth: usize, guess: usize) -> usize {
        assert!(guess < self.classes, "class {guess} of {}", self.classes);
        self.counts[truth * self.classes + guess]
    }

    /// How many pieces are of class `truth`.
    #[must_use]
    pub fn support(&self, truth: usize) -> usize {
        self.counts[truth * self.classes..][..self.classes].iter().sum()
    }

    /// How many pieces were taken for `guess`.
    #[must_use]
    pub fn guessed(&self, guess: usize) -> usize {
        self.counts.iter().skip(guess).step_by(self.classes).sum()
    }

    fn right(&self, class: usize) -> usize {
        self.count(class, class)
    }

    /// Share that is right, 0..1; None of nothing.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let total: usize = self.counts.iter().sum();
        let right: usize = (0..self.classes).map(|class| self.right(class)).sum();
        (total > 0).then(|| right as f64 / total as f64)
    }

    /// Mean recall, 0..1, of the classes that occur as truth (Brodersen et al. 2010); None of
    /// nothing. Equal to [`accuracy`](Self::accuracy) when all classes are equally frequent.
    #[must_use]
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let recall = |class: usize| {
            let support = self.support(class);
            (support > 0).then(|| self.right(class) as f64 / support as f64)
        };
        mean((0..self.classes).filter_map(recall))
    }

    /// Mean of `F1 = 2 tp / (2 tp + fp + fn)`, 0..1, of the classes that occur as truth or as guess;
    /// None of nothing.
    #[must_use]
    pub fn macro_f1(&self) -> Option<f64> {
        let f1 = |class: usize| {
            // Support is tp + fn, guessed is tp + fp.
            let both = self.support(class) + self.guessed(class);
            (both > 0).then(|| 2.0 * self.right(class) as f64 / both as f64)
        };
        mean((0..self.classes).filter_map(f1))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_classes_weigh_as_much_as_frequent_ones() {
        // Nine of class 0 right, the only one of class 1 taken for it; class 2 does not occur.
        let pairs = (0..9).map(|_| (0, 0)).chain([(1, 0)]);
        let confusion = Confusion::of(3, pairs);
        assert_eq!((confusion.count(1, 0), confusion.support(0)), (1, 9));
        assert_eq!(confusion.accuracy(), Some(0.9));
        assert_eq!(confusion.balanced_accuracy(), Some(0.5));
        assert_eq!(confusion.macro_f1(), Some(18.0 / 19.0 / 2.0));
    }

    #[test]
    fn nothing_has_no_score() {
        for confusion in [Confusion::of(0, []), Confusion::of(2, []), Confusion::of(2, [(2, 0)])] {
            assert_eq!(confusion.accuracy(), None);
            assert_eq!(confusion.balanced_accuracy(), None);
            assert_eq!(confusion.macro_f1(), None);
        }
    }
}

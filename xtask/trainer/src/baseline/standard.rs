//! Standardisation: every descriptor on the same scale, as the training set has it.

use anyhow::{Result, bail};

/// Mean and scale of each descriptor of a training set.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardisation {
    mean: Vec<f64>,
    /// One over the standard deviation; 0 for a descriptor that never changes, since it tells
    /// nothing about the training set and would be unbounded elsewhere.
    scale: Vec<f64>,
}

impl Standardisation {
    /// Fitted to `train`, [clip][descriptor].
    ///
    /// # Errors
    /// When there is no clip, or one has another number of descriptors than the first.
    pub fn fit(train: &[Vec<f32>]) -> Result<Self> {
        let Some(first) = train.first() else { bail!("no training clips; give at least one") };
        if let Some(other) = train.iter().find(|row| row.len() != first.len()) {
            bail!("clips have {} and {} descriptors; they must agree", first.len(), other.len());
        }
        let count = train.len() as f64;
        let column = |at: usize| train.iter().map(move |row| f64::from(row[at]));
        let mean: Vec<f64> = (0..first.len()).map(|at| column(at).sum::<f64>() / count).collect();
        let scale = |at: usize| {
            let mean = mean[at];
            let sd = (column(at).map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
            if sd > 1e-9 * mean.abs().max(1.0) { 1.0 / sd } else { 0.0 }
        };
        Ok(Self { scale: (0..first.len()).map(scale).collect(), mean })
    }

    /// `row` with mean 0 and deviation 1, as far as it is like the training set.
    #[must_use]
    pub fn apply(&self, row: &[f32]) -> Vec<f64> {
        let scales = self.mean.iter().zip(&self.scale);
        row.iter().zip(scales).map(|(&x, (mean, scale))| (f64::from(x) - mean) * scale).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_training_set_alone_sets_the_scale() {
        let fitted = Standardisation::fit(&[vec![1.0, 5.0], vec![3.0, 5.0]]).expect("fitted");
        assert_eq!(fitted.apply(&[1.0, 5.0]), [-1.0, 0.0]);
        assert_eq!(fitted.apply(&[3.0, 5.0]), [1.0, 0.0]);
        // A test clip from elsewhere lies where it lies.
        assert_eq!(fitted.apply(&[102.0, 7.0]), [100.0, 0.0]);
    }

    #[test]
    fn what_cannot_be_fitted_is_told() {
        assert!(Standardisation::fit(&[]).is_err());
        let error = Standardisation::fit(&[vec![0.0; 3], vec![0.0; 2]]).expect_err("ragged");
        assert!(format!("{error}").contains("3 and 2"));
    }
}

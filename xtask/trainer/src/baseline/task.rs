//! Clips to learn from and clips to tell, and three textbook classifiers by the crate `smartcore`.
//!
//! Each hears descriptors standardised by the training set. None chooses its own settings: a
//! baseline that is tuned on the test clips is none.

use anyhow::{Context, Result, bail};
use smartcore::algorithm::neighbour::KNNAlgorithmName;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};
use smartcore::neighbors::KNNWeightFunction;
use smartcore::neighbors::knn_classifier::{KNNClassifier, KNNClassifierParameters};

use super::{Baseline, Standardisation};
use crate::dice::Dice;

const NEIGHBOURS: usize = 15;
const TREES: usize = 150;
/// Penalty on half the squared coefficients, against the summed log loss of all clips. There are
/// about as many descriptors as clips of a class, so it is ten times what scikit-learn takes.
const RIDGE: f64 = 10.0;

/// Standardised clips to learn from and to tell.
pub(super) struct Task {
    train: DenseMatrix<f64>,
    /// None if there is nothing to tell.
    test: Option<DenseMatrix<f64>>,
}

impl Task {
    pub(super) fn new(train: &[Vec<f32>], labels: usize, test: &[Vec<f32>]) -> Result<Self> {
        if train.len() != labels {
            bail!("{} training clips have {labels} labels; each needs one", train.len());
        }
        let standard = Standardisation::fit(train)?;
        if let Some(other) = test.iter().find(|row| row.len() != train[0].len()) {
            bail!("{} descriptors were learned, a test clip has {}", train[0].len(), other.len());
        }
        for (side, rows) in [("training", train), ("test", test)] {
            if let Some(clip) = rows.iter().position(|row| row.iter().any(|x| !x.is_finite())) {
                bail!("{side} clip {clip} has a descriptor that is not a finite number");
            }
        }
        let matrix = |rows: &[Vec<f32>]| {
            let rows: Vec<Vec<f64>> = rows.iter().map(|row| standard.apply(row)).collect();
            DenseMatrix::from_2d_vec(&rows).context("clips have no descriptors")
        };
        let test = if test.is_empty() { None } else { Some(matrix(test)?) };
        Ok(Self { train: matrix(train)?, test })
    }

    /// [test][classes]; a class without examples has probability 0.
    pub(super) fn probabilities(
        &self,
        baseline: Baseline,
        truth: &[usize],
        classes: usize,
        seed: u64,
    ) -> Result<Vec<Vec<f32>>> {
        let Some(test) = &self.test else { return Ok(Vec::new()) };
        let mut known = truth.to_vec();
        known.sort_unstable();
        known.dedup();
        let shares = match baseline {
            // There is no line to draw: what all of them are is all there is.
            _ if known.len() == 1 => vec![vec![1.0]; test.shape().0],
            Baseline::Neighbours => self.neighbours(test, &labels(truth))?,
            Baseline::Logistic => self.logistic(test, &labels(truth))?,
            Baseline::Forest => self.forest(test, &labels(truth), &known, seed)?,
        };
        let spread = |shares: Vec<f64>| {
            let mut row = vec![0.0; classes];
            known.iter().zip(shares).for_each(|(&class, share)| row[class] = share as f32);
            row
        };
        Ok(shares.into_iter().map(spread).collect())
    }

    /// [test][known classes, ascending], as all of these.
    fn neighbours(&self, test: &DenseMatrix<f64>, truth: &Vec<u32>) -> Result<Vec<Vec<f64>>> {
        let settings = KNNClassifierParameters::default()
            .with_k(NEIGHBOURS.min(truth.len()))
            .with_weight(KNNWeightFunction::Distance)
            // With a hundred descriptors no tree over space saves a comparison.
            .with_algorithm(KNNAlgorithmName::LinearSearch);
        let model = KNNClassifier::fit(&self.train, truth, settings).context("neighbours")?;
        model.predict_proba(test).context("neighbours")
    }

    fn logistic(&self, test: &DenseMatrix<f64>, truth: &Vec<u32>) -> Result<Vec<Vec<f64>>> {
        let settings = LogisticRegressionParameters::default().with_alpha(RIDGE);
        let model = LogisticRegression::fit(&self.train, truth, settings).context("regression")?;
        let (weights, bias) = (model.coefficients(), model.intercept());
        let (rows, width) = weights.shape();
        let logit = |clip: usize, row: usize| {
            let dot = |at: usize| weights.get((row, at)) * test.get((clip, at));
            bias.get((row, 0)) + (0..width).map(dot).sum::<f64>()
        };
        let probabilities = |clip: usize| {
            let mut logits: Vec<f64> = (0..rows).map(|row| logit(clip, row)).collect();
            if rows == 1 {
                // Of two classes only the second has coefficients.
                logits.insert(0, 0.0);
            }
            softmax(&logits)
        };
        Ok((0..test.shape().0).map(probabilities).collect())
    }

    /// The crate's forest tells only who won, so each tree is a forest of its own.
    fn forest(
        &self,
        test: &DenseMatrix<f64>,
        truth: &Vec<u32>,
        known: &[usize],
        seed: u64,
    ) -> Result<Vec<Vec<f64>>> {
        let mut dice = Dice::named(seed, "forest");
        let mut votes = vec![vec![0.0; known.len()]; test.shape().0];
        for _ in 0..TREES {
            let settings = RandomForestClassifierParameters::default();
            let settings = settings.with_n_trees(1).with_seed(dice.seed());
            let tree = RandomForestClassifier::fit(&self.train, truth, settings).context("tree")?;
            let told: Vec<u32> = tree.predict(test).context("tree")?;
            for (votes, class) in votes.iter_mut().zip(told) {
                let place = known.binary_search(&(class as usize)).ok().context("unknown class")?;
                votes[place] += 1.0 / TREES as f64;
            }
        }
        Ok(votes)
    }
}

fn labels(truth: &[usize]) -> Vec<u32> {
    truth.iter().map(|&class| class as u32).collect()
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let whole: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / whole).collect()
}

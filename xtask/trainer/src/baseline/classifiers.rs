//! What a baseline is asked: the genre of a clip, and its instruments one by one.

use anyhow::{Result, bail};
use rayon::prelude::*;

use super::task::Task;
use crate::dice::Dice;

/// A classic way to tell genres and instruments from descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// The nearest training clips vote, each by the inverse of its distance (Cover and Hart 1967,
    /// Dudani 1976).
    Neighbours,
    /// Multinomial logistic regression with an L2 penalty.
    Logistic,
    /// Random forest (Breiman 2001); the share of its trees is the probability.
    Forest,
}

impl Baseline {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Neighbours, Self::Logistic, Self::Forest];

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Neighbours => "nearest neighbours",
            Self::Logistic => "logistic regression",
            Self::Forest => "random forest",
        }
    }

    /// Probability of each genre for each test clip, [test][classes], learned from `train`
    /// ([clip][descriptor]) whose genres are `truth`. A genre without examples has probability 0.
    ///
    /// # Errors
    /// When there is nothing to learn from, sizes disagree, a genre is not below `classes`, or a
    /// descriptor is not a number; the message names it.
    pub fn genre(
        &self,
        train: &[Vec<f32>],
        truth: &[usize],
        classes: usize,
        test: &[Vec<f32>],
        seed: u64,
    ) -> Result<Vec<Vec<f32>>> {
        if let Some(genre) = truth.iter().find(|&&genre| genre >= classes) {
            bail!("genre {genre} of a training clip is not one of {classes}");
        }
        Task::new(train, truth.len(), test)?.probabilities(*self, truth, classes, seed)
    }

    /// Score 0..1 of each instrument for each test clip, [test][instruments], by a classifier of
    /// its own per instrument. `truth` is [clip][instruments]. An instrument that sounds in all
    /// training clips or in none has score 1 or 0 everywhere.
    ///
    /// # Errors
    /// As [`Self::genre`].
    pub fn instruments(
        &self,
        train: &[Vec<f32>],
        truth: &[Vec<bool>],
        test: &[Vec<f32>],
        seed: u64,
    ) -> Result<Vec<Vec<f32>>> {
        let task = Task::new(train, truth.len(), test)?;
        let count = truth[0].len();
        if let Some(other) = truth.iter().find(|clip| clip.len() != count) {
            bail!("clips have {count} and {} instruments; they must agree", other.len());
        }
        let one = |instrument: usize| {
            let sounds: Vec<usize> = truth.iter().map(|clip| clip[instrument].into()).collect();
            let seed = Dice::named(seed, &format!("instrument {instrument}")).seed();
            task.probabilities(*self, &sounds, 2, seed)
        };
        let each: Vec<_> = (0..count).into_par_iter().map(one).collect::<Result<_>>()?;
        Ok((0..test.len()).map(|clip| each.iter().map(|one| one[clip][1]).collect()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: usize = 4;

    /// Clips of three well separated genres in two of four descriptors; there is no fourth genre.
    fn toy(clips: usize, seed: u64) -> (Vec<Vec<f32>>, Vec<usize>) {
        let mut dice = Dice::named(seed, "toy");
        let mut clip = |genre: usize| {
            let mut normal = |mean: f64| (mean + dice.normal(1.0)) as f32;
            let angle = genre as f64 * 2.1;
            vec![normal(4.0 * angle.cos()), normal(4.0 * angle.sin()), normal(0.0), 100.0]
        };
        (0..clips).map(|index| (clip(index % 3), index % 3)).unzip()
    }

    fn accuracy(told: &[Vec<f32>], truth: &[usize]) -> f64 {
        let best = |row: &Vec<f32>| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
        let right = told.iter().zip(truth).filter(|&(row, &genre)| best(row) == Some(genre));
        right.count() as f64 / truth.len() as f64
    }

    #[test]
    fn separable_genres_are_learned_and_probabilities_are_some() {
        let ((train, truth), (test, genres)) = (toy(90, 1), toy(60, 2));
        for baseline in Baseline::ALL {
            let told = baseline.genre(&train, &truth, CLASSES, &test, 5).expect("told");
            assert!(accuracy(&told, &genres) > 0.9, "{} {told:?}", baseline.name());
            for row in &told {
                assert_eq!(row.len(), CLASSES);
                assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "{} {row:?}", baseline.name());
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4);
                assert_eq!(row[3], 0.0, "nobody has heard of it");
            }
            assert_eq!(told, baseline.genre(&train, &truth, CLASSES, &test, 5).expect("again"));
        }
    }

    #[test]
    fn separable_instruments_are_learned_one_by_one() {
        let ((train, genres), (test, heard)) = (toy(90, 3), toy(60, 4));
        // One for each of two genres, one that always sounds, one that never does.
        let sounds = |genre: &usize| vec![*genre == 0, *genre == 2, true, false];
        let truth: Vec<Vec<bool>> = genres.iter().map(sounds).collect();
        for baseline in Baseline::ALL {
            let told = baseline.instruments(&train, &truth, &test, 5).expect("told");
            let right = told
                .iter()
                .zip(&heard)
                .filter(|(row, genre)| row.iter().map(|&score| score > 0.5).eq(sounds(genre)));
            assert!(right.count() > 54, "{}", baseline.name());
            assert!(told.iter().all(|row| row[2] == 1.0 && row[3] == 0.0));
            assert_eq!(told, baseline.instruments(&train, &truth, &test, 5).expect("again"));
        }
    }

    #[test]
    fn few_equal_or_distant_clips_are_no_reason_to_panic() {
        let far = [vec![1e30, -1e30, 0.0, 0.0], vec![0.0; 4]];
        for baseline in Baseline::ALL {
            for train in [vec![vec![0.0; 4]; 3], toy(3, 1).0, toy(2, 1).0, vec![vec![1.0; 4]]] {
                let truth: Vec<usize> = (0..train.len()).collect();
                let told = baseline.genre(&train, &truth, CLASSES, &far, 1).expect("told");
                assert!(told.iter().flatten().all(|p| p.is_finite()), "{}", baseline.name());
                assert_eq!(baseline.genre(&train, &truth, CLASSES, &[], 1).expect("none").len(), 0);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let (train, truth) = toy(9, 1);
        for baseline in Baseline::ALL {
            let error = |train: &[Vec<f32>], truth: &[usize], test: &[Vec<f32>]| {
                format!("{:#}", baseline.genre(train, truth, 3, test, 1).expect_err("refused"))
            };
            assert!(error(&[], &[], &train).contains("no training clips"));
            assert!(error(&train, &truth[1..], &train).contains("9 training clips have 8 labels"));
            assert!(error(&train, &[7; 9], &train).contains("genre 7"));
            assert!(error(&train, &truth, &[vec![0.0; 3]]).contains("a test clip has 3"));
            assert!(error(&train, &truth, &[vec![f32::NAN; 4]]).contains("test clip 0"));
            let uneven = [vec![true], vec![]];
            assert!(baseline.instruments(&train[..2], &uneven, &train, 1).is_err());
        }
    }

    /// `cargo test --release -p trainer -- --ignored --nocapture pace_of_the_baselines`
    #[test]
    #[ignore = "measures time"]
    fn pace_of_the_baselines() {
        let mut dice = Dice::named(1, "pace");
        let mut clips = |count: usize| -> Vec<Vec<f32>> {
            let clip = |k: usize, dice: &mut Dice| {
                let near = |at: usize| ((k % 11 * 7 + at * 3) % 13) as f64 / 13.0;
                (0..super::super::DESCRIPTORS)
                    .map(|at| (near(at) + dice.normal(1.5)) as f32)
                    .collect()
            };
            (0..count).map(|k| clip(k, &mut dice)).collect()
        };
        let (train, test) = (clips(800), clips(150));
        let genres: Vec<usize> = (0..800).map(|k| k % 11).collect();
        let sounds =
            |k: usize| (0..12).map(|i| [0, 4, 8, 12, 16, 20].contains(&(k % 11 + i))).collect();
        let instruments: Vec<Vec<bool>> = (0..800).map(sounds).collect();
        let heard: Vec<usize> = (0..150).map(|k| k % 11).collect();
        for baseline in Baseline::ALL {
            let start = std::time::Instant::now();
            let told = baseline.genre(&train, &genres, 11, &test, 1).expect("told");
            let genre_s = start.elapsed().as_secs_f64();
            baseline.instruments(&train, &instruments, &test, 1).expect("told");
            let both_s = start.elapsed().as_secs_f64();
            let right = accuracy(&told, &heard);
            println!("{:20} genre {genre_s:.2} s, both {both_s:.2} s, {right:.2}", baseline.name());
        }
        let sound: Vec<f32> = (0..42 * 44_100).map(|_| dice.normal(0.1) as f32).collect();
        let start = std::time::Instant::now();
        let chroma = super::super::chroma::chroma(&sound);
        println!("chroma of 42 s {:.3} s", start.elapsed().as_secs_f64());
        let start = std::time::Instant::now();
        let _ = super::super::descriptors(&vec![[1.0; listener::BANDS]; 2100], &chroma);
        println!("descriptors of 42 s {:.3} s", start.elapsed().as_secs_f64());
    }
}

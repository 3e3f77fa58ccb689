//! The scores of tags over all pieces. Tags are those of a whole piece; every number has the 95 %
//! interval of its pieces.

use super::piece::Piece;
use metrics::collection::Words;
use metrics::{
    Bin, Confusion, Interval, Judged, Scored, average_precision, averages, concordance,
    expected_calibration_error, interval, median, r2, reliability, roc_auc,
};

/// Seeds the resampling, so that a report repeats.
const SEED: u64 = 1;
/// A tag that is stable this soon after the music starts is soon enough, in seconds.
const SOON_S: f64 = 5.0;

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measure {
    /// What it is a measure of.
    pub(super) about: &'static str,
    pub(super) key: &'static str,
    /// Pieces it rests on.
    pub(super) files: usize,
    pub(super) value: Interval,
}

/// How one word is told from the others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// [`GENRE`] or [`INSTRUMENTS`].
    pub(super) about: &'static str,
    pub(super) word: String,
    /// Pieces that have it.
    pub(super) files: usize,
    pub(super) roc_auc: Option<f64>,
    pub(super) average_precision: Option<f64>,
}

/// All of them.
pub(super) struct Scores {
    /// Those that can be measured.
    pub(super) measures: Vec<Measure>,
    /// Those that some piece has.
    pub(super) words: Vec<Word>,
    /// Of the most probable genre, in the order of `genres`.
    pub(super) confusion: Confusion,
    pub(super) genres: Vec<String>,
    /// Of the named genre.
    pub(super) reliability: [Bin; 10],
}

pub(super) const GENRE: &str = "genre";
pub(super) const INSTRUMENTS: &str = "instruments";
const RANKINGS: [(&str, [&str; 4]); 2] = [
    (
        GENRE,
        [
            "genre_roc_auc_macro",
            "genre_roc_auc_micro",
            "genre_average_precision_macro",
            "genre_average_precision_micro",
        ],
    ),
    (
        INSTRUMENTS,
        [
            "instruments_roc_auc_macro",
            "instruments_roc_auc_micro",
            "instruments_average_precision_macro",
            "instruments_average_precision_micro",
        ],
    ),
];
const MOODS: [(&str, [&str; 2]); 2] = [
    ("valence", ["valence_r2", "valence_concordance"]),
    ("arousal", ["arousal_r2", "arousal_concordance"]),
];

impl Scores {
    /// Scores the pieces with music in them.
    pub(super) fn of(pieces: &[Piece], words: &Words) -> Self {
        let pieces: Vec<&Piece> = pieces.iter().filter(|piece| piece.has_music()).collect();
        let mut scores = Self {
            measures: Vec::new(),
            words: Vec::new(),
            confusion: Confusion::of(words.genres.len(), []),
            genres: words.genres.clone(),
            reliability: reliability(&[]),
        };
        scores.name(&pieces);
        scores.rank(0, &words.genres, &pieces, |piece, word| {
            let positive = piece.genre()? == word;
            Some(Scored { score: piece.tags.genre.get(word).copied().unwrap_or(0.0), positive })
        });
        scores.rank(1, &words.instruments, &pieces, |piece, word| {
            let positive = piece.instruments()?.iter().any(|plays| plays == word);
            Some(Scored {
                score: piece.tags.instrument.get(word).copied().unwrap_or(0.0),
                positive,
            })
        });
        scores.place(&pieces);
        scores.last(&pieces);
        scores
    }

    /// A measure, by its key.
    pub(super) fn get(&self, key: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.key == key)
    }

    fn add(
        &mut self,
        about: &'static str,
        key: &'static str,
        files: usize,
        measure: impl Fn(&[usize]) -> Option<f64>,
    ) {
        if let Some(value) = interval(files, SEED, measure) {
            self.measures.push(Measure { about, key, files, value });
        }
    }

    /// One genre of several: the most probable one, and the one that is named.
    fn name(&mut self, pieces: &[&Piece]) {
        let classes = self.genres.len();
        let class = |word: &str| self.genres.iter().position(|genre| genre == word);
        let pair = |piece: &&Piece| Some((class(piece.genre()?)?, class(piece.likeliest()?.0)?));
        let pairs: Vec<(usize, usize)> = pieces.iter().filter_map(pair).collect();
        self.confusion = Confusion::of(classes, pairs.iter().copied());
        type Share = fn(&Confusion) -> Option<f64>;
        for (key, share) in [
            ("genre_accuracy", Confusion::accuracy as Share),
            ("genre_balanced_accuracy", Confusion::balanced_accuracy),
            ("genre_macro_f1", Confusion::macro_f1),
        ] {
            self.add(GENRE, key, pairs.len(), |picked| {
                share(&Confusion::of(classes, picked.iter().map(|&index| pairs[index])))
            });
        }
        let labelled = pieces.iter().filter_map(|piece| Some((piece.genre()?, piece.named())));
        let named: Vec<Option<Judged>> = labelled
            .map(|(truth, named)| {
                named.map(|(name, p)| Judged { confidence: p, right: name == truth })
            })
            .collect();
        let judged = |picked: &[usize]| -> Vec<Judged> {
            picked.iter().filter_map(|&index| named[index]).collect()
        };
        self.reliability = reliability(&judged(&(0..named.len()).collect::<Vec<_>>()));
        self.add(GENRE, "genre_coverage", named.len(), |picked| {
            mean(picked.iter().map(|&index| f64::from(u8::from(named[index].is_some()))))
        });
        self.add(GENRE, "genre_accuracy_named", named.len(), |picked| {
            mean(judged(picked).iter().map(|one| f64::from(u8::from(one.right))))
        });
        self.add(GENRE, "genre_calibration_error", named.len(), |picked| {
            expected_calibration_error(&reliability(&judged(picked)))
        });
    }

    /// Each word against the others; `decide` is None for pieces of which the truth is not known.
    fn rank(
        &mut self,
        kind: usize,
        words: &[String],
        pieces: &[&Piece],
        decide: impl Fn(&Piece, &str) -> Option<Scored>,
    ) {
        let (about, [area_macro, area_micro, precision_macro, precision_micro]) = RANKINGS[kind];
        let row = |piece: &&Piece| words.iter().map(|word| decide(piece, word)).collect();
        let rows: Vec<Vec<Scored>> = pieces.iter().filter_map(row).collect();
        if words.is_empty() || rows.is_empty() {
            return;
        }
        let columns = |picked: &[usize]| -> Vec<Vec<Scored>> {
            let column = |word| picked.iter().map(|&index| rows[index][word]).collect();
            (0..words.len()).map(column).collect()
        };
        self.add(about, area_macro, rows.len(), |p| averages(&columns(p), roc_auc).over_tags);
        self.add(about, area_micro, rows.len(), |p| roc_auc(&columns(p).concat()));
        self.add(about, precision_macro, rows.len(), |p| {
            averages(&columns(p), average_precision).over_tags
        });
        self.add(about, precision_micro, rows.len(), |p| average_precision(&columns(p).concat()));
        let all = columns(&(0..rows.len()).collect::<Vec<_>>());
        self.words.extend(words.iter().zip(&all).filter_map(|(word, column)| {
            let files = column.iter().filter(|one| one.positive).count();
            (files > 0).then(|| Word {
                about,
                word: word.clone(),
                files,
                roc_auc: roc_auc(column),
                average_precision: average_precision(column),
            })
        }));
    }

    /// Valence and arousal.
    fn place(&mut self, pieces: &[&Piece]) {
        for (axis, (about, [r2_key, concordance_key])) in MOODS.into_iter().enumerate() {
            let heard = |piece: &Piece| [piece.tags.valence, piece.tags.arousal][axis];
            let pair = |piece: &&Piece| Some((piece.mood()?[axis], heard(piece)));
            let pairs: Vec<(f64, f64)> = pieces.iter().filter_map(pair).collect();
            let pick = |picked: &[usize]| picked.iter().map(|&i| pairs[i]).collect::<Vec<_>>();
            self.add(about, r2_key, pairs.len(), |picked| r2(&pick(picked)));
            self.add(about, concordance_key, pairs.len(), |picked| concordance(&pick(picked)));
        }
    }

    /// How the named genre lasts. Needs no labels.
    fn last(&mut self, pieces: &[&Piece]) {
        const ABOUT: &str = "steadiness";
        let stable: Vec<Option<f64>> = pieces.iter().map(|piece| piece.steady.stable_s).collect();
        let changes: Vec<f64> =
            pieces.iter().filter_map(|piece| piece.steady.changes_per_minute).collect();
        let share = |is: &dyn Fn(usize) -> bool, picked: &[usize]| {
            mean(picked.iter().map(|&index| f64::from(u8::from(is(index)))))
        };
        self.add(ABOUT, "named_share", pieces.len(), |picked| {
            share(&|index| pieces[index].tags.top.is_some(), picked)
        });
        self.add(ABOUT, "stable_median_s", stable.len(), |picked| {
            median(&picked.iter().filter_map(|&index| stable[index]).collect::<Vec<_>>())
        });
        self.add(ABOUT, "stable_within_5_s", stable.len(), |picked| {
            share(&|index| stable[index].is_some_and(|after| after <= SOON_S), picked)
        });
        self.add(ABOUT, "changes_per_minute_median", changes.len(), |picked| {
            median(&picked.iter().map(|&index| changes[index]).collect::<Vec<_>>())
        });
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

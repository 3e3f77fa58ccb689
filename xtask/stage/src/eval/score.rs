//! The scores of one tracker on one piece.

use super::collect::Truth;
use crate::hearing::Hearing;
use metrics::annotation::Beats;
use metrics::{
    BEAT_WINDOW_S, Judged, Level, cemgil, continuity, errors, f_measure, judge, level, median,
    median_tempo, settled, tempo_accuracy, without_bias,
};
use std::collections::BTreeMap;

/// Half widths of the windows around an onset, in seconds: the strict one and that of MIREX.
const ONSET_WINDOWS_S: [f64; 2] = [0.025, 0.05];
/// How far an error of time is looked for, in seconds.
pub(super) const REACH_S: f64 = 2.0 * BEAT_WINDOW_S;

/// What a tracker says of a piece.
pub(super) struct Estimate {
    /// Seconds at which each beat left the tracker, ascending.
    beats: Vec<f64>,
    downbeats: Option<Vec<f64>>,
    /// Confidence per beat.
    confidence: Option<Vec<f64>>,
    onsets: Option<Onsets>,
}

/// An onset cannot be predicted, so it leaves the plugin some time after it sounded, and says when.
struct Onsets {
    /// Seconds at which they sounded, by what they say.
    stamped: Vec<f64>,
    /// Seconds at which they left.
    emitted: Vec<f64>,
}

impl Estimate {
    /// What left the plugin, when it left.
    pub(super) fn heard(hearing: &Hearing) -> Self {
        let mut beats: Vec<_> = hearing.beats.iter().collect();
        beats.sort_by(|a, b| a.emitted.total_cmp(&b.emitted));
        let downbeats = beats.iter().filter(|beat| beat.beat == 1).map(|beat| beat.emitted);
        Self {
            downbeats: Some(downbeats.collect()),
            confidence: Some(beats.iter().map(|beat| beat.confidence).collect()),
            beats: beats.iter().map(|beat| beat.emitted).collect(),
            onsets: Some(Onsets {
                stamped: hearing.onsets.iter().map(|onset| onset.time).collect(),
                emitted: hearing.onsets.iter().map(|onset| onset.emitted).collect(),
            }),
        }
    }

    /// What another tracker's file says.
    pub(super) fn read(beats: Beats) -> Self {
        let downbeats = beats.downbeats();
        Self { beats: beats.times, downbeats, confidence: None, onsets: None }
    }
}

/// The scores, and what pools over pieces.
pub(super) struct Score {
    /// Of [`MEASURES`], those that have a meaning here.
    pub(super) values: BTreeMap<&'static str, f64>,
    /// The metrical level of the tempo; None when too few beats were given.
    pub(super) level: Option<Level>,
    /// Signed errors of beats in seconds, positive when late.
    pub(super) errors: Vec<f64>,
    /// Beats with their confidence; empty for trackers that have none.
    pub(super) judged: Vec<Judged>,
}

/// Keys of the measures in `eval.tsv` and `eval.json`. Shares are 0..1.
pub(super) const MEASURES: [&str; 21] = [
    "beat_f",
    "beat_f_without_bias",
    "beat_bias_ms",
    "cemgil",
    "cemgil_best_level",
    "cml_c",
    "cml_t",
    "aml_c",
    "aml_t",
    "downbeat_f",
    "tempo_bpm",
    "tempo_accuracy_1",
    "tempo_accuracy_2",
    "octave_error",
    "onset_f_25",
    "onset_f_50",
    "onset_bias_ms",
    "onset_f_25_without_bias",
    "onset_f_50_without_bias",
    "onset_lag_ms",
    "onset_f_25_emitted_less_lag",
];

impl Score {
    /// Scores an estimate. Beats before 5 s count only for the confidence.
    pub(super) fn of(truth: &Truth, estimate: &Estimate) -> Self {
        let (annotated, given) = (settled(&truth.beats.times), settled(&estimate.beats));
        let mut values = BTreeMap::new();
        let mut set = |key, value| {
            values.insert(key, value);
        };

        let beats = without_bias(annotated, given, BEAT_WINDOW_S);
        set("beat_f", beats.f);
        set("beat_f_without_bias", beats.f_without);
        set("beat_bias_ms", 1_000.0 * beats.bias_s);
        let gauss = cemgil(annotated, given);
        set("cemgil", gauss.score);
        set("cemgil_best_level", gauss.best);
        let runs = continuity(annotated, given);
        set("cml_c", runs.cml_c);
        set("cml_t", runs.cml_t);
        set("aml_c", runs.aml_c);
        set("aml_t", runs.aml_t);
        if let (Some(annotated), Some(given)) = (truth.beats.downbeats(), &estimate.downbeats) {
            let (annotated, given) = (settled(&annotated), settled(given));
            if !annotated.is_empty() {
                set("downbeat_f", f_measure(annotated, given, BEAT_WINDOW_S));
            }
        }

        let tempo = median_tempo(given);
        let level = median_tempo(annotated).zip(tempo).map(|(truth, given)| level(truth, given));
        if let Some(tempo) = tempo {
            set("tempo_bpm", tempo);
        }
        let accuracy = level.map_or([false; 2], tempo_accuracy);
        set("tempo_accuracy_1", share(accuracy[0]));
        set("tempo_accuracy_2", share(accuracy[1]));
        set("octave_error", share(level.is_some_and(Level::is_octave_error)));

        if let (Some(annotated), Some(given)) = (&truth.onsets, &estimate.onsets) {
            score_onsets(annotated, given, &mut set);
        }
        let confidence = estimate.confidence.iter().flatten().copied();
        let certain: Vec<(f64, f64)> = estimate.beats.iter().copied().zip(confidence).collect();
        Self {
            values,
            level,
            errors: errors(annotated, given, REACH_S),
            judged: judge(&truth.beats.times, &certain, BEAT_WINDOW_S),
        }
    }
}

fn score_onsets(annotated: &[f64], given: &Onsets, set: &mut impl FnMut(&'static str, f64)) {
    let [strict, wide] = ONSET_WINDOWS_S.map(|w| without_bias(annotated, &given.stamped, w));
    set("onset_f_25", strict.f);
    set("onset_f_50", wide.f);
    set("onset_bias_ms", 1_000.0 * strict.bias_s);
    set("onset_f_25_without_bias", strict.f_without);
    set("onset_f_50_without_bias", wide.f_without);
    let lags: Vec<f64> = given.emitted.iter().zip(&given.stamped).map(|(e, s)| e - s).collect();
    if let Some(lag) = median(&lags) {
        let moved: Vec<f64> = given.emitted.iter().map(|emitted| emitted - lag).collect();
        set("onset_lag_ms", 1_000.0 * lag);
        set("onset_f_25_emitted_less_lag", f_measure(annotated, &moved, ONSET_WINDOWS_S[0]));
    }
}

fn share(right: bool) -> f64 {
    f64::from(u8::from(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(step_s: f64, from: f64) -> Vec<f64> {
        (0..40).map(|i| from + f64::from(i) * step_s).collect()
    }

    fn truth() -> Truth {
        let in_bar = (0..40).map(|i| i % 4 + 1).collect();
        let beats = Beats { times: every(0.5, 0.0), in_bar: Some(in_bar) };
        Truth { beats, onsets: Some(every(0.5, 0.0)) }
    }

    fn scored(estimate: &Estimate) -> impl Fn(&str) -> Option<f64> + use<> {
        let values = Score::of(&truth(), estimate).values;
        move |key| values.get(key).copied()
    }

    #[test]
    fn perfect_beats_and_late_onsets() {
        let late: Vec<f64> = every(0.5, 0.07);
        let estimate = Estimate {
            beats: every(0.5, 0.0),
            downbeats: Some(every(2.0, 0.0)),
            confidence: Some(vec![0.9; 40]),
            onsets: Some(Onsets { stamped: every(0.5, 0.03), emitted: late }),
        };
        let score = scored(&estimate);
        for key in ["beat_f", "cml_c", "aml_t", "tempo_accuracy_1", "onset_f_25_without_bias"] {
            assert_eq!(score(key), Some(1.0), "{key}");
        }
        assert!((score("cemgil").expect("a score") - 1.0).abs() < 1e-9);
        assert_eq!((score("onset_f_25"), score("onset_f_50")), (Some(0.0), Some(1.0)));
        assert!((score("onset_bias_ms").expect("a bias") - 30.0).abs() < 1e-6);
        assert!((score("onset_lag_ms").expect("a lag") - 40.0).abs() < 1e-6);
        assert_eq!(score("octave_error"), Some(0.0));
        let whole = Score::of(&truth(), &estimate);
        assert_eq!(whole.judged.len(), 40);
        let mut keys = MEASURES.to_vec();
        keys.sort_unstable();
        assert_eq!(whole.values.into_keys().collect::<Vec<_>>(), keys);
    }

    #[test]
    fn a_peer_has_only_what_its_file_says() {
        let score = scored(&Estimate::read(Beats { times: every(1.0, 0.03), in_bar: None }));
        assert_eq!((score("downbeat_f"), score("onset_f_25")), (None, None));
        assert_eq!((score("tempo_accuracy_1"), score("tempo_accuracy_2")), (Some(0.0), Some(1.0)));
        assert_eq!(score("octave_error"), Some(1.0));
        assert!((score("beat_bias_ms").expect("a bias") - 30.0).abs() < 1e-6);
    }

    #[test]
    fn silence_scores_nothing() {
        let estimate = Estimate::read(Beats { times: Vec::new(), in_bar: None });
        let score = Score::of(&truth(), &estimate);
        assert_eq!(score.values.get("beat_f"), Some(&0.0));
        assert_eq!(score.values.get("tempo_bpm"), None);
        assert!(score.level.is_none() && score.errors.is_empty() && score.judged.is_empty());
    }
}

//! What can be set of the decoder; the defaults were tuned on validation and development music.

use serde::{Deserialize, Serialize};

/// Settings of the bar-pointer filter and of the events made from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DecoderSettings {
    /// Slowest beat tracked.
    pub min_bpm: f32,
    /// Fastest beat tracked.
    pub max_bpm: f32,
    /// Most likely tempo before anything is heard.
    pub prior_bpm: f32,
    /// Spread of the tempo prior, octaves (standard deviation of log2 tempo).
    pub prior_octaves: f32,
    /// Share of bars of two beats before anything is heard. Much music of four can be counted in two,
    /// so even a sure ear hears more of these than there are.
    pub two_beat_bars: f32,
    /// Share of bars of three beats; the rest has four.
    pub three_beat_bars: f32,
    /// How firmly a tempo is kept from beat to beat: a change by the ratio `r` weighs
    /// `exp(-tempo_rigidity * |r - 1|)` (lambda of Krebs, Böck and Widmer 2015).
    pub tempo_rigidity: f32,
    /// Probability that a bar is followed by one of another meter.
    pub meter_change: f32,
    /// Probability per step that the beat has jumped anywhere: a cut, a new song, a lost phase.
    pub restart: f32,
    /// Half the width of the stretch around a beat in which a beat is expected, seconds.
    pub beat_width_s: f32,
    /// Odds of a frame to be a beat, whatever the network says: its share of the training targets.
    pub beat_odds: f32,
    /// Exponent on the beat's likelihood; below 1 it trusts the network less.
    pub beat_trust: f32,
    /// Share of beats that the network takes for downbeats; above the true share where it was trained
    /// to miss none.
    pub downbeat_share: f32,
    /// Exponent on the downbeat's likelihood.
    pub downbeat_trust: f32,
    /// The network's beat activation is kept in `[floor, 1 - floor]`.
    pub beat_floor: f32,
    /// A tempo that challenges the current one must be this many times as likely.
    pub tempo_hysteresis: f32,
    /// A place in the bar that challenges the current one must be this many times as likely.
    pub bar_hysteresis: f32,
    /// Confidence is a logistic regression (Platt 1999), fitted so that of the beats given with
    /// confidence `p` a share `p` is right. Its constant term.
    pub confidence_bias: f32,
    /// Its weight of the log odds of tempo and beat phase in the filter.
    pub confidence_filter: f32,
    /// Its weight of the mean activation at past beats.
    pub confidence_at_beats: f32,
    /// Its weight of the mean activation between past beats.
    pub confidence_between: f32,
    /// Beats are given only at this confidence or above.
    pub min_confidence: f32,
    /// Constant lag of the network's beats behind the sound, seconds; taken off every beat.
    pub beat_lag_s: f32,
    /// Constant lag of the network's onsets behind the sound, seconds.
    pub onset_lag_s: f32,
    /// Onset activation at which an onset is taken.
    pub onset_threshold: f32,
}

impl Default for DecoderSettings {
    fn default() -> Self {
        Self {
            min_bpm: 55.0,
            max_bpm: 215.0,
            prior_bpm: 120.0,
            prior_octaves: 0.6,
            two_beat_bars: 0.03,
            three_beat_bars: 0.12,
            tempo_rigidity: 100.0,
            meter_change: 1e-3,
            restart: 1e-6,
            beat_width_s: 0.01,
            beat_odds: 0.055,
            beat_trust: 0.5,
            downbeat_share: 0.28,
            downbeat_trust: 0.3,
            beat_floor: 0.02,
            tempo_hysteresis: 1.5,
            bar_hysteresis: 2.0,
            confidence_bias: -2.0,
            confidence_filter: 0.3,
            confidence_at_beats: 6.0,
            confidence_between: -2.0,
            min_confidence: 0.1,
            beat_lag_s: 0.0,
            onset_lag_s: 0.0,
            onset_threshold: 0.4,
        }
    }
}

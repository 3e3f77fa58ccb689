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
    /// How much every further beat speaks for a likely tempo: exponent on the prior, for each beat. Music
    /// that can be counted at two levels fits both; this decides.
    pub tempo_pull: f32,
    /// Share of bars of two beats before anything is heard. Much music of four can be counted in two,
    /// so even a sure ear hears more of these than there are.
    pub two_beat_bars: f32,
    /// Share of bars of three beats; the rest has four.
    pub three_beat_bars: f32,
    /// How firmly a tempo is kept from beat to beat: a change by the ratio `r` weighs
    /// `exp(-tempo_rigidity * |r - 1|)` (lambda of Krebs, Böck and Widmer 2015).
    pub tempo_rigidity: f32,
    /// Share of the beats at which the tempo gives way instead, with a lambda of 25: without it expressive
    /// timing is lost, and steady music needs no more of it.
    pub tempo_give: f32,
    /// Probability that a bar is followed by one of another meter.
    pub meter_change: f32,
    /// Probability per step that the beat has jumped anywhere: a cut, a new song, a lost phase.
    pub restart: f32,
    /// Half the width of the stretch around a beat in which a beat is expected, seconds; counted as no more
    /// than a quarter of the shortest interval between beats that is allowed.
    pub beat_width_s: f32,
    /// Odds, in the network's words, above which a frame speaks for a beat and below which against one.
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
            max_bpm: 190.0,
            prior_bpm: 120.0,
            prior_octaves: 0.6,
            tempo_pull: 0.3,
            two_beat_bars: 0.03,
            three_beat_bars: 0.12,
            tempo_rigidity: 150.0,
            tempo_give: 0.04,
            meter_change: 1e-3,
            restart: 1e-6,
            beat_width_s: 0.01,
            beat_odds: 0.2,
            beat_trust: 0.35,
            downbeat_share: 0.45,
            downbeat_trust: 0.3,
            beat_floor: 0.02,
            tempo_hysteresis: 1.5,
            bar_hysteresis: 2.0,
            confidence_bias: -2.0,
            confidence_filter: 0.3,
            confidence_at_beats: 6.0,
            confidence_between: -2.0,
            min_confidence: 0.25,
            beat_lag_s: 0.0,
            onset_lag_s: 0.0,
            onset_threshold: 0.4,
        }
    }
}

/// The filter's probabilities are taken for no surer than this.
const SUREST: f32 = 0.999;

impl DecoderSettings {
    /// The filter's probability of tempo and beat phase, weighed with the mean activations (0..1) at past
    /// beats and between them. The filter alone is also sure of itself when it has heard nothing for
    /// long: no beat at all is evidence for the slowest tempo.
    #[must_use]
    pub fn confidence(&self, filter: f32, at_beats: f32, between: f32) -> f32 {
        let filter = filter.clamp(1.0 - SUREST, SUREST);
        let evidence = self.confidence_bias
            + self.confidence_filter * (filter / (1.0 - filter)).ln()
            + self.confidence_at_beats * at_beats
            + self.confidence_between * between;
        1.0 / (1.0 + (-evidence).exp())
    }

    /// Refuses values no decoder works with: a model's file is only as trustworthy as who wrote it.
    ///
    /// # Errors
    /// Names the setting, its value and what it may be.
    pub fn check(&self) -> Result<(), String> {
        let within = [
            ("min_bpm", self.min_bpm, 20.0, 400.0),
            ("max_bpm", self.max_bpm, 20.0, 400.0),
            ("prior_bpm", self.prior_bpm, 20.0, 400.0),
            ("prior_octaves", self.prior_octaves, 0.05, 10.0),
            ("tempo_pull", self.tempo_pull, 0.0, 10.0),
            ("two_beat_bars", self.two_beat_bars, 0.0, 0.5),
            ("three_beat_bars", self.three_beat_bars, 0.0, 0.5),
            ("tempo_rigidity", self.tempo_rigidity, 0.1, 10_000.0),
            ("tempo_give", self.tempo_give, 0.0, 1.0),
            ("meter_change", self.meter_change, 0.0, 0.5),
            ("restart", self.restart, 0.0, 0.1),
            ("beat_width_s", self.beat_width_s, 0.001, 0.2),
            ("beat_odds", self.beat_odds, 1e-6, 100.0),
            ("beat_trust", self.beat_trust, 0.0, 10.0),
            ("downbeat_share", self.downbeat_share, 0.01, 0.99),
            ("downbeat_trust", self.downbeat_trust, 0.0, 10.0),
            ("beat_floor", self.beat_floor, 1e-6, 0.49),
            ("tempo_hysteresis", self.tempo_hysteresis, 1.0, 1e6),
            ("bar_hysteresis", self.bar_hysteresis, 1.0, 1e6),
            ("confidence_bias", self.confidence_bias, -100.0, 100.0),
            ("confidence_filter", self.confidence_filter, -100.0, 100.0),
            ("confidence_at_beats", self.confidence_at_beats, -100.0, 100.0),
            ("confidence_between", self.confidence_between, -100.0, 100.0),
            ("min_confidence", self.min_confidence, 0.0, 1.0),
            ("beat_lag_s", self.beat_lag_s, -0.5, 0.5),
            ("onset_lag_s", self.onset_lag_s, -0.5, 0.5),
            ("onset_threshold", self.onset_threshold, 0.0, 1.0),
        ];
        // Not a number is in no range.
        match within.into_iter().find(|&(_, value, low, high)| !(low..=high).contains(&value)) {
            Some((name, value, low, high)) => {
                Err(format!("{name} is {value}; it may be from {low} to {high}"))
            }
            None => Ok(()),
        }
    }
}

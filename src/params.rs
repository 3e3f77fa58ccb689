//! Every parameter of the plugin. Ids are permanent: sessions and automation lanes name them.
//!
//! The output parameters are written by the audio thread and sent to the host as events; whatever
//! the host plays into them is overwritten with the next frame. Everything else is a setting. The
//! paths of the models are saved with the project but are no parameters.

use std::sync::{Arc, RwLock};

use listener::MOST_TAGS;
use nice_plug::formatters;
use nice_plug::prelude::*;

use crate::clap::param_out::param_id;
use crate::correction::TempoCorrection;
use crate::outputs::cv::CvShape;
use crate::words::{self, Words};

/// CLAP ids of the heard parameters, which the plugin writes and the host may only read and record:
/// beat, downbeat, onset, bar phase, tempo, genre, valence, arousal.
pub(crate) const HEARD_IDS: [u32; 8] = [
    param_id("beat"),
    param_id("downbeat"),
    param_id("onset"),
    param_id("bar_phase"),
    param_id("tempo"),
    param_id("genre"),
    param_id("mood_valence"),
    param_id("mood_arousal"),
];

/// Highest value of the tempo parameter, BPM; its lowest, 0, says that no tempo is known yet.
pub(crate) const TEMPO_PARAM_MAX: f32 = 600.0;

/// All parameters and saved fields.
#[derive(Params)]
pub(crate) struct TatumParams {
    /// What is heard.
    #[nested(group = "Heard")]
    pub(crate) heard: HeardParams,
    /// Whether gestures are sent around the heard parameters, so that hosts record them.
    #[id = "write_automation"]
    pub(crate) write_automation: BoolParam,
    /// Settings of the MIDI output.
    #[nested(group = "MIDI")]
    pub(crate) midi: MidiParams,
    /// Settings of the CV outputs.
    #[nested(group = "CV")]
    pub(crate) cv: CvParams,
    /// The user's knowledge of the tempo.
    #[nested(group = "Tempo")]
    pub(crate) tempo: TempoParams,
    /// While it is on nothing leaves but the audio; Tatum listens on.
    #[id = "bypass"]
    pub(crate) bypass: BoolParam,
    /// When things leave.
    #[nested(group = "Time")]
    pub(crate) time: TimeParams,
    /// A model to use instead of the built-in one; empty for the built-in one.
    #[persist = "model_path"]
    pub(crate) model_path: RwLock<String>,
    /// A tag model to use instead of the built-in one; empty for the built-in one.
    #[persist = "tag_model_path"]
    pub(crate) tag_model_path: RwLock<String>,
    /// The words that [`HeardParams::genre`] is shown in: those of the tag model in use. Written by
    /// the worker, read by the main thread.
    pub(crate) words: Words,
}

/// Output parameters.
#[derive(Params)]
pub(crate) struct HeardParams {
    /// Beat activation.
    #[id = "beat"]
    pub(crate) beat: FloatParam,
    /// Downbeat activation.
    #[id = "downbeat"]
    pub(crate) downbeat: FloatParam,
    /// Onset activation.
    #[id = "onset"]
    pub(crate) onset: FloatParam,
    /// Position in the bar.
    #[id = "bar_phase"]
    pub(crate) bar_phase: FloatParam,
    /// Tempo; 0 until one is known.
    #[id = "tempo"]
    pub(crate) tempo: FloatParam,
    /// The genre that is named, 1 for the first of the tag model's; 0 while unsure.
    #[id = "genre"]
    pub(crate) genre: IntParam,
    /// Unpleasant -1 to pleasant 1.
    #[id = "mood_valence"]
    pub(crate) valence: FloatParam,
    /// Calm -1 to excited 1.
    #[id = "mood_arousal"]
    pub(crate) arousal: FloatParam,
}

/// Settings of the MIDI output.
#[derive(Params)]
pub(crate) struct MidiParams {
    /// Channel, 1..16.
    #[id = "midi_channel"]
    pub(crate) channel: IntParam,
    /// Whether every beat sends a note.
    #[id = "beat_note_on"]
    pub(crate) beat_on: BoolParam,
    /// Its note.
    #[id = "beat_note"]
    pub(crate) beat_note: IntParam,
    /// Whether the first beat of a bar sends a note of its own.
    #[id = "downbeat_note_on"]
    pub(crate) downbeat_on: BoolParam,
    /// Its note.
    #[id = "downbeat_note"]
    pub(crate) downbeat_note: IntParam,
    /// Whether every onset sends a note.
    #[id = "onset_note_on"]
    pub(crate) onset_on: BoolParam,
    /// Its note.
    #[id = "onset_note"]
    pub(crate) onset_note: IntParam,
    /// Whether the activations are sent as CC 20, 21 and 22.
    #[id = "midi_cc"]
    pub(crate) cc_on: BoolParam,
}

/// Settings of the CV outputs.
#[derive(Params)]
pub(crate) struct CvParams {
    /// Shape of the beat, downbeat and onset outputs.
    #[id = "cv_shape"]
    pub(crate) shape: EnumParam<CvShape>,
}

/// What the user knows about the tempo.
#[derive(Params)]
pub(crate) struct TempoParams {
    /// Slowest tempo to look for, BPM.
    #[id = "tempo_min"]
    pub(crate) min: FloatParam,
    /// Fastest tempo to look for, BPM.
    #[id = "tempo_max"]
    pub(crate) max: FloatParam,
    /// The user's correction of the level at which beats are counted.
    #[id = "tempo_correction"]
    pub(crate) correction: EnumParam<TempoCorrection>,
}

/// When things leave.
#[derive(Params)]
pub(crate) struct TimeParams {
    /// Beats leave this long before their own sample, milliseconds.
    #[id = "beat_lead"]
    pub(crate) lead: FloatParam,
    /// The audio leaves this much later, milliseconds, and what is heard of it on its own sample.
    #[id = "look_ahead"]
    pub(crate) look_ahead: FloatParam,
}

impl TimeParams {
    /// How far beats leave ahead, seconds.
    pub(crate) fn lead_s(&self) -> f64 {
        1e-3 * f64::from(self.lead.value())
    }

    /// The delay of the audio at `rate_hz`, samples.
    pub(crate) fn look_ahead(&self, rate_hz: f64) -> u32 {
        (1e-3 * f64::from(self.look_ahead.value()) * rate_hz).round() as u32
    }
}

fn activation(name: &str) -> FloatParam {
    FloatParam::new(name, 0.0, FloatRange::Linear { min: 0.0, max: 1.0 })
        .with_value_to_string(formatters::v2s_f32_rounded(3))
}

fn mood(name: &str) -> FloatParam {
    FloatParam::new(name, 0.0, FloatRange::Linear { min: -1.0, max: 1.0 })
        .with_value_to_string(formatters::v2s_f32_rounded(2))
}

/// The number of a genre, shown as its word.
fn genre(name: &str, words: &Words) -> IntParam {
    let (show, read) = (Arc::clone(words), Arc::clone(words));
    IntParam::new(name, 0, IntRange::Linear { min: 0, max: MOST_TAGS as i32 })
        .with_value_to_string(Arc::new(move |number| words::genre(&words::now(&show), number)))
        .with_string_to_value(Arc::new(move |word| words::number(&words::now(&read), word)))
}

fn note(name: &str, default: i32) -> IntParam {
    let read = formatters::s2v_i32_key_formatter();
    IntParam::new(name, default, IntRange::Linear { min: 0, max: 127 })
        .with_value_to_string(formatters::v2s_i32_key_formatter())
        // nice-plug's reader cuts bytes, and panics within a letter that has more than one. The number of a key is
        // read too.
        .with_string_to_value(Arc::new(move |text| {
            let key = if text.is_ascii() { read(text) } else { None };
            key.or_else(|| text.trim().parse().ok())
        }))
}

fn milliseconds(name: &str, max: f32) -> FloatParam {
    FloatParam::new(name, 0.0, FloatRange::Linear { min: 0.0, max })
        .with_unit(" ms")
        .with_step_size(1.0)
        .with_value_to_string(formatters::v2s_f32_rounded(0))
}

fn bpm(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_unit(" BPM")
        .with_value_to_string(formatters::v2s_f32_rounded(1))
}

impl Default for TatumParams {
    fn default() -> Self {
        let decoder = listener::DecoderSettings::default();
        let words = words::built_in();
        Self {
            heard: HeardParams {
                beat: activation("Beat"),
                downbeat: activation("Downbeat"),
                onset: activation("Onset"),
                bar_phase: activation("Bar phase"),
                tempo: bpm("Tempo", 0.0, 0.0, TEMPO_PARAM_MAX),
                genre: genre("Genre", &words),
                valence: mood("Mood valence"),
                arousal: mood("Mood arousal"),
            },
            write_automation: BoolParam::new("Write automation", false),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            midi: MidiParams {
                channel: IntParam::new("MIDI channel", 1, IntRange::Linear { min: 1, max: 16 }),
                beat_on: BoolParam::new("Beat note on", true),
                beat_note: note("Beat note", 37),
                downbeat_on: BoolParam::new("Downbeat note on", true),
                downbeat_note: note("Downbeat note", 36),
                onset_on: BoolParam::new("Onset note on", true),
                onset_note: note("Onset note", 38),
                cc_on: BoolParam::new("Activations as CC 20-22", true),
            },
            cv: CvParams { shape: EnumParam::new("CV shape", CvShape::Decay) },
            tempo: TempoParams {
                min: bpm("Slowest tempo", decoder.min_bpm, 30.0, 120.0),
                max: bpm("Fastest tempo", decoder.max_bpm, 120.0, 300.0),
                correction: EnumParam::new("Tempo correction", TempoCorrection::AsHeard),
            },
            time: TimeParams {
                lead: milliseconds("Beats ahead", 300.0),
                // A latency must not move while audio runs.
                look_ahead: milliseconds("Look-ahead", 500.0).non_automatable(),
            },
            model_path: RwLock::default(),
            tag_model_path: RwLock::default(),
            words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_by_name_or_number_and_other_words_refused() {
        let note = &TatumParams::default().midi.beat_note;
        let read = |text| note.string_to_normalized_value(text).map(|n| note.preview_plain(n));
        assert_eq!([read("C2"), read("c# 2"), read(" 40 ")], [Some(36), Some(37), Some(40)]);
        assert_eq!(["é", "é2", "c♯3", "", "x"].map(read), [None; 5]);
    }

    #[test]
    fn ids_are_unique_and_unchanged() {
        let ids: Vec<String> =
            TatumParams::default().param_map().into_iter().map(|(id, _, _)| id).collect();
        assert_eq!(
            ids,
            [
                "beat",
                "downbeat",
                "onset",
                "bar_phase",
                "tempo",
                "genre",
                "mood_valence",
                "mood_arousal",
                "write_automation",
                "midi_channel",
                "beat_note_on",
                "beat_note",
                "downbeat_note_on",
                "downbeat_note",
                "onset_note_on",
                "onset_note",
                "midi_cc",
                "cv_shape",
                "tempo_min",
                "tempo_max",
                "tempo_correction",
                "bypass",
                "beat_lead",
                "look_ahead",
            ]
        );
        let mut hashes: Vec<u32> =
            ids.iter().map(|id| crate::clap::param_out::param_id(id)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), ids.len());
    }
}

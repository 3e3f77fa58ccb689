//! The model card: what a model is made of, how good it is, and how to make it again.

mod curve;

use std::fmt::Write;

use listener::FeatureSpec;

use crate::corpus::{RECORDINGS, Sound, SourceReport};
use crate::train::validate::Scores;
use crate::train::{Marks, Plan, Trained};
use crate::tune::Summary;

pub use curve::curve;

/// Everything the card tells.
pub struct Card<'a> {
    /// Name of the model and its files, without extension.
    pub name: &'a str,
    /// How it was trained.
    pub plan: &'a Plan,
    /// Where the music came from.
    pub sources: &'a [SourceReport],
    /// What the music was played with.
    pub sounds: &'a [Sound],
    /// Clips it was scored on.
    pub validation_clips: usize,
    /// How many of them the decoder was fitted to.
    pub fitted_clips: usize,
    /// Songs of real music it was scored on.
    pub dev_clips: usize,
    /// Share of the weights it began with that it keeps.
    pub keep: f32,
    /// The networks that are averaged in it.
    pub voices: &'a [Trained],
    /// Scores of its raw activations on the validation clips.
    pub raw: &'a Scores,
    /// How it does with its decoder.
    pub marks: &'a Marks,
    /// Hash of the model file.
    pub sha256: &'a str,
    /// The command that makes it again.
    pub command: &'a str,
}

impl Card<'_> {
    /// The card as Markdown.
    #[must_use]
    pub fn text(&self) -> String {
        let limits = "\nLimits: music unlike what it learned from (free rhythm, voices alone, meters beyond \
                      those of its sources) is heard less well.\n";
        [self.head(), self.music(), self.training(), self.scores(), limits.to_owned()].concat()
    }

    /// What the file is.
    fn head(&self) -> String {
        let spec = FeatureSpec::CURRENT;
        let shape = &self.plan.shape;
        let count = self.voices.len();
        let voices = if count > 1 {
            format!("; {count} of them, from seeds of their own, averaged before the sigmoids")
        } else {
            String::new()
        };
        format!(
            "# {}.onnx: beats, downbeats and onsets\n\n\
             A causal network (look-ahead 0): two convolutions over log-mel frames, {} LSTM layers of \
             {}, three sigmoids{voices}. {} parameters, rounded to bfloat16.\n\n\
             | | |\n|---|---|\n\
             | file | `{}.onnx`, ONNX opset 17 |\n\
             | SHA-256 | `{}` |\n\
             | features | {} mel bands {}-{} Hz, window {} ms, hop {} ms, log10(1 + {} m) |\n\
             | sizes | channels {:?}, features {}, hidden {}, layers {} |\n\
             | made again by | `{}` |\n\n",
            self.name,
            shape.layers,
            shape.hidden,
            count * shape.layout().len,
            self.name,
            self.sha256,
            spec.bands,
            spec.low_hz,
            spec.high_hz,
            1000.0 * spec.window_s,
            1000.0 * spec.hop_s,
            spec.log_gain,
            shape.channels,
            shape.features,
            shape.hidden,
            shape.layers,
            self.command
        )
    }

    /// Where its music is from.
    fn music(&self) -> String {
        let recordings = self.sources.iter().any(|source| source.name == RECORDINGS);
        let mut text =
            "## Music it learned from\n\nRendered from scores and MIDI performances".to_owned();
        text += if recordings {
            ", and recordings (source `audio`).\n\n"
        } else {
            "; no audio recording of a performance is in it.\n\n"
        };
        if self.plan.from.is_some() {
            text += "It goes on from a model that had learned already: what the card of that one says of its music, \
                     and whom it credits, holds here too.\n\n";
        }
        text + &origins(self.sources, self.sounds)
    }

    /// How it learned, and its journal.
    fn training(&self) -> String {
        let Plan { batch, stretch, rate, dropout, seed, recordings, .. } = self.plan;
        let Trained { history, best, seconds_per_step, .. } = &self.voices[0];
        let mut text = format!(
            "\n## Training\n\nAdamW, batch {batch} x {stretch} frames, highest rate {rate}, dropout {dropout}, seed {seed}; \
             {seconds_per_step:.2} s per step. Best at step {} of {}. Frames half way between two beats counted {} \
             times.\n\n![learning curve]({}.svg)\n\n",
            best.step,
            history.last().map_or(0, |entry| entry.step),
            self.plan.weights.halfway,
            self.name
        );
        // Writing to a String cannot fail.
        if *recordings > 1 {
            let _ = write!(
                text,
                "Recordings were heard {recordings} times as often as rendered clips.\n\n"
            );
        }
        if self.keep > 0.0 {
            let _ = write!(
                text,
                "The steps below are the training's. The model keeps {} of the weights it began with, because \
                 further training on rendered music cost what was known of other music.\n\n",
                self.keep
            );
        }
        if self.voices.len() > 1 {
            text += "The first network:\n\n";
        }
        text += "| step | loss | validation loss | beat F | downbeat F | onset F |\n\
                 |---|---|---|---|---|---|\n";
        let every = history.len().div_ceil(12).max(1);
        for (at, entry) in history.iter().enumerate() {
            if at % every == 0 || at + 1 == history.len() || entry.step == best.step {
                let f = entry.scores.f;
                let _ = writeln!(
                    text,
                    "| {} | {:.4} | {:.4} | {:.3} | {:.3} | {:.3} |",
                    entry.step, entry.loss, entry.scores.loss, f[0], f[1], f[2]
                );
            }
        }
        text
    }

    /// How it does.
    fn scores(&self) -> String {
        let fonts = if fonts(self.sounds) > 2 {
            ", through a SoundFont of their own; drum machines and rooms are shared"
        } else {
            ""
        };
        let mut text = format!(
            "\n## Scores\n\nBeats and downbeats within 70 ms, onsets within 25 ms, the first 5 s \
             dropped; 95 % intervals over clips. Validation clips are rendered from songs and by drummers \
             that the training never heard{fonts}. Tracked: as the plugin gives them, causally. Raw: \
             peaks of the activations at the best threshold for these clips.\n\n\
             Lag, confidence, the onset threshold and searched settings were fitted to the first {} validation clips. Settings \
             and defaults of the decoder were chosen with an eye on the real music too; it was never \
             learned from.\n\n\
             | | clips | beat F | downbeat F | onset F | octave errors |\n|---|---|---|---|---|---|\n",
            self.fitted_clips
        );
        let row = |name: &str, clips: usize, summary: &Summary, onsets: &str| {
            let interval = |[mean, low, high]: [f64; 3]| format!("{mean:.3} ({low:.3}-{high:.3})");
            format!(
                "| {name} | {clips} | {} | {} | {onsets} | {:.0} % |\n",
                interval(summary.beat),
                interval(summary.downbeat),
                100.0 * summary.octave_errors
            )
        };
        let (marks, clips) = (self.marks, self.validation_clips);
        let onsets = marks.onset.map_or_else(String::new, |onset| format!("{onset:.3}"));
        text += &row("validation, tracked", clips, &marks.validation, &onsets);
        let [beat, downbeat, onset] = self.raw.f;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| validation, raw | {clips} | {beat:.3} | {downbeat:.3} | {onset:.3} | |"
        );
        let (reached, summary) = &marks.within_reach;
        if (1..clips).contains(reached) {
            text += &row("those at tempi that the decoder looks for", *reached, summary, "");
        }
        for (source, clips, summary) in &marks.by_source {
            text += &row(&format!("{source}, tracked"), *clips, summary, "");
        }
        if let Some(dev) = &marks.dev {
            text += &row("real music, tracked", self.dev_clips, dev, "");
        }
        for (error, music) in marks.calibration_error.iter().zip(["validation clips", "real music"])
        {
            if let Some(error) = error {
                let _ = writeln!(
                    text,
                    "\nExpected calibration error of the confidence on {music}: {error:.3}."
                );
            }
        }
        text
    }
}

/// Where music comes from and what it is played with, as tables.
#[must_use]
pub(crate) fn origins(sources: &[SourceReport], sounds: &[Sound]) -> String {
    let mut text =
        String::from("| source | hours | clips | licence | attribution |\n|---|---|---|---|---|\n");
    // Writing to a String cannot fail.
    for SourceReport { name, licence, attribution, hours, clips, .. } in sources {
        let _ = writeln!(text, "| {name} | {hours:.2} | {clips} | {licence} | {attribution} |");
    }
    text += "\nIt was played with:\n\n| sounds | licence |\n|---|---|\n";
    for Sound { name, licence } in sounds {
        let _ = writeln!(text, "| {name} | {licence} |");
    }
    if sounds.is_empty() {
        text += "| the trainer's own synthesizer | MIT OR Apache-2.0 |\n";
    }
    text
}

/// SoundFonts among `sounds`; the last of three or more is kept for validation.
#[must_use]
pub(crate) fn fonts(sounds: &[Sound]) -> usize {
    sounds.iter().filter(|sound| sound.name.contains(".sf")).count()
}

//! The card of a tag model: what it learned from, what it is worth, how to make it again.

use std::fmt::Write;

use listener::{FeatureSpec, TagSettings, Vocabulary};
use metrics::Confusion;

use super::comparison::Row;
use super::{TagEntry, TagPlan, TagScores, Trained};
use crate::card::{fonts, origins};
use crate::corpus::tagged::instruments::{AUDIBLE, STEP_S};
use crate::corpus::{RECORDINGS, Sound, SourceReport};

/// A real piece, and what the model says of it.
pub(super) struct RealPiece {
    pub(super) name: String,
    pub(super) genre: String,
    pub(super) instruments: String,
    pub(super) mood: [f32; 2],
}

/// Everything a card tells.
pub(super) struct TagCard<'a> {
    pub(super) name: &'a str,
    pub(super) plan: &'a TagPlan,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) settings: &'a TagSettings,
    pub(super) sources: &'a [SourceReport],
    pub(super) sounds: &'a [Sound],
    pub(super) clips: (usize, usize),
    pub(super) trained: &'a Trained,
    pub(super) temperature: f32,
    /// Share of the weights it began with that it keeps.
    pub(super) keep: f32,
    pub(super) calibration_error: Option<f64>,
    /// On the validation clips, before smoothing.
    pub(super) scores: TagScores,
    pub(super) given: TagScores,
    pub(super) confusion: &'a Confusion,
    pub(super) instruments: &'a [(String, Option<f64>, usize)],
    pub(super) rows: &'a [Row],
    pub(super) compared_steps: usize,
    pub(super) folds: Option<&'a str>,
    pub(super) real: &'a [RealPiece],
    pub(super) sha256: &'a str,
    pub(super) command: &'a str,
}

impl TagCard<'_> {
    /// The card as Markdown.
    pub(super) fn text(&self) -> String {
        let mut text = self.head();
        text += &self.music();
        text += &self.training();
        text += &self.table();
        text += &self.limits();
        text
    }

    fn head(&self) -> String {
        let (shape, spec) = (&self.plan.shape, FeatureSpec::CURRENT);
        let moods: Vec<&str> =
            self.vocabulary.moods.iter().map(|mood| mood.word.as_str()).collect();
        format!(
            "# {name}.onnx: genre, instruments and mood\n\n\
             A causal network, a judgement a second: {convolutions} convolutions over log-mel frames, an LSTM \
             of {hidden} over frames, mean and maximum of both over {seconds} s, an LSTM of {hidden} over \
             the seconds, one head with a softmax over genres, sigmoids over instruments, and valence and arousal. \
             {parameters} parameters, rounded to bfloat16.\n\n\
             | | |\n|---|---|\n\
             | file | `{name}.onnx`, ONNX opset 17 |\n\
             | SHA-256 | `{sha}` |\n\
             | features | {bands} mel bands {low}-{high} Hz, window {window} ms, hop {hop} ms, log10(1 + {gain} m) |\n\
             | sizes | channels {channels:?}, features {features}, hidden {hidden}, block {block} frames |\n\
             | genres | {genres} |\n\
             | instruments | {instruments} |\n\
             | mood words | {moods}: directions in the plane of valence and arousal, never learned |\n\
             | shown | smoothed over {smoothing} s, genres over {genre_s} s; a name is chosen by the mean over {piece_s} s, or over those {genre_s} s once another genre leads there by {turn}: from {sure} on, until it is below {doubt} or another leads by {lead}, else Tatum is unsure; an instrument is shown from {on} until {off} |\n\
             | made again by | `{command}` |\n\n",
            name = self.name,
            convolutions = if shape.channels.len() > 2 { "four" } else { "two" },
            seconds = shape.block as f64 * spec.hop_s,
            hidden = shape.hidden,
            parameters = shape.layout().base.len,
            sha = self.sha256,
            bands = spec.bands,
            low = spec.low_hz,
            high = spec.high_hz,
            window = 1000.0 * spec.window_s,
            hop = 1000.0 * spec.hop_s,
            gain = spec.log_gain,
            channels = shape.channels,
            features = shape.features,
            block = shape.block,
            genres = self.vocabulary.genres.join(", "),
            instruments = self.vocabulary.instruments.join(", "),
            moods = moods.join(", "),
            smoothing = self.settings.smoothing_s,
            genre_s = self.settings.genre_s,
            piece_s = self.settings.piece_s,
            turn = self.settings.turn,
            sure = self.settings.sure,
            doubt = self.settings.doubt,
            lead = self.settings.lead,
            on = self.settings.on,
            off = self.settings.off,
            command = self.command,
        )
    }

    /// Hours of recordings, and of all music.
    fn hours(&self) -> (f64, f64) {
        let sum = |only: fn(&SourceReport) -> bool| {
            self.sources.iter().filter(|source| only(source)).map(|source| source.hours).sum()
        };
        (sum(|source| source.name == RECORDINGS), sum(|_| true))
    }

    fn music(&self) -> String {
        let mut text = String::from("## Music it learned from\n\n");
        if let Some(sha256) = &self.plan.from {
            let _ = write!(
                text,
                "It goes on from a model that had learned already (SHA-256 `{sha256}`): what the card of that one \
                 says of its music, and whom it credits, holds here too. Since then:\n\n"
            );
        }
        let (recorded, all) = self.hours();
        text += &if recorded > 0.0 {
            format!(
                "{recorded:.1} of {all:.1} hours are **recordings** (source `audio`), with what their owner \
                 says of them. The rest is **synthetic**: scores and MIDI performances played by SoundFonts, \
                 samples and oscillators. "
            )
        } else {
            "**All of it is synthetic**: scores and MIDI performances played by SoundFonts, samples and \
             oscillators. No recording is among it. "
                .to_owned()
        };
        text += &format!(
            "Its instruments are exact: every part was rendered by itself, and a family counts where it makes \
             most of the sound in at least {:.0} % of the places (a band of a frame each) that sound in {} s: \
             where it can be heard rather than where it is written. Its genres are those of the style that \
             was played, as its author or this project named it. Its valence and arousal are computed from \
             the score by a rule (tempo, density, loudness, mode, distortion, genre); nobody rated it.\n\n",
            100.0 * AUDIBLE,
            STEP_S
        );
        text += &origins(self.sources, self.sounds);
        text
    }

    fn training(&self) -> String {
        let (plan, trained) = (self.plan, self.trained);
        let mut text = format!(
            "\n## Training\n\nAdamW, batch {} x {} s, highest rate {}, dropout {}, label smoothing {}, \
             mixup {:.0} %, genres drawn alike, {}, seed {}; {:.2} s per step. Best at step {} of {}. The \
             genres' probabilities were divided by a temperature of {:.2}.{}\n\n\
             | step | loss | genre accuracy | instrument mAP | instrument ROC-AUC | mood CCC |\n\
             |---|---|---|---|---|---|\n",
            plan.batch,
            plan.blocks,
            plan.rate,
            plan.dropout,
            plan.smoothing,
            100.0 * plan.mixup,
            plan.start.name(),
            plan.seed,
            trained.seconds_per_step,
            trained.best.step,
            trained.history.last().map_or(0, |entry| entry.step),
            self.temperature,
            if self.keep > 0.0 {
                format!(
                    " The steps below are the training's. The model keeps {} of the weights it began with, because \
                     further training on rendered music cost what was known of other music.",
                    self.keep
                )
            } else {
                String::new()
            }
        );
        let every = trained.history.len().div_ceil(12).max(1);
        for (at, TagEntry { step, loss, scores, .. }) in trained.history.iter().enumerate() {
            if at % every == 0 || *step == trained.best.step || at + 1 == trained.history.len() {
                let TagScores { accuracy, instruments, areas, mood, .. } = scores;
                let _ = writeln!(
                    text,
                    "| {step} | {loss:.3} | {accuracy:.3} | {instruments:.3} | {areas:.3} | {mood:.3} |"
                );
            }
        }
        text
    }

    fn table(&self) -> String {
        let genres = &self.vocabulary.genres;
        let mut text = format!(
            "\n## Scores\n\nOn {} clips: songs, style files of mma, drummers, drum grooves, bass lines and chord \
             figures{} that the training ({} clips) never heard; the composer's tempi and instruments of a \
             style, drum machines and rooms are shared. Only training changes the timbre of instruments. A clip is judged by the mean over its seconds. Steps, \
             temperature and when a genre is named were chosen on these clips.\n\n\
             | | parameters | genre accuracy | macro F1 | instrument mAP | ROC-AUC | mood CCC |\n\
             |---|---|---|---|---|---|---|\n",
            self.clips.1,
            if fonts(self.sounds) > 2 { ", and a SoundFont," } else { "" },
            self.clips.0
        );
        let own = |name: &str, scores: TagScores| Row {
            name: name.to_owned(),
            parameters: Some(self.plan.shape.layout().base.len),
            scores,
            mood: true,
        };
        let rows = [own("**this model**", self.scores), own("as the plugin gives it", self.given)];
        for Row { name, parameters, scores, mood } in rows.iter().chain(self.rows) {
            let parameters = parameters.map_or_else(String::new, |count| count.to_string());
            let TagScores { accuracy, macro_f1, instruments, areas, mood: ccc } = scores;
            let ccc = if *mood { format!("{ccc:.3}") } else { String::new() };
            let _ = writeln!(
                text,
                "| {name} | {parameters} | {accuracy:.3} | {macro_f1:.3} | {instruments:.3} | {areas:.3} | {ccc} |"
            );
        }
        if !self.rows.is_empty() {
            let _ = write!(
                text,
                "\nThe other networks were trained for {} steps each.\n",
                self.compared_steps
            );
        }
        if let Some(error) = self.calibration_error {
            let _ = write!(text, "\nExpected calibration error of the named genre: {error:.3}.\n");
        }
        if let Some(folds) = self.folds {
            let _ = write!(text, "\n{folds}\n");
        }
        text += "\nGenres, a row for each true one:\n\n| |";
        text += &genres.iter().map(|genre| format!(" {genre} |")).collect::<String>();
        text += &format!("\n|---|{}\n", "---|".repeat(genres.len()));
        for (truth, genre) in genres.iter().enumerate() {
            let row =
                (0..genres.len()).map(|guess| format!(" {} |", self.confusion.count(truth, guess)));
            let _ = writeln!(text, "| {genre} |{}", row.collect::<String>());
        }
        text += "\n| instrument | average precision | clips with it |\n|---|---|---|\n";
        for (name, precision, clips) in self.instruments {
            let precision = precision.map_or_else(|| "-".to_owned(), |p| format!("{p:.3}"));
            let _ = writeln!(text, "| {name} | {precision} | {clips} |");
        }
        text
    }

    fn limits(&self) -> String {
        let (recorded, all) = self.hours();
        let mut text = format!(
            "\n## On real music\n\nWhat a network makes of recordings when {:.0} % of the music it learned from was \
             synthetic. Read genres as hints, instruments as families, and the mood as a rule of thumb: it follows \
             tempo, density, loudness and mode, not what listeners felt.\n",
            100.0 * (1.0 - recorded / all.max(1e-9))
        );
        if !self.real.is_empty() {
            text += "\n| file | genre, share of the time | instruments shown most of the time | valence, arousal |\n|---|---|---|---|\n";
            for RealPiece { name, genre, instruments, mood: [v, a] } in self.real {
                let _ = writeln!(text, "| {name} | {genre} | {instruments} | {v:+.2}, {a:+.2} |");
            }
        }
        text
    }
}

//! `trainer train beats`: from nothing, or from datasets, to a model with its card.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};

use super::validate::{Scores, validate};
use super::{Desk, Entry, Length, Plan, train};
use crate::card::{self, Card};
use crate::clip::Clip;
use crate::corpus::{self, CorpusSettings};
use crate::export::{self, Provenance};
use crate::net::BeatShape;
use crate::render::audio::write_whole;

/// What to train.
#[derive(Debug, Subcommand)]
pub enum TrainCommand {
    /// The network that hears beats, downbeats and onsets.
    Beats(BeatsArgs),
}

/// Trains the beat model.
#[derive(Debug, Args)]
pub struct BeatsArgs {
    /// Folder with the datasets; without it the composer writes all the music.
    #[arg(long, env = "TATUM_DATA")]
    data: Option<PathBuf>,
    /// Folder that gets the model, its card and its learning curve.
    #[arg(long, default_value = "models")]
    out: PathBuf,
    /// Folder of checkpoint, journal and corpus.
    #[arg(long, default_value = "target/school")]
    work: PathBuf,
    /// Folder of rendered music. Default: `corpus` in the work folder.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Steps to train. Default: 6000.
    #[arg(long, conflicts_with = "minutes")]
    steps: Option<usize>,
    /// Minutes to train instead of steps; not repeatable to the bit.
    #[arg(long)]
    minutes: Option<f64>,
    /// Hours of music to render.
    #[arg(long, default_value_t = 10.0)]
    hours: f64,
    /// Seed of every decision.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder of recordings (wav, flac, ogg, mp3) with their beats beside them (`.beats`, `.jams`);
    /// may be given several times.
    #[arg(long)]
    audio: Vec<PathBuf>,
    /// SoundFont (.sf2); may be given several times. Default: those installed.
    #[arg(long = "soundfont")]
    soundfonts: Vec<PathBuf>,
    /// Go on from the checkpoint in the work folder.
    #[arg(long)]
    resume: bool,
    /// Channels of the two convolutions.
    #[arg(long, num_args = 2, default_values_t = BeatShape::default().channels)]
    channels: Vec<usize>,
    /// Features per frame.
    #[arg(long, default_value_t = BeatShape::default().features)]
    features: usize,
    /// Units of each LSTM layer.
    #[arg(long, default_value_t = BeatShape::default().hidden)]
    hidden: usize,
    /// LSTM layers.
    #[arg(long, default_value_t = BeatShape::default().layers)]
    layers: usize,
    /// Sequences per step.
    #[arg(long, default_value_t = Plan::default().batch)]
    batch: usize,
    /// Highest learning rate.
    #[arg(long, default_value_t = Plan::default().rate)]
    rate: f64,
    /// Share of features dropped.
    #[arg(long, default_value_t = Plan::default().dropout)]
    dropout: f32,
    /// Validations without a better score before training stops.
    #[arg(long, default_value_t = Plan::default().patience)]
    patience: usize,
}

impl BeatsArgs {
    fn plan(&self) -> Plan {
        let length = match (self.steps, self.minutes) {
            (Some(steps), _) => Length::Steps(steps),
            (None, Some(minutes)) => Length::Minutes(minutes),
            (None, None) => Plan::default().length,
        };
        Plan {
            shape: BeatShape {
                channels: [self.channels[0], self.channels[1]],
                features: self.features,
                hidden: self.hidden,
                layers: self.layers,
            },
            seed: self.seed,
            length,
            batch: self.batch,
            rate: self.rate,
            dropout: self.dropout,
            patience: self.patience,
            ..Plan::default()
        }
    }

    /// The command that makes this model again, without what names this machine's folders.
    fn command(&self) -> String {
        let default = Plan::default();
        let plan = self.plan();
        let mut words = vec!["cargo xtask train beats".to_owned()];
        if self.data.is_some() {
            words.push("--data DATA".to_owned());
        }
        words.extend(self.audio.iter().map(|_| "--audio DIR".to_owned()));
        match plan.length {
            Length::Steps(steps) => words.push(format!("--steps {steps}")),
            Length::Minutes(minutes) => words.push(format!("--minutes {minutes}")),
        }
        words.push(format!("--hours {} --seed {}", self.hours, self.seed));
        if plan.shape != default.shape {
            let BeatShape { channels: [a, b], features, hidden, layers } = plan.shape;
            words.push(format!(
                "--channels {a} {b} --features {features} --hidden {hidden} --layers {layers}"
            ));
        }
        for (name, value, usual) in [
            ("batch", plan.batch.to_string(), default.batch.to_string()),
            ("rate", plan.rate.to_string(), default.rate.to_string()),
            ("dropout", plan.dropout.to_string(), default.dropout.to_string()),
            ("patience", plan.patience.to_string(), default.patience.to_string()),
        ] {
            if value != usual {
                words.push(format!("--{name} {value}"));
            }
        }
        words.join(" ")
    }
}

/// Runs `trainer train`.
///
/// A model that is there already stays unless the new one is at least as good on the validation clips;
/// else the new one is written beside it as `beats.new.onnx`.
///
/// # Errors
/// As [`corpus::build`] and [`train`]; the model is written whole or not at all.
pub fn run(command: &TrainCommand) -> Result<()> {
    let TrainCommand::Beats(args) = command;
    let plan = args.plan();
    plan.check()?;
    ensure!(
        args.hours > 0.0 && args.hours < 1000.0,
        "hours = {}: give more than 0 and less than 1000",
        args.hours
    );
    let desk = Desk { folder: args.work.clone(), resume: args.resume };
    desk.check()?;
    let corpus = corpus::build(&CorpusSettings {
        seed: args.seed,
        hours: args.hours,
        data: args.data.clone(),
        audio: args.audio.clone(),
        soundfonts: args.soundfonts.clone(),
        cache: args.cache.clone().unwrap_or_else(|| args.work.join("corpus")),
    })?;
    eprintln!(
        "{} clips to learn from, {} for validation; {} parameters",
        corpus.train.len(),
        corpus.validation.len(),
        plan.shape.layout().len
    );
    let standing = Standing::of(&args.out.join("beats.onnx"), &plan, &corpus.validation)?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make {}; choose another --out", args.out.display()))?;
    let trained = train(&plan, corpus.train, &corpus.validation, &desk, |params, entry| {
        if standing.yields_to(entry) {
            // Not yet in its place: the card that belongs beside it is written at the end.
            write_model(&args.work.join("best.onnx"), &plan, params, entry)?;
        }
        Ok(())
    })?;
    let name = if standing.yields_to(&trained.best) { "beats" } else { "beats.new" };
    let file = |extension: &str| args.out.join(format!("{name}.{extension}"));
    let model = file("onnx");
    let sha256 = write_model(&model, &plan, &trained.params, &trained.best)?;
    let card = Card {
        name,
        plan: &plan,
        sources: &corpus.sources,
        sounds: &corpus.sounds,
        validation_clips: corpus.validation.len(),
        trained: &trained,
        sha256: &sha256,
        command: &args.command(),
    };
    write_whole(&file("svg"), card::curve(&trained.history).as_bytes())?;
    write_whole(&file("md"), card.text().as_bytes())?;
    let [beat, downbeat, onset] = trained.best.scores.f;
    println!(
        "{}: beat F {beat:.3}, downbeat F {downbeat:.3}, onset F {onset:.3} on validation; {:.3} s per step",
        model.display(),
        trained.seconds_per_step
    );
    if let (false, Some(old)) = (standing.yields_to(&trained.best), &standing.0) {
        let [beat, downbeat, onset] = old.f;
        println!(
            "beats.onnx stays: on the same clips it has beat F {beat:.3}, downbeat F {downbeat:.3}, \
             onset F {onset:.3}"
        );
    }
    Ok(())
}

/// The scores of the model that is there already, on the clips the new one is scored on.
struct Standing(Option<Scores>);

impl Standing {
    fn of(path: &Path, plan: &Plan, clips: &[Clip]) -> Result<Self> {
        if !path.exists() {
            return Ok(Self(None));
        }
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        match export::parameters(&bytes) {
            Ok((shape, params)) => Ok(Self(Some(validate(&shape, &params, &plan.weights, clips)))),
            Err(error) => {
                eprintln!("{} will be replaced: {error:#}", path.display());
                Ok(Self(None))
            }
        }
    }

    /// Whether a model with these scores may take its place.
    fn yields_to(&self, new: &Entry) -> bool {
        self.0.as_ref().is_none_or(|old| new.scores.overall() >= old.overall())
    }
}

/// Writes the model; gives its hash.
fn write_model(path: &Path, plan: &Plan, params: &[f32], entry: &Entry) -> Result<String> {
    let trained = format!(
        "seed {}, step {}, validation F: beat {:.4}, downbeat {:.4}, onset {:.4}",
        plan.seed, entry.step, entry.scores.f[0], entry.scores.f[1], entry.scores.f[2]
    );
    let bytes = export::onnx_bytes(&plan.shape, params, &Provenance { trained })?;
    write_whole(path, &bytes)?;
    Ok(export::sha256(&bytes))
}

//! `trainer train beats`: from nothing, or from datasets, to a model with its card.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use listener::{DecoderSettings, ModelFile};

use super::checkpoint;
use super::gate::{Marks, Trial, put_aside};
use super::validate::{Scores, validate};
use super::{Length, Plan, RunOptions, Trained, train};
use crate::card::{self, Card};
use crate::clip::Clip;
use crate::corpus::command::MusicArgs;
use crate::corpus::{self, RECORDINGS};
use crate::export::{self, Provenance};
use crate::net::{BeatShape, GpuBeats, grow};
use crate::optimise::blend;
use crate::tagging::{self, TagsArgs};
use crate::tune::{self, Piece};
use crate::write::write_whole;

/// Clips that the decoder is fitted to: more would take longer and change little.
const FITTED: usize = 100;
/// Most networks that are averaged in a model.
const MOST_VOICES: usize = 8;

/// What to train.
#[derive(Debug, Subcommand)]
pub enum TrainCommand {
    /// The network that hears beats, downbeats and onsets.
    Beats(BeatsArgs),
    /// The network that hears genre, instruments and mood.
    Tags(TagsArgs),
}

/// Trains the beat model.
#[derive(Debug, Args)]
pub struct BeatsArgs {
    #[command(flatten)]
    music: MusicArgs,
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
    /// Go on from the checkpoint in the work folder.
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    sizes: Sizes,
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
    /// Steps from one validation to the next.
    #[arg(long, default_value_t = Plan::default().validate_every)]
    validate_every: usize,
    /// How many times as often your own recordings (`--audio`, or those of `--corpus`) are heard as rendered clips.
    #[arg(long, default_value_t = Plan::default().recordings)]
    recordings: usize,
    /// Train on a GPU of Nvidia; needs CUDA 13.
    #[arg(long)]
    gpu: bool,
    /// Networks trained one after the other, each from a seed of its own, and averaged in the model.
    #[arg(long, default_value_t = 1)]
    voices: usize,
    /// Model whose network and weights to begin with, instead of chance. Sizes are its own; where a larger one is
    /// asked for, the network grows around what it knows.
    #[arg(long, conflicts_with = "voices")]
    from: Option<PathBuf>,
    /// Share of the weights of --from in the result (Wortsman et al. 2022, WiSE-FT): further training on
    /// rendered music can cost what was known of other music.
    #[arg(long, requires = "from", default_value_t = 0.0)]
    keep: f32,
    /// Folder of real music with `.beats` beside it. A new model must be no worse there either; it is
    /// never learned from.
    #[arg(long)]
    dev: Option<PathBuf>,
}

/// Sizes of the network.
#[derive(Debug, Args)]
pub(super) struct Sizes {
    /// Channels of the two convolutions. Default: 16 24.
    #[arg(long, num_args = 2)]
    channels: Option<Vec<usize>>,
    /// Features per frame. Default: 64.
    #[arg(long)]
    features: Option<usize>,
    /// Units of each LSTM layer. Default: 96.
    #[arg(long)]
    hidden: Option<usize>,
    /// LSTM layers. Default: 2.
    #[arg(long)]
    layers: Option<usize>,
}

impl Sizes {
    /// These sizes; those of `usual` where none is given.
    pub(super) fn shape(&self, usual: &BeatShape) -> BeatShape {
        BeatShape {
            channels: self
                .channels
                .as_ref()
                .map_or(usual.channels, |channels| [channels[0], channels[1]]),
            features: self.features.unwrap_or(usual.features),
            hidden: self.hidden.unwrap_or(usual.hidden),
            layers: self.layers.unwrap_or(usual.layers),
        }
    }
}

/// A network to begin with.
struct Start {
    shape: BeatShape,
    params: Vec<f32>,
    sha256: String,
}

impl Start {
    fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let (shape, params) =
            export::parameters(&bytes).with_context(|| path.display().to_string())?;
        ensure!(
            params.len() == shape.layout().len,
            "{} holds several networks; begin with a model of one voice",
            path.display()
        );
        Ok(Self { shape, params, sha256: export::sha256(&bytes) })
    }

    /// The same in a network of the sizes `shape`, whose further units are drawn from `seed`.
    fn grown(self, shape: BeatShape, seed: u64) -> Result<Self> {
        let params = grow(&self.shape, &self.params, &shape, seed)?;
        Ok(Self { shape, params, ..self })
    }
}

impl BeatsArgs {
    /// The network to begin with, if one is named.
    fn start(&self) -> Result<Option<Start>> {
        let Some(path) = &self.from else { return Ok(None) };
        let start = Start::read(path)?;
        let shape = self.sizes.shape(&start.shape);
        shape.check()?;
        Ok(Some(if shape == start.shape { start } else { start.grown(shape, self.music.seed)? }))
    }

    fn plan(&self, start: Option<&Start>) -> Plan {
        let length = match (self.steps, self.minutes) {
            (Some(steps), _) => Length::Steps(steps),
            (None, Some(minutes)) => Length::Minutes(minutes),
            (None, None) => Plan::default().length,
        };
        Plan {
            shape: start.map_or_else(
                || self.sizes.shape(&BeatShape::default()),
                |start| start.shape.clone(),
            ),
            from: start.map(|start| start.sha256.clone()),
            seed: self.music.seed,
            length,
            batch: self.batch,
            rate: self.rate,
            dropout: self.dropout,
            patience: self.patience,
            validate_every: self.validate_every,
            recordings: self.recordings,
            ..Plan::default()
        }
    }

    /// Where a network works: the first in the work folder, the others in folders of their own inside it.
    fn options(&self, voice: usize) -> RunOptions {
        let folder = match voice {
            0 => self.work.clone(),
            later => self.work.join(format!("voice-{}", later + 1)),
        };
        RunOptions { folder, resume: self.resume, start: None, gpu: self.gpu }
    }

    /// Trains one of the networks that are averaged in the model.
    fn train_voice(
        &self,
        voice: usize,
        start: Option<&Start>,
        clips: Vec<Clip>,
        validation: &[Clip],
    ) -> Result<Trained> {
        let plan = Plan { seed: self.music.seed + voice as u64, ..self.plan(start) };
        let start = start.map(|start| start.params.clone());
        let mut options = RunOptions { start, ..self.options(voice) };
        // A run that was stopped in an earlier voice has nothing of this one.
        options.resume &= voice == 0 || options.check().is_ok();
        let best = options.folder.join("best.onnx");
        train(&plan, clips, validation, &options, |params, entry| {
            // Not yet in its place: the decoder and the card that belong to it are made at the end.
            write_model(&best, &plan, params, &DecoderSettings::default(), &entry.scores).map(drop)
        })
    }

    /// The command that makes this model again, without what names this machine's folders.
    fn command(&self, plan: &Plan) -> String {
        let default = Plan::default();
        let mut words = vec!["cargo xtask train beats".to_owned()];
        let renders = self.music.corpus.is_empty();
        words.extend(self.music.corpus.iter().map(|_| "--corpus CLIPS".to_owned()));
        if renders && self.music.data.is_some() {
            words.push("--data DATA".to_owned());
        }
        words.extend(self.music.soundfonts.iter().map(|_| "--soundfont FILE".to_owned()));
        if self.dev.is_some() {
            words.push("--dev DEV".to_owned());
        }
        if self.voices > 1 {
            words.push(format!("--voices {}", self.voices));
        }
        words.extend(self.music.audio.iter().map(|_| "--audio DIR".to_owned()));
        words.extend(self.music.midi.iter().map(|_| "--midi DIR".to_owned()));
        match plan.length {
            Length::Steps(steps) => words.push(format!("--steps {steps}")),
            Length::Minutes(minutes) => words.push(format!("--minutes {minutes}")),
        }
        if renders {
            words.push(format!("--hours {}", self.music.hours));
        }
        words.push(format!("--seed {}", self.music.seed));
        if plan.from.is_some() {
            words.push("--from MODEL".to_owned());
            if self.keep > 0.0 {
                words.push(format!("--keep {}", self.keep));
            }
        }
        if let Some(channels) = &self.sizes.channels {
            words.push(format!("--channels {} {}", channels[0], channels[1]));
        }
        let Sizes { features, hidden, layers, .. } = self.sizes;
        for (name, size) in [("features", features), ("hidden", hidden), ("layers", layers)] {
            words.extend(size.map(|size| format!("--{name} {size}")));
        }
        for (name, value, usual) in [
            ("batch", plan.batch.to_string(), default.batch.to_string()),
            ("rate", plan.rate.to_string(), default.rate.to_string()),
            ("dropout", plan.dropout.to_string(), default.dropout.to_string()),
            ("patience", plan.patience.to_string(), default.patience.to_string()),
            ("validate-every", plan.validate_every.to_string(), default.validate_every.to_string()),
            ("recordings", plan.recordings.to_string(), default.recordings.to_string()),
        ] {
            if value != usual {
                words.push(format!("--{name} {value}"));
            }
        }
        if self.gpu {
            words.push("--gpu".to_owned());
        }
        words.extend(plan.from.iter().map(|sha256| format!("# MODEL: SHA-256 {sha256}")));
        words.join(" ")
    }
}

/// Runs `trainer train`.
///
/// A model that is there already stays unless the new one passes the gate; else the new one is
/// written beside it as `beats.new.onnx`.
///
/// # Errors
/// As [`corpus::build`] and [`train`]; the model is written whole or not at all.
pub fn run(command: &TrainCommand) -> Result<()> {
    match command {
        TrainCommand::Beats(args) => beats(args),
        TrainCommand::Tags(args) => tagging::command::run(args),
    }
}

fn beats(args: &BeatsArgs) -> Result<()> {
    let start = args.start()?;
    let plan = args.plan(start.as_ref());
    plan.check()?;
    let cache = args.cache.clone().unwrap_or_else(|| args.work.join("corpus"));
    args.music.settings(cache.clone()).check()?;
    ensure!((0.0..1.0).contains(&args.keep), "keep = {}: give 0 to less than 1", args.keep);
    ensure!(
        (1..=MOST_VOICES).contains(&args.voices),
        "voices = {}: give 1 to {MOST_VOICES}",
        args.voices
    );
    args.options(0).check()?;
    if let Some(dev) = &args.dev {
        corpus::check_unheard(dev, &args.music.audio)?;
    }
    let dev = args.dev.as_deref().map_or_else(|| Ok(Vec::new()), corpus::annotated)?;
    if args.gpu {
        // Better now than after hours of rendering.
        GpuBeats::open(&plan.shape, plan.batch, plan.stretch)?;
    }
    let corpus = args.music.corpus(cache)?;
    ensure!(
        args.recordings == 1 || corpus.train.iter().any(|clip| clip.source == RECORDINGS),
        "--recordings {}, and there are none to learn from; name a folder of them with --audio, or a --corpus that \
         holds some",
        args.recordings
    );
    eprintln!(
        "{} clips to learn from, {} for validation; {} parameters",
        corpus.train.len(),
        corpus.validation.len(),
        args.voices * plan.shape.layout().len
    );
    let trial = Trial { validation: &corpus.validation, dev: &dev };
    let old = marks_of(&args.out.join("beats.onnx"), &trial)?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make {}; choose another --out", args.out.display()))?;
    if !args.resume {
        // Else a voice of an earlier run could be resumed in this one.
        (1..MOST_VOICES)
            .try_for_each(|later| checkpoint::put_aside(&args.options(later).checkpoint()))?;
    }
    let mut voices = Vec::new();
    let mut clips = corpus.train;
    for voice in 0..args.voices {
        let last = voice + 1 == args.voices;
        // Hours of music are gigabytes: the last voice takes them.
        let music = if last { std::mem::take(&mut clips) } else { clips.clone() };
        voices.push(args.train_voice(voice, start.as_ref(), music, &corpus.validation)?);
    }
    if let Some(start) = &start {
        voices.iter_mut().for_each(|voice| blend(&mut voice.params, &start.params, args.keep));
    }
    let params: Vec<f32> = voices.iter().flat_map(|voice| voice.params.iter().copied()).collect();

    eprintln!("fitting the decoder");
    let fitted = &corpus.validation[..corpus.validation.len().min(FITTED)];
    let heard = Piece::of(&plan.shape, &params, fitted);
    // Searched on rendered music, settings may leave real music behind: the usual ones, with lag and
    // confidence of this network, stand beside them.
    let usual = DecoderSettings::default();
    let searched = tune::fit(&usual, &heard, 1, |line| eprintln!("  {line}"));
    let unsearched = tune::fit(&usual, &heard, 0, |_| ());
    let audition = trial.hear(&plan.shape, &params);
    let (decoder, new) = [(unsearched, "usual"), (searched, "searched")]
        .map(|(decoder, name)| {
            let marks = audition.marks(&decoder);
            eprintln!("  {name} settings: {marks}");
            (decoder, marks)
        })
        .into_iter()
        .max_by(|(_, a), (_, b)| a.overall().total_cmp(&b.overall()))
        .context("no decoder")?;
    let raw = validate(&plan.shape, &params, &plan.weights, &corpus.validation);
    let passes = old.as_ref().is_none_or(|old| new.may_replace(old));
    let name = if passes { "beats" } else { "beats.new" };
    let file = |extension: &str| args.out.join(format!("{name}.{extension}"));
    let model = file("onnx");
    let sha256 = write_model(&model, &plan, &params, &decoder, &raw)?;
    let card = Card {
        name,
        plan: &plan,
        sources: &corpus.sources,
        sounds: &corpus.sounds,
        validation_clips: corpus.validation.len(),
        fitted_clips: fitted.len(),
        dev_clips: dev.len(),
        keep: args.keep,
        voices: &voices,
        raw: &raw,
        marks: &new,
        sha256: &sha256,
        command: &args.command(&plan),
    };
    write_whole(&file("svg"), card::curve(&voices[0].history).as_bytes())?;
    write_whole(&file("md"), card.text().as_bytes())?;
    println!("{}: {new}", model.display());
    println!("SHA-256 {sha256}; {:.3} s per step", voices[0].seconds_per_step);
    match old {
        Some(old) if passes => println!("it replaces the old beats.onnx, which has {old}"),
        Some(old) => println!("the old beats.onnx stays: it has {old}"),
        None => (),
    }
    Ok(())
}

/// The marks of the model at `path`, if there is a usable one.
fn marks_of(path: &Path, trial: &Trial) -> Result<Option<Marks>> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let read = || anyhow::Ok((export::parameters(&bytes)?, ModelFile::read(&bytes)?));
    match read() {
        Ok(((shape, params), file)) => {
            // Between which tempi beats are looked for is for the user to say, not for a model.
            let DecoderSettings { min_bpm, max_bpm, .. } = DecoderSettings::default();
            let decoder = DecoderSettings { min_bpm, max_bpm, ..file.decoder };
            Ok(Some(trial.hear(&shape, &params).marks(&decoder)))
        }
        Err(error) => {
            put_aside(path, &error)?;
            Ok(None)
        }
    }
}

/// Writes the model; gives its hash.
fn write_model(
    path: &Path,
    plan: &Plan,
    params: &[f32],
    decoder: &DecoderSettings,
    scores: &Scores,
) -> Result<String> {
    let [beat, downbeat, onset] = scores.f;
    let trained = format!(
        "seed {}, validation F of raw peaks: beat {beat:.4}, downbeat {downbeat:.4}, onset {onset:.4}",
        plan.seed
    );
    let bytes = export::onnx_bytes(&plan.shape, params, &Provenance { trained })?;
    let bytes = export::with_decoder(&bytes, decoder)?;
    write_whole(path, &bytes)?;
    Ok(export::sha256(&bytes))
}

//! `trainer train tags`: from nothing, from datasets or from a user's own labelled music, to a model
//! with its card.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use listener::{BANDS, TagSettings, Vocabulary};
use metrics::{Judged, average_precision, expected_calibration_error, reliability};

use super::card::{RealPiece, TagCard};
use super::scores::{confusion, decisions, judgements, plays, scores_of};
use super::users::Users;
use super::{Desk, Start, TagPlan, comparison, temperature, train, trial};
use crate::corpus::tagged;
use crate::corpus::{CorpusSettings, audio_files, holds_datasets};
use crate::export::{self, Provenance};
use crate::features;
use crate::net::{BeatShape, GpuTags, Pooling, TagShape, random_tag_parameters};
use crate::render::audio::write_whole;
use crate::tagclip::TagClip;
use crate::train::gate::put_aside;

/// Trains the tag model.
#[derive(Debug, Args)]
pub struct TagsArgs {
    /// Folder with the datasets, or with your own labelled music (`genre/file.wav`, `tags.tsv` or
    /// `tags.csv`); may be given twice. Without datasets the composer (and mma, where installed)
    /// writes everything else.
    #[arg(long, env = "TATUM_DATA")]
    data: Vec<PathBuf>,
    /// Cross-validates your own music in so many folds; no artist is on both sides where tags name them.
    #[arg(long)]
    folds: Option<usize>,
    /// Hours of music to render.
    #[arg(long, default_value_t = 30.0)]
    hours: f64,
    /// Seed of every decision.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// SoundFont (.sf2); may be given several times. Default: those installed.
    #[arg(long = "soundfont")]
    soundfonts: Vec<PathBuf>,
    /// The words to learn, as models/vocabulary.json has them. Default: those.
    #[arg(long)]
    vocabulary: Option<PathBuf>,
    /// Folder that gets the model and its card.
    #[arg(long, default_value = "models")]
    out: PathBuf,
    /// Folder of checkpoint, journal and corpus.
    #[arg(long, default_value = "target/school")]
    work: PathBuf,
    /// Folder of rendered music. Default: `corpus` in the work folder.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Folder of clips that were rendered before, here or elsewhere: it is used as it is, and nothing is
    /// rendered.
    #[arg(long, conflicts_with_all = ["hours", "soundfonts"])]
    corpus: Option<PathBuf>,
    /// Steps to train.
    #[arg(long, default_value_t = 4000)]
    steps: usize,
    /// Steps from one validation to the next.
    #[arg(long, default_value_t = 250)]
    validate_every: usize,
    /// Validations without a better score before training stops.
    #[arg(long, default_value_t = 10)]
    patience: usize,
    /// Train on a GPU of Nvidia; needs CUDA 13.
    #[arg(long)]
    gpu: bool,
    /// Go on from the checkpoint in the work folder.
    #[arg(long)]
    resume: bool,
    /// What the convolutional stem begins with.
    #[arg(long, value_enum, default_value_t = Start::Tuned)]
    stem: Start,
    /// Beat model whose stem that is; its channels and features become those of the tag network.
    #[arg(long, default_value = "models/beats.onnx")]
    beats: PathBuf,
    /// Tag model to begin with, as the one that ships: its network learns on, and its judgement too where the words
    /// are the same. Sizes are then its own.
    #[arg(long, conflicts_with_all = ["stem", "channels", "features", "hidden"])]
    from: Option<PathBuf>,
    /// Share of the weights of --from in the result (Wortsman et al. 2022, WiSE-FT): further training on
    /// rendered music can cost what was known of other music.
    #[arg(long, requires = "from", default_value_t = 0.0)]
    keep: f32,
    /// Channels of the convolutions: two, or four for a deeper stem. Default: the beat model's, with which they
    /// begin unless --stem scratch.
    #[arg(long, num_args = 2..=4)]
    channels: Vec<usize>,
    /// Features per frame, at least the beat model's, of which the first are its own; the others begin at
    /// random, and stay so in a frozen stem. Default: the beat model's.
    #[arg(long)]
    features: Option<usize>,
    /// Units of the LSTM.
    #[arg(long, default_value_t = 96)]
    hidden: usize,
    /// Highest learning rate.
    #[arg(long, default_value_t = 3e-3)]
    rate: f64,
    /// Share of values dropped.
    #[arg(long, default_value_t = 0.2)]
    dropout: f32,
    /// Sequences per step.
    #[arg(long, default_value_t = 16)]
    batch: usize,
    /// How many times as often your own recordings are heard as rendered clips of their genre.
    #[arg(long, default_value_t = 1)]
    recordings: usize,
    /// Share of sequences that are two clips at once.
    #[arg(long, default_value_t = 0.25)]
    mixup: f64,
    /// Trains every variant (pooling, stem) this long as well and puts all of them and the classic
    /// baselines into the card's table. 0 leaves the table out.
    #[arg(long, default_value_t = 0)]
    compare: usize,
    /// Folder of real music, no labels needed: the card tells what the model says of each file.
    #[arg(long)]
    dev: Option<PathBuf>,
}

/// Sizes of the convolutions when there is no beat model.
const CHANNELS: [usize; 2] = [24, 32];
const FEATURES: usize = 96;
/// Frames of a block: a second.
const BLOCK: usize = 50;

/// A beat network whose stem is used.
struct BeatStem {
    shape: BeatShape,
    params: Vec<f32>,
}

impl BeatStem {
    /// Parameters of the stem of `shape`, which may have more features: those are left to chance.
    fn widened(self, shape: &TagShape, seed: u64) -> Result<Vec<f32>> {
        let (ours, theirs) = (self.shape.layout(), shape.layout().base);
        ensure!(
            shape.channels[..2] == self.shape.channels,
            "channels = {:?}: the beat model's stem has {:?}; begin with those, or with --stem scratch",
            shape.channels,
            self.shape.channels
        );
        let mut params = random_tag_parameters(shape, seed);
        params.truncate(shape.stem_len());
        let convolutions = ours.features.weights.start;
        params[..convolutions].copy_from_slice(&self.params[..convolutions]);
        if shape.channels.len() > 2 {
            return Ok(params);
        }
        let (narrow, wide) = (self.shape.features, shape.features);
        ensure!(
            wide >= narrow,
            "features = {wide}: the beat model has {narrow}; give as many or more, or --stem scratch \
             without --compare"
        );
        let rows = params[theirs.features.weights].chunks_exact_mut(wide);
        for (to, from) in rows.zip(self.params[ours.features.weights].chunks_exact(narrow)) {
            to[..narrow].copy_from_slice(from);
        }
        params[theirs.features.bias][..narrow].copy_from_slice(&self.params[ours.features.bias]);
        Ok(params)
    }
}

impl TagsArgs {
    /// The beat network's stem, if one is wanted.
    fn beat_stem(&self) -> Result<Option<BeatStem>> {
        if self.stem == Start::Scratch && (self.compare == 0 || !self.channels.is_empty()) {
            return Ok(None);
        }
        let path = &self.beats;
        let bytes = std::fs::read(path).with_context(|| {
            format!("reading {}; name another with --beats, or --stem scratch", path.display())
        })?;
        let (shape, params) =
            export::parameters(&bytes).with_context(|| path.display().to_string())?;
        Ok(Some(BeatStem { shape, params }))
    }

    fn plan(&self, stem: Option<&BeatStem>, vocabulary: &Vocabulary) -> TagPlan {
        let (usual, features) =
            stem.map_or((CHANNELS, FEATURES), |stem| (stem.shape.channels, stem.shape.features));
        let channels =
            if self.channels.is_empty() { usual.to_vec() } else { self.channels.clone() };
        let shape = TagShape {
            channels,
            features: self.features.unwrap_or(features),
            hidden: self.hidden,
            block: BLOCK,
            pooling: Pooling::Lstm,
            genres: vocabulary.genres.len(),
            instruments: vocabulary.instruments.len(),
        };
        TagPlan {
            start: self.stem,
            seed: self.seed,
            steps: self.steps,
            batch: self.batch,
            rate: self.rate,
            dropout: self.dropout,
            mixup: self.mixup,
            recordings: self.recordings,
            validate_every: self.validate_every,
            patience: self.patience,
            ..TagPlan::usual(shape)
        }
    }

    /// The plan to go on from the tag model `from`, and its parameters: without its head where it has other words.
    fn going_on(&self, from: &Path, vocabulary: &Vocabulary) -> Result<(TagPlan, Vec<f32>)> {
        let bytes = std::fs::read(from).with_context(|| format!("reading {}", from.display()))?;
        let (shape, mut params, theirs) =
            export::tag_parameters(&bytes).with_context(|| from.display().to_string())?;
        let same =
            (&theirs.genres, &theirs.instruments) == (&vocabulary.genres, &vocabulary.instruments);
        if !same {
            eprintln!("{} has other words: what it says of them is learned anew", from.display());
            params.truncate(shape.layout().base.head.weights.start);
        }
        let (genres, instruments) = (vocabulary.genres.len(), vocabulary.instruments.len());
        let plan = TagPlan {
            shape: TagShape { genres, instruments, ..shape },
            start: Start::Model,
            from: Some(export::sha256(&bytes)),
            ..self.plan(None, vocabulary)
        };
        plan.check()?;
        Ok((plan, params))
    }

    /// The music to render, from the datasets in `data`.
    fn music(&self, data: Option<PathBuf>) -> CorpusSettings {
        CorpusSettings {
            seed: self.seed,
            hours: self.hours,
            data,
            audio: Vec::new(),
            midi: Vec::new(),
            soundfonts: self.soundfonts.clone(),
            cache: self.cache.clone().unwrap_or_else(|| self.work.join("corpus")),
        }
    }

    /// The folder with datasets, and the one with a user's own music.
    fn folders(&self) -> Result<(Option<PathBuf>, Option<PathBuf>)> {
        let (sets, own): (Vec<_>, Vec<_>) = self.data.iter().partition(|path| holds_datasets(path));
        ensure!(
            sets.len() < 2 && own.len() < 2,
            "--data names {} folders with datasets and {} of your own; give one of each at most",
            sets.len(),
            own.len()
        );
        if let Some(missing) = self.data.iter().find(|path| !path.is_dir()) {
            bail!("data folder {} does not exist; name one or leave it out", missing.display());
        }
        ensure!(
            self.folds.is_none() || !own.is_empty(),
            "--folds needs your own music; name its folder with --data"
        );
        Ok((
            sets.first().map(|path| path.to_path_buf()),
            own.first().map(|path| path.to_path_buf()),
        ))
    }

    /// The command that makes this model again, without what names this machine's folders.
    fn command(&self, plan: &TagPlan) -> String {
        let mut words = vec!["cargo xtask train tags".to_owned()];
        let rendered = self.corpus.is_none();
        let data = self.data.iter().filter(|data| rendered || !holds_datasets(data));
        words.extend(data.map(|_| "--data DATA".to_owned()));
        words.extend(self.corpus.iter().map(|_| "--corpus CLIPS".to_owned()));
        words.extend(self.folds.iter().map(|folds| format!("--folds {folds}")));
        words.extend(self.soundfonts.iter().map(|_| "--soundfont FILE".to_owned()));
        words.extend(self.vocabulary.iter().map(|_| "--vocabulary FILE".to_owned()));
        words.extend(self.dev.iter().map(|_| "--dev DEV".to_owned()));
        if self.beats != Path::new("models/beats.onnx") {
            words.push("--beats MODEL".to_owned());
        }
        words.extend(rendered.then(|| format!("--hours {}", self.hours)));
        words.push(format!("--steps {} --seed {}", plan.steps, plan.seed));
        words.push(match plan.start {
            Start::Scratch => "--stem scratch".to_owned(),
            Start::Frozen => "--stem frozen".to_owned(),
            Start::Tuned => "--stem tuned".to_owned(),
            Start::Model => {
                let sha256 = plan.from.as_deref().unwrap_or_default();
                let keep =
                    if self.keep > 0.0 { format!(" --keep {}", self.keep) } else { String::new() };
                format!("--from MODEL (SHA-256 {sha256}){keep}")
            }
        });
        if !self.channels.is_empty() {
            let channels: Vec<String> = self.channels.iter().map(usize::to_string).collect();
            words.push(format!("--channels {}", channels.join(" ")));
        }
        words.extend(self.features.iter().map(|features| format!("--features {features}")));
        if plan.from.is_none() && plan.shape.hidden != 96 {
            words.push(format!("--hidden {}", plan.shape.hidden));
        }
        let usual = TagPlan::usual(plan.shape.clone());
        for (name, value, usual) in [
            ("rate", plan.rate.to_string(), usual.rate.to_string()),
            ("dropout", plan.dropout.to_string(), usual.dropout.to_string()),
            ("mixup", plan.mixup.to_string(), usual.mixup.to_string()),
            ("batch", plan.batch.to_string(), usual.batch.to_string()),
            ("validate-every", plan.validate_every.to_string(), usual.validate_every.to_string()),
            ("patience", plan.patience.to_string(), usual.patience.to_string()),
            ("recordings", plan.recordings.to_string(), usual.recordings.to_string()),
            ("compare", self.compare.to_string(), "0".to_owned()),
        ] {
            if value != usual {
                words.push(format!("--{name} {value}"));
            }
        }
        if self.gpu {
            words.push("--gpu".to_owned());
        }
        words.join(" ")
    }
}

/// Runs `trainer train tags`.
///
/// A model that is there already stays unless the new one is at least as good on the validation
/// clips; else the new one is written beside it as `tags.new.onnx`.
///
/// # Errors
/// As [`tagged::build`] and [`train`]; the model is written whole or not at all.
pub fn run(args: &TagsArgs) -> Result<()> {
    let vocabulary = tagged::vocabulary(args.vocabulary.as_deref())?;
    ensure!((0.0..1.0).contains(&args.keep), "keep = {}: give 0 to less than 1", args.keep);
    let (sets, own) = args.folders()?;
    if let Some(dev) = &args.dev {
        ensure!(!audio_files(dev).is_empty(), "--dev {} holds no audio", dev.display());
    }
    let widened = |stem: Option<BeatStem>, plan: &TagPlan| {
        stem.map(|stem| stem.widened(&plan.shape, plan.seed)).transpose()
    };
    let (plan, stem, compared) = match &args.from {
        Some(from) => {
            let (plan, params) = args.going_on(from, &vocabulary)?;
            // What it is compared with begins with the beat network, not with the model it goes on from.
            let compared = if args.compare > 0 { args.beat_stem()? } else { None };
            let compared = widened(compared, &plan)?;
            (plan, Some(params), compared)
        }
        None => {
            let stem = args.beat_stem()?;
            let plan = args.plan(stem.as_ref(), &vocabulary);
            plan.check()?;
            let stem = widened(stem, &plan)?;
            (plan, stem.clone(), stem)
        }
    };
    if args.gpu {
        // Better now than after hours of rendering.
        GpuTags::open(&plan.shape, plan.batch, plan.blocks)?;
    }
    let music = args.music(sets);
    music.check()?;
    let users = own.map(|own| Users::read(&own, &vocabulary, args.folds, args.seed)).transpose()?;
    let mut corpus = match &args.corpus {
        Some(folder) => tagged::open(folder, &vocabulary)?,
        None => tagged::build(&music, &vocabulary)?,
    };
    let mut folds = None;
    if let Some(users) = users {
        if args.folds.is_some() {
            folds = Some(users.cross_validate(&plan, stem.as_deref(), &corpus.train, args.gpu)?);
        }
        if corpus.sources.iter().any(|source| source.name == users.report.name) {
            bail!("the corpus holds recordings already; give your own music to one of the two");
        }
        let (learned, held) = users.without(0);
        corpus.train.extend(learned);
        corpus.validation.extend(held);
        corpus.sources.push(users.report);
    }
    let (clips, validation) = (&corpus.train, &corpus.validation);
    eprintln!(
        "{} clips to learn from, {} for validation; {} parameters",
        clips.len(),
        validation.len(),
        plan.shape.layout().base.len
    );
    let desk = Desk { folder: Some(args.work.clone()), resume: args.resume, gpu: args.gpu };
    let settings = TagSettings::default();
    let onnx = |params: &[f32], step: usize| {
        let trained = format!("seed {}, {step} steps", plan.seed);
        export::tag_onnx_bytes(&plan.shape, params, &vocabulary, &settings, &Provenance { trained })
    };
    let best = args.work.join("best-tags.onnx");
    let trained =
        train(&plan, stem.as_deref(), clips, validation, &desk, "tags", |params, entry| {
            // Not yet in its place: temperature and card are made at the end.
            write_whole(&best, &onnx(params, entry.step)?)
        })?;
    let mut params = trained.params.clone();
    if let Some(start) = stem.filter(|_| args.keep > 0.0) {
        // A head in other words has nothing to keep.
        let blend = |(new, old): (&mut f32, &f32)| *new += args.keep * (old - *new);
        params.iter_mut().zip(&start).for_each(blend);
    }
    let temperature = temperature::fit(&plan.shape, &params, validation);
    temperature::apply(&plan.shape, &mut params, temperature);
    let bytes = onnx(&params, trained.best.step)?;
    let given = trial::scores(&bytes, &vocabulary, validation)?;
    eprintln!("as the plugin gives them: {given:?}");

    let old_path = args.out.join("tags.onnx");
    let old = old_path.exists().then(|| std::fs::read(&old_path)).transpose();
    let old = old.with_context(|| format!("reading {}", old_path.display()))?;
    let old = old.map(|bytes| trial::scores(&bytes, &vocabulary, validation));
    let worse = matches!(&old, Some(Ok(old)) if given.overall() < old.overall());
    let mut rows = Vec::new();
    if args.compare > 0 {
        rows = comparison::variants(
            &plan,
            args.compare,
            compared.as_deref(),
            clips,
            validation,
            args.gpu,
        )?;
        rows.extend(comparison::baselines(&plan, clips, validation)?);
    }
    let real = args.dev.as_deref().map_or(Ok(Vec::new()), |dev| said(dev, &bytes, &vocabulary))?;

    let name = if worse { "tags.new" } else { "tags" };
    let file = |extension: &str| args.out.join(format!("{name}.{extension}"));
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make {}; choose another --out", args.out.display()))?;
    if let Some(Err(error)) = &old {
        put_aside(&old_path, error)?;
    }
    write_whole(&file("onnx"), &bytes)?;
    let judged = judgements(&plan.shape, &params, validation);
    let card = TagCard {
        name,
        plan: &plan,
        vocabulary: &vocabulary,
        settings: &settings,
        sources: &corpus.sources,
        sounds: &corpus.sounds,
        clips: (clips.len(), validation.len()),
        trained: &trained,
        temperature,
        keep: args.keep,
        calibration_error: calibration_error(&plan.shape, &judged, validation),
        scores: scores_of((plan.shape.genres, plan.shape.instruments), &judged, validation),
        given,
        confusion: &confusion(plan.shape.genres, &judged, validation),
        instruments: &instruments(&plan.shape, &judged, validation, &vocabulary),
        rows: &rows,
        compared_steps: args.compare,
        folds: folds.as_deref(),
        real: &real,
        sha256: &export::sha256(&bytes),
        command: &args.command(&plan),
    };
    write_whole(&file("md"), card.text().as_bytes())?;
    println!("{}: {given:?}", file("onnx").display());
    println!("SHA-256 {}; {:.3} s per step", export::sha256(&bytes), trained.seconds_per_step);
    match old {
        Some(Ok(old)) if worse => println!("the old tags.onnx stays: it has {old:?}"),
        Some(Ok(old)) => println!("it replaces the old tags.onnx, which has {old:?}"),
        _ => (),
    }
    Ok(())
}

/// Expected calibration error of the highest genre of each clip.
fn calibration_error(shape: &TagShape, said: &[Vec<f32>], clips: &[TagClip]) -> Option<f64> {
    let judged = said.iter().zip(clips).filter_map(|(said, clip)| {
        let genre = super::scores::named(&said[..shape.genres]);
        let right = usize::from(clip.truth.genre?) == genre;
        Some(Judged { confidence: f64::from(said[genre]), right })
    });
    expected_calibration_error(&reliability(&judged.collect::<Vec<_>>()))
}

/// Average precision of each instrument, and how many clips have it.
fn instruments(
    shape: &TagShape,
    said: &[Vec<f32>],
    clips: &[TagClip],
    vocabulary: &Vocabulary,
) -> Vec<(String, Option<f64>, usize)> {
    let decisions =
        decisions(shape.instruments, |clip, index| said[clip][shape.genres + index], clips);
    let each = vocabulary.instruments.iter().zip(decisions).enumerate();
    each.map(|(index, (name, decisions))| {
        let with = clips.iter().filter(|clip| plays(clip, index) == Some(true)).count();
        (name.clone(), average_precision(&decisions), with)
    })
    .collect()
}

/// What the model says of every audio file under `folder`.
fn said(folder: &Path, onnx: &[u8], vocabulary: &Vocabulary) -> Result<Vec<RealPiece>> {
    let mut pieces = Vec::new();
    let mut frames = Vec::new();
    for path in audio_files(folder) {
        match features::of_file(&path) {
            Ok((heard, _)) => {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                pieces.push(name);
                frames.push(heard);
            }
            Err(error) => eprintln!("skipped {error:#}"),
        }
    }
    ensure!(!pieces.is_empty(), "{} holds no audio that can be heard", folder.display());
    let views: Vec<&[[f32; BANDS]]> = frames.iter().map(|frames| &frames[..]).collect();
    let heard = trial::hear(onnx, &views)?;
    let tell = |(name, heard): (String, trial::Heard)| {
        let count = heard.moments.len().max(1);
        let share = |of: usize| 100 * of / count;
        let named = |genre: u8| heard.moments.iter().filter(|t| t.top == Some(genre)).count();
        let genre = match heard.top(vocabulary) {
            Some(top) => format!("{} {} %", vocabulary.genres[top], share(named(top as u8))),
            None => "unsure".to_owned(),
        };
        let shown = |k: usize| heard.moments.iter().filter(|tags| tags.plays(k)).count();
        let instruments: Vec<&str> = (0..vocabulary.instruments.len())
            .filter(|&k| 2 * shown(k) > count)
            .map(|k| vocabulary.instruments[k].as_str())
            .collect();
        let mean = heard.mean(vocabulary);
        let mood = [mean[mean.len() - 2], mean[mean.len() - 1]];
        RealPiece { name, genre, instruments: instruments.join(", "), mood }
    };
    Ok(pieces.into_iter().zip(heard).map(tell).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::random_parameters;

    #[test]
    fn a_wider_stem_begins_with_the_features_of_the_narrow_one() {
        let beats = BeatShape { channels: [8, 8], features: 16, hidden: 8, layers: 1 };
        let params = random_parameters(&beats, 1);
        let shape = TagShape {
            channels: vec![8, 8],
            features: 24,
            hidden: 8,
            block: 10,
            pooling: Pooling::Lstm,
            genres: 2,
            instruments: 1,
        };
        let stem = |shape: &TagShape| {
            BeatStem { shape: beats.clone(), params: params.clone() }.widened(shape, 3)
        };
        let wide = stem(&shape).expect("widened");
        assert_eq!(wide.len(), shape.stem_len());
        let (ours, theirs) = (beats.layout().features, shape.layout().base.features);
        assert_eq!(wide[..ours.weights.start], params[..ours.weights.start]);
        let (ours, theirs) = (&params[ours.weights], &wide[theirs.weights]);
        for (to, from) in theirs.chunks(24).zip(ours.chunks(16)) {
            assert_eq!(&to[..16], from);
            assert!(to[16..].iter().any(|&weight| weight != 0.0));
        }
        let same = TagShape { features: 16, ..shape.clone() };
        assert_eq!(stem(&same).expect("as it is"), params[..same.stem_len()]);
        let told = format!("{:#}", stem(&TagShape { features: 8, ..shape }).expect_err("refused"));
        assert!(told.contains("features = 8") && told.contains("--stem scratch"), "{told}");
    }
}

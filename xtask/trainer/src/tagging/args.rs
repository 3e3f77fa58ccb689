//! What `trainer train tags` is told, and what it begins with.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use listener::Vocabulary;

use super::{Start, TagPlan};
use crate::corpus::{CorpusSettings, holds_datasets};
use crate::export;
use crate::net::{BeatShape, Pooling, TagShape, random_tag_parameters};

/// Trains the tag model.
#[derive(Debug, Args)]
pub struct TagsArgs {
    /// Folder with the datasets, or with your own labelled music (`genre/file.wav`, `tags.tsv` or
    /// `tags.csv`); may be given twice. Without datasets the composer (and mma, where installed)
    /// writes everything else.
    #[arg(long, env = "TATUM_DATA")]
    pub(super) data: Vec<PathBuf>,
    /// Cross-validates your own music in so many folds; no artist is on both sides where tags name them.
    #[arg(long)]
    pub(super) folds: Option<usize>,
    /// Hours of music to render.
    #[arg(long, default_value_t = 30.0)]
    pub(super) hours: f64,
    /// Seed of every decision.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// SoundFont (.sf2); may be given several times. Default: those installed.
    #[arg(long = "soundfont")]
    pub(super) soundfonts: Vec<PathBuf>,
    /// The words to learn, as models/vocabulary.json has them. Default: those.
    #[arg(long)]
    pub(super) vocabulary: Option<PathBuf>,
    /// Folder that gets the model and its card.
    #[arg(long, default_value = "models")]
    pub(super) out: PathBuf,
    /// Folder of checkpoint, journal and corpus.
    #[arg(long, default_value = "target/school")]
    pub(super) work: PathBuf,
    /// Folder of rendered music. Default: `corpus` in the work folder.
    #[arg(long)]
    pub(super) cache: Option<PathBuf>,
    /// Folder of clips that were rendered before, here or elsewhere: it is used as it is, and nothing is
    /// rendered. May be given several times, for clips of several seeds and the same SoundFonts.
    #[arg(long, conflicts_with_all = ["hours", "soundfonts"])]
    pub(super) corpus: Vec<PathBuf>,
    /// Steps to train.
    #[arg(long, default_value_t = 4000)]
    pub(super) steps: usize,
    /// Steps from one validation to the next.
    #[arg(long, default_value_t = 250)]
    pub(super) validate_every: usize,
    /// Validations without a better score before training stops.
    #[arg(long, default_value_t = 10)]
    pub(super) patience: usize,
    /// Train on a GPU of Nvidia; needs CUDA 13.
    #[arg(long)]
    pub(super) gpu: bool,
    /// Go on from the checkpoint in the work folder.
    #[arg(long)]
    pub(super) resume: bool,
    /// What the convolutional stem begins with.
    #[arg(long, value_enum, default_value_t = Start::Tuned)]
    pub(super) stem: Start,
    /// Beat model whose stem that is; its channels and features become those of the tag network.
    #[arg(long, default_value = "models/beats.onnx")]
    pub(super) beats: PathBuf,
    /// Tag model to begin with, as the one that ships: its network learns on, and its judgement too where the words
    /// are the same. Sizes are then its own.
    #[arg(long, conflicts_with_all = ["stem", "channels", "features", "hidden"])]
    pub(super) from: Option<PathBuf>,
    /// Share of the weights of --from in the result (Wortsman et al. 2022, WiSE-FT): further training on
    /// rendered music can cost what was known of other music.
    #[arg(long, requires = "from", default_value_t = 0.0)]
    pub(super) keep: f32,
    /// Channels of the convolutions: two, or four for a deeper stem. Default: the beat model's, with which they
    /// begin unless --stem scratch.
    #[arg(long, num_args = 2..=4)]
    pub(super) channels: Vec<usize>,
    /// Features per frame, at least the beat model's, of which the first are its own; the others begin at
    /// random, and stay so in a frozen stem. Default: the beat model's.
    #[arg(long)]
    pub(super) features: Option<usize>,
    /// Units of the LSTM.
    #[arg(long, default_value_t = 96)]
    pub(super) hidden: usize,
    /// Highest learning rate.
    #[arg(long, default_value_t = 3e-3)]
    pub(super) rate: f64,
    /// Share of values dropped.
    #[arg(long, default_value_t = 0.2)]
    pub(super) dropout: f32,
    /// Sequences per step.
    #[arg(long, default_value_t = 16)]
    pub(super) batch: usize,
    /// Seconds of a sequence.
    #[arg(long, default_value_t = 10)]
    pub(super) blocks: usize,
    /// How many times as often your own recordings are heard as rendered clips of their genre.
    #[arg(long, default_value_t = 1)]
    pub(super) recordings: usize,
    /// Share of sequences that are two clips at once.
    #[arg(long, default_value_t = 0.25)]
    pub(super) mixup: f64,
    /// Trains every variant (pooling, stem) this long as well and puts all of them and the classic
    /// baselines into the card's table. 0 leaves the table out.
    #[arg(long, default_value_t = 0)]
    pub(super) compare: usize,
    /// Folder of real music, no labels needed: the card tells what the model says of each file.
    #[arg(long)]
    pub(super) dev: Option<PathBuf>,
}

/// Sizes of the convolutions when there is no beat model.
const CHANNELS: [usize; 2] = [24, 32];
const FEATURES: usize = 96;
/// Frames of a block: a second.
const BLOCK: usize = 50;

/// A beat network whose stem is used.
pub(super) struct BeatStem {
    shape: BeatShape,
    params: Vec<f32>,
}

impl BeatStem {
    /// Parameters of the stem of `shape`, which may have more features: those are left to chance.
    pub(super) fn widened(self, shape: &TagShape, seed: u64) -> Result<Vec<f32>> {
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
    pub(super) fn beat_stem(&self) -> Result<Option<BeatStem>> {
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

    pub(super) fn plan(&self, stem: Option<&BeatStem>, vocabulary: &Vocabulary) -> TagPlan {
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
            blocks: self.blocks,
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
    pub(super) fn going_on(
        &self,
        from: &Path,
        vocabulary: &Vocabulary,
    ) -> Result<(TagPlan, Vec<f32>)> {
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
    pub(super) fn music(&self, data: Option<PathBuf>) -> CorpusSettings {
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
    pub(super) fn folders(&self) -> Result<(Option<PathBuf>, Option<PathBuf>)> {
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
    pub(super) fn command(&self, plan: &TagPlan) -> String {
        let mut words = vec!["cargo xtask train tags".to_owned()];
        let rendered = self.corpus.is_empty();
        let data = self.data.iter().filter(|data| rendered || !holds_datasets(data));
        words.extend(data.map(|_| "--data DATA".to_owned()));
        words.extend(self.corpus.iter().map(|_| "--corpus CLIPS".to_owned()));
        words.extend(self.folds.iter().map(|folds| format!("--folds {folds}")));
        words.extend(self.soundfonts.iter().map(|_| "--soundfont FILE".to_owned()));
        words.extend(self.vocabulary.iter().map(|_| "--vocabulary FILE".to_owned()));
        words.extend(self.dev.iter().map(|_| "--dev DEV".to_owned()));
        if self.beats != Path::new("models/beats.onnx") {
            words.push("--beats BEATS".to_owned());
        }
        words.extend(rendered.then(|| format!("--hours {}", self.hours)));
        words.push(format!("--steps {} --seed {}", plan.steps, plan.seed));
        words.push(match plan.start {
            Start::Scratch => "--stem scratch".to_owned(),
            Start::Frozen => "--stem frozen".to_owned(),
            Start::Tuned => "--stem tuned".to_owned(),
            Start::Model if self.keep > 0.0 => format!("--from MODEL --keep {}", self.keep),
            Start::Model => "--from MODEL".to_owned(),
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
            ("blocks", plan.blocks.to_string(), usual.blocks.to_string()),
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
        words.extend(plan.from.iter().map(|sha256| format!("# MODEL: SHA-256 {sha256}")));
        words.join(" ")
    }
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

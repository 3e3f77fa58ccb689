//! `trainer label` on the command line: which recordings, and what came of them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use listener::ModelFile;
use rayon::prelude::*;

use super::{AGREED, agreement, labels};
use crate::clip::{BeatLabel, Clip};
use crate::corpus::{annotation, with_labels};
use crate::export;
use crate::net::BeatShape;
use crate::train::validate::activations;
use crate::{features, progress};

/// Labels recordings with the beats that a model hears in hindsight.
#[derive(Debug, Args)]
pub struct LabelArgs {
    /// Folder of recordings (wav, flac, ogg, mp3). The beats of SONG.ogg go to SONG.beats, unless it has
    /// some already. What a model is judged on must not be among them.
    folder: PathBuf,
    /// The model that listens.
    #[arg(long, default_value = "models/beats.onnx")]
    model: PathBuf,
    /// A second opinion: recordings in which this model hears other beats are left out. May be given several
    /// times.
    #[arg(long)]
    agree: Vec<PathBuf>,
}

/// What came of one recording.
struct Outcome {
    /// From its first beat to its last.
    seconds: f64,
    bars: bool,
}

/// Runs `trainer label`.
///
/// # Errors
/// When the model cannot be read, there are no recordings, or none of them gets or has beats.
pub fn run(args: &LabelArgs) -> Result<()> {
    let ears = [&args.model].into_iter().chain(&args.agree);
    let ears = ears.map(|model| Ear::new(model)).collect::<Result<Vec<Ear>>>()?;
    let folder = args.folder.display();
    ensure!(args.folder.is_dir(), "the folder {folder} does not exist; give one with recordings");
    let songs = with_labels(&args.folder);
    ensure!(
        !songs.is_empty(),
        "{folder} holds no recordings; give a folder with wav, flac, ogg or mp3 files"
    );
    let open: Vec<&PathBuf> =
        songs.iter().filter(|(_, labels)| labels.is_none()).map(|(path, _)| path).collect();
    let bar = progress::bar(open.len() as u64, "recordings {bar:30} {pos}/{len}, {eta} to go");
    let label = |path: &&PathBuf| {
        let outcome = label_one(&ears, path);
        bar.inc(1);
        outcome
    };
    let outcomes: Vec<Result<Outcome>> = open.par_iter().map(label).collect();
    bar.finish_and_clear();
    for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        eprintln!("skipped {refusal:#}");
    }
    let good: Vec<&Outcome> = outcomes.iter().flatten().collect();
    ensure!(
        !good.is_empty() || open.len() < songs.len(),
        "none of {} recordings in {folder} could be labelled",
        open.len()
    );
    let hours = |seconds: &dyn Fn(&&Outcome) -> f64| good.iter().map(seconds).sum::<f64>() / 3600.0;
    println!(
        "{} recordings, {:.2} h with beats, {:.2} h of them with bars; {} skipped, {} had beats",
        good.len(),
        hours(&|one| one.seconds),
        hours(&|one| if one.bars { one.seconds } else { 0.0 }),
        open.len() - good.len(),
        songs.len() - open.len()
    );
    Ok(())
}

/// Writes the beats that the first of `ears` hears in the recording at `path` beside it, if the others do too.
fn label_one(ears: &[Ear], path: &Path) -> Result<Outcome> {
    let (frames, _) = features::of_file(path)?;
    let clip = Clip {
        name: String::new(),
        source: String::new(),
        frames,
        beats: Vec::new(),
        onsets: Vec::new(),
    };
    let heard = ears.iter().map(|ear| ear.labels(&clip)).collect::<Result<Vec<_>>>();
    let heard = heard.with_context(|| path.display().to_string())?;
    let beats = &heard[0];
    for (ear, others) in ears.iter().zip(&heard).skip(1) {
        let f = agreement(beats, others);
        ensure!(
            f >= AGREED,
            "{}: {} hears other beats (F-measure {f:.2}); write them by hand, or leave it out",
            path.display(),
            ear.source
        );
    }
    let source = format!("heard in hindsight by {}", ears[0].source);
    annotation::write(&path.with_extension("beats"), &source, beats)?;
    let seconds = beats[beats.len() - 1].time_s - beats[0].time_s;
    Ok(Outcome { seconds, bars: beats[0].in_bar > 0 })
}

/// A model that listens in hindsight.
struct Ear {
    shape: BeatShape,
    params: Vec<f32>,
    lag_s: f64,
    /// What it is called.
    source: String,
}

impl Ear {
    fn new(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let read = || -> Result<Self> {
            let lag_s = f64::from(ModelFile::read(&bytes)?.decoder.beat_lag_s);
            let (shape, params) = export::parameters(&bytes)?;
            let source = format!("model {}", &export::sha256(&bytes)[..12]);
            Ok(Self { shape, params, lag_s, source })
        };
        read().with_context(|| {
            let path = path.display();
            format!("{path} is no beat model of this build; give one that `train beats` wrote")
        })
    }

    fn labels(&self, clip: &Clip) -> Result<Vec<BeatLabel>> {
        let heard = activations(&self.shape, &self.params, std::slice::from_ref(clip));
        labels(&heard[0], self.lag_s)
    }
}

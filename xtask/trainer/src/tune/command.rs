//! `trainer tune`: fits the decoder to a trained model and writes both as one new file.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use listener::ModelFile;
use metrics::{expected_calibration_error, reliability};

use super::{Piece, by_source, fit, judged, summary};
use crate::corpus;
use crate::corpus::command::MusicArgs;
use crate::export;
use crate::render::audio::write_whole;

/// Fits the decoder.
#[derive(Debug, Args)]
pub struct TuneArgs {
    /// Model to fit the decoder to.
    #[arg(long, default_value = "models/beats.onnx")]
    model: PathBuf,
    /// Where the fitted model goes. Default: beside the model, as NAME.tuned.onnx, because the card of
    /// the model is not of this one.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    music: MusicArgs,
    /// Folder of rendered music, as in training.
    #[arg(long, default_value = "target/school/corpus")]
    cache: PathBuf,
    /// Walks over all settings.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// Folder of real music with `.beats` beside it: scored, never fitted to.
    #[arg(long)]
    dev: Option<PathBuf>,
    /// Settings (JSON) to start from instead of those in the model.
    #[arg(long)]
    settings: Option<String>,
    /// Only score the settings on `--dev`, file by file; nothing is fitted or written.
    #[arg(long, requires = "dev")]
    score: bool,
}

/// Runs `trainer tune`.
///
/// # Errors
/// When the model or the corpus cannot be read, or the file cannot be written.
pub fn run(args: &TuneArgs) -> Result<()> {
    let bytes =
        std::fs::read(&args.model).with_context(|| format!("reading {}", args.model.display()))?;
    let (shape, params) = export::parameters(&bytes)?;
    let mut start = ModelFile::read(&bytes)?.decoder;
    if let Some(text) = &args.settings {
        let mut value = serde_json::to_value(&start)?;
        let turned: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).with_context(|| format!("--settings {text}"))?;
        for (name, number) in turned {
            ensure!(value.get(&name).is_some(), "--settings: {name} is no decoder setting");
            value[&name] = number;
        }
        start = serde_json::from_value(value)?;
    }
    let dev = match &args.dev {
        Some(folder) => Piece::of(&shape, &params, &corpus::annotated(folder)?),
        None => Vec::new(),
    };
    if args.score {
        for piece in &dev {
            println!("{:40} {}", piece.name, summary(&start, std::slice::from_ref(piece)));
        }
        println!("{:40} {}", "mean", summary(&start, &dev));
        return Ok(());
    }
    let corpus = args.music.corpus(args.cache.clone())?;
    let pieces = Piece::of(&shape, &params, &corpus.validation);
    println!("validation, {} clips, before: {}", pieces.len(), summary(&start, &pieces));
    let found = fit(&start, &pieces, args.rounds, |line| println!("{line}"));
    for (name, pieces) in [("validation", &pieces), ("dev", &dev)] {
        if pieces.is_empty() {
            continue;
        }
        println!("{name} after: {}", summary(&found, pieces));
        for (source, pieces) in by_source(pieces) {
            println!("  {source:11} {:4} clips: {}", pieces.len(), summary(&found, &pieces));
        }
        let bins = reliability(&judged(&found, pieces));
        let error = expected_calibration_error(&bins).unwrap_or(0.0);
        println!("  expected calibration error {error:.3}");
        for bin in bins.iter().filter(|bin| bin.count > 0) {
            println!("  claimed {:.2}, right {:.2} of {}", bin.confidence, bin.right, bin.count);
        }
    }
    println!("{}", serde_json::to_string(&found)?);
    let out = args.out.clone().unwrap_or_else(|| args.model.with_extension("tuned.onnx"));
    let tuned = export::with_decoder(&bytes, &found)?;
    write_whole(&out, &tuned)?;
    println!("{}: SHA-256 {}", out.display(), export::sha256(&tuned));
    Ok(())
}

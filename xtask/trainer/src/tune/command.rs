//! `trainer tune`: fits the decoder to a trained model and writes both as one new file.

use std::path::PathBuf;

use anyhow::{Context, Error, Result, ensure};
use clap::Args;
use listener::{DecoderSettings, ModelFile};
use metrics::{expected_calibration_error, reliability};

use super::{Piece, by_source, fit, judged, onset_f, summary};
use crate::corpus;
use crate::corpus::command::MusicArgs;
use crate::export;
use crate::write::write_whole;

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

/// The names of all settings.
fn names(settings: &serde_json::Value) -> String {
    let names = settings.as_object().into_iter().flat_map(|settings| settings.keys().cloned());
    names.collect::<Vec<_>>().join(", ")
}

/// `settings` with those that the JSON object `text` names.
fn turned(settings: &DecoderSettings, text: &str) -> Result<DecoderSettings> {
    let mut value = serde_json::to_value(settings)?;
    let wanted: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)?;
    for (name, number) in wanted {
        ensure!(
            value.get(&name).is_some(),
            "{name} is no decoder setting; there are {}",
            names(&value)
        );
        let before = std::mem::replace(&mut value[&name], number);
        ensure!(
            before.is_number() == value[&name].is_number(),
            "{name} = {}: give a value like {before}",
            value[&name]
        );
    }
    let turned: DecoderSettings = serde_json::from_value(value)?;
    turned.check().map_err(Error::msg)?;
    Ok(turned)
}

/// Runs `trainer tune`.
///
/// # Errors
/// When the model or the corpus cannot be read, or the file cannot be written.
pub fn run(args: &TuneArgs) -> Result<()> {
    let bytes =
        std::fs::read(&args.model).with_context(|| format!("reading {}", args.model.display()))?;
    let read = || anyhow::Ok((export::parameters(&bytes)?, ModelFile::read(&bytes)?.decoder));
    let ((shape, params), mut start) = read().with_context(|| {
        format!("{} is not a beat model that can be tuned; give one that `cargo xtask train beats` made", args.model.display())
    })?;
    if let Some(text) = &args.settings {
        start = turned(&start, text).with_context(|| format!("--settings {text}"))?;
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
    if let Some((before, after)) = onset_f(&start, &pieces).zip(onset_f(&found, &pieces)) {
        let threshold = found.onset_threshold;
        println!("onset F {before:.3} before, {after:.3} after, picked at {threshold}");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_turned_and_impossible_ones_refused() {
        let usual = DecoderSettings::default();
        let wanted = DecoderSettings { beat_trust: 0.7, ..usual.clone() };
        assert_eq!(turned(&usual, r#"{"beat_trust": 0.7}"#).expect("turned"), wanted);
        for (text, words) in [
            (r#"{"beat_odds": -5}"#, "beat_odds is -5; it may be"),
            (r#"{"beat_odds": "x"}"#, r#"beat_odds = "x": give a value like"#),
            (r#"{"beat_lust": 1}"#, "beat_lust is no decoder setting"),
        ] {
            let told = format!("{:#}", turned(&usual, text).expect_err("refused"));
            assert!(told.contains(words), "{told}");
        }
        assert!(turned(&usual, "beat_odds").is_err());
    }
}

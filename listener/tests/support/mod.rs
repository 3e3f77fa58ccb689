//! Signals and golden files shared by the tests of the ear.
#![allow(dead_code, reason = "every test uses a part of it")]

use std::path::PathBuf;

use listener::{FeatureSpec, LogMel, MelFrame};
use serde::{Serialize, de::DeserializeOwned};

/// `seconds` of drums and a held chord: every part of the spectrum moves, and no file is needed.
pub(crate) fn music(rate_hz: f64, seconds: f64) -> Vec<f32> {
    let tau = std::f64::consts::TAU;
    let samples = (seconds * rate_hz) as usize;
    (0..samples)
        .map(|n| {
            let t = n as f64 / rate_hz;
            let since_beat = t % 0.5;
            let kick = (-since_beat * 30.0).exp()
                * (tau * (50.0 + 60.0 * (-since_beat * 40.0).exp()) * since_beat).sin();
            let since_off = (t + 0.25) % 0.5;
            // A hat of inharmonic partials: noise would differ from rate to rate.
            let hat: f64 = (0..12).map(|k| (tau * (5200.0 + 371.3 * f64::from(k)) * t).sin()).sum();
            let chord: f64 = [220.0, 277.2, 329.6].iter().map(|f| (tau * f * t).sin()).sum();
            (0.5 * kick + 0.02 * hat * (-since_off * 60.0).exp() + 0.08 * chord) as f32
        })
        .collect()
}

/// All frames of `samples`, pushed in blocks whose sizes cycle through `blocks`.
pub(crate) fn frames(samples: &[f32], rate_hz: f64, blocks: &[usize]) -> Vec<MelFrame> {
    let mut logmel = LogMel::new(&FeatureSpec::CURRENT, rate_hz).expect("a supported rate");
    push_blocks(&mut logmel, samples, blocks)
}

pub(crate) fn push_blocks(logmel: &mut LogMel, samples: &[f32], blocks: &[usize]) -> Vec<MelFrame> {
    let mut out = Vec::new();
    let mut rest = samples;
    for &block in blocks.iter().cycle() {
        let (now, later) = rest.split_at(block.min(rest.len()));
        logmel.push(now, |frame| out.push(frame));
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    out
}

/// Compares `value` with the golden file `tests/golden/NAME.json` by `same`, or writes the file
/// when `TATUM_GOLDEN=write` (which `cargo xtask golden` sets).
pub(crate) fn golden<T: Serialize + DeserializeOwned>(
    name: &str,
    value: &T,
    same: impl FnOnce(&T, &T),
) {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "tests", "golden", &format!("{name}.json")]
            .iter()
            .collect();
    if std::env::var("TATUM_GOLDEN").as_deref() == Ok("write") {
        std::fs::create_dir_all(path.parent().expect("has a folder")).expect("golden folder");
        let text = serde_json::to_string(value).expect("serialises");
        std::fs::write(&path, text + "\n").expect("golden file is written");
        return;
    }
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; make it with `cargo xtask golden`", path.display()));
    same(&serde_json::from_str(&text).expect("golden file parses"), value);
}

/// Largest absolute difference of two sequences of equal length.
pub(crate) fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

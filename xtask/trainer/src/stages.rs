//! `trainer stages`: what each stage of the ear costs on one core, as `cargo xtask bench` shows it.
//!
//! The stages hear one signal one after the other, as in the plugin, and each is timed alone: samples
//! to features, features to activations, activations to beats; and features to tags, a block at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use listener::{
    Activations, BeatNet, Decoder, FeatureSpec, LaneFrame, LogMel, MelFrame, Runtime, TagNet,
};
use metrics::median;
use serde::Serialize;

use crate::dice::Dice;

/// What to time.
#[derive(Debug, Args)]
pub struct StagesArgs {
    /// The beat model.
    #[arg(long, value_name = "PATH", default_value = "models/beats.onnx")]
    model: PathBuf,
    /// The tag model; one that is not there is not timed.
    #[arg(long, value_name = "PATH", default_value = "models/tags.onnx")]
    tags: PathBuf,
    /// Seconds of audio to hear, after five to warm up.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    json: bool,
}

/// Rate of the signal, Hz.
const RATE_HZ: f64 = 48_000.0;
/// Seconds heard before the clock runs.
const WARM_S: u32 = 5;

/// The cost of one stage.
#[derive(Debug, Clone, Copy, Serialize)]
struct Cost {
    /// Median microseconds per frame; of the tags, per block.
    us: f64,
    /// Milliseconds per second of audio.
    ms_per_second: f64,
}

impl Cost {
    /// Of a stage that took these times, so often in a second.
    fn of(times: &[Duration], per_second: f64) -> Self {
        let times: Vec<f64> = times.iter().map(|time| 1e6 * time.as_secs_f64()).collect();
        let us = median(&times).unwrap_or(0.0);
        Self { us, ms_per_second: 1e-3 * us * per_second }
    }
}

/// All stages.
#[derive(Debug, Serialize)]
struct Stages {
    backend: String,
    rate_hz: f64,
    frames: usize,
    log_mel: Cost,
    beat_model: Cost,
    decoder: Cost,
    /// None when there is no tag model.
    tag_model: Option<Cost>,
    /// Many lanes in one call.
    batches: Vec<Batch>,
}

/// The beat model's cost for one of several lanes.
#[derive(Debug, Serialize)]
struct Batch {
    backend: String,
    lanes: usize,
    /// All of them heard in one call.
    together: Cost,
    /// Each of them heard in a call of its own.
    apart: Cost,
}

/// Lanes in one call.
const BATCHES: [usize; 5] = [1, 8, 32, 64, 128];
/// Calls of each number of lanes.
const CALLS: usize = 200;

/// Runs `trainer stages`.
///
/// # Errors
/// When a model cannot be read or run.
pub fn run(args: &StagesArgs) -> Result<()> {
    let named = || args.model.display().to_string();
    let onnx = fs::read(&args.model).with_context(named)?;
    let mut net = BeatNet::from_bytes(&onnx, &FeatureSpec::CURRENT, &Runtime::Embedded)
        .with_context(named)?;
    let warm = (f64::from(WARM_S) / FeatureSpec::CURRENT.hop_s) as usize;
    let per_second = 1.0 / FeatureSpec::CURRENT.hop_s;
    let (frames, log_mel) = features(args.seconds + WARM_S)?;
    let (heard, beat_model) = activations(&mut net, &frames)?;
    let decoder = decode(&net, &frames, &heard);
    let stages = Stages {
        backend: net.backend().to_string(),
        rate_hz: RATE_HZ,
        frames: frames.len() - warm,
        log_mel: Cost::of(&log_mel[warm..], per_second),
        beat_model: Cost::of(&beat_model[warm..], per_second),
        decoder: Cost::of(&decoder[warm..], per_second),
        tag_model: tags(&args.tags, &frames)?,
        batches: batches(&onnx, &frames)?,
    };
    if args.json {
        println!("{}", serde_json::to_string(&stages)?);
    } else {
        print(&stages);
    }
    Ok(())
}

fn print(stages: &Stages) {
    println!("{}, {} frames; median us, and ms per second of audio", stages.backend, stages.frames);
    for (name, cost) in [
        ("log-mel features", Some(stages.log_mel)),
        ("beat model", Some(stages.beat_model)),
        ("decoder", Some(stages.decoder)),
        ("tag model, per block", stages.tag_model),
    ] {
        match cost {
            Some(Cost { us, ms_per_second }) => {
                println!("{name:<22}{us:>10.1}{ms_per_second:>10.3}")
            }
            None => println!("{name:<22}{:>20}", "no model"),
        }
    }
    for Batch { backend, lanes, together, apart } in &stages.batches {
        println!(
            "beat model, per lane of {lanes:<4}{:>10.1}{:>10.3}   apart {:.1}   {backend}",
            together.us, together.ms_per_second, apart.us
        );
    }
}

/// The beat model with many lanes in a call, in every engine there is: the embedded one, and ONNX Runtime
/// on the processor if `TATUM_ONNXRUNTIME` or `ORT_DYLIB_PATH` names its library.
fn batches(onnx: &[u8], frames: &[MelFrame]) -> Result<Vec<Batch>> {
    let library = ["TATUM_ONNXRUNTIME", "ORT_DYLIB_PATH"].into_iter().find_map(std::env::var_os);
    let library = library.filter(|library| !library.is_empty());
    let other = library
        .map(|library| Runtime::OnnxRuntime { library: library.into(), providers: Vec::new() });
    let mut batches = Vec::new();
    for runtime in [Some(Runtime::Embedded), other].into_iter().flatten() {
        let mut net = BeatNet::from_bytes(onnx, &FeatureSpec::CURRENT, &runtime)?;
        for lanes in BATCHES {
            let mut states = vec![net.new_state(); lanes];
            let mut times = [const { Vec::new() }; 2];
            for (call, kind) in (0..CALLS).flat_map(|call| [(call, 0), (call, 1)]) {
                let most = [lanes, 1][kind];
                let heard = states.iter_mut().enumerate().map(|(lane, state)| LaneFrame {
                    state,
                    frame: &frames[(call + 7 * lane) % frames.len()],
                    out: Activations::default(),
                });
                let mut heard: Vec<_> = heard.collect();
                let begun = Instant::now();
                heard.chunks_mut(most).try_for_each(|some| net.step(some))?;
                times[kind].push(begun.elapsed() / lanes as u32);
            }
            // A twentieth to warm up.
            let cost = |times: &Vec<Duration>| {
                Cost::of(&times[CALLS / 20..], 1.0 / FeatureSpec::CURRENT.hop_s)
            };
            batches.push(Batch {
                backend: net.backend().to_string(),
                lanes,
                together: cost(&times[0]),
                apart: cost(&times[1]),
            });
        }
    }
    Ok(batches)
}

/// The frames of a signal, and how long each took.
fn features(seconds: u32) -> Result<(Vec<MelFrame>, Vec<Duration>)> {
    let mut log_mel = LogMel::new(&FeatureSpec::CURRENT, RATE_HZ)?;
    let hop = (FeatureSpec::CURRENT.hop_s * RATE_HZ) as usize;
    let samples = signal(seconds);
    let (mut frames, mut times) = (Vec::new(), Vec::new());
    for samples in samples.chunks_exact(hop) {
        let begun = Instant::now();
        log_mel.push(samples, |frame| frames.push(frame));
        times.push(begun.elapsed());
    }
    Ok((frames, times))
}

/// Strokes of noise, two a second, every fourth louder: something to track.
fn signal(seconds: u32) -> Vec<f32> {
    let mut dice = Dice::named(1, "stages");
    let beat_s = 0.5;
    (0..(f64::from(seconds) * RATE_HZ) as usize)
        .map(|n| {
            let time = n as f64 / RATE_HZ;
            let level = if ((time / beat_s) as u64).is_multiple_of(4) { 0.8 } else { 0.4 };
            (level * (-12.0 * (time % beat_s)).exp() * dice.between(-1.0, 1.0)) as f32
        })
        .collect()
}

fn activations(
    net: &mut BeatNet,
    frames: &[MelFrame],
) -> Result<(Vec<Activations>, Vec<Duration>)> {
    let mut state = net.new_state();
    let (mut heard, mut times) = (Vec::new(), Vec::new());
    for frame in frames {
        let mut lane = [LaneFrame { state: &mut state, frame, out: Activations::default() }];
        let begun = Instant::now();
        net.step(&mut lane)?;
        times.push(begun.elapsed());
        heard.push(lane[0].out);
    }
    Ok((heard, times))
}

fn decode(net: &BeatNet, frames: &[MelFrame], heard: &[Activations]) -> Vec<Duration> {
    let mut decoder = Decoder::new(&FeatureSpec::CURRENT, RATE_HZ, net.decoder());
    let step = |(frame, &activations): (&MelFrame, &Activations)| {
        let begun = Instant::now();
        std::hint::black_box(decoder.step(frame.at, activations));
        begun.elapsed()
    };
    frames.iter().zip(heard).map(step).collect()
}

/// The tag network's steps; none when the model is not there.
fn tags(path: &Path, frames: &[MelFrame]) -> Result<Option<Cost>> {
    if !path.exists() {
        return Ok(None);
    }
    let named = || path.display().to_string();
    let onnx = fs::read(path).with_context(named)?;
    let mut net =
        TagNet::from_bytes(&onnx, &FeatureSpec::CURRENT, &Runtime::Embedded).with_context(named)?;
    let mut ear = net.new_ear();
    let mut times = Vec::new();
    for frame in frames {
        if ear.push(&frame.bins) {
            let begun = Instant::now();
            net.step(&mut [&mut ear])?;
            times.push(begun.elapsed());
        }
    }
    let seconds = frames.len() as f64 * FeatureSpec::CURRENT.hop_s;
    Ok(Some(Cost::of(&times, times.len() as f64 / seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_the_median_and_its_sum_over_a_second() {
        let times = [1, 100, 3].map(Duration::from_micros);
        let cost = Cost::of(&times, 50.0);
        assert!((cost.us - 3.0).abs() < 1e-9 && (cost.ms_per_second - 0.15).abs() < 1e-9);
    }

    #[test]
    fn a_second_has_fifty_frames_and_a_tag_model_may_be_missing() {
        let (frames, times) = features(1).expect("a supported rate");
        assert_eq!((frames.len(), times.len()), (50, 50));
        let cost = tags(Path::new("no such model.onnx"), &frames).expect("no error");
        assert!(cost.is_none());
    }
}

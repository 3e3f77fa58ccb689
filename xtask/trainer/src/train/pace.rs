//! `trainer pace`: how long one step of training takes, and one frame of the model in play.
//!
//! On random features of the usual sizes, so that it needs no corpus and can stand beside another
//! framework in one run (`pace.py`).

use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Args;
use listener::{Activations, BeatNet, FeatureSpec, LaneFrame, MelFrame, Runtime, SamplePos};
use metrics::median;

use super::run::Run;
use super::sampler::Music;
use super::{Length, Plan};
use crate::clip::{BeatLabel, Clip, frame_time};
use crate::dice::Dice;
use crate::export::{self, Provenance};
use crate::net::{BeatShape, random_parameters};

/// What to time.
#[derive(Debug, Args)]
pub struct PaceArgs {
    /// Steps to time, after two to warm up.
    #[arg(long, default_value_t = 10)]
    steps: usize,
    /// Threads. Default: all.
    #[arg(long)]
    threads: Option<usize>,
    /// Sequences per step.
    #[arg(long, default_value_t = Plan::default().batch)]
    batch: usize,
    /// Time training on a GPU of Nvidia; needs CUDA 13.
    #[arg(long)]
    gpu: bool,
    #[command(flatten)]
    sizes: super::command::Sizes,
}

/// Runs `trainer pace`: prints one line of JSON.
///
/// # Errors
/// When the sizes are impossible, or a GPU is asked for and cannot be had.
pub fn run(args: &PaceArgs) -> Result<()> {
    ensure!(args.steps > 0, "steps = 0: give at least 1");
    let threads = args.threads.unwrap_or_else(rayon::current_num_threads);
    let (shape, length, batch) =
        (args.sizes.shape(&BeatShape::default()), Length::Steps(1000), args.batch);
    let plan = Plan { shape, length, batch, ..Plan::default() };
    plan.check()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let training_s = pool.install(|| training(&plan, args.steps, args.gpu))?;
    let playing_s = playing(&plan)?;
    println!(
        "{}",
        serde_json::json!({
            "shape": plan.shape,
            "parameters": plan.shape.layout().len,
            "batch": plan.batch,
            "frames": plan.stretch,
            "threads": threads,
            "gpu": args.gpu,
            "training_step_s": training_s,
            "model_step_us": 1e6 * playing_s,
        })
    );
    Ok(())
}

/// Median seconds per step.
fn training(plan: &Plan, steps: usize, gpu: bool) -> Result<f64> {
    let mut dice = Dice::named(1, "pace");
    let clip = Clip {
        name: String::new(),
        source: String::new(),
        frames: (0..5 * plan.stretch)
            .map(|_| std::array::from_fn(|_| dice.between(0.0, 2.0) as f32))
            .collect(),
        beats: (0..plan.stretch)
            .map(|k| BeatLabel { time_s: frame_time(25 * k), in_bar: (k % 4 + 1) as u8 })
            .collect(),
        onsets: Vec::new(),
    };
    let music = Music::new(vec![clip], plan.stretch, plan.recordings);
    let mut run = Run::start(plan, &music, None, gpu)?;
    let mut timed = || {
        let begun = Instant::now();
        run.learn(&music)?;
        Ok(begun.elapsed().as_secs_f64())
    };
    for _ in 0..2 {
        timed()?;
    }
    let times: Vec<f64> = (0..steps).map(|_| timed()).collect::<Result<_>>()?;
    Ok(median(&times).unwrap_or(0.0))
}

/// Median seconds for one frame of one lane in the embedded runtime.
fn playing(plan: &Plan) -> Result<f64> {
    let params = random_parameters(&plan.shape, 1);
    let onnx = export::onnx_bytes(&plan.shape, &params, &Provenance::default())?;
    let mut net = BeatNet::from_bytes(&onnx, &FeatureSpec::CURRENT, &Runtime::Embedded)?;
    let mut state = net.new_state();
    let mut times = Vec::new();
    for k in 0..3000 {
        let frame = MelFrame {
            at: SamplePos(882 * k),
            bins: std::array::from_fn(|band| ((band as i64 + 7 * k) % 13) as f32 / 10.0),
        };
        let begun = Instant::now();
        let out = Activations::default();
        net.step(&mut [LaneFrame { state: &mut state, frame: &frame, out }])?;
        if k >= 500 {
            times.push(begun.elapsed().as_secs_f64());
        }
    }
    Ok(median(&times).unwrap_or(0.0))
}

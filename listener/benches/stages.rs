//! What each stage of the ear costs: `cargo bench -p listener`. `cargo xtask bench` measures the whole
//! plugin.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use listener::{
    Activations, BANDS, BeatNet, Decoder, DecoderSettings, FeatureSpec, LaneFrame, LogMel,
    MelFrame, Runtime, SamplePos, TagNet,
};

const RATE_HZ: f64 = 48_000.0;
/// Samples from frame to frame.
const HOP: usize = 960;

/// The `n`th frame of something that moves.
fn frame(n: i64) -> MelFrame {
    let bins = std::array::from_fn(|band| ((band as i64 + 7 * n) % 13) as f32 / 10.0);
    MelFrame { at: SamplePos(HOP as i64 * n), bins }
}

/// A model of this project, if it was made.
fn model(name: &str) -> Option<Vec<u8>> {
    std::fs::read(format!("{}/../models/{name}", env!("CARGO_MANIFEST_DIR"))).ok()
}

fn features(c: &mut Criterion) {
    let mut log_mel = LogMel::new(&FeatureSpec::CURRENT, RATE_HZ).expect("a supported rate");
    let hop: [f32; HOP] = std::array::from_fn(|n| (n as f32 * 0.37).sin());
    c.bench_function("log-mel frame", |b| {
        b.iter(|| {
            log_mel.push(black_box(&hop), |frame| {
                black_box(frame);
            })
        });
    });
}

fn beat_model(c: &mut Criterion) {
    let Some(onnx) = model("beats.onnx") else { return };
    let mut net = BeatNet::from_bytes(&onnx, &FeatureSpec::CURRENT, &Runtime::Embedded)
        .expect("the shipped model loads");
    let (mut state, frame) = (net.new_state(), frame(1));
    c.bench_function("beat model step", |b| {
        b.iter(|| {
            let out = Activations::default();
            let mut lane = [LaneFrame { state: &mut state, frame: &frame, out }];
            net.step(&mut lane).expect("the model runs");
            lane[0].out
        });
    });
}

fn decoder(c: &mut Criterion) {
    let settings = DecoderSettings::default();
    let mut decoder = Decoder::new(&FeatureSpec::CURRENT, RATE_HZ, &settings);
    let mut n = 0;
    c.bench_function("decoder step", |b| {
        b.iter(|| {
            n += 1;
            let beat = if n % 25 == 0 { 0.9 } else { 0.02 };
            let downbeat = if n % 100 == 0 { 0.9 } else { 0.01 };
            decoder.step(SamplePos(HOP as i64 * n), Activations { beat, downbeat, onset: beat })
        });
    });
}

/// A whole block: its frames pushed, and the step that hears it.
fn tag_model(c: &mut Criterion) {
    let Some(onnx) = model("tags.onnx") else { return };
    let mut net = TagNet::from_bytes(&onnx, &FeatureSpec::CURRENT, &Runtime::Embedded)
        .expect("the shipped model loads");
    let mut ear = net.new_ear();
    let bins: [f32; BANDS] = frame(1).bins;
    c.bench_function("tag model block", |b| {
        b.iter(|| {
            while !ear.push(black_box(&bins)) {}
            net.step(&mut [&mut ear]).expect("the model runs");
        });
    });
}

criterion_group!(stages, features, beat_model, decoder, tag_model);
criterion_main!(stages);

//! Both models on a GPU, through the WebGPU provider of ONNX Runtime. A GPU is not needed: Mesa's
//! lavapipe is one in software; CONTRIBUTING.md says how.

mod support;

use std::path::PathBuf;

use listener::{
    Activations, Backend, BeatNet, FeatureSpec, LaneFrame, MelFrame, Provider, Runtime, TagNet,
};
use support::{frames, largest_difference, music};

/// Names a library of ONNX Runtime that has the provider. A process has one such library, and this
/// need not be the one of `TATUM_ONNXRUNTIME`.
const LIBRARY: &str = "TATUM_ONNXRUNTIME_WEBGPU";

/// What both backends may differ by: a GPU adds in another order.
const TOLERANCE: f32 = 1e-4;

fn library() -> Option<PathBuf> {
    let library = std::env::var_os(LIBRARY).filter(|library| !library.is_empty());
    if library.is_none() {
        eprintln!("skipped: {LIBRARY} does not name an ONNX Runtime library with WebGPU");
    }
    library.map(PathBuf::from)
}

fn model(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What one network says of a song, and what ran it.
type Heard = (Vec<f32>, Backend);

/// Lets one network hear a song.
type Hear = fn(&[MelFrame], &Runtime) -> Heard;

fn beats(song: &[MelFrame], runtime: &Runtime) -> Heard {
    let mut net = BeatNet::from_bytes(&model("beats.onnx"), &FeatureSpec::CURRENT, runtime)
        .unwrap_or_else(|e| panic!("the beat model does not load: {e}"));
    let mut state = net.new_state();
    let mut heard = Vec::new();
    for frame in song {
        let mut lane = [LaneFrame { state: &mut state, frame, out: Activations::default() }];
        net.step(&mut lane).expect("the beat model runs");
        let Activations { beat, downbeat, onset } = lane[0].out;
        heard.extend([beat, downbeat, onset]);
    }
    (heard, net.backend().clone())
}

fn tags(song: &[MelFrame], runtime: &Runtime) -> Heard {
    let mut net = TagNet::from_bytes(&model("tags.onnx"), &FeatureSpec::CURRENT, runtime)
        .unwrap_or_else(|e| panic!("the tag model does not load: {e}"));
    let mut ear = net.new_ear();
    let mut heard = Vec::new();
    for frame in song {
        if ear.push(&frame.bins) {
            net.step(&mut [&mut ear]).expect("the tag model runs");
            let tags = ear.tags();
            heard.extend(tags.genre.into_iter().chain(tags.instrument));
            heard.extend([tags.valence, tags.arousal]);
        }
    }
    (heard, net.backend().clone())
}

#[test]
fn both_models_hear_on_a_gpu_what_they_hear_on_the_cpu() {
    let Some(library) = library() else { return };
    let gpu = Runtime::OnnxRuntime { library, providers: vec![Provider::WebGpu] };
    let song = frames(&music(44_100.0, 5.0), 44_100.0, &[512]);
    for (name, hear) in [("beats", beats as Hear), ("tags", tags)] {
        let (expected, _) = hear(&song, &Runtime::Embedded);
        let (heard, backend) = hear(&song, &gpu);
        assert_eq!(backend.refused, "", "{name}");
        assert_eq!(backend.device, "WebGPU", "{name}");
        let difference = largest_difference(&expected, &heard);
        eprintln!("{name}: {backend}, {} values, at most {difference:e} apart", heard.len());
        assert!(!heard.is_empty() && difference < TOLERANCE, "{name}: {difference} apart");
    }
}

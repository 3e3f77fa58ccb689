//! Models: the shipped one runs, streams and agrees between backends; broken ones are refused.

mod support;

use listener::{
    Activations, BeatNet, DecoderSettings, Error, FeatureSpec, LaneFrame, MelFrame, Runtime,
};
use support::{frames, golden, largest_difference, music};
use tract_onnx::pb::{ModelProto, StringStringEntryProto};
use tract_onnx::prelude::Framework;

const MISSING: &str = "/nowhere/libonnxruntime.so";

fn model() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/beats.onnx");
    std::fs::read(path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn load(onnx: &[u8]) -> Result<BeatNet, Error> {
    BeatNet::from_bytes(onnx, &FeatureSpec::CURRENT, &Runtime::Embedded)
}

fn hear(net: &mut BeatNet, frames: &[MelFrame]) -> Vec<f32> {
    let mut state = net.new_state();
    frames.iter().flat_map(|frame| step(net, &mut state, frame)).collect()
}

fn step(net: &mut BeatNet, state: &mut listener::NetState, frame: &MelFrame) -> [f32; 3] {
    let mut lane = [LaneFrame { state, frame, out: Activations::default() }];
    net.step(&mut lane).expect("the model runs");
    let Activations { beat, downbeat, onset } = lane[0].out;
    [beat, downbeat, onset]
}

/// The model's file with its protobuf changed by `edit`.
fn edited(edit: impl FnOnce(&mut ModelProto)) -> Vec<u8> {
    let mut proto = tract_onnx::onnx()
        .proto_model_for_read(&mut std::io::Cursor::new(model()))
        .expect("the shipped model parses");
    edit(&mut proto);
    prost::Message::encode_to_vec(&proto)
}

fn refusal(onnx: &[u8]) -> String {
    load(onnx).err().expect("must be refused").to_string()
}

#[test]
fn lanes_in_a_batch_do_not_hear_each_other() {
    let mut net = load(&model()).expect("the shipped model loads");
    let songs = [
        frames(&music(44_100.0, 1.0), 44_100.0, &[512]),
        frames(&music(48_000.0, 2.0)[24_000..], 48_000.0, &[512]),
    ];
    let alone: Vec<Vec<f32>> = songs.iter().map(|song| hear(&mut net, song)).collect();
    let mut states = [net.new_state(), net.new_state()];
    let mut together = [Vec::new(), Vec::new()];
    for k in 0..50 {
        let mut lanes: Vec<LaneFrame<'_>> = states
            .iter_mut()
            .zip(&songs)
            .map(|(state, song)| LaneFrame { state, frame: &song[k], out: Activations::default() })
            .collect();
        net.step(&mut lanes).expect("the model runs");
        for (heard, lane) in together.iter_mut().zip(&lanes) {
            heard.extend([lane.out.beat, lane.out.downbeat, lane.out.onset]);
        }
    }
    for (alone, together) in alone.iter().zip(&together) {
        assert_eq!(&alone[..together.len()], &together[..]);
    }
}

#[test]
fn reset_equals_new_and_the_past_matters() {
    let mut net = load(&model()).expect("the shipped model loads");
    let song = frames(&music(44_100.0, 2.0), 44_100.0, &[512]);
    let mut state = net.new_state();
    let first: Vec<_> = song.iter().map(|frame| step(&mut net, &mut state, frame)).collect();
    let carried_on: Vec<_> = song.iter().map(|frame| step(&mut net, &mut state, frame)).collect();
    assert_ne!(first, carried_on);
    state.reset();
    let again: Vec<_> = song.iter().map(|frame| step(&mut net, &mut state, frame)).collect();
    assert_eq!(first, again);
}

#[test]
fn after_a_break_a_piece_is_heard_as_the_first_one_was() {
    let mut net = load(&model()).expect("the shipped model loads");
    let song = frames(&music(44_100.0, 2.0), 44_100.0, &[512]);
    let silence = MelFrame { at: listener::SamplePos(0), bins: [0.0; listener::BANDS] };
    // The first frames of the song may be silent, which is no part of it.
    let begin = song.iter().position(|frame| frame.bins.iter().sum::<f32>() > 20.0);
    let song = &song[begin.expect("music")..];
    let mut after = |frames: usize| {
        let mut state = net.new_state();
        let mut hear = |frame| step(&mut net, &mut state, frame);
        let first: Vec<_> = song.iter().map(&mut hear).collect();
        (0..frames).for_each(|_| assert!(hear(&silence).iter().all(|p| p.is_finite())));
        (first, song.iter().map(&mut hear).collect::<Vec<_>>())
    };
    let (first, again) = after(149);
    assert_ne!(first, again, "a pause parts nothing");
    let (first, again) = after(150);
    assert_eq!(first, again);
}

#[test]
fn onnx_runtime_agrees_with_the_embedded_backend() {
    let Some(library) = std::env::var_os("TATUM_ONNXRUNTIME").filter(|l| !l.is_empty()) else {
        let missing = Runtime::OnnxRuntime { library: MISSING.into(), providers: Vec::new() };
        let refused = BeatNet::from_bytes(&model(), &FeatureSpec::CURRENT, &missing);
        let text = refused.err().expect("must be refused").to_string();
        assert!(text.contains(MISSING), "{text}");
        eprintln!("skipped: TATUM_ONNXRUNTIME does not name an ONNX Runtime library");
        return;
    };
    let missing = Runtime::OnnxRuntime { library: MISSING.into(), providers: Vec::new() };
    assert!(BeatNet::from_bytes(&model(), &FeatureSpec::CURRENT, &missing).is_err());
    let runtime = Runtime::OnnxRuntime { library: library.into(), providers: Vec::new() };
    let mut other = BeatNet::from_bytes(&model(), &FeatureSpec::CURRENT, &runtime)
        .expect("the shipped model loads in ONNX Runtime");
    assert_eq!(other.backend().device, "CPU");
    let song = frames(&music(44_100.0, 3.0), 44_100.0, &[512]);
    let ours = hear(&mut load(&model()).expect("the shipped model loads"), &song);
    let difference = largest_difference(&ours, &hear(&mut other, &song));
    assert!(difference < 1e-4, "the backends differ by {difference}");
}

#[test]
fn files_that_are_no_model_are_refused() {
    assert!(refusal(b"").contains("empty"));
    assert!(refusal(b"RIFF....WAVE").contains("cannot be read"));
    let whole = model();
    for length in [10, whole.len() / 2, whole.len() - 1] {
        assert!(load(&whole[..length]).is_err(), "truncated to {length} bytes");
    }
}

#[test]
fn another_feature_spec_is_refused_with_both_values() {
    let other = edited(|proto| {
        for entry in proto.metadata_props.iter_mut().filter(|e| e.key == "feature_spec") {
            let spec = FeatureSpec { hop_s: 0.01, ..FeatureSpec::CURRENT };
            entry.value = serde_json::to_string(&spec).expect("serialises");
        }
    });
    let text = refusal(&other);
    assert!(text.contains("hop_s = 0.01") && text.contains("hop_s = 0.02"), "{text}");
    let none = edited(|proto| proto.metadata_props.clear());
    assert!(refusal(&none).contains("feature_spec"));
}

/// The shipped model with `text` as its decoder settings.
fn decoded_by(text: &str) -> Vec<u8> {
    edited(|proto| {
        proto.metadata_props.retain(|entry| entry.key != "decoder");
        proto
            .metadata_props
            .push(StringStringEntryProto { key: "decoder".into(), value: text.into() });
    })
}

#[test]
fn damaged_decoder_settings_are_refused_by_name() {
    DecoderSettings::default().check().expect("the default is sound");
    assert!(load(&decoded_by(r#"{"beat_trust": 0.7}"#)).is_ok());
    let fields = serde_json::to_value(DecoderSettings::default()).expect("serialises");
    for field in fields.as_object().expect("settings").keys() {
        for value in ["-1000", "1e39"] {
            let text = refusal(&decoded_by(&format!(r#"{{"{field}": {value}}}"#)));
            assert!(text.contains(&format!("{field} is ")) && text.contains(" to "), "{text}");
        }
    }
    assert!(refusal(&decoded_by("{")).contains("do not parse"));
}

#[test]
fn another_interface_is_refused_by_the_tensor_s_name() {
    let renamed = edited(|proto| {
        if let Some(graph) = proto.graph.as_mut() {
            graph.input[0].name = "spectrogram".into();
        }
    });
    assert!(refusal(&renamed).contains("mel"), "{}", refusal(&renamed));
}

#[test]
fn golden_activations() {
    let mut net = load(&model()).expect("the shipped model loads");
    let heard = hear(&mut net, &frames(&music(44_100.0, 2.0), 44_100.0, &[512]));
    golden("activations", &heard, |expected, heard| {
        let difference = largest_difference(expected, heard);
        assert!(
            difference < 1e-3,
            "activations differ by {difference}; a new model needs new golden files"
        );
    });
}

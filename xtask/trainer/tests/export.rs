//! The exported model, run by another engine, is the trainer's network.

use listener::{Activations, BANDS, BeatNet, FeatureSpec, LaneFrame, MelFrame, Runtime, SamplePos};
use prost::Message;
use tract_onnx::prelude::*;
use trainer::export::{Provenance, onnx_bytes, rounded};
use trainer::net::{BeatShape, CONTEXT, Network, OUTPUTS, Shard, State, random_parameters};

const TIME: usize = 40;
const BATCH: usize = 2;

/// Features of no music in particular: between 0 and 3, as the ear's are.
fn mel() -> Vec<f32> {
    (0..BATCH * TIME * BANDS).map(|i| ((i * 2_654_435_761) % 1000) as f32 / 333.0).collect()
}

fn params(shape: &BeatShape) -> Vec<f32> {
    voice(shape, 7)
}

fn voice(shape: &BeatShape, seed: u64) -> Vec<f32> {
    // Larger than at the start of training, so that the gates leave their linear range.
    let params: Vec<f32> = random_parameters(shape, seed).into_iter().map(|p| 1.5 * p).collect();
    rounded(&params)
}

/// Our own forward pass: [batch, time, outputs], the mean of the voices' logits after the sigmoid.
fn ours(shape: &BeatShape, params: &[f32]) -> Vec<f32> {
    let voices = params.chunks_exact(shape.layout().len);
    let share = 1.0 / voices.len() as f32;
    let mut mean = vec![0.0; TIME * BATCH * OUTPUTS];
    for voice in voices {
        let mut shard = Shard::default();
        let net = Network::new(shape, voice);
        shard.forward(&net, &mel(), &mut State::new(shape, BATCH), None);
        mean.iter_mut().zip(&shard.logits).for_each(|(mean, z)| *mean += share * z);
    }
    let mut out = vec![0.0; mean.len()];
    for (row, logits) in mean.chunks_exact(OUTPUTS).enumerate() {
        let (time, lane) = (row / BATCH, row % BATCH);
        for (o, z) in logits.iter().enumerate() {
            out[(lane * TIME + time) * OUTPUTS + o] = 1.0 / (1.0 + (-z).exp());
        }
    }
    out
}

/// The exported model by tract, `step` frames at a time with the state handed on.
fn theirs(shape: &BeatShape, params: &[f32], step: usize) -> TractResult<Vec<f32>> {
    let bytes = onnx_bytes(shape, params, &Provenance::default()).expect("export");
    let model = tract_onnx::onnx()
        .model_for_read(&mut bytes.as_slice())?
        .into_optimized()?
        .into_runnable()?;
    let mel = Tensor::from_shape(&[BATCH, TIME, BANDS], &mel())?;
    let state = Tensor::zero::<f32>(&[
        params.len() / shape.layout().len * shape.layers,
        BATCH,
        shape.hidden,
    ])?;
    let mut carried =
        [Tensor::zero::<f32>(&[BATCH, CONTEXT, BANDS])?, state.clone(), state].map(TValue::from);
    let mut parts = Vec::new();
    for from in (0..TIME).step_by(step) {
        let [context, h, c] = carried;
        let now = mel.slice(1, from, from + step)?;
        let mut out = model.run(tvec![now.into(), context, h, c])?.into_iter();
        let mut next = || out.next().expect("four outputs");
        parts.push(next().into_tensor());
        carried = [next(), next(), next()];
    }
    let whole = Tensor::stack_tensors(1, &parts)?;
    Ok(whole.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())
}

fn assert_close(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    let largest = a.iter().zip(b).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(largest < 1e-5, "differs by {largest}");
}

/// What the ear hears with the exported model, `lanes` of them in one call: the same frames in each. Also
/// says what ran it.
fn heard(shape: &BeatShape, params: &[f32], lanes: usize) -> (Vec<Vec<Activations>>, String) {
    let bytes = onnx_bytes(shape, params, &Provenance::default()).expect("export");
    let mut net = BeatNet::from_bytes(&bytes, &FeatureSpec::CURRENT, &Runtime::Embedded)
        .expect("the ear takes it");
    let mut states: Vec<_> = (0..lanes).map(|_| net.new_state()).collect();
    let steps = mel()[..TIME * BANDS]
        .as_chunks::<BANDS>()
        .0
        .iter()
        .map(|&bins| {
            let frame = MelFrame { at: SamplePos(0), bins };
            let out = Activations::default();
            let mut step: Vec<_> =
                states.iter_mut().map(|state| LaneFrame { state, frame: &frame, out }).collect();
            net.step(&mut step).expect("a step");
            step.into_iter().map(|lane| lane.out).collect()
        })
        .collect();
    (steps, net.backend().engine.clone())
}

#[test]
fn the_ear_hears_the_same_on_its_own_kernels_with_any_number_of_lanes() {
    for (channels, features, hidden, layers) in
        [([16, 24], 64, 96, 2), ([8, 16], 24, 40, 1), ([8, 8], 32, 32, 3)]
    {
        let shape = BeatShape { channels, features, hidden, layers };
        let params = params(&shape);
        let (alone, engine) = heard(&shape, &params, 1);
        assert_eq!(engine, "embedded");
        for (heard, ours) in alone.iter().zip(ours(&shape, &params).chunks_exact(OUTPUTS)) {
            let Activations { beat, downbeat, onset } = heard[0];
            assert_close(&[beat, downbeat, onset], ours);
        }
        for lanes in [2, 3, 65] {
            let (together, _) = heard(&shape, &params, lanes);
            let same = |(all, one): (&Vec<_>, &Vec<_>)| all.iter().all(|heard| *heard == one[0]);
            assert!(together.iter().zip(&alone).all(same), "{lanes} lanes");
        }
    }
    let shape = BeatShape { channels: [8, 16], features: 24, hidden: 40, layers: 1 };
    let choir = [7, 8].map(|seed| voice(&shape, seed)).concat();
    assert_eq!(heard(&shape, &choir, 1).1, "embedded, tract 0.23", "no network of one voice");
}

#[test]
fn whole_sequence_agrees() -> TractResult<()> {
    let shape = BeatShape::default();
    assert_close(&ours(&shape, &params(&shape)), &theirs(&shape, &params(&shape), TIME)?);
    Ok(())
}

#[test]
fn frame_by_frame_agrees() -> TractResult<()> {
    let shape = BeatShape::default();
    assert_close(&ours(&shape, &params(&shape)), &theirs(&shape, &params(&shape), 1)?);
    Ok(())
}

#[test]
fn other_sizes_agree() -> TractResult<()> {
    let shape = BeatShape { channels: [8, 16], features: 32, hidden: 40, layers: 1 };
    assert_close(&ours(&shape, &params(&shape)), &theirs(&shape, &params(&shape), 8)?);
    Ok(())
}

#[test]
fn voices_are_averaged() -> TractResult<()> {
    let shape = BeatShape { channels: [8, 16], features: 32, hidden: 40, layers: 2 };
    let choir = [7, 8, 9].map(|seed| voice(&shape, seed)).concat();
    assert_close(&ours(&shape, &choir), &theirs(&shape, &choir, 1)?);
    Ok(())
}

#[test]
fn metadata_names_the_features() {
    let shape = BeatShape::default();
    let bytes = onnx_bytes(&shape, &params(&shape), &Provenance::default()).expect("export");
    let model = tract_onnx::pb::ModelProto::decode(bytes.as_slice()).expect("an ONNX file");
    let property = |key: &str| {
        let found = model.metadata_props.iter().find(|p| p.key == key);
        found.map(|p| p.value.clone()).unwrap_or_default()
    };
    assert_eq!(property("kind"), "beats");
    let spec: listener::FeatureSpec =
        serde_json::from_str(&property("feature_spec")).expect("feature settings");
    assert!(listener::FeatureSpec::CURRENT.require_same(&spec).is_ok());
}

//! The tag network in the operators of ONNX.
//!
//! Inputs `mel` [batch, block, bands], `context` [batch, 4 or 12, bands], `h` and `c` [2, batch, hidden];
//! outputs `tags` [batch, genres + instruments + 2], `context_out`, `h_out`, `c_out`.

use listener::{BANDS, TagSettings, Vocabulary};
use tract_onnx::pb;

use super::graph::Builder;
use super::node::{Size, declare, int, integers, ints};
use super::{Provenance, model, rounded};
use crate::net::{Pooling, TagShape, context, stages};
use anyhow::{Result, ensure};

/// The network as the bytes of an ONNX file, its parameters [`rounded`]; the same network gives the same
/// bytes.
///
/// # Errors
/// If the network does not pool by an LSTM, which is all the listener runs, or metadata cannot be
/// written as JSON.
pub fn tag_onnx_bytes(
    shape: &TagShape,
    params: &[f32],
    vocabulary: &Vocabulary,
    settings: &TagSettings,
    provenance: &Provenance,
) -> Result<Vec<u8>> {
    ensure!(shape.pooling == Pooling::Lstm, "only networks with an LSTM are exported");
    let more = [
        ("vocabulary", serde_json::to_string(vocabulary)?),
        ("tagging", serde_json::to_string(settings)?),
    ];
    model("tags", graph(shape, &rounded(params)), &more, provenance)
}

fn graph(shape: &TagShape, params: &[f32]) -> pb::GraphProto {
    let layout = shape.layout().base;
    let before = context(stages(layout.stem.len()));
    let mut b = Builder::new(params);
    b.push("Concat", &["context", "mel"], "frames", vec![int("axis", 1)]);
    b.slice("frames", 1, -(before as i64), i64::MAX, "context_out");
    b.constants.push(integers("channel", &[1]));
    b.push("Unsqueeze", &["frames", "channel"], "image", vec![]);
    let stem = b.stem("image", &layout.stem);
    b.push("Transpose", &[&stem], "by_time", vec![ints("perm", &[2, 0, 3, 1])]);
    b.constants.push(integers("flat", &[0, 0, layout.features.inputs as i64]));
    b.push("Reshape", &["by_time", "flat"], "rows", vec![]);
    b.dense("rows", "features", &layout.features, "features.raw");
    b.push("Elu", &["features.raw"], "features.out", vec![]);
    let (frames, blocks) = (&layout.lstm[0], &layout.lstm[1]);
    b.lstm("features.out", 0, frames, "units");
    // [block, batch, values] to one row per lane, which is a sequence of one for the second LSTM.
    let pools =
        ["features", "units"].map(|part| ["mean", "max"].map(|kind| format!("{part}.{kind}")));
    for (input, [mean, max]) in ["features.out", "units"].into_iter().zip(&pools) {
        for (op, name) in [("ReduceMean", mean), ("ReduceMax", max)] {
            b.push(op, &[input], name, vec![ints("axes", &[0]), int("keepdims", 1)]);
        }
    }
    let pools: Vec<&str> = pools.iter().flatten().map(String::as_str).collect();
    b.push("Concat", &pools, "pooled", vec![int("axis", 2)]);
    b.lstm("pooled", 1, blocks, "judgement");
    b.dense("judgement", "head", &layout.head, "logits");
    let (genres, mood) = (shape.genres as i64, (shape.genres + shape.instruments) as i64);
    b.slice("logits", 2, 0, genres, "genre.logits");
    b.slice("logits", 2, genres, mood, "instrument.logits");
    b.slice("logits", 2, mood, i64::MAX, "mood.logits");
    b.push("Softmax", &["genre.logits"], "genre", vec![int("axis", 2)]);
    b.push("Sigmoid", &["instrument.logits"], "instrument", vec![]);
    b.push("Tanh", &["mood.logits"], "mood", vec![]);
    let heads: &[&str] =
        if shape.instruments > 0 { &["genre", "instrument", "mood"] } else { &["genre", "mood"] };
    b.push("Concat", heads, "tags.by_time", vec![int("axis", 2)]);
    b.constants.push(integers("time", &[0]));
    b.push("Squeeze", &["tags.by_time", "time"], "tags", vec![]);
    for part in ["h_out", "c_out"] {
        let layers = [0, 1].map(|layer| format!("lstm{layer}.{part}"));
        b.push("Concat", &[&layers[0], &layers[1]], part, vec![int("axis", 0)]);
    }
    let batch = || Size::Free("batch");
    let context = |name| declare(name, &[batch(), Size::Is(before), Size::Is(BANDS)]);
    let state = |name| declare(name, &[Size::Is(2), batch(), Size::Is(shape.hidden)]);
    let mel = declare("mel", &[batch(), Size::Is(shape.block), Size::Is(BANDS)]);
    pb::GraphProto {
        node: b.nodes,
        name: "tags".to_owned(),
        initializer: b.constants,
        input: vec![mel, context("context"), state("h"), state("c")],
        output: vec![
            declare("tags", &[batch(), Size::Is(shape.outputs())]),
            context("context_out"),
            state("h_out"),
            state("c_out"),
        ],
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{TagNetwork, TagShard, judge, random_tag_parameters};
    use listener::{FeatureSpec, Runtime, TagNet};

    /// Three genres and two instruments by a stem of these channels.
    fn shape(channels: &[usize]) -> TagShape {
        TagShape {
            channels: channels.to_vec(),
            features: 24,
            hidden: 16,
            block: 50,
            pooling: Pooling::Lstm,
            genres: 3,
            instruments: 2,
        }
    }

    /// The embedded engine and, where `TATUM_ONNXRUNTIME` names its library, ONNX Runtime.
    fn runtimes() -> impl Iterator<Item = Runtime> {
        let library = std::env::var_os("TATUM_ONNXRUNTIME").filter(|library| !library.is_empty());
        let other = |library: std::ffi::OsString| Runtime::OnnxRuntime {
            library: library.into(),
            providers: Vec::new(),
        };
        std::iter::once(Runtime::Embedded).chain(library.map(other))
    }

    fn load(shape: &TagShape, params: &[f32], runtime: &Runtime) -> TagNet {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let vocabulary = Vocabulary {
            genres: words("rock jazz pop"),
            instruments: words("drums piano"),
            moods: Vec::new(),
        };
        let settings = TagSettings { smoothing_s: 60.0, ..TagSettings::default() };
        let bytes = tag_onnx_bytes(shape, params, &vocabulary, &settings, &Provenance::default())
            .expect("exported");
        let net = TagNet::from_bytes(&bytes, &FeatureSpec::CURRENT, runtime).expect("loads");
        assert_eq!(**net.vocabulary(), vocabulary);
        // On our kernels, which then say what tract says.
        let ours = if *runtime == Runtime::Embedded { "embedded" } else { "ONNX Runtime" };
        assert_eq!(net.backend().engine, ours);
        net
    }

    /// The `k`th frame of a lane.
    fn bins(lane: usize, k: usize) -> [f32; BANDS] {
        std::array::from_fn(|band| (((k + lane) * 7 + band * 3) % 13) as f32 / 8.0)
    }

    /// Two convolutions, or four.
    const STEMS: [&[usize]; 2] = [&[8, 16], &[8, 16, 24, 16]];

    #[test]
    fn the_listener_hears_what_the_trainer_heard() {
        for (channels, runtime) in STEMS
            .into_iter()
            .flat_map(|channels| runtimes().map(move |runtime| (channels, runtime)))
        {
            let shape = shape(channels);
            let params = rounded(&random_tag_parameters(&shape, 5));
            let mel: Vec<[f32; BANDS]> = (0..150).map(|k| bins(0, k)).collect();
            let mut shard = TagShard::default();
            shard.forward(&TagNetwork::new(&shape, &params), mel.as_flattened(), 1, None);
            let mut net = load(&shape, &params, &runtime);
            let mut ear = net.new_ear();
            let mut heard = Vec::new();
            for bins in &mel {
                if ear.push(bins) {
                    net.step(&mut [&mut ear]).expect("a step");
                    heard.push(*ear.tags());
                }
            }
            assert_eq!(heard.len(), 3);
            // Tags are a running mean, here a plain one: the mean of what the trainer's blocks say.
            let blocks: Vec<Vec<f32>> = shard
                .logits
                .chunks_exact(shape.outputs())
                .map(|logits| judge(&shape, logits))
                .collect();
            for (at, tags) in heard.iter().enumerate() {
                let moods = [tags.valence, tags.arousal];
                let got = [&tags.genre[..3], &tags.instrument[..2], &moods].concat();
                for (k, got) in got.iter().enumerate() {
                    let mean = blocks[..=at].iter().map(|b| b[k]).sum::<f32>() / (at + 1) as f32;
                    assert!((got - mean).abs() < 1e-4, "block {at}, output {k}: {got} {mean}");
                }
            }
        }
    }

    #[test]
    fn lanes_in_a_batch_do_not_hear_each_other() {
        for channels in STEMS {
            let shape = shape(channels);
            let mut net = load(&shape, &random_tag_parameters(&shape, 6), &Runtime::Embedded);
            let mut hear = |lanes: std::ops::Range<usize>| {
                let mut ears: Vec<_> = lanes.clone().map(|_| net.new_ear()).collect();
                for k in 0..150 {
                    let pushed =
                        ears.iter_mut().zip(lanes.clone()).map(|(e, lane)| e.push(&bins(lane, k)));
                    if pushed.filter(|whole| *whole).count() > 0 {
                        net.step(&mut ears.iter_mut().collect::<Vec<_>>()).expect("a step");
                    }
                }
                ears.iter().map(|ear| *ear.tags()).collect::<Vec<_>>()
            };
            let together = hear(0..5);
            for (lane, together) in together.iter().enumerate() {
                assert_eq!(hear(lane..lane + 1)[0], *together);
            }
            assert_ne!(together[0], together[1]);
        }
    }
}

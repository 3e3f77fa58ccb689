//! The trained network as an ONNX file, opset 17, with everything the listener must know of it.
//!
//! Inputs `mel` [batch, time, bands], `context` [batch, 4, bands], `h` and `c` [layers, batch, hidden];
//! outputs `activations` [batch, time, 3], `context_out`, `h_out`, `c_out`. Both `batch` and `time`
//! are free, and running frame by frame equals running the whole sequence.

mod graph;
mod import;
mod node;
mod tags;

use anyhow::{Context, Result};
use half::bf16;
use listener::{DecoderSettings, FeatureSpec};
use prost::Message;
use sha2::{Digest, Sha256};
use tract_onnx::pb;

use crate::hash::hex;
use crate::net::BeatShape;

pub use import::{parameters, tag_parameters};
pub use tags::tag_onnx_bytes;

/// What the file says about itself beside the network.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// Where the training run is described: a seed, steps, a card.
    pub trained: String,
}

/// The network as the bytes of an ONNX file, its parameters [`rounded`]; the same network gives the same
/// bytes.
///
/// # Errors
/// If the feature settings cannot be written as JSON.
pub fn onnx_bytes(shape: &BeatShape, params: &[f32], provenance: &Provenance) -> Result<Vec<u8>> {
    model("beats", graph::beats(shape, &rounded(params)), &[], provenance)
}

/// Parameters as they are exported: rounded to the upper half of a float (`bfloat16`). Scores are the same,
/// and whoever runs the network can read them from half the space.
#[must_use]
pub fn rounded(params: &[f32]) -> Vec<f32> {
    params.iter().map(|&x| bf16::from_f32(x).to_f32()).collect()
}

/// A file of this kind of network, with its metadata and `more` of it.
fn model(
    kind: &str,
    graph: pb::GraphProto,
    more: &[(&str, String)],
    provenance: &Provenance,
) -> Result<Vec<u8>> {
    let spec =
        serde_json::to_string(&FeatureSpec::CURRENT).context("writing the feature settings")?;
    let properties = [
        ("feature_spec", spec),
        ("kind", kind.to_owned()),
        ("model_version", env!("CARGO_PKG_VERSION").to_owned()),
        ("trained", provenance.trained.clone()),
    ];
    let entry =
        |(key, value): (&str, String)| pb::StringStringEntryProto { key: key.to_owned(), value };
    let model = pb::ModelProto {
        ir_version: 8,
        opset_import: vec![pb::OperatorSetIdProto { domain: String::new(), version: 17 }],
        producer_name: "tatum trainer".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph),
        metadata_props: properties.into_iter().chain(more.iter().cloned()).map(entry).collect(),
        ..Default::default()
    };
    Ok(model.encode_to_vec())
}

/// The model `onnx` with `decoder` as what decodes it best; otherwise unchanged.
///
/// # Errors
/// If `onnx` is not an ONNX file, or the settings cannot be written as JSON.
pub fn with_decoder(onnx: &[u8], decoder: &DecoderSettings) -> Result<Vec<u8>> {
    let mut model = pb::ModelProto::decode(onnx).context("is not an ONNX file")?;
    let value = serde_json::to_string(decoder).context("writing the decoder settings")?;
    model.metadata_props.retain(|entry| entry.key != "decoder");
    model.metadata_props.push(pb::StringStringEntryProto { key: "decoder".to_owned(), value });
    Ok(model.encode_to_vec())
}

/// SHA-256 of `bytes`, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

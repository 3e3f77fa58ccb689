//! The way back: parameters out of an exported model, so that a new one can be compared with it or begin with it.

use anyhow::{Context, Result, ensure};
use listener::{FeatureSpec, TagFile, Vocabulary};
use prost::Message;
use tract_onnx::pb;

use super::graph::prefix;
use crate::net::{BeatShape, Dense, KERNEL, Layout, Pooling, TagShape};

/// The sizes of a voice, and the parameters of all voices, of a model that [`onnx_bytes`](super::onnx_bytes) made.
///
/// # Errors
/// When `bytes` are not such a model, or its features are not those of this build.
pub fn parameters(bytes: &[u8]) -> Result<(BeatShape, Vec<f32>)> {
    let tensors = Tensors::read(bytes)?;
    let shape = BeatShape {
        channels: [tensors.size("conv0.weight", 0)?, tensors.size("conv1.weight", 0)?],
        features: tensors.size("features.bias", 0)?,
        hidden: tensors.size("lstm0.r", 2)?,
        layers: (0..).take_while(|layer| tensors.find(&format!("lstm{layer}.r")).is_ok()).count(),
    };
    shape.check()?;

    let length = shape.layout().len;
    let mut params = Vec::new();
    let mut voice = 0;
    while tensors.find(&format!("{}lstm0.r", prefix(voice))).is_ok() {
        params.resize((voice + 1) * length, 0.0);
        tensors.copy_voice(&prefix(voice), &shape.layout(), &mut params[voice * length..])?;
        voice += 1;
    }
    Ok((shape, params))
}

/// The sizes, the parameters and the words of a model that [`tag_onnx_bytes`](super::tag_onnx_bytes) made.
///
/// # Errors
/// When `bytes` are not such a model, or its features are not those of this build.
pub fn tag_parameters(bytes: &[u8]) -> Result<(TagShape, Vec<f32>, Vocabulary)> {
    let TagFile { block, vocabulary, .. } = TagFile::read(bytes)?;
    let tensors = Tensors::read(bytes)?;
    let convolutions = (0..).map(|index| tensors.size(&format!("conv{index}.weight"), 0));
    let shape = TagShape {
        channels: convolutions.map_while(Result::ok).collect(),
        features: tensors.size("features.bias", 0)?,
        hidden: tensors.size("lstm0.r", 2)?,
        block,
        pooling: Pooling::Lstm,
        genres: vocabulary.genres.len(),
        instruments: vocabulary.instruments.len(),
    };
    shape.check()?;
    let layout = shape.layout().base;
    let mut params = vec![0.0; layout.len];
    tensors.copy_voice("", &layout, &mut params)?;
    Ok((shape, params, vocabulary))
}

struct Tensors(Vec<pb::TensorProto>);

impl Tensors {
    /// Those of the model `bytes`, which must be of this build's features.
    fn read(bytes: &[u8]) -> Result<Self> {
        let model = pb::ModelProto::decode(bytes).context("it is not an ONNX file")?;
        let property = model.metadata_props.iter().find(|p| p.key == "feature_spec");
        let spec = &property.context("it does not name its features")?.value;
        FeatureSpec::CURRENT.require_same(&serde_json::from_str(spec)?)?;
        Ok(Self(model.graph.context("it has no graph")?.initializer))
    }

    fn size(&self, name: &str, axis: usize) -> Result<usize> {
        let dims = &self.find(name)?.dims;
        let dim = dims.get(axis).with_context(|| format!("{name} has {} axes", dims.len()))?;
        Ok(usize::try_from(*dim)?)
    }

    /// Copies the tensors whose names begin with `prefix`.
    fn copy_voice(&self, prefix: &str, layout: &Layout, params: &mut [f32]) -> Result<()> {
        for (index, dense) in layout.stem.iter().enumerate() {
            let name = format!("{prefix}conv{index}");
            let values = self.values(&format!("{name}.weight"), dense.weights.len())?;
            let channels = dense.inputs / (KERNEL * KERNEL);
            let weights = &mut params[dense.weights.clone()];
            for to in 0..dense.outputs {
                for from in 0..channels {
                    for tap in 0..KERNEL * KERNEL {
                        weights[(tap * channels + from) * dense.outputs + to] =
                            values[(to * channels + from) * KERNEL * KERNEL + tap];
                    }
                }
            }
            self.copy_bias(&name, dense, params)?;
        }
        for (name, dense) in [("features", &layout.features), ("head", &layout.head)] {
            let name = format!("{prefix}{name}");
            let values = self.values(&format!("{name}.weight"), dense.weights.len())?;
            params[dense.weights.clone()].copy_from_slice(&values);
            self.copy_bias(&name, dense, params)?;
        }
        for (index, layer) in layout.lstm.iter().enumerate() {
            let gates = layer.input.outputs;
            for (part, range) in [("w", &layer.input.weights), ("r", &layer.weights)] {
                let values = self.values(&format!("{prefix}lstm{index}.{part}"), range.len())?;
                let inputs = range.len() / gates;
                let weights = &mut params[range.clone()];
                for (gate, row) in values.chunks_exact(inputs).enumerate() {
                    row.iter()
                        .enumerate()
                        .for_each(|(i, &value)| weights[i * gates + gate] = value);
                }
            }
            let bias = self.values(&format!("{prefix}lstm{index}.b"), 2 * gates)?;
            params[layer.input.bias.clone()].copy_from_slice(&bias[..gates]);
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Result<&pb::TensorProto> {
        self.0
            .iter()
            .find(|tensor| tensor.name == name)
            .with_context(|| format!("it has no {name}"))
    }

    fn values(&self, name: &str, count: usize) -> Result<Vec<f32>> {
        let bytes = self.find(name)?.raw_data.as_chunks::<4>().0;
        ensure!(bytes.len() == count, "{name} holds {} numbers, not {count}", bytes.len());
        Ok(bytes.iter().map(|&value| f32::from_le_bytes(value)).collect())
    }

    fn copy_bias(&self, name: &str, dense: &Dense, params: &mut [f32]) -> Result<()> {
        let values = self.values(&format!("{name}.bias"), dense.outputs)?;
        params[dense.bias.clone()].copy_from_slice(&values);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tag_onnx_bytes;
    use crate::export::{Provenance, onnx_bytes, rounded};
    use crate::net::{random_parameters, random_tag_parameters};

    #[test]
    fn undoes_the_export() {
        let shape = BeatShape { channels: [8, 16], features: 24, hidden: 40, layers: 3 };
        let params = [9, 10].map(|seed| random_parameters(&shape, seed)).concat();
        let bytes = onnx_bytes(&shape, &params, &Provenance::default()).expect("exported");
        assert_eq!(parameters(&bytes).expect("imported"), (shape, rounded(&params)));
    }

    #[test]
    fn undoes_the_export_of_tags() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let (genres, instruments) = (words("rock jazz"), words("drums bass piano"));
        let vocabulary = Vocabulary { genres, instruments, moods: Vec::new() };
        let shape = TagShape {
            channels: vec![8, 16],
            features: 24,
            hidden: 16,
            block: 50,
            pooling: Pooling::Lstm,
            genres: 2,
            instruments: 3,
        };
        let params = random_tag_parameters(&shape, 4);
        let settings = listener::TagSettings::default();
        let bytes = tag_onnx_bytes(&shape, &params, &vocabulary, &settings, &Provenance::default())
            .expect("exported");
        let imported = tag_parameters(&bytes).expect("imported");
        assert_eq!(imported, (shape, rounded(&params), vocabulary));
    }

    #[test]
    fn refuses_what_is_not_a_model() {
        assert!(parameters(b"no model at all").is_err());
        assert!(parameters(&[]).is_err());
    }
}

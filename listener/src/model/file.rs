//! A beat model's file: an ONNX graph of a fixed interface, with its `FeatureSpec` in the metadata
//! (`feature_spec`) and, where it was fitted, what decodes its activations best (`decoder`).
//!
//! Inputs `mel [batch, time, bands]`, `context [batch, context, bands]`, `h` and `c`
//! `[layers, batch, hidden]`; outputs `activations [batch, time, 3]`, `context_out`, `h_out`, `c_out`.

use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dim;
use tract_onnx::pb::{ModelProto, ValueInfoProto, type_proto};
use tract_onnx::prelude::Framework;

use crate::{BANDS, DecoderSettings, Error, FeatureSpec};

/// Names of the inputs, in the order both backends feed them.
pub(crate) const INPUTS: [&str; 4] = ["mel", "context", "h", "c"];
/// Names of the outputs, in the order both backends read them.
pub(crate) const OUTPUTS: [&str; 4] = ["activations", "context_out", "h_out", "c_out"];

/// Largest size of a dimension that is believed: far more than any beat model has, far less than a
/// damaged file can claim.
const MOST: usize = 65_536;

/// Sizes of a model's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelShape {
    /// Frames the convolutions look back.
    pub context: usize,
    /// LSTM layers.
    pub layers: usize,
    /// Units of each LSTM layer.
    pub hidden: usize,
}

/// A parsed and checked model.
pub struct ModelFile {
    /// The features it was trained with.
    pub spec: FeatureSpec,
    /// Sizes of its state.
    pub shape: ModelShape,
    /// The decoder fitted to it; the default where it names none.
    pub decoder: DecoderSettings,
    pub(crate) proto: ModelProto,
}

impl ModelFile {
    /// Parses `onnx` and checks its metadata and interface. Nothing is run yet.
    ///
    /// # Errors
    /// [`Error::Model`] if it is no ONNX file or its metadata is missing or damaged, [`Error::Shape`]
    /// if an input or output is missing or of another shape.
    pub fn read(onnx: &[u8]) -> Result<Self, Error> {
        let unreadable = |reason: String| Error::Model { reason };
        if onnx.is_empty() {
            return Err(unreadable("the file is empty".into()));
        }
        let proto = tract_onnx::onnx()
            .proto_model_for_read(&mut std::io::Cursor::new(onnx))
            .map_err(|e| unreadable(format!("it is not a whole ONNX file ({})", e.root_cause())))?;
        let property = |key| proto.metadata_props.iter().find(|entry| entry.key == key);
        let spec = property("feature_spec")
            .ok_or_else(|| unreadable("its metadata has no feature_spec".into()))?;
        let spec = serde_json::from_str(&spec.value)
            .map_err(|e| unreadable(format!("its feature_spec does not parse ({e})")))?;
        let decoder: DecoderSettings = match property("decoder") {
            None => DecoderSettings::default(),
            Some(fitted) => serde_json::from_str(&fitted.value)
                .map_err(|e| unreadable(format!("its decoder settings do not parse ({e})")))?,
        };
        decoder
            .check()
            .map_err(|e| unreadable(format!("its decoder settings are damaged: {e}")))?;
        let graph = proto.graph.as_ref().ok_or_else(|| unreadable("it has no graph".into()))?;
        let shape = check_interface(&graph.input, &graph.output)?;
        Ok(Self { spec, shape, decoder, proto })
    }
}

/// Checks every tensor's name and fixed dimensions.
fn check_interface(
    inputs: &[ValueInfoProto],
    outputs: &[ValueInfoProto],
) -> Result<ModelShape, Error> {
    let context = Tensor::find(inputs, "context")?;
    let h = Tensor::find(inputs, "h")?;
    let shape = ModelShape {
        context: context.fixed(1, "[batch, context, bands]")?,
        layers: h.fixed(0, "[layers, batch, hidden]")?,
        hidden: h.fixed(2, "[layers, batch, hidden]")?,
    };
    let ModelShape { context, layers, hidden } = shape;
    let any = None;
    Tensor::find(inputs, "mel")?.expect(&[any, any, Some(BANDS)])?;
    Tensor::find(outputs, "activations")?.expect(&[any, any, Some(3)])?;
    for (tensors, name) in [(inputs, "context"), (outputs, "context_out")] {
        Tensor::find(tensors, name)?.expect(&[any, Some(context), Some(BANDS)])?;
    }
    for (tensors, name) in [(inputs, "h"), (inputs, "c"), (outputs, "h_out"), (outputs, "c_out")] {
        Tensor::find(tensors, name)?.expect(&[Some(layers), any, Some(hidden)])?;
    }
    Ok(shape)
}

/// A declared tensor; a dimension is `None` where the file leaves it open.
struct Tensor<'a> {
    name: &'a str,
    dims: Vec<Option<usize>>,
}

impl<'a> Tensor<'a> {
    fn find(tensors: &'a [ValueInfoProto], name: &str) -> Result<Self, Error> {
        let info = tensors.iter().find(|t| t.name == name).ok_or_else(|| Error::Shape {
            tensor: name.into(),
            found: "missing".into(),
            expected: "there".into(),
        })?;
        let shape = info.r#type.as_ref().and_then(|t| t.value.as_ref()).and_then(|value| {
            let type_proto::Value::TensorType(tensor) = value;
            tensor.shape.as_ref()
        });
        let dims = shape.map_or_else(Vec::new, |shape| {
            let fixed = |value: &Dim| match value {
                Dim::DimValue(n) => usize::try_from(*n).ok(),
                Dim::DimParam(_) => None,
            };
            shape.dim.iter().map(|d| d.value.as_ref().and_then(fixed)).collect()
        });
        Ok(Self { name: &info.name, dims })
    }

    /// The size of dimension `i`, which the file must fix.
    fn fixed(&self, i: usize, expected: &str) -> Result<usize, Error> {
        match self.dims.get(i) {
            Some(Some(n)) if (1..=MOST).contains(n) => Ok(*n),
            _ => Err(self.error(expected.into())),
        }
    }

    /// Checks the rank, and the dimensions that are `Some`.
    fn expect(&self, dims: &[Option<usize>]) -> Result<(), Error> {
        let agrees = |(found, wanted): (&Option<usize>, &Option<usize>)| match (found, wanted) {
            (Some(found), Some(wanted)) => found == wanted,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        if self.dims.len() == dims.len() && self.dims.iter().zip(dims).all(agrees) {
            Ok(())
        } else {
            Err(self.error(shape_text(dims)))
        }
    }

    fn error(&self, expected: String) -> Error {
        Error::Shape { tensor: self.name.into(), found: shape_text(&self.dims), expected }
    }
}

fn shape_text(dims: &[Option<usize>]) -> String {
    let dims: Vec<String> =
        dims.iter().map(|d| d.map_or_else(|| "any".into(), |n| n.to_string())).collect();
    format!("[{}]", dims.join(", "))
}

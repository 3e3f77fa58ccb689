//! A model's file: an ONNX graph of a fixed interface, with its `FeatureSpec` in the metadata
//! (`feature_spec`) and, where it was fitted, what decodes its activations best (`decoder`).
//!
//! Inputs `mel [batch, time, bands]`, `context [batch, context, bands]`, `h` and `c`
//! `[layers, batch, hidden]`; outputs one of its own (`activations [batch, time, 3]` of a beat model, `tags`
//! of a tag model) and `context_out`, `h_out`, `c_out`.

use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dim;
use tract_onnx::pb::{ModelProto, ValueInfoProto, type_proto};
use tract_onnx::prelude::Framework;

use serde::de::DeserializeOwned;

use crate::{BANDS, DecoderSettings, Error, FeatureSpec};

/// Names of the inputs, in the order both backends feed them.
pub(crate) const INPUTS: [&str; 4] = ["mel", "context", "h", "c"];

/// What a network of this house takes and gives in one step, beside its memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interface {
    /// Frames of `mel`.
    pub(crate) frames: usize,
    /// Name of the first output.
    pub(crate) output: &'static str,
    /// Values of the first output, per lane.
    pub(crate) width: usize,
}

impl Interface {
    /// Names of the outputs, in the order both backends read them.
    pub(crate) fn outputs(&self) -> [&'static str; 4] {
        [self.output, "context_out", "h_out", "c_out"]
    }
}

/// A checked graph, ready for an engine.
pub(crate) struct Graph {
    pub(crate) proto: ModelProto,
    pub(crate) interface: Interface,
    /// Sizes of its state.
    pub(crate) shape: ModelShape,
}

/// Largest size of a dimension that is believed: far more than any model has, far less than a
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

/// An ONNX file whose metadata can be asked, before its interface is checked.
pub(crate) struct Parsed {
    pub(crate) proto: ModelProto,
    /// The features it was trained with.
    pub(crate) spec: FeatureSpec,
}

impl Parsed {
    /// Parses `onnx`.
    ///
    /// # Errors
    /// [`Error::Model`] if it is no ONNX file or its feature settings are missing or damaged.
    pub(crate) fn read(onnx: &[u8]) -> Result<Self, Error> {
        if onnx.is_empty() {
            return Err(unreadable("the file is empty".into()));
        }
        let proto = tract_onnx::onnx()
            .proto_model_for_read(&mut std::io::Cursor::new(onnx))
            .map_err(|e| unreadable(format!("it is not a whole ONNX file ({})", e.root_cause())))?;
        let spec = setting(&proto, "feature_spec")?
            .ok_or_else(|| unreadable("its metadata has no feature_spec".into()))?;
        Ok(Self { proto, spec })
    }

    /// The metadata entry `key` as JSON, if it is there.
    ///
    /// # Errors
    /// [`Error::Model`] if it does not parse.
    pub(crate) fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        setting(&self.proto, key)
    }

    /// Frames of the input `mel`, which the file must fix.
    ///
    /// # Errors
    /// [`Error::Shape`] if it leaves them open.
    pub(crate) fn frames(&self) -> Result<usize, Error> {
        let inputs = self.proto.graph.as_ref().map_or(&[][..], |graph| &graph.input);
        Tensor::find(inputs, "mel")?.fixed(1, "[batch, frames, bands]")
    }

    /// Checks every tensor's name and fixed dimensions.
    ///
    /// # Errors
    /// [`Error::Shape`] if an input or output is missing or of another shape.
    pub(crate) fn graph(
        self,
        interface: Interface,
        dims: &[Option<usize>],
    ) -> Result<Graph, Error> {
        let graph =
            self.proto.graph.as_ref().ok_or_else(|| unreadable("it has no graph".into()))?;
        Tensor::find(&graph.output, interface.output)?.expect(dims)?;
        let shape = check_state(&graph.input, &graph.output)?;
        Ok(Graph { proto: self.proto, interface, shape })
    }
}

fn setting<T: DeserializeOwned>(proto: &ModelProto, key: &str) -> Result<Option<T>, Error> {
    let found = proto.metadata_props.iter().find(|entry| entry.key == key);
    let parse = |text: &str| {
        serde_json::from_str(text)
            .map_err(|e| unreadable(format!("its {key} settings do not parse ({e})")))
    };
    found.map(|entry| parse(&entry.value)).transpose()
}

pub(crate) fn unreadable(reason: String) -> Error {
    Error::Model { reason }
}

/// A parsed and checked beat model.
pub struct ModelFile {
    /// The features it was trained with.
    pub spec: FeatureSpec,
    /// Sizes of its state.
    pub shape: ModelShape,
    /// The decoder fitted to it; the default where it names none.
    pub decoder: DecoderSettings,
    pub(crate) graph: Graph,
}

impl ModelFile {
    /// Parses `onnx` and checks its metadata and interface. Nothing is run yet.
    ///
    /// # Errors
    /// [`Error::Model`] if it is no ONNX file or its metadata is missing or damaged, [`Error::Shape`]
    /// if an input or output is missing or of another shape.
    pub fn read(onnx: &[u8]) -> Result<Self, Error> {
        let parsed = Parsed::read(onnx)?;
        let decoder: DecoderSettings = parsed.setting("decoder")?.unwrap_or_default();
        decoder
            .check()
            .map_err(|e| unreadable(format!("its decoder settings are damaged: {e}")))?;
        let spec = parsed.spec.clone();
        let interface = Interface { frames: 1, output: "activations", width: 3 };
        let graph = parsed.graph(interface, &[None, None, Some(3)])?;
        Ok(Self { spec, shape: graph.shape, decoder, graph })
    }
}

/// Checks the tensors that all networks have.
fn check_state(inputs: &[ValueInfoProto], outputs: &[ValueInfoProto]) -> Result<ModelShape, Error> {
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

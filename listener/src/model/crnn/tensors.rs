//! The tensors of a graph, and the sizes of its pools, by the names that the trainer's export gives them.

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

use super::layers::{Dense, Lstm, Pool};

/// All values of a tensor of floats, of which there are some.
pub(in crate::model) fn floats(tensor: &TensorProto) -> Option<Vec<f32>> {
    let (values, rest) = tensor.raw_data.as_chunks::<4>();
    let whole = tensor.data_type == DataType::Float as i32 && rest.is_empty() && !values.is_empty();
    whole.then(|| values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}

pub(super) struct Tensors<'a>(&'a GraphProto);

impl<'a> Tensors<'a> {
    pub(super) fn of(graph: &'a GraphProto) -> Self {
        Self(graph)
    }

    fn find(&self, name: &str) -> Option<&'a TensorProto> {
        self.0.initializer.iter().find(|tensor| tensor.name == name)
    }

    /// All values of a tensor of floats.
    pub(super) fn floats(&self, name: &str) -> Option<Vec<f32>> {
        self.find(name).and_then(floats)
    }

    /// The one value of a tensor of integers.
    pub(super) fn integer(&self, name: &str) -> Option<usize> {
        let tensor = self.find(name).filter(|tensor| tensor.data_type == DataType::Int64 as i32)?;
        let value = i64::from_le_bytes(tensor.raw_data.as_slice().try_into().ok()?);
        usize::try_from(value).ok()
    }

    /// The sizes of the max-pool `name` over frames and bands.
    pub(super) fn pool(&self, name: &str) -> Option<Pool> {
        let is_pool = |node: &&NodeProto| node.name == name && node.op_type == "MaxPool";
        let node = self.0.node.iter().find(is_pool)?;
        let kernel = node.attribute.iter().find(|a| a.name == "kernel_shape")?;
        let &[frames, bands] = &kernel.ints[..] else { return None };
        Some(Pool { frames: frames.try_into().ok()?, bands: bands.try_into().ok()? })
    }

    pub(super) fn dense(&self, name: &str) -> Option<Dense> {
        let weights = self.floats(&format!("{name}.weight"))?;
        let bias = self.floats(&format!("{name}.bias"))?;
        weights.len().is_multiple_of(bias.len()).then(|| Dense::new(&weights, bias))
    }

    pub(super) fn lstm(&self, layer: usize) -> Option<Lstm> {
        let of = |part: &str| self.floats(&format!("lstm{layer}.{part}"));
        let (input, recurrent, biases) = (of("w")?, of("r")?, of("b")?);
        // ONNX has a bias for each of the two.
        let (of_input, of_recurrent) = biases.split_at(biases.len() / 2);
        let bias: Vec<f32> = of_input.iter().zip(of_recurrent).map(|(a, b)| a + b).collect();
        let (gates, hidden) = (bias.len(), bias.len() / 4);
        let fits = gates > 0
            && biases.len() == 2 * gates
            && gates == 4 * hidden
            && input.len().is_multiple_of(gates)
            && recurrent.len() == gates * hidden;
        fits.then(|| Lstm::new(&input, &recurrent, bias))
    }
}

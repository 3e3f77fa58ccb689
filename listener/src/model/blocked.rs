//! The same network in the operators that ONNX Runtime has fast code for on a processor.
//!
//! There images lie in blocks of sixteen channels, and any other number of them is carried back and forth; the
//! exponentials of an `Elu` are taken one by one, those of an `Exp` side by side; and channels that become the
//! last axis are moved one by one. For many lanes in a call these cost more than an LSTM. On a GPU they do not, so
//! that there the graph stays as it is.

use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};

/// Channels of a block.
const BLOCK: usize = 16;

/// `model` as an ONNX file for the processor. What is not known here stays as it is.
pub(super) fn blocked(model: &ModelProto) -> Vec<u8> {
    let mut model = model.clone();
    if let Some(graph) = &mut model.graph {
        for index in 0..graph.node.len() {
            fill_blocks(graph, index);
            keep_channels_first(graph, index);
        }
        unroll_elus(graph);
    }
    model.encode_to_vec()
}

/// Where the convolution at `index` leads to another, gives it channels of zeros up to a whole block.
fn fill_blocks(graph: &mut GraphProto, index: usize) -> Option<()> {
    let node = convolution(graph, index)?;
    let [_, weights, bias] = &node.input[..] else { return None };
    let mut ahead = only_user(graph, &node.output[0])?;
    while ["MaxPool", "Elu"].contains(&graph.node[ahead].op_type.as_str()) {
        ahead = only_user(graph, &graph.node[ahead].output[0])?;
    }
    let next = &convolution(graph, ahead)?.input[1];
    let [weights, bias, next] = [weights, bias, next].map(|name| own_constant(graph, name));
    let (weights, bias, next) = (weights?, bias?, next?);
    let channels = Floats::read(&graph.initializer[bias])?;
    let count = channels.values.len();
    let whole = count.next_multiple_of(BLOCK);

    let widen =
        |at: usize, axis: usize| Floats::read(&graph.initializer[at])?.widened(axis, count, whole);
    let widened = [(bias, widen(bias, 0)?), (weights, widen(weights, 0)?), (next, widen(next, 1)?)];
    for (at, floats) in widened {
        floats.write(&mut graph.initializer[at]);
    }
    Some(())
}

/// A product of `[time, batch, bands, channels]` becomes the same of `[time, batch, channels, bands]`, which
/// for one frame is how they lie already.
fn keep_channels_first(graph: &mut GraphProto, index: usize) -> Option<()> {
    let node = &graph.node[index];
    let turn = node.attribute.iter().position(|a| a.ints == [2, 0, 3, 1])?;
    let reshape = only_user(graph, &node.output[0])?;
    let product = only_user(graph, &graph.node[reshape].output[0])?;
    let ops = [index, reshape, product].map(|at| graph.node[at].op_type.as_str());
    if ops != ["Transpose", "Reshape", "MatMul"] {
        return None;
    }
    let matrix = own_constant(graph, graph.node[product].input.get(1)?)?;
    let floats = Floats::read(&graph.initializer[matrix])?;
    let &[rows, columns] = &floats.dims[..] else { return None };
    // The last axis holds all channels of all bands, and the first two are left alone.
    let shape = constant(graph, graph.node[reshape].input.get(1)?)?;
    let wanted: Vec<u8> = [0, 0, rows as i64].iter().flat_map(|size| size.to_le_bytes()).collect();
    if graph.initializer[shape].raw_data != wanted {
        return None;
    }
    let mut behind = maker(graph, &node.input[0])?;
    while ["MaxPool", "Elu"].contains(&graph.node[behind].op_type.as_str()) {
        behind = maker(graph, &graph.node[behind].input[0])?;
    }
    let weights = constant(graph, &convolution(graph, behind)?.input[1])?;
    let channels = usize::try_from(*graph.initializer[weights].dims.first()?).ok()?;
    let bands = rows.checked_div(channels).filter(|bands| bands * channels == rows)?;

    let row = |channel: usize, band: usize| (band * channels + channel) * columns;
    let values = (0..rows)
        .map(|at| row(at / bands, at % bands))
        .flat_map(|from| floats.values[from..from + columns].iter().copied())
        .collect();
    Floats { dims: floats.dims, values }.write(&mut graph.initializer[matrix]);
    graph.node[index].attribute[turn].ints = vec![2, 0, 1, 3];
    Some(())
}

/// Every `Elu` before a convolution, as `max(x, exp(min(x, 0)) - 1)`.
fn unroll_elus(graph: &mut GraphProto) {
    let before_convolution = |node: &NodeProto| {
        let user = node.output.first().and_then(|output| only_user(graph, output));
        node.op_type == "Elu"
            && node.attribute.is_empty()
            && user.is_some_and(|user| graph.node[user].op_type == "Conv")
    };
    let chosen: Vec<bool> = graph.node.iter().map(before_convolution).collect();
    if !chosen.contains(&true) {
        return;
    }
    let [zero, one] = ["blocked.zero", "blocked.one"];
    for (name, value) in [(zero, 0.0), (one, 1.0)] {
        let mut scalar = TensorProto { name: name.to_owned(), ..TensorProto::default() };
        Floats { dims: Vec::new(), values: vec![value] }.write(&mut scalar);
        graph.initializer.push(scalar);
    }
    let nodes = std::mem::take(&mut graph.node).into_iter().zip(chosen);
    graph.node = nodes
        .flat_map(|(node, chosen)| {
            if !chosen {
                return vec![node];
            }
            let (x, y) = (&node.input[0], &node.output[0]);
            let [low, power, less] =
                ["low", "power", "less"].map(|part| format!("{y}.blocked.{part}"));
            vec![
                operator("Min", [x, zero], &low),
                operator("Exp", [&low], &power),
                operator("Sub", [&power, one], &less),
                operator("Max", [x, &less], y),
            ]
        })
        .collect();
}

fn operator<const N: usize>(op: &str, inputs: [&str; N], output: &str) -> NodeProto {
    NodeProto {
        op_type: op.to_owned(),
        name: output.to_owned(),
        input: inputs.map(str::to_owned).to_vec(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    }
}

/// The node at `index`, if it is a plain convolution.
fn convolution(graph: &GraphProto, index: usize) -> Option<&NodeProto> {
    let plain =
        |a: &AttributeProto| a.name == "kernel_shape" && a.r#type == AttributeType::Ints as i32;
    let node = &graph.node[index];
    let is_plain = node.op_type == "Conv" && node.attribute.iter().all(plain);
    (is_plain && node.input.len() > 1 && node.output.len() == 1).then_some(node)
}

/// The node that makes `tensor`.
fn maker(graph: &GraphProto, tensor: &str) -> Option<usize> {
    graph.node.iter().position(|node| node.output.iter().any(|output| output == tensor))
}

/// The one node that uses `tensor`, if nobody else does.
fn only_user(graph: &GraphProto, tensor: &str) -> Option<usize> {
    let uses = |node: &NodeProto| node.input.iter().filter(|input| *input == tensor).count();
    let left = graph.output.iter().any(|output| output.name == tensor);
    let all: usize = graph.node.iter().map(uses).sum();
    (all == 1 && !left).then(|| graph.node.iter().position(|node| uses(node) == 1))?
}

fn constant(graph: &GraphProto, name: &str) -> Option<usize> {
    graph.initializer.iter().position(|tensor| tensor.name == name)
}

/// The constant `name`, if one node alone uses it.
fn own_constant(graph: &GraphProto, name: &str) -> Option<usize> {
    only_user(graph, name).and_then(|_| constant(graph, name))
}

/// A tensor of floats.
struct Floats {
    dims: Vec<usize>,
    values: Vec<f32>,
}

impl Floats {
    fn read(tensor: &TensorProto) -> Option<Self> {
        let (values, rest) = tensor.raw_data.as_chunks::<4>();
        let values: Vec<f32> = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
        let dims = tensor.dims.iter().map(|size| usize::try_from(*size).ok());
        let dims: Vec<usize> = dims.collect::<Option<_>>()?;
        let whole = tensor.data_type == DataType::Float as i32
            && rest.is_empty()
            && dims.iter().product::<usize>() == values.len();
        whole.then_some(Self { dims, values })
    }

    /// With zeros added to `axis`, `from` values wide, up to `to`.
    fn widened(mut self, axis: usize, from: usize, to: usize) -> Option<Self> {
        let size = self.dims.get_mut(axis).filter(|size| **size == from && from > 0)?;
        *size = to;
        let inner: usize = self.dims[axis + 1..].iter().product();
        let rows = self.values.chunks_exact(from * inner);
        let zeros = || std::iter::repeat_n(0.0, (to - from) * inner);
        self.values = rows.flat_map(|row| row.iter().copied().chain(zeros())).collect();
        Some(self)
    }

    fn write(&self, tensor: &mut TensorProto) {
        tensor.dims = self.dims.iter().map(|&size| size as i64).collect();
        tensor.data_type = DataType::Float as i32;
        tensor.raw_data = self.values.iter().flat_map(|value| value.to_le_bytes()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BeatNet, LaneFrame, ModelFile};
    use crate::{Activations, FeatureSpec, MelFrame, Runtime, SamplePos};

    const BEATS: &[u8] = include_bytes!("../../../models/beats.onnx");

    fn count(model: &[u8], op: &str) -> usize {
        let graph = ModelProto::decode(model).expect("a model").graph.expect("a graph");
        graph.node.iter().filter(|node| node.op_type == op).count()
    }

    #[test]
    fn says_the_same() {
        let file = ModelFile::read(BEATS).expect("a model");
        let blocked = blocked(&file.graph.proto);
        assert_eq!((count(BEATS, "Elu"), count(&blocked, "Elu")), (3, 2));
        let load = |onnx: &[u8]| {
            BeatNet::from_bytes(onnx, &FeatureSpec::CURRENT, &Runtime::Embedded).expect("it loads")
        };
        let (mut plain, mut turned) = (load(BEATS), load(&blocked));
        // It is no network of ours any more: `tract` takes it at its word.
        assert!(turned.backend().engine.contains("tract"));
        let (mut a, mut b) = (plain.new_state(), turned.new_state());
        for n in 0..40_i64 {
            let bins = std::array::from_fn(|band: usize| ((band as i64 + 7 * n) % 13) as f32 / 5.0);
            let frame = MelFrame { at: SamplePos(n), bins };
            let hear = |net: &mut BeatNet, state| {
                let mut lanes = [LaneFrame { state, frame: &frame, out: Activations::default() }];
                net.step(&mut lanes).expect("it runs");
                lanes[0].out
            };
            let (one, other) = (hear(&mut plain, &mut a), hear(&mut turned, &mut b));
            for (one, other) in [
                (one.beat, other.beat),
                (one.downbeat, other.downbeat),
                (one.onset, other.onset),
            ] {
                assert!((one - other).abs() < 1e-5, "frame {n}: {one} {other}");
            }
        }
    }
}

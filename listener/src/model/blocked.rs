//! The same network in the operators that ONNX Runtime has fast code for on a processor.
//!
//! There images lie in blocks of sixteen channels, and any other number of them is carried back and forth; the
//! exponentials of an `Elu` are taken one by one, those of an `Exp` side by side; and channels that become the
//! last axis are moved one by one. For many lanes in a call these cost more than an LSTM. On a GPU they do not, so
//! that there the graph stays as it is.

use super::file::INPUTS;
use crate::BANDS;
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
        leave_out_bands(graph);
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

/// Bands at the end, whose part the pools leave over, are not heard at all.
fn leave_out_bands(graph: &mut GraphProto) -> Option<()> {
    let from = |node: &NodeProto| node.input == [INPUTS[1], INPUTS[0]];
    let frames = graph.node.iter().position(|node| node.op_type == "Concat" && from(node))?;
    let frames = graph.node[frames].output[0].clone();
    let is_image =
        |node: &NodeProto| node.op_type == "Unsqueeze" && node.input.first() == Some(&frames);
    let image = graph.node.iter().position(is_image)?;

    // What every convolution takes off and every pool divides, forth and back again.
    let (mut at, mut steps) = (image, Vec::new());
    while let Some(next) = only_user(graph, &graph.node[at].output[0]) {
        let node = &graph.node[next];
        match node.op_type.as_str() {
            "Conv" => {
                let kernel = &convolution(graph, next)?.attribute.first()?.ints;
                steps.push(Step::Window(usize::try_from(*kernel.get(1)?).ok()?));
            }
            "MaxPool" => steps.push(Step::Pool(plain_pool(node)?)),
            "Transpose" => break,
            _ => {}
        }
        at = next;
    }
    let left = steps.iter().try_fold(BANDS, |bands, step| match step {
        Step::Window(size) => bands.checked_sub(size - 1),
        Step::Pool(size) => bands.checked_div(*size),
    })?;
    let heard = steps.iter().rev().fold(left, |bands, step| match step {
        Step::Window(size) => bands + size - 1,
        Step::Pool(size) => bands * size,
    });
    if steps.is_empty() || heard >= BANDS {
        return None;
    }
    let names = ["blocked.first", "blocked.end", "blocked.axis"];
    for (name, value) in names.into_iter().zip([0, heard as i64, 2]) {
        graph.initializer.push(TensorProto {
            name: name.to_owned(),
            dims: vec![1],
            data_type: DataType::Int64 as i32,
            raw_data: value.to_le_bytes().to_vec(),
            ..TensorProto::default()
        });
    }
    let [first, end, axis] = names;
    let kept = "blocked.frames";
    graph.node[image].input[0] = kept.to_owned();
    graph.node.insert(image, operator("Slice", [&frames, first, end, axis], kept));
    Some(())
}

/// What happens to the bands of an image.
enum Step {
    Window(usize),
    Pool(usize),
}

/// How many bands become one, if nothing else happens.
fn plain_pool(node: &NodeProto) -> Option<usize> {
    let size = usize::try_from(*node.attribute.first()?.ints.get(1)?).ok()?;
    let same = |a: &AttributeProto| {
        ["kernel_shape", "strides"].contains(&a.name.as_str()) && a.ints == [1, size as i64]
    };
    (node.attribute.len() == 2 && node.attribute.iter().all(same)).then_some(size)
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
                operator("Clip", [x, "", zero], &low),
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
    use super::super::Parsed;
    use super::blocked;
    use crate::{
        Activations, BANDS, BeatNet, FeatureSpec, LaneFrame, MelFrame, Runtime, SamplePos, TagNet,
    };

    const BEATS: &[u8] = include_bytes!("../../../models/beats.onnx");
    const TAGS: &[u8] = include_bytes!("../../../models/tags.onnx");

    fn turned(onnx: &[u8]) -> Vec<u8> {
        blocked(&Parsed::read(onnx).expect("a model").proto)
    }

    fn count(onnx: &[u8], op: &str) -> usize {
        let graph = Parsed::read(onnx).expect("a model").proto.graph.expect("a graph");
        graph.node.iter().filter(|node| node.op_type == op).count()
    }

    fn bins(n: i64) -> [f32; BANDS] {
        std::array::from_fn(|band| ((band as i64 + 7 * n) % 13) as f32 / 5.0)
    }

    #[test]
    fn beats_stay_what_they_are() {
        let other = turned(BEATS);
        assert_eq!((count(BEATS, "Elu"), count(&other, "Elu")), (3, 2));
        assert_eq!(count(&other, "Slice"), count(BEATS, "Slice") + 1, "60 of 64 bands matter");
        let load = |onnx: &[u8]| {
            BeatNet::from_bytes(onnx, &FeatureSpec::CURRENT, &Runtime::Embedded).expect("it loads")
        };
        let (mut one, mut other) = (load(BEATS), load(&other));
        // It is no network of this house any more: `tract` takes it at its word.
        assert!(other.backend().engine.contains("tract"));
        let mut states = [one.new_state(), other.new_state()];
        for n in 0..40 {
            let frame = MelFrame { at: SamplePos(n), bins: bins(n) };
            let heard = [&mut one, &mut other].into_iter().zip(&mut states).map(|(net, state)| {
                let mut lane = [LaneFrame { state, frame: &frame, out: Activations::default() }];
                net.step(&mut lane).expect("it runs");
                [lane[0].out.beat, lane[0].out.downbeat, lane[0].out.onset]
            });
            let heard: Vec<_> = heard.collect();
            for (one, other) in heard[0].iter().zip(heard[1]) {
                assert!((one - other).abs() < 1e-5, "frame {n}: {one} {other}");
            }
        }
    }

    #[test]
    fn tags_stay_what_they_are() {
        let onnx = TAGS;
        let heard = [onnx.to_vec(), turned(onnx)].map(|onnx| {
            let mut net = TagNet::from_bytes(&onnx, &FeatureSpec::CURRENT, &Runtime::Embedded)
                .expect("it loads");
            let mut ear = net.new_ear();
            for n in 0..100 {
                if ear.push(&bins(n)) {
                    net.step(&mut [&mut ear]).expect("it runs");
                }
            }
            *ear.tags()
        });
        assert!(heard[0].heard_s > 0.0);
        for (one, other) in heard[0].genre.iter().zip(heard[1].genre) {
            assert!((one - other).abs() < 1e-5, "{one} {other}");
        }
    }
}

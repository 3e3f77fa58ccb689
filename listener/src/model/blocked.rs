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

use super::crnn::tensors::floats;
use super::file::INPUTS;
use crate::BANDS;

/// Channels of a block.
const BLOCK: usize = 16;

/// `model` as an ONNX file for the processor; none if nothing in it is known here.
pub(super) fn blocked(model: &ModelProto) -> Option<Vec<u8>> {
    let graph = model.graph.as_ref()?;
    // What the graphs inside a node use is not looked for.
    let holds_graph = |a: &AttributeProto| a.g.is_some() || !a.graphs.is_empty();
    if graph.node.iter().any(|node| node.attribute.iter().any(holds_graph)) {
        return None;
    }
    let mut model = model.clone();
    let graph = model.graph.as_mut()?;
    let mut changed = false;
    for index in 0..graph.node.len() {
        changed |= fill_blocks(graph, index).is_some();
        changed |= keep_channels_first(graph, index).is_some();
    }
    changed |= leave_out_bands(graph).is_some();
    changed |= decompose_elus(graph).is_some();
    changed.then(|| model.encode_to_vec())
}

/// Where the convolution at `index` leads to another, gives it channels of zeros up to a whole block.
fn fill_blocks(graph: &mut GraphProto, index: usize) -> Option<()> {
    let [_, weights, bias] = &convolution(graph, index)?.input[..] else { return None };
    let mut ahead = next(graph, index)?;
    while is_any(graph, ahead, &["MaxPool", "Elu"]) {
        ahead = next(graph, ahead)?;
    }
    let following = &convolution(graph, ahead)?.input[1];
    let [weights, bias, following] =
        [weights, bias, following].map(|name| own_constant(graph, name));
    let (weights, bias, following) = (weights?, bias?, following?);
    let count = Floats::read(&graph.initializer[bias])?.values.len();
    let whole = count.next_multiple_of(BLOCK);
    if whole == count {
        return None;
    }

    let widen =
        |at: usize, axis: usize| Floats::read(&graph.initializer[at])?.widened(axis, count, whole);
    let widened =
        [(bias, widen(bias, 0)?), (weights, widen(weights, 0)?), (following, widen(following, 1)?)];
    for (at, floats) in widened {
        floats.write(&mut graph.initializer[at]);
    }
    Some(())
}

/// A product of `[time, batch, bands, channels]` becomes the same of `[time, batch, channels, bands]`: to
/// transpose one frame then moves nothing.
fn keep_channels_first(graph: &mut GraphProto, index: usize) -> Option<()> {
    let turn = graph.node[index].attribute.iter().position(|a| a.ints == [2, 0, 3, 1])?;
    let reshape = next(graph, index)?;
    let product = next(graph, reshape)?;
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
    let mut behind = previous(graph, index)?;
    while is_any(graph, behind, &["MaxPool", "Elu"]) {
        behind = previous(graph, behind)?;
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

/// Bands at the end, whose part the pools leave over, are not heard at all. Where several voices hear the
/// frames, all are kept.
fn leave_out_bands(graph: &mut GraphProto) -> Option<()> {
    let joins = |node: &NodeProto| node.op_type == "Concat" && node.input == [INPUTS[1], INPUTS[0]];
    let frames = graph.node.iter().find(|node| joins(node))?.output.first()?.clone();
    let is_image =
        |node: &NodeProto| node.op_type == "Unsqueeze" && node.input.first() == Some(&frames);
    let image = graph.node.iter().position(is_image)?;

    // Bands that are left after every step, then bands that are needed for these.
    let mut steps = Vec::new();
    let mut at = image;
    while let Some(ahead) = next(graph, at) {
        match graph.node[ahead].op_type.as_str() {
            "Conv" => steps.push(Step::Window(window(convolution(graph, ahead)?)?)),
            "MaxPool" => steps.push(Step::Pool(plain_pool(&graph.node[ahead])?)),
            "Elu" => {}
            _ => break,
        }
        at = ahead;
    }
    let left = steps.iter().try_fold(BANDS, |bands, step| match step {
        Step::Window(size) => bands.checked_sub(size - 1),
        Step::Pool(size) => Some(bands / size),
    })?;
    let needed = steps.iter().rev().fold(left, |bands, step| match step {
        Step::Window(size) => bands + size - 1,
        Step::Pool(size) => bands * size,
    });
    if left == 0 || needed >= BANDS {
        return None;
    }
    let names = ["blocked.first", "blocked.end", "blocked.axis"];
    for (name, value) in names.into_iter().zip([0, needed as i64, 2]) {
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

/// Bands that a plain convolution sees at once.
fn window(convolution: &NodeProto) -> Option<usize> {
    let kernel = &convolution.attribute.first()?.ints;
    kernel.get(1).and_then(|size| usize::try_from(*size).ok()).filter(|size| *size > 0)
}

/// How many bands become one, if nothing else happens to them; frames may be pooled too.
fn plain_pool(node: &NodeProto) -> Option<usize> {
    let of = |name: &str| node.attribute.iter().find(|a| a.name == name).map(|a| &a.ints[..]);
    let (kernel, strides) = (of("kernel_shape")?, of("strides")?);
    let &[_, size] = kernel else { return None };
    let is_plain = node.attribute.len() == 2 && kernel == strides;
    usize::try_from(size).ok().filter(|size| is_plain && *size > 0)
}

/// Every `Elu` before a convolution, where there are many values, as `max(x, exp(min(x, 0)) - 1)`; of few
/// values more operators would cost more than they save.
fn decompose_elus(graph: &mut GraphProto) -> Option<()> {
    let is_chosen = |(index, node): (usize, &NodeProto)| {
        let weights = |ahead: usize| {
            let weights = constant(graph, &convolution(graph, ahead)?.input[1])?;
            Floats::read(&graph.initializer[weights])
        };
        node.op_type == "Elu"
            && node.attribute.is_empty()
            && node.input.len() == 1
            && next(graph, index).and_then(weights).is_some()
    };
    let chosen: Vec<bool> = graph.node.iter().enumerate().map(is_chosen).collect();
    if !chosen.contains(&true) {
        return None;
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
    Some(())
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

fn is_any(graph: &GraphProto, index: usize, ops: &[&str]) -> bool {
    ops.contains(&graph.node[index].op_type.as_str())
}

/// The node at `index`, if it is a plain convolution.
fn convolution(graph: &GraphProto, index: usize) -> Option<&NodeProto> {
    let plain =
        |a: &AttributeProto| a.name == "kernel_shape" && a.r#type == AttributeType::Ints as i32;
    let node = &graph.node[index];
    let is_plain = node.op_type == "Conv" && node.attribute.iter().all(plain);
    (is_plain && node.input.len() > 1).then_some(node)
}

/// The node after that at `index`: the only one that uses its only output. Nodes stand in the order of the
/// data's way; a file in which they do not is not walked in circles.
fn next(graph: &GraphProto, index: usize) -> Option<usize> {
    let [output] = &graph.node[index].output[..] else { return None };
    only_user(graph, output).filter(|user| *user > index)
}

/// The node before that at `index`: the one that makes its first input.
fn previous(graph: &GraphProto, index: usize) -> Option<usize> {
    let input = graph.node[index].input.first()?;
    let makes = |node: &NodeProto| node.output.iter().any(|output| output == input);
    graph.node.iter().position(makes).filter(|maker| *maker < index)
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
        let values = floats(tensor)?;
        let dims = tensor.dims.iter().map(|size| usize::try_from(*size).ok());
        let dims: Vec<usize> = dims.collect::<Option<_>>()?;
        let count = dims.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
        (count == Some(values.len())).then_some(Self { dims, values })
    }

    /// With zeros added to `axis`, `from` values wide, up to `to`.
    fn widened(mut self, axis: usize, from: usize, to: usize) -> Option<Self> {
        *self.dims.get_mut(axis).filter(|size| **size == from)? = to;
        let inner: usize = self.dims[axis + 1..].iter().product();
        if from * inner == 0 {
            return None;
        }
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
    use super::{AttributeProto, GraphProto, Message, ModelProto, blocked};
    use crate::{
        Activations, BANDS, BeatNet, FeatureSpec, LaneFrame, MelFrame, Runtime, SamplePos, TagNet,
    };

    const BEATS: &[u8] = include_bytes!("../../../models/beats.onnx");
    const TAGS: &[u8] = include_bytes!("../../../models/tags.onnx");

    fn turned(onnx: &[u8]) -> Vec<u8> {
        blocked(&Parsed::read(onnx).expect("a model").proto).expect("it knows our networks")
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
        let pairs = tags_pooling([2, 3]);
        for onnx in [TAGS, &pairs] {
            let other = turned(onnx);
            assert_eq!(count(&other, "Slice"), count(onnx, "Slice") + 1, "not all bands matter");
            let heard = [onnx, &other].map(|onnx| {
                let mut net = TagNet::from_bytes(onnx, &FeatureSpec::CURRENT, &Runtime::Embedded)
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

    /// The tag network with another pool over frames and bands after its second convolution.
    fn tags_pooling(sizes: [i64; 2]) -> Vec<u8> {
        let mut proto = Parsed::read(TAGS).expect("a model").proto;
        let nodes = &mut proto.graph.as_mut().expect("a graph").node;
        let pool = nodes.iter_mut().find(|node| node.name == "conv1.pool").expect("a pool");
        pool.attribute.iter_mut().for_each(|a| a.ints = sizes.to_vec());
        proto.encode_to_vec()
    }

    #[test]
    fn walks_no_circles_and_leaves_alone_what_it_does_not_know() {
        let mut proto = Parsed::read(BEATS).expect("a model").proto;
        let strange = |change: &dyn Fn(&mut GraphProto)| {
            let mut proto = proto.clone();
            change(proto.graph.as_mut().expect("a graph"));
            blocked(&proto).map(|file| {
                let graph = ModelProto::decode(&file[..]).expect("a file").graph.expect("a graph");
                let ops: Vec<String> = graph.node.into_iter().map(|node| node.op_type).collect();
                ["Slice", "Clip"].map(|op| ops.iter().filter(|other| *other == op).count())
            })
        };
        let slices = count(BEATS, "Slice");
        assert_eq!(strange(&|_| {}), Some([slices + 1, 1]));
        // In the middle of the stem an operator that may look at all bands.
        let softmax = |graph: &mut GraphProto| {
            let elu = graph.node.iter().position(|node| node.op_type == "Elu").expect("an ELU");
            graph.node[elu].op_type = "Softmax".to_owned();
        };
        assert_eq!(strange(&softmax), Some([slices, 0]), "the features alone");
        let circle = |graph: &mut GraphProto| {
            for node in graph.node.iter_mut().filter(|node| node.op_type != "Conv") {
                node.input.clone_from(&node.output);
            }
        };
        assert_eq!(strange(&circle), None);
        let bare = |graph: &mut GraphProto| {
            graph.node.iter_mut().for_each(|node| {
                node.output.clear();
                node.input.clear();
            });
        };
        assert_eq!(strange(&bare), None);
        let node = &mut proto.graph.as_mut().expect("a graph").node[0];
        node.attribute
            .push(AttributeProto { g: Some(GraphProto::default()), ..AttributeProto::default() });
        assert!(blocked(&proto).is_none(), "a graph within a node");
    }
}

//! The beat network in the operators of ONNX.

use listener::BANDS;
use tract_onnx::pb;

use super::node::{Size, declare, floats, int, integers, ints, node};
use crate::net::{BeatShape, CONTEXT, Dense, KERNEL, OUTPUTS, Recurrent, Stage, stages};

/// A graph in the making.
pub(super) struct Builder<'a> {
    /// Parameters of the voice at hand.
    params: &'a [f32],
    /// Where its first layer lies in `h` and `c`.
    first_layer: usize,
    /// What its names begin with.
    prefix: String,
    pub(super) nodes: Vec<pb::NodeProto>,
    pub(super) constants: Vec<pb::TensorProto>,
}

/// What the names of a voice begin with; those of the first are plain.
pub(super) fn prefix(voice: usize) -> String {
    if voice == 0 { String::new() } else { format!("voice{voice}.") }
}

impl<'a> Builder<'a> {
    /// An empty graph for a network with `params`.
    pub(super) fn new(params: &'a [f32]) -> Self {
        let (nodes, constants) = (vec![], vec![]);
        Self { params, first_layer: 0, prefix: String::new(), nodes, constants }
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(super) fn push(
        &mut self,
        op: &str,
        inputs: &[&str],
        output: &str,
        attributes: Vec<pb::AttributeProto>,
    ) {
        self.nodes.push(node(op, inputs, &[output], attributes));
    }

    /// All convolutions, from one channel [batch, 1, time, bands] to the last's; the name of what comes out.
    pub(super) fn stem(&mut self, input: &str, convolutions: &[Dense]) -> String {
        let mut image = input.to_owned();
        for (index, (dense, stage)) in
            convolutions.iter().zip(stages(convolutions.len())).enumerate()
        {
            let output = self.name(&format!("stem{index}"));
            self.stage(&image, index, dense, *stage, &output);
            image = output;
        }
        image
    }

    /// Convolution, pool over frames and bands, ELU: [batch, channels, time, bands] in and out.
    fn stage(&mut self, input: &str, index: usize, dense: &Dense, pool: Stage, output: &str) {
        let stage = self.name(&format!("conv{index}"));
        let (weights, bias) = (format!("{stage}.weight"), format!("{stage}.bias"));
        let channels = dense.inputs / (KERNEL * KERNEL);
        let rows = &self.params[dense.weights.clone()];
        // Ours is (frame, band, channel in) x channel out, theirs channel out, channel in, frame, band.
        let mut turned = Vec::with_capacity(rows.len());
        for to in 0..dense.outputs {
            for from in 0..channels {
                for tap in 0..KERNEL * KERNEL {
                    turned.push(rows[(tap * channels + from) * dense.outputs + to]);
                }
            }
        }
        self.constants.push(floats(&weights, &[dense.outputs, channels, KERNEL, KERNEL], &turned));
        self.constants.push(floats(&bias, &[dense.outputs], &self.params[dense.bias.clone()]));
        let (raw, pooled) = (stage.clone(), format!("{stage}.pool"));
        let kernel = [KERNEL as i64; 2];
        self.push("Conv", &[input, &weights, &bias], &raw, vec![ints("kernel_shape", &kernel)]);
        let pool = [pool.frames, pool.bands].map(|size| size as i64);
        let attributes = vec![ints("kernel_shape", &pool), ints("strides", &pool)];
        self.push("MaxPool", &[&raw], &pooled, attributes);
        self.push("Elu", &[&pooled], output, vec![]);
    }

    /// Matrix product and bias over the last axis.
    pub(super) fn dense(&mut self, input: &str, name: &str, dense: &Dense, output: &str) {
        let name = self.name(name);
        let (weights, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let matrix = &self.params[dense.weights.clone()];
        self.constants.push(floats(&weights, &[dense.inputs, dense.outputs], matrix));
        self.constants.push(floats(&bias, &[dense.outputs], &self.params[dense.bias.clone()]));
        let product = format!("{name}.product");
        self.push("MatMul", &[input, &weights], &product, vec![]);
        self.push("Add", &[&product, &bias], output, vec![]);
    }

    /// Part `from..to` of `axis`.
    pub(super) fn slice(&mut self, input: &str, axis: i64, from: i64, to: i64, output: &str) {
        let names = ["from", "to", "axis"].map(|part| format!("{output}.{part}"));
        for (name, value) in names.iter().zip([from, to, axis]) {
            self.constants.push(integers(name, &[value]));
        }
        self.push("Slice", &[input, &names[0], &names[1], &names[2]], output, vec![]);
    }

    /// [time, batch, inputs] -> [time, batch, hidden], with its part of `h` and `c`.
    pub(super) fn lstm(&mut self, input: &str, layer: usize, place: &Recurrent, output: &str) {
        let (inputs, hidden) = (place.input.inputs, place.input.outputs / 4);
        let transposed = |values: &[f32], rows: usize| -> Vec<f32> {
            (0..4 * hidden)
                .flat_map(|gate| (0..rows).map(move |row| values[row * 4 * hidden + gate]))
                .collect()
        };
        let params = self.params;
        let stage = self.name(&format!("lstm{layer}"));
        let [w, r, b] = ["w", "r", "b"].map(|part| format!("{stage}.{part}"));
        let input_weights = transposed(&params[place.input.weights.clone()], inputs);
        let recurrent = transposed(&params[place.weights.clone()], hidden);
        // ONNX has a bias for each matrix; one is enough.
        let mut bias = params[place.input.bias.clone()].to_vec();
        bias.resize(8 * hidden, 0.0);
        self.constants.push(floats(&w, &[1, 4 * hidden, inputs], &input_weights));
        self.constants.push(floats(&r, &[1, 4 * hidden, hidden], &recurrent));
        self.constants.push(floats(&b, &[1, 8 * hidden], &bias));
        let [h, c, y, h_out, c_out] =
            ["h", "c", "y", "h_out", "c_out"].map(|part| format!("{stage}.{part}"));
        let row = (self.first_layer + layer) as i64;
        self.slice("h", 0, row, row + 1, &h);
        self.slice("c", 0, row, row + 1, &c);
        self.nodes.push(node(
            "LSTM",
            &[input, &w, &r, &b, "", &h, &c],
            &[&y, &h_out, &c_out],
            vec![int("hidden_size", hidden as i64)],
        ));
        // [time, direction, batch, hidden]: there is one direction.
        let axis = format!("{stage}.direction");
        self.constants.push(integers(&axis, &[1]));
        self.push("Squeeze", &[&y, &axis], output, vec![]);
    }
}

/// The graph of the network with these parameters: one vector for each voice, one after the other.
/// Voices hear the same frames; their logits are averaged.
pub(super) fn beats(shape: &BeatShape, params: &[f32]) -> pb::GraphProto {
    let layout = shape.layout();
    let voices = params.len() / layout.len;
    let mut b = Builder::new(params);

    b.push("Concat", &["context", "mel"], "frames", vec![int("axis", 1)]);
    b.slice("frames", 1, -(CONTEXT as i64), i64::MAX, "context_out");
    b.constants.push(integers("channel", &[1]));
    b.push("Unsqueeze", &["frames", "channel"], "image", vec![]);
    b.constants.push(integers("flat", &[0, 0, layout.features.inputs as i64]));
    for (voice, params) in params.chunks_exact(layout.len).enumerate() {
        (b.params, b.first_layer, b.prefix) = (params, voice * shape.layers, prefix(voice));
        let [by_time, rows, raw, logits] =
            ["by_time", "rows", "features.raw", "logits"].map(|name| b.name(name));
        let stem = b.stem("image", &layout.stem);
        b.push("Transpose", &[&stem], &by_time, vec![ints("perm", &[2, 0, 3, 1])]);
        b.push("Reshape", &[&by_time, "flat"], &rows, vec![]);
        b.dense(&rows, "features", &layout.features, &raw);
        let mut sequence = b.name("sequence0");
        b.push("Elu", &[&raw], &sequence, vec![]);
        for layer in 0..shape.layers {
            let next = b.name(&format!("sequence{}", layer + 1));
            b.lstm(&sequence, layer, &layout.lstm[layer], &next);
            sequence = next;
        }
        b.dense(&sequence, "head", &layout.head, &logits);
    }
    let mut sum = "logits".to_owned();
    for voice in 1..voices {
        let next = format!("sum{voice}");
        b.push("Add", &[&sum, &format!("{}logits", prefix(voice))], &next, vec![]);
        sum = next;
    }
    if voices > 1 {
        b.constants.push(floats("share", &[1], &[1.0 / voices as f32]));
        b.push("Mul", &[&sum, "share"], "mean", vec![]);
        sum = "mean".to_owned();
    }
    b.push("Sigmoid", &[&sum], "activations.by_time", vec![]);
    b.push("Transpose", &["activations.by_time"], "activations", vec![ints("perm", &[1, 0, 2])]);
    for part in ["h_out", "c_out"] {
        let layers: Vec<String> = (0..voices * shape.layers)
            .map(|at| format!("{}lstm{}.{part}", prefix(at / shape.layers), at % shape.layers))
            .collect();
        let layers: Vec<&str> = layers.iter().map(String::as_str).collect();
        b.push("Concat", &layers, part, vec![int("axis", 0)]);
    }

    let batch = || Size::Free("batch");
    let context = |name| declare(name, &[batch(), Size::Is(CONTEXT), Size::Is(BANDS)]);
    let state =
        |name| declare(name, &[Size::Is(voices * shape.layers), batch(), Size::Is(shape.hidden)]);
    let over_time = |name, width| declare(name, &[batch(), Size::Free("time"), Size::Is(width)]);
    pb::GraphProto {
        node: b.nodes,
        name: "beats".to_owned(),
        initializer: b.constants,
        input: vec![over_time("mel", BANDS), context("context"), state("h"), state("c")],
        output: vec![
            over_time("activations", OUTPUTS),
            context("context_out"),
            state("h_out"),
            state("c_out"),
        ],
        ..Default::default()
    }
}

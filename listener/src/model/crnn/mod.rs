//! The networks of this house on our own kernels: all lanes in one call, each the same bits whoever is
//! beside it.
//!
//! A graph is recognised by the names of its tensors, as `cargo xtask train` writes them; whoever loads it
//! proves on frames of noise that it says what the graph says.

mod layers;
pub(super) mod tensors;

use layers::{Conv, Dense, GROUP, KERNEL, Lstm, sigmoid_all, softmax, statistics, tanh_all};
use tensors::Tensors;

use super::file::Graph;
use super::{Lane, ModelShape};
use crate::BANDS;
use crate::kernels::activation::elu_all;

/// Bands per pooled band, after each convolution.
const POOLS: [usize; 2] = [2, 3];
/// Frames before the first that the convolutions look back on.
const CONTEXT: usize = 2 * (KERNEL - 1);
/// Most rows (frames of all lanes) that are worked on at once: what lies between the layers then stays in
/// the cache.
const MOST_ROWS: usize = 64;

/// One network and the memory it works in.
pub(super) struct Crnn {
    convs: [Conv; 2],
    features: Dense,
    lstm: Vec<Lstm>,
    head: Dense,
    kind: Kind,
    /// Frames of each lane in a step.
    frames: usize,
    work: Work,
}

/// What the network says.
enum Kind {
    /// Activations of every frame.
    Beats,
    /// Tags of a block of frames: its LSTM over frames, pooled with the features, feeds one over blocks.
    Tags { genres: usize, instruments: usize },
}

/// What lies between the layers.
#[derive(Default)]
struct Work {
    /// One lane's frames after its context, `[context + frames, bands]`.
    image: Vec<f32>,
    /// The same after the first convolution.
    middle: Vec<f32>,
    /// After both, `[frames, lanes, values]`.
    rows: Vec<f32>,
    features: Vec<f32>,
    /// What goes into an LSTM layer, and what comes out.
    below: Vec<f32>,
    above: Vec<f32>,
    /// A layer's memory of all lanes.
    h: Vec<f32>,
    c: Vec<f32>,
    outputs: Vec<f32>,
}

impl Crnn {
    /// The network of `graph`, if its tensors are those of one.
    pub(super) fn read(graph: &Graph) -> Option<Self> {
        let ModelShape { context, layers, hidden } = graph.shape;
        let tensors = Tensors::of(&graph.proto)?;
        let mut bands = BANDS;
        let mut channels = 1;
        let convs = [0, 1].map(|index| {
            let bias = tensors.floats(&format!("conv{index}.bias"))?;
            let weights = tensors.floats(&format!("conv{index}.weight"))?;
            let fits = weights.len() == bias.len() * channels * KERNEL * KERNEL
                && bias.len().is_multiple_of(GROUP);
            let conv = fits.then(|| Conv::new(&weights, bias, bands, POOLS[index]))?;
            (bands, channels) = (conv.bands_out(), conv.width() / conv.bands_out());
            Some(conv)
        });
        let [Some(first), Some(second)] = convs else { return None };
        let features = tensors.dense("features")?;
        let lstm: Vec<Lstm> =
            (0..layers).map(|layer| tensors.lstm(layer)).collect::<Option<_>>()?;
        let head = tensors.dense("head")?;
        let kind = match graph.interface.output {
            "activations" => Kind::Beats,
            _ => {
                let genres = tensors.integer("genre.logits.to")?;
                let instruments = tensors.integer("instrument.logits.to")?.checked_sub(genres)?;
                Kind::Tags { genres, instruments }
            }
        };
        let fits = context == CONTEXT
            && features.inputs() == second.width()
            && lstm.first()?.inputs() == features.outputs()
            && lstm.iter().all(|layer| layer.hidden() == hidden)
            && head.inputs() == hidden
            && head.outputs() == graph.interface.width
            && match kind {
                Kind::Beats => lstm[1..].iter().all(|layer| layer.inputs() == hidden),
                Kind::Tags { genres, instruments } => {
                    layers == 2
                        && lstm[1].inputs() == 2 * (features.outputs() + hidden)
                        && head.outputs() == genres + instruments + 2
                }
            };
        let (convs, frames) = ([first, second], graph.interface.frames);
        let work = Work::default();
        fits.then_some(Self { convs, features, lstm, head, kind, frames, work })
    }

    /// One step of each of `lanes`.
    pub(super) fn step(&mut self, lanes: &mut [impl Lane]) {
        for lanes in lanes.chunks_mut((MOST_ROWS / self.frames).max(1)) {
            self.step_some(lanes);
        }
    }

    fn step_some(&mut self, lanes: &mut [impl Lane]) {
        let count = lanes.len();
        let Self { convs, features, lstm, head, kind, frames, work } = self;
        let frames = *frames;
        work.rows.resize(frames * count * features.inputs(), 0.0);
        for (b, lane) in lanes.iter_mut().enumerate() {
            work.stem(convs, lane, b, count);
        }
        work.features.resize(frames * count * features.outputs(), 0.0);
        features.apply(&work.rows, &mut work.features);
        elu_all(&mut work.features);
        work.below.clone_from(&work.features);
        for (index, layer) in lstm.iter_mut().enumerate() {
            if let (Kind::Tags { .. }, 1) = (&kind, index) {
                work.pool(count, features.outputs(), layer.hidden());
            }
            work.layer(layer, index, lanes);
        }
        work.outputs.resize(work.below.len() / head.inputs() * head.outputs(), 0.0);
        head.apply(&work.below, &mut work.outputs);
        match *kind {
            Kind::Beats => sigmoid_all(&mut work.outputs),
            Kind::Tags { genres, instruments } => {
                for outputs in work.outputs.chunks_exact_mut(head.outputs()) {
                    let (genre, rest) = outputs.split_at_mut(genres);
                    let (instrument, mood) = rest.split_at_mut(instruments);
                    softmax(genre);
                    sigmoid_all(instrument);
                    tanh_all(mood);
                }
            }
        }
        for (lane, outputs) in lanes.iter_mut().zip(work.outputs.chunks_exact(head.outputs())) {
            lane.hear(outputs);
        }
    }
}

/// What the first convolution made of a context, so that it hears every frame once. It follows from the
/// context alone: another engine may move that on without it.
#[derive(Debug, Clone, Default)]
pub(super) struct Middle {
    of: Vec<f32>,
    values: Vec<f32>,
}

/// It is no memory of its own.
impl PartialEq for Middle {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Middle {
    /// Writes what is known of `context` to the beginning of `middle`; says how many values that are.
    fn recall(&self, context: &[f32], middle: &mut [f32]) -> usize {
        if self.of != context {
            return 0;
        }
        middle[..self.values.len()].copy_from_slice(&self.values);
        self.values.len()
    }

    fn keep(&mut self, context: &[f32], values: &[f32]) {
        self.of.clear();
        self.of.extend_from_slice(context);
        self.values.clear();
        self.values.extend_from_slice(values);
    }
}

impl Work {
    /// Lane `b` of `count` through both convolutions; its context moves on.
    fn stem(&mut self, convs: &mut [Conv; 2], lane: &mut impl Lane, b: usize, count: usize) {
        let [first, second] = convs;
        self.image.clear();
        self.image.extend_from_slice(&lane.state().context);
        self.image.extend_from_slice(lane.mel());
        let kept = self.image.len() - CONTEXT * BANDS;
        let frames = kept / BANDS;
        let width = first.width();
        self.middle.resize((frames + KERNEL - 1) * width, 0.0);
        let state = lane.state();
        let known = state.middle.recall(&state.context, &mut self.middle);
        state.context.copy_from_slice(&self.image[kept..]);
        let windows = self.image.windows(KERNEL * BANDS).step_by(BANDS);
        let middle = self.middle.chunks_exact_mut(width);
        for (x, y) in windows.zip(middle).skip(known / width) {
            first.apply(x, y);
        }
        state.middle.keep(&state.context, &self.middle[frames * width..]);
        let windows = self.middle.windows(KERNEL * width).step_by(width);
        let rows = self.rows.chunks_exact_mut(second.width()).skip(b).step_by(count);
        for (x, y) in windows.zip(rows) {
            second.apply(x, y);
        }
    }

    /// What lies `below` through LSTM layer `index`, into its place.
    fn layer(&mut self, layer: &mut Lstm, index: usize, lanes: &mut [impl Lane]) {
        let hidden = layer.hidden();
        self.h.resize(lanes.len() * hidden, 0.0);
        self.c.resize(lanes.len() * hidden, 0.0);
        for (b, lane) in lanes.iter_mut().enumerate() {
            let (own, here) = (index * hidden..(index + 1) * hidden, b * hidden..(b + 1) * hidden);
            let state = lane.state();
            self.h[here.clone()].copy_from_slice(&state.h[own.clone()]);
            self.c[here].copy_from_slice(&state.c[own]);
        }
        self.above.resize(self.below.len() / layer.inputs() * hidden, 0.0);
        layer.apply(&self.below, &mut self.h, &mut self.c, &mut self.above);
        for (b, lane) in lanes.iter_mut().enumerate() {
            let (own, here) = (index * hidden..(index + 1) * hidden, b * hidden..(b + 1) * hidden);
            let state = lane.state();
            state.h[own.clone()].copy_from_slice(&self.h[here.clone()]);
            state.c[own].copy_from_slice(&self.c[here]);
        }
        std::mem::swap(&mut self.below, &mut self.above);
    }

    /// Mean and maximum of every feature and of every unit `below`, over the frames of each lane.
    fn pool(&mut self, count: usize, features: usize, hidden: usize) {
        self.above.resize(count * 2 * (features + hidden), 0.0);
        for (b, pooled) in self.above.chunks_exact_mut(2 * (features + hidden)).enumerate() {
            let (of_features, of_units) = pooled.split_at_mut(2 * features);
            for (x, width, pooled) in
                [(&self.features, features, of_features), (&self.below, hidden, of_units)]
            {
                let (mean, max) = pooled.split_at_mut(width);
                statistics(&x[b * width..], count * width, mean, max);
            }
        }
        std::mem::swap(&mut self.below, &mut self.above);
    }
}

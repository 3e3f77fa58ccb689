//! The networks of this house on our own kernels: all lanes in one call, each the same bits whoever is
//! beside it.
//!
//! A graph is recognised by the names of its tensors, as `cargo xtask train` writes them; whoever loads it
//! proves on frames of noise that it says what the graph says.

mod layers;
mod stem;
pub(super) mod tensors;

use layers::{Dense, Lstm, sigmoid_all, softmax, statistics, tanh_all};
use stem::Stem;
use tensors::Tensors;

pub(super) use stem::Middle;

use super::file::Graph;
use super::{Lane, ModelShape};
use crate::kernels::activation::elu_all;

/// Most rows (of all lanes) that are worked on at once: what lies between the layers then stays in
/// the cache.
const MOST_ROWS: usize = 64;

/// One network and the memory it works in.
pub(super) struct Crnn {
    stem: Stem,
    features: Dense,
    lstm: Vec<Lstm>,
    head: Dense,
    kind: Kind,
    work: Work,
}

/// What the network says.
enum Kind {
    /// Activations of every frame.
    Beats,
    /// Tags of a block of frames: its LSTM over rows, pooled with the features, feeds one over blocks.
    Tags { genres: usize, instruments: usize },
}

/// What lies between the layers.
#[derive(Default)]
struct Work {
    /// What the stem makes of all lanes, `[rows, lanes, values]`.
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
        let tensors = Tensors::of(graph.proto.graph.as_ref()?);
        let stem = Stem::read(&tensors, context, graph.interface.frames)?;
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
        let fits = features.inputs() == stem.width()
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
        let work = Work::default();
        fits.then_some(Self { stem, features, lstm, head, kind, work })
    }

    /// One step of each of `lanes`.
    pub(super) fn step(&mut self, lanes: &mut [impl Lane]) {
        for lanes in lanes.chunks_mut((MOST_ROWS / self.stem.rows()).max(1)) {
            self.step_some(lanes);
        }
    }

    fn step_some(&mut self, lanes: &mut [impl Lane]) {
        let count = lanes.len();
        let Self { stem, features, lstm, head, kind, work } = self;
        work.rows.resize(stem.rows() * count * features.inputs(), 0.0);
        for (b, lane) in lanes.iter_mut().enumerate() {
            let rows = work.rows.chunks_exact_mut(features.inputs());
            stem.apply(lane, rows.skip(b).step_by(count));
        }
        work.features.resize(stem.rows() * count * features.outputs(), 0.0);
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

impl Work {
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

    /// Mean and maximum of every feature and of every unit `below`, over the rows of each lane.
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

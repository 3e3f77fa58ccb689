//! The whole network: convolutional stem, features, LSTM layers, head; causal, no look-ahead.
//!
//! A [`Network`] is the packed weights of one training step, shared by all threads. A [`Shard`] is
//! the memory of one thread's share of the batch; it never allocates once it has seen its sizes.

use listener::BANDS;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::dropout::Dropout;
use super::front::{self, Front};
use super::linear::Linear;
use super::lstm::{Lstm, Tape};
use super::shape::{BeatShape, CONTEXT, OUTPUTS};
use super::stem::size;
use listener::kernels::matrix::Packed;

/// Weights, packed for both directions.
pub struct Network {
    shape: BeatShape,
    parameters: usize,
    front: Front,
    lstm: Vec<Lstm>,
    head: Linear,
}

impl Network {
    /// Packs `params`, laid out as [`BeatShape::layout`] says.
    #[must_use]
    pub fn new(shape: &BeatShape, params: &[f32]) -> Self {
        let layout = shape.layout();
        Self {
            shape: shape.clone(),
            parameters: layout.len,
            front: Front::new(&layout, params),
            lstm: layout.lstm.iter().map(|place| Lstm::new(place, params)).collect(),
            head: Linear::new(&layout.head, params),
        }
    }
}

/// What `lanes` sequences carry from one stretch of frames to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The last frames [lanes, CONTEXT, BANDS].
    pub context: Vec<f32>,
    /// Outputs of each layer [lanes, hidden].
    pub h: Vec<Vec<f32>>,
    /// Cells of each layer [lanes, hidden].
    pub c: Vec<Vec<f32>>,
}

impl State {
    /// Silence, for `lanes` sequences.
    #[must_use]
    pub fn new(shape: &BeatShape, lanes: usize) -> Self {
        let layers = vec![vec![0.0; lanes * shape.hidden]; shape.layers];
        Self { context: vec![0.0; lanes * CONTEXT * BANDS], h: layers.clone(), c: layers }
    }

    /// Back to silence, for one sequence.
    pub fn reset(&mut self, lane: usize) {
        let lanes = self.context.len() / (CONTEXT * BANDS);
        self.context[lane * CONTEXT * BANDS..][..CONTEXT * BANDS].fill(0.0);
        for layer in self.h.iter_mut().chain(&mut self.c) {
            let hidden = layer.len() / lanes;
            layer[lane * hidden..][..hidden].fill(0.0);
        }
    }
}

/// Memory for some lanes of a batch: what the forward pass leaves, and the gradients.
#[derive(Default)]
pub struct Shard {
    lanes: usize,
    time: usize,
    front: front::Tape,
    /// Input of each LSTM layer, after dropout.
    inputs: Vec<Vec<f32>>,
    dropouts: Vec<Dropout>,
    tapes: Vec<Tape>,
    /// The head's outputs before the sigmoid, [time, lanes, OUTPUTS].
    pub logits: Vec<f32>,
    /// Gradients of the parameters, summed over lanes and time.
    pub grads: Vec<f32>,
    d_sequence: Vec<f32>,
    d_below: Vec<f32>,
    scratch: Packed,
}

impl Shard {
    /// Runs `mel` [lanes, time, BANDS] from `state`, which moves on, and leaves [`Self::logits`].
    /// With `dropout` (share and source of chance) it trains, without it only listens.
    pub fn forward(
        &mut self,
        net: &Network,
        mel: &[f32],
        state: &mut State,
        mut dropout: Option<(f32, &mut ChaCha8Rng)>,
    ) {
        let (shape, hidden) = (&net.shape, net.shape.hidden);
        self.lanes = state.context.len() / (CONTEXT * BANDS);
        self.time = mel.len() / (self.lanes * BANDS);
        self.tapes.resize_with(shape.layers, Tape::default);
        self.inputs.resize_with(shape.layers, Vec::new);
        self.dropouts.resize_with(shape.layers, Dropout::default);
        net.front.forward(mel, &mut state.context, &mut self.front);
        for layer in 0..shape.layers {
            let below = match layer {
                0 => &self.front.features[..],
                _ => self.tapes[layer - 1].sequence(self.lanes * hidden),
            };
            let (input, mask) = (&mut self.inputs[layer], &mut self.dropouts[layer]);
            input.clear();
            input.extend_from_slice(below);
            match &mut dropout {
                Some((rate, rng)) => mask.draw(input.len(), *rate, rng),
                None => mask.keep_all(),
            }
            mask.apply(input);
            let (h, c) = (&mut state.h[layer], &mut state.c[layer]);
            net.lstm[layer].forward(input, h, c, &mut self.tapes[layer]);
            self.tapes[layer].last(h, c);
        }
        size(&mut self.logits, self.time * self.lanes * OUTPUTS);
        let top = self.tapes[shape.layers - 1].sequence(self.lanes * hidden);
        net.head.forward(top, &mut self.logits);
    }

    /// From `d_logits` [time, lanes, OUTPUTS] to [`Self::grads`], which it overwrites. Gradients stop
    /// at the state the forward pass began with.
    pub fn backward(&mut self, net: &Network, d_logits: &[f32]) {
        let state = self.lanes * net.shape.hidden;
        self.grads.clear();
        self.grads.resize(net.parameters, 0.0);
        size(&mut self.d_sequence, self.time * state);
        let top = self.tapes[net.shape.layers - 1].sequence(state);
        net.head.weight_gradient(top, d_logits, &mut self.grads, &mut self.scratch);
        net.head.input_gradient(d_logits, &mut self.d_sequence);
        for layer in (0..net.shape.layers).rev() {
            let input = &self.inputs[layer];
            size(&mut self.d_below, input.len());
            net.lstm[layer].backward(
                input,
                &self.d_sequence,
                &mut self.tapes[layer],
                &mut self.d_below,
                &mut self.grads,
                &mut self.scratch,
            );
            self.dropouts[layer].apply(&mut self.d_below);
            std::mem::swap(&mut self.d_sequence, &mut self.d_below);
        }
        let (grads, scratch) = (&mut self.grads, &mut self.scratch);
        net.front.backward(&mut self.d_sequence, &mut self.front, grads, scratch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::{assert_gradient, numbers};
    use crate::net::init::random_parameters;

    fn small() -> BeatShape {
        BeatShape { channels: [8, 8], features: 8, hidden: 8, layers: 2 }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let shape = small();
        let params = random_parameters(&shape, 3);
        let (lanes, time) = (2, 5);
        let mel = numbers(lanes * time * BANDS);
        let weights = numbers(lanes * time * OUTPUTS);
        let run = |params: &[f32], shard: &mut Shard| {
            let net = Network::new(&shape, params);
            shard.forward(&net, &mel, &mut State::new(&shape, lanes), None);
            net
        };
        let mut shard = Shard::default();
        let net = run(&params, &mut shard);
        shard.backward(&net, &weights);
        assert_gradient(&params, &shard.grads, |params| {
            let mut shard = Shard::default();
            run(params, &mut shard);
            shard.logits.iter().zip(&weights).map(|(y, w)| f64::from(y * w)).sum()
        });
    }

    #[test]
    fn frame_by_frame_equals_the_whole_sequence() {
        let shape = BeatShape::default();
        let net = Network::new(&shape, &random_parameters(&shape, 1));
        let time = 30;
        let mel = numbers(time * BANDS);
        let mut whole = Shard::default();
        whole.forward(&net, &mel, &mut State::new(&shape, 1), None);
        let (mut shard, mut state) = (Shard::default(), State::new(&shape, 1));
        for (frame, expected) in mel.chunks_exact(BANDS).zip(whole.logits.chunks_exact(OUTPUTS)) {
            shard.forward(&net, frame, &mut state, None);
            for (got, expected) in shard.logits.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn reset_equals_new() {
        let shape = small();
        let net = Network::new(&shape, &random_parameters(&shape, 1));
        let (mut shard, mut state) = (Shard::default(), State::new(&shape, 2));
        shard.forward(&net, &numbers(2 * 9 * BANDS), &mut state, None);
        assert_ne!(state, State::new(&shape, 2));
        state.reset(0);
        state.reset(1);
        assert_eq!(state, State::new(&shape, 2));
    }
}

//! The tag network: the stem of the beat network, an LSTM over frames, mean and maximum of both over
//! blocks of frames, a pooling over blocks, a head; causal.

use listener::BANDS;
use rand_chacha::ChaCha8Rng;

use super::dropout::Dropout;
use super::front::{self, Front};
use super::linear::Linear;
use super::lstm::{Lstm, Tape};
use super::stem::size;
use super::summary::{self, Pooling};
use super::tag_shape::TagShape;
use listener::kernels::matrix::Packed;

/// Weights, packed for both directions.
pub struct TagNetwork {
    shape: TagShape,
    parameters: usize,
    front: Front,
    frames: Lstm,
    lstm: Option<Lstm>,
    attention: Option<Linear>,
    head: Linear,
}

impl TagNetwork {
    /// Packs `params`, laid out as [`TagShape::layout`] says.
    #[must_use]
    pub fn new(shape: &TagShape, params: &[f32]) -> Self {
        let layout = shape.layout();
        Self {
            shape: shape.clone(),
            parameters: layout.base.len,
            front: Front::new(&layout.base, params),
            frames: Lstm::new(&layout.base.lstm[0], params),
            lstm: layout.base.lstm.get(1).map(|place| Lstm::new(place, params)),
            attention: layout.attention.as_ref().map(|place| Linear::new(place, params)),
            head: Linear::new(&layout.base.head, params),
        }
    }
}

/// Memory for some lanes of a batch: what the forward pass leaves, and the gradients.
#[derive(Default)]
pub struct TagShard {
    lanes: usize,
    blocks: usize,
    front: front::Tape,
    frame_tape: Tape,
    /// Mean and maximum per block [blocks, lanes, pooled]; which frame had the maximum of a feature,
    /// and of a unit.
    pooled: Vec<f32>,
    winners: [Vec<u32>; 2],
    pooled_dropout: Dropout,
    tape: Tape,
    /// What the head sees [blocks, lanes, summary].
    summary: Vec<f32>,
    summary_dropout: Dropout,
    summary_winners: Vec<u32>,
    scores: Vec<f32>,
    weights: Vec<f32>,
    averaged: Vec<f32>,
    /// Outputs before softmax, sigmoid and tanh, [blocks, lanes, outputs].
    pub logits: Vec<f32>,
    /// Gradients of the parameters, summed over lanes and blocks.
    pub grads: Vec<f32>,
    d_summary: Vec<f32>,
    d_pooled: Vec<f32>,
    d_scores: Vec<f32>,
    d_features: Vec<f32>,
    d_units: Vec<f32>,
    d_below: Vec<f32>,
    scratch: Packed,
}

impl TagShard {
    /// Runs `mel` [lanes, blocks * block, BANDS] from silence and leaves [`Self::logits`]. With
    /// `dropout` (share and source of chance) it trains, without it only listens.
    pub fn forward(
        &mut self,
        net: &TagNetwork,
        mel: &[f32],
        lanes: usize,
        mut dropout: Option<(f32, &mut ChaCha8Rng)>,
    ) {
        let shape = &net.shape;
        (self.lanes, self.blocks) = (lanes, mel.len() / (lanes * shape.block * BANDS));
        let mut silence = net.front.silence(lanes);
        net.front.forward(mel, &mut silence, &mut self.front);
        let state = vec![0.0; lanes * shape.hidden];
        net.frames.forward(&self.front.features, &state, &state, &mut self.frame_tape);
        size(&mut self.pooled, self.blocks * lanes * shape.pooled());
        let [features, units] = poolings(shape, lanes);
        features.forward(&self.front.features, &mut self.pooled, &mut self.winners[0]);
        let sequence = self.frame_tape.sequence(state.len());
        units.forward(sequence, &mut self.pooled, &mut self.winners[1]);
        let mut drop = |mask: &mut Dropout, values: &mut [f32]| {
            match &mut dropout {
                Some((rate, rng)) => mask.draw(values.len(), *rate, rng),
                None => mask.keep_all(),
            }
            mask.apply(values);
        };
        drop(&mut self.pooled_dropout, &mut self.pooled);
        let width = shape.pooled();
        match (&net.lstm, &net.attention) {
            (Some(lstm), _) => {
                lstm.forward(&self.pooled, &state, &state, &mut self.tape);
                self.summary.clear();
                self.summary.extend_from_slice(self.tape.sequence(state.len()));
            }
            (None, Some(attention)) => {
                size(&mut self.scores, self.blocks * lanes);
                attention.forward(&self.pooled, &mut self.scores);
                let (scores, weights) = (&self.scores, &mut self.weights);
                summary::attention(&self.pooled, scores, lanes, &mut self.averaged, weights);
                self.summary.clone_from(&self.averaged);
            }
            (None, None) => {
                let winners = &mut self.summary_winners;
                summary::statistics(&self.pooled, lanes, width, &mut self.summary, winners);
            }
        }
        drop(&mut self.summary_dropout, &mut self.summary);
        size(&mut self.logits, self.blocks * lanes * shape.outputs());
        net.head.forward(&self.summary, &mut self.logits);
    }

    /// From `d_logits` [blocks, lanes, outputs] to [`Self::grads`], which it overwrites. A frozen
    /// stem gets none.
    pub fn backward(&mut self, net: &TagNetwork, d_logits: &[f32], frozen: bool) {
        let (shape, lanes) = (&net.shape, self.lanes);
        self.grads.clear();
        self.grads.resize(net.parameters, 0.0);
        net.head.weight_gradient(&self.summary, d_logits, &mut self.grads, &mut self.scratch);
        size(&mut self.d_summary, self.summary.len());
        net.head.input_gradient(d_logits, &mut self.d_summary);
        self.summary_dropout.apply(&mut self.d_summary);
        size(&mut self.d_pooled, self.pooled.len());
        match (&net.lstm, &net.attention) {
            (Some(lstm), _) => lstm.backward(
                &self.pooled,
                &self.d_summary,
                &mut self.tape,
                &mut self.d_pooled,
                &mut self.grads,
                &mut self.scratch,
            ),
            (None, Some(attention)) => {
                let forward = (&self.pooled[..], &self.averaged[..], &self.weights[..]);
                let (dx, d_scores) = (&mut self.d_pooled, &mut self.d_scores);
                summary::attention_back(forward, &self.d_summary, lanes, dx, d_scores);
                let (grads, scratch) = (&mut self.grads, &mut self.scratch);
                attention.weight_gradient(&self.pooled, &self.d_scores, grads, scratch);
                let mut through = vec![0.0; self.pooled.len()];
                attention.input_gradient(&self.d_scores, &mut through);
                self.d_pooled.iter_mut().zip(through).for_each(|(dx, more)| *dx += more);
            }
            (None, None) => {
                let (winners, width) = (&self.summary_winners, shape.pooled());
                summary::statistics_back(
                    &self.d_summary,
                    winners,
                    lanes,
                    width,
                    &mut self.d_pooled,
                );
            }
        }
        self.pooled_dropout.apply(&mut self.d_pooled);
        let [features, units] = poolings(shape, lanes);
        features.backward(&self.d_pooled, &self.winners[0], &mut self.d_features);
        units.backward(&self.d_pooled, &self.winners[1], &mut self.d_units);
        size(&mut self.d_below, self.front.features.len());
        net.frames.backward(
            &self.front.features,
            &self.d_units,
            &mut self.frame_tape,
            &mut self.d_below,
            &mut self.grads,
            &mut self.scratch,
        );
        if frozen {
            return;
        }
        self.d_features.iter_mut().zip(&self.d_below).for_each(|(dx, more)| *dx += more);
        let (grads, scratch) = (&mut self.grads, &mut self.scratch);
        net.front.backward(&mut self.d_features, &mut self.front, grads, scratch);
    }
}

/// Where features and units over frames go in a pooled block.
fn poolings(shape: &TagShape, lanes: usize) -> [Pooling; 2] {
    let TagShape { features, hidden, .. } = *shape;
    let of =
        |width, offset| Pooling { block: shape.rows(), lanes, width, row: shape.pooled(), offset };
    [of(features, 0), of(hidden, 2 * features)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::{assert_gradient_near, numbers};
    use crate::net::init::random_tag_parameters;
    use crate::net::tag_shape;

    fn small(pooling: tag_shape::Pooling, convolutions: usize) -> TagShape {
        let (genres, instruments) = (3, 2);
        TagShape {
            channels: vec![8; convolutions],
            features: 8,
            hidden: 8,
            block: 4,
            pooling,
            genres,
            instruments,
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let deep = (tag_shape::Pooling::Lstm, 4);
        for (pooling, convolutions) in
            tag_shape::Pooling::ALL.map(|p| (p, 2)).into_iter().chain([deep])
        {
            let shape = small(pooling, convolutions);
            let params = random_tag_parameters(&shape, 3);
            let (lanes, blocks) = (2, 2);
            // Frames far enough apart that a small step changes no maximum.
            let mel: Vec<f32> =
                numbers(lanes * blocks * shape.block * BANDS).iter().map(|x| 3.0 * x).collect();
            let weights = numbers(lanes * blocks * shape.outputs());
            let run = |params: &[f32], shard: &mut TagShard| {
                let net = TagNetwork::new(&shape, params);
                shard.forward(&net, &mel, lanes, None);
                net
            };
            let mut shard = TagShard::default();
            let net = run(&params, &mut shard);
            shard.backward(&net, &weights, false);
            assert_gradient_near((1e-3, 0.02), &params, &shard.grads, |params| {
                let mut shard = TagShard::default();
                run(params, &mut shard);
                shard.logits.iter().zip(&weights).map(|(y, w)| f64::from(y * w)).sum()
            });
            shard.backward(&net, &weights, true);
            assert!(shard.grads[..shape.stem_len()].iter().all(|&grad| grad == 0.0), "frozen");
        }
    }

    #[test]
    fn what_comes_later_changes_nothing_before() {
        let deep = (tag_shape::Pooling::Lstm, 4);
        for (pooling, convolutions) in
            tag_shape::Pooling::ALL.map(|p| (p, 2)).into_iter().chain([deep])
        {
            let shape = small(pooling, convolutions);
            let net = TagNetwork::new(&shape, &random_tag_parameters(&shape, 1));
            let mel = numbers(5 * shape.block * BANDS);
            let (mut whole, mut part) = (TagShard::default(), TagShard::default());
            whole.forward(&net, &mel, 1, None);
            part.forward(&net, &mel[..2 * shape.block * BANDS], 1, None);
            for (a, b) in part.logits.iter().zip(&whole.logits) {
                assert!((a - b).abs() < 1e-5, "{pooling:?}");
            }
        }
    }
}

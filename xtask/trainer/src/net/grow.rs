//! A larger network that begins with all that a smaller one knows (after Chen, Goodfellow and Shlens 2016, "Net2Net").

use anyhow::{Result, ensure};

use super::init::random_parameters;
use super::shape::{BeatShape, Dense};

/// Parameters of a network of the sizes `large` that hears exactly what the one of the sizes `small` with
/// `params` hears. Its further units, drawn from `seed`, listen to all others, and none listens to them yet:
/// their weights on the way out are 0, with gradients that are not.
///
/// # Errors
/// When `large` is smaller somewhere, or has another number of layers.
pub fn grow(small: &BeatShape, params: &[f32], large: &BeatShape, seed: u64) -> Result<Vec<f32>> {
    let sizes =
        |shape: &BeatShape| [shape.channels[0], shape.channels[1], shape.features, shape.hidden];
    let names = ["channels", "channels", "features", "hidden"];
    for ((name, small), large) in names.into_iter().zip(sizes(small)).zip(sizes(large)) {
        ensure!(
            large >= small,
            "{name} = {large}: the model to begin with has {small}; give at least as many"
        );
    }
    ensure!(
        small.layers == large.layers,
        "layers = {}: the model to begin with has {}; give as many",
        large.layers,
        small.layers
    );
    let (old, new) = (small.layout(), large.layout());
    let mut grown = random_parameters(large, seed);
    let mut put = |from: &Dense, to: &Dense, rows, columns| {
        embed(params, from, &mut grown, to, rows, columns)
    };
    let [first, second] = [0, 1].map(|k| (small.channels[k], large.channels[k]));
    let features = (small.features, large.features);
    let hidden = (small.hidden, large.hidden);
    put(&old.stem[0], &new.stem[0], (1, 1), first);
    put(&old.stem[1], &new.stem[1], first, second);
    put(&old.features, &new.features, second, features);
    let mut below = features;
    for (old, new) in old.lstm.iter().zip(&new.lstm) {
        put(&old.input, &new.input, below, hidden);
        let recurrent = |layer: &super::Recurrent| Dense {
            inputs: layer.input.outputs / 4,
            weights: layer.weights.clone(),
            ..layer.input.clone()
        };
        put(&recurrent(old), &recurrent(new), hidden, hidden);
        below = hidden;
    }
    put(&old.head, &new.head, hidden, (1, 1));
    Ok(grown)
}

/// Puts the matrix `from` of `params` into `to` of `grown`. Rows and columns come in groups, as the four gates of
/// the units or the channels of a band, of one size in the old and one in the new matrix.
fn embed(
    params: &[f32],
    from: &Dense,
    grown: &mut [f32],
    to: &Dense,
    rows: (usize, usize),
    columns: (usize, usize),
) {
    let place = |at: usize, (old, new): (usize, usize)| at / old * new + at % old;
    let matrix = &mut grown[to.weights.clone()];
    for column in 0..from.outputs {
        let there = place(column, columns);
        matrix[there..].iter_mut().step_by(to.outputs).for_each(|weight| *weight = 0.0);
        for row in 0..from.inputs {
            matrix[place(row, rows) * to.outputs + there] =
                params[from.weights.start + row * from.outputs + column];
        }
    }
    for column in 0..from.outputs {
        grown[to.bias.start + place(column, columns)] = params[from.bias.start + column];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::numbers;
    use crate::net::{Network, Shard, State};
    use listener::BANDS;

    const SMALL: BeatShape = BeatShape { channels: [8, 8], features: 16, hidden: 8, layers: 2 };

    fn logits(shape: &BeatShape, params: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut shard = Shard::default();
        let net = Network::new(shape, params);
        let mel = numbers(20 * BANDS);
        shard.forward(&net, &mel, &mut State::new(shape, 1), None);
        shard.backward(&net, &vec![1.0; shard.logits.len()]);
        (shard.logits, shard.grads)
    }

    #[test]
    fn a_grown_network_hears_the_same_and_can_learn_more() {
        let params = random_parameters(&SMALL, 3);
        let large = BeatShape { channels: [16, 24], features: 24, hidden: 24, layers: 2 };
        let grown = grow(&SMALL, &params, &large, 5).expect("larger everywhere");
        let (before, _) = logits(&SMALL, &params);
        let (after, grads) = logits(&large, &grown);
        for (before, after) in before.iter().zip(&after) {
            assert!((before - after).abs() < 1e-5, "{before} is now {after}");
        }
        let head = large.layout().head;
        let further = &grads[head.weights][SMALL.hidden * head.outputs..];
        assert!(further.iter().all(|grad| *grad != 0.0), "every further unit can be listened to");
    }

    #[test]
    fn a_smaller_or_deeper_one_is_refused() {
        let params = random_parameters(&SMALL, 3);
        let message =
            |large: BeatShape| grow(&SMALL, &params, &large, 1).expect_err("cannot").to_string();
        assert!(message(BeatShape { features: 8, ..SMALL }).contains("features = 8"));
        assert!(message(BeatShape { layers: 3, ..SMALL }).contains("layers = 3"));
    }
}

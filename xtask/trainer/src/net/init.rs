//! Where training starts: random weights of a scale that keeps signals and gradients alive.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::shape::{BeatShape, Dense, Layout, OUTPUTS};
use super::tag_shape::TagShape;

/// Log-odds of a frame being a beat, a downbeat, an onset in ordinary music.
const PRIOR_LOGITS: [f32; OUTPUTS] = [-2.5, -3.7, -1.8];

/// Parameters drawn from `seed`: He et al. 2015 for what an ELU follows, Glorot & Bengio 2010 for
/// the LSTM, whose forget gates start open (Jozefowicz et al. 2015).
#[must_use]
pub fn random_parameters(shape: &BeatShape, seed: u64) -> Vec<f32> {
    let layout = shape.layout();
    let mut params = random(&layout, shape.hidden, seed);
    params[layout.head.bias.clone()].copy_from_slice(&PRIOR_LOGITS);
    params
}

/// Likewise for the tag network.
#[must_use]
pub fn random_tag_parameters(shape: &TagShape, seed: u64) -> Vec<f32> {
    let layout = shape.layout();
    let mut params = random(&layout.base, shape.hidden, seed);
    if let Some(Dense { weights, .. }) = layout.attention {
        // At first every block counts alike.
        params[weights].fill(0.0);
    }
    params
}

fn random(layout: &Layout, hidden: usize, seed: u64) -> Vec<f32> {
    let mut params = vec![0.0; layout.len];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |values: &mut [f32], variance: f64| {
        let limit = (3.0 * variance).sqrt();
        values.iter_mut().for_each(|v| *v = rng.random_range(-limit..limit) as f32);
    };
    for dense in layout.stem.iter().chain([&layout.features]) {
        draw(&mut params[dense.weights.clone()], 2.0 / dense.inputs as f64);
    }
    for layer in &layout.lstm {
        let inputs = layer.input.inputs as f64;
        draw(&mut params[layer.input.weights.clone()], 2.0 / (inputs + hidden as f64));
        draw(&mut params[layer.weights.clone()], 1.0 / hidden as f64);
        let forget = layer.input.bias.start + 2 * hidden;
        params[forget..forget + hidden].fill(1.0);
    }
    draw(&mut params[layout.head.weights.clone()], 1.0 / layout.head.inputs as f64);
    params
}

//! Probabilities that mean what they say: one temperature for all genres (Guo et al. 2017), fitted to
//! the validation clips and built into the head.

use rayon::prelude::*;

use super::scores::blocks;
use crate::net::{TagNetwork, TagShape};
use crate::tagclip::TagClip;

/// Temperatures that are tried, from overconfident to shy.
const RANGE: (f32, f32) = (0.4, 3.0);

/// The temperature of least cross-entropy over all blocks of `clips`.
#[must_use]
pub(super) fn fit(shape: &TagShape, params: &[f32], clips: &[TagClip]) -> f32 {
    let net = TagNetwork::new(shape, params);
    let heard = |clip: &TagClip| -> Option<(usize, Vec<Vec<f32>>)> {
        Some((usize::from(clip.truth.genre?), blocks(&net, shape, clip)))
    };
    let heard: Vec<(usize, Vec<Vec<f32>>)> = clips.par_iter().filter_map(heard).collect();
    let loss = |temperature: f32| -> f64 {
        let one = |genre: usize, block: &[f32]| {
            // Logits but for a constant, which the softmax does not feel.
            let z: Vec<f32> = block[..shape.genres].iter().map(|p| p.max(1e-9).ln()).collect();
            let e: Vec<f32> = z.iter().map(|z| (z / temperature).exp()).collect();
            f64::from(-(e[genre] / e.iter().sum::<f32>()).max(1e-9).ln())
        };
        let clips = heard.iter().flat_map(|(genre, blocks)| blocks.iter().map(|b| one(*genre, b)));
        clips.sum()
    };
    let steps = 40;
    let ratio = (RANGE.1 / RANGE.0).powf(1.0 / steps as f32);
    let tried = (0..=steps).map(|step| RANGE.0 * ratio.powi(step));
    tried.min_by(|&a, &b| loss(a).total_cmp(&loss(b))).unwrap_or(1.0)
}

/// Divides the genres' logits by `temperature`.
pub(super) fn apply(shape: &TagShape, params: &mut [f32], temperature: f32) {
    let head = shape.layout().base.head;
    for row in params[head.weights.clone()].chunks_exact_mut(head.outputs) {
        row[..shape.genres].iter_mut().for_each(|w| *w /= temperature);
    }
    params[head.bias][..shape.genres].iter_mut().for_each(|b| *b /= temperature);
}

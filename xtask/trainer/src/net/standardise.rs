//! Data-dependent initialisation (Krähenbühl et al. 2016): every convolution and feature begins with mean 0 and
//! variance 1 on real music, without which four convolutions learn slowly.

use listener::BANDS;

use super::front::{Front, Tape};
use super::shape::{Dense, Layout};

/// Scales weights and biases of stem and features from number `first` on in `params`, laid out as `layout` says, to
/// what `lanes` sequences `mel` [lanes, time, BANDS] make of them. Maxima move along: a positive scale keeps their
/// order.
pub(crate) fn standardise(
    layout: &Layout,
    params: &mut [f32],
    first: usize,
    mel: &[f32],
    lanes: usize,
) {
    assert!(mel.len().is_multiple_of(lanes * BANDS), "whole frames of every lane");
    for layer in first..=layout.stem.len() {
        let (front, mut tape) = (Front::new(layout, params), Tape::default());
        front.forward(mel, &mut front.silence(lanes), &mut tape);
        let dense = layout.stem.get(layer).unwrap_or(&layout.features);
        let outputs = match layer == layout.stem.len() {
            true => vec![&tape.features[..]],
            false => tape.stems.iter().map(|stem| stem.stage(layer)).collect(),
        };
        for channel in 0..dense.outputs {
            let values = outputs.iter().flat_map(|y| y[channel..].iter().step_by(dense.outputs));
            // Back to what the ELU was given.
            let given =
                values.map(|&y| f64::from(if y > 0.0 { y } else { (1.0 + y).max(1e-6).ln() }));
            let (count, sum, squares) = given.fold((0.0, 0.0, 0.0), |(count, sum, squares), x| {
                (count + 1.0, sum + x, squares + x * x)
            });
            let mean = sum / count;
            let deviation = (squares / count - mean * mean).max(1e-8).sqrt();
            rescale(dense, params, channel, mean as f32, deviation as f32);
        }
    }
}

/// Makes output `channel` smaller by `mean`, then by a factor of `deviation`.
fn rescale(dense: &Dense, params: &mut [f32], channel: usize, mean: f32, deviation: f32) {
    let weights = params[dense.weights.clone()][channel..].iter_mut().step_by(dense.outputs);
    weights.for_each(|weight| *weight /= deviation);
    let bias = &mut params[dense.bias.start + channel];
    *bias = (*bias - mean) / deviation;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::check::numbers;
    use crate::net::{Pooling, TagShape, random_tag_parameters};

    #[test]
    fn features_begin_centred() {
        let shape = TagShape {
            channels: vec![8; 4],
            features: 16,
            hidden: 8,
            block: 10,
            pooling: Pooling::Lstm,
            genres: 2,
            instruments: 2,
        };
        let layout = shape.layout().base;
        let mut params = random_tag_parameters(&shape, 1);
        let mel: Vec<f32> = numbers(2 * 60 * BANDS).iter().map(|x| 2.0 * x + 1.0).collect();
        standardise(&layout, &mut params, 0, &mel, 2);
        let before = params.clone();
        standardise(&layout, &mut params, 2, &mel, 2);
        assert_eq!(params[..shape.stem_len()], before[..shape.stem_len()], "the first two stay");
        let (front, mut tape) = (Front::new(&layout, &params), Tape::default());
        front.forward(&mel, &mut front.silence(2), &mut tape);
        for unit in 0..shape.features {
            let given = tape.features[unit..]
                .iter()
                .step_by(shape.features)
                .map(|&y| if y > 0.0 { y } else { (1.0 + y).ln() });
            let given: Vec<f32> = given.collect();
            let mean = given.iter().sum::<f32>() / given.len() as f32;
            let variance =
                given.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / given.len() as f32;
            assert!(mean.abs() < 1e-2 && (variance - 1.0).abs() < 2e-2, "{mean} {variance}");
        }
    }
}

//! The stem: convolutions with their pools, over one sequence at a time.

use listener::BANDS;

use super::conv::{self, Conv, OVERHANG};
use super::pool::Pool;
use super::shape::{KERNEL, Layout};
use super::stages::{self, bands, stages};
use listener::kernels::matrix::Packed;

/// Weights of the stem, packed for both directions.
pub(crate) struct Stem {
    convs: Vec<Conv>,
    pools: Vec<Pool>,
    /// Frames before the first that it needs.
    pub(crate) context: usize,
    /// Frames per frame that comes out.
    pub(crate) stride: usize,
}

/// What one sequence leaves for the backward pass.
#[derive(Default)]
pub(crate) struct Tape {
    /// What goes into each convolution [frames, bands, channels], and an overhang.
    images: Vec<Vec<f32>>,
    /// Which place of each pool won.
    choices: Vec<Vec<u8>>,
    /// After the last pool [frames, bands, channels].
    pub(crate) out: Vec<f32>,
}

impl Tape {
    /// What stage `index` made [frames, bands, channels].
    pub(crate) fn stage(&self, index: usize) -> &[f32] {
        let len = self.choices[index].len();
        self.images.get(index + 1).map_or(&self.out[..], |next| &next[..len])
    }
}

/// Memory that one sequence after the other uses.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Convolutions before their pools, and the gradients of those.
    raw: Vec<Vec<f32>>,
    d_raw: Vec<Vec<f32>>,
    /// Gradients of what went into each convolution.
    d_images: Vec<Vec<f32>>,
}

/// Makes `buffer` hold `len` values. Zeros throughout when the length changes, untouched otherwise:
/// padding that nobody writes stays zero.
pub(crate) fn size<T: Clone + Default>(buffer: &mut Vec<T>, len: usize) {
    if buffer.len() != len {
        buffer.clear();
        buffer.resize(len, T::default());
    }
}

impl Stem {
    /// Packs the weights out of the parameters.
    pub(crate) fn new(layout: &Layout, params: &[f32]) -> Self {
        let stages = stages(layout.stem.len());
        let bands = bands(stages);
        let pool = |(index, dense): (usize, &super::Dense)| Pool {
            bands_in: bands[index],
            bands_out: bands[index + 1],
            size: stages[index].bands,
            frames: stages[index].frames,
            channels: dense.outputs,
        };
        Self {
            convs: layout.stem.iter().map(|dense| Conv::new(dense, params)).collect(),
            pools: layout.stem.iter().enumerate().map(pool).collect(),
            context: stages::context(stages),
            stride: stages::stride(stages),
        }
    }

    /// `mel` [time, BANDS] after `context` [context, BANDS] onto the tape; `context` moves on.
    pub(crate) fn forward(
        &self,
        mel: &[f32],
        context: &mut [f32],
        tape: &mut Tape,
        scratch: &mut Scratch,
    ) {
        let count = self.convs.len();
        tape.images.resize_with(count, Vec::new);
        tape.choices.resize_with(count, Vec::new);
        scratch.raw.resize_with(count, Vec::new);
        let values = context.len() + mel.len();
        size(&mut tape.images[0], values + OVERHANG);
        tape.images[0][..context.len()].copy_from_slice(context);
        tape.images[0][context.len()..values].copy_from_slice(mel);
        context.copy_from_slice(&tape.images[0][mel.len()..values]);

        let mut frames = values / BANDS;
        for (index, (conv, pool)) in self.convs.iter().zip(&self.pools).enumerate() {
            frames -= KERNEL - 1;
            let raw = &mut scratch.raw[index];
            size(raw, frames * pool.bands_in * pool.channels);
            let (images, later) = tape.images.split_at_mut(index + 1);
            conv.forward(&images[index], frames, pool.bands_in, raw);
            frames /= pool.frames;
            let values = frames * pool.bands_out * pool.channels;
            size(&mut tape.choices[index], values);
            let pooled = match later.first_mut() {
                Some(next) => {
                    size(next, values + OVERHANG * pool.channels);
                    &mut next[..values]
                }
                None => {
                    size(&mut tape.out, values);
                    &mut tape.out[..]
                }
            };
            pool.forward(raw, pooled, &mut tape.choices[index]);
        }
    }

    /// Adds the gradients of the weights, from `d_out` [frames, bands, channels].
    pub(crate) fn backward(
        &self,
        d_out: &[f32],
        tape: &Tape,
        scratch: &mut Scratch,
        grads: &mut [f32],
        packed: &mut Packed,
    ) {
        let count = self.convs.len();
        scratch.d_raw.resize_with(count, Vec::new);
        scratch.d_images.resize_with(count, Vec::new);
        for (index, (conv, pool)) in self.convs.iter().zip(&self.pools).enumerate().rev() {
            let choice = &tape.choices[index];
            let (before, after) = scratch.d_images.split_at_mut(index + 1);
            let (y, dy) = match after.first() {
                Some(d_image) => (&tape.images[index + 1][..choice.len()], &d_image[..]),
                None => (&tape.out[..], d_out),
            };
            let frames = choice.len() / (pool.bands_out * pool.channels) * pool.frames;
            let lead = conv::lead(pool.bands_in) * pool.channels;
            let positions = frames * pool.bands_in * pool.channels;
            let d_raw = &mut scratch.d_raw[index];
            size(d_raw, positions + 2 * lead);
            pool.backward(y, dy, choice, &mut d_raw[lead..lead + positions]);
            let image = &tape.images[index];
            conv.weight_gradient(image, d_raw, frames, pool.bands_in, grads, packed);
            if index > 0 {
                size(&mut before[index], tape.choices[index - 1].len());
                conv.input_gradient(d_raw, frames, pool.bands_in, &mut before[index]);
            }
        }
    }
}

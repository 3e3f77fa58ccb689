//! The stem: two convolutions with their pools, over one sequence at a time.

use listener::BANDS;

use super::conv::{self, Conv, OVERHANG};
use super::pool::Pool;
use super::shape::{CONTEXT, Layout, POOLS, stem_bands};
use listener::kernels::matrix::Packed;

/// Weights of the stem, packed for both directions.
pub(crate) struct Stem {
    convs: [Conv; 2],
    pools: [Pool; 2],
}

/// What one sequence leaves for the backward pass.
#[derive(Default)]
pub(crate) struct Tape {
    /// Input [time + 4, BANDS] and an overhang.
    mel: Vec<f32>,
    /// After the first pool [time + 2, bands, channels] and an overhang, and which band won.
    middle: Vec<f32>,
    middle_choice: Vec<u8>,
    /// After the second pool [time, bands, channels], and which band won.
    pub(crate) out: Vec<f32>,
    out_choice: Vec<u8>,
}

/// Memory that one sequence after the other uses.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Convolutions before their pools, and the gradients of those.
    raw: [Vec<f32>; 2],
    d_raw: [Vec<f32>; 2],
    d_middle: Vec<f32>,
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
        let bands = stem_bands();
        Self {
            convs: [0, 1].map(|i| Conv::new(&layout.stem[i], params)),
            pools: [0, 1].map(|i| Pool {
                bands_in: bands[i],
                bands_out: bands[i + 1],
                size: POOLS[i],
                channels: layout.stem[i].outputs,
            }),
        }
    }

    /// `mel` [time, BANDS] after `context` [CONTEXT, BANDS] onto the tape; `context` moves on.
    pub(crate) fn forward(
        &self,
        mel: &[f32],
        context: &mut [f32],
        tape: &mut Tape,
        scratch: &mut Scratch,
    ) {
        let time = mel.len() / BANDS;
        let frames = (time + CONTEXT) * BANDS;
        size(&mut tape.mel, frames + OVERHANG);
        tape.mel[..context.len()].copy_from_slice(context);
        tape.mel[context.len()..frames].copy_from_slice(mel);
        context.copy_from_slice(&tape.mel[time * BANDS..frames]);

        let [first, second] = self.pools;
        let between = time + CONTEXT / 2;
        size(&mut scratch.raw[0], between * first.bands_in * first.channels);
        self.convs[0].forward(&tape.mel, between, first.bands_in, &mut scratch.raw[0]);
        let middle = between * first.bands_out * first.channels;
        size(&mut tape.middle, middle + OVERHANG * first.channels);
        size(&mut tape.middle_choice, middle);
        first.forward(&scratch.raw[0], &mut tape.middle[..middle], &mut tape.middle_choice);

        size(&mut scratch.raw[1], time * second.bands_in * second.channels);
        self.convs[1].forward(&tape.middle, time, second.bands_in, &mut scratch.raw[1]);
        let out = time * second.bands_out * second.channels;
        size(&mut tape.out, out);
        size(&mut tape.out_choice, out);
        second.forward(&scratch.raw[1], &mut tape.out, &mut tape.out_choice);
    }

    /// Adds the gradients of the weights, from `d_out` [time, bands, channels].
    pub(crate) fn backward(
        &self,
        d_out: &[f32],
        tape: &Tape,
        scratch: &mut Scratch,
        grads: &mut [f32],
        packed: &mut Packed,
    ) {
        let [first, second] = self.pools;
        let time = d_out.len() / (second.bands_out * second.channels);
        let lead = conv::lead(second.bands_in) * second.channels;
        let positions = time * second.bands_in * second.channels;
        let d_raw = &mut scratch.d_raw[1];
        size(d_raw, positions + 2 * lead);
        let inner = &mut d_raw[lead..lead + positions];
        second.backward(&tape.out, d_out, &tape.out_choice, inner);
        let conv = &self.convs[1];
        conv.weight_gradient(&tape.middle, d_raw, time, second.bands_in, grads, packed);
        size(&mut scratch.d_middle, tape.middle_choice.len());
        conv.input_gradient(d_raw, time, second.bands_in, &mut scratch.d_middle);

        let between = time + CONTEXT / 2;
        let lead = conv::lead(first.bands_in) * first.channels;
        let positions = between * first.bands_in * first.channels;
        let d_raw = &mut scratch.d_raw[0];
        size(d_raw, positions + 2 * lead);
        let inner = &mut d_raw[lead..lead + positions];
        first.backward(&tape.middle, &scratch.d_middle, &tape.middle_choice, inner);
        self.convs[0].weight_gradient(&tape.mel, d_raw, between, first.bands_in, grads, packed);
    }
}

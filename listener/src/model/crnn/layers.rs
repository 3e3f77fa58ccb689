//! The layers of the networks, forward only, many rows at once.

use crate::kernels::activation::{elu, sigmoid, tanh};
use crate::kernels::matrix::{Onto, Packed, View, multiply};
use crate::vectorised;

/// Frames and bands of a convolution kernel.
pub(super) const KERNEL: usize = 3;
/// Channels come in groups of so many.
pub(super) const GROUP: usize = 8;

/// A fully connected layer.
pub(super) struct Dense {
    weights: Packed,
    bias: Vec<f32>,
    inputs: usize,
}

impl Dense {
    /// `weights` are `[inputs, outputs]`.
    pub(super) fn new(weights: &[f32], bias: Vec<f32>) -> Self {
        let inputs = weights.len() / bias.len();
        let weights = Packed::for_few_rows(View::new(weights, inputs, bias.len()));
        Self { weights, bias, inputs }
    }

    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// `x` [rows, inputs] -> `y` [rows, outputs].
    pub(super) fn apply(&self, x: &[f32], y: &mut [f32]) {
        let x = View::new(x, x.len() / self.inputs, self.inputs);
        multiply(x, &self.weights, y, self.bias.len(), Onto::Row(&self.bias));
    }
}

/// What a max-pool makes one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pool {
    pub(super) frames: usize,
    pub(super) bands: usize,
}

/// Bands of a frame that are too few for the tall tiles of a product.
const FEW: usize = 4;

/// A valid convolution over frames and bands, a max-pool over both and an ELU; channels last.
pub(super) struct Conv {
    weights: Packed,
    bias: Vec<f32>,
    channels_in: usize,
    bands_in: usize,
    pool: Pool,
    /// Frames of one channel, band by band.
    woven: Vec<f32>,
    /// The frames of one pool before it.
    raw: Vec<f32>,
}

impl Conv {
    /// `weights` are `[outputs, channels in, frames, bands]`.
    pub(super) fn new(weights: &[f32], bias: Vec<f32>, bands_in: usize, pool: Pool) -> Self {
        let (outputs, taps) = (bias.len(), KERNEL * KERNEL);
        let channels_in = weights.len() / (outputs * taps);
        // Rows in the order in which a window lies in memory: frame, band, channel; or band, frame.
        let mut turned = vec![0.0; weights.len()];
        for (place, weight) in weights.iter().enumerate() {
            let (output, from) = (place / (channels_in * taps), place / taps % channels_in);
            let (frame, band) = (place % taps / KERNEL, place % KERNEL);
            let tap = if channels_in == 1 { KERNEL * band + frame } else { place % taps };
            turned[(tap * channels_in + from) * outputs + output] = *weight;
        }
        let rows = (bands_in - KERNEL + 1) / pool.bands * pool.bands;
        let view = View::new(&turned, taps * channels_in, outputs);
        let weights = if rows <= FEW { Packed::for_few_rows(view) } else { Packed::new(view) };
        let woven = if channels_in == 1 { vec![0.0; KERNEL * bands_in] } else { Vec::new() };
        let raw = vec![0.0; pool.frames * rows * outputs];
        Self { weights, bias, channels_in, bands_in, pool, woven, raw }
    }

    pub(super) fn bands_out(&self) -> usize {
        (self.bands_in - KERNEL + 1) / self.pool.bands
    }

    pub(super) fn pool(&self) -> Pool {
        self.pool
    }

    /// Values of one frame, out.
    pub(super) fn width(&self) -> usize {
        self.bands_out() * self.bias.len()
    }

    /// Values of one frame, in.
    pub(super) fn width_in(&self) -> usize {
        self.bands_in * self.channels_in
    }

    /// The frames of a pool and two before them, `x` [frames, bands, channels] -> `y` [bands out, outputs].
    pub(super) fn apply(&mut self, x: &[f32], y: &mut [f32]) {
        let (rows, run) = (self.bands_out() * self.pool.bands, KERNEL * self.channels_in);
        let (outputs, width) = (self.bias.len(), self.width_in());
        let frames = x.windows(KERNEL * width).step_by(width);
        for (raw, x) in self.raw.chunks_exact_mut(rows * outputs).zip(frames) {
            let windows = if self.channels_in == 1 {
                // Runs of three values are too short: a window is one of nine when the frames interlace.
                weave(x, &mut self.woven);
                View { cols: KERNEL * run, row_step: KERNEL, ..View::new(&self.woven, rows, 1) }
            } else {
                let view = View::new(x, rows, run);
                View { row_step: self.channels_in, runs: KERNEL, run_step: width, ..view }
            };
            multiply(windows, &self.weights, raw, outputs, Onto::Row(&self.bias));
        }
        let (first, others) = self.raw.split_at_mut(rows * outputs);
        others.chunks_exact(rows * outputs).for_each(|other| keep_larger(first, other));
        pool(first, outputs, self.pool.bands, y);
    }
}

/// The three frames of `x` [3, bands] -> `woven` [bands, 3].
fn weave(x: &[f32], woven: &mut [f32]) {
    let (first, rest) = x.split_at(x.len() / KERNEL);
    let (second, third) = rest.split_at(first.len());
    let threes = woven.as_chunks_mut::<KERNEL>().0;
    for (((to, a), b), c) in threes.iter_mut().zip(first).zip(second).zip(third) {
        *to = [*a, *b, *c];
    }
}

vectorised! {
    /// The larger of `x` and `other`, place by place, in `x`.
    fn keep_larger<FMA>(x: &mut [f32], other: &[f32]) {
        for (x, other) in x.iter_mut().zip(other) {
            *x = if *other > *x { *other } else { *x };
        }
    }
}

vectorised! {
    /// The largest of each `size` bands of `x` [bands, channels], and the ELU of that: it is monotonic, and
    /// this is fewer exponentials.
    fn pool<FMA>(x: &[f32], channels: usize, size: usize, y: &mut [f32]) {
        let (x, groups) = (x.as_chunks::<GROUP>().0, channels / GROUP);
        let bands = y.as_chunks_mut::<GROUP>().0.chunks_exact_mut(groups);
        for (x, y) in x.chunks_exact(size * groups).zip(bands) {
            for (g, y) in y.iter_mut().enumerate() {
                let mut most = x[g];
                for x in x[g..].iter().skip(groups).step_by(groups) {
                    for (most, x) in most.iter_mut().zip(x) {
                        *most = if x > most { *x } else { *most };
                    }
                }
                *y = most;
            }
        }
        for y in y {
            *y = elu::<FMA>(*y);
        }
    }
}

/// A long short-term memory layer (Hochreiter & Schmidhuber 1997; forget gate of Gers et al. 2000).
/// Gates are in ONNX's order: input, output, forget, cell.
pub(super) struct Lstm {
    input: Packed,
    recurrent: Packed,
    bias: Vec<f32>,
    inputs: usize,
    /// Gates of all rows.
    gates: Vec<f32>,
}

impl Lstm {
    /// `input` is `[4 hidden, inputs]`, `recurrent` `[4 hidden, hidden]`, `bias` `[4 hidden]`.
    pub(super) fn new(input: &[f32], recurrent: &[f32], bias: Vec<f32>) -> Self {
        let gates = bias.len();
        let packed = |weights: &[f32]| {
            Packed::for_few_rows(View::new(weights, gates, weights.len() / gates).transposed())
        };
        let inputs = input.len() / gates;
        Self { input: packed(input), recurrent: packed(recurrent), bias, inputs, gates: Vec::new() }
    }

    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(super) fn hidden(&self) -> usize {
        self.bias.len() / 4
    }

    /// `x` [time, lanes, inputs] -> `y` [time, lanes, hidden]; `h` and `c` [lanes, hidden] move on.
    pub(super) fn apply(&mut self, x: &[f32], h: &mut [f32], c: &mut [f32], y: &mut [f32]) {
        let (rows, hidden) = (x.len() / self.inputs, self.hidden());
        let width = 4 * hidden;
        self.gates.resize(rows * width, 0.0);
        let x = View::new(x, rows, self.inputs);
        multiply(x, &self.input, &mut self.gates, width, Onto::Row(&self.bias));
        let lanes = h.len() / hidden;
        let steps = self.gates.chunks_exact_mut(lanes * width).zip(y.chunks_exact_mut(h.len()));
        for (gates, y) in steps {
            let before = View::new(h, lanes, hidden);
            multiply(before, &self.recurrent, gates, width, Onto::Existing);
            step(hidden, gates, c, h);
            y.copy_from_slice(h);
        }
    }
}

vectorised! {
    /// Moves cells and outputs on by the gates of one step.
    fn step<FMA>(hidden: usize, gates: &mut [f32], cells: &mut [f32], outputs: &mut [f32]) {
        let lanes = cells.chunks_exact_mut(hidden).zip(outputs.chunks_exact_mut(hidden));
        for (gates, (cells, outputs)) in gates.chunks_exact_mut(4 * hidden).zip(lanes) {
            let (through, cell_in) = gates.split_at_mut(3 * hidden);
            for gate in through.iter_mut() {
                *gate = sigmoid::<FMA>(*gate);
            }
            let (i, rest) = through.split_at(hidden);
            let (o, f) = rest.split_at(hidden);
            for u in 0..hidden {
                cells[u] = f[u] * cells[u] + i[u] * tanh::<FMA>(cell_in[u]);
            }
            for u in 0..hidden {
                outputs[u] = o[u] * tanh::<FMA>(cells[u]);
            }
        }
    }
}

vectorised! {
    /// Applies the logistic function in place.
    pub(super) fn sigmoid_all<FMA>(x: &mut [f32]) {
        for x in x {
            *x = sigmoid::<FMA>(*x);
        }
    }
}

vectorised! {
    /// Applies the hyperbolic tangent in place.
    pub(super) fn tanh_all<FMA>(x: &mut [f32]) {
        for x in x {
            *x = tanh::<FMA>(*x);
        }
    }
}

vectorised! {
    /// Mean and maximum over time of one lane's rows: `x` [time, lanes, width] from its first value on, a
    /// `stride` from time to time.
    pub(super) fn statistics<FMA>(x: &[f32], stride: usize, mean: &mut [f32], max: &mut [f32]) {
        let width = mean.len();
        mean.fill(0.0);
        max.fill(f32::MIN);
        let mut count = 0.0;
        for row in x.chunks(stride) {
            count += 1.0;
            for ((x, mean), max) in row[..width].iter().zip(mean.iter_mut()).zip(max.iter_mut()) {
                *mean += x;
                *max = if *x > *max { *x } else { *max };
            }
        }
        for mean in mean {
            *mean /= count;
        }
    }
}

/// Makes logits probabilities that sum to one, in place.
pub(super) fn softmax(logits: &mut [f32]) {
    let highest = logits.iter().copied().fold(f32::MIN, f32::max);
    logits.iter_mut().for_each(|x| *x = (*x - highest).exp());
    let sum: f32 = logits.iter().sum();
    logits.iter_mut().for_each(|x| *x /= sum);
}

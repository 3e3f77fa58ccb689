//! The layers both networks share, on the GPU: linear, dropout, the LSTM, and the front, which is the
//! stem and the features per frame.

use anyhow::{Result, ensure};
use cudarc::driver::{CudaView, LaunchConfig};
use listener::BANDS;

use super::device::{Buffer, Device, LstmKernels, launch, part, part_mut};
use crate::net::shape::{Dense, KERNEL, Layout, Recurrent};
use crate::net::stages;

/// Blocks that share the gradient of the first convolution.
const SHARES: usize = 2048;
/// Taps of a convolution and its bias.
const TAPS: usize = 10;
/// Channels of a first convolution, of which each tap has a thread in one block.
const WIDEST: usize = 96;

/// Flat parameters and their gradients.
pub(super) struct Weights {
    pub(super) params: Buffer,
    pub(super) grads: Buffer,
}

impl Weights {
    pub(super) fn new(device: &Device, len: usize) -> Result<Self> {
        Ok(Self { params: device.zeros(len)?, grads: device.zeros(len)? })
    }

    /// `x` [rows, inputs] -> `y` [rows, outputs].
    pub(super) fn linear(
        &self,
        device: &Device,
        dense: &Dense,
        x: &CudaView<'_, f32>,
        y: &mut Buffer,
    ) -> Result<()> {
        let (rows, width) = (x.len() / dense.inputs, dense.outputs as i32);
        self.product(device, dense, x, y)?;
        let (bias, count) = (part(&self.params, &dense.bias), (rows * dense.outputs) as i32);
        let each = Device::each(rows * dense.outputs);
        Ok(launch!(device, device.kernel("add_bias"), each; y, &bias, &count, &width)?)
    }

    /// [`Self::linear`] without the bias.
    fn product(
        &self,
        device: &Device,
        dense: &Dense,
        x: &CudaView<'_, f32>,
        y: &mut Buffer,
    ) -> Result<()> {
        let sizes = [x.len() / dense.inputs, dense.inputs, dense.outputs];
        device.multiply(x, &part(&self.params, &dense.weights), &mut y.as_view_mut(), sizes)
    }

    /// Gradients of weights and bias from `x` and `dy` [rows, outputs].
    pub(super) fn weight_gradient(
        &mut self,
        device: &Device,
        dense: &Dense,
        x: &CudaView<'_, f32>,
        dy: &CudaView<'_, f32>,
    ) -> Result<()> {
        let (rows, outputs) = (dy.len() / dense.outputs, dense.outputs);
        device.column_sums(dy, &mut part_mut(&mut self.grads, &dense.bias), [rows, outputs])?;
        let dw = &mut part_mut(&mut self.grads, &dense.weights);
        device.weight_gradient(x, dy, dw, [rows, dense.inputs, outputs])
    }

    /// `dy` [rows, outputs] -> `dx` [rows, inputs].
    pub(super) fn input_gradient(
        &self,
        device: &Device,
        dense: &Dense,
        dy: &CudaView<'_, f32>,
        dx: &mut Buffer,
    ) -> Result<()> {
        let sizes = [dy.len() / dense.outputs, dense.inputs, dense.outputs];
        device.input_gradient(dy, &part(&self.params, &dense.weights), &mut dx.as_view_mut(), sizes)
    }
}

/// Dropout by a hash of place and seed, so that no mask is kept.
#[derive(Clone, Copy, Default)]
pub(super) struct Dropout {
    seed: u32,
    /// In 256.
    threshold: i32,
}

impl Dropout {
    /// Drops a share, by a seed; none keeps everything.
    pub(super) fn new(dropout: Option<(f32, u64)>) -> Self {
        let (rate, seed) = dropout.unwrap_or_default();
        let threshold = (rate.clamp(0.0, 0.9) * 256.0).round() as i32;
        Self { seed: (seed ^ seed >> 32) as u32, threshold }
    }

    /// Another mask of the same share.
    pub(super) fn other(self, index: u32) -> Self {
        Self { seed: self.seed.wrapping_add(index.wrapping_mul(0x632B_E5AB)), ..self }
    }

    /// `y` = `x` with some values dropped, for a gradient too.
    pub(super) fn apply(
        self,
        device: &Device,
        x: &CudaView<'_, f32>,
        y: &mut Buffer,
    ) -> Result<()> {
        let count = x.len() as i32;
        let each = Device::each(x.len());
        Ok(
            launch!(device, device.kernel("dropout"), each; x, y, &count, &self.seed, &self.threshold)?,
        )
    }
}

/// One LSTM layer over `lanes` sequences of `time` steps; time is the slow index.
pub(super) struct Lstm {
    place: Recurrent,
    hidden: usize,
    lanes: usize,
    time: usize,
    /// Activated gates [time, lanes, 4 hidden]; on the way back, their gradients.
    gates: Buffer,
    /// The state at the start [lanes, hidden], then those after every step.
    cells: Buffer,
    outputs: Buffer,
    squashed: Buffer,
    h: Buffer,
    c: Buffer,
}

impl Lstm {
    pub(super) fn new(
        device: &Device,
        place: &Recurrent,
        lanes: usize,
        time: usize,
    ) -> Result<Self> {
        let hidden = place.input.outputs / 4;
        let state = lanes * hidden;
        Ok(Self {
            gates: device.zeros(time * 4 * state)?,
            cells: device.zeros((time + 1) * state)?,
            outputs: device.zeros((time + 1) * state)?,
            squashed: device.zeros(time * state)?,
            h: device.zeros(state)?,
            c: device.zeros(state)?,
            place: place.clone(),
            hidden,
            lanes,
            time,
        })
    }

    /// The outputs [time, lanes, hidden].
    pub(super) fn sequence(&self) -> CudaView<'_, f32> {
        self.outputs.slice(self.lanes * self.hidden..)
    }

    /// The state to begin with, [lanes, hidden] each.
    pub(super) fn begin(&mut self, device: &Device, h: &[f32], c: &[f32]) -> Result<()> {
        device.upload(h, &mut self.h)?;
        device.upload(c, &mut self.c)
    }

    /// The state at the end.
    pub(super) fn end(&self, device: &Device, h: &mut [f32], c: &mut [f32]) -> Result<()> {
        let last = self.time * self.lanes * self.hidden..;
        device.download(&self.outputs.slice(last.clone()), h)?;
        device.download(&self.cells.slice(last), c)
    }

    /// `x` [time, lanes, inputs] from the state to begin with.
    pub(super) fn forward(
        &mut self,
        device: &Device,
        kernels: &LstmKernels,
        weights: &Weights,
        x: &CudaView<'_, f32>,
    ) -> Result<()> {
        weights.product(device, &self.place.input, x, &mut self.gates)?;
        let (recurrent, bias) = (
            part(&weights.params, &self.place.weights),
            part(&weights.params, &self.place.input.bias),
        );
        let (time, lanes) = (self.time as i32, self.lanes as i32);
        Ok(launch!(
            device, &kernels.forward, kernels.launch;
            &mut self.gates, &recurrent, &bias, &self.h, &self.c, &mut self.cells, &mut self.outputs,
            &mut self.squashed, &time, &lanes
        )?)
    }

    /// From `dy` [time, lanes, hidden] to `dx` like `x`, and the gradients of the weights.
    pub(super) fn backward(
        &mut self,
        device: &Device,
        kernels: &LstmKernels,
        weights: &mut Weights,
        (x, dy): (&CudaView<'_, f32>, &CudaView<'_, f32>),
        dx: &mut Buffer,
    ) -> Result<()> {
        let recurrent = part(&weights.params, &self.place.weights);
        let (time, lanes) = (self.time as i32, self.lanes as i32);
        launch!(
            device, &kernels.backward, kernels.launch;
            &mut self.gates, &recurrent, dy, &self.cells, &self.squashed, &time, &lanes
        )?;
        let gates = self.gates.as_view();
        let rows = self.time * self.lanes;
        let before = self.outputs.slice(..rows * self.hidden);
        let recurrent = &mut part_mut(&mut weights.grads, &self.place.weights);
        device.weight_gradient(&before, &gates, recurrent, [rows, self.hidden, 4 * self.hidden])?;
        weights.weight_gradient(device, &self.place.input, x, &gates)?;
        weights.input_gradient(device, &self.place.input, &gates, dx)
    }
}

/// One stage of the stem, and its memory.
struct Stage {
    dense: Dense,
    /// Channels in.
    channels: usize,
    /// Frames of a sequence, after the convolution.
    frames: usize,
    /// Bands in, and out.
    bands: [usize; 2],
    pool: stages::Stage,
    /// Windows of the convolution and what it makes of them, before the pool; the first stage has neither.
    windows: Buffer,
    raw: Buffer,
    /// After the pool [lanes, frames, bands, channels], and which place won.
    out: Buffer,
    choice: Buffer<u8>,
    d_windows: Buffer,
    d_out: Buffer,
}

impl Stage {
    /// Bands that the pool reads.
    fn kept(&self) -> usize {
        self.bands[1] * self.pool.bands
    }

    fn launch_first(
        &mut self,
        device: &Device,
        weights: &Weights,
        padded: &Buffer,
        lanes: usize,
    ) -> Result<()> {
        let (kernel, bias) =
            (part(&weights.params, &self.dense.weights), part(&weights.params, &self.dense.bias));
        let [lanes, frames, bands, size, channels] =
            [lanes, self.frames, self.bands[1], self.pool.bands, self.dense.outputs]
                .map(|n| n as i32);
        let each = Device::each(self.out.len());
        Ok(launch!(
            device, device.kernel("first"), each;
            padded, &kernel, &bias, &mut self.out, &mut self.choice, &lanes, &frames, &bands, &size, &channels
        )?)
    }

    fn forward(
        &mut self,
        device: &Device,
        weights: &Weights,
        below: &Buffer,
        lanes: usize,
    ) -> Result<()> {
        let [frames, bands, kept, channels] =
            [self.frames, self.bands[0], self.kept(), self.channels].map(|n| n as i32);
        let sequences = lanes as i32;
        launch!(
            device, device.kernel("windows"), Device::each(self.windows.len());
            below, &mut self.windows, &sequences, &frames, &bands, &kept, &channels
        )?;
        weights.product(device, &self.dense, &self.windows.as_view(), &mut self.raw)?;
        let bias = part(&weights.params, &self.dense.bias);
        let [rows, bands, size, frames, channels] = self.pooling(lanes);
        let each = Device::each(self.out.len());
        Ok(launch!(
            device, device.kernel("pool"), each;
            &self.raw, &bias, &mut self.out, &mut self.choice, &rows, &bands, &size, &frames, &channels
        )?)
    }

    /// From [`Self::d_out`] to the gradients of the weights, and of what lies `below`.
    fn backward(
        &mut self,
        device: &Device,
        weights: &mut Weights,
        d_below: &mut Buffer,
        lanes: usize,
    ) -> Result<()> {
        let [rows, bands, size, frames, channels] = self.pooling(lanes);
        launch!(
            device, device.kernel("pool_back"), Device::each(self.out.len());
            &self.out, &self.d_out, &self.choice, &mut self.raw, &rows, &bands, &size, &frames, &channels
        )?;
        weights.weight_gradient(
            device,
            &self.dense,
            &self.windows.as_view(),
            &self.raw.as_view(),
        )?;
        weights.input_gradient(device, &self.dense, &self.raw.as_view(), &mut self.d_windows)?;
        let [frames, bands, kept, channels] =
            [self.frames, self.bands[0], self.kept(), self.channels].map(|n| n as i32);
        let (sequences, each) = (lanes as i32, Device::each(d_below.len()));
        Ok(launch!(
            device, device.kernel("windows_back"), each;
            &self.d_windows, d_below, &sequences, &frames, &bands, &kept, &channels
        )?)
    }

    fn pooling(&self, lanes: usize) -> [i32; 5] {
        let rows = lanes * self.frames / self.pool.frames;
        [rows, self.bands[1], self.pool.bands, self.pool.frames, self.dense.outputs]
            .map(|n| n as i32)
    }
}

/// The stem and the features per row: for each frame, or for as many as the stem pools.
pub(super) struct Front {
    dense: Dense,
    lanes: usize,
    time: usize,
    /// Frames before the first that it needs.
    before: usize,
    context: Buffer,
    mel: Buffer,
    /// Input [lanes, before + time, BANDS].
    padded: Buffer,
    stages: Vec<Stage>,
    /// [lanes, rows, features] before the bias.
    rows: Buffer,
    /// [rows, lanes, features].
    pub(super) features: Buffer,
    partial: Buffer,
}

impl Front {
    pub(super) fn new(device: &Device, layout: &Layout, lanes: usize, time: usize) -> Result<Self> {
        let pools = stages::stages(layout.stem.len());
        let (bands, before) = (stages::bands(pools), stages::context(pools));
        let first = layout.stem[0].outputs;
        ensure!(first <= WIDEST, "channels = {first}: --gpu begins with {WIDEST} at most");
        let mut frames = before + time;
        let mut parts = Vec::new();
        for (index, (dense, &pool)) in layout.stem.iter().zip(pools).enumerate() {
            frames -= KERNEL - 1;
            let bands = [bands[index], bands[index + 1]];
            let positions = if index == 0 { 0 } else { lanes * frames * bands[1] * pool.bands };
            ensure!(
                i32::try_from(positions * dense.inputs.max(dense.outputs)).is_ok(),
                "batch = {lanes}: so many sequences of {time} frames are more than --gpu can count; give fewer"
            );
            let out = lanes * frames / pool.frames * bands[1] * dense.outputs;
            parts.push(Stage {
                channels: dense.inputs / (KERNEL * KERNEL),
                frames,
                bands,
                pool,
                windows: device.zeros(positions * dense.inputs)?,
                raw: device.zeros(positions * dense.outputs)?,
                out: device.zeros(out)?,
                choice: device.zeros(out)?,
                d_windows: device.zeros(positions * dense.inputs)?,
                d_out: device.zeros(out)?,
                dense: dense.clone(),
            });
            frames /= pool.frames;
        }
        let features = lanes * frames * layout.features.outputs;
        Ok(Self {
            context: device.zeros(lanes * before * BANDS)?,
            mel: device.zeros(lanes * time * BANDS)?,
            padded: device.zeros(lanes * (before + time) * BANDS)?,
            rows: device.zeros(features)?,
            features: device.zeros(features)?,
            partial: device.zeros(SHARES * TAPS * layout.stem[0].outputs)?,
            stages: parts,
            dense: layout.features.clone(),
            lanes,
            time,
            before,
        })
    }

    /// Values of silence before all sequences.
    pub(super) fn context_len(&self) -> usize {
        self.context.len()
    }

    /// `mel` [lanes, time, BANDS] after `context` [lanes, before, BANDS] -> [`Self::features`].
    pub(super) fn forward(
        &mut self,
        device: &Device,
        weights: &Weights,
        mel: &[f32],
        context: &[f32],
    ) -> Result<()> {
        device.upload(mel, &mut self.mel)?;
        device.upload(context, &mut self.context)?;
        let [lanes, before, time] = [self.lanes, self.before, self.time].map(|n| n as i32);
        launch!(
            device, device.kernel("pad"), Device::each(self.padded.len());
            &self.context, &self.mel, &mut self.padded, &lanes, &before, &time
        )?;
        self.stages[0].launch_first(device, weights, &self.padded, self.lanes)?;
        for index in 1..self.stages.len() {
            let (below, stage) = self.stages.split_at_mut(index);
            stage[0].forward(device, weights, &below[index - 1].out, self.lanes)?;
        }
        let last = &self.stages[self.stages.len() - 1];
        weights.product(device, &self.dense, &last.out.as_view(), &mut self.rows)?;
        let bias = part(&weights.params, &self.dense.bias);
        let (lanes, rows, width) = self.sizes();
        let each = Device::each(self.features.len());
        Ok(launch!(
            device, device.kernel("features"), each;
            &self.rows, &bias, &mut self.features, &lanes, &rows, &width
        )?)
    }

    /// Gradients of the weights from `d_features` [rows, lanes, features].
    pub(super) fn backward(
        &mut self,
        device: &Device,
        weights: &mut Weights,
        d_features: &Buffer,
    ) -> Result<()> {
        let (lanes, rows, width) = self.sizes();
        launch!(
            device, device.kernel("features_back"), Device::each(self.rows.len());
            &self.features, d_features, &mut self.rows, &lanes, &rows, &width
        )?;
        let count = self.stages.len();
        let last = &mut self.stages[count - 1];
        weights.weight_gradient(device, &self.dense, &last.out.as_view(), &self.rows.as_view())?;
        weights.input_gradient(device, &self.dense, &self.rows.as_view(), &mut last.d_out)?;
        for index in (1..count).rev() {
            let (below, stage) = self.stages.split_at_mut(index);
            stage[0].backward(device, weights, &mut below[index - 1].d_out, self.lanes)?;
        }
        let Stage { dense, frames, bands, pool, out, choice, d_out, .. } = &self.stages[0];
        let shares = LaunchConfig {
            grid_dim: (SHARES as u32, 1, 1),
            block_dim: (dense.outputs as u32, TAPS as u32, 1),
            shared_mem_bytes: 0,
        };
        let [frames, bands, size] = [*frames, bands[1], pool.bands].map(|n| n as i32);
        launch!(
            device, device.kernel("first_back"), shares;
            &self.padded, out, d_out, choice, &mut self.partial, &lanes, &frames, &bands, &size
        )?;
        // The bias lies behind the weights, as the tenth tap does.
        let both = dense.weights.start..dense.bias.end;
        let width = both.len();
        let grads = &mut part_mut(&mut weights.grads, &both);
        device.sum_rows(&self.partial.as_view(), grads, [SHARES, width])
    }

    fn sizes(&self) -> (i32, i32, i32) {
        let width = self.dense.outputs;
        let rows = self.features.len() / (self.lanes * width);
        (self.lanes as i32, rows as i32, width as i32)
    }
}

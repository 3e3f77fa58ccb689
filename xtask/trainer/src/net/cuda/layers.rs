//! The layers both networks share, on the GPU: linear, dropout, the LSTM, and the front, which is the
//! stem and the features per frame.

use anyhow::Result;
use cudarc::driver::{CudaView, LaunchConfig};
use listener::BANDS;

use super::device::{Buffer, Device, LstmKernels, launch, part, part_mut};
use crate::net::shape::{CONTEXT, Dense, Layout, Recurrent, stem_bands};

/// Blocks that share the gradient of the first convolution.
const SHARES: usize = 2048;
/// Taps of a convolution and its bias.
const TAPS: usize = 10;

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
#[derive(Clone, Copy)]
pub(super) struct Dropout {
    pub(super) seed: u32,
    /// In 256.
    pub(super) threshold: i32,
}

impl Dropout {
    /// Drops the share `rate`.
    pub(super) fn new(rate: f32, seed: u64) -> Self {
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

/// Two convolutions with their pools, and the features per frame.
pub(super) struct Front {
    layout: Layout,
    lanes: usize,
    time: usize,
    context: Buffer,
    mel: Buffer,
    /// Input [lanes, time + 4, BANDS].
    padded: Buffer,
    /// After the first pool [lanes, time + 2, bands, channels], and which band won.
    middle: Buffer,
    middle_choice: Buffer<u8>,
    /// Windows of the second convolution, and what it makes of them before its pool.
    windows: Buffer,
    raw: Buffer,
    /// After the second pool [lanes, time, bands, channels], and which band won.
    out: Buffer,
    out_choice: Buffer<u8>,
    /// [lanes, time, features] before the bias.
    rows: Buffer,
    /// [time, lanes, features].
    pub(super) features: Buffer,
    d_windows: Buffer,
    d_middle: Buffer,
    d_out: Buffer,
    partial: Buffer,
}

impl Front {
    pub(super) fn new(device: &Device, layout: &Layout, lanes: usize, time: usize) -> Result<Self> {
        let [_, middle, pooled] = stem_bands();
        let [first, second] = [layout.stem[0].outputs, layout.stem[1].outputs];
        let frames = lanes * time;
        let middle = lanes * (time + CONTEXT / 2) * middle * first;
        let windows = frames * 3 * pooled * layout.stem[1].inputs;
        let out = frames * pooled * second;
        let features = frames * layout.features.outputs;
        anyhow::ensure!(
            i32::try_from(windows).is_ok(),
            "batch = {lanes}: so many sequences of {time} frames are more than --gpu can count; give fewer"
        );
        Ok(Self {
            layout: layout.clone(),
            lanes,
            time,
            context: device.zeros(lanes * CONTEXT * BANDS)?,
            mel: device.zeros(frames * BANDS)?,
            padded: device.zeros(lanes * (time + CONTEXT) * BANDS)?,
            middle: device.zeros(middle)?,
            middle_choice: device.zeros(middle)?,
            windows: device.zeros(windows)?,
            raw: device.zeros(3 * out)?,
            out: device.zeros(out)?,
            out_choice: device.zeros(out)?,
            rows: device.zeros(features)?,
            features: device.zeros(features)?,
            d_windows: device.zeros(windows)?,
            d_middle: device.zeros(middle)?,
            d_out: device.zeros(out)?,
            partial: device.zeros(SHARES * TAPS * first)?,
        })
    }

    /// `mel` [lanes, time, BANDS] after `context` [lanes, CONTEXT, BANDS] -> [`Self::features`].
    pub(super) fn forward(
        &mut self,
        device: &Device,
        weights: &Weights,
        mel: &[f32],
        context: &[f32],
    ) -> Result<()> {
        device.upload(mel, &mut self.mel)?;
        device.upload(context, &mut self.context)?;
        let Layout { stem: [first, second], features, .. } = &self.layout;
        let (lanes, time, between) =
            (self.lanes as i32, self.time as i32, (self.time + CONTEXT / 2) as i32);
        let each = Device::each;
        launch!(
            device, device.kernel("pad"), each(self.padded.len());
            &self.context, &self.mel, &mut self.padded, &lanes, &time
        )?;
        let params = &weights.params;
        let (kernel, bias) = (part(params, &first.weights), part(params, &first.bias));
        let channels = first.outputs as i32;
        launch!(
            device, device.kernel("first"), each(self.middle.len());
            &self.padded, &kernel, &bias, &mut self.middle, &mut self.middle_choice, &lanes, &between, &channels
        )?;
        launch!(
            device, device.kernel("windows"), each(self.windows.len());
            &self.middle, &mut self.windows, &lanes, &time, &channels
        )?;
        weights.product(device, second, &self.windows.as_view(), &mut self.raw)?;
        let (bias, channels, frames) =
            (part(params, &second.bias), second.outputs as i32, (self.lanes * self.time) as i32);
        launch!(
            device, device.kernel("pool"), each(self.out.len());
            &self.raw, &bias, &mut self.out, &mut self.out_choice, &frames, &channels
        )?;
        weights.product(device, features, &self.out.as_view(), &mut self.rows)?;
        let (bias, width) = (part(params, &features.bias), features.outputs as i32);
        Ok(launch!(
            device, device.kernel("features"), each(self.features.len());
            &self.rows, &bias, &mut self.features, &lanes, &time, &width
        )?)
    }

    /// Gradients of the weights from `d_features` [time, lanes, features].
    pub(super) fn backward(
        &mut self,
        device: &Device,
        weights: &mut Weights,
        d_features: &Buffer,
    ) -> Result<()> {
        let Layout { stem: [first, second], features, .. } = &self.layout;
        let (lanes, time, between) =
            (self.lanes as i32, self.time as i32, (self.time + CONTEXT / 2) as i32);
        let each = Device::each;
        let width = features.outputs as i32;
        launch!(
            device, device.kernel("features_back"), each(self.rows.len());
            &self.features, d_features, &mut self.rows, &lanes, &time, &width
        )?;
        weights.weight_gradient(device, features, &self.out.as_view(), &self.rows.as_view())?;
        weights.input_gradient(device, features, &self.rows.as_view(), &mut self.d_out)?;
        let (channels, frames) = (second.outputs as i32, (self.lanes * self.time) as i32);
        launch!(
            device, device.kernel("pool_back"), each(self.out.len());
            &self.out, &self.d_out, &self.out_choice, &mut self.raw, &frames, &channels
        )?;
        weights.weight_gradient(device, second, &self.windows.as_view(), &self.raw.as_view())?;
        weights.input_gradient(device, second, &self.raw.as_view(), &mut self.d_windows)?;
        let channels = first.outputs as i32;
        launch!(
            device, device.kernel("windows_back"), each(self.middle.len());
            &self.d_windows, &mut self.d_middle, &lanes, &time, &channels
        )?;
        let shares = LaunchConfig {
            grid_dim: (SHARES as u32, 1, 1),
            block_dim: (first.outputs as u32, TAPS as u32, 1),
            shared_mem_bytes: 0,
        };
        launch!(
            device, device.kernel("first_back"), shares;
            &self.padded, &self.middle, &self.d_middle, &self.middle_choice, &mut self.partial, &lanes, &between
        )?;
        // The bias lies behind the weights, as the tenth tap does.
        let both = first.weights.start..first.bias.end;
        let width = both.len();
        let grads = &mut part_mut(&mut weights.grads, &both);
        device.sum_rows(&self.partial.as_view(), grads, [SHARES, width])
    }
}

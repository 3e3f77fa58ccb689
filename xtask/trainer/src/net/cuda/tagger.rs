//! The tag network on the GPU: the same layers as `../tagger.rs`, with an LSTM over blocks.

use anyhow::{Result, ensure};

use super::device::{Buffer, Device, LstmKernels, launch};
use super::layers::{Dropout, Front, Lstm, Weights};
use crate::net::shape::Dense;
use crate::net::{Pooling, TagShape};

/// Where a sequence goes in rows of pooled blocks.
#[derive(Clone, Copy)]
struct Place {
    width: usize,
    offset: usize,
}

/// A batch of `lanes` sequences of `blocks` blocks, and all memory for one step of training.
pub struct GpuTags {
    shape: TagShape,
    lanes: usize,
    blocks: usize,
    device: Device,
    kernels: LstmKernels,
    weights: Weights,
    front: Front,
    frames: Lstm,
    lstm: Lstm,
    head: Dense,
    pooled: Buffer,
    winners: [Buffer<i32>; 2],
    dropout: Dropout,
    /// What the LSTM over blocks and the head hear, after dropout.
    dropped: [Buffer; 2],
    logits: Buffer,
    d_logits: Buffer,
    d_summary: [Buffer; 2],
    d_pooled: [Buffer; 2],
    d_features: Buffer,
    d_units: Buffer,
    d_below: Buffer,
    silence: Vec<f32>,
    /// Copies of logits and gradients.
    heard: Vec<f32>,
    grads: Vec<f32>,
}

impl GpuTags {
    /// Opens the GPU for networks of `shape`.
    ///
    /// # Errors
    /// When there is none, it lacks memory, CUDA is not installed, or the network pools its blocks
    /// otherwise than by an LSTM.
    pub fn open(shape: &TagShape, lanes: usize, blocks: usize) -> Result<Self> {
        ensure!(
            shape.pooling == Pooling::Lstm,
            "--gpu trains networks with an LSTM over blocks; train {:?} without it",
            shape.pooling
        );
        let device = Device::open()?;
        let layout = shape.layout().base;
        let (time, rows) = (blocks * shape.rows(), blocks * lanes);
        let (features, hidden) = (time * lanes * shape.features, time * lanes * shape.hidden);
        let front = Front::new(&device, &layout, lanes, blocks * shape.block)?;
        let twice = |len| -> Result<[Buffer; 2]> { Ok([device.zeros(len)?, device.zeros(len)?]) };
        Ok(Self {
            kernels: device.lstm(shape.hidden, lanes)?,
            weights: Weights::new(&device, layout.len)?,
            frames: Lstm::new(&device, &layout.lstm[0], lanes, time)?,
            lstm: Lstm::new(&device, &layout.lstm[1], lanes, blocks)?,
            pooled: device.zeros(rows * shape.pooled())?,
            winners: [device.zeros(rows * shape.features)?, device.zeros(rows * shape.hidden)?],
            dropout: Dropout::default(),
            dropped: [device.zeros(rows * shape.pooled())?, device.zeros(rows * shape.hidden)?],
            logits: device.zeros(rows * shape.outputs())?,
            d_logits: device.zeros(rows * shape.outputs())?,
            d_summary: twice(rows * shape.hidden)?,
            d_pooled: twice(rows * shape.pooled())?,
            d_features: device.zeros(features)?,
            d_units: device.zeros(hidden)?,
            d_below: device.zeros(features)?,
            silence: vec![0.0; front.context_len()],
            front,
            heard: vec![0.0; rows * shape.outputs()],
            grads: vec![0.0; layout.len],
            head: layout.head,
            shape: shape.clone(),
            lanes,
            blocks,
            device,
        })
    }

    /// Runs `mel` [lanes, blocks * block, BANDS] from silence through the network with `params`, and leaves
    /// [`Self::logits`]. With `dropout` (share and seed) it trains.
    ///
    /// # Errors
    /// When the GPU fails.
    pub fn forward(
        &mut self,
        params: &[f32],
        mel: &[f32],
        dropout: Option<(f32, u64)>,
    ) -> Result<()> {
        let device = &self.device;
        device.upload(params, &mut self.weights.params)?;
        self.front.forward(device, &self.weights, mel, &self.silence)?;
        let features = self.front.features.as_view();
        // Nobody changes the states to begin with: they stay silence.
        self.frames.forward(device, &self.kernels, &self.weights, &features)?;
        let sequences = [features, self.frames.sequence()];
        for ((x, winner), place) in sequences.iter().zip(&mut self.winners).zip(places(&self.shape))
        {
            let [blocks, block, lanes, width, row, offset] =
                sizes(&self.shape, self.blocks, self.lanes, place);
            launch!(
                device, device.kernel("pool_blocks"), Device::each(self.blocks * self.lanes * place.width);
                x, &mut self.pooled, winner, &blocks, &block, &lanes, &width, &row, &offset
            )?;
        }
        self.dropout = Dropout::new(dropout);
        let [pooled, summary] = &mut self.dropped;
        self.dropout.apply(device, &self.pooled.as_view(), pooled)?;
        self.lstm.forward(device, &self.kernels, &self.weights, &pooled.as_view())?;
        self.dropout.other(1).apply(device, &self.lstm.sequence(), summary)?;
        self.weights.linear(device, &self.head, &summary.as_view(), &mut self.logits)?;
        device.download(&self.logits.as_view(), &mut self.heard)
    }

    /// Outputs before softmax, sigmoid and tanh, [blocks, lanes, outputs].
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        &self.heard
    }

    /// Gradients of the parameters, laid out as they are, summed over lanes and blocks.
    #[must_use]
    pub fn grads(&self) -> &[f32] {
        &self.grads
    }

    /// From `d_logits` [blocks, lanes, outputs] to [`Self::grads`]. A frozen stem gets none.
    ///
    /// # Errors
    /// When the GPU fails.
    pub fn backward(&mut self, d_logits: &[f32], frozen: bool) -> Result<()> {
        let device = &self.device;
        device.upload(d_logits, &mut self.d_logits)?;
        let d_logits = self.d_logits.as_view();
        let [pooled, summary] = &self.dropped;
        self.weights.weight_gradient(device, &self.head, &summary.as_view(), &d_logits)?;
        let [d_dropped, d_summary] = &mut self.d_summary;
        self.weights.input_gradient(device, &self.head, &d_logits, d_dropped)?;
        self.dropout.other(1).apply(device, &d_dropped.as_view(), d_summary)?;
        let [d_dropped, d_pooled] = &mut self.d_pooled;
        let back = (&pooled.as_view(), &d_summary.as_view());
        self.lstm.backward(device, &self.kernels, &mut self.weights, back, d_dropped)?;
        self.dropout.apply(device, &d_dropped.as_view(), d_pooled)?;
        let into = [&mut self.d_features, &mut self.d_units];
        for ((dx, winner), place) in into.into_iter().zip(&self.winners).zip(places(&self.shape)) {
            let [blocks, block, lanes, width, row, offset] =
                sizes(&self.shape, self.blocks, self.lanes, place);
            launch!(
                device, device.kernel("pool_blocks_back"), Device::each(dx.len());
                &*d_pooled, winner, dx, &blocks, &block, &lanes, &width, &row, &offset
            )?;
        }
        let back = (&self.front.features.as_view(), &self.d_units.as_view());
        self.frames.backward(device, &self.kernels, &mut self.weights, back, &mut self.d_below)?;
        if !frozen {
            let count = self.d_features.len() as i32;
            let each = Device::each(self.d_features.len());
            launch!(device, device.kernel("add"), each; &mut self.d_features, &self.d_below, &count)?;
            self.front.backward(device, &mut self.weights, &self.d_features)?;
        }
        device.download(&self.weights.grads.as_view(), &mut self.grads)
    }
}

/// Where features and units over frames go in a pooled block, as on the CPU.
fn places(shape: &TagShape) -> [Place; 2] {
    let TagShape { features, hidden, .. } = *shape;
    [Place { width: features, offset: 0 }, Place { width: hidden, offset: 2 * features }]
}

/// The numbers that the pooling kernels take.
fn sizes(shape: &TagShape, blocks: usize, lanes: usize, place: Place) -> [i32; 6] {
    [blocks, shape.rows(), lanes, place.width, shape.pooled(), place.offset].map(|size| size as i32)
}

//! The beat network on the GPU: the same layers as `../crnn.rs`, for the whole batch at once.

use anyhow::Result;
use listener::BANDS;

use super::device::{Buffer, Device, LstmKernels};
use super::layers::{Dropout, Front, Lstm, Weights};
use crate::net::State;
use crate::net::shape::{BeatShape, CONTEXT, Dense, OUTPUTS};

/// A batch of `lanes` sequences of `time` frames, and all memory for one step of training.
pub struct GpuBeats {
    device: Device,
    kernels: LstmKernels,
    weights: Weights,
    front: Front,
    lstm: Vec<Lstm>,
    head: Dense,
    /// Input of each LSTM layer, after dropout.
    inputs: Vec<Buffer>,
    dropout: Dropout,
    logits: Buffer,
    d_logits: Buffer,
    /// Gradients of the outputs of a layer, and of its inputs, by width.
    d_sequence: Buffer,
    d_hidden: Buffer,
    d_features: Buffer,
    d_dropped: Buffer,
    /// Copies of logits and gradients.
    heard: Vec<f32>,
    grads: Vec<f32>,
}

impl GpuBeats {
    /// Opens the GPU for networks of `shape`.
    ///
    /// # Errors
    /// When there is none, it lacks memory, or CUDA is not installed.
    pub fn open(shape: &BeatShape, lanes: usize, time: usize) -> Result<Self> {
        let device = Device::open()?;
        let layout = shape.layout();
        let frames = lanes * time;
        let width = |layer| if layer == 0 { shape.features } else { shape.hidden };
        Ok(Self {
            kernels: device.lstm(shape.hidden, lanes)?,
            weights: Weights::new(&device, layout.len)?,
            front: Front::new(&device, &layout, lanes, time)?,
            lstm: layout
                .lstm
                .iter()
                .map(|place| Lstm::new(&device, place, lanes, time))
                .collect::<Result<_>>()?,
            inputs: (0..shape.layers)
                .map(|layer| device.zeros(frames * width(layer)))
                .collect::<Result<_>>()?,
            dropout: Dropout::default(),
            logits: device.zeros(frames * OUTPUTS)?,
            d_logits: device.zeros(frames * OUTPUTS)?,
            d_sequence: device.zeros(frames * shape.hidden)?,
            d_hidden: device.zeros(frames * shape.hidden)?,
            d_features: device.zeros(frames * shape.features)?,
            d_dropped: device.zeros(frames * shape.features)?,
            heard: vec![0.0; frames * OUTPUTS],
            grads: vec![0.0; layout.len],
            head: layout.head,
            device,
        })
    }

    /// Runs `mel` [lanes, time, BANDS] from `state`, which moves on, through the network with `params`, and
    /// leaves [`Self::logits`]. With `dropout` (share and seed) it trains.
    ///
    /// # Errors
    /// When the GPU fails.
    pub fn forward(
        &mut self,
        params: &[f32],
        mel: &[f32],
        state: &mut State,
        dropout: Option<(f32, u64)>,
    ) -> Result<()> {
        let device = &self.device;
        device.upload(params, &mut self.weights.params)?;
        self.front.forward(device, &self.weights, mel, &state.context)?;
        let time = mel.len() / (state.context.len() / CONTEXT);
        let contexts = state.context.chunks_exact_mut(CONTEXT * BANDS);
        for (context, mel) in contexts.zip(mel.chunks_exact(time * BANDS)) {
            context.copy_from_slice(&mel[(time - CONTEXT) * BANDS..]);
        }
        self.dropout = Dropout::new(dropout);
        for layer in 0..self.lstm.len() {
            let mask = self.dropout.other(layer as u32);
            let (below, from) = self.lstm.split_at_mut(layer);
            let x = below.last().map_or_else(|| self.front.features.as_view(), Lstm::sequence);
            let (lstm, input) = (&mut from[0], &mut self.inputs[layer]);
            mask.apply(device, &x, input)?;
            lstm.begin(device, &state.h[layer], &state.c[layer])?;
            lstm.forward(device, &self.kernels, &self.weights, &input.as_view())?;
        }
        for (layer, lstm) in self.lstm.iter().enumerate() {
            lstm.end(device, &mut state.h[layer], &mut state.c[layer])?;
        }
        if let Some(top) = self.lstm.last() {
            self.weights.linear(device, &self.head, &top.sequence(), &mut self.logits)?;
        }
        device.download(&self.logits.as_view(), &mut self.heard)
    }

    /// The head's outputs before the sigmoid, [time, lanes, OUTPUTS].
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        &self.heard
    }

    /// Gradients of the parameters, laid out as they are, summed over lanes and time.
    #[must_use]
    pub fn grads(&self) -> &[f32] {
        &self.grads
    }

    /// From `d_logits` [time, lanes, OUTPUTS] to [`Self::grads`]. Gradients stop at the state the forward pass
    /// began with.
    ///
    /// # Errors
    /// When the GPU fails.
    pub fn backward(&mut self, d_logits: &[f32]) -> Result<()> {
        let device = &self.device;
        device.upload(d_logits, &mut self.d_logits)?;
        let d_logits = self.d_logits.as_view();
        if let Some(top) = self.lstm.last() {
            self.weights.weight_gradient(device, &self.head, &top.sequence(), &d_logits)?;
        }
        self.weights.input_gradient(device, &self.head, &d_logits, &mut self.d_sequence)?;
        for layer in (0..self.lstm.len()).rev() {
            let mask = self.dropout.other(layer as u32);
            let d_input = if layer == 0 { &mut self.d_features } else { &mut self.d_hidden };
            let (x, dy) = (self.inputs[layer].as_view(), self.d_sequence.as_view());
            self.lstm[layer].backward(
                device,
                &self.kernels,
                &mut self.weights,
                (&x, &dy),
                d_input,
            )?;
            let dropped = if layer == 0 { &mut self.d_dropped } else { &mut self.d_sequence };
            mask.apply(device, &d_input.as_view(), dropped)?;
        }
        self.front.backward(device, &mut self.weights, &self.d_dropped)?;
        device.download(&self.weights.grads.as_view(), &mut self.grads)
    }
}

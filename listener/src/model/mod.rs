//! `BeatNet`: the streaming beat network, state in and state out, one frame a step.
//!
//! The model is causal: two convolutions look back four frames, two LSTM layers carry the rest. Its
//! file, [`ModelFile`], is checked before any backend sees it. Weights are shared by all lanes, a
//! [`NetState`] belongs to one lane. The [`Engine`] below runs any network of this kind.

#[cfg(feature = "ort")]
mod blocked;
mod crnn;
mod embedded;
mod engine;
mod file;
#[cfg(feature = "ort")]
mod onnx_runtime;
#[cfg(feature = "ort")]
mod placement;
mod tract;

use std::fmt;
use std::path::PathBuf;

use crnn::Middle;
pub(crate) use engine::{Engine, Lane};
pub(crate) use file::{Graph, Interface, Parsed, unreadable};
pub use file::{ModelFile, ModelShape};

use crate::silence::{BREAK_S, is_silent};
use crate::{BANDS, DecoderSettings, Error, FeatureSpec, MelFrame};

/// What the network hears in one frame; each is a probability, 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Activations {
    /// A beat is here.
    pub beat: f32,
    /// The first beat of a bar is here.
    pub downbeat: f32,
    /// A note or a stroke starts here.
    pub onset: f32,
}

impl Activations {
    /// Each made a probability: a broken model may say anything.
    pub(crate) fn sane(self) -> Self {
        let probability = |x: f32| if x.is_finite() { x.clamp(0.0, 1.0) } else { 0.0 };
        Self {
            beat: probability(self.beat),
            downbeat: probability(self.downbeat),
            onset: probability(self.onset),
        }
    }
}

/// Which inference engine to use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Runtime {
    /// Compiled in: no file to find, CPU only.
    #[default]
    Embedded,
    /// ONNX Runtime from a dynamic library.
    OnnxRuntime {
        /// Absolute path of the library: a whole file, for the system's loader ends the process over
        /// one that is cut short. The first path used stays in force for the whole process.
        library: PathBuf,
        /// Execution providers in the order to try; the CPU is always tried last.
        providers: Vec<Provider>,
    },
}

/// An execution provider of ONNX Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// NVIDIA, through TensorRT.
    TensorRt,
    /// NVIDIA, through CUDA.
    Cuda,
    /// Any GPU on Windows.
    DirectMl,
    /// Apple.
    CoreMl,
    /// Any GPU, through WebGPU.
    WebGpu,
    /// The processor.
    Cpu,
}

/// What really runs the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// The engine and its version.
    pub engine: String,
    /// The device it runs on.
    pub device: String,
    /// Why what was asked for does not run it, or no longer does; empty if it does, or nothing was asked
    /// for.
    pub refused: String,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.engine, self.device)
    }
}

/// The network's memory of one lane: the last frames for the convolutions, and the LSTM state.
#[derive(Debug, Clone)]
pub struct NetState {
    /// `[context, bands]`, oldest first; silence at the start.
    pub(crate) context: Vec<f32>,
    /// `[layers, hidden]`.
    pub(crate) h: Vec<f32>,
    /// `[layers, hidden]`.
    pub(crate) c: Vec<f32>,
    /// Of the context, after convolutions.
    middle: Middle,
    /// Frames of silence up to now.
    silent: u32,
}

impl NetState {
    /// The state before the first frame: silence.
    #[must_use]
    pub fn new(shape: &ModelShape) -> Self {
        let memory = vec![0.0; shape.layers * shape.hidden];
        Self {
            context: vec![0.0; shape.context * BANDS],
            h: memory.clone(),
            c: memory,
            middle: Middle::default(),
            silent: 0,
        }
    }

    /// Before a frame of `features` is heard: the first sound after a break begins another piece, and is heard as
    /// that of a new lane.
    fn part(&mut self, features: &[f32; BANDS]) {
        if is_silent(features) {
            self.silent = self.silent.saturating_add(1);
        } else {
            if f64::from(self.silent) * FeatureSpec::CURRENT.hop_s >= f64::from(BREAK_S) {
                self.reset();
            }
            self.silent = 0;
        }
    }

    /// Forgets everything, without allocating.
    pub fn reset(&mut self) {
        for memory in [&mut self.context, &mut self.h, &mut self.c] {
            memory.fill(0.0);
        }
        self.silent = 0;
    }
}

/// One lane's part of a batched step.
pub struct LaneFrame<'a> {
    /// The lane's memory, moved on by the step.
    pub state: &'a mut NetState,
    /// The frame to hear.
    pub frame: &'a MelFrame,
    /// What was heard; written by the step.
    pub out: Activations,
}

impl Lane for LaneFrame<'_> {
    fn mel(&self) -> &[f32] {
        &self.frame.bins
    }

    fn state(&mut self) -> &mut NetState {
        self.state
    }

    fn hear(&mut self, outputs: &[f32]) {
        self.out = Activations { beat: outputs[0], downbeat: outputs[1], onset: outputs[2] };
    }
}

/// The streaming beat network.
pub struct BeatNet {
    shape: ModelShape,
    decoder: DecoderSettings,
    engine: Engine,
}

impl BeatNet {
    /// Loads a model, checked against `spec`, into `runtime`.
    ///
    /// # Errors
    /// [`Error::Model`], [`Error::SpecMismatch`] or [`Error::Shape`] if the file is not a beat model
    /// of this build's features; [`Error::Backend`] if the engine cannot be started.
    pub fn from_bytes(onnx: &[u8], spec: &FeatureSpec, runtime: &Runtime) -> Result<Self, Error> {
        let file = ModelFile::read(onnx)?;
        spec.require_same(&file.spec)?;
        let engine = Engine::new(onnx, &file.graph, runtime)?;
        let mut net = Self { shape: file.shape, decoder: file.decoder, engine };
        net.warm_up()?;
        Ok(net)
    }

    /// What really runs the model.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        self.engine.backend()
    }

    /// What decodes this network's activations best.
    #[must_use]
    pub fn decoder(&self) -> &DecoderSettings {
        &self.decoder
    }

    /// A fresh state for a lane.
    #[must_use]
    pub fn new_state(&self) -> NetState {
        NetState::new(&self.shape)
    }

    /// Hears one frame of each lane, in one call. A lane's result does not depend on the others. After three seconds
    /// of silence the network's memory of a lane begins anew.
    ///
    /// # Errors
    /// [`Error::Backend`] if the engine fails; states are then undefined and must be reset.
    pub fn step(&mut self, lanes: &mut [LaneFrame<'_>]) -> Result<(), Error> {
        lanes.iter_mut().for_each(|lane| lane.state.part(&lane.frame.bins));
        self.engine.step(lanes)
    }

    /// One frame of silence, so that a model that loads but cannot run is refused now, not in play.
    fn warm_up(&mut self) -> Result<(), Error> {
        let mut state = self.new_state();
        let frame = MelFrame { at: crate::SamplePos(0), bins: [0.0; BANDS] };
        self.step(&mut [LaneFrame {
            state: &mut state,
            frame: &frame,
            out: Activations::default(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_engine_costs_no_frame_and_no_memory() {
        let onnx = include_bytes!("../../../models/beats.onnx");
        let load = || {
            BeatNet::from_bytes(onnx, &FeatureSpec::CURRENT, &Runtime::Embedded).expect("it loads")
        };
        let hear = |net: &mut BeatNet, state: &mut NetState, n: i64| {
            let bins = std::array::from_fn(|band| ((band as i64 + 7 * n) % 13) as f32 / 10.0);
            let frame = MelFrame { at: crate::SamplePos(n), bins };
            let out = Activations::default();
            let mut lanes = [LaneFrame { state, frame: &frame, out }];
            net.step(&mut lanes).expect("it runs");
            lanes[0].out
        };
        let (mut steady, mut lost) = (load(), load());
        let (mut a, mut b) = (steady.new_state(), lost.new_state());
        lost.engine = lost.engine.failing(load().engine, 20);
        assert_eq!(lost.backend().to_string(), "GPU (test)");
        for n in 0..40 {
            assert_eq!(hear(&mut steady, &mut a, n), hear(&mut lost, &mut b, n), "frame {n}");
        }
        let backend = lost.backend();
        assert_eq!(backend.to_string(), steady.backend().to_string());
        assert!(backend.refused.contains("GPU (test) stopped: a GPU: lost"), "{backend:?}");
    }
}

//! `BeatNet`: the streaming beat network, state in and state out, one frame a step.
//!
//! The model is causal: two convolutions look back four frames, two LSTM layers carry the rest. Its
//! file, [`ModelFile`], is checked before any backend sees it. Weights are shared by all lanes, a
//! [`BeatState`] belongs to one lane.

mod embedded;
mod file;
#[cfg(feature = "ort")]
mod onnx_runtime;

use std::fmt;
use std::path::PathBuf;

pub use file::{ModelFile, ModelShape};

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
    /// `tract`, compiled in: no file to find, CPU only.
    #[default]
    Embedded,
    /// ONNX Runtime from a dynamic library.
    OnnxRuntime {
        /// Absolute path of the library. The first path used stays in force for the whole process.
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
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.engine, self.device)
    }
}

/// The network's memory of one lane: the last frames for the convolutions, and the LSTM state.
#[derive(Debug, Clone, PartialEq)]
pub struct BeatState {
    /// `[context, bands]`, oldest first; silence at the start.
    context: Vec<f32>,
    /// `[layers, hidden]`.
    h: Vec<f32>,
    /// `[layers, hidden]`.
    c: Vec<f32>,
}

impl BeatState {
    /// The state before the first frame: silence.
    #[must_use]
    pub fn new(shape: &ModelShape) -> Self {
        let memory = vec![0.0; shape.layers * shape.hidden];
        Self { context: vec![0.0; shape.context * BANDS], h: memory.clone(), c: memory }
    }

    /// Forgets everything, without allocating.
    pub fn reset(&mut self) {
        for memory in [&mut self.context, &mut self.h, &mut self.c] {
            memory.fill(0.0);
        }
    }
}

/// One lane's part of a batched step.
pub struct LaneFrame<'a> {
    /// The lane's memory, moved on by the step.
    pub state: &'a mut BeatState,
    /// The frame to hear.
    pub frame: &'a MelFrame,
    /// What was heard; written by the step.
    pub out: Activations,
}

/// An engine that can run the network for a batch of lanes.
trait Network: Send {
    /// One frame for each of `lanes`. On an error some lanes may already have moved on.
    fn step(&mut self, lanes: &mut [LaneFrame<'_>]) -> Result<(), Error>;

    fn backend(&self) -> &Backend;
}

/// The streaming beat network.
pub struct BeatNet {
    shape: ModelShape,
    decoder: DecoderSettings,
    network: Box<dyn Network>,
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
        let network: Box<dyn Network> = match runtime {
            Runtime::Embedded => Box::new(embedded::Embedded::new(&file)?),
            #[cfg(feature = "ort")]
            Runtime::OnnxRuntime { library, providers } => {
                Box::new(onnx_runtime::OnnxRuntime::new(onnx, file.shape, library, providers)?)
            }
            #[cfg(not(feature = "ort"))]
            Runtime::OnnxRuntime { .. } => {
                return Err(Error::Backend {
                    backend: "ONNX Runtime",
                    reason: "this build is without it; build with the feature `ort`".into(),
                });
            }
        };
        let mut net = Self { shape: file.shape, decoder: file.decoder, network };
        net.warm_up()?;
        Ok(net)
    }

    /// What really runs the model.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        self.network.backend()
    }

    /// What decodes this network's activations best.
    #[must_use]
    pub fn decoder(&self) -> &DecoderSettings {
        &self.decoder
    }

    /// A fresh state for a lane.
    #[must_use]
    pub fn new_state(&self) -> BeatState {
        BeatState::new(&self.shape)
    }

    /// Hears one frame of each lane, in one call. A lane's result does not depend on the others.
    ///
    /// # Errors
    /// [`Error::Backend`] if the engine fails; states are then undefined and must be reset.
    pub fn step(&mut self, lanes: &mut [LaneFrame<'_>]) -> Result<(), Error> {
        if lanes.is_empty() {
            return Ok(());
        }
        self.network.step(lanes)
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

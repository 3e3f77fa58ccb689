//! `Engine`: one of the backends, running any streaming network for a batch of lanes.

use super::embedded::Embedded;
use super::file::Graph;
#[cfg(feature = "ort")]
use super::onnx_runtime::OnnxRuntime;
use super::{Backend, NetState, Runtime};
use crate::Error;

/// One lane's part of a batched step.
pub(crate) trait Lane {
    /// Frames to hear, `[frames, bands]`.
    fn mel(&self) -> &[f32];

    /// The lane's memory, moved on by the step.
    fn state(&mut self) -> &mut NetState;

    /// Takes what the network gave for this lane.
    fn hear(&mut self, outputs: &[f32]);
}

/// What runs a network.
pub(crate) enum Engine {
    Embedded(Embedded),
    #[cfg(feature = "ort")]
    OnnxRuntime(OnnxRuntime),
}

impl Engine {
    /// Loads the file `onnx`, whose checked graph is `graph`, into `runtime`.
    ///
    /// # Errors
    /// [`Error::Backend`] if the engine cannot be started.
    pub(crate) fn new(onnx: &[u8], graph: &Graph, runtime: &Runtime) -> Result<Self, Error> {
        match runtime {
            Runtime::Embedded => Embedded::new(graph).map(Self::Embedded),
            #[cfg(feature = "ort")]
            Runtime::OnnxRuntime { library, providers } => {
                OnnxRuntime::new(onnx, graph, library, providers).map(Self::OnnxRuntime)
            }
            #[cfg(not(feature = "ort"))]
            Runtime::OnnxRuntime { .. } => {
                let _ = onnx;
                Err(Error::Backend {
                    backend: "ONNX Runtime",
                    reason: "this build is without it; build with the feature `ort`".into(),
                })
            }
        }
    }

    /// One step of each of `lanes`. On an error some lanes may already have moved on.
    ///
    /// # Errors
    /// [`Error::Backend`] if the engine fails.
    pub(crate) fn step(&mut self, lanes: &mut [impl Lane]) -> Result<(), Error> {
        if lanes.is_empty() {
            return Ok(());
        }
        match self {
            Self::Embedded(engine) => engine.step(lanes),
            #[cfg(feature = "ort")]
            Self::OnnxRuntime(engine) => engine.step(lanes),
        }
    }

    /// What really runs.
    pub(crate) fn backend(&self) -> &Backend {
        match self {
            Self::Embedded(engine) => engine.backend(),
            #[cfg(feature = "ort")]
            Self::OnnxRuntime(engine) => engine.backend(),
        }
    }
}

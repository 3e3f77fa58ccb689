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
pub(crate) struct Engine {
    runs: Runs,
    /// Takes over when the engine fails in mid-session, as when a GPU is lost: with no file to read and
    /// nothing to build, it hears the very frame at which the other failed.
    spare: Option<Embedded>,
}

enum Runs {
    Embedded(Embedded),
    #[cfg(feature = "ort")]
    OnnxRuntime(OnnxRuntime),
    #[cfg(test)]
    Failing {
        engine: Embedded,
        backend: Backend,
        steps: usize,
    },
}

impl Engine {
    /// Loads the file `onnx`, whose checked graph is `graph`, into `runtime`.
    ///
    /// # Errors
    /// [`Error::Backend`] if the engine cannot be started.
    pub(crate) fn new(onnx: &[u8], graph: &Graph, runtime: &Runtime) -> Result<Self, Error> {
        match runtime {
            Runtime::Embedded => {
                Ok(Self { runs: Runs::Embedded(Embedded::new(graph)?), spare: None })
            }
            #[cfg(feature = "ort")]
            Runtime::OnnxRuntime { library, providers } => {
                let runs = Runs::OnnxRuntime(OnnxRuntime::new(onnx, graph, library, providers)?);
                // A graph that only the other engine can run is left without.
                Ok(Self { runs, spare: Embedded::new(graph).ok() })
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
    /// [`Error::Backend`] if the engine fails and there is no spare.
    pub(crate) fn step(&mut self, lanes: &mut [impl Lane]) -> Result<(), Error> {
        if lanes.is_empty() {
            return Ok(());
        }
        #[cfg_attr(not(feature = "ort"), allow(unused_mut, reason = "only that engine counts"))]
        let mut heard = 0;
        let outcome = match &mut self.runs {
            Runs::Embedded(engine) => return engine.step(lanes),
            #[cfg(feature = "ort")]
            Runs::OnnxRuntime(engine) => engine.step(lanes, &mut heard),
            #[cfg(test)]
            Runs::Failing { steps: 0, .. } => {
                Err(Error::Backend { backend: "a GPU", reason: "lost".into() })
            }
            #[cfg(test)]
            Runs::Failing { engine, steps, .. } => {
                *steps -= 1;
                engine.step(lanes)
            }
        };
        let Err(error) = outcome else { return Ok(()) };
        let Some(mut spare) = self.spare.take() else { return Err(error) };
        spare.refuse(format!("{} stopped: {error}", self.backend()));
        let outcome = spare.step(&mut lanes[heard..]);
        self.runs = Runs::Embedded(spare);
        outcome
    }

    /// What really runs.
    pub(crate) fn backend(&self) -> &Backend {
        match &self.runs {
            Runs::Embedded(engine) => engine.backend(),
            #[cfg(feature = "ort")]
            Runs::OnnxRuntime(engine) => engine.backend(),
            #[cfg(test)]
            Runs::Failing { backend, .. } => backend,
        }
    }

    /// This engine, to be lost after so many steps, with another as its spare.
    #[cfg(test)]
    pub(crate) fn failing(self, spare: Self, steps: usize) -> Self {
        let (Runs::Embedded(engine), Runs::Embedded(spare)) = (self.runs, spare.runs) else {
            panic!("both are embedded");
        };
        let backend =
            Backend { engine: "GPU".into(), device: "test".into(), refused: String::new() };
        Self { runs: Runs::Failing { engine, backend, steps }, spare: Some(spare) }
    }
}

//! The ONNX Runtime backend: a dynamic library, all lanes in one call, on a GPU where there is one.

use std::path::Path;
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::ep::{self, ExecutionProviderDispatch};
use ort::session::Session;
use ort::value::TensorRef;

use super::file::{Graph, INPUTS, Interface};
use super::{Backend, Lane, ModelShape, Provider};
use crate::{BANDS, Error};

/// The process's one ONNX Runtime. It must outlive every session, and once a library is loaded it
/// cannot be changed.
static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();

pub(crate) struct OnnxRuntime {
    session: Session,
    batch: Batch,
    shape: ModelShape,
    interface: Interface,
    backend: Backend,
}

impl OnnxRuntime {
    pub(super) fn new(
        onnx: &[u8],
        graph: &Graph,
        library: &Path,
        providers: &[Provider],
    ) -> Result<Self, Error> {
        let environment = environment(library)?;
        let mut refused = Vec::new();
        let last = [Provider::Cpu];
        for provider in providers.iter().chain(&last) {
            match session(environment, onnx, *provider) {
                Ok(session) => {
                    let backend =
                        Backend { engine: "ONNX Runtime".into(), device: device(*provider).into() };
                    return Ok(Self {
                        session,
                        batch: Batch::default(),
                        shape: graph.shape,
                        interface: graph.interface,
                        backend,
                    });
                }
                Err(reason) => refused.push(format!("{}: {reason}", device(*provider))),
            }
        }
        Err(failed(refused.join("; ")))
    }

    fn run(&mut self, lanes: &mut [impl Lane]) -> ort::Result<()> {
        let Self { session, batch, shape, interface, .. } = self;
        let ModelShape { context, layers, hidden } = *shape;
        let Interface { frames, width, .. } = *interface;
        let count = lanes.len();
        batch.gather(lanes, shape);
        let inputs = ort::inputs![
            INPUTS[0] => TensorRef::from_array_view(([count, frames, BANDS], &batch.mel[..]))?,
            INPUTS[1] => TensorRef::from_array_view(([count, context, BANDS], &batch.context[..]))?,
            INPUTS[2] => TensorRef::from_array_view(([layers, count, hidden], &batch.h[..]))?,
            INPUTS[3] => TensorRef::from_array_view(([layers, count, hidden], &batch.c[..]))?,
        ];
        let outputs = session.run(inputs)?;
        let names = interface.outputs();
        let read = |i: usize| outputs[names[i]].try_extract_tensor::<f32>().map(|(_, data)| data);
        let (heard, contexts, h, c) = (read(0)?, read(1)?, read(2)?, read(3)?);
        for (b, lane) in lanes.iter_mut().enumerate() {
            lane.hear(&heard[b * width..(b + 1) * width]);
            let state = lane.state();
            let kept = context * BANDS;
            state.context.copy_from_slice(&contexts[b * kept..(b + 1) * kept]);
            for layer in 0..layers {
                let (own, batched) = memory_range(layer, b, count, hidden);
                state.h[own.clone()].copy_from_slice(&h[batched.clone()]);
                state.c[own].copy_from_slice(&c[batched]);
            }
        }
        Ok(())
    }
}

/// What all lanes of a step give to the network, kept from step to step: it allocates only when there
/// are more lanes than ever before.
#[derive(Default)]
struct Batch {
    mel: Vec<f32>,
    context: Vec<f32>,
    h: Vec<f32>,
    c: Vec<f32>,
}

impl Batch {
    fn gather(&mut self, lanes: &mut [impl Lane], shape: &ModelShape) {
        let ModelShape { layers, hidden, .. } = *shape;
        let count = lanes.len();
        self.mel.clear();
        self.context.clear();
        self.h.resize(layers * count * hidden, 0.0);
        self.c.resize(layers * count * hidden, 0.0);
        for (b, lane) in lanes.iter_mut().enumerate() {
            self.mel.extend_from_slice(lane.mel());
            let state = lane.state();
            self.context.extend_from_slice(&state.context);
            for layer in 0..layers {
                let (own, batched) = memory_range(layer, b, count, hidden);
                self.h[batched.clone()].copy_from_slice(&state.h[own.clone()]);
                self.c[batched].copy_from_slice(&state.c[own]);
            }
        }
    }
}

impl OnnxRuntime {
    pub(super) fn step(&mut self, lanes: &mut [impl Lane]) -> Result<(), Error> {
        self.run(lanes).map_err(|e| failed(e.to_string()))
    }

    pub(super) fn backend(&self) -> &Backend {
        &self.backend
    }
}

/// Where one layer's memory of lane `b` lies: in the lane's own state, and in the batch.
fn memory_range(
    layer: usize,
    b: usize,
    batch: usize,
    hidden: usize,
) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
    let batched = (layer * batch + b) * hidden;
    (layer * hidden..(layer + 1) * hidden, batched..batched + hidden)
}

/// The process's environment; a library that does not load leaves the way open for another.
fn environment(library: &Path) -> Result<&'static Environment, Error> {
    if let Some(environment) = ENVIRONMENT.get() {
        return Ok(environment);
    }
    let refused = |reason: String| {
        failed(format!("{} does not load ({reason}); name another library", library.display()))
    };
    let builder = ort::init_from(library).map_err(|e| refused(e.to_string()))?;
    let built = builder.with_name("tatum").build().map_err(|e| refused(e.to_string()))?;
    Ok(ENVIRONMENT.get_or_init(|| built))
}

fn on(yes: bool) -> &'static str {
    if yes { "1" } else { "0" }
}

/// A session on one provider; an error, not the CPU, if that provider does not start.
fn session(environment: &Environment, onnx: &[u8], provider: Provider) -> Result<Session, String> {
    let build = || -> ort::Result<Session> {
        Session::builder(environment)?
            .with_intra_threads(1)?
            // A GPU that cannot run every node would hand some to the CPU unasked; then it is
            // refused, so that what is reported is what runs.
            .with_config_entry("session.disable_cpu_ep_fallback", on(provider != Provider::Cpu))?
            .with_execution_providers([dispatch(provider).error_on_failure()])?
            .commit_from_memory(onnx)
    };
    build().map_err(|e| e.to_string())
}

fn dispatch(provider: Provider) -> ExecutionProviderDispatch {
    match provider {
        Provider::TensorRt => ep::TensorRT::default().build(),
        Provider::Cuda => ep::CUDA::default().build(),
        Provider::DirectMl => ep::DirectML::default().build(),
        Provider::CoreMl => ep::CoreML::default().build(),
        Provider::WebGpu => ep::WebGPU::default().build(),
        Provider::Cpu => ep::CPU::default().build(),
    }
}

fn device(provider: Provider) -> &'static str {
    match provider {
        Provider::TensorRt => "TensorRT",
        Provider::Cuda => "CUDA",
        Provider::DirectMl => "DirectML",
        Provider::CoreMl => "CoreML",
        Provider::WebGpu => "WebGPU",
        Provider::Cpu => "CPU",
    }
}

fn failed(reason: String) -> Error {
    Error::Backend { backend: "ONNX Runtime", reason }
}

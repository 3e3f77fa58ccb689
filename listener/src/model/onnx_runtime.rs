//! The ONNX Runtime backend: a dynamic library, all lanes in one call on a GPU where there is one, many on the
//! processor.

use std::error::Error as _;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::OnceLock;

use ort::LoadDynamicError;
use ort::environment::Environment;
use ort::ep::{self, ExecutionProviderDispatch};
use ort::session::Session;
use ort::value::TensorRef;

use super::blocked::blocked;
use super::file::{Graph, INPUTS, Interface};
use super::placement::{RECORD, placement};
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
    /// Most lanes in a call.
    most: usize,
}

/// Most lanes in a call on the processor: the images of more do not fit its cache.
const CACHED: usize = 32;

impl OnnxRuntime {
    pub(super) fn new(
        onnx: &[u8],
        graph: &Graph,
        library: &Path,
        providers: &[Provider],
    ) -> Result<Self, Error> {
        let environment = environment(library)?;
        let mut refused = Vec::new();
        // Who asks for nothing gets the CPU; to who asks for something it is the last resort.
        let last = [Provider::Cpu];
        for (place, provider) in providers.iter().chain(&last).enumerate() {
            match best_session(environment, onnx, graph, *provider) {
                Ok(session) => {
                    let asked_for = place < providers.len();
                    let backend = Backend {
                        engine: "ONNX Runtime".into(),
                        device: device(&session, *provider),
                        refused: if asked_for { String::new() } else { refused.join("; ") },
                    };
                    return Ok(Self {
                        session,
                        batch: Batch::default(),
                        shape: graph.shape,
                        interface: graph.interface,
                        backend,
                        most: if *provider == Provider::Cpu { CACHED } else { usize::MAX },
                    });
                }
                Err(reason) => refused.push(format!("{}: {reason}", name(*provider))),
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
    /// Counts in `heard` the lanes that have moved on: the first of them, should it fail.
    pub(super) fn step(&mut self, lanes: &mut [impl Lane], heard: &mut usize) -> Result<(), Error> {
        for lanes in lanes.chunks_mut(self.most) {
            self.run(lanes).map_err(|e| failed(e.to_string()))?;
            *heard += lanes.len();
        }
        Ok(())
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
    let refused = |found: String| {
        let path = library.display();
        error(format!("{path} {found}; `cargo xtask runtime` gets one that fits"))
    };
    // `ort` panics where a library answers the first questions with nothing.
    let builder = catch_unwind(|| {
        let builder = ort::init_from(library);
        if builder.is_ok() {
            ort::api();
        }
        builder
    })
    .map_err(|_| refused(format!("has no C API of ONNX Runtime 1.{}", ort::MINOR_VERSION)))?
    .map_err(|e| refused(found(&e)))?;
    // Who listens to music has not asked to send anything.
    let builder = builder.with_name("tatum").with_telemetry(false);
    let built = builder.build().map_err(|e| refused(format!("fails: {e}")))?;
    Ok(ENVIRONMENT.get_or_init(|| built))
}

/// What is wrong with a library, to be read after its path.
fn found(error: &LoadDynamicError) -> String {
    match error {
        LoadDynamicError::Dlopen { error, path } => {
            let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            // The system's own words may start with the path.
            let path = format!("{}: ", path.display());
            format!("does not load: {}", reason.strip_prefix(&path).unwrap_or(&reason))
        }
        LoadDynamicError::MissingApi { .. } => {
            "is no ONNX Runtime: it has no symbol OrtGetApiBase".into()
        }
        LoadDynamicError::InvalidVersionString => "is no ONNX Runtime: it names no version".into(),
        LoadDynamicError::BadVersion { version_str, .. } => {
            let needed = ort::MINOR_VERSION;
            format!("is ONNX Runtime {version_str}, too old: 1.{needed} or newer is needed")
        }
    }
}

fn on(yes: bool) -> &'static str {
    if yes { "1" } else { "0" }
}

/// A session on one provider, of the graph that suits it.
fn best_session(
    environment: &Environment,
    onnx: &[u8],
    graph: &Graph,
    provider: Provider,
) -> Result<Session, String> {
    // A foreign graph may be refused in other operators, and run as it is.
    let other = (provider == Provider::Cpu).then(|| blocked(&graph.proto)).flatten();
    let suited = other.and_then(|onnx| session(environment, &onnx, provider).ok());
    suited.map_or_else(|| session(environment, onnx, provider), Ok)
}

/// A session on one provider; an error, not the CPU, if that provider does not start.
fn session(environment: &Environment, onnx: &[u8], provider: Provider) -> Result<Session, String> {
    let build = || -> ort::Result<Session> {
        Session::builder(environment)?
            .with_intra_threads(1)?
            // A GPU that cannot run every node would hand some to the CPU unasked; then it is
            // refused, so that what is reported is what runs.
            .with_config_entry("session.disable_cpu_ep_fallback", on(provider != Provider::Cpu))?
            .with_config_entry(RECORD, on(true))?
            .with_execution_providers([dispatch(provider).error_on_failure()])?
            .commit_from_memory(onnx)
    };
    build().map_err(|e| plain(&e.to_string()).to_owned())
}

/// What ONNX Runtime says, without the place in its source, which alone would fill a line of the screen.
fn plain(message: &str) -> &str {
    let marks = [" : FAIL : ", " was false. "];
    let said = marks.iter().filter_map(|mark| message.rsplit_once(mark)).map(|(_, said)| said);
    said.min_by_key(|said| said.len()).unwrap_or(message).trim().trim_end_matches('.')
}

fn dispatch(provider: Provider) -> ExecutionProviderDispatch {
    match provider {
        Provider::TensorRt => ep::TensorRT::default().build(),
        Provider::Cuda => ep::CUDA::default().build(),
        Provider::DirectMl => ep::DirectML::default().build(),
        Provider::CoreMl => ep::CoreML::default().build(),
        Provider::WebGpu => ep::WebGPU::default().build(),
        // Without an arena, the memory of every image is taken from the system and given back.
        Provider::Cpu => ep::CPU::default().with_arena_allocator(true).build(),
    }
}

/// Where the session's nodes run; the provider that started, if the session does not say.
fn device(session: &Session, started: Provider) -> String {
    described(&placement(session).unwrap_or_default()).unwrap_or_else(|| name(started).into())
}

/// Providers by the names in use: `CPU`, or `WebGPU and CPU`.
fn described(providers: &[String]) -> Option<String> {
    let name = |provider: &String| match provider.trim_end_matches("ExecutionProvider") {
        "Tensorrt" => "TensorRT".to_owned(),
        "Dml" => "DirectML".to_owned(),
        "WebGpu" => "WebGPU".to_owned(),
        other => other.to_owned(),
    };
    let names: Vec<String> = providers.iter().map(name).collect();
    (!names.is_empty()).then(|| names.join(" and "))
}

fn name(provider: Provider) -> &'static str {
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
    error(format!("{reason}; choose another model or backend"))
}

fn error(reason: String) -> Error {
    Error::Backend { backend: "ONNX Runtime", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_every_provider_that_runs_a_node() {
        let described = |names: &[&str]| {
            described(
                &names.iter().map(|name| format!("{name}ExecutionProvider")).collect::<Vec<_>>(),
            )
        };
        assert_eq!(described(&["CPU"]).as_deref(), Some("CPU"));
        assert_eq!(described(&["WebGpu", "CPU"]).as_deref(), Some("WebGPU and CPU"));
        assert_eq!(described(&[]), None);
    }

    #[test]
    fn a_reason_comes_without_its_place_in_the_source() {
        let cuda = "/src/bridge.cc:2043 Provider& Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load \
                    library libonnxruntime_providers_cuda.so with error: no libcublasLt.so.13\n";
        let said = "Failed to load library libonnxruntime_providers_cuda.so with error: no libcublasLt.so.13";
        assert_eq!(plain(cuda), said);
        let webgpu =
            "/src/context.cc:65 <lambda()> status == Success was false. No supported adapters\n";
        assert_eq!(plain(webgpu), "No supported adapters");
        assert_eq!(
            plain("CUDA is not enabled in this build."),
            "CUDA is not enabled in this build"
        );
    }
}

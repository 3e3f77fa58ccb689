//! The embedded backend: `tract`, compiled in, on the CPU.
//!
//! Lanes run one after the other: a plan for one lane gives the same bits whoever else is in the
//! batch, so that a bounce equals a live take to the last event.

use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::bail;

use super::file::{INPUTS, ModelFile, OUTPUTS};
use super::{Activations, Backend, LaneFrame, Network};
use crate::{BANDS, Error};

pub(super) struct Embedded {
    plan: Arc<TypedRunnableModel>,
    shape: super::ModelShape,
    backend: Backend,
}

impl Embedded {
    pub(super) fn new(file: &ModelFile) -> Result<Self, Error> {
        let shape = file.shape;
        let plan = plan(file).map_err(failed)?;
        let backend = Backend { engine: "tract 0.23".into(), device: "CPU".into() };
        Ok(Self { plan, shape, backend })
    }

    fn step_lane(&self, lane: &mut LaneFrame<'_>) -> TractResult<()> {
        let super::ModelShape { context, layers, hidden } = self.shape;
        let state = &mut *lane.state;
        let inputs = tvec![
            Tensor::from_shape(&[1, 1, BANDS], &lane.frame.bins)?.into_tvalue(),
            Tensor::from_shape(&[1, context, BANDS], &state.context)?.into_tvalue(),
            Tensor::from_shape(&[layers, 1, hidden], &state.h)?.into_tvalue(),
            Tensor::from_shape(&[layers, 1, hidden], &state.c)?.into_tvalue(),
        ];
        let outputs = self.plan.run(inputs)?;
        let heard = outputs[0].try_as_plain_ram()?.as_slice::<f32>()?;
        if heard.len() != 3 {
            bail!("the graph gives {} activations, not 3", heard.len());
        }
        lane.out = Activations { beat: heard[0], downbeat: heard[1], onset: heard[2] };
        for (memory, output) in
            [&mut state.context, &mut state.h, &mut state.c].into_iter().zip(&outputs[1..])
        {
            let new = output.try_as_plain_ram()?.as_slice::<f32>()?;
            if new.len() != memory.len() {
                bail!("the graph gives {} values of state, not {}", new.len(), memory.len());
            }
            memory.copy_from_slice(new);
        }
        Ok(())
    }
}

impl Network for Embedded {
    fn step(&mut self, lanes: &mut [LaneFrame<'_>]) -> Result<(), Error> {
        lanes.iter_mut().try_for_each(|lane| self.step_lane(lane)).map_err(failed)
    }

    fn backend(&self) -> &Backend {
        &self.backend
    }
}

/// The graph, made concrete for one lane and one frame, and optimised.
fn plan(file: &ModelFile) -> TractResult<Arc<TypedRunnableModel>> {
    let super::ModelShape { context, layers, hidden } = file.shape;
    let memory = f32::fact([layers, 1, hidden]);
    tract_onnx::onnx()
        .model_for_proto_model(&file.proto)?
        .with_input_names(INPUTS)?
        .with_outputs_by_name(OUTPUTS)?
        .with_input_fact(0, f32::fact([1, 1, BANDS]).into())?
        .with_input_fact(1, f32::fact([1, context, BANDS]).into())?
        .with_input_fact(2, memory.clone().into())?
        .with_input_fact(3, memory.into())?
        .into_optimized()?
        .into_runnable()
}

fn failed(reason: TractError) -> Error {
    Error::Backend { backend: "tract", reason: format!("{reason:#}") }
}

//! `tract`, compiled in: any graph of the right interface, on the CPU. Lanes run one after the other,
//! through a plan for one.

use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::bail;

use super::file::{Graph, INPUTS};
use super::{Lane, ModelShape};
use crate::{BANDS, Error};

pub(super) struct Tract {
    plan: Arc<TypedRunnableModel>,
    /// The tensors of [`INPUTS`], filled anew for every frame.
    inputs: [Arc<Tensor>; INPUTS.len()],
    /// Values of the first output.
    width: usize,
}

impl Tract {
    pub(super) fn new(graph: &Graph) -> Result<Self, Error> {
        let shape = graph.shape;
        let plan = plan(graph).map_err(failed)?;
        let zeros = |shape: &[usize]| Tensor::zero::<f32>(shape).map(Arc::new).map_err(failed);
        let ModelShape { context, layers, hidden } = shape;
        let inputs = [
            zeros(&[1, graph.interface.frames, BANDS])?,
            zeros(&[1, context, BANDS])?,
            zeros(&[layers, 1, hidden])?,
            zeros(&[layers, 1, hidden])?,
        ];
        Ok(Self { plan, inputs, width: graph.interface.width })
    }

    fn step_lane(&mut self, lane: &mut impl Lane) -> TractResult<()> {
        let [mel, context, h, c] = &mut self.inputs;
        fill(mel, lane.mel())?;
        let state = lane.state();
        fill(context, &state.context)?;
        fill(h, &state.h)?;
        fill(c, &state.c)?;
        let inputs = self.inputs.iter().map(|tensor| Arc::clone(tensor).into_tvalue());
        let outputs = self.plan.run(inputs.collect())?;
        let heard = outputs[0].try_as_plain_ram()?.as_slice::<f32>()?;
        if heard.len() != self.width {
            bail!("the graph gives {} values, not {}", heard.len(), self.width);
        }
        lane.hear(heard);
        let state = lane.state();
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

impl Tract {
    pub(super) fn step(&mut self, lanes: &mut [impl Lane]) -> Result<(), Error> {
        lanes.iter_mut().try_for_each(|lane| self.step_lane(lane)).map_err(failed)
    }
}

/// Copies `values` into `tensor`, in place unless the graph kept a hold on it.
fn fill(tensor: &mut Arc<Tensor>, values: &[f32]) -> TractResult<()> {
    Arc::make_mut(tensor).try_as_plain_ram_mut()?.as_slice_mut::<f32>()?.copy_from_slice(values);
    Ok(())
}

/// The graph, made concrete for one lane, and optimised.
fn plan(graph: &Graph) -> TractResult<Arc<TypedRunnableModel>> {
    let ModelShape { context, layers, hidden } = graph.shape;
    let memory = f32::fact([layers, 1, hidden]);
    tract_onnx::onnx()
        .model_for_proto_model(&graph.proto)?
        .with_input_names(INPUTS)?
        .with_outputs_by_name(graph.interface.outputs())?
        .with_input_fact(0, f32::fact([1, graph.interface.frames, BANDS]).into())?
        .with_input_fact(1, f32::fact([1, context, BANDS]).into())?
        .with_input_fact(2, memory.clone().into())?
        .with_input_fact(3, memory.into())?
        .into_optimized()?
        .into_runnable()
}

fn failed(reason: TractError) -> Error {
    Error::Backend { backend: "tract", reason: format!("{reason:#}; choose another model") }
}

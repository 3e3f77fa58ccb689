//! The embedded backend: on the CPU, with no file to find. The networks that this house trains run on our
//! own kernels, all lanes in one call; any other graph in `tract`.
//!
//! A lane gives the same bits whoever else is in the batch, so that a bounce equals a live take to the last
//! event.

use super::crnn::Crnn;
use super::file::Graph;
use super::tract::Tract;
use super::{Backend, Lane, NetState};
use crate::{BANDS, Error};

pub(crate) struct Embedded {
    runs: Runs,
    backend: Backend,
}

enum Runs {
    Kernels(Box<Crnn>),
    Tract(Tract),
}

impl Embedded {
    pub(super) fn new(graph: &Graph) -> Result<Self, Error> {
        let mut tract = Tract::new(graph)?;
        let mut ours = Crnn::read(graph);
        if let Some(crnn) = &mut ours
            && !agree(crnn, &mut tract, graph)?
        {
            ours = None;
        }
        let (runs, engine) = match ours {
            Some(crnn) => (Runs::Kernels(Box::new(crnn)), "embedded"),
            None => (Runs::Tract(tract), "embedded, tract 0.23"),
        };
        let backend =
            Backend { engine: engine.into(), device: "CPU".into(), refused: String::new() };
        Ok(Self { runs, backend })
    }

    pub(super) fn step(&mut self, lanes: &mut [impl Lane]) -> Result<(), Error> {
        match &mut self.runs {
            Runs::Kernels(crnn) => {
                crnn.step(lanes);
                Ok(())
            }
            Runs::Tract(tract) => tract.step(lanes),
        }
    }

    /// Says with the backend why none that was asked for runs.
    pub(super) fn refuse(&mut self, reason: String) {
        self.backend.refused = reason;
    }

    pub(super) fn backend(&self) -> &Backend {
        &self.backend
    }
}

/// Least steps of the proof.
const STEPS: usize = 6;
/// Largest difference of an output; all are between -1 and 1.
const TOLERANCE: f32 = 1e-4;

/// Whether both say the same of noise, step after step. A graph that has the tensors of one of our
/// networks but does something else with them is found out.
fn agree(crnn: &mut Crnn, tract: &mut Tract, graph: &Graph) -> Result<bool, Error> {
    let silence = Probe {
        mel: vec![0.0; graph.interface.frames * BANDS],
        state: NetState::new(&graph.shape),
        heard: Vec::new(),
    };
    let mut lanes = [silence.clone(), silence];
    let mut noise = 1_u32;
    // More than the convolutions look back, so that every weight has its say.
    let steps = STEPS.max(graph.shape.context / graph.interface.frames + 2);
    for _ in 0..steps {
        let frames: Vec<f32> = lanes[0].mel.iter().map(|_| next(&mut noise)).collect();
        lanes.iter_mut().for_each(|lane| lane.mel.clone_from(&frames));
        let [ours, theirs] = &mut lanes;
        crnn.step(std::slice::from_mut(ours));
        tract.step(std::slice::from_mut(theirs))?;
        if !ours.agrees(theirs) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A value of a log-mel frame, 0 to 3, from a linear congruential generator (Numerical Recipes).
fn next(noise: &mut u32) -> f32 {
    *noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    3.0 * (*noise >> 8) as f32 / (1 << 24) as f32
}

/// A lane of the proof.
#[derive(Clone)]
struct Probe {
    mel: Vec<f32>,
    state: NetState,
    heard: Vec<f32>,
}

impl Probe {
    /// Whether both heard the same and remember the same, but for cells: these add up for long, and `tract`
    /// rounds its logistic function more coarsely.
    fn agrees(&self, other: &Self) -> bool {
        let close = |ours: &[f32], theirs: &[f32], tolerance: f32| {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() <= tolerance)
        };
        close(&self.heard, &other.heard, TOLERANCE)
            && close(&self.state.h, &other.state.h, 10.0 * TOLERANCE)
            && close(&self.state.context, &other.state.context, 0.0)
    }
}

impl Lane for Probe {
    fn mel(&self) -> &[f32] {
        &self.mel
    }

    fn state(&mut self) -> &mut NetState {
        &mut self.state
    }

    fn hear(&mut self, outputs: &[f32]) {
        self.heard = outputs.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::super::Parsed;
    use crate::{FeatureSpec, Runtime, TagNet};

    /// What runs the shipped tag network with another pool, over frames and bands, after its second convolution.
    fn engine(kernel: [i64; 2], strides: [i64; 2]) -> String {
        let onnx = include_bytes!("../../../models/tags.onnx");
        let mut proto = Parsed::read(onnx).expect("a model").proto;
        let nodes = &mut proto.graph.as_mut().expect("a graph").node;
        let pool = nodes.iter_mut().find(|node| node.name == "conv1.pool").expect("a pool");
        for attribute in &mut pool.attribute {
            let sizes = if attribute.name == "strides" { strides } else { kernel };
            attribute.ints = sizes.to_vec();
        }
        let net =
            TagNet::from_bytes(&proto.encode_to_vec(), &FeatureSpec::CURRENT, &Runtime::Embedded);
        net.expect("it loads").backend().engine.clone()
    }

    #[test]
    fn a_network_that_pools_frames_runs_on_our_kernels_and_one_that_does_so_otherwise_in_tract() {
        assert_eq!(engine([1, 3], [1, 3]), "embedded");
        assert_eq!(engine([2, 3], [2, 3]), "embedded");
        assert_eq!(engine([2, 3], [1, 3]), "embedded, tract 0.23");
        assert_eq!(engine([3, 3], [3, 3]), "embedded, tract 0.23", "a step of 50 frames");
    }
}

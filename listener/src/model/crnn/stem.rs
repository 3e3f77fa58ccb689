//! The stem: convolutions, each with its pool, over the frames of one lane at a time.

use super::layers::{Conv, GROUP, KERNEL};
use super::tensors::Tensors;
use crate::BANDS;
use crate::model::{Lane, NetState};

/// All convolutions, and what goes into each of them.
pub(super) struct Stem {
    stages: Vec<Stage>,
    /// Rows that come out of a step.
    rows: usize,
}

/// One convolution.
struct Stage {
    conv: Conv,
    /// Frames that go in, at a step.
    frames: usize,
    /// Frames before these that it looks back on.
    before: usize,
    /// Both, `[before + frames, bands, channels]`.
    image: Vec<f32>,
}

impl Stem {
    /// The stem whose weights are `conv0`, `conv1` and so on, for steps of so many `frames` after those of
    /// the `context`; none if these are not what it needs.
    pub(super) fn read(tensors: &Tensors<'_>, context: usize, frames: usize) -> Option<Self> {
        let mut stages = Vec::new();
        let (mut before, mut frames, mut bands, mut channels) = (context, frames, BANDS, 1);
        while let Some(weights) = tensors.floats(&format!("conv{}.weight", stages.len())) {
            let name = format!("conv{}", stages.len());
            let bias = tensors.floats(&format!("{name}.bias"))?;
            let pool = tensors.pool(&format!("{name}.pool"))?;
            let windows = before.checked_sub(KERNEL - 1)?;
            let bands_out = bands.checked_sub(KERNEL - 1)?.checked_div(pool.bands)?;
            let fits = weights.len() == bias.len() * channels * KERNEL * KERNEL
                && bias.len().is_multiple_of(GROUP)
                && bands_out > 0
                && windows.is_multiple_of(pool.frames)
                && frames.is_multiple_of(pool.frames);
            if !fits {
                return None;
            }
            channels = bias.len();
            let conv = Conv::new(&weights, bias, bands, pool);
            stages.push(Stage { conv, frames, before, image: Vec::new() });
            (before, frames, bands) = (windows / pool.frames, frames / pool.frames, bands_out);
        }
        if before > 0 {
            return None;
        }
        for Stage { conv, frames, before, image } in &mut stages {
            image.resize((*before + *frames) * conv.width_in(), 0.0);
        }
        Some(Self { stages, rows: frames })
    }

    /// Rows that come out of a step.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Values of a row.
    pub(super) fn width(&self) -> usize {
        self.stages.last().map_or(BANDS, |stage| stage.conv.width())
    }

    /// The frames of `lane` through all convolutions, into `rows`; its context moves on.
    pub(super) fn apply<'a>(
        &mut self,
        lane: &mut impl Lane,
        rows: impl Iterator<Item = &'a mut [f32]>,
    ) {
        let [first, later @ ..] = &mut self.stages[..] else { return };
        let (old, new) = first.image.split_at_mut(BANDS * first.before);
        old.copy_from_slice(&lane.state().context);
        new.copy_from_slice(lane.mel());
        let NetState { context, middle, .. } = lane.state();
        let known = middle.recall(context, later);
        context.copy_from_slice(&first.image[BANDS * first.frames..]);
        for index in 1..self.stages.len() {
            let (done, ahead) = self.stages.split_at_mut(index);
            let (stage, next) = (&mut done[index - 1], &mut ahead[0]);
            let known = if known { next.before } else { 0 };
            let out = next.image.chunks_exact_mut(stage.conv.width());
            stage.apply(known, out.skip(known));
        }
        middle.keep(context, &self.stages[1..]);
        if let Some(last) = self.stages.last_mut() {
            last.apply(0, rows);
        }
    }
}

impl Stage {
    /// What it makes of its image into `out`, frame by frame; but for the first `known`.
    fn apply<'a>(&mut self, known: usize, out: impl Iterator<Item = &'a mut [f32]>) {
        let Self { conv, image, .. } = self;
        let (frame, step) = (conv.width_in(), conv.pool().frames);
        let windows = image.windows((step + KERNEL - 1) * frame).step_by(step * frame);
        for (x, y) in windows.skip(known).zip(out) {
            conv.apply(x, y);
        }
    }

    /// The frames that the next step looks back on.
    fn newest(&self) -> &[f32] {
        &self.image[self.frames * self.conv.width_in()..]
    }
}

/// What the convolutions made of a context, so that they hear every frame once. It follows from the
/// context alone: another engine may move that on without it.
#[derive(Debug, Clone, Default)]
pub(in crate::model) struct Middle {
    of: Vec<f32>,
    /// What each stage but the first looks back on, one after another.
    values: Vec<f32>,
}

impl Middle {
    /// Writes what is known of `context` to where `stages` look back; says whether it is.
    fn recall(&self, context: &[f32], stages: &mut [Stage]) -> bool {
        if self.of != context {
            return false;
        }
        let mut values = &self.values[..];
        for Stage { conv, before, image, .. } in stages {
            let (own, rest) = values.split_at(*before * conv.width_in());
            image[..own.len()].copy_from_slice(own);
            values = rest;
        }
        true
    }

    fn keep(&mut self, context: &[f32], stages: &[Stage]) {
        self.of.clear();
        self.of.extend_from_slice(context);
        self.values.clear();
        stages.iter().for_each(|stage| self.values.extend_from_slice(stage.newest()));
    }
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::tensor_proto::DataType;
    use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

    use super::*;
    use crate::ModelShape;

    /// Between -1 and 1, and in no order.
    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + 13) % 101) as f32 / 50.0 - 1.0).collect()
    }

    fn tensor(name: String, values: &[f32]) -> TensorProto {
        TensorProto {
            name,
            data_type: DataType::Float as i32,
            raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            ..TensorProto::default()
        }
    }

    /// Convolutions of eight channels with these pools over frames and bands.
    fn graph(pools: &[[i64; 2]]) -> GraphProto {
        let mut graph = GraphProto::default();
        for (index, pool) in pools.iter().enumerate() {
            let inputs = if index == 0 { 9 } else { 72 };
            let weights: Vec<f32> = numbers(inputs * 8).iter().map(|x| 0.3 * x).collect();
            graph.initializer.push(tensor(format!("conv{index}.weight"), &weights));
            graph.initializer.push(tensor(format!("conv{index}.bias"), &numbers(8)));
            graph.node.push(NodeProto {
                name: format!("conv{index}.pool"),
                op_type: "MaxPool".into(),
                attribute: vec![AttributeProto {
                    name: "kernel_shape".into(),
                    ints: pool.to_vec(),
                    ..AttributeProto::default()
                }],
                ..NodeProto::default()
            });
        }
        graph
    }

    fn read(pools: &[[i64; 2]], context: usize, frames: usize) -> Option<Stem> {
        let graph = graph(pools);
        Stem::read(&Tensors::of(&graph), context, frames)
    }

    /// The definition: `x` [frames, bands, channels] through a convolution of `graph`, its pool and its ELU.
    fn defined(
        graph: &GraphProto,
        index: usize,
        pool: [usize; 2],
        x: &[Vec<f64>],
    ) -> Vec<Vec<f64>> {
        let values =
            |at: usize| super::super::tensors::floats(&graph.initializer[at]).expect("floats");
        let (weights, bias) = (values(2 * index), values(2 * index + 1));
        let channels = weights.len() / 72;
        let raw = |frame: usize, band: usize, output: usize| {
            let mut sum = f64::from(bias[output]);
            for (tap, weight) in weights[output * channels * 9..][..channels * 9].iter().enumerate()
            {
                let (from, frame, band) = (tap / 9, frame + tap / 3 % 3, band + tap % 3);
                sum += f64::from(*weight) * x[frame][band * channels + from];
            }
            sum
        };
        let bands = (x[0].len() / channels - 2) / pool[1];
        let most = |frame: usize, band: usize, output: usize| {
            let places = (0..pool[0] * pool[1]).map(|k| (k / pool[1], k % pool[1]));
            let values = places.map(|(f, b)| raw(frame * pool[0] + f, band * pool[1] + b, output));
            values.fold(f64::MIN, f64::max)
        };
        let elu = |x: f64| if x > 0.0 { x } else { x.exp_m1() };
        (0..(x.len() - 2) / pool[0])
            .map(|f| (0..bands * 8).map(|at| elu(most(f, at / 8, at % 8))).collect())
            .collect()
    }

    struct Probe {
        mel: Vec<f32>,
        state: NetState,
    }

    impl Lane for Probe {
        fn mel(&self) -> &[f32] {
            &self.mel
        }
        fn state(&mut self) -> &mut NetState {
            &mut self.state
        }
        fn hear(&mut self, _: &[f32]) {}
    }

    #[test]
    fn rows_are_what_is_defined_whatever_a_step_is_and_is_known() {
        let pools: [(&[[i64; 2]], usize); 3] = [
            (&[[1, 2], [1, 3]], 4),
            (&[[1, 2], [2, 3]], 4),
            (&[[1, 2], [2, 2], [1, 2], [1, 1]], 12),
        ];
        for (pools, context) in pools {
            let mel = numbers(20 * BANDS);
            let graph = graph(pools);
            let mut image = vec![vec![0.0; BANDS]; context];
            image.extend(mel.chunks(BANDS).map(|f| f.iter().map(|x| f64::from(*x)).collect()));
            for (index, pool) in pools.iter().enumerate() {
                image = defined(&graph, index, pool.map(|size| size as usize), &image);
            }
            let expected = image.concat();
            let mut heard = Vec::new();
            for (frames, forgets) in [(20, false), (4, false), (4, true)] {
                let mut stem = read(pools, context, frames).expect("it fits");
                let shape = ModelShape { context, layers: 1, hidden: 8 };
                let mut lane = Probe { mel: Vec::new(), state: NetState::new(&shape) };
                let mut rows = Vec::new();
                for mel in mel.chunks(frames * BANDS) {
                    lane.mel = mel.to_vec();
                    if forgets {
                        lane.state.middle = Middle::default();
                    }
                    let mut step = vec![0.0; stem.rows() * stem.width()];
                    stem.apply(&mut lane, step.chunks_exact_mut(stem.width()));
                    rows.extend(step);
                }
                assert_eq!(rows.len(), expected.len());
                for (row, expected) in rows.iter().zip(&expected) {
                    assert!((f64::from(*row) - expected).abs() < 1e-4, "{row} {expected}");
                }
                heard.push(rows);
            }
            assert!(heard.iter().all(|rows| *rows == heard[0]), "bit for bit");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let deep = [[1, 2], [2, 2], [1, 2], [1, 1]];
        assert!(read(&deep, 12, 50).is_some());
        for context in [0, 1, 4, 11, 13, 65_536] {
            assert!(read(&deep, context, 50).is_none(), "{context}");
        }
        assert!(read(&deep, 12, 25).is_none(), "no pairs");
        assert!(read(&[[1, 2]; 5], 10, 50).is_none(), "no bands are left");
        for pool in [[0, 2], [1, 0], [-1, 2], [i64::MAX, 2], [1, i64::MAX]] {
            assert!(read(&[[1, 2], pool], 4, 50).is_none(), "{pool:?}");
        }
        assert!(read(&[], 4, 50).is_none());
        let mut strange = graph(&deep);
        strange.node.pop();
        assert!(Stem::read(&Tensors::of(&strange), 12, 50).is_none(), "a pool is missing");
    }
}

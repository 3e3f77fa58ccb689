//! The GPU against the CPU. Skipped, with a message, where there is no GPU; with `TATUM_EXPECT_GPU` that fails.
//! The emulator (`xtask/trainer/emulator`) lets them run anywhere.

use std::ops::Range;

use listener::BANDS;

use super::{GpuBeats, GpuTags};
use crate::net::check::numbers;
use crate::net::{
    BeatShape, Layout, Network, OUTPUTS, Pooling, Shard, State, TagNetwork, TagShape, TagShard,
    random_parameters, random_tag_parameters,
};

/// Whether `gpu` is as near to `cpu` as sums in another order are.
fn assert_near(what: &str, gpu: &[f32], cpu: &[f32]) {
    assert_eq!(gpu.len(), cpu.len(), "{what}");
    let largest = cpu.iter().fold(1e-3f32, |most, x| most.max(x.abs()));
    for (place, (gpu, cpu)) in gpu.iter().zip(cpu).enumerate() {
        assert!(
            (gpu - cpu).abs() < 2e-3 * largest,
            "{what} {place}: {gpu} on the GPU, {cpu} on the CPU"
        );
    }
}

/// [`assert_near`], layer by layer: the largest gradient of one says nothing of another.
fn assert_layers_near(layout: &Layout, gpu: &[f32], cpu: &[f32]) {
    let mut layers: Vec<(String, Range<usize>)> = Vec::new();
    for (index, dense) in layout.stem.iter().chain([&layout.features, &layout.head]).enumerate() {
        layers.push((format!("weights {index}"), dense.weights.clone()));
        layers.push((format!("bias {index}"), dense.bias.clone()));
    }
    for (index, layer) in layout.lstm.iter().enumerate() {
        layers.push((format!("lstm {index}, inputs"), layer.input.weights.clone()));
        layers.push((format!("lstm {index}, bias"), layer.input.bias.clone()));
        layers.push((format!("lstm {index}, recurrent"), layer.weights.clone()));
    }
    for (name, range) in layers {
        assert_near(&name, &gpu[range.clone()], &cpu[range]);
    }
}

fn opened<T>(gpu: anyhow::Result<T>) -> Option<T> {
    let error = match gpu {
        Ok(gpu) => return Some(gpu),
        Err(error) => error,
    };
    assert!(std::env::var_os("TATUM_EXPECT_GPU").is_none(), "{error:#}");
    eprintln!("skipped: {error:#}");
    None
}

#[test]
fn beats_are_those_of_the_cpu() {
    for (hidden, features) in [(8, 8), (128, 96)] {
        let shape = BeatShape { channels: [8, 16], features, hidden, layers: 2 };
        let (lanes, time) = (4, 40);
        let Some(mut gpu) = opened(GpuBeats::open(&shape, lanes, time)) else { return };
        let params = random_parameters(&shape, 3);
        let mel: Vec<f32> =
            numbers(2 * lanes * time * BANDS).iter().map(|x| 2.0 * x + 1.0).collect();
        let weights = numbers(lanes * time * OUTPUTS);
        let (net, mut shard) = (Network::new(&shape, &params), Shard::default());
        let (mut ours, mut theirs) = (State::new(&shape, lanes), State::new(&shape, lanes));
        // The second stretch begins where the first ended.
        for mel in mel.chunks_exact(lanes * time * BANDS) {
            shard.forward(&net, mel, &mut ours, None);
            gpu.forward(&params, mel, &mut theirs, None).expect("forward");
            assert_near("logit", gpu.logits(), &shard.logits);
        }
        assert_near("cell", &theirs.c[1], &ours.c[1]);
        assert_eq!(theirs.context, ours.context);
        shard.backward(&net, &weights);
        gpu.backward(&weights).expect("backward");
        assert_layers_near(&shape.layout(), gpu.grads(), &shard.grads);
    }
}

#[test]
fn tags_are_those_of_the_cpu() {
    for channels in [vec![8, 16], vec![8, 16, 24, 16]] {
        let shape = TagShape {
            channels,
            features: 24,
            hidden: 40,
            block: 10,
            pooling: Pooling::Lstm,
            genres: 5,
            instruments: 4,
        };
        let (lanes, blocks) = (4, 3);
        let Some(mut gpu) = opened(GpuTags::open(&shape, lanes, blocks)) else { return };
        let params = random_tag_parameters(&shape, 3);
        let mel: Vec<f32> =
            numbers(lanes * blocks * shape.block * BANDS).iter().map(|x| 3.0 * x).collect();
        let weights = numbers(lanes * blocks * shape.outputs());
        let (net, mut shard) = (TagNetwork::new(&shape, &params), TagShard::default());
        shard.forward(&net, &mel, lanes, None);
        gpu.forward(&params, &mel, None).expect("forward");
        assert_near("logit", gpu.logits(), &shard.logits);
        shard.backward(&net, &weights, false);
        gpu.backward(&weights, false).expect("backward");
        assert_layers_near(&shape.layout().base, gpu.grads(), &shard.grads);
    }
}

#[test]
fn a_frozen_stem_has_no_gradient() {
    let shape = TagShape {
        channels: vec![8, 8],
        features: 8,
        hidden: 8,
        block: 10,
        pooling: Pooling::Lstm,
        genres: 2,
        instruments: 1,
    };
    let Some(mut gpu) = opened(GpuTags::open(&shape, 4, 2)) else { return };
    let params = random_tag_parameters(&shape, 1);
    gpu.forward(&params, &numbers(4 * 20 * BANDS), None).expect("forward");
    gpu.backward(&numbers(4 * 2 * shape.outputs()), true).expect("backward");
    let (stem, rest) = gpu.grads().split_at(shape.stem_len());
    assert!(stem.iter().all(|&grad| grad == 0.0) && rest.iter().any(|&grad| grad != 0.0));
}

/// The loss with dropout rises along its gradient as the gradient says: the same values are dropped on the
/// way back.
#[test]
fn dropout_drops_the_same_both_ways() {
    let shape = BeatShape { channels: [8, 8], features: 16, hidden: 16, layers: 2 };
    let (lanes, time) = (4, 30);
    let Some(mut gpu) = opened(GpuBeats::open(&shape, lanes, time)) else { return };
    let (params, mel) = (random_parameters(&shape, 1), numbers(lanes * time * BANDS));
    let weights = numbers(lanes * time * OUTPUTS);
    let loss = |gpu: &mut GpuBeats, params: &[f32], seed| {
        gpu.forward(params, &mel, &mut State::new(&shape, lanes), Some((0.5, seed)))
            .expect("forward");
        gpu.logits().iter().zip(&weights).map(|(z, w)| f64::from(z * w)).sum::<f64>()
    };
    let here = loss(&mut gpu, &params, 1);
    gpu.backward(&weights).expect("backward");
    let gradient = gpu.grads().to_vec();
    let square: f64 = gradient.iter().map(|g| f64::from(g * g)).sum();
    let step = 1e-3 / square.sqrt();
    let moved = |sign: f64| -> Vec<f32> {
        params.iter().zip(&gradient).map(|(p, g)| p + (sign * step) as f32 * g).collect()
    };
    let rise = loss(&mut gpu, &moved(1.0), 1) - loss(&mut gpu, &moved(-1.0), 1);
    let expected = 2.0 * step * square;
    assert!((rise - expected).abs() < 0.02 * expected, "{rise}, not {expected}");
    assert_eq!(loss(&mut gpu, &params, 1), here);
    assert_ne!(loss(&mut gpu, &params, 2), here);
}

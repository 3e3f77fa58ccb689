//! The GPU against the CPU. Skipped, with a message, where there is no GPU; with `TATUM_EXPECT_GPU` that fails.
//! The emulator (`xtask/trainer/emulator`) lets them run anywhere.

use listener::BANDS;

use super::{GpuBeats, GpuTags};
use crate::net::check::numbers;
use crate::net::{
    BeatShape, Network, OUTPUTS, Pooling, Shard, State, TagNetwork, TagShape, TagShard,
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
        let layout = shape.layout();
        for (what, range) in [
            ("first kernel", layout.stem[0].weights.clone()),
            ("first bias", layout.stem[0].bias.clone()),
            ("second kernel", layout.stem[1].weights.clone()),
            ("second bias", layout.stem[1].bias.clone()),
            ("features", layout.features.weights.start..layout.features.bias.end),
            ("lstm", layout.lstm[0].input.weights.start..layout.lstm[1].input.bias.end),
            ("head", layout.head.weights.start..layout.len),
        ] {
            assert_near(what, &gpu.grads()[range.clone()], &shard.grads[range]);
        }
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
        assert_near("gradient", gpu.grads(), &shard.grads);
    }
}

#[test]
fn dropout_keeps_the_mean_and_its_mask() {
    let shape = BeatShape { channels: [8, 8], features: 8, hidden: 8, layers: 1 };
    let (lanes, time) = (4, 50);
    let Some(mut gpu) = opened(GpuBeats::open(&shape, lanes, time)) else { return };
    let params = random_parameters(&shape, 1);
    let mel = numbers(lanes * time * BANDS);
    let mut run = |seed| {
        gpu.forward(&params, &mel, &mut State::new(&shape, lanes), Some((0.3, seed)))
            .expect("forward");
        gpu.logits().to_vec()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

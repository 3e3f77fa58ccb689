//! A run: parameters, optimiser, and what one step does with them.

use std::time::Instant;

use anyhow::{Result, bail, ensure};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::sampler::{Example, Music};
use super::scores::scores;
use super::{Start, TagEntry, TagPlan, Trained};
use crate::dice::Dice;
use crate::net::{GpuTags, TagLoss, TagNetwork, TagShard, random_tag_parameters, standardise};
use crate::optimise::{AdamW, Settings, average};
use crate::tagclip::TagClip;
use crate::train::checkpoint::{AboutRun, Checkpoint};
use crate::train::plan::SHARD;

/// What a checkpoint says beside its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    plan: TagPlan,
    /// What the music was, and its words.
    music: String,
    step: usize,
    seconds: f64,
    running: (f64, usize),
    history: Vec<TagEntry>,
}

impl AboutRun for Head {
    fn parameters(&self) -> usize {
        self.plan.shape.layout().base.len
    }
}

/// A run in progress.
pub(super) struct Run {
    plan: TagPlan,
    music: String,
    adam: AdamW,
    settings: Settings,
    params: Vec<f32>,
    /// Moving average of the parameters: what is validated and exported.
    smooth: Vec<f32>,
    best: Vec<f32>,
    pub(super) step: usize,
    seconds: f64,
    running: (f64, usize),
    pub(super) history: Vec<TagEntry>,
    workers: Vec<ShardWorker>,
}

/// Who does the arithmetic of a shard.
enum Engine {
    Cpu(Box<TagShard>),
    Gpu(Box<GpuTags>),
}

impl Engine {
    fn grads(&self) -> &[f32] {
        match self {
            Self::Cpu(shard) => &shard.grads,
            Self::Gpu(gpu) => gpu.grads(),
        }
    }
}

/// The memory of one shard.
struct ShardWorker {
    engine: Engine,
    gradient: Vec<f32>,
}

/// The workers of a run: a thread of the CPU takes shards of a few lanes, a GPU the whole batch.
fn workers(plan: &TagPlan, gpu: bool) -> Result<Vec<ShardWorker>> {
    let worker = |engine| ShardWorker { engine, gradient: Vec::new() };
    if gpu {
        let gpu = GpuTags::open(&plan.shape, plan.batch, plan.blocks)?;
        return Ok(vec![worker(Engine::Gpu(Box::new(gpu)))]);
    }
    Ok((0..plan.batch / SHARD).map(|_| worker(Engine::Cpu(Box::default()))).collect())
}

impl Run {
    /// At the start.
    ///
    /// # Errors
    /// When a stem is wanted and there is none, or it is of another size, or a GPU is asked for and cannot be had.
    pub(super) fn start(
        plan: &TagPlan,
        music: &Music,
        name: &str,
        stem: Option<&[f32]>,
        gpu: bool,
    ) -> Result<Self> {
        let mut params = random_tag_parameters(&plan.shape, plan.seed);
        let layout = plan.shape.layout().base;
        if plan.start != Start::Scratch {
            let given = stem.map_or(0, <[f32]>::len);
            let len = match plan.start {
                // All, or all but a head in other words.
                Start::Model => layout.head.weights.start.max(given.min(params.len())),
                _ => plan.shape.stem_len(),
            };
            ensure!(
                given >= len,
                "the model it begins with has {given} parameters, not {len}; give the tag network the \
                 same --channels and --features, or --stem scratch"
            );
            if let Some(stem) = stem {
                params[..len].copy_from_slice(&stem[..len]);
            }
        }
        let own = match plan.start {
            Start::Scratch => 0,
            // All of a shallow stem and its features are the beat network's.
            Start::Model => layout.stem.len() + 1,
            Start::Frozen | Start::Tuned if layout.stem.len() == 2 => layout.stem.len() + 1,
            Start::Frozen | Start::Tuned => 2,
        };
        if own <= layout.stem.len() {
            let example = prepare(plan, music, plan.batch, (0, 0));
            standardise(&layout, &mut params, own, &example.mel, plan.batch);
        }
        Ok(Self {
            adam: AdamW::new(&plan.shape.layout().base),
            settings: Settings::over(plan.steps, plan.rate),
            smooth: params.clone(),
            best: params.clone(),
            params,
            step: 0,
            seconds: 0.0,
            running: (0.0, 0),
            history: Vec::new(),
            workers: workers(plan, gpu)?,
            music: name.to_owned(),
            plan: plan.clone(),
        })
    }

    /// Where `from` stopped.
    ///
    /// # Errors
    /// When the plan is another one.
    pub(super) fn resume(
        plan: &TagPlan,
        music: &Music,
        name: &str,
        from: Checkpoint<Head>,
        gpu: bool,
    ) -> Result<Self> {
        ensure!(
            from.head.plan == *plan,
            "the checkpoint was made with other settings ({:?}); repeat them or start without --resume",
            from.head.plan
        );
        ensure!(
            from.head.music == name,
            "the checkpoint was made with other music or words; repeat them or start without --resume"
        );
        let mut run = Self::start(plan, music, name, Some(&from.params), gpu)?;
        (run.params, run.smooth, run.best) = (from.params, from.smooth, from.best);
        (run.adam.first, run.adam.second) = (from.first, from.second);
        run.adam.steps = i32::try_from(from.head.step)?;
        (run.step, run.seconds) = (from.head.step, from.head.seconds);
        (run.running, run.history) = (from.head.running, from.head.history);
        Ok(run)
    }

    pub(super) fn checkpoint(&self) -> Checkpoint<Head> {
        Checkpoint {
            head: Head {
                plan: self.plan.clone(),
                music: self.music.clone(),
                step: self.step,
                seconds: self.seconds,
                running: self.running,
                history: self.history.clone(),
            },
            params: self.params.clone(),
            first: self.adam.first.clone(),
            second: self.adam.second.clone(),
            smooth: self.smooth.clone(),
            best: self.best.clone(),
        }
    }

    /// One step; gives its loss per block.
    ///
    /// # Errors
    /// When the GPU fails.
    pub(super) fn learn(&mut self, music: &Music) -> Result<f64> {
        let begun = Instant::now();
        let (plan, step) = (&self.plan, self.step);
        let params = &self.params[..];
        let packed = matches!(self.workers[0].engine, Engine::Cpu(_));
        let net = packed.then(|| TagNetwork::new(&plan.shape, params));
        let lanes = plan.batch / self.workers.len();
        let losses: Vec<TagLoss> = self
            .workers
            .par_iter_mut()
            .enumerate()
            .map(|(index, worker)| {
                let example = prepare(plan, music, lanes, (step, index));
                let seed =
                    Dice::named(plan.seed, &format!("tags step {step} shard {index}")).seed();
                worker.learn(plan, net.as_ref(), params, &example, seed)
            })
            .collect::<Result<_>>()?;
        let mut total = TagLoss::default();
        losses.iter().for_each(|loss| total.add(loss));
        let mut sum = vec![0.0; self.params.len()];
        for worker in &self.workers {
            sum.iter_mut().zip(worker.engine.grads()).for_each(|(sum, grad)| *sum += grad);
        }
        let rate = self.settings.rate_at(step, step as f64 / plan.steps as f64);
        // Decay alone would move a frozen stem.
        let frozen =
            (plan.start == Start::Frozen).then(|| self.params[..plan.shape.stem_len()].to_vec());
        self.adam.step(&self.settings, rate, &mut self.params, &sum);
        if let Some(stem) = frozen {
            self.params[..stem.len()].copy_from_slice(&stem);
        }
        self.step += 1;
        average(&mut self.smooth, &self.params, self.step, 0.995);
        self.running = (self.running.0 + total.total(), self.running.1 + 1);
        self.seconds += begun.elapsed().as_secs_f64();
        Ok(total.total())
    }

    pub(super) fn validate(&mut self, clips: &[TagClip], learned: &[TagClip]) -> TagEntry {
        let before = self.best_entry().map_or(-1.0, |(_, entry)| entry.scores.overall());
        let entry = TagEntry {
            step: self.step,
            seconds: self.seconds,
            rate: self.settings.rate_at(self.step, self.step as f64 / self.plan.steps as f64),
            loss: self.running.0 / self.running.1.max(1) as f64,
            scores: scores(&self.plan.shape, &self.smooth, clips),
            learned: scores(&self.plan.shape, &self.smooth, learned),
        };
        self.running = (0.0, 0);
        if entry.scores.overall() > before {
            self.best.copy_from_slice(&self.smooth);
        }
        self.history.push(entry.clone());
        entry
    }

    /// The best validation, the earliest of equals.
    fn best_entry(&self) -> Option<(usize, &TagEntry)> {
        let all = self.history.iter().enumerate().rev();
        all.max_by(|(_, a), (_, b)| a.scores.overall().total_cmp(&b.scores.overall()))
    }

    /// The parameters just validated, if they are the best so far.
    pub(super) fn new_best(&self) -> Option<&[f32]> {
        let (at, _) = self.best_entry()?;
        (at + 1 == self.history.len()).then_some(&self.best)
    }

    pub(super) fn has_stalled(&self) -> bool {
        self.best_entry().is_some_and(|(at, _)| self.history.len() - 1 - at >= self.plan.patience)
    }

    pub(super) fn finish(self) -> Trained {
        let best = self.best_entry().map(|(_, entry)| entry.clone()).unwrap_or_default();
        Trained {
            seconds_per_step: self.seconds / self.step.max(1) as f64,
            params: self.best,
            history: self.history,
            best,
        }
    }
}

/// What the lanes of a shard hear: features [lanes, blocks * block, BANDS] and targets
/// [blocks, lanes, outputs].
fn prepare(plan: &TagPlan, music: &Music, lanes: usize, (step, index): (usize, usize)) -> Example {
    let width = plan.shape.outputs();
    let heard: Vec<Example> = (0..lanes)
        .into_par_iter()
        .map(|lane| {
            let name = format!("tags step {step} lane {}", index * lanes + lane);
            music.example(plan, &mut Dice::named(plan.seed, &name))
        })
        .collect();
    let mut mel = Vec::with_capacity(lanes * heard[0].mel.len());
    let mut targets = vec![0.0; plan.blocks * lanes * width];
    for (lane, example) in heard.iter().enumerate() {
        mel.extend_from_slice(&example.mel);
        for (block, truth) in example.targets.chunks_exact(width).enumerate() {
            targets[(block * lanes + lane) * width..][..width].copy_from_slice(truth);
        }
    }
    Example { mel, targets }
}

impl ShardWorker {
    /// Loss and gradients of `example`. `net` is there on the CPU.
    fn learn(
        &mut self,
        plan: &TagPlan,
        net: Option<&TagNetwork>,
        params: &[f32],
        example: &Example,
        seed: u64,
    ) -> Result<TagLoss> {
        let frozen = plan.start == Start::Frozen;
        let scale = 1.0 / (plan.batch * plan.blocks) as f32;
        let Self { engine, gradient } = self;
        let mut loss =
            |logits: &[f32]| TagLoss::of(&plan.shape, logits, &example.targets, scale, gradient);
        match (engine, net) {
            (Engine::Cpu(shard), Some(net)) => {
                let mut chance = ChaCha8Rng::seed_from_u64(seed);
                shard.forward(net, &example.mel, SHARD, Some((plan.dropout, &mut chance)));
                let loss = loss(&shard.logits);
                shard.backward(net, gradient, frozen);
                Ok(loss)
            }
            (Engine::Gpu(gpu), _) => {
                gpu.forward(params, &example.mel, Some((plan.dropout, seed)))?;
                let loss = loss(gpu.logits());
                gpu.backward(gradient, frozen)?;
                Ok(loss)
            }
            (Engine::Cpu(_), None) => bail!("the weights of this step were not packed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Pooling, TagShape};

    #[test]
    fn a_run_begins_with_the_model_it_is_given_and_with_another_head_where_the_words_differ() {
        let shape = TagShape {
            channels: vec![8, 8],
            features: 8,
            hidden: 8,
            block: 10,
            pooling: Pooling::Lstm,
            genres: 3,
            instruments: 2,
        };
        let plan = TagPlan { start: Start::Model, ..TagPlan::usual(shape.clone()) };
        let music = Music::new(&[], &plan);
        let model = random_tag_parameters(&shape, 77);
        let begin = |given: &[f32]| Run::start(&plan, &music, "", Some(given), false);
        assert_eq!(begin(&model).expect("begun").params, model);
        let head = shape.layout().base.head.weights.start;
        let begun = begin(&model[..head]).expect("begun").params;
        assert_eq!(begun[..head], model[..head]);
        assert_ne!(begun[head..], model[head..]);
        assert!(
            begin(&model[..head - 1]).is_err()
                && Run::start(&plan, &music, "", None, false).is_err()
        );
    }
}

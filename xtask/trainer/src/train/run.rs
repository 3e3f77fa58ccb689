//! A run: parameters, optimiser, lanes, and what one step does with them.

use anyhow::{Result, bail, ensure};
use listener::BANDS;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::Trained;
use super::checkpoint::{Checkpoint, Head};
use super::plan::{Entry, Length, Plan, SHARD};
use super::sampler::{Lane, Music};
use super::validate::validate;
use crate::clip::Clip;
use crate::dice::Dice;
use crate::net::{GpuBeats, Loss, Network, OUTPUTS, Shard, State, random_parameters};
use crate::optimise::{AdamW, Settings, average};

/// A run in progress.
pub(super) struct Run {
    plan: Plan,
    adam: AdamW,
    settings: Settings,
    params: Vec<f32>,
    /// Moving average of the parameters: what is validated and exported.
    smooth: Vec<f32>,
    pub(super) best: Vec<f32>,
    pub(super) step: usize,
    pub(super) seconds: f64,
    music: String,
    lanes: Vec<Option<Lane>>,
    states: Vec<State>,
    running: (f64, usize),
    pub(super) history: Vec<Entry>,
    workers: Vec<ShardWorker>,
}

/// Who does the arithmetic of a shard.
enum Engine {
    Cpu(Box<Shard>),
    Gpu(Box<GpuBeats>),
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
    mel: Vec<f32>,
    targets: Vec<f32>,
    gradient: Vec<f32>,
}

/// The workers of a run: a thread of the CPU takes shards of a few lanes, a GPU the whole batch.
fn workers(plan: &Plan, gpu: bool) -> Result<Vec<ShardWorker>> {
    let worker = |engine| ShardWorker { engine, mel: vec![], targets: vec![], gradient: vec![] };
    if gpu {
        let gpu = GpuBeats::open(&plan.shape, plan.batch, plan.stretch)?;
        return Ok(vec![worker(Engine::Gpu(Box::new(gpu)))]);
    }
    Ok((0..plan.batch / SHARD).map(|_| worker(Engine::Cpu(Box::default()))).collect())
}

/// The optimiser's settings.
fn settings(plan: &Plan) -> Settings {
    match plan.length {
        Length::Steps(steps) => Settings::over(steps, plan.rate),
        Length::Minutes(_) => Settings { rate: plan.rate, ..Settings::default() },
    }
}

impl Run {
    /// At the start, from weights that are there or from chance.
    ///
    /// # Errors
    /// When a GPU is asked for and cannot be had.
    pub(super) fn start(
        plan: &Plan,
        music: &Music,
        from: Option<&[f32]>,
        gpu: bool,
    ) -> Result<Self> {
        let params =
            from.map_or_else(|| random_parameters(&plan.shape, plan.seed), <[f32]>::to_vec);
        let workers = workers(plan, gpu)?;
        let lanes = plan.batch / workers.len();
        Ok(Self {
            adam: AdamW::new(&plan.shape.layout()),
            settings: settings(plan),
            smooth: params.clone(),
            best: params.clone(),
            params,
            step: 0,
            seconds: 0.0,
            music: music.fingerprint().to_owned(),
            lanes: vec![None; plan.batch],
            states: vec![State::new(&plan.shape, lanes); workers.len()],
            running: (0.0, 0),
            history: Vec::new(),
            workers,
            plan: plan.clone(),
        })
    }

    /// Where `from` stopped. With other music the lanes start anew.
    ///
    /// # Errors
    /// When the plan is another one.
    pub(super) fn resume(plan: &Plan, music: &Music, from: Checkpoint, gpu: bool) -> Result<Self> {
        ensure!(
            from.head.plan == *plan,
            "the checkpoint was made with other settings ({:?}); repeat them or start without --resume",
            from.head.plan
        );
        let mut run = Self::start(plan, music, None, gpu)?;
        (run.params, run.smooth, run.best) = (from.params, from.smooth, from.best);
        (run.adam.first, run.adam.second) = (from.first, from.second);
        run.adam.steps = i32::try_from(from.head.step)?;
        (run.step, run.seconds) = (from.head.step, from.head.seconds);
        if from.head.music != run.music {
            eprintln!(
                "the corpus has changed since the checkpoint; training goes on with the new one"
            );
        } else if from.head.states.len() != run.states.len() {
            eprintln!("CPU and GPU share out the batch otherwise; its sequences begin anew");
        } else {
            (run.lanes, run.states) = (from.head.lanes, from.head.states);
        }
        (run.running, run.history) = (from.head.running, from.head.history);
        Ok(run)
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            head: Head {
                plan: self.plan.clone(),
                step: self.step,
                seconds: self.seconds,
                music: self.music.clone(),
                lanes: self.lanes.clone(),
                states: self.states.clone(),
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

    /// Share of the run that is over.
    pub(super) fn progress(&self) -> f64 {
        match self.plan.length {
            Length::Steps(steps) => self.step as f64 / steps as f64,
            Length::Minutes(minutes) => self.seconds / (60.0 * minutes),
        }
    }

    /// One step; gives its loss per frame.
    ///
    /// # Errors
    /// When the GPU fails.
    pub(super) fn learn(&mut self, music: &Music) -> Result<f64> {
        let plan = &self.plan;
        let params = &self.params[..];
        let packed = matches!(self.workers[0].engine, Engine::Cpu(_));
        let net = packed.then(|| Network::new(&plan.shape, params));
        let step = self.step;
        let lanes = self.lanes.chunks_exact_mut(plan.batch / self.workers.len());
        let shards: Vec<_> =
            self.workers.iter_mut().zip(lanes).zip(&mut self.states).enumerate().collect();
        let losses: Vec<Loss> = shards
            .into_par_iter()
            .map(|(index, ((worker, lanes), state))| {
                worker.prepare(plan, music, lanes, state, (step, index));
                let seed = Dice::named(plan.seed, &format!("step {step} shard {index}")).seed();
                worker.learn(plan, net.as_ref(), params, state, seed)
            })
            .collect::<Result<_>>()?;
        let mut total = Loss::default();
        losses.iter().for_each(|loss| total.add(loss));
        let mut sum = self.workers[0].engine.grads().to_vec();
        for other in &self.workers[1..] {
            sum.iter_mut().zip(other.engine.grads()).for_each(|(sum, grad)| *sum += grad);
        }
        let rate = self.settings.rate_at(self.step, self.progress());
        self.adam.step(&self.settings, rate, &mut self.params, &sum);
        self.step += 1;
        average(&mut self.smooth, &self.params, self.step, 0.997);
        self.running = (self.running.0 + total.total(), self.running.1 + 1);
        Ok(total.total())
    }

    pub(super) fn validate(&mut self, clips: &[Clip]) -> Entry {
        let before = self.best_score();
        let entry = Entry {
            step: self.step,
            seconds: self.seconds,
            rate: self.settings.rate_at(self.step, self.progress()),
            loss: self.running.0 / self.running.1.max(1) as f64,
            scores: validate(&self.plan.shape, &self.smooth, &self.plan.weights, clips),
        };
        self.running = (0.0, 0);
        if entry.scores.overall() > before {
            self.best.copy_from_slice(&self.smooth);
        }
        self.history.push(entry.clone());
        entry
    }

    /// The best validation, the earliest of equals.
    fn best_entry(&self) -> Option<(usize, &Entry)> {
        let better = |a: Option<(usize, _)>, (at, entry): (usize, _)| match a {
            Some((_, best)) if Entry::overall(best) >= Entry::overall(entry) => a,
            _ => Some((at, entry)),
        };
        self.history.iter().enumerate().fold(None, better)
    }

    pub(super) fn best_score(&self) -> f64 {
        self.best_entry().map_or(-1.0, |(_, entry)| entry.overall())
    }

    pub(super) fn has_stalled(&self) -> bool {
        self.best_entry().is_some_and(|(at, _)| self.history.len() - 1 - at >= self.plan.patience)
    }

    pub(super) fn finish(self) -> Result<Trained> {
        let best = self.best_entry().map(|(_, entry)| entry.clone()).unwrap_or_default();
        Ok(Trained {
            seconds_per_step: self.seconds / self.step.max(1) as f64,
            params: self.best,
            history: self.history,
            best,
        })
    }
}

impl ShardWorker {
    /// Lets every lane hear its next stretch: features [lanes, stretch, BANDS] and targets
    /// [stretch, lanes, OUTPUTS].
    fn prepare(
        &mut self,
        plan: &Plan,
        music: &Music,
        lanes: &mut [Option<Lane>],
        state: &mut State,
        (step, index): (usize, usize),
    ) {
        let count = lanes.len();
        let (width, rows) = (plan.stretch * BANDS, plan.stretch * OUTPUTS);
        self.mel.resize(count * width, 0.0);
        self.targets.resize(count * rows, 0.0);
        let heard: Vec<(bool, Vec<f32>)> = lanes
            .par_iter_mut()
            .zip(self.mel.par_chunks_exact_mut(width))
            .enumerate()
            .map(|(column, (lane, mel))| {
                let name = format!("step {step} lane {}", index * count + column);
                let begins = music.advance(lane, &mut Dice::named(plan.seed, &name));
                let mut targets = vec![0.0; rows];
                if let Some(lane) = lane {
                    music.hear(lane, mel, &mut targets);
                }
                (begins, targets)
            })
            .collect();
        for (column, (begins, targets)) in heard.into_iter().enumerate() {
            if begins {
                state.reset(column);
            }
            let to = self.targets.chunks_exact_mut(OUTPUTS).skip(column).step_by(count);
            for (to, from) in to.zip(targets.chunks_exact(OUTPUTS)) {
                to.copy_from_slice(from);
            }
        }
    }

    /// Loss and gradients of what was prepared. `net` is there on the CPU.
    fn learn(
        &mut self,
        plan: &Plan,
        net: Option<&Network>,
        params: &[f32],
        state: &mut State,
        seed: u64,
    ) -> Result<Loss> {
        let scale = 1.0 / (plan.batch * plan.stretch) as f32;
        let Self { engine, mel, targets, gradient } = self;
        let mut loss = |logits: &[f32]| Loss::of(&plan.weights, logits, targets, scale, gradient);
        match (engine, net) {
            (Engine::Cpu(shard), Some(net)) => {
                let mut chance = ChaCha8Rng::seed_from_u64(seed);
                shard.forward(net, mel, state, Some((plan.dropout, &mut chance)));
                let loss = loss(&shard.logits);
                shard.backward(net, gradient);
                Ok(loss)
            }
            (Engine::Gpu(gpu), _) => {
                gpu.forward(params, mel, state, Some((plan.dropout, seed)))?;
                let loss = loss(gpu.logits());
                gpu.backward(gradient)?;
                Ok(loss)
            }
            (Engine::Cpu(_), None) => bail!("the weights of this step were not packed"),
        }
    }
}

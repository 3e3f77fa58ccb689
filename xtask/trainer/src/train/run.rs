//! A run: parameters, optimiser, lanes, and what one step does with them.

use anyhow::{Result, ensure};
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
use crate::net::{Loss, Network, OUTPUTS, Shard, State, random_parameters};
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
    benches: Vec<Bench>,
}

/// The memory of one shard.
#[derive(Default)]
struct Bench {
    shard: Shard,
    mel: Vec<f32>,
    targets: Vec<f32>,
    gradient: Vec<f32>,
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
    pub(super) fn start(plan: &Plan, music: &Music, from: Option<&[f32]>) -> Self {
        let params =
            from.map_or_else(|| random_parameters(&plan.shape, plan.seed), <[f32]>::to_vec);
        let shards = plan.batch / SHARD;
        Self {
            adam: AdamW::new(&plan.shape.layout()),
            settings: settings(plan),
            smooth: params.clone(),
            best: params.clone(),
            params,
            step: 0,
            seconds: 0.0,
            music: music.fingerprint().to_owned(),
            lanes: vec![None; plan.batch],
            states: vec![State::new(&plan.shape, SHARD); shards],
            running: (0.0, 0),
            history: Vec::new(),
            benches: (0..shards).map(|_| Bench::default()).collect(),
            plan: plan.clone(),
        }
    }

    /// Where `from` stopped. With other music the lanes start anew.
    ///
    /// # Errors
    /// When the plan is another one.
    pub(super) fn resume(plan: &Plan, music: &Music, from: Checkpoint) -> Result<Self> {
        ensure!(
            from.head.plan == *plan,
            "the checkpoint was made with other settings ({:?}); repeat them or start without --resume",
            from.head.plan
        );
        let mut run = Self::start(plan, music, None);
        (run.params, run.smooth, run.best) = (from.params, from.smooth, from.best);
        (run.adam.first, run.adam.second) = (from.first, from.second);
        run.adam.steps = i32::try_from(from.head.step)?;
        (run.step, run.seconds) = (from.head.step, from.head.seconds);
        if from.head.music == run.music {
            (run.lanes, run.states) = (from.head.lanes, from.head.states);
        } else {
            eprintln!(
                "the corpus has changed since the checkpoint; training goes on with the new one"
            );
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
    pub(super) fn learn(&mut self, music: &Music) -> f64 {
        let plan = &self.plan;
        let net = Network::new(&plan.shape, &self.params);
        let scale = 1.0 / (plan.batch * plan.stretch) as f32;
        let step = self.step;
        let lanes = self.lanes.chunks_exact_mut(SHARD);
        let shards: Vec<_> =
            self.benches.iter_mut().zip(lanes).zip(&mut self.states).enumerate().collect();
        let losses: Vec<Loss> = shards
            .into_par_iter()
            .map(|(index, ((bench, lanes), state))| {
                bench.learn(plan, &net, music, lanes, state, (step, index), scale)
            })
            .collect();
        let mut total = Loss::default();
        losses.iter().for_each(|loss| total.add(loss));
        let (sum, others) = self.benches.split_at_mut(1);
        let sum = &mut sum[0].shard.grads;
        for other in others {
            sum.iter_mut().zip(&other.shard.grads).for_each(|(sum, grad)| *sum += grad);
        }
        let rate = self.settings.rate_at(self.step, self.progress());
        self.adam.step(&self.settings, rate, &mut self.params, &self.benches[0].shard.grads);
        self.step += 1;
        average(&mut self.smooth, &self.params, self.step, 0.997);
        self.running = (self.running.0 + total.total(), self.running.1 + 1);
        total.total()
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

impl Bench {
    #[allow(clippy::too_many_arguments, reason = "one call site; a struct would only rename them")]
    fn learn(
        &mut self,
        plan: &Plan,
        net: &Network,
        music: &Music,
        lanes: &mut [Option<Lane>],
        state: &mut State,
        (step, index): (usize, usize),
        scale: f32,
    ) -> Loss {
        self.mel.resize(SHARD * plan.stretch * BANDS, 0.0);
        self.targets.resize(SHARD * plan.stretch * OUTPUTS, 0.0);
        let mel = self.mel.chunks_exact_mut(plan.stretch * BANDS);
        for (column, (lane, mel)) in lanes.iter_mut().zip(mel).enumerate() {
            let name = format!("step {step} lane {}", index * SHARD + column);
            if music.advance(lane, &mut Dice::named(plan.seed, &name)) {
                state.reset(column);
            }
            if let Some(lane) = lane {
                music.hear(lane, mel, &mut self.targets, (column, SHARD));
            }
        }
        let seed = Dice::named(plan.seed, &format!("step {step} shard {index}")).seed();
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        self.shard.forward(net, &self.mel, state, Some((plan.dropout, &mut chance)));
        let loss =
            Loss::of(&plan.weights, &self.shard.logits, &self.targets, scale, &mut self.gradient);
        self.shard.backward(net, &self.gradient);
        loss
    }
}

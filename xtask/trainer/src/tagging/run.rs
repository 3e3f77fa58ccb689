//! A run: parameters, optimiser, and what one step does with them.

use std::time::Instant;

use anyhow::{Result, ensure};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::sampler::{Lesson, Music};
use super::scores::scores;
use super::{Start, TagEntry, TagPlan, Trained};
use crate::dice::Dice;
use crate::net::{TagLoss, TagNetwork, TagShard, random_tag_parameters};
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
    benches: Vec<(TagShard, Vec<f32>)>,
}

impl Run {
    /// At the start.
    ///
    /// # Errors
    /// When a stem is wanted and there is none, or it is of another size.
    pub(super) fn start(plan: &TagPlan, music: &str, stem: Option<&[f32]>) -> Result<Self> {
        let mut params = random_tag_parameters(&plan.shape, plan.seed);
        if plan.start != Start::Scratch {
            let len = plan.shape.stem_len();
            let given = stem.map_or(0, <[f32]>::len);
            ensure!(
                given >= len,
                "the beat model's stem has {given} parameters, not {len}; give the tag network the \
                 same --channels and --features, or --stem scratch"
            );
            if let Some(stem) = stem {
                params[..len].copy_from_slice(&stem[..len]);
            }
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
            benches: (0..plan.batch / SHARD).map(|_| Default::default()).collect(),
            music: music.to_owned(),
            plan: plan.clone(),
        })
    }

    /// Where `from` stopped.
    ///
    /// # Errors
    /// When the plan is another one.
    pub(super) fn resume(plan: &TagPlan, music: &str, from: Checkpoint<Head>) -> Result<Self> {
        ensure!(
            from.head.plan == *plan,
            "the checkpoint was made with other settings ({:?}); repeat them or start without --resume",
            from.head.plan
        );
        ensure!(
            from.head.music == music,
            "the checkpoint was made with other music or words; repeat them or start without --resume"
        );
        let mut run = Self::start(plan, music, Some(&from.params))?;
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
    pub(super) fn learn(&mut self, music: &Music) -> f64 {
        let begun = Instant::now();
        let (plan, step) = (&self.plan, self.step);
        let net = TagNetwork::new(&plan.shape, &self.params);
        let shards: Vec<_> = self.benches.iter_mut().enumerate().collect();
        let losses: Vec<TagLoss> = shards
            .into_par_iter()
            .map(|(index, bench)| learn_shard(plan, &net, music, bench, (step, index)))
            .collect();
        let mut total = TagLoss::default();
        losses.iter().for_each(|loss| total.add(loss));
        let mut sum = vec![0.0; self.params.len()];
        for (shard, _) in &self.benches {
            sum.iter_mut().zip(&shard.grads).for_each(|(sum, grad)| *sum += grad);
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
        total.total()
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

/// Forward and backward for one shard of the batch.
fn learn_shard(
    plan: &TagPlan,
    net: &TagNetwork,
    music: &Music,
    (shard, gradient): &mut (TagShard, Vec<f32>),
    (step, index): (usize, usize),
) -> TagLoss {
    let width = plan.shape.outputs();
    let mut mel = Vec::new();
    let mut targets = vec![0.0; plan.blocks * SHARD * width];
    for lane in 0..SHARD {
        let name = format!("tags step {step} lane {}", index * SHARD + lane);
        let lesson = music.lesson(plan, &mut Dice::named(plan.seed, &name));
        let Lesson { mel: features, targets: truth } = lesson;
        mel.extend(features);
        for (block, truth) in truth.chunks_exact(width).enumerate() {
            targets[(block * SHARD + lane) * width..][..width].copy_from_slice(truth);
        }
    }
    let seed = Dice::named(plan.seed, &format!("tags step {step} shard {index}")).seed();
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    shard.forward(net, &mel, SHARD, Some((plan.dropout, &mut chance)));
    let scale = 1.0 / (plan.batch * plan.blocks) as f32;
    let loss = TagLoss::of(&plan.shape, &shard.logits, &targets, scale, gradient);
    shard.backward(net, gradient, plan.start == Start::Frozen);
    loss
}

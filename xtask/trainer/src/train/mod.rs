//! The training loop: hears, learns, validates, keeps the best, stops when it no longer improves.
//!
//! One run is a function of its [`Plan`] and the corpus: the batch is cut into shards of fixed size
//! whose gradients are added in a fixed order, so the number of threads changes nothing.

pub(crate) mod checkpoint;
pub(crate) mod colour;
pub mod command;
pub(crate) mod gate;
pub mod pace;
pub(crate) mod plan;
mod run;
mod sampler;
mod targets;
pub mod validate;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use indicatif::ProgressBar;

use crate::clip::Clip;
use crate::progress;
use crate::write::write_whole;
use checkpoint::Checkpoint;
pub use gate::Marks;
pub use plan::{Entry, Length, Plan};
use run::Run;
use sampler::Music;

/// Gain in score from which a new best is worth writing while training goes on.
const CLEARLY: f64 = 0.003;

/// What a run made.
pub struct Trained<E = Entry> {
    /// The best parameters seen.
    pub params: Vec<f32>,
    /// All validations.
    pub history: Vec<E>,
    /// The validation of `params`.
    pub best: E,
    /// Mean seconds per step.
    pub seconds_per_step: f64,
}

/// Where a run keeps its files.
pub struct RunOptions {
    /// Folder of checkpoint and journal.
    pub folder: PathBuf,
    /// Go on from the checkpoint there.
    pub resume: bool,
    /// Weights to begin with; none begins with chance.
    pub start: Option<Vec<f32>>,
    /// Learn on a GPU.
    pub gpu: bool,
}

impl RunOptions {
    /// Checks what can be checked before hours of work.
    ///
    /// # Errors
    /// When there is nothing to resume.
    pub fn check(&self) -> Result<()> {
        if self.resume { checkpoint::must_exist(&self.checkpoint()) } else { Ok(()) }
    }

    fn checkpoint(&self) -> PathBuf {
        self.folder.join("beats.checkpoint")
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("beats.tsv")
    }
}

/// Trains on `train`, scoring on `validation`; `better` gets every new best that is clearly better.
///
/// # Errors
/// When the plan is wrong, the checkpoint cannot be used, files cannot be written, or the loss is no
/// longer a number.
pub fn train(
    plan: &Plan,
    train: Vec<Clip>,
    validation: &[Clip],
    options: &RunOptions,
    mut better: impl FnMut(&[f32], &Entry) -> Result<()>,
) -> Result<Trained> {
    plan.check()?;
    ensure!(
        !train.is_empty() && !validation.is_empty(),
        "no music to train on; ask for more hours"
    );
    std::fs::create_dir_all(&options.folder)?;
    let music = Music::new(train, plan.stretch, plan.recordings);
    let checkpoint = options.checkpoint();
    let mut run = if options.resume {
        Run::resume(plan, &music, Checkpoint::load(&checkpoint)?, options.gpu)
            .with_context(|| checkpoint.display().to_string())?
    } else {
        let run = Run::start(plan, &music, options.start.as_deref(), options.gpu)?;
        checkpoint::put_aside(&checkpoint)?;
        run
    };
    let bar = progress_of(plan);
    let mut told = run.best_score();
    while run.progress() < 1.0 && !run.has_stalled() {
        let begun = Instant::now();
        let loss = run.learn(&music)?;
        ensure!(
            loss.is_finite(),
            "the loss is {loss} at step {}; train with a lower --rate than {}",
            run.step,
            plan.rate
        );
        run.seconds += begun.elapsed().as_secs_f64();
        if run.step.is_multiple_of(plan.validate_every) || run.progress() >= 1.0 {
            let entry = run.validate(validation);
            journal(&options.journal(), &run.history)?;
            run.checkpoint().store(&checkpoint)?;
            if run.best_score() > told + CLEARLY {
                told = run.best_score();
                better(&run.best, &entry)?;
            }
        }
        bar.set_position((1000.0 * run.progress()) as u64);
        if let Some(entry) = run.history.last() {
            let f = entry.scores.f;
            bar.set_message(format!("beat {:.3} downbeat {:.3} onset {:.3}", f[0], f[1], f[2]));
        }
    }
    bar.finish_and_clear();
    run.finish()
}

/// Writes all entries as a table.
fn journal(path: &Path, history: &[Entry]) -> Result<()> {
    let mut table =
        String::from("step\tseconds\trate\tloss\tvalidation_loss\tbeat_f\tdownbeat_f\tonset_f\n");
    for Entry { step, seconds, rate, loss, scores } in history {
        let [beat, downbeat, onset] = scores.f;
        table += &format!(
            "{step}\t{seconds:.1}\t{rate:.6}\t{loss:.5}\t{:.5}\t{beat:.4}\t{downbeat:.4}\t{onset:.4}\n",
            scores.loss
        );
    }
    write_whole(path, table.as_bytes())
}

fn progress_of(plan: &Plan) -> ProgressBar {
    let template = "training {bar:30} {percent}%, {elapsed} gone, {eta} to go  {msg}";
    let bar = progress::bar(1000, template);
    bar.set_message(match plan.length {
        Length::Steps(steps) => format!("{steps} steps"),
        Length::Minutes(minutes) => format!("{minutes} minutes"),
    });
    bar
}

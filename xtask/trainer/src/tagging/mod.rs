//! Training of the tag network: hears clips of every genre alike, learns what they are, validates,
//! keeps the best.
//!
//! As with beats one run is a function of its [`TagPlan`] and the corpus; the number of threads
//! changes nothing.

mod args;
mod card;
pub mod command;
mod comparison;
mod plan;
mod run;
mod sampler;
mod scores;
mod temperature;
mod trial;
mod users;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::hash::hex;
use crate::progress;
use crate::tagclip::TagClip;
use crate::train::checkpoint::{self, Checkpoint};
use crate::write::write_whole;
pub use args::TagsArgs;
pub use plan::{Start, TagEntry, TagPlan};
use run::Run;
use sampler::Music;
pub use scores::{TagScores, scores};
pub use users::Users;

/// Training clips that are scored too, to see how much is learned by heart.
const LEARNED: usize = 100;

/// What a run made.
pub type Trained = crate::train::Trained<TagEntry>;

/// Where a run keeps its files.
pub struct RunOptions {
    /// Folder of checkpoint and journal; none keeps nothing.
    pub folder: Option<PathBuf>,
    /// Go on from the checkpoint there.
    pub resume: bool,
    /// Learn on a GPU.
    pub gpu: bool,
}

impl RunOptions {
    /// Checks what can be checked before hours of work.
    ///
    /// # Errors
    /// When there is nothing to resume.
    pub fn check(&self) -> Result<()> {
        let resumed = self.checkpoint().filter(|_| self.resume);
        resumed.map_or(Ok(()), |checkpoint| checkpoint::must_exist(&checkpoint))
    }

    fn checkpoint(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join("tags.checkpoint"))
    }
}

/// Trains on `train`, scoring on `validation`. `stem` are parameters of stem and features to begin
/// with, as a beat network of the same sizes has them. `better` gets every new best.
///
/// # Errors
/// When the plan is wrong, the checkpoint cannot be used, files cannot be written, or the loss is no
/// longer a number.
pub fn train(
    plan: &TagPlan,
    stem: Option<&[f32]>,
    train: &[TagClip],
    validation: &[TagClip],
    options: &RunOptions,
    name: &str,
    mut better: impl FnMut(&[f32], &TagEntry) -> Result<()>,
) -> Result<Trained> {
    plan.check()?;
    let music = Music::new(train, plan);
    let fingerprint = fingerprint(train);
    ensure!(!music.is_empty(), "no music to train on; ask for more hours");
    let mut run = match options.checkpoint() {
        Some(path) if options.resume => {
            Run::resume(plan, &music, &fingerprint, Checkpoint::load(&path)?, options.gpu)
                .with_context(|| path.display().to_string())?
        }
        path => {
            let run = Run::start(plan, &music, &fingerprint, stem, options.gpu)?;
            path.as_deref().map_or(Ok(()), checkpoint::put_aside)?;
            run
        }
    };
    if let Some(folder) = &options.folder {
        std::fs::create_dir_all(folder)?;
    }
    let template = "{prefix} {bar:30} {pos}/{len}, {elapsed} gone, {eta} to go  {msg}";
    let bar = progress::bar(plan.steps as u64, template).with_prefix(name.to_owned());
    while run.step < plan.steps && !run.has_stalled() {
        let loss = run.learn(&music)?;
        ensure!(
            loss.is_finite(),
            "the loss is {loss} at step {}; train with a lower --rate than {}",
            run.step,
            plan.rate
        );
        if run.step.is_multiple_of(plan.validate_every) || run.step == plan.steps {
            let entry = run.validate(validation, &train[..train.len().min(LEARNED)]);
            let TagScores { accuracy, instruments, mood, .. } = entry.scores;
            bar.set_message(format!(
                "genre {accuracy:.3} instruments {instruments:.3} mood {mood:.3}"
            ));
            if let (Some(folder), Some(checkpoint)) = (&options.folder, options.checkpoint()) {
                journal(&folder.join("tags.tsv"), &run.history)?;
                run.checkpoint().store(&checkpoint)?;
            }
            if let Some(best) = run.new_best() {
                better(best, &entry)?;
            }
        }
        bar.set_position(run.step as u64);
    }
    bar.finish_and_clear();
    Ok(run.finish())
}

/// Short, and another for other clips or other truths about them.
fn fingerprint(clips: &[TagClip]) -> String {
    let mut hash = Sha256::new();
    for clip in clips {
        let last = clip.frames.last().map_or(0, |last| last[0].to_bits());
        hash.update(format!("{} {} {last} {:?};", clip.name, clip.frames.len(), clip.truth));
    }
    hex(&hash.finalize()[..8])
}

/// Writes all entries as a table.
fn journal(path: &Path, history: &[TagEntry]) -> Result<()> {
    let mut table = String::from(
        "step\tseconds\trate\tloss\tgenre_accuracy\tinstrument_map\tinstrument_auc\tmood_ccc\tlearned_accuracy\tlearned_map\n",
    );
    for TagEntry { step, seconds, rate, loss, scores, learned } in history {
        let TagScores { accuracy, instruments, areas, mood, .. } = scores;
        table += &format!(
            "{step}\t{seconds:.1}\t{rate:.6}\t{loss:.5}\t{accuracy:.4}\t{instruments:.4}\t{areas:.4}\t{mood:.4}\t{:.4}\t{:.4}\n",
            learned.accuracy, learned.instruments
        );
    }
    write_whole(path, table.as_bytes())
}

//! A user's own labelled music: read, heard, split without an artist on both sides where artists are
//! known, cross-validated.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use listener::Vocabulary;
use metrics::collection::{Collection, Words, counts};

use super::{RunOptions, TagPlan, TagScores, train};
use crate::corpus::{Labelled, RECORDINGS, SourceReport, collected, credits, folds};
use crate::tagclip::TagClip;

/// Folds when nobody says.
const FOLDS: usize = 5;

/// The clips of a collection, each with its fold.
pub struct Users {
    clips: Vec<TagClip>,
    folds: Vec<usize>,
    /// Whether the collection names the artist of every file.
    artists: bool,
    /// Whom to credit, and how much there is.
    pub report: SourceReport,
}

impl Users {
    /// Reads the collection under `folder`, in the words of `vocabulary`. What cannot be used is told,
    /// line by line, and counted.
    ///
    /// # Errors
    /// When nothing in it can be used, or its folds cannot be kept clean.
    pub fn read(
        folder: &Path,
        vocabulary: &Vocabulary,
        wanted: Option<usize>,
        seed: u64,
    ) -> Result<Self> {
        let words = Words {
            genres: vocabulary.genres.clone(),
            instruments: vocabulary.instruments.clone(),
        };
        let folders = [PathBuf::from(folder)];
        let usual = ("its owner's", "its recordings and labels");
        let (licence, attribution) = credits(&folders, usual)?;
        let collection = Collection::read(&folders, Some(&words))?;
        collection.refused.iter().for_each(|refusal| eprintln!("skipped {refusal}"));
        if !collection.refused.is_empty() {
            eprintln!("{}: {}", folder.display(), counts(&collection.refused));
        }
        collection.require_labels(&folders)?;
        let artists = collection.labelled.iter().all(|file| file.artist);
        let index = |list: &[String], word: &String| list.iter().position(|known| known == word);
        let files: Vec<Labelled> = collection
            .labelled
            .into_iter()
            .map(|file| Labelled {
                path: file.path,
                genre: file.genre.and_then(|g| index(&vocabulary.genres, &g)).map(|g| g as u8),
                instruments: file.instruments.map(|names| {
                    let known = names.iter().filter_map(|n| index(&vocabulary.instruments, n));
                    known.fold(0, |bits, index| bits | 1 << index)
                }),
                mood: file.mood,
                group: file.group,
                fold: file.fold,
            })
            .collect();
        let heard = collected(&files);
        for refused in &heard.refused {
            eprintln!("skipped {}: {}", refused.path.display(), refused.reason);
        }
        ensure!(
            !heard.clips.is_empty(),
            "{}: none of {} labelled files can be heard; see above",
            folder.display(),
            files.len()
        );
        let groups: Vec<&str> = heard.clips.iter().map(|clip| clip.group.as_str()).collect();
        let mut distinct = groups.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let count = wanted.unwrap_or(FOLDS.min(distinct.len()));
        // One artist cannot be on two sides: without folds, everything is learned from.
        let alone = distinct.len() == 1 && wanted.is_none();
        let folds = match alone {
            true => vec![1; groups.len()],
            false => folds(&groups, &heard.folds, count, seed)?,
        };
        let skipped = heard.refused.len() + collection.left_out;
        let report = SourceReport {
            name: RECORDINGS.to_owned(),
            licence,
            attribution,
            hours: heard.clips.iter().map(TagClip::seconds).sum::<f64>() / 3600.0,
            clips: heard.clips.len(),
            skipped,
        };
        eprintln!(
            "{}: {} clips of {} groups; {skipped} files skipped",
            folder.display(),
            heard.clips.len(),
            distinct.len()
        );
        Ok(Self { clips: heard.clips, folds, artists, report })
    }

    /// What is learned from and what is scored on when `fold` is held out.
    #[must_use]
    pub fn without(&self, fold: usize) -> (Vec<TagClip>, Vec<TagClip>) {
        let side = |held: bool| {
            let clips = self.clips.iter().zip(&self.folds);
            clips.filter(|(_, at)| (**at == fold) == held).map(|(clip, _)| clip.clone()).collect()
        };
        (side(false), side(true))
    }

    /// Trains without each fold in turn, beside `rendered` clips, and scores on it. One line for the
    /// card.
    ///
    /// # Errors
    /// As [`train`].
    pub(super) fn cross_validate(
        &self,
        plan: &TagPlan,
        stem: Option<&[f32]>,
        rendered: &[TagClip],
        gpu: bool,
    ) -> Result<String> {
        let count = self.folds.iter().max().map_or(0, |most| most + 1);
        let mut all: Vec<TagScores> = Vec::new();
        for fold in 0..count {
            let (learned, held) = self.without(fold);
            let clips = [rendered, &learned].concat();
            let options = RunOptions { folder: None, resume: false, gpu };
            let name = format!("fold {} of {count}", fold + 1);
            let trained = train(plan, stem, &clips, &held, &options, &name, |_, _| Ok(()))?;
            eprintln!("{name}: {:?}", trained.best.scores);
            all.push(trained.best.scores);
        }
        let mean = |of: fn(&TagScores) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        Ok(format!(
            "Cross-validated in {count} folds{}{}: genre accuracy {:.3}, \
             macro F1 {:.3}, instrument mAP {:.3}, each at its best step.",
            if self.artists {
                " without an artist on both sides"
            } else {
                " (artists are not known, so one may be on both sides)"
            },
            if plan.from.is_some() {
                ", of which the model it begins with may have learned some"
            } else {
                ""
            },
            mean(|scores| scores.accuracy),
            mean(|scores| scores.macro_f1),
            mean(|scores| scores.instruments)
        ))
    }
}

//! Everything a run needs to go on exactly where it stopped, in one file that is always whole.
//!
//! `TATUMTRAIN1`, the length of a JSON head (u32), the head, then five vectors of parameters and a
//! SHA-256 of all before it, little-endian.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::sampler::Lane;
use super::{Entry, Plan};
use crate::net::State;
use crate::write::write_whole;

const MAGIC: &[u8; 11] = b"TATUMTRAIN1";
const HASH: usize = 32;

/// The part that is not numbers by the hundred thousand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// What was asked for; a run resumes only under the same plan.
    pub(super) plan: Plan,
    /// Steps done, and seconds of training they took.
    pub(super) step: usize,
    pub(super) seconds: f64,
    /// What the music was; with other music the lanes start anew.
    pub(super) music: String,
    /// Where each lane is, and what it carries, by shard.
    pub(super) lanes: Vec<Option<Lane>>,
    pub(super) states: Vec<State>,
    /// Training loss since the last entry: sum and steps.
    pub(super) running: (f64, usize),
    /// One entry per validation.
    pub(super) history: Vec<Entry>,
}

/// What a checkpoint says beside its numbers.
pub(crate) trait AboutRun: Serialize + DeserializeOwned {
    /// Parameters of the network.
    fn parameters(&self) -> usize;
}

impl AboutRun for Head {
    fn parameters(&self) -> usize {
        self.plan.shape.layout().len
    }
}

/// A stopped run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checkpoint<H = Head> {
    pub(crate) head: H,
    pub(crate) params: Vec<f32>,
    pub(crate) first: Vec<f32>,
    pub(crate) second: Vec<f32>,
    pub(crate) smooth: Vec<f32>,
    pub(crate) best: Vec<f32>,
}

/// Checks before hours of work that there is a checkpoint to go on from.
///
/// # Errors
/// When there is none; the message names the file.
pub(crate) fn must_exist(path: &Path) -> Result<()> {
    ensure!(path.exists(), "no checkpoint at {}; start without --resume", path.display());
    Ok(())
}

/// Keeps the checkpoint of an earlier run, which a new run would write over.
///
/// # Errors
/// When it cannot be renamed.
pub(crate) fn put_aside(path: &Path) -> Result<()> {
    if path.exists() {
        let aside = path.with_extension("checkpoint.before");
        std::fs::rename(path, &aside)
            .with_context(|| format!("cannot move {} aside", path.display()))?;
        eprintln!("the checkpoint of an earlier run is now {}", aside.display());
    }
    Ok(())
}

impl<H: AboutRun> Checkpoint<H> {
    /// Writes the file.
    ///
    /// # Errors
    /// When the folder cannot be written; the message names the file.
    pub(crate) fn store(&self, path: &Path) -> Result<()> {
        let head = serde_json::to_vec(&self.head)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(u32::try_from(head.len())?.to_le_bytes());
        bytes.extend(head);
        for vector in [&self.params, &self.first, &self.second, &self.smooth, &self.best] {
            bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend(hash);
        write_whole(path, &bytes)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it is missing, damaged or not a checkpoint; the message names it.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| {
            format!("no checkpoint at {}; start without --resume", path.display())
        })?;
        Self::parse(&bytes).with_context(|| {
            format!("{} is not a whole checkpoint; start without --resume", path.display())
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        ensure!(bytes.len() > MAGIC.len() + 4 + HASH, "the file is {} bytes long", bytes.len());
        let (body, hash) = bytes.split_at(bytes.len() - HASH);
        ensure!(Sha256::digest(body).as_slice() == hash, "its hash differs");
        let Some(rest) = body.strip_prefix(MAGIC) else { bail!("it begins otherwise") };
        let (length, rest) = rest.split_at(4);
        let length = u32::from_le_bytes(length.try_into()?) as usize;
        ensure!(rest.len() >= length, "its head is cut");
        let (head, numbers) = rest.split_at(length);
        let head: H = serde_json::from_slice(head)?;
        let len = head.parameters();
        ensure!(numbers.len() == 5 * 4 * len, "it holds {} bytes of numbers", numbers.len());
        let mut vectors = numbers.chunks_exact(4 * len).map(|vector| -> Vec<f32> {
            vector.as_chunks::<4>().0.iter().map(|&value| f32::from_le_bytes(value)).collect()
        });
        let mut next = || vectors.next().unwrap_or_default();
        Ok(Self {
            head,
            params: next(),
            first: next(),
            second: next(),
            smooth: next(),
            best: next(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{BeatShape, random_parameters};

    #[test]
    fn comes_back_as_it_went_and_damage_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.checkpoint");
        let plan =
            Plan { shape: BeatShape { hidden: 8, ..BeatShape::default() }, ..Plan::default() };
        let states = vec![State::new(&plan.shape, 2)];
        let numbers = |seed| random_parameters(&plan.shape, seed);
        let checkpoint = Checkpoint {
            params: numbers(1),
            first: numbers(2),
            second: numbers(3),
            smooth: numbers(4),
            best: numbers(5),
            head: Head {
                plan,
                step: 7,
                seconds: 1.25,
                music: "12 clips".into(),
                lanes: vec![None],
                states,
                running: (0.1, 3),
                history: vec![Entry::default()],
            },
        };
        checkpoint.store(&path).expect("stored");
        assert_eq!(Checkpoint::<Head>::load(&path).expect("loaded"), checkpoint);

        let mut bytes = std::fs::read(&path).expect("read");
        bytes[600] ^= 1;
        std::fs::write(&path, &bytes).expect("damaged");
        let message = format!("{:#}", Checkpoint::<Head>::load(&path).expect_err("refused"));
        assert!(message.contains("a.checkpoint") && message.contains("--resume"), "{message}");
    }
}

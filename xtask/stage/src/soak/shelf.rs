//! `Shelf`: model files that are missing, broken or whole by turns, and saved projects.

use super::action::{Choice, Project};
use crate::host::session::BEAT_MODEL;
use anyhow::{Context, Result};
use rand::Rng;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Projects kept.
const PROJECTS: usize = 8;
/// Bytes of the length that the framework writes before its JSON.
const LENGTH_BYTES: usize = 8;

/// A folder of its own, gone with it.
pub(super) struct Shelf {
    folder: TempDir,
    /// The files of a beat and a tag model, whole.
    whole: [Vec<u8>; 2],
    projects: Vec<Vec<u8>>,
}

impl Shelf {
    /// Takes the models of the project in `workspace`.
    pub(super) fn new(workspace: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = workspace.join("models").join(name);
            fs::read(&path).with_context(|| path.display().to_string())
        };
        let folder = tempfile::tempdir().context("no temporary folder can be made")?;
        let whole = [read("beats.onnx")?, read("tags.onnx")?];
        Ok(Self { folder, whole, projects: Vec::new() })
    }

    /// What `choice` means for a field of the state.
    pub(super) fn path(&self, field: &str, choice: Choice) -> PathBuf {
        match choice {
            Choice::BuiltIn => PathBuf::new(),
            Choice::Missing => self.folder.path().join("never there.onnx"),
            Choice::Turning => self.turning(usize::from(field != BEAT_MODEL)),
        }
    }

    fn turning(&self, kind: usize) -> PathBuf {
        self.folder.path().join(["beats.onnx", "tags.onnx"][kind])
    }

    /// One of the files becomes missing, broken or whole.
    pub(super) fn turn(&self, dice: &mut ChaCha8Rng) -> Result<()> {
        let kind = dice.random_range(0..2);
        let (path, whole) = (self.turning(kind), &self.whole[kind]);
        match dice.random_range(0..5) {
            0 if path.exists() => fs::remove_file(&path),
            0 => Ok(()),
            1 => fs::write(&path, &whole[..dice.random_range(0..whole.len())]),
            2 => {
                let mut bytes = whole.clone();
                for _ in 0..dice.random_range(1..20) {
                    let place = dice.random_range(0..bytes.len());
                    bytes[place] = dice.random();
                }
                fs::write(&path, bytes)
            }
            // The model of the other kind.
            3 => fs::write(&path, &self.whole[1 - kind]),
            _ => fs::write(&path, whole),
        }
        .with_context(|| path.display().to_string())
    }

    /// Both files become whole.
    pub(super) fn mend(&self) -> Result<()> {
        for (kind, whole) in self.whole.iter().enumerate() {
            let path = self.turning(kind);
            fs::write(&path, whole).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    /// Keeps a project; the oldest goes when there are many.
    pub(super) fn keep(&mut self, project: Vec<u8>) {
        if self.projects.len() == PROJECTS {
            self.projects.remove(0);
        }
        self.projects.push(project);
    }

    /// A project to load, if one was kept.
    pub(super) fn project(&self, kind: Project, dice: &mut ChaCha8Rng) -> Option<Vec<u8>> {
        let mut project = self.projects.choose(dice)?.clone();
        match kind {
            Project::Saved => Some(project),
            Project::Wild => wild(&project, dice),
            Project::Broken => {
                if dice.random() {
                    project.truncate(dice.random_range(0..project.len()));
                } else {
                    let place = dice.random_range(0..project.len());
                    project[place] = dice.random();
                }
                Some(project)
            }
        }
    }
}

/// The project with some parameters far out of their range, or of another type.
fn wild(project: &[u8], dice: &mut ChaCha8Rng) -> Option<Vec<u8>> {
    let mut state: Value = serde_json::from_slice(project.get(LENGTH_BYTES..)?).ok()?;
    for value in state.get_mut("params")?.as_object_mut()?.values_mut() {
        match dice.random_range(0..6) {
            0 => *value = json!({"f32": dice.random_range(-1e9..1e9)}),
            1 => *value = json!({"i32": dice.random::<i32>()}),
            2 => *value = json!({"bool": dice.random::<bool>()}),
            _ => (),
        }
    }
    let json = serde_json::to_vec(&state).ok()?;
    Some([&(json.len() as u64).to_le_bytes()[..], &json].concat())
}

//! `Models`: the networks in use, one per model file, shared by every lane that asks for it.
//! Worker thread only; loading reads files and takes its time.

use std::panic::catch_unwind;
use std::path::Path;

use listener::{BeatNet, Error, FeatureSpec, Runtime};

use crate::health::{Health, Message};
use crate::runtime;

/// The model that comes with the plugin.
const BUILT_IN: &[u8] = include_bytes!("../models/beats.onnx");

/// A model that was asked for.
pub(crate) struct Model {
    /// Its file; empty for the built-in one.
    path: String,
    /// The network, or why there is none.
    net: Result<BeatNet, Health>,
    /// `Ok`, or what went wrong on the way to a network that works.
    health: Health,
}

/// Every model in use.
#[derive(Default)]
pub(crate) struct Models {
    models: Vec<Model>,
}

impl Models {
    /// Whether the model at `path` was loaded, or refused, already.
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.models.iter().any(|model| model.path == path)
    }

    /// The model at `path` (empty: the built-in one), loaded when it is new.
    pub(crate) fn get(&mut self, path: &str) -> &mut Model {
        let place = self.models.iter().position(|model| model.path == path).unwrap_or_else(|| {
            self.models.push(Model::load(path, &runtime::wanted()));
            self.models.len() - 1
        });
        &mut self.models[place]
    }

    /// Forgets what was refused, so that it is tried again when it is next wanted.
    pub(crate) fn forget_refused(&mut self) {
        self.models.retain(|model| model.net.is_ok());
    }

    /// Drops every model that `used` does not want.
    pub(crate) fn keep(&mut self, used: impl Fn(&str) -> bool) {
        self.models.retain(|model| used(&model.path));
    }
}

impl Model {
    fn load(path: &str, runtime: &Runtime) -> Self {
        if *runtime != Runtime::Embedded {
            crate::resident::stay_loaded();
        }
        let (net, health) = match read(path) {
            Err(refused) => (Err(refused), refused),
            Ok(bytes) => match build(&bytes, runtime) {
                (Ok(net), health) => (Ok(net), health),
                (Err(error), _) => {
                    let refused = Health::ModelRefused(message(path, &error.to_string()));
                    (Err(refused), refused)
                }
            },
        };
        Self { path: path.to_owned(), net, health }
    }

    /// The network, if it can be used.
    pub(crate) fn net(&mut self) -> Option<&mut BeatNet> {
        self.net.as_mut().ok()
    }

    /// How it is doing.
    pub(crate) fn health(&self) -> Health {
        self.health
    }
}

/// Bytes of the model at `path`.
#[expect(clippy::result_large_err, reason = "fixed text, so that it can be shown without a heap")]
fn read(path: &str) -> Result<Vec<u8>, Health> {
    if path.is_empty() {
        return Ok(BUILT_IN.to_vec());
    }
    std::fs::read(Path::new(path)).map_err(|error| {
        let reason = format!("{error}; choose a file that exists, or none for the built-in model");
        Health::ModelRefused(message(path, &reason))
    })
}

/// A network in the runtime that was asked for, else in the embedded one.
fn build(bytes: &[u8], runtime: &Runtime) -> (Result<BeatNet, Error>, Health) {
    let load = |runtime: &Runtime| {
        // A file that is no beat model can make an engine panic; that is the file's fault, and no
        // other lane's.
        catch_unwind(|| BeatNet::from_bytes(bytes, &FeatureSpec::CURRENT, runtime)).unwrap_or_else(
            |_| Err(Error::Model { reason: "its graph does not fit its interface".into() }),
        )
    };
    match load(runtime) {
        Err(error @ Error::Backend { .. }) if *runtime != Runtime::Embedded => {
            let refused = Health::RuntimeRefused(error.to_string().as_str().into());
            (load(&Runtime::Embedded), refused)
        }
        net => (net, Health::Ok),
    }
}

fn message(path: &str, reason: &str) -> Message {
    let file = if path.is_empty() { "the built-in model" } else { path };
    format!("{file}: {reason}").as_str().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_model_is_refused_with_its_name() {
        let mut models = Models::default();
        let model = models.get("no such model.onnx");
        assert!(model.net().is_none());
        let line = model.health().to_string();
        assert!(line.contains("no such model.onnx") && line.contains("choose"), "{line}");
        assert!(models.knows("no such model.onnx"));
        models.keep(|_| false);
        assert!(!models.knows("no such model.onnx"));
    }
}

//! `Models`: the networks in use, one per model file, shared by every lane that asks for it.
//! Worker thread only; loading reads files and takes its time.

use std::panic::catch_unwind;
use std::path::Path;
use std::time::SystemTime;

use listener::{Backend, BeatNet, Error, FeatureSpec, Runtime, TagNet};

use crate::health::{Health, Message};
use crate::runtime;

/// A kind of network that a model file may hold.
pub(crate) trait Network: Sized {
    /// What the model that comes with the plugin is called.
    const NAME: &'static str;
    /// The model that comes with the plugin.
    const BUILT_IN: &'static [u8];

    /// Loads a model into `runtime`.
    ///
    /// # Errors
    /// Those of the listener.
    fn load(onnx: &[u8], runtime: &Runtime) -> Result<Self, Error>;

    /// What really runs it.
    fn backend(&self) -> &Backend;
}

impl Network for BeatNet {
    const NAME: &'static str = "the built-in beat model";
    const BUILT_IN: &'static [u8] = include_bytes!("../models/beats.onnx");

    fn load(onnx: &[u8], runtime: &Runtime) -> Result<Self, Error> {
        Self::from_bytes(onnx, &FeatureSpec::CURRENT, runtime)
    }

    fn backend(&self) -> &Backend {
        self.backend()
    }
}

impl Network for TagNet {
    const NAME: &'static str = "the built-in tag model";
    const BUILT_IN: &'static [u8] = include_bytes!("../models/tags.onnx");

    fn load(onnx: &[u8], runtime: &Runtime) -> Result<Self, Error> {
        Self::from_bytes(onnx, &FeatureSpec::CURRENT, runtime)
    }

    fn backend(&self) -> &Backend {
        self.backend()
    }
}

/// A model that was asked for.
pub(crate) struct Model<N> {
    /// Its file; empty for the built-in one.
    path: String,
    /// The network, or why there is none.
    net: Result<N, Health>,
    /// `Ok`, or what went wrong on the way to a network that works.
    health: Health,
    /// Its file as it was read.
    stamp: Option<Stamp>,
}

/// What changes when a file does: its length and when it was written.
type Stamp = (u64, SystemTime);

/// Every model of one kind in use.
pub(crate) struct Models<N> {
    models: Vec<Model<N>>,
}

impl<N> Default for Models<N> {
    fn default() -> Self {
        Self { models: Vec::new() }
    }
}

impl<N: Network> Models<N> {
    /// Whether the model at `path` was loaded, or refused, already.
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.models.iter().any(|model| model.path == path)
    }

    /// The model at `path` (empty: the built-in one), loaded when it is new.
    pub(crate) fn get(&mut self, path: &str) -> &mut Model<N> {
        let place = self.models.iter().position(|model| model.path == path).unwrap_or_else(|| {
            self.models.push(Model::load(path, runtime::wanted()));
            self.models.len() - 1
        });
        &mut self.models[place]
    }

    /// Forgets what was refused and what was written anew, so that it is read again when it is next wanted; but
    /// no file that is what it was, because while it is read every lane waits. A network whose file is gone goes on.
    /// Gives the paths of what was forgotten: to the next network of that path old memories mean nothing.
    pub(crate) fn forget_changed(&mut self) -> Vec<String> {
        let changed = |model: &mut Model<N>| match stamp(&model.path) {
            None if model.net.is_ok() => false,
            now => model.stamp != now || (model.path.is_empty() && model.net.is_err()),
        };
        self.models.extract_if(.., changed).map(|model| model.path).collect()
    }

    /// Drops every model that `used` does not want.
    pub(crate) fn keep(&mut self, used: impl Fn(&str) -> bool) {
        self.models.retain(|model| used(&model.path));
    }
}

impl<N: Network> Model<N> {
    /// Loads the model at `path` into the runtime that is `wanted`, or says with it why it cannot be.
    fn load(path: &str, wanted: (Runtime, Health)) -> Self {
        let (runtime, complaint) = wanted;
        if runtime != Runtime::Embedded {
            crate::resident::stay_loaded();
        }
        // Before it is read: a file that changes meanwhile is tried again.
        let stamp = stamp(path);
        // A project may come from another machine: what is not here is no reason to hear nothing.
        let (bytes, missing) = match read(path, N::BUILT_IN) {
            Ok(bytes) => (bytes, None),
            Err(reason) => (N::BUILT_IN.to_vec(), Some(message(path, N::NAME, &reason))),
        };
        let (net, health) = match build(&bytes, &runtime) {
            (Ok(net), health) => {
                let health = if health == Health::Ok { complaint } else { health };
                (Ok(net), missing.map_or(health, Health::ModelMissing))
            }
            (Err(error), _) => {
                let refused = Health::ModelRefused(message(path, N::NAME, &error.to_string()));
                (Err(refused), refused)
            }
        };
        Self { path: path.to_owned(), net, health, stamp }
    }

    /// The network, if it can be used.
    pub(crate) fn net(&mut self) -> Option<&mut N> {
        self.net.as_mut().ok()
    }

    /// How it is doing; what it runs on may have failed since it was loaded.
    pub(crate) fn health(&self) -> Health {
        match (&self.net, self.health) {
            (Ok(net), Health::Ok) => refusal(net),
            (_, health) => health,
        }
    }
}

/// The stamp of the file at `path`; none when it is not there.
fn stamp(path: &str) -> Option<Stamp> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.len(), about.modified().ok()?))
}

/// Bytes of the model at `path`, or why there are none.
fn read(path: &str, built_in: &[u8]) -> Result<Vec<u8>, String> {
    if path.is_empty() {
        return Ok(built_in.to_vec());
    }
    let path = Path::new(path);
    let remedy = "choose a file that exists, or none for the built-in model";
    // Reading a pipe or a device might never end, and every lane would wait.
    match std::fs::metadata(path) {
        Ok(about) if !about.is_file() => Err(format!("is not a file; {remedy}")),
        _ => std::fs::read(path).map_err(|error| format!("{error}; {remedy}")),
    }
}

/// A network in the runtime that was asked for, else in the embedded one.
fn build<N: Network>(bytes: &[u8], runtime: &Runtime) -> (Result<N, Error>, Health) {
    let load = |runtime: &Runtime| {
        // A file that is no model of this kind can make an engine panic; that is the file's fault,
        // and no other lane's.
        catch_unwind(|| N::load(bytes, runtime)).unwrap_or_else(|_| {
            Err(Error::Model { reason: "its graph does not fit its interface".into() })
        })
    };
    match load(runtime) {
        Err(error @ Error::Backend { .. }) if *runtime != Runtime::Embedded => {
            let refused = Health::RuntimeRefused(error.to_string().as_str().into());
            (load(&Runtime::Embedded), refused)
        }
        net => (net, Health::Ok),
    }
}

/// `Ok`, or why `net` does not run on what was asked for.
fn refusal<N: Network>(net: &N) -> Health {
    match net.backend().refused.as_str() {
        "" => Health::Ok,
        reason => Health::ProviderRefused(reason.into()),
    }
}

/// Most letters of a path that are shown: of a longer one the end, so that the remedy has its place.
const PATH_SHOWN: usize = 80;

fn message(path: &str, built_in: &str, reason: &str) -> Message {
    let file = if path.is_empty() { built_in } else { path };
    let hidden = file.chars().count().saturating_sub(PATH_SHOWN);
    let shown: String = file.chars().skip(hidden).collect();
    let before = if hidden > 0 { "\u{2026}" } else { "" };
    format!("{before}{shown}: {reason}").as_str().into()
}

#[cfg(test)]
mod tests {
    use listener::Provider;

    use super::*;

    fn refused<N: Network>(path: &str) -> String {
        let mut models = Models::<N>::default();
        let model = models.get(path);
        assert!(model.net().is_none());
        let line = model.health().to_string();
        assert!(models.knows(path));
        models.keep(|_| false);
        assert!(!models.knows(path));
        line
    }

    #[test]
    fn in_place_of_a_missing_model_the_built_in_one_listens() {
        fn line<N: Network>(path: &str) -> String {
            let mut models = Models::<N>::default();
            let model = models.get(path);
            assert!(model.net().is_some() && model.health().listens());
            model.health().to_string()
        }
        for path in ["no such.onnx", "models"] {
            for line in [line::<BeatNet>(path), line::<TagNet>(path)] {
                assert!(line.contains("built-in") && line.contains(path), "{line}");
                assert!(line.contains("choose a file"), "{line}");
            }
        }
        let long = line::<TagNet>(&format!("{}late.onnx", "folder/".repeat(40)));
        assert!(long.contains("late.onnx") && long.contains("choose a file"), "{long}");
        if cfg!(unix) {
            assert!(line::<TagNet>("/dev/zero").contains("is not a file"), "and is not read");
        }
    }

    /// A network that only the embedded engine runs, or that ONNX Runtime runs where it can.
    struct Stub(Backend);

    impl Network for Stub {
        const NAME: &'static str = "the stub";
        const BUILT_IN: &'static [u8] = b"";

        fn load(_onnx: &[u8], runtime: &Runtime) -> Result<Self, Error> {
            let backend = |refused: &str| Backend {
                engine: "stub".into(),
                device: "CPU".into(),
                refused: refused.into(),
            };
            match runtime {
                Runtime::Embedded => Ok(Self(backend(""))),
                Runtime::OnnxRuntime { providers, .. } if providers.is_empty() => {
                    Err(Error::Backend { backend: "a library", reason: "too old".into() })
                }
                Runtime::OnnxRuntime { .. } => Ok(Self(backend("CUDA: no driver"))),
            }
        }

        fn backend(&self) -> &Backend {
            &self.0
        }
    }

    fn line(wanted: (Runtime, Health)) -> String {
        let mut model = Model::<Stub>::load("", wanted);
        assert!(model.net().is_some() && model.health().listens());
        model.health().to_string()
    }

    #[test]
    fn what_cannot_be_had_is_shown_and_something_else_listens() {
        let onnx_runtime =
            |providers| Runtime::OnnxRuntime { library: "library".into(), providers };
        let refused = line((onnx_runtime(vec![]), Health::Ok));
        assert_eq!(refused, "a library: too old; the embedded runtime is used");
        let cpu = line((onnx_runtime(vec![Provider::Cuda]), Health::Ok));
        assert!(cpu.starts_with("CUDA: no driver; set TATUM_PROVIDERS"), "{cpu}");
        let unknown = Health::ProviderRefused("no provider is called 'abacus'".into());
        assert_eq!(line((Runtime::Embedded, unknown)), unknown.to_string());
        assert_eq!(line((Runtime::Embedded, Health::Ok)), "ok");
    }

    #[test]
    fn a_refused_file_is_read_again_when_it_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("mended.onnx");
        let path = file.to_str().expect("a path in letters");
        let mut models = Models::<TagNet>::default();
        assert!(models.get(path).health().to_string().contains("mended.onnx"));
        assert!(models.forget_changed().is_empty(), "it is still not there");
        std::fs::write(&file, TagNet::BUILT_IN).expect("written");
        assert_eq!(models.forget_changed(), [path]);
        assert!(!models.knows(path) && models.get(path).health() == Health::Ok);
    }

    #[test]
    fn a_file_that_was_written_anew_is_read_again_and_one_that_is_gone_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("trained.onnx");
        let path = file.to_str().expect("a path in letters");
        std::fs::write(&file, TagNet::BUILT_IN).expect("written");
        let mut models = Models::<TagNet>::default();
        assert!(models.get(path).net().is_some() && models.get("").net().is_some());
        assert!(models.forget_changed().is_empty(), "nothing changed");
        std::fs::write(&file, BeatNet::BUILT_IN).expect("written");
        assert_eq!(models.forget_changed(), [path]);
        assert!(models.knows("") && models.get(path).net().is_none());
        std::fs::write(&file, TagNet::BUILT_IN).expect("written");
        models.forget_changed();
        assert!(models.get(path).net().is_some());
        std::fs::remove_file(&file).expect("removed");
        assert!(models.forget_changed().is_empty() && models.knows(path));
    }

    #[test]
    fn a_model_of_the_other_kind_is_refused() {
        let line = refused::<BeatNet>("models/tags.onnx");
        assert!(line.contains("models/tags.onnx") && line.contains("activations"), "{line}");
        let line = refused::<TagNet>("models/beats.onnx");
        assert!(line.contains("models/beats.onnx") && line.contains("vocabulary"), "{line}");
    }
}

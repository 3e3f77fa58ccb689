//! Which inference engine to use: ONNX Runtime when its library is named or lies in the plugin's own folder for it,
//! else the embedded one. Worker thread, and the door once when the library is loaded.

mod library;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use listener::{Provider, Runtime};

use crate::health::Health;

/// Names a library of ONNX Runtime.
const LIBRARY_VARIABLE: &str = "TATUM_ONNXRUNTIME";
/// Execution providers to try, in order, separated by commas.
const PROVIDERS_VARIABLE: &str = "TATUM_PROVIDERS";

/// File name of ONNX Runtime on this system.
const LIBRARY: &str = if cfg!(target_os = "windows") {
    "onnxruntime.dll"
} else if cfg!(target_os = "macos") {
    "libonnxruntime.dylib"
} else {
    "libonnxruntime.so"
};

static PLUGIN: OnceLock<PathBuf> = OnceLock::new();

/// The host loaded the plugin from `path`: a file, or a bundle's folder. The first call counts.
pub(crate) fn plugin_loaded_from(path: &Path) {
    PLUGIN.get_or_init(|| path.to_path_buf());
}

/// The engine the user asked for, and `Ok`, or what of the wish cannot be had.
pub(crate) fn wanted() -> (Runtime, Health) {
    let library = match std::env::var_os(LIBRARY_VARIABLE) {
        Some(library) if !library.is_empty() => Some(PathBuf::from(library)),
        _ => PLUGIN.get().and_then(|plugin| beside(plugin)),
    };
    let providers = std::env::var(PROVIDERS_VARIABLE).unwrap_or_default();
    library.map_or((Runtime::Embedded, Health::Ok), |library| onnx_runtime(&library, &providers))
}

/// ONNX Runtime with the providers of these names, if its library can be loaded.
fn onnx_runtime(library: &Path, names: &str) -> (Runtime, Health) {
    // The listener takes an absolute path; a relative one is seen from the working directory.
    let library = std::path::absolute(library).unwrap_or_else(|_| library.to_path_buf());
    if let Err(reason) = library::check(&library) {
        let refused = format!("{}: {reason}", library.display());
        return (Runtime::Embedded, Health::RuntimeRefused(refused.as_str().into()));
    }
    let (providers, unknown) = providers(names);
    let health = if unknown.is_empty() {
        Health::Ok
    } else {
        let unknown = unknown.join("', '");
        let line = format!("no provider is called '{unknown}', they are {NAMES}");
        Health::ProviderRefused(line.as_str().into())
    };
    (Runtime::OnnxRuntime { library, providers }, health)
}

/// Folder next to the plugin's file with its ONNX Runtime: all CLAPs share one folder, and the library that another
/// plugin put there is not ours to use.
const FOLDER: &str = "tatum-runtime";

/// A library of ONNX Runtime in the plugin's bundle, or in [`FOLDER`] next to its file.
fn beside(plugin: &Path) -> Option<PathBuf> {
    let bundle = [plugin.join("Contents/Frameworks"), plugin.join("Contents/Resources")];
    let next = plugin.parent().map(|parent| parent.join(FOLDER));
    let candidates = bundle.into_iter().chain(next).map(|folder| folder.join(LIBRARY));
    candidates.into_iter().find(|library| library.is_file())
}

/// What a provider may be called.
const NAMES: &str = "tensorrt, cuda, directml, coreml, webgpu and cpu";

/// Providers by name, in order, and the names that are none.
fn providers(names: &str) -> (Vec<Provider>, Vec<&str>) {
    let (mut providers, mut unknown) = (Vec::new(), Vec::new());
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match name.to_ascii_lowercase().as_str() {
            "tensorrt" => providers.push(Provider::TensorRt),
            "cuda" => providers.push(Provider::Cuda),
            "directml" => providers.push(Provider::DirectMl),
            "coreml" => providers.push(Provider::CoreMl),
            "webgpu" => providers.push(Provider::WebGpu),
            "cpu" => providers.push(Provider::Cpu),
            _ => unknown.push(name),
        }
    }
    (providers, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_read_in_order() {
        let known = vec![Provider::TensorRt, Provider::Cuda];
        assert_eq!(providers("TensorRT, cuda,"), (known.clone(), vec![]));
        assert_eq!(providers("TensorRT,abacus, cuda"), (known, vec!["abacus"]));
        assert_eq!(providers(""), (vec![], vec![]));
    }

    #[test]
    fn an_unknown_provider_is_shown_and_the_others_are_used() {
        // Any whole library serves: nothing is loaded here.
        let library = std::env::current_exe().expect("a test has a path");
        let (runtime, health) = onnx_runtime(&library, "abacus,cuda");
        assert_eq!(runtime, Runtime::OnnxRuntime { library, providers: vec![Provider::Cuda] });
        let line = health.to_string();
        assert!(line.contains("'abacus'") && line.contains("they are tensorrt, cuda"), "{line}");
        assert!(health.listens());
    }

    #[test]
    fn a_library_that_is_not_there_is_shown_and_the_embedded_engine_used() {
        let (runtime, health) = onnx_runtime(Path::new("no such library.so"), "");
        assert_eq!(runtime, Runtime::Embedded);
        let line = health.to_string();
        assert!(line.contains("no such library.so") && line.contains("xtask runtime"), "{line}");
        assert!(line.ends_with("the embedded runtime is used") && health.listens(), "{line}");
    }

    #[test]
    fn the_library_of_another_plugin_is_left_alone() {
        assert_eq!(beside(Path::new("no such folder/Tatum.clap")), None);
        let folder = tempfile::tempdir().expect("a folder");
        let plugin = folder.path().join("tatum.clap");
        std::fs::write(folder.path().join(LIBRARY), "somebody's").expect("written");
        assert_eq!(beside(&plugin), None);
        std::fs::create_dir(folder.path().join(FOLDER)).expect("made");
        let ours = folder.path().join(FOLDER).join(LIBRARY);
        std::fs::write(&ours, "ours").expect("written");
        assert_eq!(beside(&plugin), Some(ours));
    }
}

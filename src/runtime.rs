//! Which inference engine to use: ONNX Runtime when its library is named or lies beside the plugin,
//! else the embedded one. Worker thread, and the door once when the library is loaded.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use listener::{Provider, Runtime};

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

/// The engine the user asked for.
pub(crate) fn wanted() -> Runtime {
    let library = match std::env::var_os(LIBRARY_VARIABLE) {
        Some(library) if !library.is_empty() => Some(PathBuf::from(library)),
        _ => PLUGIN.get().and_then(|plugin| beside(plugin)),
    };
    match library {
        None => Runtime::Embedded,
        Some(library) => {
            let providers = std::env::var(PROVIDERS_VARIABLE).unwrap_or_default();
            Runtime::OnnxRuntime { library, providers: self::providers(&providers) }
        }
    }
}

/// A library of ONNX Runtime next to the plugin's file, or inside its bundle.
fn beside(plugin: &Path) -> Option<PathBuf> {
    let folders = [plugin.join("Contents/Frameworks"), plugin.join("Contents/Resources")];
    let parent = plugin.parent().map(Path::to_path_buf);
    let candidates = parent.into_iter().chain(folders).map(|folder| folder.join(LIBRARY));
    candidates.into_iter().find(|library| library.is_file())
}

/// Providers by name; unknown names are left out.
fn providers(names: &str) -> Vec<Provider> {
    let provider = |name: &str| match name.trim().to_ascii_lowercase().as_str() {
        "tensorrt" => Some(Provider::TensorRt),
        "cuda" => Some(Provider::Cuda),
        "directml" => Some(Provider::DirectMl),
        "coreml" => Some(Provider::CoreMl),
        "webgpu" => Some(Provider::WebGpu),
        "cpu" => Some(Provider::Cpu),
        _ => None,
    };
    names.split(',').filter_map(provider).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_read_in_order() {
        assert_eq!(providers("TensorRT, cuda,abacus"), [Provider::TensorRt, Provider::Cuda]);
        assert_eq!(providers(""), []);
    }

    #[test]
    fn nothing_lies_beside_a_plugin_that_is_nowhere() {
        assert_eq!(beside(Path::new("no such folder/Tatum.clap")), None);
    }
}

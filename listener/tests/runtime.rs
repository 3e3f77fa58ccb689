//! ONNX Runtime: a wrong library is refused with a line that helps, and a right one says what runs.
//!
//! A process has one ONNX Runtime for good, and a wrong library may take the process with it: so each
//! library is tried in a process of its own, which is this test again.

use std::path::{Path, PathBuf};
use std::process::Command;

use listener::{BeatNet, FeatureSpec, Provider, Runtime};

/// Tells the process of its own which library to try.
const TRIED: &str = "TATUM_TRIED_LIBRARY";

fn beats(runtime: &Runtime) -> Result<BeatNet, listener::Error> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/beats.onnx");
    let model = std::fs::read(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    BeatNet::from_bytes(&model, &FeatureSpec::CURRENT, runtime)
}

/// What a process of its own says of `library`.
fn tried(library: &Path) -> String {
    let this = std::env::current_exe().expect("a test has a path");
    let output = Command::new(this)
        .args(["--exact", "try_a_library", "--nocapture"])
        .env(TRIED, library)
        .output()
        .expect("the test starts again");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {}: {said}", library.display(), output.status);
    let line = said.lines().find_map(|line| line.split_once("says: ")).expect("a line");
    line.1.to_owned()
}

/// Not a test of its own: what [`tried`] starts.
#[test]
fn try_a_library() {
    let Some(library) = std::env::var_os(TRIED) else { return };
    let runtime = Runtime::OnnxRuntime { library: library.into(), providers: Vec::new() };
    // Twice: a library that was refused must not be half loaded then.
    let first = beats(&runtime).err().map(|error| error.to_string());
    let again = beats(&runtime).err().map(|error| error.to_string());
    assert_eq!(first, again);
    println!("says: {}", first.unwrap_or_else(|| "nothing".into()));
    assert!(beats(&Runtime::Embedded).is_ok());
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libraries");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn refused(library: &Path, found: &str) {
    let line = tried(library);
    let path = library.to_str().expect("a path of this test");
    assert!(line.starts_with("ONNX Runtime: ") && line.contains(path), "{line}");
    assert!(line.contains(found) && line.contains("xtask runtime"), "{line}");
    assert_eq!(line.matches(path).count(), 1, "{line}");
}

#[test]
fn what_is_no_library_is_refused() {
    refused(Path::new("/nowhere/libonnxruntime.so"), "does not load: ");
    let text = folder().join("text.so");
    std::fs::write(&text, "not a library, but long enough to have a header, which is not read\n")
        .expect("written");
    refused(&text, "does not load: ");
}

/// A library that says it is ONNX Runtime of this `version`, and has no C API to give.
const IMPOSTOR: &str = "
struct base { const void *(*api)(unsigned); const char *(*version)(void); };
static const void *api(unsigned version) { (void)version; return 0; }
static const char *version(void) { return VERSION; }
static const struct base answer = { api, version };
const struct base *OrtGetApiBase(void) { return &answer; }
";

/// Compiles `code`; none without a C compiler.
fn compiled(name: &str, code: &str) -> Option<PathBuf> {
    let (source, library) = (folder().join(name).with_extension("c"), folder().join(name));
    std::fs::write(&source, code).expect("written");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let done =
        Command::new(compiler).args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status();
    if done.is_ok_and(|status| status.success()) {
        return Some(library);
    }
    eprintln!("skipped: no C compiler `cc` to make {name}");
    None
}

#[test]
fn another_library_is_refused() {
    if let Some(library) = compiled("other.so", "int nothing_of_ours;") {
        refused(&library, "is no ONNX Runtime: it has no symbol OrtGetApiBase");
    }
}

#[test]
fn an_old_library_is_refused_with_both_versions() {
    let code = IMPOSTOR.replace("VERSION", "\"1.17.3\"");
    if let Some(library) = compiled("old.so", &code) {
        refused(&library, "is ONNX Runtime 1.17.3, too old: 1.24 or newer is needed");
    }
}

#[test]
fn a_library_without_the_c_api_is_refused() {
    let code = IMPOSTOR.replace("VERSION", "\"1.99.0\"");
    if let Some(library) = compiled("hollow.so", &code) {
        refused(&library, "has no C API of ONNX Runtime 1.24");
    }
    let code = "const void *OrtGetApiBase(void) { return 0; }";
    if let Some(library) = compiled("hollower.so", code) {
        refused(&library, "has no C API of ONNX Runtime 1.24");
    }
}

#[test]
fn a_provider_that_is_not_there_is_named_and_the_cpu_runs() {
    let Some(library) = std::env::var_os("TATUM_ONNXRUNTIME").filter(|l| !l.is_empty()) else {
        eprintln!("skipped: TATUM_ONNXRUNTIME does not name an ONNX Runtime library");
        return;
    };
    // No machine has both.
    let providers = vec![Provider::DirectMl, Provider::CoreMl];
    let with = |providers| Runtime::OnnxRuntime { library: library.clone().into(), providers };
    let backend = beats(&with(providers.clone())).expect("the CPU is left").backend().clone();
    assert_eq!(backend.device, "CPU");
    assert!(backend.refused.contains("DirectML: ") && backend.refused.contains("CoreML: "));
    // Who names the CPU has what was asked for.
    let providers = [providers, vec![Provider::Cpu]].concat();
    let backend = beats(&with(providers)).expect("the CPU is named").backend().clone();
    assert_eq!((backend.device.as_str(), backend.refused.as_str()), ("CPU", ""));
}

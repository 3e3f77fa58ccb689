//! What each command spawns. Paths in the user's arguments stay relative to the user's directory,
//! but for `demo`, whose song and folder are the workspace's.

use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::{bundles, runtime};

/// Builds the plugin and wraps it into `target/bundled`, with a runtime if one is asked for.
pub(crate) fn bundle(args: &[String]) -> Result<ExitCode> {
    let (with_runtime, cargo_args) = args
        .iter()
        .cloned()
        .partition::<Vec<_>, _>(|arg| arg == WITH_RUNTIME || arg.starts_with("--with-runtime="));
    let cross = |arg: &String| arg == "--target" || arg.starts_with("--target=");
    if !with_runtime.is_empty() && cargo_args.iter().any(cross) {
        bail!("{WITH_RUNTIME} fetches for this machine only; bundle for another without it");
    }
    let runtime = with_runtime
        .last()
        .map(|option| runtime::package(option.split_once('=').map_or("cpu", |(_, kind)| kind)))
        .transpose()?;
    let mut words = vec!["bundle".to_owned(), "tatum".to_owned()];
    if !cargo_args.iter().any(|arg| arg.starts_with("--profile") || arg == "--release") {
        words.push("--release".to_owned());
    }
    words.push(EVERYTHING.to_owned());
    words.extend(cargo_args);
    nice_plug_xtask::main_with_args("cargo xtask", words)?;
    bundles::finish(&bundled()?, &root()?)?;
    if let Some(runtime) = runtime {
        runtime::into_bundles(&runtime, &bundled()?)?;
    }
    Ok(ExitCode::SUCCESS)
}

const WITH_RUNTIME: &str = "--with-runtime";

/// Fetches ONNX Runtime.
pub(crate) fn runtime(args: &[String]) -> Result<ExitCode> {
    runtime::fetch(args, &bundled()?)
}

/// Hosts the plugin for the user's files: the stage's command of the same name.
pub(crate) fn stage(command: &str, args: &[String]) -> Result<ExitCode> {
    let stage = ready_stage(args)?;
    run(Command::new(stage).arg(command).args(args))
}

/// Hosts the plugin for the demo song.
pub(crate) fn demo(args: &[String]) -> Result<ExitCode> {
    let stage = ready_stage(args)?;
    run(Command::new(stage).arg("demo").args(args).current_dir(root()?))
}

/// Lets the trainer time the stages of the ear, which the stage may not know, then the stage the plugin.
pub(crate) fn bench(args: &[String]) -> Result<ExitCode> {
    let stage = ready_stage(args)?;
    let mut stage = Command::new(stage);
    stage.arg("bench").args(args);
    if wants_help(args) {
        return run(&mut stage);
    }
    let root = root()?;
    let timed = Command::new(ready_trainer(&[])?)
        .args(["stages", "--json"])
        .current_dir(&root)
        .stderr(Stdio::inherit())
        .output()
        .context("the trainer cannot be started")?;
    if !timed.status.success() {
        bail!("the stages of the ear cannot be timed; see the message above");
    }
    let stages = target_dir()?.join("stages.json");
    write_whole(&stages, &timed.stdout)?;
    run(stage.arg("--stages").arg(stages).arg("--workspace").arg(root))
}

/// Builds the plugin with the faults in it, keeps it apart from the one that ships, and lets the stage
/// break it.
pub(crate) fn soak(args: &[String]) -> Result<ExitCode> {
    if is_plugin_given(args) || wants_help(args) {
        let stage = ready_stage(args)?;
        return run(Command::new(stage).arg("soak").args(args).arg("--workspace").arg(root()?));
    }
    let target = target_dir()?;
    let plugin = target.join("soak").join("tatum.clap");
    build_with(&plugin, &["--features", "faults"])?;
    // Only the plugin itself was compiled again. Nobody may take it for the one that ships, so it does
    // not stay where that is built.
    let library = format!("{}tatum{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    let built = target.join("release").join(library);
    let partial = plugin.with_extension("partial");
    fs::create_dir_all(target.join("soak")).context("target/soak cannot be made")?;
    fs::copy(&built, &partial).with_context(|| built.display().to_string())?;
    fs::rename(&partial, &plugin).with_context(|| plugin.display().to_string())?;
    fs::remove_file(&built).with_context(|| built.display().to_string())?;
    let stage = target.join("release").join(format!("stage{}", env::consts::EXE_SUFFIX));
    run(Command::new(stage)
        .arg("soak")
        .args(args)
        .arg("--plugin")
        .arg(plugin)
        .arg("--workspace")
        .arg(root()?))
}

/// Runs the trainer's command of the same name.
pub(crate) fn trainer(command: &str, args: &[String]) -> Result<ExitCode> {
    let gpu: &[&str] =
        if args.iter().any(|arg| arg == "--gpu") { &["--features", "trainer/cuda"] } else { &[] };
    run(Command::new(ready_trainer(gpu)?).arg(command).args(args))
}

fn ready_trainer(options: &[&str]) -> Result<PathBuf> {
    let name = format!("trainer{}", env::consts::EXE_SUFFIX);
    let trainer = target_dir()?.join("release").join(name);
    build_with(&trainer, options)?;
    Ok(trainer)
}

/// Lets every golden test write its file instead of comparing with it.
pub(crate) fn golden(args: &[String]) -> Result<ExitCode> {
    run(cargo("test")?
        .args(["--release", EVERYTHING, "golden"])
        .args(args)
        .env("TATUM_GOLDEN", "write"))
}

/// Builds what hosting needs and returns the stage's path. `--plugin` names a bundle that exists,
/// and a call for help needs none.
fn ready_stage(args: &[String]) -> Result<PathBuf> {
    let target = target_dir()?;
    if !is_plugin_given(args) && !wants_help(args) {
        build(&bundled()?.join("tatum.clap"))?;
        bundle_silently()?;
    }
    let stage = target.join("release").join(format!("stage{}", env::consts::EXE_SUFFIX));
    build(&stage)?;
    Ok(stage)
}

fn is_plugin_given(args: &[String]) -> bool {
    args.iter().any(|arg| arg == "--plugin" || arg.starts_with("--plugin="))
}

pub(crate) fn wants_help(args: &[String]) -> bool {
    args.iter().any(|arg| arg == "--help" || arg == "-h")
}

/// Every build builds the whole workspace. Cargo chooses the features of shared dependencies by what
/// is built together, so building packages one by one would compile most dependencies twice.
const EVERYTHING: &str = "--workspace";

/// Builds: with cargo's progress the first time, when it takes minutes, silently after.
fn build(result: &Path) -> Result<()> {
    build_with(result, &[])
}

/// The same, with more options.
fn build_with(result: &Path, options: &[&str]) -> Result<()> {
    let mut command = cargo("build")?;
    command.args(["--release", EVERYTHING]).args(options).stdout(Stdio::null());
    if result.exists() {
        command.arg("--quiet");
    }
    let status = command.status().context("cargo cannot be started; install Rust")?;
    if !status.success() {
        bail!("the workspace does not build; see the messages above");
    }
    Ok(())
}

/// Bundles in a child, because the bundler changes the working directory and always reports.
fn bundle_silently() -> Result<()> {
    let this = env::current_exe().context("the path of xtask is unknown")?;
    let output = Command::new(this).arg("bundle").output().context("xtask cannot start itself")?;
    if !output.status.success() {
        bail!("the bundle cannot be made: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn cargo(subcommand: &str) -> Result<Command> {
    let mut command =
        Command::new(env::var_os("CARGO").unwrap_or_else(|| OsStr::new("cargo").into()));
    command.arg(subcommand).arg("--manifest-path").arg(root()?.join("Cargo.toml"));
    Ok(command)
}

/// Runs a tool to its end; its exit code becomes ours.
fn run(command: &mut Command) -> Result<ExitCode> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{program} cannot be started"))?;
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => bail!("{program} was ended by a signal"),
    })
}

/// Writes `path` under a temporary name, and renames it when it is whole.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes).with_context(|| partial.display().to_string())?;
    fs::rename(&partial, path).with_context(|| path.display().to_string())
}

/// The workspace: the folder above this package, which cargo names for us.
fn root() -> Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").context("start xtask as `cargo xtask`")?;
    let root = Path::new(&package).parent().context("the workspace folder is unknown")?;
    Ok(root.to_path_buf())
}

/// This program lies in `<target>/<profile>`.
fn target_dir() -> Result<PathBuf> {
    let this = env::current_exe().context("the path of xtask is unknown")?;
    let target = this.parent().and_then(Path::parent).context("the target folder is unknown")?;
    Ok(target.to_path_buf())
}

/// Where the bundles lie.
fn bundled() -> Result<PathBuf> {
    Ok(target_dir()?.join("bundled"))
}

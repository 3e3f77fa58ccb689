//! The toolbox: `cargo xtask <command>`.
//!
//! Thin on purpose: it spawns cargo and the tools, and knows neither the plugin nor the trainer.

mod bundles;
mod licences;
mod runtime;
mod tools;

use std::env;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <command> [options]

  demo [--out DIR]             build the plugin, play assets/demo.ogg through it, show what it heard
  listen FILE... [options]     what the built plugin hears in wav, flac, ogg or mp3 files
      --live                   as on a playing track instead of an offline render: the same beats
      --block N                samples per block (512)
      --rate HZ                host at this rate instead of the file's own
      --out DIR                write NAME.beats .mid .csv .jams .json .png there
      --json                   print one JSON object per file
      --plugin PATH            host this CLAP instead of building one
      --model PATH             let the plugin load this beat model
      --tag-model PATH         let the plugin load this tag model
  eval DIR... [options]        score the built plugin, live, on audio with STEM.beats (and STEM.onsets) beside it
      --out DIR                write eval.tsv, eval.json and pictures there
      --peer NAME=DIR          score another tracker's DIR/STEM.beats beside it; see xtask/peers
      --json, --block N, --plugin PATH, --model PATH   as above
  eval tags DIR... [options]   score its tags on genre folders, or audio with tags.csv or MTG-Jamendo's tags.tsv
      --out DIR                write eval-tags.tsv, eval-tags-scores.tsv, eval-tags.json and pictures there
      --json, --block N, --plugin PATH, --tag-model PATH   as above
  bench [options]              measure what the built plugin costs, beside the peers that are installed
      --seconds N              seconds of audio per measurement (30)
      --lanes N,...            numbers of instances in one process (1,8,32,64,128)
      --out DIR                write bench.json and growth.png there
      --json, --plugin PATH    as above
  soak [options]               break everything around the built plugin, and some things in it; check what must hold
      --minutes N              how long (5)
      --lanes N                instances in one process (32)
      --seed S                 the same actions and faults again
      --growth MB              most that memory may grow in an hour (30), once a run is long enough to tell
      --only WORD,...          only actions and faults with such a word in their names
      --json                   as above
      --plugin PATH            host this CLAP; without its faults, if it is the one that ships
  bundle [cargo options]       make target/bundled/tatum.clap and tatum.vst3 (release unless --profile)
      --with-runtime[=KIND]    and put ONNX Runtime into both, as `runtime` does
  runtime [options]            fetch ONNX Runtime with pip, pinned and hashed, for a GPU, or models of other makes; slower on the processor for ours
      --kind KIND              cpu (default), cuda or webgpu
      --out DIR                put it there, not into the bundles
  train beats|tags [options]   make a model again; `cargo xtask train beats --help` lists the options
  tune [options]               fit the decoder to a trained model
  pace [options]               time a step of training and of the model
  stages [options]             time each stage of the ear
  label FOLDER                 write the beats beside recordings, as a model hears them in hindsight
  modules FOLDER --out DIR     play tracker modules into recordings with their beats, to learn from with --audio
  corpus, compose [...]        the trainer's other commands; --help lists their options
  golden                       write the golden files again; say why in the commit
";

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let has_no_help_of_its_own = ["bundle", "runtime", "golden"].contains(&command.as_str());
    if has_no_help_of_its_own && tools::wants_help(&rest) {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let done = match command.as_str() {
        "bundle" => tools::bundle(&rest),
        "runtime" => tools::runtime(&rest),
        "listen" | "eval" => tools::stage(&command, &rest),
        "demo" => tools::demo(&rest),
        "bench" => tools::bench(&rest),
        "soak" => tools::soak(&rest),
        "train" | "tune" | "pace" | "stages" | "corpus" | "compose" | "modules" | "label" => {
            tools::trainer(&command, &rest)
        }
        "golden" => tools::golden(&rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        "" => return refuse("no command given"),
        other => return refuse(&format!("unknown command '{other}'")),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn refuse(reason: &str) -> ExitCode {
    eprint!("error: {reason}\n\n{USAGE}");
    ExitCode::FAILURE
}

//! `stage listen`, `stage eval`, `stage demo`, `stage bench` and `stage soak`: usually started by `cargo xtask`, which builds what they need.

use clap::{Parser, Subcommand};
use stage::{bench, demo, eval, listen, soak};
use std::process::ExitCode;

/// Hosts the built plugin outside a DAW.
#[derive(Parser)]
#[command(name = "stage", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Listen(listen::Options),
    Eval(eval::Options),
    Demo(demo::Options),
    Bench(bench::Options),
    Soak(soak::Options),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help goes to stdout; a wrong option is an error like any other, in one line.
        Err(message) if message.use_stderr() => {
            let text = message.to_string();
            let line = text.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>();
            eprintln!("{}; see --help", line.join(" "));
            return ExitCode::FAILURE;
        }
        Err(help) => {
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    let done = match arguments.command {
        Command::Listen(options) => listen::run(&options),
        Command::Eval(options) => eval::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Soak(options) => soak::run(&options),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

//! `trainer`: the command line of the school.

use anyhow::Result;
use clap::{Parser, Subcommand};
use trainer::corpus::command::{self, ComposeArgs, CorpusArgs};
use trainer::corpus::modules::{self, ModulesArgs};
use trainer::label::command::{self as label, LabelArgs};
use trainer::stages::{self, StagesArgs};
use trainer::train::command::TrainCommand;
use trainer::train::pace::{self, PaceArgs};
use trainer::tune::command::TuneArgs;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "The school of Tatum: makes its models", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Renders a corpus into a cache folder.
    Corpus(CorpusArgs),
    /// Composes one piece and writes it as sound with its beats.
    Compose(ComposeArgs),
    /// Plays tracker modules into annotated recordings, to learn from with `--audio`.
    Modules(ModulesArgs),
    /// Labels recordings with the beats that a model hears in hindsight, to learn from with `--audio`.
    Label(LabelArgs),
    /// Trains a model.
    #[command(subcommand)]
    Train(TrainCommand),
    /// Times a step of training and of the model.
    Pace(PaceArgs),
    /// Times each stage of the ear.
    Stages(StagesArgs),
    /// Fits the decoder to a trained model.
    Tune(TuneArgs),
}

fn main() {
    let cli = Cli::try_parse().unwrap_or_else(|message| {
        // Help goes to stdout; a wrong option is an error like any other, in one line.
        if !message.use_stderr() {
            message.exit();
        }
        let text = message.to_string();
        let line = text.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>();
        eprintln!("{}; see --help", line.join(" "));
        std::process::exit(1);
    });
    let result: Result<()> = match cli.command {
        Command::Corpus(args) => command::corpus(&args),
        Command::Compose(args) => command::piece(&args),
        Command::Modules(args) => modules::run(&args),
        Command::Label(args) => label::run(&args),
        Command::Train(command) => trainer::train::command::run(&command),
        Command::Pace(args) => pace::run(&args),
        Command::Stages(args) => stages::run(&args),
        Command::Tune(args) => trainer::tune::command::run(&args),
    };
    if let Err(error) = result {
        eprintln!("error: {error:#}");
        std::process::exit(1);
    }
}

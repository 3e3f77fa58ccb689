//! `trainer`: the command line of the school.

use anyhow::Result;
use clap::{Parser, Subcommand};
use trainer::corpus::command::{self, ComposeArgs, CorpusArgs};
use trainer::train::command::TrainCommand;

#[derive(Parser)]
#[command(about = "The school of Tatum: makes its models", version)]
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
    /// Trains a model.
    #[command(subcommand)]
    Train(TrainCommand),
}

fn main() {
    let result: Result<()> = match Cli::parse().command {
        Command::Corpus(args) => command::corpus(&args),
        Command::Compose(args) => command::piece(&args),
        Command::Train(command) => trainer::train::command::run(&command),
    };
    if let Err(error) = result {
        eprintln!("error: {error:#}");
        std::process::exit(1);
    }
}

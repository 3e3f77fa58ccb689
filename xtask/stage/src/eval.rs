//! `eval`: how right the built plugin is, live, on annotated music. It is hosted as by
//! `listen --live`; what leaves it is scored at the time it leaves. Beats are scored here, [`tags`] of
//! labelled collections apart.

mod collect;
mod peer;
pub(crate) mod plot;
mod progress;
mod report;
mod score;
mod table;
pub mod tags;

use crate::host::{Host, Mode, default_plugin};
use crate::listen::{check_block, hear};
use crate::song::Song;
use crate::write::{all_or_nothing, make_folder, pretty, print};
use anyhow::Result;
use collect::Collection;
use peer::{Peer, check_names};
use plot::reliability::Reliability;
use progress::Progress;
use report::{Report, Row, Setting};
use score::{Estimate, Score};
use std::path::{Path, PathBuf};

/// Scores the built plugin on every audio file that has its beats beside it.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub struct Options {
    /// Something other than beats.
    #[command(subcommand)]
    pub what: Option<What>,
    /// Folders with STEM.wav, .flac, .ogg or .mp3, STEM.beats, and maybe STEM.onsets.
    #[arg(required = true, value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// Write eval.tsv, eval.json and pictures into this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    pub json: bool,
    /// Samples per process call.
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub block: u32,
    /// Score another tracker's DIR/STEM.beats beside it.
    #[arg(long = "peer", value_name = "NAME=DIR")]
    pub peers: Vec<Peer>,
    /// The CLAP to host [default: what `cargo xtask bundle` made].
    #[arg(long, value_name = "PATH")]
    pub plugin: Option<PathBuf>,
    /// Let the plugin load this beat model instead of its own.
    #[arg(long, value_name = "PATH")]
    pub model: Option<PathBuf>,
}

/// What else can be scored.
#[derive(clap::Subcommand)]
pub enum What {
    /// Genre, instruments, valence and arousal of labelled collections.
    Tags(tags::Options),
}

/// What the plugin is called beside its peers.
const OWN: &str = "tatum";

/// Runs the command.
///
/// # Errors
/// Names the option, the annotation, the audio file or the peer at fault and what to do.
pub fn run(options: &Options) -> Result<bool> {
    if let Some(What::Tags(options)) = &options.what {
        return tags::run(options);
    }
    check_block(options.block)?;
    let collection = Collection::of(&options.dirs)?;
    check_names(&options.peers, OWN, &collection.pieces)?;
    // Everything that can be refused is refused before minutes of listening.
    for piece in &collection.pieces {
        piece.truth(None)?;
        options.peers.iter().try_for_each(|peer| peer.beats(piece).map(drop))?;
    }
    for piece in &collection.pieces {
        piece.truth(Some(Song::open(&piece.audio, None)?.duration_s()))?;
    }
    if let Some(dir) = &options.out {
        make_folder(dir)?;
    }
    let plugin = options.plugin.clone().unwrap_or_else(default_plugin);
    let host = Host::load(&plugin, options.model.as_deref())?;
    let report = listen(&host, &collection, options)?;
    print(options.json.then(|| report.json()), || table::text(&report))?;
    if let Some(dir) = &options.out {
        write(&report, dir)?;
    }
    Ok(true)
}

/// Plays every piece through the plugin and scores it and the peers.
fn listen(host: &Host, collection: &Collection, options: &Options) -> Result<Report> {
    let progress = Progress::new(collection.pieces.len());
    let mode = Mode { live: true, block: options.block };
    let mut rows = Vec::new();
    let mut backend = String::new();
    for (index, piece) in collection.pieces.iter().enumerate() {
        progress.begin(index, &piece.name);
        let song = Song::open(&piece.audio, None)?;
        let truth = piece.truth(Some(song.duration_s()))?;
        let hearing = hear(host, &song, mode, &|done| progress.within(index, done, song.frames()))?;
        let row = |system: &str, estimate: &Estimate| Row {
            folder: piece.folder.clone(),
            name: piece.name.clone(),
            system: system.to_owned(),
            score: Score::of(&truth, estimate),
        };
        rows.push(row(OWN, &Estimate::heard(&hearing)));
        for peer in &options.peers {
            rows.push(row(&peer.name, &Estimate::read(peer.beats(piece)?)));
        }
        backend = hearing.backend;
    }
    progress.finish();
    let peers = options.peers.iter().map(|peer| peer.name.clone());
    let setting = Setting {
        mode: "live",
        block: options.block,
        backend,
        model: options.model.as_ref().map(|model| model.display().to_string()),
        systems: [OWN.to_owned()].into_iter().chain(peers).collect(),
        unannotated: collection.unannotated.iter().map(|p| p.display().to_string()).collect(),
    };
    Ok(Report::new(setting, rows))
}

/// Writes the report and its pictures.
fn write(report: &Report, dir: &Path) -> Result<()> {
    let json = pretty(&report.json())?;
    let names = ["eval.tsv", "eval.json", "beats.png", "reliability.png", "errors.png"];
    let contents = [
        report.tsv().into_bytes(),
        json,
        plot::beats::png(report)?,
        Reliability::of_beats(report).png()?,
        plot::errors::png(report)?,
    ];
    all_or_nothing(&names.map(|name| dir.join(name)), &contents)
}

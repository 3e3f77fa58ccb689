//! `bench`: what the built plugin costs, measured in one run on one machine, beside other trackers
//! that are installed. Absolute times belong to the machine; ratios are what to compare.

mod blocks;
mod chain;
mod growth;
mod lanes;
mod latency;
mod machine;
mod memory;
pub(crate) mod meter;
mod peers;
mod percentiles;
mod report;
mod rig;
mod table;

use crate::host::default_plugin;
use crate::song::Song;
use crate::write::{all_or_nothing, make_folder, pretty, print};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use machine::Machine;
use report::{Report, Stages};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Measures what the built plugin costs.
#[derive(clap::Args)]
pub struct Options {
    /// Seconds of audio per measurement.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(2..=3600))]
    pub seconds: u32,
    /// Numbers of instances to run in one process.
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_value = "1,8,32,64,128",
        value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub lanes: Vec<u32>,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    pub json: bool,
    /// Write bench.json and growth.png into this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The CLAP to host [default: what `cargo xtask bundle` made].
    #[arg(long, value_name = "PATH")]
    pub plugin: Option<PathBuf>,
    /// What `trainer stages --json` printed; - for stdin.
    #[arg(long, value_name = "FILE", hide = true)]
    pub stages: Option<PathBuf>,
    /// The project's folder: its demo song, its peers.
    #[arg(long, value_name = "DIR", default_value = ".", hide = true)]
    pub workspace: PathBuf,
}

/// Rate of everything but the comparison with peers, in Hz.
const RATE_HZ: u32 = 48_000;
/// Rate of that comparison: the only one that beatnet-rs takes.
const PEER_RATE_HZ: u32 = 44_100;
/// Tatum and its peers take turns so often; the quickest turn of each counts, because whoever else uses
/// the machine can only make a turn slower.
const ROUNDS: usize = 9;
/// Longest time that each number of lanes is played, in seconds.
const LANES_S: f64 = 5.0;

/// Runs the command.
///
/// # Errors
/// Names the option or the plugin at fault and what to do.
pub fn run(options: &Options) -> Result<bool> {
    let stages = options.stages.as_deref().map(read_stages).transpose()?;
    if let Some(dir) = &options.out {
        make_folder(dir)?;
    }
    let report = measure(options, stages)?;
    print(options.json.then(|| report.json()), || table::text(&report))?;
    if let Some(dir) = &options.out {
        let json = pretty(&report.json())?;
        let paths = ["bench.json", "growth.png"].map(|name| dir.join(name));
        all_or_nothing(&paths, &[json, growth::png(&report.lanes)?])?;
    }
    Ok(true)
}

fn read_stages(path: &Path) -> Result<Stages> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("--stages -: stdin cannot be read")?;
    } else {
        text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    }
    serde_json::from_str(&text)
        .with_context(|| format!("{}: is not what `trainer stages --json` prints", path.display()))
}

fn measure(options: &Options, stages: Option<Stages>) -> Result<Report> {
    let machine = Machine::here();
    let seconds = f64::from(options.seconds);
    let demo = options.workspace.join("assets/demo.ogg");
    // A second more: the first is for warming up.
    let length_s = seconds + rig::WARM_S;
    let song = Song::open(&demo, Some(RATE_HZ))?.looped(length_s);
    let bar = progress(3 + ROUNDS + blocks::SIZES.len() + options.lanes.len());

    bar.set_message("memory");
    let plugin = options.plugin.clone().unwrap_or_else(default_plugin);
    let (host, memory) = memory::measure(&plugin, &song)?;
    bar.inc(1);
    let (_keeper, status) = rig::keep_models(&host, &song)?;

    let mut chain = Vec::new();
    let peer_song = Song::open(&demo, Some(PEER_RATE_HZ))?.looped(length_s);
    let rivals = peers::peers(&options.workspace, &peer_song)?;
    let mut peers: BTreeMap<_, _> = rivals.iter().map(|peer| (peer.name, Ok(Vec::new()))).collect();
    for _ in 0..ROUNDS {
        bar.set_message("whole plugin");
        chain.extend(chain::cost(&host, &peer_song)?);
        for peer in &rivals {
            bar.set_message(peer.name);
            let Some(costs) = peers.get_mut(peer.name) else { continue };
            if let Ok(known) = costs {
                match peer.cost(&peer_song) {
                    Ok(cost) => *known = vec![cost],
                    Err(reason) => *costs = Err(reason),
                }
            }
        }
        bar.inc(1);
    }

    bar.set_message("latency of events, in real time");
    let latency = latency::measure(&host, &song)?;
    bar.inc(2);
    let mut measured = Vec::new();
    for samples in blocks::SIZES {
        bar.set_message(format!("audio thread, blocks of {samples}"));
        measured.push(blocks::measure(&host, &song, samples)?);
        bar.inc(1);
    }
    let mut lanes = Vec::new();
    for &count in &options.lanes {
        bar.set_message(format!("{count} lanes, in real time"));
        lanes.push(lanes::measure(&host, &song, count as usize, seconds.min(LANES_S))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Report {
        machine,
        backend: status.backend,
        seconds: options.seconds,
        stages,
        chain,
        peers,
        blocks: measured,
        lanes,
        memory,
        latency,
    })
}

fn progress(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64);
    let style = ProgressStyle::with_template("[{bar:40}] {elapsed:>4} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar
}

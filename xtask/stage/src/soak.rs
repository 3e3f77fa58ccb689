//! `soak`: the built plugin under everything a host, a user and a broken machine can do to it, for as
//! long as one likes, with the rules that must hold checked throughout.

mod action;
mod check;
mod faults;
mod lane;
mod memory;
mod report;
mod session;
mod shelf;
mod sound;
mod tape;
mod watch;

pub(crate) use faults::Faults;

use crate::bench::meter;
use crate::host::{Host, default_plugin};
use crate::song::Song;
use crate::write::print;
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use report::{Report, Violation};
use session::Session;
use shelf::Shelf;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use watch::Watch;

/// Runs many lanes through everything that can happen, and checks what must always hold.
#[derive(clap::Args)]
pub struct Options {
    /// How long.
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = some_minutes)]
    pub minutes: f64,
    /// Instances in one process.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub lanes: u32,
    /// The actions and faults of a run [default: another one every time].
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Most that memory may grow, megabytes per hour.
    #[arg(long, value_name = "MB", default_value_t = 30.0)]
    pub growth: f64,
    /// Only actions and faults with one of these words in their names, to find which one it is.
    #[arg(long, value_name = "WORD,...", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    pub json: bool,
    /// The CLAP to host [default: one with faults in it, built into target/soak].
    #[arg(long, value_name = "PATH")]
    pub plugin: Option<PathBuf>,
    /// The project's folder: its demo song, its models.
    #[arg(long, value_name = "DIR", default_value = ".", hide = true)]
    pub workspace: PathBuf,
}

/// Rate at which the song is read, in Hz; lanes play its samples at any.
const RATE_HZ: u32 = 48_000;
/// Time in which the plugin's threads must have ended.
const JOIN: Duration = Duration::from_secs(5);

/// Runs the command; false when a rule was broken.
///
/// # Errors
/// Names the option, the plugin or the file at fault and what to do.
pub fn run(options: &Options) -> Result<bool> {
    let report = soak(options)?;
    for violation in &report.violations {
        eprint!("{}", violation.text(report.seed));
    }
    print(options.json.then(|| report.json()), || report.text())?;
    Ok(report.violations.is_empty())
}

fn soak(options: &Options) -> Result<Report> {
    let seed = options.seed.unwrap_or_else(rand::random);
    let seconds = 60.0 * options.minutes;
    let song = Song::open(&options.workspace.join("assets/demo.ogg"), Some(RATE_HZ))?;
    let shelf = Shelf::new(&options.workspace)?;
    let bar = progress(seconds);
    // Said before anything can crash.
    bar.suspend(|| eprintln!("soak --seed {seed}"));
    let watch = Watch::start(seed).context("no thread can be started")?;
    let host = Host::load(&options.plugin.clone().unwrap_or_else(default_plugin), None)?;
    let threads = meter::threads();
    meter::return_free_memory();
    let dice = ChaCha8Rng::seed_from_u64(seed);
    let mut session = Session::new(&host, &song, options, shelf, dice, watch.clone())?;
    let with_faults = session.with_faults();
    if !with_faults {
        bar.suspend(|| eprintln!("this plugin is built without faults, so none is injected"));
    }
    session.run(seconds, &bar)?;
    session.end();
    let Session { totals, memory, mut violations, .. } = session;
    bar.finish_and_clear();
    let mut broken = |what: String| {
        violations.push(Violation {
            what,
            lane: None,
            at_s: watch.seconds(),
            actions: watch.recent(),
        });
    };
    let begun = Instant::now();
    while meter::threads() > threads && begun.elapsed() < JOIN {
        std::thread::sleep(Duration::from_millis(5));
    }
    if let Some((now, before)) = meter::threads().zip(threads).filter(|(now, before)| now > before)
    {
        broken(format!("{now} threads run after the last lane left, {before} before the first"));
    }
    let slope = memory.slope();
    if let Some(slope) = slope.as_ref().filter(|slope| slope.above(options.growth)) {
        broken(format!(
            "memory grows by {:.1} MB per hour; --growth allows {}",
            slope.mb_per_hour, options.growth
        ));
    }
    Ok(Report {
        seed,
        lanes: options.lanes as usize,
        seconds: watch.seconds(),
        with_faults,
        totals,
        slope,
        violations,
    })
}

/// Minutes that are some: above zero, and at most a week.
fn some_minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse().ok().filter(|minutes| (0.0..=10_080.0).contains(minutes));
    minutes.filter(|&minutes| minutes > 0.0).ok_or_else(|| "is no time; try 5".to_owned())
}

fn progress(seconds: f64) -> ProgressBar {
    let bar = ProgressBar::new(seconds as u64);
    let style = ProgressStyle::with_template("[{bar:40}] {elapsed:>4} of {len} s, {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar
}

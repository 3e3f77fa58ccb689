//! Lanes: many instances in one process, in real time, one audio thread that calls them in turn.
//! All begin together, so that all their frames are complete in the same block: the worst case.

use super::meter;
use super::percentiles::{Percentiles, rounded};
use super::rig::{BLOCK, FRAMES_PER_S, Metronome, SETTLE, WARM_S, newest_status, setting};
use crate::host::{Clock, Host, Player};
use crate::report::{StatusLine, Times};
use crate::song::Song;
use anyhow::{Context, Result};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What so many instances cost.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Lanes {
    pub(super) lanes: usize,
    /// Blocks played.
    pub(super) blocks: usize,
    /// Blocks in which the calls of all instances together took longer than the block sounds.
    pub(super) missed_blocks: usize,
    /// Calls that alone took longer than the block sounds.
    pub(super) missed_calls: usize,
    /// News that the plugin says came too late for its sample.
    pub(super) late: u64,
    /// Restarts because frames were lost.
    pub(super) gaps: u64,
    /// From the sample that completes a frame to the block in which its news is there, milliseconds, in
    /// the slowest lane. Loading the models is in it where a lane was the first.
    pub(super) worker_ms: Option<WorkerTimes>,
    /// Time of one call, microseconds.
    pub(super) call_us: Percentiles,
    /// Processor time of all threads as a share of one core.
    pub(super) cpu_share: Option<f64>,
    /// That of all threads but the audio thread, per frame of one lane, microseconds.
    pub(super) worker_us_per_frame: Option<f64>,
}

/// Latency of the worker.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct WorkerTimes {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl Lanes {
    /// Whether every block and every frame was in time.
    pub(super) fn in_time(&self) -> bool {
        self.missed_blocks + self.missed_calls == 0 && self.late + self.gaps == 0
    }
}

/// Plays `seconds` of the song through so many instances, each from a place of its own.
pub(super) fn measure(host: &Host, song: &Song, lanes: usize, seconds: f64) -> Result<Lanes> {
    let mut round = Round::new(host, song, lanes)?;
    let blocks = |seconds: f64| (seconds * f64::from(song.rate_hz)) as usize / BLOCK;
    for _ in 0..blocks(WARM_S) {
        round.play(song)?;
    }
    let before = round.faults()?;
    let blocks = blocks(seconds).max(1);
    let mut calls = Vec::with_capacity(blocks * lanes);
    let mut missed_blocks = 0;
    let begun = (Instant::now(), meter::process_cpu(), meter::thread_cpu());
    for _ in 0..blocks {
        round.play(song)?;
        missed_blocks += usize::from(round.calls.iter().sum::<Duration>() > round.budget);
        calls.extend_from_slice(&round.calls);
    }
    let wall_s = begun.0.elapsed().as_secs_f64();
    let used = |now: Option<Duration>, begun: Option<Duration>| {
        now.zip(begun).map(|(now, begun)| (now - begun).as_secs_f64())
    };
    let cpu_s = used(meter::process_cpu(), begun.1);
    let audio_thread_s = used(meter::thread_cpu(), begun.2);
    std::thread::sleep(SETTLE);
    let after = round.faults()?;
    let worker_ms = round.worker_ms()?;
    let frames = (blocks * BLOCK) as f64 / f64::from(song.rate_hz) * FRAMES_PER_S * lanes as f64;
    Ok(Lanes {
        lanes,
        blocks,
        missed_blocks,
        missed_calls: calls.iter().filter(|&&call| call > round.budget).count(),
        late: after.0 - before.0,
        gaps: after.1 - before.1,
        worker_ms,
        call_us: Percentiles::of(calls.iter().map(|call| 1e6 * call.as_secs_f64()).collect()),
        cpu_share: cpu_s.map(|cpu_s| rounded(cpu_s / wall_s)),
        worker_us_per_frame: cpu_s
            .zip(audio_thread_s)
            .map(|(all, audio)| rounded(1e6 * (all - audio) / frames)),
    })
}

/// All instances, played block by block.
struct Round {
    players: Vec<Player>,
    statuses: Vec<Option<StatusLine>>,
    metronome: Metronome,
    /// Time in which a block has to be done.
    budget: Duration,
    block: usize,
    /// How long each call of the newest block took.
    calls: Vec<Duration>,
}

impl Round {
    fn new(host: &Host, song: &Song, lanes: usize) -> Result<Self> {
        let start = |_| host.start(setting(song, BLOCK, Clock::Free));
        Ok(Self {
            players: (0..lanes).map(start).collect::<Result<_>>()?,
            statuses: vec![None; lanes],
            metronome: Metronome::new(BLOCK, song.rate_hz, 1.0),
            budget: Duration::from_secs_f64(BLOCK as f64 / f64::from(song.rate_hz)),
            block: 0,
            calls: Vec::with_capacity(lanes),
        })
    }

    /// Waits for the next block and plays it in every lane.
    fn play(&mut self, song: &Song) -> Result<()> {
        self.metronome.wait();
        self.calls.clear();
        for (lane, player) in self.players.iter_mut().enumerate() {
            let place = (self.block + 37 * lane) % (song.frames() / BLOCK);
            player.fill(&song.channels, place * BLOCK, BLOCK);
            let begun = Instant::now();
            player.process(BLOCK)?;
            self.calls.push(begun.elapsed());
            player.idle();
        }
        self.block += 1;
        Ok(())
    }

    /// The slowest lane's latency of the worker, as the plugin counted it.
    fn worker_ms(&mut self) -> Result<Option<WorkerTimes>> {
        let mut slowest: Option<WorkerTimes> = None;
        for player in &mut self.players {
            let times = player.latency()?;
            let Some(&Times { p50, p99, max, .. }) = times.get("worker") else { continue };
            let other = slowest.unwrap_or(WorkerTimes { p50, p99, max });
            slowest = Some(WorkerTimes {
                p50: p50.max(other.p50),
                p99: p99.max(other.p99),
                max: max.max(other.max),
            });
        }
        Ok(slowest)
    }

    /// Late news and gaps of all lanes so far.
    fn faults(&mut self) -> Result<(u64, u64)> {
        let mut sum = (0, 0);
        for (player, status) in self.players.iter_mut().zip(&mut self.statuses) {
            if let Some(new) = newest_status(player)? {
                *status = Some(new);
            }
            let status = status.as_ref().context("the plugin said nothing about its health")?;
            sum = (sum.0 + status.late, sum.1 + status.gaps);
        }
        Ok(sum)
    }
}

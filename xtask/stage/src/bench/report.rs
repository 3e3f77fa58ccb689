//! Everything one run measured, and the JSON that is printed of it.

use super::blocks::Block;
use super::chain::Cost;
use super::lanes::Lanes;
use super::latency::Latency;
use super::machine::Machine;
use super::memory::Memory;
use super::percentiles::rounded;
use super::rig::BLOCK;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What one stage of the ear costs; `trainer stages` measures it.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub(super) struct StageCost {
    /// Microseconds per frame; of the tags, per block.
    pub(super) us: f64,
    /// Milliseconds per second of audio.
    pub(super) ms_per_second: f64,
}

/// The stages of the ear, as `trainer stages --json` prints them.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Stages {
    /// What ran the models.
    pub(super) backend: String,
    pub(super) log_mel: StageCost,
    pub(super) beat_model: StageCost,
    pub(super) decoder: StageCost,
    /// None without a tag model.
    pub(super) tag_model: Option<StageCost>,
    /// Many lanes in one call, per lane.
    #[serde(default)]
    pub(super) batches: Vec<Batch>,
}

/// The beat model's cost for one of several lanes.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Batch {
    /// What ran it.
    pub(super) backend: String,
    pub(super) lanes: usize,
    /// All of them heard in one call.
    pub(super) together: StageCost,
    /// Each of them heard in a call of its own.
    pub(super) apart: StageCost,
}

/// One run.
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) backend: String,
    /// Seconds of audio per measurement.
    pub(super) seconds: u32,
    pub(super) stages: Option<Stages>,
    /// The whole plugin, round by round; empty where it cannot be measured.
    pub(super) chain: Vec<Cost>,
    /// Processor seconds per second of audio of the peers, or why there is nothing.
    pub(super) peers: BTreeMap<&'static str, Result<Vec<f64>, String>>,
    pub(super) blocks: Vec<Block>,
    pub(super) lanes: Vec<Lanes>,
    pub(super) memory: Option<Memory>,
    pub(super) latency: Latency,
}

/// The peer whose ratio stands at the top.
const BEATNET: &str = "beatnet-rs";

impl Report {
    /// Processor seconds per second of audio in the quickest round.
    pub(super) fn cost(&self) -> Option<Cost> {
        self.chain.iter().copied().min_by(|a, b| a.all.total_cmp(&b.all))
    }

    /// Seconds of audio that one core works through in a second.
    pub(super) fn realtime_factor(&self) -> Option<f64> {
        self.cost().map(|cost| rounded(1.0 / cost.all))
    }

    /// How many times the processor time of Tatum a peer takes.
    pub(super) fn ratio(&self, peer: &str) -> Option<f64> {
        let theirs = quickest(self.peers.get(peer)?.as_ref().ok()?)?;
        Some(rounded(theirs / self.cost()?.all))
    }

    /// The largest number of instances up to which none was late.
    pub(super) fn lanes_without_miss(&self) -> usize {
        let missed = self.lanes.iter().filter(|lanes| !lanes.in_time());
        let first = missed.map(|lanes| lanes.lanes).min().unwrap_or(usize::MAX);
        let well = self.lanes.iter().map(|lanes| lanes.lanes).filter(|&lanes| lanes < first);
        well.max().unwrap_or(0)
    }

    /// The 99.9th percentile of a `process` call as a share of its block: where nothing else is said, and for
    /// the worst size of block.
    fn audio_thread_p999_shares(&self) -> [Option<f64>; 2] {
        let of = |block: &Block| block.share.p999;
        let usual = self.blocks.iter().find(|block| block.samples == BLOCK).and_then(of);
        [usual, self.blocks.iter().filter_map(of).max_by(f64::total_cmp)]
    }

    pub(super) fn json(&self) -> Value {
        let beats = &self.latency.beats_ms;
        let [usual, worst] = self.audio_thread_p999_shares();
        json!({
            "ratio_vs_beatnet_rs": self.ratio(BEATNET),
            "realtime_factor": self.realtime_factor(),
            "lanes_without_miss": self.lanes_without_miss(),
            "audio_thread_p999_share": usual,
            "audio_thread_p999_share_worst": worst,
            "event_latency_ms": {
                "p50": beats.p50,
                "p99": beats.p99,
                "beats": beats,
                "onsets": self.latency.onsets_ms,
            },
            "rss_mb_per_instance": self.memory.map(|memory| memory.per_instance_mb),
            "backend": self.backend,
            "tags_ms_per_second":
                self.stages.as_ref().and_then(|stages| stages.tag_model).map(|c| c.ms_per_second),
            "machine": self.machine,
            "seconds": self.seconds,
            "stages": self.stages,
            "chain": {
                "cpu_ms_per_second": milliseconds(self.chain.iter().map(|cost| cost.all)),
                "audio_thread_ms_per_second":
                    milliseconds(self.chain.iter().map(|cost| cost.audio_thread)),
            },
            "peers": self.peers.iter().map(|(name, costs)| (*name, self.peer(name, costs)))
                .collect::<BTreeMap<_, _>>(),
            "audio_thread": self.blocks,
            "lanes": self.lanes,
            "worker_latency_p99_ms": self.lanes.iter()
                .filter_map(|lanes| Some((lanes.lanes.to_string(), lanes.worker_ms?.p99)))
                .collect::<BTreeMap<_, _>>(),
            "memory": self.memory,
        })
    }

    fn peer(&self, name: &str, costs: &Result<Vec<f64>, String>) -> Value {
        match costs {
            Ok(costs) => json!({
                "cpu_ms_per_second": milliseconds(costs.iter().copied()),
                "ratio": self.ratio(name),
            }),
            Err(reason) => json!({"ratio": null, "reason": reason}),
        }
    }
}

/// The cost in the quickest round.
pub(super) fn quickest(costs: &[f64]) -> Option<f64> {
    costs.iter().copied().min_by(f64::total_cmp)
}

fn milliseconds(seconds: impl Iterator<Item = f64>) -> Vec<f64> {
    seconds.map(|s| rounded(1e3 * s)).collect()
}

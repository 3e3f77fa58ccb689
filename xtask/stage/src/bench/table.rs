//! A run as text for people.

use super::percentiles::Percentiles;
use super::report::{Report, StageCost, quickest};
use std::fmt::Write as _;

const NOT_MEASURED: &str = "not measured";

/// The table.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    let machine = &report.machine;
    let _ = writeln!(
        text,
        "{}, {} cores, {}, load {}; {}; {} s of audio",
        machine.cpu.as_deref().unwrap_or("unknown processor"),
        machine.cores,
        machine.system,
        shown(machine.load, ""),
        report.backend,
        report.seconds
    );
    costs(&mut text, report);
    audio_thread(&mut text, report);
    lanes(&mut text, report);
    let _ = writeln!(text, "\nEvents, ms after the sound         p50       p99   events");
    for (name, ms) in [("beats", report.latency.beats_ms), ("onsets", report.latency.onsets_ms)] {
        let Percentiles { count, p50, p99, .. } = ms;
        let _ = writeln!(text, "  {name:<28}{:>8}  {:>8}  {count:>7}", bare(p50), bare(p99));
    }
    let _ = writeln!(text, "\nMemory");
    for (name, mb) in [
        ("first instance, with library", report.memory.map(|m| m.first_instance_mb)),
        ("each further instance", report.memory.map(|m| m.per_instance_mb)),
    ] {
        let _ = writeln!(text, "  {name:<30}{}", shown(mb, " MB"));
    }
    text
}

fn costs(text: &mut String, report: &Report) {
    let _ = writeln!(text, "\nProcessor time             us per frame   ms per second of audio");
    if let Some(stages) = &report.stages {
        let _ = writeln!(text, "  each stage alone, {}", stages.backend);
        let mut line = |name: &str, cost: Option<StageCost>| {
            let _ = match cost {
                Some(StageCost { us, ms_per_second }) => {
                    writeln!(text, "  {name:<24}{us:>13.1}   {ms_per_second:>22.3}")
                }
                None => writeln!(text, "  {name:<24}{:>13}   {:>22}", "", "no model"),
            };
        };
        line("log-mel features", Some(stages.log_mel));
        line("beat model", Some(stages.beat_model));
        line("decoder", Some(stages.decoder));
        line("tag model, per block", stages.tag_model);
        for batch in &stages.batches {
            let name = format!("beat model, {} lanes a call", batch.lanes);
            let _ = writeln!(
                text,
                "  {name:<28}{:>9.1}   {:>22.3}   a call each {:.1} us, {}",
                batch.together.us, batch.together.ms_per_second, batch.apart.us, batch.backend
            );
        }
    }
    let mut chain = |name: &str, cost: Option<f64>| {
        let _ = writeln!(text, "  {name:<24}{:>13}   {:>22}", "", milliseconds(cost));
    };
    chain("whole plugin, a bounce", report.cost().map(|cost| cost.all));
    chain("  its audio thread", report.cost().map(|cost| cost.audio_thread));
    for (name, costs) in &report.peers {
        let cost = costs.as_ref().map(|costs| quickest(costs));
        let _ = match (cost, report.ratio(name)) {
            (Err(reason), _) => writeln!(text, "  {name:<24}{reason}"),
            (Ok(cost), ratio) => writeln!(
                text,
                "  {name:<24}{:>13}   {:>22}   {} x Tatum",
                "",
                milliseconds(cost),
                bare(ratio)
            ),
        };
    }
    let factor = shown(report.realtime_factor(), " x real time");
    let _ = writeln!(text, "  one core hears {factor}");
}

fn audio_thread(text: &mut String, report: &Report) {
    let _ = writeln!(
        text,
        "\nAudio thread, 48 kHz: us per call                      share of the block   processor"
    );
    let _ = writeln!(
        text,
        "  block       p50       p99     p99.9     calls        p99     p99.9       p99.9"
    );
    for block in &report.blocks {
        let _ = writeln!(
            text,
            "  {:>5}  {:>8}  {:>8}  {:>8}  {:>8}   {:>8}  {:>8}    {:>8}",
            block.samples,
            bare(block.us.p50),
            bare(block.us.p99),
            bare(block.us.p999),
            block.us.count,
            percent(block.share.p99),
            percent(block.share.p999),
            bare(block.cpu_us.and_then(|us| us.p999)),
        );
    }
}

fn lanes(text: &mut String, report: &Report) {
    let _ = writeln!(
        text,
        "\nLanes, 48 kHz, blocks of 512, real time\n  \
         lanes   one core   call p99 us   worker us/frame   news p50, p99 ms   missed blocks    late   gaps"
    );
    for lanes in &report.lanes {
        let _ = writeln!(
            text,
            "  {:>5}   {:>8}   {:>11}   {:>15}   {:>7}  {:>7}   {:>6} of {:>4}   {:>6}   {:>4}",
            lanes.lanes,
            percent(lanes.cpu_share),
            bare(lanes.call_us.p99),
            bare(lanes.worker_us_per_frame),
            bare(lanes.worker_ms.map(|ms| ms.p50)),
            bare(lanes.worker_ms.map(|ms| ms.p99)),
            lanes.missed_blocks,
            lanes.blocks,
            lanes.late,
            lanes.gaps
        );
    }
    let _ = writeln!(text, "  without a miss: {} lanes", report.lanes_without_miss());
}

fn shown(value: Option<f64>, unit: &str) -> String {
    value.map_or(NOT_MEASURED.to_owned(), |value| format!("{value}{unit}"))
}

fn bare(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| value.to_string())
}

/// Seconds, shown as milliseconds.
fn milliseconds(value: Option<f64>) -> String {
    value.map_or(NOT_MEASURED.to_owned(), |value| format!("{:.3}", 1e3 * value))
}

fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{:.2} %", 100.0 * share))
}

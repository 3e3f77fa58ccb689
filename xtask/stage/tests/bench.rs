//! `stage bench` on the built plugin, as short as it can be.

mod program;

use program::{assert_refused, plugin, stage};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

const STAGES: &str = r#"{
    "backend": "tract 0.23 (CPU)",
    "log_mel": {"us": 20.0, "ms_per_second": 1.0},
    "beat_model": {"us": 100.0, "ms_per_second": 5.0},
    "decoder": {"us": 10.0, "ms_per_second": 0.5},
    "tag_model": null
}"#;

#[test]
fn impossible_options_are_refused() {
    assert_refused(&stage(&["bench", "--seconds", "1"]), &["--seconds", "2"]);
    assert_refused(&stage(&["bench", "--lanes", "1,0"]), &["--lanes", "0"]);
    let dir = tempdir().expect("a folder");
    let stages = dir.path().join("stages.json");
    fs::write(&stages, "{}").expect("written");
    let stages = stages.display().to_string();
    assert_refused(&stage(&["bench", "--stages", &stages]), &["stages.json", "trainer stages"]);
}

#[test]
fn a_short_run_measures_everything() {
    let Some(plugin) = plugin() else { return };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").display().to_string();
    let dir = tempdir().expect("a folder");
    let stages = dir.path().join("stages.json");
    fs::write(&stages, STAGES).expect("written");
    let (stages, out) = (stages.display().to_string(), dir.path().join("out"));
    let folder = out.display().to_string();
    let output = stage(&[
        "bench",
        "--seconds",
        "2",
        "--lanes",
        "1,2",
        "--json",
        "--plugin",
        &plugin,
        "--stages",
        &stages,
        "--workspace",
        &workspace,
        "--out",
        &folder,
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let report = report.as_object().expect("an object");
    for key in [
        "ratio_vs_beatnet_rs",
        "realtime_factor",
        "lanes_without_miss",
        "audio_thread_p999_share",
        "audio_thread_p999_share_worst",
        "event_latency_ms",
        "rss_mb_per_instance",
        "backend",
        "tags_ms_per_second",
        "machine",
    ] {
        assert!(report.contains_key(key), "{key} is missing");
    }
    assert!(report["backend"].as_str().is_some_and(|backend| !backend.is_empty()));
    assert!(report["tags_ms_per_second"].is_null());
    assert!(report["event_latency_ms"].get("p99").is_some());
    assert_eq!(report["stages"]["beat_model"]["us"], 100.0);
    assert_eq!(report["lanes"].as_array().map(Vec::len), Some(2));
    let blocks = report["audio_thread"].as_array().expect("blocks");
    assert!(blocks.iter().all(|block| block["us"]["p50"].as_f64().is_some_and(|us| us > 0.0)));
    if cfg!(unix) {
        assert!(report["realtime_factor"].as_f64().is_some_and(|factor| factor > 1.0));
    }
    for (name, peer) in report["peers"].as_object().expect("peers") {
        assert!(peer["ratio"].is_number() || peer["reason"].is_string(), "{name}: {peer}");
    }
    assert!(out.join("bench.json").is_file() && out.join("growth.png").is_file());
}

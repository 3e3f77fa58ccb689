//! `stage soak` on the built plugin, as short as it can be: without faults, which only a build of its own
//! has.

mod program;

use program::{assert_refused, plugin, stage};
use std::path::Path;

#[test]
fn impossible_options_are_refused() {
    assert_refused(&stage(&["soak", "--lanes", "0"]), &["--lanes", "0"]);
    assert_refused(&stage(&["soak", "--minutes", "0"]), &["--minutes", "0"]);
    assert_refused(&stage(&["soak", "--minutes", "nan"]), &["--minutes", "nan"]);
}

#[test]
fn a_short_soak_breaks_no_rule() {
    let Some(plugin) = plugin() else { return };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").display().to_string();
    let output = stage(&[
        "soak",
        "--minutes",
        "0.2",
        "--lanes",
        "4",
        "--seed",
        "7",
        "--json",
        "--plugin",
        &plugin,
        "--workspace",
        &workspace,
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["violations"].as_array().map(Vec::len), Some(0));
    assert_eq!((&report["seed"], &report["lanes"]), (&7.into(), &4.into()));
    let count = |of: &str, key: &str| report[of][key].as_u64().expect("a count");
    let frames = |key: &str| count("frames", key);
    assert_eq!(frames("sent"), frames("heard") + frames("missed") + frames("abandoned"));
    assert!(frames("heard") > 1000 && count("events", "beats") > 0, "{report}");
    assert!(report["actions"].as_object().is_some_and(|actions| actions.len() > 8), "{report}");
}

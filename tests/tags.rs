//! Tags inside a CLAP host: when they leave, what the host may do with them, and what a bad tag model
//! does not break.

mod session;
mod signal;

use std::io::Cursor;

use clack_extensions::params::PluginParams;
use clack_extensions::state::PluginState;
use clack_host::prelude::*;
use clack_host::utils::ClapId;

use session::{Event, Host, Kind, SESSION, Session, plugin};
use signal::{drums, other};

const RATE_HZ: f64 = 48_000.0;
const TAGS: [&str; 3] = ["genre", "mood_valence", "mood_arousal"];

/// nice-plug's id of a parameter.
fn id(name: &str) -> u32 {
    name.bytes().fold(0_u32, |h, byte| h.wrapping_mul(31).wrapping_add(u32::from(byte)))
        & !(1 << 31)
}

fn stereo(seconds: f64) -> Vec<Vec<f32>> {
    let left = drums(seconds, RATE_HZ);
    let right = other(&left);
    vec![left, right]
}

fn tags(events: &[Event]) -> Vec<Event> {
    let ids = TAGS.map(id);
    let ours = |event: &&Event| matches!(event.kind, Kind::Value(id, _) if ids.contains(&id));
    events.iter().filter(ours).cloned().collect()
}

/// Everything else.
fn others(events: &[Event]) -> Vec<Event> {
    let ours = tags(events);
    events.iter().filter(|event| !ours.contains(event)).cloned().collect()
}

/// Saves the state, sets its `field` to `value`, and loads it.
fn edit_state(plugin: &mut PluginInstance<Host>, field: &str, value: &str) {
    let handle = plugin.plugin_handle();
    let state: PluginState = handle.get_extension().expect("it has state");
    let mut saved = Vec::new();
    state.save(&handle, &mut saved).expect("it is saved");
    let mut json: serde_json::Value = serde_json::from_slice(&saved[8..]).expect("JSON");
    json["fields"][field] = serde_json::Value::from(format!("\"{value}\""));
    let json = serde_json::to_vec(&json).expect("JSON");
    let mut changed = (json.len() as u64).to_le_bytes().to_vec();
    changed.extend(json);
    state.load(&handle, &mut Cursor::new(&changed)).expect("it is loaded");
}

#[test]
fn they_leave_once_a_second_at_the_same_sample_in_any_blocks() {
    let input = stereo(6.0);
    let reference = tags(&SESSION.play(&input).events);
    let first = reference.first().expect("something is sent").at;
    let later: Vec<u64> = reference.iter().map(|event| event.at).filter(|&at| at > first).collect();
    assert!(later.iter().all(|at| at % RATE_HZ as u64 == (0.22 * RATE_HZ) as u64), "{later:?}");
    assert!(later.contains(&((1.22 * RATE_HZ) as u64)), "after the first second: {later:?}");
    for blocks in [&[32][..], &[4096], &[1, 700, 13, 64, 2048]] {
        let other = Session { blocks, ..SESSION }.play(&input);
        assert_eq!(tags(&other.events), reference, "blocks of {blocks:?}");
    }
}

#[test]
fn the_host_reads_a_word_and_what_it_plays_in_is_ignored() {
    let mut plugin = plugin();
    let played: Vec<(u32, f64)> = TAGS.map(|name| (id(name), 0.9)).to_vec();
    let silence = vec![vec![0.0; 48_000]; 2];
    Session { set: &played, ..SESSION }.play_through(&mut plugin, &silence);
    let handle = plugin.plugin_handle();
    let params: PluginParams = handle.get_extension().expect("it has parameters");
    let value = |name| params.get_value(&handle, ClapId::new(id(name)));
    assert_eq!(value("genre"), Some(0.0));
    let neutral = value("mood_valence").expect("it knows the parameter");
    assert!((neutral - 0.5).abs() < 1e-6, "{neutral}");
    let word = |number: f64| {
        let mut text = [0; 64];
        let shown = params.value_to_text(&handle, ClapId::new(id("genre")), number, &mut text);
        String::from_utf8_lossy(shown.expect("it is shown")).trim_end_matches('\0').to_owned()
    };
    assert_eq!((word(0.0).as_str(), word(1.0).as_str()), ("unsure", "blues"));
}

#[test]
fn a_bad_tag_model_changes_nothing_but_the_tags() {
    let input = stereo(6.0);
    let good = SESSION.play(&input);
    let mut plugin = plugin();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bad.onnx");
    std::fs::write(&file, "no model at all").expect("written");
    edit_state(&mut plugin, "tag_model_path", file.to_str().expect("a path in letters"));
    let bad = SESSION.play_through(&mut plugin, &input);
    assert!(bad.main == input && bad.aux == good.aux);
    assert_eq!(others(&bad.events), others(&good.events));
    assert_eq!(tags(&bad.events).len(), TAGS.len(), "the values at the start and no others");
}

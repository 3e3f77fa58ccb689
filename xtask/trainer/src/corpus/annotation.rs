//! Annotated beats: `.beats` lines, as [`metrics::annotation`] reads them, and JAMS (Humphrey et al. 2014).

use std::path::Path;

use anyhow::{Context, Result, bail};
use metrics::annotation::{Beats, FORGIVEN_S};
use serde_json::Value;

use crate::clip::BeatLabel;
use crate::write::write_whole;

/// JAMS namespaces that hold beats.
const NAMESPACES: [&str; 2] = ["beat", "beat_position"];

/// Reads the beats in the file at `path`, by its extension. A beat whose place in the bar is not
/// said has place 0.
///
/// # Errors
/// When the file cannot be read, holds no beats, or they are negative or not in ascending order;
/// the message names the file, the place in it and the value.
pub(super) fn read(path: &Path) -> Result<Vec<BeatLabel>> {
    let jams = path.extension().is_some_and(|extension| extension == "jams");
    let beats = if jams { jams_file(path) } else { Beats::read(path, None).map(labels) }?;
    if beats.is_empty() {
        bail!("{}: holds no beats; annotate it or remove the file", path.display());
    }
    Ok(beats)
}

/// Writes `.beats`: a line of seconds for each beat, then a tab and its place in the bar where that is
/// known, after a line that says `from` where the beats are. Whole or not at all.
///
/// # Errors
/// When the file cannot be written; the message names it.
pub(crate) fn write(path: &Path, from: &str, beats: &[BeatLabel]) -> Result<()> {
    let line = |beat: &BeatLabel| match beat.in_bar {
        0 => format!("{:.6}\n", beat.time_s),
        in_bar => format!("{:.6}\t{in_bar}\n", beat.time_s),
    };
    let lines: String = beats.iter().map(line).collect();
    write_whole(path, format!("# {from}\n{lines}").as_bytes())
}

fn labels(beats: Beats) -> Vec<BeatLabel> {
    let in_bar = beats.in_bar.unwrap_or_else(|| vec![0; beats.times.len()]);
    let pairs = beats.times.into_iter().zip(in_bar);
    pairs.map(|(time_s, in_bar)| BeatLabel { time_s, in_bar }).collect()
}

fn jams_file(path: &Path) -> Result<Vec<BeatLabel>> {
    let parse = || checked(jams_rows(&std::fs::read_to_string(path)?)?);
    parse().with_context(|| path.display().to_string())
}

/// Refuses beats after `seconds`, the length of the audio, and [`FORGIVEN_S`] more.
///
/// # Errors
/// With the first beat that lies beyond.
pub(super) fn within(beats: &[BeatLabel], seconds: f64) -> Result<()> {
    match beats.iter().find(|beat| beat.time_s > seconds + FORGIVEN_S) {
        Some(beat) => bail!(
            "beat at {} s lies beyond the audio, {seconds:.2} s long; is it of this file?",
            beat.time_s
        ),
        None => Ok(()),
    }
}

/// Beats with the place in the file where each stands.
fn checked(rows: Vec<(String, BeatLabel)>) -> Result<Vec<BeatLabel>> {
    let mut last = f64::NEG_INFINITY;
    for (place, beat) in &rows {
        let time_s = beat.time_s;
        if !time_s.is_finite() || time_s < 0.0 {
            bail!("{place}: {time_s} is not a time");
        }
        if time_s <= last {
            bail!("{place}: {time_s} comes after {last}; beats must ascend");
        }
        last = time_s;
    }
    let placed = rows.iter().filter(|(_, beat)| beat.in_bar > 0).count();
    if let Some((place, _)) = rows.iter().find(|(_, beat)| beat.in_bar == 0)
        && placed > 0
    {
        bail!("{place} has no beat in the bar, others have; write it for every beat or none");
    }
    Ok(rows.into_iter().map(|(_, beat)| beat).collect())
}

/// The first beat annotation of a JAMS file, its data as a list of observations or, in old files,
/// as lists of columns.
fn jams_rows(text: &str) -> Result<Vec<(String, BeatLabel)>> {
    let jams: Value = serde_json::from_str(text).context("is not JSON")?;
    let annotations = jams["annotations"].as_array().context("has no annotations")?;
    let is_beats = |annotation: &&Value| {
        annotation["namespace"].as_str().is_some_and(|name| NAMESPACES.contains(&name))
    };
    let data = &annotations.iter().find(is_beats).context("has no beat annotation")?["data"];
    let observations: Vec<(&Value, &Value)> = match data {
        Value::Array(list) => list.iter().map(|one| (&one["time"], &one["value"])).collect(),
        columns => {
            let column = |name: &str| columns[name].as_array().map_or(&[][..], Vec::as_slice);
            column("time").iter().zip(column("value")).collect()
        }
    };
    let row = |(index, (time, value)): (usize, (&Value, &Value))| {
        let place = format!("beat {}", index + 1);
        let time_s = time.as_f64().with_context(|| format!("{place}: {time} is not a time"))?;
        let position = if value.is_object() { &value["position"] } else { value };
        let in_bar = match position {
            Value::Null => 0,
            _ => match position.as_f64() {
                Some(n) if (1.0..=255.0).contains(&n) && n.fract() == 0.0 => n as u8,
                _ => {
                    bail!("{place}: {position} is no beat in the bar; count from 1, to 255 at most")
                }
            },
        };
        Ok((place, BeatLabel { time_s, in_bar }))
    };
    observations.into_iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> Result<Vec<BeatLabel>> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        read(&path)
    }

    #[test]
    fn both_formats_give_the_same_beats() {
        let beat = |time_s, in_bar| BeatLabel { time_s, in_bar };
        let goal = vec![beat(0.5, 4), beat(1.0, 1)];
        assert_eq!(written("a.beats", "0.5\t4\n\n1.0\t1\n").expect("read"), goal);
        let list = r#"{"annotations": [{"namespace": "chord", "data": []}, {"namespace": "beat",
            "data": [{"time": 0.5, "duration": 0, "value": 4, "confidence": null},
                     {"time": 1.0, "duration": 0, "value": 1, "confidence": null}]}]}"#;
        assert_eq!(written("a.jams", list).expect("read"), goal);
        let columns = r#"{"annotations": [{"namespace": "beat_position", "data":
            {"time": [0.5, 1.0], "value": [{"position": 4, "measure": 1}, {"position": 1}]}}]}"#;
        assert_eq!(written("a.jams", columns).expect("read"), goal);
        assert_eq!(written("a.beats", "0.5").expect("read")[0].in_bar, 0);
        assert_eq!(written("a.jams", &jams("null")).expect("read")[0].in_bar, 0);
    }

    /// A JAMS file of one beat with the value given.
    fn jams(value: &str) -> String {
        let beat = format!(r#"{{"time": 0.5, "value": {value}}}"#);
        format!(r#"{{"annotations": [{{"namespace": "beat", "data": [{beat}]}}]}}"#)
    }

    #[test]
    fn bad_beats_are_named() {
        for (name, text, named) in [
            ("a.beats", "0.5 1\nsoon 2", "line 2: 'soon'"),
            ("d.beats", "\n", "no beats"),
            ("e.jams", "{}", "no annotations"),
            (
                "f.jams",
                r#"{"annotations": [{"namespace": "beat", "data": [{"time": "x"}]}]}"#,
                "beat 1",
            ),
            ("g.jams", &jams("0"), "beat 1: 0 is no beat"),
            ("h.jams", &jams("256"), "beat 1: 256 is no beat"),
            ("i.jams", &jams("{\"position\": 1.5}"), "beat 1: 1.5 is no beat"),
            ("j.jams", &jams("\"one\""), "beat 1: \"one\" is no beat"),
            (
                "k.jams",
                r#"{"annotations": [{"namespace": "beat", "data": [{"time": 1, "value": 2}, {"time": 2}]}]}"#,
                "beat 2 has no beat in the bar",
            ),
        ] {
            let error = format!("{:#}", written(name, text).expect_err("refused"));
            assert!(error.contains(named) && error.contains(name), "{error}");
        }
        let beats = written("a.beats", "0.5 1\n9.0 2").expect("read");
        assert!(format!("{:#}", within(&beats, 8.0).expect_err("refused")).contains("9 s"));
        assert!(within(&beats, 9.0).is_ok());
    }
}

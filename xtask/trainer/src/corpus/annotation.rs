//! Annotated beats: `.beats` lines (`seconds<TAB>beat in bar`) and JAMS (Humphrey et al. 2014).

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::clip::BeatLabel;

/// JAMS namespaces that hold beats.
const NAMESPACES: [&str; 2] = ["beat", "beat_position"];

/// Reads the beats in the file at `path`, by its extension. A beat whose place in the bar is not
/// said has place 0.
///
/// # Errors
/// When the file cannot be read, holds no beats, or they are negative or not in ascending order;
/// the message names the file, the line and the value.
pub(super) fn read(path: &Path) -> Result<Vec<BeatLabel>> {
    let parse = || {
        let text = std::fs::read_to_string(path)?;
        let jams = path.extension().is_some_and(|extension| extension == "jams");
        let rows = if jams { jams_rows(&text)? } else { lines(&text)? };
        checked(rows)
    };
    parse().with_context(|| path.display().to_string())
}

/// Refuses beats after `seconds`, the length of the audio.
///
/// # Errors
/// With the first beat that lies beyond.
pub(super) fn within(beats: &[BeatLabel], seconds: f64) -> Result<()> {
    match beats.iter().find(|beat| beat.time_s > seconds + 0.1) {
        Some(beat) => bail!("beat at {} s lies beyond the audio, {seconds:.2} s long", beat.time_s),
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
    if rows.is_empty() {
        bail!("holds no beats");
    }
    Ok(rows.into_iter().map(|(_, beat)| beat).collect())
}

fn lines(text: &str) -> Result<Vec<(String, BeatLabel)>> {
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let mut words =
            line.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty());
        let time_s = words.next().and_then(|word| word.parse::<f64>().ok());
        let in_bar = words.next().map_or(Some(0.0), |word| word.parse::<f64>().ok());
        let place = format!("line {}", number + 1);
        let (Some(time_s), Some(in_bar)) = (time_s, in_bar.filter(|n| (0.0..256.0).contains(n)))
        else {
            bail!("{place}: {line:?} is not `seconds beat`");
        };
        rows.push((place, BeatLabel { time_s, in_bar: in_bar as u8 }));
    }
    Ok(rows)
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
        let position = value.get("position").unwrap_or(value).as_f64().unwrap_or(0.0);
        Ok((place, BeatLabel { time_s, in_bar: position.clamp(0.0, 255.0) as u8 }))
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
    }

    #[test]
    fn bad_beats_are_named() {
        for (name, text, named) in [
            ("a.beats", "0.5 1\nsoon 2", "line 2: \"soon 2\""),
            ("b.beats", "0.5 1\n\n0.4 2", "line 3: 0.4 comes after 0.5"),
            ("c.beats", "-0.5 1", "line 1: -0.5"),
            ("d.beats", "\n", "no beats"),
            ("e.jams", "{}", "no annotations"),
            (
                "f.jams",
                r#"{"annotations": [{"namespace": "beat", "data": [{"time": "x"}]}]}"#,
                "beat 1",
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

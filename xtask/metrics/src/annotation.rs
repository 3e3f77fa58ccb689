//! Annotations, read from files: times that people, or other programs, say are in a piece: one line each, `seconds`, and for beats
//! `<TAB>beat in bar` (1 = downbeat). Lines that start with `#` are remarks. School and stage read them here, so that what one accepts the
//! other does.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// How far after the end of the audio a time may lie, seconds: headers of lossy files do not count their
/// samples exactly.
pub const FORGIVEN_S: f64 = 0.1;

/// Beats of one piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Beats {
    /// Seconds, ascending.
    pub times: Vec<f64>,
    /// The place of each in its bar, from 1; None when the file has no such column.
    pub in_bar: Option<Vec<u8>>,
}

impl Beats {
    /// Reads a file of beats. `end_s` is the length of the audio, where it is known.
    ///
    /// # Errors
    /// Names the file, the line, its value and what to do, when a line is no time and beat, times do
    /// not ascend from 0 to the end and [`FORGIVEN_S`] more, or only some lines have a beat in the bar.
    pub fn read(path: &Path, end_s: Option<f64>) -> Result<Self> {
        let lines = lines(path, end_s)?;
        let mut in_bar = Vec::new();
        for line in &lines {
            let at = || format!("{} line {}", path.display(), line.number);
            let Some(word) = &line.second else { continue };
            match word.parse::<f64>() {
                Ok(beat) if (1.0..=255.0).contains(&beat) && beat.fract() == 0.0 => {
                    in_bar.push(beat as u8);
                }
                _ => {
                    bail!("{}: '{word}' is no beat in the bar; count from 1, to 255 at most", at())
                }
            }
        }
        if let Some(line) = lines.iter().find(|line| line.second.is_none())
            && !in_bar.is_empty()
        {
            bail!(
                "{} line {}: {} has no beat in the bar, others have; write it in every line or none",
                path.display(),
                line.number,
                line.time
            );
        }
        let times: Vec<f64> = lines.iter().map(|line| line.time).collect();
        let counted = !in_bar.is_empty();
        Ok(Self { times, in_bar: counted.then_some(in_bar) })
    }

    /// The first beats of bars; None when the bars are not known.
    #[must_use]
    pub fn downbeats(&self) -> Option<Vec<f64>> {
        let in_bar = self.in_bar.as_ref()?;
        let pairs = self.times.iter().zip(in_bar);
        Some(pairs.filter(|&(_, &beat)| beat == 1).map(|(&time, _)| time).collect())
    }
}

/// Reads a file of onsets: ascending seconds.
///
/// # Errors
/// As [`Beats::read`].
pub fn onsets(path: &Path, end_s: Option<f64>) -> Result<Vec<f64>> {
    Ok(lines(path, end_s)?.iter().map(|line| line.time).collect())
}

/// One line that says something.
struct Line {
    /// From 1, as editors count.
    number: usize,
    time: f64,
    second: Option<String>,
}

fn lines(path: &Path, end_s: Option<f64>) -> Result<Vec<Line>> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("{}: cannot be read as text; check the file", path.display()))?;
    let mut lines: Vec<Line> = Vec::new();
    for (index, text) in text.lines().enumerate() {
        let mut words = text.split_whitespace();
        let Some(first) = words.next().filter(|word| !word.starts_with('#')) else { continue };
        let number = index + 1;
        let at = || format!("{} line {number}", path.display());
        let Some(time) = first.parse().ok().filter(|time: &f64| time.is_finite()) else {
            bail!("{}: '{first}' is no number of seconds; correct or remove the line", at());
        };
        if time < 0.0 {
            bail!("{}: {time} s is before the start of the file; remove the line", at());
        }
        if let Some(before) = lines.last().filter(|before| before.time >= time) {
            bail!(
                "{}: {time} s does not come after {} s; sort the lines by time",
                at(),
                before.time
            );
        }
        if let Some(end) = end_s.filter(|&end| time > end + FORGIVEN_S) {
            bail!(
                "{}: {time} s is beyond the end of the audio ({end:.3} s); is it of this file?",
                at()
            );
        }
        lines.push(Line { number, time, second: words.next().map(ToOwned::to_owned) });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(text: &str, end_s: Option<f64>) -> Result<Beats> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.beats");
        fs::write(&path, text).expect("written");
        Beats::read(&path, end_s)
    }

    #[test]
    fn beats_with_and_without_bars() {
        let counted = beats("# made by the trainer\n0.5\t1\n1.0\t2\n\n1.5\t1\n", Some(1.5));
        let counted = counted.expect("beats");
        assert_eq!(counted.downbeats(), Some(vec![0.5, 1.5]));
        assert_eq!(counted.times.len(), 3);
        let bare = beats("0\n1e0\n", None).expect("beats");
        assert_eq!((bare.times.as_slice(), bare.downbeats()), (&[0.0, 1.0][..], None));
        assert!(beats("", None).expect("an empty file").times.is_empty());
        assert!(beats("0\n1.55\n", Some(1.5)).is_ok());
    }

    #[test]
    fn every_bad_line_is_named_with_its_value_and_a_remedy() {
        for (text, words) in [
            ("1\t1\nhalf past\t2\n", ["line 2", "'half'", "correct or remove"]),
            ("1\t1\nNaN\t2\n", ["line 2", "'NaN'", "correct or remove"]),
            ("-0.5\t1\n", ["line 1", "-0.5 s", "remove the line"]),
            ("1\t1\n# two\n0.9\t2\n", ["line 3", "0.9 s", "sort the lines"]),
            ("1\t1\n1\t2\n", ["line 2", "1 s", "sort the lines"]),
            ("1\t1\n10.5\t2\n", ["line 2", "10.5 s", "is it of this file?"]),
            ("1\t0\n", ["line 1", "'0'", "count from 1"]),
            ("1\t256\n", ["line 1", "'256'", "255 at most"]),
            ("1\tone\n", ["line 1", "'one'", "count from 1"]),
            ("1\t1\n2\n3\t2\n", ["line 2", "2 has no beat", "every line or none"]),
        ] {
            let line = format!("{:#}", beats(text, Some(10.0)).expect_err(text));
            assert!(line.contains("x.beats") && !line.contains('\n'), "{line}");
            for word in words {
                assert!(line.contains(word), "'{word}' is missing in: {line}");
            }
        }
    }
}

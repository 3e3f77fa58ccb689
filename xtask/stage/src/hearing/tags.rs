//! The tags of one file, from the lines the plugin reports: one for every second or so.

use std::collections::BTreeMap;

use super::{TagMoment, Tags, round};
use crate::report::TagsLine;

/// A mood word or an instrument is named from this mean on.
const NAMED: f64 = 0.5;

impl Tags {
    /// Means over the lines in which there was music. Each comes with its time in seconds.
    pub(super) fn over(lines: &[(f64, &TagsLine)]) -> Self {
        let music: Vec<&TagsLine> =
            lines.iter().map(|&(_, line)| line).filter(|line| line.sounding).collect();
        Self {
            top: top(&music),
            genre: mean(&music, |line| &line.genre),
            mood: mean(&music, |line| &line.mood),
            valence: mean_of(&music, |line| line.valence),
            arousal: mean_of(&music, |line| line.arousal),
            instrument: mean(&music, |line| &line.instrument),
        }
    }

    /// The mood word that fits best, if one fits.
    #[must_use]
    pub fn mood_word(&self) -> Option<&str> {
        let best = self.mood.iter().max_by(|a, b| a.1.total_cmp(b.1));
        best.filter(|(_, fit)| **fit >= NAMED).map(|(word, _)| word.as_str())
    }

    /// The instruments that play for most of the time, the surest first.
    #[must_use]
    pub fn players(&self) -> Vec<&str> {
        let mut players: Vec<_> = self.instrument.iter().filter(|(_, p)| **p >= NAMED).collect();
        players.sort_by(|a, b| b.1.total_cmp(a.1));
        players.into_iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Genre, mood and instruments in one line; none when nothing was heard.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        if self.genre.is_empty() {
            return None;
        }
        let mut line = self.top.as_deref().unwrap_or("genre unsure").to_owned();
        if let Some(word) = self.mood_word() {
            line = format!("{line}, {word}");
        }
        let players = self.players();
        if !players.is_empty() {
            line = format!("{line}, with {}", players.join(", "));
        }
        Some(line)
    }
}

impl TagMoment {
    /// What `line` says, at `time` seconds.
    pub(super) fn new(time: f64, line: &TagsLine) -> Self {
        let rounded = |values: &BTreeMap<String, f64>| {
            values.iter().map(|(word, &p)| (word.clone(), round(p))).collect()
        };
        Self {
            time,
            top: line.top.clone(),
            genre: rounded(&line.genre),
            instrument: rounded(&line.instrument),
            playing: line.playing.clone(),
            valence: round(line.valence),
            arousal: round(line.arousal),
            sounding: line.sounding,
        }
    }
}

/// The genre that was named most; none when for more than half of the time there was none.
fn top(lines: &[&TagsLine]) -> Option<String> {
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    lines.iter().filter_map(|line| line.top.as_deref()).for_each(|top| {
        *named.entry(top).or_default() += 1;
    });
    if 2 * named.values().sum::<usize>() < lines.len() {
        return None;
    }
    named.into_iter().max_by_key(|(_, count)| *count).map(|(top, _)| top.to_owned())
}

fn mean(
    lines: &[&TagsLine],
    values: impl Fn(&TagsLine) -> &BTreeMap<String, f64>,
) -> BTreeMap<String, f64> {
    let words = lines.first().into_iter().flat_map(|line| values(line).keys());
    let of = |word: &str| mean_of(lines, |line| values(line).get(word).copied().unwrap_or(0.0));
    words.map(|word| (word.clone(), of(word))).collect()
}

fn mean_of(lines: &[&TagsLine], value: impl Fn(&TagsLine) -> f64) -> f64 {
    round(lines.iter().map(|line| value(line)).sum::<f64>() / lines.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(top: Option<&str>, rock: f64, bass: f64, sounding: bool) -> TagsLine {
        let one = |word: &str, p| BTreeMap::from([(word.to_owned(), p)]);
        TagsLine {
            top: top.map(str::to_owned),
            genre: one("rock", rock),
            mood: one("happy", 0.75),
            instrument: one("bass", bass),
            valence: 0.5,
            sounding,
            ..TagsLine::default()
        }
    }

    #[test]
    fn means_are_over_the_seconds_with_music() {
        let lines = [
            line(Some("rock"), 0.8, 0.4, true),
            line(None, 0.4, 0.8, true),
            line(None, 0.0, 0.0, false),
        ];
        let lines: Vec<_> = lines.iter().map(|line| (1.0, line)).collect();
        let tags = Tags::over(&lines);
        assert_eq!(
            (tags.top.as_deref(), tags.genre["rock"], tags.valence),
            (Some("rock"), 0.6, 0.5)
        );
        assert_eq!(tags.line().as_deref(), Some("rock, happy, with bass"));
        assert_eq!(Tags::over(&lines[1..]).top, None);
        assert_eq!((Tags::over(&lines[2..]), Tags::default().line()), (Tags::default(), None));
    }
}

//! The scores as text for people: per folder every file, then the means with their intervals.

use super::report::{Group, NO_TEMPO, Report, Row};
use metrics::{Interval, Level};
use std::fmt::Write as _;

/// How a number is shown.
#[derive(Clone, Copy)]
enum Show {
    /// 0..1, two digits.
    Share,
    /// Whole milliseconds.
    Millis,
    /// Beats per minute.
    Bpm,
    /// A share of files; of one file, nothing.
    Files,
    /// A share of files; of one file, the name of its level.
    Level,
}

/// Key, heading and look of a column.
const COLUMNS: [(&str, &str, Show); 12] = [
    ("beat_f", "beat F", Show::Share),
    ("beat_f_without_bias", "unbiased", Show::Share),
    ("beat_bias_ms", "bias ms", Show::Millis),
    ("downbeat_f", "downbeat", Show::Share),
    ("cml_t", "CMLt", Show::Share),
    ("aml_t", "AMLt", Show::Share),
    ("tempo_bpm", "bpm", Show::Bpm),
    ("tempo_accuracy_1", "tempo 1", Show::Files),
    ("tempo_accuracy_2", "tempo 2", Show::Files),
    ("octave_error", "octave", Show::Level),
    ("onset_f_25", "onset 25", Show::Share),
    ("onset_f_50", "onset 50", Show::Share),
];
const WIDTH: usize = 10;
const NAME: usize = 32;

/// The table.
pub(super) fn text(report: &Report) -> String {
    let system = report.setting.systems.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (index, group) in report.groups.iter().enumerate() {
        if index == 0 || report.groups[index - 1].folder != group.folder {
            heading(&mut text, group.label(), system);
            let inside = |row: &&Row| group.folder.as_ref() == Some(&row.folder);
            for row in report.rows.iter().filter(inside) {
                line(&mut text, &row.name, &row.system, system, &cells(row));
            }
        }
        let title = format!("mean of {}", group.pieces);
        line(&mut text, &title, &group.system, system, &means(group));
        line(&mut text, "  95 %", "", system, &intervals(group));
    }
    footer(&mut text, report);
    text
}

fn heading(text: &mut String, folder: &str, system: usize) {
    let _ = writeln!(text);
    let headings: Vec<String> = COLUMNS.iter().map(|column| column.1.to_owned()).collect();
    line(text, folder, "", system, &[headings, vec!["ECE".to_owned()]].concat());
}

fn line(text: &mut String, name: &str, tracker: &str, system: usize, cells: &[String]) {
    let name: String = if name.chars().count() > NAME {
        name.chars().take(NAME - 1).chain(['…']).collect()
    } else {
        name.to_owned()
    };
    let cells: String = cells.iter().map(|cell| format!("{cell:>WIDTH$}")).collect();
    let whole = format!("{name:<NAME$}  {tracker:<system$}{cells}");
    let _ = writeln!(text, "{}", whole.trim_end());
}

fn cells(row: &Row) -> Vec<String> {
    let cell = |&(key, _, show): &(&str, &str, Show)| match (show, row.score.values.get(key)) {
        (Show::Level, _) => row.score.level.map_or(NO_TEMPO, Level::name).to_owned(),
        (Show::Files, _) | (_, None) => String::new(),
        (_, Some(&value)) => shown(value, show),
    };
    COLUMNS.iter().map(cell).collect()
}

fn means(group: &Group) -> Vec<String> {
    let ece = group.ece().map_or(String::new(), |ece| shown(ece, Show::Share));
    [averaged(group, |mean, show| shown(mean.mean, show)), vec![ece]].concat()
}

fn intervals(group: &Group) -> Vec<String> {
    averaged(group, |Interval { low, high, .. }, show| match show {
        Show::Millis => format!("{low:.0}..{high:.0}"),
        _ => format!("{}-{}", bare(low), bare(high)),
    })
}

/// A cell for every column. A mean of tempi says nothing, so its cell is empty.
fn averaged(group: &Group, cell: impl Fn(Interval, Show) -> String) -> Vec<String> {
    let cell = |&(key, _, show): &(&str, &str, Show)| match (group.mean(key), show) {
        (_, Show::Bpm) | (None, _) => String::new(),
        (Some(mean), _) => cell(mean, show),
    };
    COLUMNS.iter().map(cell).collect()
}

fn shown(value: f64, show: Show) -> String {
    match show {
        Show::Share | Show::Files | Show::Level => format!("{value:.3}"),
        Show::Millis => format!("{value:+.0}"),
        Show::Bpm => format!("{value:.1}"),
    }
}

/// A share without its leading zero, so that two fit into a column.
fn bare(share: f64) -> String {
    let text = format!("{share:.2}");
    text.strip_prefix('0').unwrap_or(&text).to_owned()
}

fn footer(text: &mut String, report: &Report) {
    let setting = &report.setting;
    let _ = writeln!(
        text,
        "\nlive, blocks of {}, {}. Beats at the time they left, 70 ms, after 5 s; 'unbiased' is F without\n\
         the constant part of the error. Tempo 4 %; 'octave' is the share of files off by 2, 3, 3:2 or 2:3.",
        setting.block, setting.backend
    );
    let own = setting.systems.first().and_then(|own| report.overall(own));
    if let Some(lag) = own.and_then(|own| own.mean("onset_lag_ms")) {
        let _ = writeln!(
            text,
            "Onsets at the time they say they sounded; they left {:.0} ms later.",
            lag.mean
        );
    }
    if !setting.unannotated.is_empty() {
        let _ = writeln!(
            text,
            "{} without annotation: {}",
            setting.unannotated.len(),
            setting.unannotated.join(", ")
        );
    }
}

//! All scores of a run, and their means per folder and over all.

use super::score::{MEASURES, Score};
use metrics::{
    Bin, Interval, Judged, Level, expected_calibration_error, mean_interval, reliability,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Seeds the resampling, so that a report repeats.
const SEED: u64 = 1;
/// What the group of all pieces is called for people. A folder may be called so too.
const ALL: &str = "all";
/// What is known of a tracker's tempo when it gave too few beats.
pub(super) const NO_TEMPO: &str = "none";

/// One tracker on one piece.
pub(super) struct Row {
    pub(super) folder: String,
    pub(super) name: String,
    pub(super) system: String,
    pub(super) score: Score,
}

/// One tracker on the pieces of a folder, or on all.
pub(super) struct Group {
    /// None for all of them.
    pub(super) folder: Option<String>,
    pub(super) system: String,
    /// How many pieces.
    pub(super) pieces: usize,
    /// Of each measure, over the pieces that have it.
    pub(super) means: BTreeMap<&'static str, Interval>,
    /// How many pieces have their tempo at each level.
    pub(super) levels: Map<String, Value>,
    /// Confidence against truth, over all beats; None for trackers without confidence.
    pub(super) reliability: Option<[Bin; 10]>,
}

/// How the run was made.
#[derive(Serialize)]
pub(super) struct Setting {
    pub(super) mode: &'static str,
    pub(super) block: u32,
    pub(super) backend: String,
    pub(super) model: Option<String>,
    /// The trackers, ours first.
    pub(super) systems: Vec<String>,
    /// Audio files without annotation.
    pub(super) unannotated: Vec<String>,
}

/// A whole run.
pub(super) struct Report {
    pub(super) setting: Setting,
    /// By folder, piece and tracker.
    pub(super) rows: Vec<Row>,
    /// By folder and tracker; those over all come last.
    pub(super) groups: Vec<Group>,
}

impl Report {
    pub(super) fn new(setting: Setting, rows: Vec<Row>) -> Self {
        let mut folders: Vec<Option<&str>> =
            rows.iter().map(|row| Some(row.folder.as_str())).collect();
        folders.dedup();
        folders.push(None);
        let mut groups = Vec::new();
        for folder in folders {
            for system in &setting.systems {
                let inside = |row: &&Row| folder.is_none_or(|folder| row.folder == folder);
                let of = |row: &&Row| row.system == *system && inside(row);
                groups.push(Group::of(folder, system, &rows.iter().filter(of).collect::<Vec<_>>()));
            }
        }
        Self { setting, rows, groups }
    }

    /// The group of one tracker over all pieces.
    pub(super) fn overall(&self, system: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.folder.is_none() && group.system == system)
    }

    /// The document that `--json` prints and `eval.json` holds. The folder of a mean over all is null.
    pub(super) fn json(&self) -> Value {
        let files: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let level = row.score.level.map_or(NO_TEMPO, Level::name);
                let scores = measures(|key| json!(row.score.values.get(key).copied().map(round)));
                json!({"folder": row.folder, "name": row.name, "system": row.system,
                       "level": level, "scores": scores})
            })
            .collect();
        let means: Vec<Value> = self
            .groups
            .iter()
            .map(|group| {
                let means = measures(|key| json!(group.mean(key).map(rounded)));
                json!({"folder": group.folder, "system": group.system, "files": group.pieces,
                       "means": means, "levels": group.levels,
                       "expected_calibration_error": group.ece().map(round),
                       "reliability": group.reliability})
            })
            .collect();
        json!({"setting": self.setting, "files": files, "means": means})
    }

    /// One line per piece and tracker, then one per mean; what has no meaning is empty.
    pub(super) fn tsv(&self) -> String {
        let line = |first: [&str; 4], cell: &dyn Fn(&'static str) -> String| {
            let first = first.map(ToOwned::to_owned);
            first.into_iter().chain(MEASURES.map(cell)).collect::<Vec<_>>().join("\t") + "\n"
        };
        let digits =
            |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
        let mut text = line(["folder", "name", "system", "level"], &|key| key.to_owned());
        for Row { folder, name, system, score } in &self.rows {
            let level = score.level.map_or(NO_TEMPO, Level::name);
            let cell = |key| digits(score.values.get(key).copied());
            text += &line([folder, name, system, level], &cell);
        }
        for group in &self.groups {
            let cell = |key| digits(group.mean(key).map(|mean| mean.mean));
            text += &line([group.label(), "mean", &group.system, ""], &cell);
        }
        text
    }
}

impl Group {
    fn of(folder: Option<&str>, system: &str, rows: &[&Row]) -> Self {
        let mean = |key| {
            let values = rows.iter().filter_map(|row| row.score.values.get(key).copied());
            Some((key, mean_interval(&values.collect::<Vec<f64>>(), SEED)?))
        };
        let judged: Vec<Judged> = rows.iter().flat_map(|row| &row.score.judged).copied().collect();
        Self {
            folder: folder.map(ToOwned::to_owned),
            system: system.to_owned(),
            pieces: rows.len(),
            means: MEASURES.into_iter().filter_map(mean).collect(),
            levels: levels(rows),
            reliability: (!judged.is_empty()).then(|| reliability(&judged)),
        }
    }

    /// What its pieces are called together.
    pub(super) fn label(&self) -> &str {
        self.folder.as_deref().unwrap_or(ALL)
    }

    /// The mean of a measure.
    pub(super) fn mean(&self, key: &str) -> Option<Interval> {
        self.means.get(key).copied()
    }

    /// Expected calibration error, 0..1.
    pub(super) fn ece(&self) -> Option<f64> {
        expected_calibration_error(self.reliability.as_ref()?)
    }
}

fn levels(rows: &[&Row]) -> Map<String, Value> {
    let count = |level: Option<Level>| {
        let name = level.map_or(NO_TEMPO, Level::name).to_owned();
        (name, json!(rows.iter().filter(|row| row.score.level == level).count()))
    };
    Level::ALL.into_iter().map(Some).chain([None]).map(count).collect()
}

fn measures(of: impl Fn(&str) -> Value) -> Map<String, Value> {
    MEASURES.iter().map(|&key| (key.to_owned(), of(key))).collect()
}

/// Six digits are more than any score is worth.
pub(super) fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// A value and its interval with as many digits.
pub(super) fn rounded(interval: Interval) -> Interval {
    Interval { mean: round(interval.mean), low: round(interval.low), high: round(interval.high) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_called_all_is_not_the_total() {
        let row = |folder: &str| Row {
            folder: folder.into(),
            name: "x".into(),
            system: "tatum".into(),
            score: Score {
                values: BTreeMap::new(),
                level: None,
                errors: Vec::new(),
                judged: Vec::new(),
            },
        };
        let setting = Setting {
            mode: "live",
            block: 512,
            backend: String::new(),
            model: None,
            systems: vec!["tatum".into()],
            unannotated: Vec::new(),
        };
        let report = Report::new(setting, vec![row("all"), row("all"), row("b")]);
        let pieces: Vec<usize> = report.groups.iter().map(|group| group.pieces).collect();
        assert_eq!(pieces, [2, 1, 3]);
        assert_eq!(report.overall("tatum").map(|group| group.pieces), Some(3));
        let json = report.json();
        assert!(json["means"][0]["folder"] == "all" && json["means"][2]["folder"].is_null());
    }
}

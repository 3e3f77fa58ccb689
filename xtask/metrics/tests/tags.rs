//! The measures of tags against those of scikit-learn; `golden/make_tags.py` writes the file.

use metrics::{
    Confusion, Judged, Scored, average_precision, averages, concordance,
    expected_calibration_error, r2, reliability, roc_auc,
};
use serde_json::{Value, json};

const CASES: &str = include_str!("golden/sklearn.json");

fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().expect("a list");
    list.iter().map(|number| number.as_f64().expect("a number")).collect()
}

fn agree(case: &Value, key: &str, ours: Option<f64>) {
    let theirs = &case[key];
    let same = match ours {
        Some(ours) => theirs.as_f64().is_some_and(|theirs| (ours - theirs).abs() < 1e-6),
        None => theirs.is_null(),
    };
    assert!(same, "{} {}: {key} {ours:?}, not {theirs}", case["kind"], case["name"]);
}

fn cases(kind: &str, fewest: usize) -> Vec<Value> {
    let mut cases: Vec<Value> = serde_json::from_str(CASES).expect("the golden file");
    cases.retain(|case| case["kind"] == kind);
    assert!(cases.len() >= fewest, "{} cases of {kind}", cases.len());
    cases
}

#[test]
fn genres_agree() {
    for case in cases("genre", 15) {
        let [truth, guess] = ["truth", "guess"].map(|key| numbers(&case[key]));
        let pairs =
            truth.iter().zip(&guess).map(|(&truth, &guess)| (truth as usize, guess as usize));
        let classes = case["classes"].as_u64().expect("a count") as usize;
        let confusion = Confusion::of(classes, pairs);
        agree(&case, "accuracy", confusion.accuracy());
        agree(&case, "balanced_accuracy", confusion.balanced_accuracy());
        agree(&case, "macro_f1", confusion.macro_f1());
    }
}

#[test]
fn rankings_agree() {
    for case in cases("tags", 20) {
        let table = |key: &str| -> Vec<Vec<f64>> {
            case[key].as_array().expect("rows").iter().map(numbers).collect()
        };
        let (truth, guess) = (table("truth"), table("guess"));
        let column = |tag: usize| {
            let rows = truth.iter().zip(&guess);
            rows.map(|(t, g)| Scored { score: g[tag], positive: t[tag] == 1.0 }).collect()
        };
        let tags: Vec<Vec<Scored>> = (0..truth[0].len()).map(column).collect();
        type Measure = fn(&[Scored]) -> Option<f64>;
        for (key, measure) in
            [("roc_auc", roc_auc as Measure), ("average_precision", average_precision)]
        {
            let found = averages(&tags, measure);
            agree(&case, &format!("{key}_macro"), found.over_tags);
            agree(&case, &format!("{key}_micro"), found.pooled);
            let each = case[format!("{key}_each")].as_array().expect("tags");
            assert_eq!(found.left_out, each.iter().filter(|value| value.is_null()).count());
            for (tag, theirs) in tags.iter().zip(each) {
                agree(
                    &json!({"kind": key, "name": case["name"], "each": theirs}),
                    "each",
                    measure(tag),
                );
            }
        }
    }
}

#[test]
fn valence_and_arousal_agree() {
    for case in cases("number", 12) {
        let pairs: Vec<(f64, f64)> =
            numbers(&case["truth"]).into_iter().zip(numbers(&case["guess"])).collect();
        agree(&case, "r2", r2(&pairs));
        agree(&case, "concordance", concordance(&pairs));
    }
}

#[test]
fn calibration_agrees() {
    for case in cases("confidence", 6) {
        let pairs = numbers(&case["guess"]).into_iter().zip(numbers(&case["truth"]));
        let judged: Vec<Judged> =
            pairs.map(|(confidence, right)| Judged { confidence, right: right == 1.0 }).collect();
        agree(&case, "error", expected_calibration_error(&reliability(&judged)));
    }
}

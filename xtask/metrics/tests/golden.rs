//! The measures against those of mir_eval; `golden/make.py` writes the file.

use metrics::{BEAT_WINDOW_S, cemgil, continuity, f_measure, settled};
use serde_json::Value;

const CASES: &str = include_str!("golden/mir_eval.json");

#[test]
fn mir_eval_agrees() {
    let cases: Vec<Value> = serde_json::from_str(CASES).expect("the golden file");
    assert!(cases.len() >= 30);
    for case in cases {
        let times = |key: &str| -> Vec<f64> {
            let list = case[key].as_array().expect("a list");
            list.iter().map(|time| time.as_f64().expect("seconds")).collect()
        };
        let (reference, estimated) = (times("reference"), times("estimated"));
        let (reference, estimated) = (settled(&reference), settled(&estimated));
        let gauss = cemgil(reference, estimated);
        let runs = continuity(reference, estimated);
        for (key, ours) in [
            ("f", f_measure(reference, estimated, BEAT_WINDOW_S)),
            ("onset_f_25", f_measure(reference, estimated, 0.025)),
            ("onset_f_50", f_measure(reference, estimated, 0.05)),
            ("cemgil", gauss.score),
            ("cemgil_best", gauss.best),
            ("cml_c", runs.cml_c),
            ("cml_t", runs.cml_t),
            ("aml_c", runs.aml_c),
            ("aml_t", runs.aml_t),
        ] {
            let theirs = case[key].as_f64().expect("a score");
            assert!((ours - theirs).abs() < 1e-6, "{}: {key} {ours}, not {theirs}", case["name"]);
        }
    }
}

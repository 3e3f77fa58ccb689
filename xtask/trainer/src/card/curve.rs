//! The learning curve as a picture, in plain SVG.

use std::fmt::Write;

use crate::train::Entry;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const MARGIN: f64 = 48.0;

/// A line of the picture.
struct Line {
    name: &'static str,
    colour: &'static str,
    value: fn(&Entry) -> f64,
}

const LINES: [Line; 5] = [
    Line { name: "beat F", colour: "#1b7837", value: |e| e.scores.f[0] },
    Line { name: "downbeat F", colour: "#762a83", value: |e| e.scores.f[1] },
    Line { name: "onset F", colour: "#b35806", value: |e| e.scores.f[2] },
    Line { name: "loss", colour: "#999999", value: |e| e.loss },
    Line { name: "validation loss", colour: "#333333", value: |e| e.scores.loss },
];

/// Scores and losses over steps; both share the axis from 0 to 1.
#[must_use]
pub fn curve(history: &[Entry]) -> String {
    let last = history.last().map_or(1, |entry| entry.step).max(1) as f64;
    let x = |step: f64| MARGIN + (WIDTH - 2.0 * MARGIN) * step / last;
    let y = |value: f64| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * value.clamp(0.0, 1.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for tenth in (0..=10).step_by(2) {
        let value = f64::from(tenth) / 10.0;
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            svg,
            "<path d=\"M{:.1} {:.1}H{:.1}\" stroke=\"#dddddd\"/><text x=\"12\" y=\"{:.1}\">{value:.1}</text>",
            MARGIN,
            y(value),
            WIDTH - MARGIN,
            y(value) + 4.0
        );
    }
    for quarter in 0..=4 {
        let step = last * f64::from(quarter) / 4.0;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{step:.0}</text>",
            x(step),
            HEIGHT - MARGIN + 20.0
        );
    }
    for (index, line) in LINES.iter().enumerate() {
        let points: Vec<String> = history
            .iter()
            .map(|entry| format!("{:.1},{:.1}", x(entry.step as f64), y((line.value)(entry))))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n\
             <text x=\"{:.1}\" y=\"28\" fill=\"{}\">{}</text>",
            points.join(" "),
            line.colour,
            MARGIN + 120.0 * index as f64,
            line.colour,
            line.name
        );
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_every_line_and_survives_an_empty_history() {
        let history: Vec<Entry> =
            (0..5).map(|i| Entry { step: i * 100, ..Entry::default() }).collect();
        let svg = curve(&history);
        assert_eq!(svg.matches("<polyline").count(), LINES.len());
        assert!(!svg.contains("NaN") && !curve(&[]).contains("NaN"));
    }
}

//! Beat F-measure of every file, a bar for each tracker.

use super::{GRID, HEAD, LANE, MARGIN, TEXT_SIZE, colour, head};
use crate::eval::report::{Report, Row};
use crate::picture::canvas::{Align, Canvas};
use crate::picture::{FAINT_INK, INK, PAPER};
use anyhow::Result;

const WIDTH: f32 = 1600.0;
const LEFT: f32 = 380.0;
const PLOT: f32 = WIDTH - LEFT - MARGIN - 24.0;
const BAR: f32 = 8.0;
/// Least height of a file, so that its name has room.
const LEAST: f32 = 20.0;
const GAP: f32 = 8.0;
const FOLDER: f32 = 34.0;
const AXIS: f32 = 40.0;

/// The picture as PNG bytes.
///
/// # Errors
/// When the picture is too large.
pub(in crate::eval) fn png(report: &Report) -> Result<Vec<u8>> {
    let systems = report.setting.systems.len();
    let file = (BAR * systems as f32).max(LEAST) + GAP;
    let pieces: Vec<&[Row]> = report.rows.chunks(systems).collect();
    let folders = pieces.chunk_by(|a, b| a[0].folder == b[0].folder).count();
    let height = HEAD + file * pieces.len() as f32 + FOLDER * folders as f32 + AXIS;
    let mut canvas = Canvas::new(WIDTH, height, PAPER)?;
    let names: Vec<String> =
        report.setting.systems.iter().map(|name| named(report, name)).collect();
    head(&mut canvas, "Beat F-measure, 70 ms; marked: without the constant error of time", &names);
    let mut y = HEAD;
    for folder in pieces.chunk_by(|a, b| a[0].folder == b[0].folder) {
        canvas.text(MARGIN, y + FOLDER - 12.0, 20.0, INK, Align::Left, &folder[0][0].folder);
        y += FOLDER;
        let tall = file * folder.len() as f32;
        canvas.fill_rect(LEFT, y - GAP / 2.0, PLOT, tall, LANE, 1.0);
        for tenth in 0..=10 {
            let x = LEFT + PLOT * tenth as f32 / 10.0;
            canvas.fill_rect(x, y - GAP / 2.0, 1.0, tall, GRID, 1.0);
        }
        for piece in folder {
            bars(&mut canvas, y, file - GAP, piece);
            y += file;
        }
    }
    for fifth in 0..=5 {
        let x = LEFT + PLOT * fifth as f32 / 5.0;
        let text = format!("{:.1}", fifth as f32 / 5.0);
        canvas.text(x, y + 20.0, TEXT_SIZE, FAINT_INK, Align::Centre, &text);
    }
    canvas.png()
}

/// A tracker with its mean over all files.
fn named(report: &Report, system: &str) -> String {
    let mean = report.overall(system).and_then(|group| group.mean("beat_f"));
    mean.map_or(system.to_owned(), |m| {
        format!("{system}  {:.3} [{:.3}, {:.3}]", m.mean, m.low, m.high)
    })
}

fn bars(canvas: &mut Canvas, top: f32, height: f32, piece: &[Row]) {
    let middle = top + height / 2.0;
    canvas.text(LEFT - 12.0, middle + 6.0, TEXT_SIZE, INK, Align::Right, &short(&piece[0].name));
    let start = middle - BAR * piece.len() as f32 / 2.0;
    for (system, row) in piece.iter().enumerate() {
        let of = |key| row.score.values.get(key).copied().unwrap_or(0.0) as f32;
        let y = start + BAR * system as f32;
        canvas.fill_rect(LEFT, y, (PLOT * of("beat_f")).max(1.5), BAR - 1.0, colour(system), 1.0);
        canvas.fill_rect(
            LEFT + PLOT * of("beat_f_without_bias") - 1.0,
            y,
            2.5,
            BAR - 1.0,
            INK,
            1.0,
        );
    }
}

/// A name that fits beside the bars.
fn short(name: &str) -> String {
    const MOST: usize = 38;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}

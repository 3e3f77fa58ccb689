//! Histogram of the signed errors of beats, a line for each tracker.

use super::{GRID, HEAD, LANE, MARGIN, TEXT_SIZE, colour, head};
use crate::eval::report::Report;
use crate::eval::score::REACH_S;
use crate::picture::canvas::{Align, Canvas};
use crate::picture::{FAINT_INK, INK, PAPER};
use anyhow::Result;
use metrics::{BEAT_WINDOW_S, median};

const LEFT: f32 = 96.0;
const PLOT: f32 = 1040.0;
const TALL: f32 = 480.0;
const WIDTH: f32 = LEFT + PLOT + MARGIN + 12.0;
const HEIGHT: f32 = HEAD + TALL + 78.0;
/// Bins over the whole reach; each is 5 ms wide.
const BINS: usize = 56;

/// The picture as PNG bytes.
///
/// # Errors
/// When the picture cannot be encoded.
pub(in crate::eval) fn png(report: &Report) -> Result<Vec<u8>> {
    let errors: Vec<Vec<f64>> = report
        .setting
        .systems
        .iter()
        .map(|system| {
            let rows = report.rows.iter().filter(|row| row.system == *system);
            rows.flat_map(|row| &row.score.errors).copied().collect()
        })
        .collect();
    let names: Vec<String> = report
        .setting
        .systems
        .iter()
        .zip(&errors)
        .map(|(system, errors)| match median(errors) {
            Some(bias) => format!("{system}  median {:+.0} ms", 1_000.0 * bias),
            None => format!("{system}  none"),
        })
        .collect();
    let shares: Vec<[f64; BINS]> = errors.iter().map(|errors| histogram(errors)).collect();
    // A tenth of room above the highest.
    let most = 1.1 * shares.iter().flatten().fold(0.05_f64, |most, &share| most.max(share)) as f32;
    let mut canvas = Canvas::new(WIDTH, HEIGHT, PAPER)?;
    head(&mut canvas, "Errors of beats in time", &names);
    axes(&mut canvas, most);
    // Ours is drawn last, on top.
    for (system, shares) in shares.iter().enumerate().rev() {
        let wide = PLOT / BINS as f32;
        let mut steps = Vec::with_capacity(2 * BINS);
        for (bin, &share) in shares.iter().enumerate() {
            let y = HEAD + TALL * (1.0 - share as f32 / most);
            let x = LEFT + wide * bin as f32;
            steps.extend([(x, y), (x + wide, y)]);
        }
        if system == 0 {
            canvas.area(&steps, HEAD + TALL, colour(system), 0.25);
        }
        canvas.polyline(&steps, 2.2, colour(system));
    }
    canvas.png()
}

/// Share of the errors in each bin.
fn histogram(errors: &[f64]) -> [f64; BINS] {
    let mut shares = [0.0; BINS];
    for error in errors {
        let place = (error + REACH_S) / (2.0 * REACH_S) * BINS as f64;
        shares[(place as usize).min(BINS - 1)] += 1.0 / errors.len() as f64;
    }
    shares
}

fn axes(canvas: &mut Canvas, most: f32) {
    let x = |error_s: f64| LEFT + PLOT * (0.5 + 0.5 * error_s / REACH_S) as f32;
    canvas.fill_rect(LEFT, HEAD, PLOT, TALL, LANE, 1.0);
    for millis in (-120..=120).step_by(20) {
        let x = x(f64::from(millis) / 1_000.0);
        canvas.fill_rect(x, HEAD, 1.0, TALL, GRID, 1.0);
        let text = if millis == 0 { "0".to_owned() } else { format!("{millis:+}") };
        canvas.text(x, HEAD + TALL + 24.0, TEXT_SIZE, FAINT_INK, Align::Centre, &text);
    }
    let step = if most > 0.25 { 0.1 } else { 0.05 };
    for index in 0..=(most / step) as usize {
        let share = step * index as f32;
        let y = HEAD + TALL * (1.0 - share / most);
        canvas.fill_rect(LEFT, y, PLOT, 1.0, GRID, 1.0);
        let text = format!("{:.0} %", 100.0 * share);
        canvas.text(LEFT - 10.0, y + 6.0, TEXT_SIZE, FAINT_INK, Align::Right, &text);
    }
    for border in [-BEAT_WINDOW_S, BEAT_WINDOW_S] {
        canvas.fill_rect(x(border) - 1.0, HEAD, 2.0, TALL, FAINT_INK, 0.6);
    }
    let about = "milliseconds; beats to the right are late, the window of 70 ms is marked";
    canvas.text(LEFT + PLOT / 2.0, HEIGHT - 16.0, TEXT_SIZE, INK, Align::Centre, about);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_in_one_bin() {
        let shares = histogram(&[-REACH_S, 0.001, 0.002, REACH_S]);
        assert_eq!((shares[0], shares[BINS / 2], shares[BINS - 1]), (0.25, 0.5, 0.25));
        assert_eq!(histogram(&[]), [0.0; BINS]);
    }
}

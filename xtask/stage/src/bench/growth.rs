//! The picture of growth: processor time over the number of instances.

use super::lanes::Lanes;
use super::rig::FRAMES_PER_S;
use crate::eval::plot::{GRID, HEAD, LANE, MARGIN, TEXT_SIZE, colour, head};
use crate::picture::canvas::{Align, Canvas};
use crate::picture::{FAINT_INK, INK, PAPER};
use anyhow::Result;

const LEFT: f32 = 110.0;
const PLOT: f32 = 1000.0;
const TALL: f32 = 480.0;
const WIDTH: f32 = LEFT + PLOT + MARGIN + 12.0;
const HEIGHT: f32 = HEAD + TALL + 78.0;

/// The picture as PNG bytes.
///
/// # Errors
/// When the picture cannot be encoded.
pub(super) fn png(lanes: &[Lanes]) -> Result<Vec<u8>> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, PAPER)?;
    let names = ["all threads", "the worker alone", "late, or a block missed"];
    head(&mut canvas, "Growth with lanes", &names.map(str::to_owned));
    canvas.fill_rect(LEFT, HEAD, PLOT, TALL, LANE, 1.0);
    let most_lanes = lanes.iter().map(|l| l.lanes).max().unwrap_or(1) as f32;
    let shares = lanes.iter().filter_map(|l| l.cpu_share);
    // A tenth of room above the highest.
    let most = 1.1 * shares.fold(0.01_f64, f64::max) as f32;
    let x = |count: usize| LEFT + PLOT * 0.97 * count as f32 / most_lanes;
    let y = |share: f64| HEAD + TALL * (1.0 - share as f32 / most);
    let step = step(most);
    for line in 0..=(most / step) as usize {
        let share = step * line as f32;
        let y = y(f64::from(share));
        canvas.fill_rect(LEFT, y, PLOT, 1.0, GRID, 1.0);
        let text = format!("{:.0} %", 100.0 * share);
        canvas.text(LEFT - 10.0, y + 6.0, TEXT_SIZE, FAINT_INK, Align::Right, &text);
    }
    let all = |l: &Lanes| Some((x(l.lanes), y(l.cpu_share?)));
    let worker = |l: &Lanes| {
        let share = l.worker_us_per_frame? * 1e-6 * FRAMES_PER_S * l.lanes as f64;
        Some((x(l.lanes), y(share)))
    };
    canvas.polyline(&lanes.iter().filter_map(all).collect::<Vec<_>>(), 2.2, colour(0));
    canvas.polyline(&lanes.iter().filter_map(worker).collect::<Vec<_>>(), 2.2, colour(1));
    let mut labelled = f32::MIN;
    for count in lanes {
        let Some((x, y)) = all(count) else { continue };
        let mark = if count.in_time() { colour(0) } else { colour(2) };
        let size = if count.in_time() { 8.0 } else { 14.0 };
        canvas.fill_rect(x - size / 2.0, y - size / 2.0, size, size, mark, 1.0);
        if x - labelled > 34.0 {
            let text = count.lanes.to_string();
            canvas.text(x, HEAD + TALL + 24.0, TEXT_SIZE, FAINT_INK, Align::Centre, &text);
            labelled = x;
        }
    }
    let about = "instances; share of one core, 48 kHz, blocks of 512";
    canvas.text(LEFT + PLOT / 2.0, HEIGHT - 16.0, TEXT_SIZE, INK, Align::Centre, about);
    canvas.png()
}

/// A round step that gives four to ten lines.
fn step(most: f32) -> f32 {
    let rounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0];
    rounds.into_iter().find(|step| most / step <= 10.0).unwrap_or(5.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::percentiles::Percentiles;

    #[test]
    fn any_number_of_lanes_makes_a_picture() {
        let lanes = |lanes: usize, late| Lanes {
            lanes,
            blocks: 100,
            missed_blocks: 0,
            missed_calls: 0,
            late,
            gaps: 0,
            worker_ms: None,
            call_us: Percentiles::of(vec![5.0]),
            cpu_share: Some(0.01 * lanes as f64),
            worker_us_per_frame: Some(150.0),
        };
        for counts in [vec![], vec![lanes(1, 0)], vec![lanes(1, 0), lanes(64, 9)]] {
            let picture = tiny_skia::Pixmap::decode_png(&png(&counts).expect("a picture"));
            assert_eq!(picture.expect("a PNG").width(), WIDTH as u32);
        }
    }
}

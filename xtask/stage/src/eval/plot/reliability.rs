//! Reliability diagram: how often beats, or names, of a confidence were right (DeGroot, Fienberg
//! 1983), over the number of them.

use super::{GRID, HEAD, LANE, MARGIN, TEXT_SIZE, colour, head};
use crate::eval::report::{Group, Report};
use crate::picture::canvas::{Align, Canvas};
use crate::picture::{FAINT_INK, INK, PAPER};
use anyhow::Result;
use metrics::Bin;

const LEFT: f32 = 96.0;
const SIDE: f32 = 560.0;
const COUNTS: f32 = 120.0;
const GAP: f32 = 26.0;
const WIDTH: f32 = LEFT + SIDE + MARGIN + 12.0;
const HEIGHT: f32 = HEAD + SIDE + GAP + COUNTS + 78.0;

/// What a diagram shows.
pub(in crate::eval) struct Reliability {
    pub(in crate::eval) title: &'static str,
    /// What is right or wrong: beats, names.
    pub(in crate::eval) of: &'static str,
    pub(in crate::eval) legend: String,
    pub(in crate::eval) bins: Option<[Bin; 10]>,
}

impl Reliability {
    /// The beats of a report.
    pub(in crate::eval) fn of_beats(report: &Report) -> Self {
        let own = report.setting.systems.first().and_then(|own| report.overall(own));
        let bins = own.and_then(|own| own.reliability);
        let legend = own.map(|own| named(own, bins.as_ref())).unwrap_or_default();
        Self { title: "Confidence and truth of beats", of: "beats", legend, bins }
    }

    /// The picture as PNG bytes.
    ///
    /// # Errors
    /// When the picture cannot be encoded.
    pub(in crate::eval) fn png(&self) -> Result<Vec<u8>> {
        let mut canvas = Canvas::new(WIDTH, HEIGHT, PAPER)?;
        head(&mut canvas, self.title, std::slice::from_ref(&self.legend));
        axes(&mut canvas, self.of);
        if let Some(bins) = &self.bins {
            draw(&mut canvas, bins);
        }
        canvas.png()
    }
}

fn named(own: &Group, bins: Option<&[Bin; 10]>) -> String {
    let beats: usize = bins.into_iter().flatten().map(|bin| bin.count).sum();
    let ece = own.ece().map_or("no beats".to_owned(), |ece| format!("calibration error {ece:.3}"));
    format!("{}  {beats} beats, {ece}", own.system)
}

fn axes(canvas: &mut Canvas, of: &str) {
    let below = HEAD + SIDE + GAP;
    canvas.fill_rect(LEFT, HEAD, SIDE, SIDE, LANE, 1.0);
    canvas.fill_rect(LEFT, below, SIDE, COUNTS, LANE, 1.0);
    for fifth in 0..=5 {
        let share = fifth as f32 / 5.0;
        let (x, y) = (LEFT + SIDE * share, HEAD + SIDE * (1.0 - share));
        canvas.fill_rect(x, HEAD, 1.0, SIDE, GRID, 1.0);
        canvas.fill_rect(LEFT, y, SIDE, 1.0, GRID, 1.0);
        let text = format!("{share:.1}");
        canvas.text(LEFT - 10.0, y + 6.0, TEXT_SIZE, FAINT_INK, Align::Right, &text);
        canvas.text(x, below + COUNTS + 24.0, TEXT_SIZE, FAINT_INK, Align::Centre, &text);
    }
    canvas.polyline(&[(LEFT, HEAD + SIDE), (LEFT + SIDE, HEAD)], 1.5, FAINT_INK);
    canvas.text(
        LEFT + 10.0,
        HEAD + 24.0,
        TEXT_SIZE,
        INK,
        Align::Left,
        &format!("share of {of} that are right"),
    );
    canvas.text(LEFT + 10.0, below + 22.0, TEXT_SIZE, INK, Align::Left, of);
    let middle = LEFT + SIDE / 2.0;
    canvas.text(middle, HEIGHT - 16.0, TEXT_SIZE, INK, Align::Centre, "confidence");
}

fn draw(canvas: &mut Canvas, bins: &[Bin; 10]) {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1) as f32;
    let wide = SIDE / bins.len() as f32;
    let floor = HEAD + SIDE + GAP + COUNTS;
    for (index, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.count > 0) {
        let x = LEFT + wide * index as f32;
        let (right, tall) = (SIDE * bin.right as f32, COUNTS * 0.7 * bin.count as f32 / most);
        canvas.fill_rect(x + 2.0, HEAD + SIDE - right, wide - 4.0, right, colour(0), 0.55);
        // Where the bin's own mean confidence is, not its middle.
        let at = LEFT + SIDE * bin.confidence as f32;
        canvas.fill_rect(at - 4.0, HEAD + SIDE - right - 4.0, 8.0, 8.0, INK, 1.0);
        canvas.fill_rect(x + 2.0, floor - tall.max(1.0), wide - 4.0, tall.max(1.0), colour(0), 1.0);
        let count = bin.count.to_string();
        canvas.text(x + wide / 2.0, floor - tall - 5.0, 14.0, FAINT_INK, Align::Centre, &count);
    }
}

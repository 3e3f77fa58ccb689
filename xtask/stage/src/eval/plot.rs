//! The pictures of a report, and what they share with those of other commands.

pub(super) mod beats;
pub(super) mod confusion;
pub(super) mod errors;
pub(super) mod reliability;

use crate::picture::canvas::{Align, Canvas, Colour};
use crate::picture::{FAINT_INK, INK};

pub(crate) const GRID: Colour = Colour(0xd5, 0xda, 0xe1);
pub(crate) const LANE: Colour = Colour(0xf5, 0xf6, 0xf8);
/// Ours first, then the peers in their order.
const COLOURS: [Colour; 6] = [
    Colour(0x2f, 0x7d, 0xc9),
    Colour(0xd9, 0x5f, 0x0e),
    Colour(0x2e, 0x8b, 0x57),
    Colour(0x7b, 0x4f, 0xb0),
    Colour(0xb8, 0x86, 0x0b),
    Colour(0x8d, 0x99, 0xaa),
];
pub(crate) const MARGIN: f32 = 28.0;
const TITLE_SIZE: f32 = 28.0;
pub(crate) const TEXT_SIZE: f32 = 18.0;
/// Height of the title and the legend under it.
pub(crate) const HEAD: f32 = 96.0;

pub(crate) fn colour(system: usize) -> Colour {
    COLOURS[system % COLOURS.len()]
}

/// A title, and under it the name of each tracker in its colour.
pub(crate) fn head(canvas: &mut Canvas, title: &str, names: &[String]) {
    canvas.text(MARGIN, 42.0, TITLE_SIZE, INK, Align::Left, title);
    let mut x = MARGIN;
    for (system, name) in names.iter().enumerate() {
        canvas.fill_rect(x, 62.0, 14.0, 14.0, colour(system), 1.0);
        x += 22.0;
        x += canvas.text(x, 75.0, TEXT_SIZE, FAINT_INK, Align::Left, name) + 30.0;
    }
}

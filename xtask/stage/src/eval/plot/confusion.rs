//! Confusion matrix: a row for each genre, and in it what its pieces were taken for.

use super::{GRID, HEAD, LANE, MARGIN, TEXT_SIZE, colour, head};
use crate::picture::canvas::{Align, Canvas};
use crate::picture::{FAINT_INK, INK, PAPER};
use anyhow::Result;
use metrics::Confusion;

/// Room for the names of the rows.
const LEFT: f32 = 190.0;
const CELL: f32 = 92.0;
const TALL: f32 = 46.0;
/// Room for the share that is right.
const RIGHT: f32 = 90.0;
const AXES: f32 = 84.0;
const SMALL: f32 = 16.0;

/// The picture as PNG bytes. Genres that neither are there nor were guessed are left out.
///
/// # Errors
/// When the picture is too large.
pub(in crate::eval) fn png(
    title: &str,
    about: &str,
    genres: &[String],
    confusion: &Confusion,
) -> Result<Vec<u8>> {
    let occurs = |&class: &usize| confusion.support(class) + confusion.guessed(class) > 0;
    let classes: Vec<usize> = (0..genres.len()).filter(occurs).collect();
    let side = classes.len() as f32;
    let (width, height) = (LEFT + side * CELL + RIGHT + MARGIN, HEAD + side * TALL + AXES);
    let mut canvas = Canvas::new(width.max(620.0), height, PAPER)?;
    head(&mut canvas, title, &[about.to_owned()]);
    for (row, &truth) in classes.iter().enumerate() {
        let y = HEAD + row as f32 * TALL;
        let support = confusion.support(truth);
        let baseline = y + TALL / 2.0 + 6.0;
        canvas.text(LEFT - 12.0, baseline, TEXT_SIZE, INK, Align::Right, &genres[truth]);
        for (column, &guess) in classes.iter().enumerate() {
            let count = confusion.count(truth, guess);
            let share = count as f32 / support.max(1) as f32;
            cell(&mut canvas, LEFT + column as f32 * CELL, y, count, share);
        }
        if support > 0 {
            let right = confusion.count(truth, truth) as f32 / support as f32;
            let x = LEFT + side * CELL + 14.0;
            canvas.text(x, baseline, TEXT_SIZE, FAINT_INK, Align::Left, &format!("{right:.2}"));
        }
    }
    let below = HEAD + side * TALL;
    for (column, &guess) in classes.iter().enumerate() {
        let x = LEFT + (column as f32 + 0.5) * CELL;
        canvas.text(x, below + 24.0, SMALL, INK, Align::Centre, &short(&genres[guess]));
    }
    let middle = LEFT + side * CELL / 2.0;
    canvas.text(middle, below + 58.0, TEXT_SIZE, FAINT_INK, Align::Centre, "taken for");
    canvas.text(LEFT - 12.0, below + 24.0, TEXT_SIZE, FAINT_INK, Align::Right, "is");
    let x = LEFT + side * CELL + 14.0;
    canvas.text(x, below + 24.0, TEXT_SIZE, FAINT_INK, Align::Left, "recall");
    canvas.png()
}

/// One count, the darker the larger its share of the row.
fn cell(canvas: &mut Canvas, x: f32, y: f32, count: usize, share: f32) {
    canvas.fill_rect(x, y, CELL, TALL, GRID, 1.0);
    canvas.fill_rect(x + 1.0, y + 1.0, CELL - 2.0, TALL - 2.0, LANE, 1.0);
    if count == 0 {
        return;
    }
    canvas.fill_rect(x + 1.0, y + 1.0, CELL - 2.0, TALL - 2.0, colour(0), share);
    let ink = if share > 0.6 { PAPER } else { INK };
    let (x, y) = (x + CELL / 2.0, y + TALL / 2.0 + 6.0);
    canvas.text(x, y, TEXT_SIZE, ink, Align::Centre, &count.to_string());
}

/// A name that fits under its column.
fn short(name: &str) -> String {
    const MOST: usize = 11;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_a_cell_for_every_genre_that_occurs() {
        let genres: Vec<String> = (0..20).map(|i| format!("a long genre {i}")).collect();
        let confusion = Confusion::of(20, (0..10).map(|i| (i, 3)));
        let png = png("Genres", "accuracy 0.100", &genres, &confusion).expect("a picture");
        let picture = tiny_skia::Pixmap::decode_png(&png).expect("a PNG");
        assert_eq!(picture.width(), (LEFT + 10.0 * CELL + RIGHT + MARGIN) as u32);
        assert_eq!(picture.height(), (HEAD + 10.0 * TALL + AXES) as u32);
    }
}

//! The instruments: a chip each, lit while it plays; while it does not, a line says how probable it is.

use std::sync::Arc;

use egui::{CornerRadius, Galley, Painter, Rect, Ui, Vec2, pos2, vec2};
use listener::{MOST_TAGS, Vocabulary};

use super::tags::{moving, strength, title};
use super::theme;
use crate::snapshot::Snapshot;

/// Sizes of the words, the largest first: the first with which all chips find room is taken.
const SIZES: [f32; 7] = [14.0, 13.0, 12.0, 10.0, 8.0, 6.0, 5.0];

/// Draws title and chips.
pub(super) fn chips(ui: &Ui, area: Rect, scale: f32, snapshot: &Snapshot, words: &Vocabulary) {
    let (painter, tags) = (ui.painter(), &snapshot.tags);
    let room = title(painter, area, scale, "INSTRUMENTS");
    let names = &words.instruments[..words.instruments.len().min(MOST_TAGS)];
    let layouts =
        SIZES.map(|size| size * scale).into_iter().map(|size| flow(painter, room, size, names));
    let layout =
        layouts.reduce(|larger, smaller| if fits(&larger, room) { larger } else { smaller });
    let strength = strength(snapshot);
    let painter = painter.with_clip_rect(area);
    for (index, (chip, galley)) in layout.unwrap_or_default().into_iter().enumerate() {
        let on = tags.plays(index);
        let lit = moving(ui, "plays", index, f32::from(u8::from(on))).clamp(0.0, 1.0) * strength;
        let share = moving(ui, "instrument", index, tags.instrument[index]).clamp(0.0, 1.0);
        let corner = CornerRadius::same((chip.height() / 2.0).clamp(0.0, 255.0) as u8);
        painter.rect_filled(chip, corner, theme::IDLE.lerp_to_gamma(theme::TAG, lit));
        // Dark on a bright chip; bright on one that is held dim in silence.
        let ink = match on {
            true if lit > 0.6 => theme::GROUND,
            true => theme::TEXT,
            false => theme::DIM,
        };
        painter.galley_with_override_text_color(chip.center() - galley.size() / 2.0, galley, ink);
        let track =
            chip.shrink2(vec2(chip.height() / 2.0, 0.0)).with_min_y(chip.bottom() - 3.0 * scale);
        let line = track.with_max_x(track.left() + track.width() * share);
        let color = theme::faded(theme::TAG, 0.7 * (1.0 - lit));
        painter.rect_filled(line.with_max_y(chip.bottom() - 1.0 * scale), 0, color);
    }
}

type Chip = (Rect, Arc<Galley>);

/// Places for `names` in words of `size`, row by row.
fn flow(painter: &Painter, room: Rect, size: f32, names: &[String]) -> Vec<Chip> {
    let gap = 0.45 * size;
    let mut at = room.min;
    let place = |name: &String| {
        let galley = painter.layout_no_wrap(name.clone(), theme::words(size), theme::DIM);
        let chip: Vec2 = galley.size() + vec2(1.4 * size, 0.75 * size);
        if at.x > room.left() && at.x + chip.x > room.right() {
            at = pos2(room.left(), at.y + chip.y + gap);
        }
        let area = Rect::from_min_size(at, chip);
        at.x += chip.x + gap;
        (area, galley)
    };
    names.iter().map(place).collect()
}

fn fits(chips: &[Chip], room: Rect) -> bool {
    let room = room.expand(0.5);
    chips.iter().all(|(chip, _)| chip.bottom() <= room.bottom() && chip.right() <= room.right())
}

//! What the music is: the genre in a large word and the likeliest as bars, the mood, the instruments.
//! Follows whatever words the tag model has.

use egui::{Align2, Color32, FontId, Painter, Rect, Ui, pos2, vec2};
use listener::Vocabulary;

use super::{instruments, mood, theme};
use crate::health::Health;
use crate::snapshot::Snapshot;

/// Most genres shown as bars.
const BARS: usize = 5;
/// How strong everything is while the last tags are held in silence.
const SILENT: f32 = 0.4;
/// Seconds in which what is shown moves to what is new.
const MOVE_S: f32 = 0.4;

/// Draws the panel.
pub(super) fn panel(ui: &Ui, area: Rect, scale: f32, snapshot: &Snapshot) {
    ui.painter().rect_filled(area, theme::CORNER, theme::PANEL);
    if !area.is_positive() {
        return;
    }
    let inside = area.shrink2(vec2(14.0, 10.0) * scale);
    if fault(&snapshot.tag_health) {
        let text = snapshot.tag_health.to_string();
        let font = theme::words(14.0 * scale);
        let galley = ui.painter().layout(text, font, theme::ALERT, inside.width());
        let at = pos2(inside.left(), inside.center().y - galley.size().y / 2.0);
        ui.painter().with_clip_rect(area).galley(at, galley, theme::ALERT);
        return;
    }
    let (left, rest) = inside.split_left_right_at_x(inside.left() + 0.32 * inside.width());
    let (middle, right) = rest.split_left_right_at_x(rest.left() + 0.5 * rest.width());
    let gap = 22.0 * scale;
    let columns =
        [left, middle.with_min_x(middle.left() + gap), right.with_min_x(right.left() + gap)];
    let none = Vocabulary::default();
    let words = snapshot.vocabulary.as_deref().unwrap_or(&none);
    genre(ui, columns[0], scale, snapshot, words);
    mood::plane(ui, columns[1], scale, snapshot, words);
    instruments::chips(ui, columns[2], scale, snapshot, words);
}

/// Whether something is wrong with the tags.
fn fault(health: &Health) -> bool {
    !health.listens() && !health.is_calm()
}

/// How strong the tags are drawn: fully while there is music.
pub(super) fn strength(snapshot: &Snapshot) -> f32 {
    if snapshot.tags.sounding { 1.0 } else { SILENT }
}

/// The title of a column; returns what is left below.
pub(super) fn title(painter: &Painter, area: Rect, scale: f32, text: &str) -> Rect {
    let at = pos2(area.left(), area.top() + 6.0 * scale);
    painter.text(at, Align2::LEFT_CENTER, text, theme::words(12.0 * scale), theme::DIM);
    area.with_min_y(area.top() + 19.0 * scale)
}

/// `value`, on its way there. `what` and `index` say which value it is.
pub(super) fn moving(ui: &Ui, what: &str, index: usize, value: f32) -> f32 {
    let value = if value.is_finite() { value } else { 0.0 };
    ui.ctx().animate_value_with_time(ui.scope_id().with((what, index)), value, MOVE_S)
}

fn genre(ui: &Ui, area: Rect, scale: f32, snapshot: &Snapshot, words: &Vocabulary) {
    let (painter, tags) = (ui.painter(), &snapshot.tags);
    let below = title(painter, area, scale, "GENRE");
    let named = tags.top.and_then(|top| words.genres.get(usize::from(top)));
    let heard = tags.heard_s > 0.0;
    let (word, color) = match named {
        Some(word) => (word.as_str(), theme::faded(theme::TEXT, strength(snapshot))),
        None if heard => ("unsure", theme::faded(theme::DIM, strength(snapshot))),
        None => ("no tags yet", theme::faded(theme::DIM, 0.7)),
    };
    let at = pos2(below.left(), below.top() + 17.0 * scale);
    let font = fitting(painter, word, 30.0 * scale, below.width());
    theme::bold(painter, at, Align2::LEFT_CENTER, word, font, color);
    let rows = below.with_min_y(below.top() + 42.0 * scale);
    if !heard {
        let text = "A second of music is enough.";
        let font = fitting(painter, text, 13.0 * scale, rows.width());
        let at = pos2(rows.left(), rows.top() + 8.0 * scale);
        painter.text(at, Align2::LEFT_CENTER, text, font, theme::DIM);
        return;
    }
    if !tags.sounding {
        let at = pos2(area.right(), area.top() + 6.0 * scale);
        let font = theme::words(12.0 * scale);
        painter.text(at, Align2::RIGHT_CENTER, "silence", font, theme::DIM);
    }
    let mut likeliest: Vec<usize> = (0..words.genres.len().min(tags.genre.len())).collect();
    likeliest.sort_by(|&a, &b| tags.genre[b].total_cmp(&tags.genre[a]));
    let height = rows.height() / BARS as f32;
    for (place, &index) in likeliest.iter().take(BARS).enumerate() {
        let top = rows.top() + place as f32 * height;
        let row = Rect::from_min_size(pos2(rows.left(), top), vec2(rows.width(), height));
        let share = moving(ui, "genre", index, tags.genre[index]).clamp(0.0, 1.0);
        let named = tags.top == Some(index as u8);
        bar(painter, row, scale, &words.genres[index], share, named, strength(snapshot));
    }
}

/// One genre: its word, how probable it is, and that as a number.
fn bar(
    painter: &Painter,
    row: Rect,
    scale: f32,
    word: &str,
    share: f32,
    named: bool,
    strength: f32,
) {
    let middle = row.center().y;
    let ink = theme::faded(if named { theme::TEXT } else { theme::DIM }, strength);
    let (words, number) = (0.42 * row.width(), 34.0 * scale);
    let font = fitting(painter, word, 13.0 * scale, words - 6.0 * scale);
    painter.text(pos2(row.left(), middle), Align2::LEFT_CENTER, word, font, ink);
    let percent = format!("{:.0} %", 100.0 * share);
    let font = theme::words(12.0 * scale);
    painter.text(pos2(row.right(), middle), Align2::RIGHT_CENTER, percent, font, ink);
    let track = Rect::from_min_max(
        pos2(row.left() + words, middle - 4.0 * scale),
        pos2(row.right() - number - 4.0 * scale, middle + 4.0 * scale),
    );
    painter.rect_filled(track, theme::CORNER, theme::IDLE);
    let filled = track.with_max_x(track.left() + track.width() * share);
    let color: Color32 = if named { theme::TAG } else { theme::faded(theme::TAG, 0.45) };
    painter.rect_filled(filled, theme::CORNER, theme::faded(color, strength));
}

/// Words of at most `size` that take no more than `width`.
pub(super) fn fitting(painter: &Painter, text: &str, size: f32, width: f32) -> FontId {
    let font = theme::words(size);
    let wide = painter.layout_no_wrap(text.to_owned(), font, theme::TEXT).size().x;
    theme::words((size * (width / wide.max(1.0)).min(1.0)).max(4.0))
}

//! The mood: a point on the plane of valence and arousal (Russell's circumplex, 1980), where it came
//! from, and the words that lie near it.

use egui::{Align2, Painter, Pos2, Rect, Stroke, Ui, pos2};
use listener::Vocabulary;

use super::tags::{fitting, moving, strength, title};
use super::theme;
use crate::snapshot::Snapshot;

/// A word that fits at least this well is named.
const NAMED: f32 = 0.5;
/// Most words named.
const WORDS: usize = 2;

/// Draws title, words and plane.
pub(super) fn plane(ui: &Ui, area: Rect, scale: f32, snapshot: &Snapshot, words: &Vocabulary) {
    let (painter, tags) = (ui.painter(), &snapshot.tags);
    let heard = tags.heard_s > 0.0;
    let (valence, arousal) = (clean(tags.valence), clean(tags.arousal));
    let mut fits: Vec<(&str, f32)> = words.moods(valence, arousal).filter(|_| heard).collect();
    let plane = title(painter, area, scale, "MOOD");
    painter.rect_filled(plane, theme::CORNER, theme::GROUND);
    axes(painter, plane, scale);
    let at = |valence: f32, arousal: f32| {
        let room = plane.shrink(11.0 * scale);
        let (x, y) = (0.5 + 0.5 * clean(valence), 0.5 - 0.5 * clean(arousal));
        pos2(room.left() + x * room.width(), room.top() + y * room.height())
    };
    let strength = strength(snapshot);
    for (index, mood) in words.moods.iter().enumerate() {
        let fit = fits.get(index).map_or(0.0, |(_, fit)| *fit) * strength;
        let place = at(mood.valence, mood.arousal);
        label(painter, plane, place, scale, &mood.word, fit);
    }
    if !heard {
        return;
    }
    let now = at(moving(ui, "valence", 0, valence), moving(ui, "arousal", 0, arousal));
    let trail: Vec<Pos2> = snapshot.trail().iter().map(|&[v, a]| at(v, a)).collect();
    point(painter, &trail, now, scale, strength);

    fits.retain(|(_, fit)| *fit >= NAMED);
    fits.sort_by(|a, b| b.1.total_cmp(&a.1));
    let named: Vec<&str> = fits.iter().take(WORDS).map(|(word, _)| *word).collect();
    let corner = pos2(area.right(), area.top() + 6.0 * scale);
    let (named, color) = (named.join(", "), theme::faded(theme::TEXT, strength));
    let font = fitting(painter, &named, 15.0 * scale, area.width() - 50.0 * scale);
    theme::bold(painter, corner, Align2::RIGHT_CENTER, &named, font, color);
}

/// The cross, and what its ends mean.
fn axes(painter: &Painter, plane: Rect, scale: f32) {
    let stroke = Stroke::new(1.0 * scale, theme::IDLE);
    painter.hline(plane.x_range(), plane.center().y, stroke);
    painter.vline(plane.center().x, plane.y_range(), stroke);
    let (font, color) = (theme::words(10.0 * scale), theme::faded(theme::DIM, 0.7));
    let (inset, center) = (4.0 * scale, plane.center());
    let right = pos2(plane.right() - inset, center.y + inset / 2.0);
    painter.text(right, Align2::RIGHT_TOP, "pleasant", font.clone(), color);
    let top = pos2(center.x - inset, plane.top() + inset / 2.0);
    painter.text(top, Align2::RIGHT_TOP, "excited", font, color);
}

/// A word at its place, the brighter the better it fits.
fn label(painter: &Painter, plane: Rect, place: Pos2, scale: f32, word: &str, fit: f32) {
    let color = theme::faded(theme::DIM, 0.55).lerp_to_gamma(theme::TEXT, fit.clamp(0.0, 1.0));
    let font = theme::words(12.0 * scale);
    let galley = painter.layout_no_wrap(word.to_owned(), font, color);
    let half = galley.size() / 2.0;
    // Words at the edge stay inside.
    let inside = plane.shrink(3.0 * scale);
    let x = (place.x - half.x).min(inside.right() - 2.0 * half.x).max(inside.left());
    let y = (place.y - half.y).min(inside.bottom() - 2.0 * half.y).max(inside.top());
    painter.galley(pos2(x, y), galley, color);
}

/// Where the mood is, and fading behind it where it was.
fn point(painter: &Painter, trail: &[Pos2], now: Pos2, scale: f32, strength: f32) {
    let count = trail.len().max(1) as f32;
    let ends = trail.iter().skip(1).chain([&now]);
    for (age, (&from, &to)) in trail.iter().zip(ends).enumerate() {
        let share = (age as f32 + 1.0) / count;
        let color = theme::faded(theme::TAG, 0.7 * share * share * strength);
        painter.line_segment([from, to], Stroke::new((0.8 + 1.8 * share) * scale, color));
    }
    painter.circle_filled(now, 11.0 * scale, theme::faded(theme::TAG, 0.22 * strength));
    painter.circle_filled(now, 6.0 * scale, theme::GROUND);
    painter.circle_filled(now, 5.0 * scale, theme::faded(theme::TAG, strength));
}

/// A place on an axis that can be drawn.
fn clean(value: f32) -> f32 {
    if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 }
}

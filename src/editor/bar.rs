//! The top of the window: tempo, place in the bar, and how sure Tatum is of both.

use egui::{Align2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use nice_plug::prelude::{Param, ParamSetter};

use super::settings::{button, set};
use super::theme;
use crate::correction::TempoCorrection;
use crate::params::TatumParams;
use crate::snapshot::Snapshot;

/// Beats drawn before a meter is known.
const UNKNOWN_BEATS: u8 = 4;
/// More beats in a bar than this would be too thin to see.
const MAX_BEATS: u8 = 16;

/// The tempo, and the buttons with which the user corrects its level.
pub(super) fn tempo(
    ui: &mut Ui,
    area: Rect,
    scale: f32,
    snapshot: &Snapshot,
    params: &TatumParams,
    setter: &ParamSetter<'_>,
) {
    let bpm = snapshot.bar.tempo.0;
    let known = bpm.is_finite() && bpm > 0.0;
    let text = if known { format!("{bpm:.1}") } else { String::from("---") };
    let color =
        if known && snapshot.bar.locked { theme::TEXT } else { theme::faded(theme::DIM, 0.6) };
    let at = pos2(area.left() - 3.0 * scale, area.top() + 50.0 * scale);
    let font = theme::figures(74.0 * scale);
    let number = theme::bold(ui.painter(), at, Align2::LEFT_CENTER, &text, font, color);
    ui.painter().text(
        pos2(number.right() + 6.0 * scale, number.bottom() - 18.0 * scale),
        Align2::LEFT_BOTTOM,
        "BPM",
        theme::words(16.0 * scale),
        theme::DIM,
    );

    let correction = &params.tempo.correction;
    let size = vec2(72.0, 34.0) * scale;
    let choices = [
        ("÷2", TempoCorrection::Half, "Count half as fast"),
        ("as heard", TempoCorrection::AsHeard, "Count as it was heard"),
        ("×2", TempoCorrection::Double, "Count twice as fast"),
    ];
    for (place, (label, choice, hint)) in choices.into_iter().enumerate() {
        let corner =
            pos2(area.left() + place as f32 * (size.x + 6.0 * scale), area.bottom() - size.y);
        let on = correction.value() == choice;
        let spot = Rect::from_min_size(corner, size);
        if button(ui, spot, scale, label, on, theme::BEAT).on_hover_text(hint).clicked() && !on {
            set(setter, correction, correction.preview_normalized(choice));
        }
    }
}

/// The beats of the bar with the one that sounds lit, and the confidence.
pub(super) fn position(ui: &mut Ui, area: Rect, scale: f32, snapshot: &Snapshot, age_s: f32) {
    let bar = &snapshot.bar;
    let beats = match bar.beats_per_bar {
        0 => UNKNOWN_BEATS,
        known => known.min(MAX_BEATS),
    };
    let moved = f64::from(bar.phase_per_sample) * snapshot.rate_hz * f64::from(age_s);
    let phase = f64::from(bar.phase) + moved;
    let phase = if phase.is_finite() { phase.rem_euclid(1.0) as f32 } else { 0.0 };
    let place = phase * f32::from(beats);
    let current = (place as u8).min(beats - 1);

    let gap = 8.0 * scale;
    let row = area.with_max_y(area.top() + 94.0 * scale);
    let width = (row.width() - gap * f32::from(beats - 1)) / f32::from(beats);
    for beat in 0..beats {
        let left = row.left() + f32::from(beat) * (width + gap);
        let segment = Rect::from_min_max(pos2(left, row.top()), pos2(left + width, row.bottom()));
        let sweep = bar.locked.then(|| match beat {
            past if past < current => 1.0,
            now if now == current => place - f32::from(current),
            _ => 0.0,
        });
        draw_beat(ui, segment, scale, beat, sweep, beat == current);
    }
    confidence(ui, area.with_min_y(row.bottom() + 10.0 * scale), scale, snapshot);
}

/// One beat of the bar. `sweep` is how much of it has passed, none when nothing is known.
fn draw_beat(ui: &Ui, area: Rect, scale: f32, beat: u8, sweep: Option<f32>, current: bool) {
    let painter = ui.painter();
    let color = if beat == 0 { theme::DOWNBEAT } else { theme::BEAT };
    let current = current && sweep.is_some();
    painter.rect_filled(area, theme::CORNER, theme::IDLE);
    if let Some(passed) = sweep.filter(|&passed| passed > 0.0) {
        // A beat flashes when it comes and calms down while it lasts; what has passed stays dim.
        let share = if current { 1.0 - 0.55 * passed } else { 0.28 };
        painter.rect_filled(area, theme::CORNER, theme::faded(color, share));
        if current {
            let line = area.shrink(7.0 * scale).with_min_y(area.bottom() - 12.0 * scale);
            painter.rect_filled(line, theme::CORNER, theme::faded(theme::GROUND, 0.35));
            let done = line.with_max_x(line.left() + line.width() * passed);
            painter.rect_filled(done, theme::CORNER, theme::GROUND);
        }
    }
    if beat == 0 {
        let stroke = Stroke::new(1.5 * scale, theme::faded(color, 0.8));
        painter.rect_stroke(area, theme::CORNER, stroke, StrokeKind::Inside);
    }
    let ink = match (sweep.is_some(), current) {
        (true, true) => theme::GROUND,
        (true, false) => theme::TEXT,
        _ => theme::faded(theme::DIM, 0.6),
    };
    let size = (area.width() * 0.6).min(46.0 * scale).max(8.0);
    let digit = (beat + 1).to_string();
    theme::bold(painter, area.center(), Align2::CENTER_CENTER, &digit, theme::figures(size), ink);
}

/// A word and a meter.
fn confidence(ui: &Ui, area: Rect, scale: f32, snapshot: &Snapshot) {
    let painter = ui.painter();
    let share = snapshot.bar.confidence;
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let (word, color) = if snapshot.bar.locked {
        ("LOCKED", theme::GOOD)
    } else if snapshot.health.listens() {
        ("LISTENING…", theme::DOWNBEAT)
    } else {
        ("NOT LISTENING", theme::DIM)
    };
    let top = area.top() + 10.0 * scale;
    let font = theme::words(17.0 * scale);
    theme::bold(painter, pos2(area.left(), top), Align2::LEFT_CENTER, word, font.clone(), color);
    let percent = format!("{:.0} %", 100.0 * share);
    painter.text(pos2(area.right(), top), Align2::RIGHT_CENTER, percent, font, theme::TEXT);
    let meter =
        Rect::from_min_size(pos2(area.left(), top + 15.0 * scale), vec2(area.width(), 8.0 * scale));
    painter.rect_filled(meter, theme::CORNER, theme::IDLE);
    let filled = meter.with_max_x(meter.left() + meter.width() * share);
    painter.rect_filled(filled, theme::CORNER, color);
}

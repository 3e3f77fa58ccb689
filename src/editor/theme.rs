//! Colours and type. Made to be read from two metres in a dark room: one bright thing at a time.

use egui::{Align2, Color32, CornerRadius, FontFamily, FontId, Painter, Pos2, Stroke, Visuals};

/// Behind everything.
pub(super) const GROUND: Color32 = Color32::from_rgb(0x0d, 0x10, 0x15);
/// A surface on it.
pub(super) const PANEL: Color32 = Color32::from_rgb(0x16, 0x1b, 0x23);
/// Something on a surface that is off.
pub(super) const IDLE: Color32 = Color32::from_rgb(0x2b, 0x33, 0x40);
/// What is read first.
pub(super) const TEXT: Color32 = Color32::from_rgb(0xf1, 0xf4, 0xf8);
/// What is read when looked for.
pub(super) const DIM: Color32 = Color32::from_rgb(0x94, 0x9e, 0xae);
/// Beats.
pub(super) const BEAT: Color32 = Color32::from_rgb(0x3d, 0xc1, 0xff);
/// Downbeats.
pub(super) const DOWNBEAT: Color32 = Color32::from_rgb(0xff, 0xb4, 0x2e);
/// Onsets.
pub(super) const ONSET: Color32 = Color32::from_rgb(0xf0, 0x6b, 0xa8);
/// Tags: what the music is.
pub(super) const TAG: Color32 = Color32::from_rgb(0xa9, 0x8b, 0xff);
/// All is well.
pub(super) const GOOD: Color32 = Color32::from_rgb(0x5c, 0xd9, 0x8d);
/// Something is wrong, or is being recorded.
pub(super) const ALERT: Color32 = Color32::from_rgb(0xff, 0x5d, 0x55);

/// Corners of panels and buttons.
pub(super) const CORNER: CornerRadius = CornerRadius::same(6);

/// Makes egui's own widgets look like ours.
pub(super) fn apply(context: &egui::Context) {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = GROUND;
    visuals.window_fill = PANEL;
    visuals.override_text_color = Some(TEXT);
    visuals.selection.bg_fill = BEAT;
    visuals.selection.stroke = Stroke::new(1.0, GROUND);
    for widget in [
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
        &mut visuals.widgets.open,
    ] {
        widget.corner_radius = CORNER;
        widget.bg_fill = IDLE;
        widget.weak_bg_fill = IDLE;
    }
    visuals.widgets.hovered.bg_stroke = Stroke::new(1.0, DIM);
    visuals.widgets.hovered.weak_bg_fill = IDLE.lerp_to_gamma(DIM, 0.25);
    context.set_visuals(visuals);
}

/// Words.
pub(super) fn words(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Figures, all of one width, so that a number does not jump when it changes.
pub(super) fn figures(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}

/// Text, drawn twice a hair apart: the built-in fonts have no bold.
pub(super) fn bold(
    painter: &Painter,
    at: Pos2,
    align: Align2,
    text: &str,
    font: FontId,
    color: Color32,
) -> egui::Rect {
    let hair = font.size / 48.0;
    painter.text(at + egui::vec2(hair, 0.0), align, text, font.clone(), color);
    painter.text(at, align, text, font, color)
}

/// `color` at `share` of its strength over the dark.
pub(super) fn faded(color: Color32, share: f32) -> Color32 {
    color.gamma_multiply(share.clamp(0.0, 1.0))
}

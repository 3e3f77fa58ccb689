//! The picture of the last seconds: the sound, what the network hears in it, and the beats.

use egui::epaint::{Mesh, PathShape};
use egui::{Color32, Rect, Shape, Stroke, Ui, pos2};
use listener::SamplePos;

use super::theme;
use crate::snapshot::{Snapshot, TraceFrame};

/// Seconds from now to the right edge: predicted beats come from there.
const AHEAD_S: f32 = 0.5;
/// Seconds that a window of the usual shape shows, and the most that a picture holds.
const SHOWN_S: f32 = 5.1;
/// Width of the window that shows them, at scale 1.
const USUAL_WIDTH: f32 = 696.0;

/// One trace, in a lane of its own.
struct Trace {
    name: &'static str,
    color: Color32,
    value: fn(&TraceFrame) -> f32,
}

const TRACES: [Trace; 3] = [
    Trace { name: "beat", color: theme::BEAT, value: |frame| frame.beat },
    Trace { name: "downbeat", color: theme::DOWNBEAT, value: |frame| frame.downbeat },
    Trace { name: "onset", color: theme::ONSET, value: |frame| frame.onset },
];

/// From samples to pixels.
struct Time {
    now: SamplePos,
    now_x: f32,
    pixels_per_sample: f32,
}

impl Time {
    fn x(&self, at: SamplePos) -> f32 {
        self.now_x + (at.0 - self.now.0) as f32 * self.pixels_per_sample
    }
}

/// Draws the picture into `area`.
pub(super) fn scope(ui: &Ui, area: Rect, scale: f32, snapshot: &Snapshot, age_s: f32) {
    let painter = ui.painter().with_clip_rect(area);
    painter.rect_filled(area, theme::CORNER, theme::PANEL);
    let rate_hz = snapshot.rate_hz as f32;
    if !area.is_positive() {
        return;
    }
    if rate_hz.is_finite() && rate_hz > 0.0 {
        let pixels_per_s = (USUAL_WIDTH * scale).max(area.width()) / SHOWN_S;
        let time = Time {
            now: snapshot.now.offset((age_s * rate_hz) as i64),
            now_x: area.right() - AHEAD_S * pixels_per_s,
            pixels_per_sample: pixels_per_s / rate_hz,
        };
        painter.add(wave(snapshot.traces(), area, &time));
        marks(&painter, area, scale, snapshot, &time);
        for (place, trace) in TRACES.iter().enumerate() {
            draw_trace(&painter, lane(area, place), scale, trace, snapshot.traces(), &time);
        }
        let stroke = Stroke::new(1.0 * scale, theme::faded(theme::TEXT, 0.5));
        painter.vline(time.now_x, area.y_range(), stroke);
    }
    let sounding = snapshot.traces().iter().rfind(|frame| frame.at <= snapshot.now);
    let sounding = sounding.copied().unwrap_or_default();
    for (place, trace) in TRACES.iter().enumerate() {
        legend(&painter, lane(area, place), scale, trace, clean((trace.value)(&sounding)));
    }
}

/// The lane of trace `place`, from the top.
fn lane(area: Rect, place: usize) -> Rect {
    let height = area.height() / TRACES.len() as f32;
    let top = area.top() + place as f32 * height;
    Rect::from_min_max(pos2(area.left(), top), pos2(area.right(), top + height))
}

/// A trace as a line over a filled hill.
fn draw_trace(
    painter: &egui::Painter,
    lane: Rect,
    scale: f32,
    trace: &Trace,
    frames: &[TraceFrame],
    time: &Time,
) {
    let floor = lane.bottom() - 3.0 * scale;
    let height = lane.height() - 9.0 * scale;
    let points: Vec<_> = frames
        .iter()
        .map(|frame| pos2(time.x(frame.at), floor - clean((trace.value)(frame)) * height))
        .collect();
    let mut hill = Mesh::default();
    hill.reserve_vertices(2 * points.len());
    hill.reserve_triangles(2 * points.len());
    for (index, &point) in points.iter().enumerate() {
        let share = 0.1 + 0.35 * (floor - point.y) / height.max(1.0);
        hill.colored_vertex(point, theme::faded(trace.color, share));
        hill.colored_vertex(pos2(point.x, floor), theme::faded(trace.color, 0.06));
        if let Some(last) = index.checked_sub(1) {
            let corner = 2 * last as u32;
            hill.add_triangle(corner, corner + 1, corner + 2);
            hill.add_triangle(corner + 1, corner + 2, corner + 3);
        }
    }
    painter.add(hill);
    let stroke = Stroke::new(1.8 * scale, trace.color);
    painter.add(Shape::Path(PathShape::line(points, stroke)));
}

/// The beats, those to come included.
fn marks(painter: &egui::Painter, area: Rect, scale: f32, snapshot: &Snapshot, time: &Time) {
    for mark in snapshot.marks() {
        let x = time.x(mark.at);
        let (color, width) = match mark.in_bar {
            1 => (theme::DOWNBEAT, 2.5),
            _ => (theme::TEXT, 1.0),
        };
        let share = 0.2 + 0.4 * clean(mark.confidence);
        painter.vline(x, area.y_range(), Stroke::new(width * scale, theme::faded(color, share)));
    }
}

/// The sound, one bar per frame, behind everything.
fn wave(frames: &[TraceFrame], plot: Rect, time: &Time) -> Mesh {
    let mut mesh = Mesh::default();
    mesh.reserve_triangles(2 * frames.len());
    mesh.reserve_vertices(4 * frames.len());
    let middle = plot.center().y;
    let half = plot.height() / 2.0;
    for pair in frames.windows(2) {
        let (left, right) = (time.x(pair[0].at), time.x(pair[1].at));
        let high = middle - pair[1].high.clamp(-1.0, 1.0) * half;
        let low = middle - pair[1].low.clamp(-1.0, 1.0) * half;
        let gap = 0.2 * (right - left);
        let bar = Rect::from_min_max(pos2(left + gap, high - 0.5), pos2(right, low + 0.5));
        mesh.add_colored_rect(bar, theme::IDLE);
    }
    mesh
}

/// The name of a trace, with the value of what sounds as a light.
fn legend(painter: &egui::Painter, lane: Rect, scale: f32, trace: &Trace, value: f32) {
    let light = pos2(lane.left() + 13.0 * scale, lane.top() + 14.0 * scale);
    let font = theme::words(14.0 * scale);
    let galley = painter.layout_no_wrap(String::from(trace.name), font, theme::TEXT);
    let at = pos2(light.x + 11.0 * scale, light.y - galley.size().y / 2.0);
    let back = Rect::from_min_size(at, galley.size())
        .with_min_x(light.x - 6.0 * scale)
        .expand2(egui::vec2(4.0, 0.0) * scale);
    painter.rect_filled(back, theme::CORNER, theme::faded(theme::PANEL, 0.85));
    painter.circle_filled(light, 5.0 * scale, theme::faded(trace.color, 0.35 + 0.65 * value));
    painter.galley(at, galley, theme::TEXT);
}

/// A number that can be drawn.
fn clean(value: f32) -> f32 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}

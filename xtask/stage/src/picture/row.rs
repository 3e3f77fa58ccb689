//! One row of the picture: number lane, waveform, three activations, tempo, time axis.

use super::canvas::{Align, Canvas, Colour};
use super::{FAINT_INK, INK, MARGIN, ROW_S, WIDTH};
use crate::hearing::{Frame, Hearing};
use crate::song::Song;

pub(super) const BEAT: Colour = Colour(0x2f, 0x7d, 0xc9);
pub(super) const DOWNBEAT: Colour = Colour(0xd9, 0x5f, 0x0e);
const ONSET: Colour = Colour(0x2e, 0x8b, 0x57);
const TEMPO: Colour = Colour(0x7b, 0x4f, 0xb0);
const WAVE: Colour = Colour(0x8d, 0x99, 0xaa);
const LANE: Colour = Colour(0xf5, 0xf6, 0xf8);
const GRID: Colour = Colour(0xd5, 0xda, 0xe1);

const LEFT: f32 = 118.0;
const PLOT: f32 = WIDTH - LEFT - MARGIN;
const NUMBERS: f32 = 26.0;
const WAVE_LANE: f32 = 84.0;
const TRACE_LANE: f32 = 46.0;
const TEMPO_LANE: f32 = 64.0;
const GAP: f32 = 6.0;
const AXIS: f32 = 46.0;
const LANES: f32 = WAVE_LANE + 3.0 * (TRACE_LANE + GAP) + TEMPO_LANE + GAP;
/// Height of a whole row.
pub(super) const HEIGHT: f32 = NUMBERS + LANES + AXIS;
const LABEL: f32 = 18.0;

/// The tempo range that all rows share.
pub(super) struct TempoAxis {
    low: f64,
    high: f64,
}

impl TempoAxis {
    /// Fits the tempi of the first seconds, with a tenth of room on both sides.
    pub(super) fn new(hearing: &Hearing, until: f64) -> Self {
        let shown = hearing.tempo.iter().filter(|t| t.time < until && t.bpm > 0.0);
        let (low, high) =
            shown.fold((f64::MAX, 0.0_f64), |(low, high), t| (low.min(t.bpm), high.max(t.bpm)));
        if low > high {
            return Self { low: 60.0, high: 180.0 };
        }
        let (low, high) = ((low * 0.9 / 10.0).floor() * 10.0, (high * 1.1 / 10.0).ceil() * 10.0);
        Self { low, high }
    }
}

/// Draws the row that starts at `from` seconds with its top edge at `top`.
pub(super) fn draw(
    canvas: &mut Canvas,
    top: f32,
    from: f64,
    song: &Song,
    hearing: &Hearing,
    tempi: &TempoAxis,
) {
    let to = from + ROW_S;
    let x = |time: f64| LEFT + ((time - from) / ROW_S) as f32 * PLOT;
    let lanes = top + NUMBERS;
    let mut y = lanes;
    lane(canvas, y, WAVE_LANE, "audio", INK);
    waveform(canvas, y, from, song);
    y += WAVE_LANE + GAP;
    let frames: Vec<&Frame> =
        hearing.frames.iter().filter(|f| (from..to).contains(&f.heard)).collect();
    type Value = fn(&Frame) -> f64;
    let traces: [(&str, Colour, Value); 3] = [
        ("beat", BEAT, |f| f.beat),
        ("downbeat", DOWNBEAT, |f| f.downbeat),
        ("onset", ONSET, |f| f.onset),
    ];
    for (name, colour, value) in traces {
        lane(canvas, y, TRACE_LANE, name, colour);
        let points: Vec<(f32, f32)> = frames
            .iter()
            .map(|f| {
                (x(f.heard), y + TRACE_LANE - value(f).clamp(0.0, 1.0) as f32 * (TRACE_LANE - 3.0))
            })
            .collect();
        canvas.area(&points, y + TRACE_LANE, colour, 0.28);
        canvas.polyline(&points, 1.6, colour);
        y += TRACE_LANE + GAP;
    }
    for onset in hearing.onsets.iter().filter(|o| (from..to).contains(&o.time)) {
        canvas.fill_rect(x(onset.time) - 1.0, y - GAP - TRACE_LANE, 2.0, 7.0, ONSET, 1.0);
    }
    lane(canvas, y, TEMPO_LANE, "tempo", TEMPO);
    tempo(canvas, y, from, hearing, tempi, &x);
    beats(canvas, top, lanes, from, hearing, &x);
    axis(canvas, lanes + LANES, from, hearing.duration, &x);
}

fn lane(canvas: &mut Canvas, y: f32, height: f32, name: &str, colour: Colour) {
    canvas.fill_rect(LEFT, y, PLOT, height, LANE, 1.0);
    canvas.text(LEFT - 12.0, y + height / 2.0 + 6.0, LABEL, colour, Align::Right, name);
}

/// One vertical stroke per pixel, from the lowest to the highest sample in it, over all channels.
fn waveform(canvas: &mut Canvas, y: f32, from: f64, song: &Song) {
    let peak = song.channels.iter().flatten().fold(1e-9_f32, |peak, s| peak.max(s.abs()));
    let per_pixel = ROW_S * f64::from(song.rate_hz) / f64::from(PLOT);
    let start = from * f64::from(song.rate_hz);
    let (middle, half) = (y + WAVE_LANE / 2.0, WAVE_LANE / 2.0 - 2.0);
    for pixel in 0..PLOT as usize {
        let first = (start + pixel as f64 * per_pixel) as usize;
        let last = ((start + (pixel + 1) as f64 * per_pixel) as usize).min(song.frames());
        if first >= last {
            break;
        }
        let span = song.channels.iter().flat_map(|c| &c[first..last]);
        let (low, high) = span.fold((0.0_f32, 0.0_f32), |(l, h), &s| (l.min(s), h.max(s)));
        let (above, below) = (middle - high / peak * half, middle - low / peak * half);
        canvas.fill_rect(LEFT + pixel as f32, above, 1.0, (below - above).max(1.0), WAVE, 1.0);
    }
}

fn tempo(
    canvas: &mut Canvas,
    y: f32,
    from: f64,
    hearing: &Hearing,
    tempi: &TempoAxis,
    x: &impl Fn(f64) -> f32,
) {
    let (to, bottom) = ((from + ROW_S).min(hearing.duration), y + TEMPO_LANE);
    let height = |bpm: f64| {
        bottom - 3.0 - ((bpm - tempi.low) / (tempi.high - tempi.low)) as f32 * (TEMPO_LANE - 6.0)
    };
    for (bpm, baseline) in [(tempi.high, y + 13.0), (tempi.low, bottom - 3.0)] {
        canvas.text(LEFT - 12.0, baseline, 14.0, FAINT_INK, Align::Right, &format!("{bpm:.0} bpm"));
    }
    let ends = hearing.tempo.iter().skip(1).map(|t| t.time).chain([hearing.duration]);
    let mut points = Vec::new();
    for (change, end) in hearing.tempo.iter().zip(ends) {
        let (start, end) = (change.time.max(from), end.min(to));
        if change.bpm <= 0.0 {
            // No tempo is known here: the curve has a hole.
            canvas.polyline(&points, 2.0, TEMPO);
            points.clear();
        } else if start < end {
            points.extend([(x(start), height(change.bpm)), (x(end), height(change.bpm))]);
        }
    }
    canvas.polyline(&points, 2.0, TEMPO);
}

/// Vertical lines through all lanes, with the beat's place in the bar above.
fn beats(
    canvas: &mut Canvas,
    top: f32,
    lanes: f32,
    from: f64,
    hearing: &Hearing,
    x: &impl Fn(f64) -> f32,
) {
    for beat in hearing.beats.iter().filter(|b| (from..from + ROW_S).contains(&b.time)) {
        let first = beat.beat == 1;
        let (colour, width, alpha) = if first { (DOWNBEAT, 2.5, 0.9) } else { (BEAT, 1.5, 0.55) };
        let at = x(beat.time);
        canvas.fill_rect(at - width / 2.0, lanes, width, LANES, colour, alpha);
        let (size, colour) = if first { (20.0, DOWNBEAT) } else { (16.0, FAINT_INK) };
        canvas.text(at, top + NUMBERS - 6.0, size, colour, Align::Centre, &beat.beat.to_string());
    }
}

fn axis(canvas: &mut Canvas, y: f32, from: f64, duration: f64, x: &impl Fn(f64) -> f32) {
    for second in 0..=ROW_S as u32 {
        let time = from + f64::from(second);
        if time > duration {
            break;
        }
        canvas.fill_rect(x(time) - 0.5, y - GAP, 1.0, 6.0, GRID, 1.0);
        let label = if second == 0 { format!("{time:.0} s") } else { format!("{time:.0}") };
        canvas.text(x(time), y + 16.0, 15.0, FAINT_INK, Align::Centre, &label);
    }
}

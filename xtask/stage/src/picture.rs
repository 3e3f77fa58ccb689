//! The picture of a hearing: the first 30 s in rows of 15 s, each row with the waveform, the three
//! activations and the tempo, crossed by the beats.

pub(crate) mod canvas;
mod row;

use crate::hearing::Hearing;
use crate::song::Song;
use crate::summary::clock;
use anyhow::Result;
use canvas::{Align, Canvas, Colour};

/// Seconds in one row, and rows in one picture.
const ROW_S: f64 = 15.0;
const ROWS: usize = 2;

const WIDTH: f32 = 1600.0;
const TITLE_HEIGHT: f32 = 92.0;
const MARGIN: f32 = 28.0;

pub(crate) const PAPER: Colour = Colour(0xff, 0xff, 0xff);
pub(crate) const INK: Colour = Colour(0x1c, 0x24, 0x30);
pub(crate) const FAINT_INK: Colour = Colour(0x5c, 0x68, 0x78);

/// The picture as PNG bytes.
///
/// # Errors
/// When the picture cannot be encoded.
pub fn png(song: &Song, hearing: &Hearing) -> Result<Vec<u8>> {
    let rows = (hearing.duration / ROW_S).ceil().clamp(1.0, ROWS as f64) as usize;
    let height = TITLE_HEIGHT + rows as f32 * row::HEIGHT + MARGIN / 2.0;
    let mut canvas = Canvas::new(WIDTH, height, PAPER)?;
    title(&mut canvas, song, hearing, rows);
    let tempi = row::TempoAxis::new(hearing, rows as f64 * ROW_S);
    for index in 0..rows {
        let top = TITLE_HEIGHT + index as f32 * row::HEIGHT;
        row::draw(&mut canvas, top, index as f64 * ROW_S, song, hearing, &tempi);
    }
    canvas.png()
}

fn title(canvas: &mut Canvas, song: &Song, hearing: &Hearing, rows: usize) {
    let name = song.path.file_name().unwrap_or_default().to_string_lossy();
    let shown = hearing.duration.min(rows as f64 * ROW_S);
    let tempo = hearing.median_bpm().map_or("no tempo".to_owned(), |bpm| format!("{bpm:.1} bpm"));
    let width = canvas.text(MARGIN, 40.0, 30.0, INK, Align::Left, &format!("{name}   {tempo}"));
    if let Some(tags) = hearing.tags.line() {
        canvas.text(MARGIN + width + 26.0, 40.0, 22.0, FAINT_INK, Align::Left, &tags);
    }
    let about = format!(
        "0:00 to {} of {}   {} Hz, {}, {}",
        clock(shown),
        clock(hearing.duration),
        hearing.sample_rate,
        hearing.mode,
        hearing.backend
    );
    canvas.text(MARGIN, 68.0, 19.0, FAINT_INK, Align::Left, &about);
    let mut x = WIDTH - MARGIN;
    for (label, colour) in [("beat", row::BEAT), ("downbeat", row::DOWNBEAT)] {
        x -= canvas.text(x, 68.0, 19.0, FAINT_INK, Align::Right, label) + 8.0;
        canvas.fill_rect(x - 3.0, 53.0, 3.0, 18.0, colour, 1.0);
        x -= 26.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hearing::{Beat, Frame, Tags, Tempo};
    use std::path::PathBuf;

    /// A song of `seconds` at 120 bpm in 4, heard perfectly.
    fn heard(seconds: f64) -> (Song, Hearing) {
        let rate_hz = 8_000;
        let pulse = |time: f64, period: f64| (-(time % period) * 12.0).exp();
        let wave = (0..(seconds * f64::from(rate_hz)) as usize)
            .map(|i| i as f64 / f64::from(rate_hz))
            .map(|time| (pulse(time, 0.5) * (time * 700.0).sin()) as f32)
            .collect();
        let song = Song { path: PathBuf::from("pulse.wav"), rate_hz, channels: vec![wave] };
        let beats = (0..(seconds * 2.0) as u32)
            .map(|i| (f64::from(i) / 2.0, i % 4 + 1))
            .map(|(time, beat)| Beat { time, beat, emitted: time, confidence: 0.9 })
            .collect();
        let frames = (0..(seconds * 50.0) as u32)
            .map(|i| f64::from(i) / 50.0)
            .map(|time| Frame {
                time,
                heard: time,
                beat: pulse(time, 0.5),
                downbeat: pulse(time, 2.0),
                onset: pulse(time, 0.25),
                phase: time % 2.0 / 2.0,
                confidence: 0.9,
            })
            .collect();
        let tempo = [(1.0, 118.0), (3.0, 0.0), (4.0, 121.0), (20.0, 119.5)];
        let hearing = Hearing {
            file: "pulse.wav".to_owned(),
            duration: seconds,
            sample_rate: rate_hz,
            mode: "offline",
            backend: "tract (CPU)".to_owned(),
            beats,
            onsets: Vec::new(),
            tempo: tempo.map(|(time, bpm)| Tempo { time, bpm }).to_vec(),
            tags: Tags::default(),
            tag_moments: Vec::new(),
            frames,
        };
        (song, hearing)
    }

    #[test]
    fn a_picture_grows_by_rows_and_shows_every_lane() {
        for (seconds, rows) in [(0.5, 1.0), (15.0, 1.0), (40.0, 2.0)] {
            let (song, hearing) = heard(seconds);
            let png = png(&song, &hearing).expect("a picture");
            let picture = tiny_skia::Pixmap::decode_png(&png).expect("a PNG");
            assert_eq!(picture.width(), WIDTH as u32);
            assert_eq!(picture.height(), (TITLE_HEIGHT + rows * row::HEIGHT + MARGIN / 2.0) as u32);
            for colour in [row::BEAT, row::DOWNBEAT] {
                let has = |p: &tiny_skia::PremultipliedColorU8| {
                    (p.red(), p.green(), p.blue()) == (colour.0, colour.1, colour.2)
                };
                assert!(picture.pixels().iter().any(has), "{colour:?} is missing");
            }
        }
    }
}

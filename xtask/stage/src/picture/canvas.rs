//! Rectangles, lines, areas and text on a pixel surface. Coordinates are pixels, y down.

use ab_glyph::{Font, FontRef, ScaleFont, point};
use anyhow::{Context, Result};
use tiny_skia::{
    FillRule, Paint, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke, Transform,
};

/// Red, green, blue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// Which point of a text its x names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Align {
    /// Its start.
    Left,
    /// Its middle.
    Centre,
    /// Its end.
    Right,
}

/// The surface.
pub(crate) struct Canvas {
    pixels: Pixmap,
    font: FontRef<'static>,
}

impl Canvas {
    pub(crate) fn new(width: f32, height: f32, paper: Colour) -> Result<Self> {
        let pixels =
            Pixmap::new(width as u32, height as u32).context("the picture is too large")?;
        let font = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT)
            .context("the embedded font cannot be read")?;
        let mut canvas = Self { pixels, font };
        canvas.fill_rect(0.0, 0.0, width, height, paper, 1.0);
        Ok(canvas)
    }

    pub(crate) fn png(&self) -> Result<Vec<u8>> {
        self.pixels.encode_png().context("the picture cannot be encoded")
    }

    pub(crate) fn fill_rect(&mut self, x: f32, y: f32, w: f32, h: f32, colour: Colour, alpha: f32) {
        if let Some(rect) = Rect::from_xywh(x, y, w, h) {
            self.pixels.fill_rect(rect, &paint(colour, alpha), Transform::identity(), None);
        }
    }

    pub(crate) fn polyline(&mut self, points: &[(f32, f32)], width: f32, colour: Colour) {
        let Some((first, rest)) = points.split_first() else { return };
        let mut path = PathBuilder::new();
        path.move_to(first.0, first.1);
        rest.iter().for_each(|&(x, y)| path.line_to(x, y));
        let stroke = Stroke { width, ..Stroke::default() };
        if let Some(path) = path.finish() {
            let paint = paint(colour, 1.0);
            self.pixels.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
        }
    }

    /// Fills between the points and a base line.
    pub(crate) fn area(&mut self, points: &[(f32, f32)], base: f32, colour: Colour, alpha: f32) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let mut path = PathBuilder::new();
        path.move_to(first.0, base);
        points.iter().for_each(|&(x, y)| path.line_to(x, y));
        path.line_to(last.0, base);
        path.close();
        if let Some(path) = path.finish() {
            let paint = paint(colour, alpha);
            self.pixels.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }

    /// Writes one line with its baseline at `y`; returns its width.
    pub(crate) fn text(
        &mut self,
        x: f32,
        y: f32,
        size: f32,
        colour: Colour,
        align: Align,
        text: &str,
    ) -> f32 {
        let font = self.font.clone();
        let font = font.as_scaled(size);
        let width: f32 = text.chars().map(|c| font.h_advance(font.glyph_id(c))).sum();
        let mut pen = match align {
            Align::Left => x,
            Align::Centre => x - width / 2.0,
            Align::Right => x - width,
        };
        for character in text.chars() {
            let mut glyph = font.scaled_glyph(character);
            glyph.position = point(pen, y);
            pen += font.h_advance(glyph.id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, coverage| {
                self.blend(
                    corner.x as i64 + i64::from(dx),
                    corner.y as i64 + i64::from(dy),
                    colour,
                    coverage,
                );
            });
        }
        width
    }

    /// Lays a colour over one opaque pixel; outside the surface nothing happens.
    fn blend(&mut self, x: i64, y: i64, colour: Colour, coverage: f32) {
        let (width, height) = (i64::from(self.pixels.width()), i64::from(self.pixels.height()));
        if !(0..width).contains(&x) || !(0..height).contains(&y) {
            return;
        }
        let pixel = &mut self.pixels.pixels_mut()[(y * width + x) as usize];
        let share = coverage.clamp(0.0, 1.0);
        let mix = |under: u8, over: u8| {
            (f32::from(under) * (1.0 - share) + f32::from(over) * share).round() as u8
        };
        let (r, g, b) =
            (mix(pixel.red(), colour.0), mix(pixel.green(), colour.1), mix(pixel.blue(), colour.2));
        *pixel = PremultipliedColorU8::from_rgba(r, g, b, u8::MAX).unwrap_or(*pixel);
    }
}

fn paint(colour: Colour, alpha: f32) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(colour.0, colour.1, colour.2, (alpha * 255.0).round() as u8);
    paint
}

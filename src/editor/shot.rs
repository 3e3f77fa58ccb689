//! Pictures of the window without a window: egui's triangles, filled on the CPU. Tests only.

use egui::epaint::Primitive;
use egui::{Color32, ColorImage, Context, FullOutput, Pos2, Vec2, pos2};

/// Pixels per point.
pub(super) const SCALE: f32 = 2.0;

/// Writes what `output` drew, a window of `size` points, as a PPM file.
pub(super) fn write(context: &Context, output: &FullOutput, path: &str, size: Vec2) {
    let font = context.fonts(|fonts| fonts.image());
    let [width, height] = [size.x, size.y].map(|points| (points * SCALE) as usize);
    let mut pixels = vec![Color32::BLACK; width * height];
    for clipped in context.tessellate(output.shapes.clone(), SCALE) {
        let Primitive::Mesh(mesh) = clipped.primitive else { continue };
        let clip = clipped.clip_rect * SCALE;
        for corners in mesh.indices.chunks_exact(3) {
            let [a, b, c] = [0, 1, 2].map(|n| mesh.vertices[corners[n] as usize]);
            let [p, q, r] = [a, b, c].map(|v| pos2(v.pos.x * SCALE, v.pos.y * SCALE));
            let doubled = cross(p, q, r);
            let low = p.min(q).min(r).max(clip.min).max(Pos2::ZERO);
            let high = p.max(q).max(r).min(clip.max);
            for y in low.y as usize..(high.y.ceil().max(0.0) as usize).min(height) {
                for x in low.x as usize..(high.x.ceil().max(0.0) as usize).min(width) {
                    let at = pos2(x as f32 + 0.5, y as f32 + 0.5);
                    let shares = [cross(q, r, at), cross(r, p, at), cross(p, q, at)]
                        .map(|share| share / doubled);
                    if doubled == 0.0 || shares.iter().any(|s| *s < 0.0) || !clip.contains(at) {
                        continue;
                    }
                    let mix = |value: fn(&egui::epaint::Vertex) -> f32| {
                        [a, b, c].iter().zip(shares).map(|(v, s)| value(v) * s).sum::<f32>()
                    };
                    let texel = texel(&font, mix(|v| v.uv.x), mix(|v| v.uv.y));
                    let color = [
                        mix(|v| f32::from(v.color.r())),
                        mix(|v| f32::from(v.color.g())),
                        mix(|v| f32::from(v.color.b())),
                        mix(|v| f32::from(v.color.a())),
                    ];
                    let over = std::array::from_fn(|n| color[n] * texel[n] / 255.0);
                    blend(&mut pixels[y * width + x], over);
                }
            }
        }
    }
    let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
    pixels.iter().for_each(|pixel| bytes.extend(&pixel.to_array()[..3]));
    std::fs::write(path, bytes).expect("the picture is written");
}

fn texel(font: &ColorImage, u: f32, v: f32) -> [f32; 4] {
    let [width, height] = font.size;
    let x = ((u * width as f32) as usize).min(width - 1);
    let y = ((v * height as f32) as usize).min(height - 1);
    font.pixels[y * width + x].to_array().map(f32::from)
}

/// Twice the area of a triangle, with its sense of rotation.
fn cross(p: Pos2, q: Pos2, r: Pos2) -> f32 {
    (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x)
}

/// Lays a premultiplied colour over a pixel.
fn blend(pixel: &mut Color32, over: [f32; 4]) {
    let under = pixel.to_array().map(f32::from);
    let mixed = std::array::from_fn(|n| over[n] + under[n] * (1.0 - over[3] / 255.0));
    let [r, g, b, _]: [u8; 4] = mixed.map(|value: f32| value.round().clamp(0.0, 255.0) as u8);
    *pixel = Color32::from_rgb(r, g, b);
}

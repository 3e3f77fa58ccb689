//! The register tile: the innermost part of every product, where the time of a network is spent.
//!
//! A few rows by up to four groups of eight columns stay in registers over the whole depth. Every sum runs
//! along the depth, whatever the tile, so that a row comes out the same whoever is beside it.

use super::lanes::{self, Lanes, WIDTH};
use super::matrix::{Onto, Packed, View};
use crate::vectorised;

/// Rows of a tile of this many groups: as many as sixteen registers hold beside the weights.
const fn rows(groups: usize) -> usize {
    if groups > 3 { 2 } else { 4 }
}

vectorised! {
    /// A product whose panels are 32 columns wide.
    pub(super) fn panels4<FMA>(a: View<'_>, b: &Packed, out: &mut [f32], step: usize, onto: Onto) {
        panels::<FMA, { rows(4) }, 4>(a, b, out, step, onto);
    }
}

vectorised! {
    /// A product whose panels are 24 columns wide.
    pub(super) fn panels3<FMA>(a: View<'_>, b: &Packed, out: &mut [f32], step: usize, onto: Onto) {
        panels::<FMA, { rows(3) }, 3>(a, b, out, step, onto);
    }
}

vectorised! {
    /// A product whose panels are 16 columns wide.
    pub(super) fn panels2<FMA>(a: View<'_>, b: &Packed, out: &mut [f32], step: usize, onto: Onto) {
        panels::<FMA, { rows(2) }, 2>(a, b, out, step, onto);
    }
}

vectorised! {
    /// A product whose panels are 8 columns wide.
    pub(super) fn panels1<FMA>(a: View<'_>, b: &Packed, out: &mut [f32], step: usize, onto: Onto) {
        panels::<FMA, { rows(1) }, 1>(a, b, out, step, onto);
    }
}

/// The product, by the lanes of the build it is part of.
#[inline(always)]
fn panels<const FMA: bool, const ROWS: usize, const GROUPS: usize>(
    a: View<'_>,
    b: &Packed,
    out: &mut [f32],
    step: usize,
    onto: Onto,
) {
    if FMA {
        panels_of::<lanes::Fused, ROWS, GROUPS>(a, b, out, step, onto);
    } else {
        panels_of::<lanes::Portable, ROWS, GROUPS>(a, b, out, step, onto);
    }
}

#[inline(always)]
fn panels_of<L: Lanes, const ROWS: usize, const GROUPS: usize>(
    a: View<'_>,
    b: &Packed,
    out: &mut [f32],
    step: usize,
    onto: Onto,
) {
    for (p, panel) in b.panels.chunks_exact(GROUPS * WIDTH * b.depth.max(1)).enumerate() {
        let first = p * GROUPS * WIDTH;
        let columns = Columns { first, count: (GROUPS * WIDTH).min(b.cols - first), step };
        let panel = panel.as_chunks::<WIDTH>().0.as_chunks::<GROUPS>().0;
        let mut r = 0;
        while r + ROWS <= a.rows {
            tile::<L, ROWS, GROUPS>(a, r, panel, out, columns, onto);
            r += ROWS;
        }
        while r < a.rows {
            tile::<L, 1, GROUPS>(a, r, panel, out, columns, onto);
            r += 1;
        }
    }
}

/// The columns of the output that a panel makes.
#[derive(Clone, Copy)]
struct Columns {
    first: usize,
    count: usize,
    step: usize,
}

/// `R` rows by `GROUPS` groups of columns, held in registers over the whole depth.
#[inline(always)]
fn tile<L: Lanes, const R: usize, const GROUPS: usize>(
    a: View<'_>,
    first_row: usize,
    panel: &[[[f32; WIDTH]; GROUPS]],
    out: &mut [f32],
    columns: Columns,
    onto: Onto,
) {
    let mut sums = [[L::splat(0.0); GROUPS]; R];
    let place = |r: usize| (first_row + r) * columns.step + columns.first;
    if onto == Onto::Existing {
        for (r, sums) in sums.iter_mut().enumerate() {
            let values = &out[place(r)..][..columns.count];
            if let [groups, ..] = values.as_chunks::<WIDTH>().0.as_chunks::<GROUPS>().0 {
                *sums = std::array::from_fn(|g| L::load(&groups[g]));
            } else {
                let mut row = [[0.0; WIDTH]; GROUPS];
                row.as_flattened_mut()[..columns.count].copy_from_slice(values);
                *sums = std::array::from_fn(|g| L::load(&row[g]));
            }
        }
    }
    for (run, part) in panel.chunks_exact(a.cols).enumerate() {
        let base = first_row * a.row_step + run * a.run_step;
        if a.col_step == 1 {
            let rows: [&[f32]; R] =
                std::array::from_fn(|r| &a.data[base + r * a.row_step..][..part.len()]);
            for (k, weights) in part.iter().enumerate() {
                sum_up(&mut sums, std::array::from_fn(|r| rows[r][k]), weights);
            }
        } else {
            // Transposed: the rows lie next to each other.
            let mut rest = &a.data[base..];
            for weights in part {
                sum_up(&mut sums, std::array::from_fn(|r| rest[r * a.row_step]), weights);
                rest = rest.get(a.col_step..).unwrap_or_default();
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        let values = &mut out[place(r)..][..columns.count];
        if let [groups, ..] = values.as_chunks_mut::<WIDTH>().0.as_chunks_mut::<GROUPS>().0 {
            sums.iter().zip(groups).for_each(|(sum, to)| sum.store(to));
        } else {
            let mut row = [[0.0; WIDTH]; GROUPS];
            sums.iter().zip(&mut row).for_each(|(sum, to)| sum.store(to));
            values.copy_from_slice(&row.as_flattened()[..columns.count]);
        }
    }
}

/// Adds one step of the depth to a tile.
#[inline(always)]
fn sum_up<L: Lanes, const R: usize, const GROUPS: usize>(
    sums: &mut [[L; GROUPS]; R],
    left: [f32; R],
    weights: &[[f32; WIDTH]; GROUPS],
) {
    let weights: [L; GROUPS] = std::array::from_fn(|g| L::load(&weights[g]));
    for (sums, left) in sums.iter_mut().zip(left) {
        let left = L::splat(left);
        for (sum, weights) in sums.iter_mut().zip(weights) {
            *sum = sum.plus_product(left, weights);
        }
    }
}

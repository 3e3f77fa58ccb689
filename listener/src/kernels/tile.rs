//! The register tile: the innermost part of every product, where the time of a network is spent.
//!
//! A few rows by up to four groups of eight columns stay in registers over the whole depth. Every sum runs
//! along the depth, whatever the tile, so that a row comes out the same whoever is beside it.

#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::lanes::{self, Lanes, Pairs, WIDTH};
use super::matrix::{Onto, Packed, View};
use crate::vectorised;

/// A row of a panel: as many groups of weights.
trait PanelRow<const GROUPS: usize>: Copy {
    fn load<L: Lanes>(&self) -> [L; GROUPS];
}

impl<const GROUPS: usize> PanelRow<GROUPS> for [[f32; WIDTH]; GROUPS] {
    #[inline(always)]
    fn load<L: Lanes>(&self) -> [L; GROUPS] {
        std::array::from_fn(|g| L::load(&self[g]))
    }
}

impl PanelRow<4> for [Pairs; 2] {
    #[inline(always)]
    fn load<L: Lanes>(&self) -> [L; 4] {
        let [[a, b], [c, d]] = [L::load_pairs(&self[0]), L::load_pairs(&self[1])];
        [a, b, c, d]
    }
}

/// Rows of a tile of this many groups: as many as sixteen registers hold beside the weights.
const fn rows(groups: usize) -> usize {
    match groups {
        1 => 8,
        2 => 6,
        3 => 4,
        _ => 2,
    }
}

/// Rows of the tiles for what is left.
const fn fewer(groups: usize) -> usize {
    rows(groups) / 2
}

vectorised! {
    /// A product whose panels are 32 columns wide, of weights in pairs.
    pub(super) fn pairs4<FMA>(a: View<'_>, b: &Packed, out: &mut [f32], step: usize, onto: Onto<'_>) {
        let weights = b.pairs.as_chunks::<WIDTH>().0.as_chunks::<2>().0;
        #[cfg(target_arch = "x86_64")]
        if FMA && (a.rows, a.runs, a.col_step) == (1, 1, 1) && avx512::is_there() {
            let out = &mut out[..b.cols];
            match onto {
                Onto::Nothing => out.fill(0.0),
                Onto::Existing => {}
                Onto::Row(bias) => out.copy_from_slice(bias),
            }
            avx512::add_product(&a.data[..b.depth], weights, out, AHEAD);
            return;
        }
        panels::<FMA, _, { rows(4) }, { fewer(4) }, 4>(a, b, weights, out, step, onto);
    }
}

vectorised! {
    /// A product whose panels are 32 columns wide.
    pub(super) fn panels4<FMA>(a: View<'_>, b: &Packed, out: &mut [f32], step: usize, onto: Onto<'_>) {
        let weights = b.panels.as_chunks::<WIDTH>().0.as_chunks::<4>().0;
        panels::<FMA, _, { rows(4) }, { fewer(4) }, 4>(a, b, weights, out, step, onto);
    }
}

vectorised! {
    /// A product whose panels are 24 columns wide.
    pub(super) fn panels3<FMA>(a: View<'_>, b: &Packed, out: &mut [f32], step: usize, onto: Onto<'_>) {
        let weights = b.panels.as_chunks::<WIDTH>().0.as_chunks::<3>().0;
        panels::<FMA, _, { rows(3) }, { fewer(3) }, 3>(a, b, weights, out, step, onto);
    }
}

vectorised! {
    /// A product whose panels are 16 columns wide.
    pub(super) fn panels2<FMA>(a: View<'_>, b: &Packed, out: &mut [f32], step: usize, onto: Onto<'_>) {
        let weights = b.panels.as_chunks::<WIDTH>().0.as_chunks::<2>().0;
        panels::<FMA, _, { rows(2) }, { fewer(2) }, 2>(a, b, weights, out, step, onto);
    }
}

vectorised! {
    /// A product whose panels are 8 columns wide.
    pub(super) fn panels1<FMA>(a: View<'_>, b: &Packed, out: &mut [f32], step: usize, onto: Onto<'_>) {
        let weights = b.panels.as_chunks::<WIDTH>().0.as_chunks::<1>().0;
        panels::<FMA, _, { rows(1) }, { fewer(1) }, 1>(a, b, weights, out, step, onto);
    }
}

/// The product, by the lanes of the build it is part of.
#[inline(always)]
fn panels<
    const FMA: bool,
    P: PanelRow<GROUPS>,
    const ROWS: usize,
    const FEWER: usize,
    const GROUPS: usize,
>(
    a: View<'_>,
    b: &Packed,
    panels: &[P],
    out: &mut [f32],
    step: usize,
    onto: Onto<'_>,
) {
    if FMA {
        panels_of::<lanes::Fused, P, ROWS, FEWER, GROUPS>(a, b, panels, out, step, onto);
    } else {
        panels_of::<lanes::Portable, P, ROWS, FEWER, GROUPS>(a, b, panels, out, step, onto);
    }
}

#[inline(always)]
fn panels_of<
    L: Lanes,
    P: PanelRow<GROUPS>,
    const ROWS: usize,
    const FEWER: usize,
    const GROUPS: usize,
>(
    a: View<'_>,
    b: &Packed,
    panels: &[P],
    out: &mut [f32],
    step: usize,
    onto: Onto<'_>,
) {
    let (width, depth) = (GROUPS * WIDTH, b.depth.max(1));
    let columns = |p: usize| {
        let first = p * width;
        Columns { first, count: width.min(b.cols - first), step, onto }
    };
    // Rows that fill a tile; those of one row are no tile.
    let smallest = if FEWER > 1 { FEWER } else { ROWS };
    let whole = a.rows - a.rows % ROWS % smallest;
    for (p, panel) in panels.chunks_exact(depth).enumerate() {
        let mut r = 0;
        while r + ROWS <= whole {
            tile::<L, P, ROWS, GROUPS>(a, r, panel, out, columns(p));
            r += ROWS;
        }
        while r < whole {
            tile::<L, P, FEWER, GROUPS>(a, r, panel, out, columns(p));
            r += FEWER;
        }
    }
    // A lone row is done sooner than one sum can follow on another, so two panels share its way.
    for r in whole..a.rows {
        let mut rest = panels;
        let mut p = 0;
        while !rest.is_empty() {
            let (first, others) = rest.split_at(depth);
            if others.is_empty() || columns(p + 1).count < width || a.col_step > 1 {
                tile::<L, P, 1, GROUPS>(a, r, first, out, columns(p));
                (rest, p) = (others, p + 1);
            } else {
                let (second, others) = others.split_at(depth);
                lone::<L, P, GROUPS>(a, r, [first, second], out, [columns(p), columns(p + 1)]);
                (rest, p) = (others, p + 2);
            }
        }
    }
}

/// The columns of the output that a panel makes.
#[derive(Clone, Copy)]
struct Columns<'a> {
    first: usize,
    count: usize,
    step: usize,
    onto: Onto<'a>,
}

impl Columns<'_> {
    /// What the product is added to in `row`.
    #[inline(always)]
    fn start<L: Lanes, const GROUPS: usize>(&self, out: &[f32], row: usize) -> [L; GROUPS] {
        match self.onto {
            Onto::Nothing => [L::splat(0.0); GROUPS],
            Onto::Existing => load(&out[row * self.step + self.first..][..self.count]),
            Onto::Row(bias) => load(&bias[self.first..][..self.count]),
        }
    }

    /// Writes the sums of `row`.
    #[inline(always)]
    fn store<L: Lanes, const GROUPS: usize>(
        &self,
        sums: &[L; GROUPS],
        out: &mut [f32],
        row: usize,
    ) {
        let values = &mut out[row * self.step + self.first..][..self.count];
        if let [groups, ..] = values.as_chunks_mut::<WIDTH>().0.as_chunks_mut::<GROUPS>().0 {
            sums.iter().zip(groups).for_each(|(sum, to)| sum.store(to));
        } else {
            let mut row = [[0.0; WIDTH]; GROUPS];
            sums.iter().zip(&mut row).for_each(|(sum, to)| sum.store(to));
            values.copy_from_slice(&row.as_flattened()[..self.count]);
        }
    }
}

/// `R` rows by `GROUPS` groups of columns, held in registers over the whole depth.
#[inline(always)]
fn tile<L: Lanes, P: PanelRow<GROUPS>, const R: usize, const GROUPS: usize>(
    a: View<'_>,
    first_row: usize,
    panel: &[P],
    out: &mut [f32],
    columns: Columns<'_>,
) {
    let mut sums = [[L::splat(0.0); GROUPS]; R];
    for (r, sums) in sums.iter_mut().enumerate() {
        *sums = columns.start(out, first_row + r);
    }
    for (run, part) in panel.chunks_exact(a.cols).enumerate() {
        let base = first_row * a.row_step + run * a.run_step;
        if a.col_step == 1 {
            let rows: [&[f32]; R] =
                std::array::from_fn(|r| &a.data[base + r * a.row_step..][..part.len()]);
            for (k, weights) in part.iter().enumerate() {
                sum_up(&mut sums, std::array::from_fn(|r| rows[r][k]), weights.load());
            }
        } else {
            // Transposed: the rows lie next to each other.
            let mut rest = &a.data[base..];
            for weights in part {
                sum_up(&mut sums, std::array::from_fn(|r| rest[r * a.row_step]), weights.load());
                rest = rest.get(a.col_step..).unwrap_or_default();
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        columns.store(sums, out, first_row + r);
    }
}

/// Rows of a panel from which on the weights are asked for ahead: they come from afar, once a frame, and
/// the processor's own guesses end with each page of memory.
const AHEAD: usize = 48;

/// One row by the groups of two panels; its columns lie side by side.
#[inline(always)]
fn lone<L: Lanes, P: PanelRow<GROUPS>, const GROUPS: usize>(
    a: View<'_>,
    row: usize,
    [first, second]: [&[P]; 2],
    out: &mut [f32],
    [left, right]: [Columns<'_>; 2],
) {
    let (mut sums, mut more) = ([left.start(out, row)], [right.start(out, row)]);
    let parts = first.chunks_exact(a.cols).zip(second.chunks_exact(a.cols));
    for (run, (first, second)) in parts.enumerate() {
        let values = &a.data[row * a.row_step + run * a.run_step..][..first.len()];
        let second = &second[..first.len()];
        for (k, value) in values.iter().enumerate() {
            L::prefetch(&first[k], AHEAD);
            L::prefetch(&second[k], AHEAD);
            sum_up::<L, 1, GROUPS>(&mut sums, [*value], first[k].load());
            sum_up::<L, 1, GROUPS>(&mut more, [*value], second[k].load());
        }
    }
    left.store(&sums[0], out, row);
    right.store(&more[0], out, row);
}

/// A row of a tile, zeros where it ends early.
#[inline(always)]
fn load<L: Lanes, const GROUPS: usize>(values: &[f32]) -> [L; GROUPS] {
    if let [groups, ..] = values.as_chunks::<WIDTH>().0.as_chunks::<GROUPS>().0 {
        return std::array::from_fn(|g| L::load(&groups[g]));
    }
    let mut row = [[0.0; WIDTH]; GROUPS];
    row.as_flattened_mut()[..values.len()].copy_from_slice(values);
    std::array::from_fn(|g| L::load(&row[g]))
}

/// Adds one step of the depth to a tile.
#[inline(always)]
fn sum_up<L: Lanes, const R: usize, const GROUPS: usize>(
    sums: &mut [[L; GROUPS]; R],
    left: [f32; R],
    weights: [L; GROUPS],
) {
    for (sums, left) in sums.iter_mut().zip(left) {
        let left = L::splat(left);
        for (sum, weights) in sums.iter_mut().zip(weights) {
            *sum = sum.plus_product(left, weights);
        }
    }
}

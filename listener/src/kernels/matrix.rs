//! The one matrix product everything is made of: a strided left side, packed weights on the right.
//!
//! Training multiplies tall, thin matrices (thousands of frames by tens of channels), the ear a row or
//! a few. A register tile that reads the left side in place beats a general GEMM there, which spends its
//! time packing it; and overlapping rows make a convolution a plain product (no im2col).

use super::lanes::WIDTH;
use super::tile;

/// A matrix read in place. Element (r, j*cols + k) is
/// `data[r * row_step + j * run_step + k * col_step]`, for `j < runs`; rows may overlap.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What it lies in.
    pub data: &'a [f32],
    /// Its rows.
    pub rows: usize,
    /// Columns of one run.
    pub cols: usize,
    /// From one row to the next.
    pub row_step: usize,
    /// From one column to the next.
    pub col_step: usize,
    /// Runs of columns side by side.
    pub runs: usize,
    /// From one run to the next.
    pub run_step: usize,
}

impl<'a> View<'a> {
    /// A row-major matrix.
    #[must_use]
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self { data, rows, cols, row_step: cols, col_step: 1, runs: 1, run_step: 0 }
    }

    /// Rows and columns swapped.
    ///
    /// # Panics
    /// If the columns lie in more than one run.
    #[must_use]
    pub fn transposed(self) -> Self {
        assert_eq!(self.runs, 1, "runs cannot become rows");
        Self {
            rows: self.cols,
            cols: self.rows,
            row_step: self.col_step,
            col_step: self.row_step,
            ..self
        }
    }

    /// Columns in all runs: the length of the reduction.
    fn depth(&self) -> usize {
        self.runs * self.cols
    }
}

/// A right side, laid out for the tile: panels of 32, 24, 16 or 8 columns, each depth-major.
#[derive(Default)]
pub struct Packed {
    pub(super) depth: usize,
    pub(super) cols: usize,
    width: usize,
    pub(super) panels: Vec<f32>,
    /// The upper halves of the panels' floats, in their place, where the lower ones are zero; see
    /// [`Pairs`](super::lanes::Pairs).
    pub(super) pairs: Vec<u32>,
}

impl Packed {
    /// Packs `b`, for left sides of many rows.
    #[must_use]
    pub fn new(b: View<'_>) -> Self {
        let mut packed = Self::default();
        packed.pack(b);
        packed
    }

    /// Packs `b`, for left sides of a few rows: there the time goes into reading the weights, faster in
    /// wide panels, and faster still in half the space, if they are numbers that fit (`bfloat16`).
    #[must_use]
    pub fn for_few_rows(b: View<'_>) -> Self {
        let mut packed = Self::default();
        packed.pack_in(&[32, 24, 16], b);
        let fits = |x: &f32| x.to_bits().trailing_zeros() >= 16;
        if packed.width == 32 && packed.panels.iter().all(fits) {
            for [below, above] in packed.panels.as_chunks::<WIDTH>().0.as_chunks().0 {
                let pairs = below.iter().zip(above).map(|(b, a)| b.to_bits() >> 16 | a.to_bits());
                packed.pairs.extend(pairs);
            }
            packed.panels = Vec::new();
        }
        packed
    }

    /// Packs `b` (depth x columns) in place of what was here.
    pub fn pack(&mut self, b: View<'_>) {
        self.pack_in(&[24, 16], b);
    }

    fn pack_in(&mut self, widths: &[usize], b: View<'_>) {
        assert_eq!(b.runs, 1, "a right side has one run");
        (self.depth, self.cols) = (b.rows, b.cols);
        let fits = |width: &&usize| b.cols.is_multiple_of(**width);
        self.width = widths.iter().find(fits).copied().unwrap_or(8);
        self.panels.clear();
        self.pairs.clear();
        self.panels.resize(b.cols.div_ceil(self.width) * self.width * b.rows, 0.0);
        for (p, panel) in self.panels.chunks_exact_mut(self.width * b.rows.max(1)).enumerate() {
            let first = p * self.width;
            let count = self.width.min(b.cols - first);
            for (k, row) in panel.chunks_exact_mut(self.width).enumerate() {
                let from = k * b.row_step + first * b.col_step;
                if b.col_step == 1 {
                    row[..count].copy_from_slice(&b.data[from..from + count]);
                } else {
                    for (n, value) in row[..count].iter_mut().enumerate() {
                        *value = b.data[from + n * b.col_step];
                    }
                }
            }
        }
    }
}

/// What a product is added to.
#[derive(Clone, Copy)]
pub enum Onto<'a> {
    /// Nothing: the output is overwritten.
    Nothing,
    /// What the output holds.
    Existing,
    /// This row, in every row of the output: a bias.
    Row(&'a [f32]),
}

/// `out = a b`, or that and what it is added to; `out` is row-major with rows `out_step` apart.
///
/// # Panics
/// If the shapes do not fit.
pub fn multiply(a: View<'_>, b: &Packed, out: &mut [f32], out_step: usize, onto: Onto<'_>) {
    assert_eq!(a.depth(), b.depth, "inner lengths differ");
    if a.rows == 0 {
        return;
    }
    assert!(
        out_step >= b.cols && out.len() >= (a.rows - 1) * out_step + b.cols,
        "output too small"
    );
    if let Onto::Row(row) = onto {
        assert_eq!(row.len(), b.cols, "a bias has a value for each column");
    }
    match b.width {
        32 if !b.pairs.is_empty() => tile::pairs4(a, b, out, out_step, onto),
        32 => tile::panels4(a, b, out, out_step, onto),
        24 => tile::panels3(a, b, out, out_step, onto),
        16 => tile::panels2(a, b, out, out_step, onto),
        _ => tile::panels1(a, b, out, out_step, onto),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + 13) % 101) as f32 / 50.0 - 1.0).collect()
    }

    #[test]
    fn multiply_agrees_with_the_definition() {
        let lone = [(1, 96, 384), (1, 5, 32), (1, 7, 64), (1, 7, 96), (1, 7, 160)];
        let some = [(1, 3, 3), (4, 96, 384), (7, 48, 24), (9, 5, 64), (6, 1, 10)];
        for (rows, depth, cols) in some.into_iter().chain(lone) {
            let (a, b) = (numbers(rows * depth), numbers(depth * cols));
            let mut out = vec![1.0; rows * cols];
            let right = View::new(&b, depth, cols);
            multiply(
                View::new(&a, rows, depth),
                &Packed::new(right),
                &mut out,
                cols,
                Onto::Existing,
            );
            let mut few = vec![1.0; rows * cols];
            let packed = Packed::for_few_rows(right);
            multiply(View::new(&a, rows, depth), &packed, &mut few, cols, Onto::Existing);
            assert_eq!(out, few, "the width of a panel is no part of a sum");
            let cut = |x: &f32| f32::from_bits(x.to_bits() & 0xffff_0000);
            let halves: Vec<f32> = b.iter().map(cut).collect();
            let packed = Packed::for_few_rows(View::new(&halves, depth, cols));
            assert_eq!(packed.pairs.is_empty(), cols % 32 != 0);
            let right = Packed::new(View::new(&halves, depth, cols));
            let bias = numbers(cols);
            for onto in [Onto::Existing, Onto::Row(&bias), Onto::Nothing] {
                let [mut whole, mut few] = [bias.repeat(rows), bias.repeat(rows)];
                multiply(View::new(&a, rows, depth), &right, &mut whole, cols, onto);
                multiply(View::new(&a, rows, depth), &packed, &mut few, cols, onto);
                assert_eq!(whole, few, "half a float is all there is of these");
            }
            for r in 0..rows {
                for n in 0..cols {
                    let expected: f32 =
                        1.0 + (0..depth).map(|k| a[r * depth + k] * b[k * cols + n]).sum::<f32>();
                    assert!((out[r * cols + n] - expected).abs() < 1e-4);
                }
            }
        }
    }

    #[test]
    fn overlapping_runs_make_a_convolution() {
        let signal = numbers(12);
        let kernel = numbers(4 * 8);
        let view = View {
            data: &signal,
            rows: 5,
            cols: 2,
            row_step: 1,
            col_step: 1,
            runs: 2,
            run_step: 4,
        };
        let mut out = vec![0.0; 5 * 8];
        multiply(view, &Packed::new(View::new(&kernel, 4, 8)), &mut out, 8, Onto::Nothing);
        for r in 0..5 {
            for n in 0..8 {
                let expected: f32 = [0, 1, 4, 5]
                    .iter()
                    .enumerate()
                    .map(|(k, s)| signal[r + s] * kernel[k * 8 + n])
                    .sum();
                assert!((out[r * 8 + n] - expected).abs() < 1e-5);
            }
        }
    }
}

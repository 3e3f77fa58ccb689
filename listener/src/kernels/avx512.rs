//! A lone row by weights in pairs, for AVX-512: half the instructions of the wide build, where reading the
//! weights is what takes the time. Every sum is the tile's own, bit for bit.

#![allow(unsafe_code, reason = "vector instructions and their memory")]

use std::arch::x86_64::{
    __m512, __m512i, _MM_HINT_T0, _mm_prefetch, _mm256_castpd_ps, _mm256_castps_pd,
    _mm256_loadu_ps, _mm256_storeu_ps, _mm512_and_si512, _mm512_castpd_ps, _mm512_castps_pd,
    _mm512_castps256_ps512, _mm512_castps512_ps256, _mm512_castsi512_ps, _mm512_extractf64x4_pd,
    _mm512_fmadd_ps, _mm512_insertf64x4, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_slli_epi32,
};

use super::lanes::{Pairs, UPPER, WIDTH};

/// Groups of columns of a panel of pairs.
const GROUPS: usize = 4;
/// The columns of a panel.
type Columns = [[f32; WIDTH]; GROUPS];
/// A row of a panel.
type Row = [Pairs; 2];

/// Whether the processor can.
#[inline]
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("avx512f")
}

/// Adds the product of `row` and `panels` to `out`, which has the columns of each panel. As many panels as
/// keep the multipliers busy go side by side; weights are asked for `ahead` rows ahead.
///
/// # Panics
/// Without AVX-512, or if `out` is too short.
pub(super) fn add_product(row: &[f32], panels: &[Row], out: &mut [f32], ahead: usize) {
    assert!(is_there(), "the processor has no AVX-512");
    let (mut panels, mut out) =
        (panels, out.as_chunks_mut::<WIDTH>().0.as_chunks_mut::<GROUPS>().0);
    while !panels.is_empty() {
        let count = (panels.len() / row.len()).min(4);
        let (now, later) = panels.split_at(count * row.len());
        let (columns, others) = out.split_at_mut(count);
        // SAFETY: the processor was just asked.
        unsafe {
            match columns {
                [a, b, c, d] => side_by_side(row, now, [a, b, c, d], ahead),
                [a, b, c] => side_by_side(row, now, [a, b, c], ahead),
                [a, b] => side_by_side(row, now, [a, b], ahead),
                [a] => side_by_side(row, now, [a], ahead),
                _ => return,
            }
        }
        (panels, out) = (later, others);
    }
}

/// `P` panels at once; their sums stay in registers.
#[inline]
#[target_feature(enable = "avx512f")]
fn side_by_side<const P: usize>(
    row: &[f32],
    panels: &[Row],
    columns: [&mut Columns; P],
    ahead: usize,
) {
    let depth = row.len();
    let panels: [&[Row]; P] = std::array::from_fn(|p| &panels[p * depth..][..depth]);
    let upper = _mm512_set1_epi32(UPPER.cast_signed());
    let mut sums = [[_mm512_set1_ps(0.0); 2]; P];
    for (sums, columns) in sums.iter_mut().zip(&columns) {
        *sums = [load(&columns[0], &columns[2]), load(&columns[1], &columns[3])];
    }
    for (k, value) in row.iter().enumerate() {
        let value = _mm512_set1_ps(*value);
        for p in 0..P {
            let place = &raw const panels[p][k];
            // SAFETY: the prefetch is a hint that reads nothing, wherever it points; the row holds the sixteen
            // integers that are read.
            let pairs: __m512i = unsafe {
                _mm_prefetch::<_MM_HINT_T0>(place.wrapping_add(ahead).cast());
                _mm512_loadu_si512(place.cast())
            };
            let below = _mm512_castsi512_ps(_mm512_slli_epi32::<16>(pairs));
            let above = _mm512_castsi512_ps(_mm512_and_si512(pairs, upper));
            sums[p][0] = _mm512_fmadd_ps(value, below, sums[p][0]);
            sums[p][1] = _mm512_fmadd_ps(value, above, sums[p][1]);
        }
    }
    for ([even, odd], columns) in sums.into_iter().zip(columns) {
        let [a, b, c, d] = columns;
        store(even, a, c);
        store(odd, b, d);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(low: &[f32; WIDTH], high: &[f32; WIDTH]) -> __m512 {
    // SAFETY: each array holds the eight floats that are read.
    let [low, high] = [low, high].map(|half| unsafe { _mm256_loadu_ps(half.as_ptr()) });
    let low = _mm512_castps_pd(_mm512_castps256_ps512(low));
    _mm512_castpd_ps(_mm512_insertf64x4::<1>(low, _mm256_castps_pd(high)))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(sums: __m512, low: &mut [f32; WIDTH], high: &mut [f32; WIDTH]) {
    let above = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(sums)));
    for (half, to) in [(_mm512_castps512_ps256(sums), low), (above, high)] {
        // SAFETY: the array holds the eight floats that are written.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), half) };
    }
}

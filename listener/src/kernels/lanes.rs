//! Eight floats at once, with multiply-add: what a register tile is made of.
//!
//! Loops over small arrays vectorise or not as the compiler's mood goes; the product is worth
//! saying it outright. The portable kind serves every processor, the wide kind AVX2.

/// Floats in a lane group.
pub(crate) const WIDTH: usize = 8;

/// Two times eight floats that are zero in their lower halves, upper halves alone: in each place one of the
/// first eight below, one of the second above.
pub(crate) type Pairs = [u32; WIDTH];

/// Keeps the upper half of a float.
pub(super) const UPPER: u32 = 0xffff_0000;

/// Eight floats.
pub(crate) trait Lanes: Copy {
    /// Eight times `x`.
    fn splat(x: f32) -> Self;
    /// Takes eight floats.
    fn load(from: &[f32; WIDTH]) -> Self;
    /// Takes the first and the second eight floats.
    fn load_pairs(from: &Pairs) -> [Self; 2];
    /// Gives eight floats.
    fn store(self, to: &mut [f32; WIDTH]);
    /// Asks the memory for what lies `ahead` items on, which may be beyond the end.
    fn prefetch<T>(from: &T, ahead: usize);
    /// `self + a * b`.
    fn plus_product(self, a: Self, b: Self) -> Self;
}

/// For any processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; WIDTH]);

impl Lanes for Portable {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; WIDTH])
    }

    #[inline(always)]
    fn load(from: &[f32; WIDTH]) -> Self {
        Self(*from)
    }

    #[inline(always)]
    fn load_pairs(from: &Pairs) -> [Self; 2] {
        [
            Self(from.map(|pair| f32::from_bits(pair << 16))),
            Self(from.map(|pair| f32::from_bits(pair & UPPER))),
        ]
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; WIDTH]) {
        *to = self.0;
    }

    #[inline(always)]
    fn prefetch<T>(_: &T, _: usize) {}

    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        // Where one instruction does both, as x86-64's wide registers do.
        let one = |i: usize| match cfg!(target_arch = "aarch64") {
            true => a.0[i].mul_add(b.0[i], self.0[i]),
            false => self.0[i] + a.0[i] * b.0[i],
        };
        Self(std::array::from_fn(one))
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use Portable as Fused;
#[cfg(target_arch = "x86_64")]
pub(crate) use wide::Wide as Fused;

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector instructions and their memory")]
mod wide {
    use std::arch::x86_64::{
        __m256, _MM_HINT_T0, _mm_prefetch, _mm256_and_si256, _mm256_castsi256_ps, _mm256_fmadd_ps,
        _mm256_loadu_ps, _mm256_loadu_si256, _mm256_set1_epi32, _mm256_set1_ps, _mm256_slli_epi32,
        _mm256_storeu_ps,
    };

    use super::{Lanes, Pairs, UPPER, WIDTH};

    /// For AVX2 with fused multiply-add. Only the wide build of
    /// [`vectorised`](crate::vectorised) functions uses it.
    #[derive(Clone, Copy)]
    pub(crate) struct Wide(__m256);

    impl Lanes for Wide {
        #[inline(always)]
        fn splat(x: f32) -> Self {
            // SAFETY: used only where the processor was asked for AVX2.
            Self(unsafe { _mm256_set1_ps(x) })
        }

        #[inline(always)]
        fn load(from: &[f32; WIDTH]) -> Self {
            // SAFETY: as above, and the array holds the eight floats that are read.
            Self(unsafe { _mm256_loadu_ps(from.as_ptr()) })
        }

        #[inline(always)]
        fn load_pairs(from: &Pairs) -> [Self; 2] {
            // SAFETY: used only where the processor was asked for AVX2, and the array holds the eight integers
            // that are read.
            unsafe {
                let pairs = _mm256_loadu_si256(from.as_ptr().cast());
                let upper = _mm256_set1_epi32(UPPER.cast_signed());
                [_mm256_slli_epi32::<16>(pairs), _mm256_and_si256(pairs, upper)]
                    .map(|bits| Self(_mm256_castsi256_ps(bits)))
            }
        }

        #[inline(always)]
        fn store(self, to: &mut [f32; WIDTH]) {
            // SAFETY: as above, and the array holds the eight floats that are written.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn prefetch<T>(from: &T, ahead: usize) {
            let place = std::ptr::from_ref(from).wrapping_add(ahead);
            // SAFETY: a hint that reads nothing, wherever it points.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
        }

        #[inline(always)]
        fn plus_product(self, a: Self, b: Self) -> Self {
            // SAFETY: used only where the processor was asked for FMA.
            Self(unsafe { _mm256_fmadd_ps(a.0, b.0, self.0) })
        }
    }
}

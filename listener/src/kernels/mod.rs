//! Kernels: the arithmetic of the networks, in the vector registers the processor has.
//!
//! The ear hears with them and the trainer learns with them, so that both say the same.

pub mod activation;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod lanes;
pub mod matrix;
mod simd;
mod tile;

pub use simd::{is_wide, mul_add};

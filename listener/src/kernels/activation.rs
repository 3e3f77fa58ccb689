//! The nonlinearities, written so that they vectorise: no branches, no library calls.
//!
//! `exp` is Cephes' single-precision polynomial (Moshier 1992), within 2e-7 of the true value, so
//! that an exported model computed elsewhere agrees with ours.

use super::mul_add;
use crate::vectorised;

/// `e^x` for any finite x; saturates beyond +-87.
#[inline(always)]
#[must_use]
pub fn exp<const FMA: bool>(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 87.0);
    let shifted = mul_add::<FMA>(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = mul_add::<FMA>(-n, LN_2_LOW, mul_add::<FMA>(-n, LN_2_HIGH, x));
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = mul_add::<FMA>(p, r, c);
    }
    let mantissa = mul_add::<FMA>(p, r * r, r + 1.0);
    let two_to_n = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    mantissa * two_to_n
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
#[must_use]
pub fn sigmoid<const FMA: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FMA>(-x))
}

/// Hyperbolic tangent, absolute error below 3e-7.
#[inline(always)]
#[must_use]
pub fn tanh<const FMA: bool>(x: f32) -> f32 {
    2.0 / (1.0 + exp::<FMA>(-2.0 * x)) - 1.0
}

/// Exponential linear unit (Clevert et al. 2016).
#[inline(always)]
#[must_use]
pub fn elu<const FMA: bool>(x: f32) -> f32 {
    // A choice between the two would become a masked store, which some processors take long for.
    x.max(0.0) + (exp::<FMA>(x.min(0.0)) - 1.0)
}

vectorised! {
    /// Applies [`elu`] in place.
    pub fn elu_all<FMA>(x: &mut [f32]) {
        for x in x {
            *x = elu::<FMA>(*x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_the_standard_library() {
        for i in -4000..4000 {
            let x = i as f32 * 0.005;
            let relative = exp::<false>(x) / x.exp() - 1.0;
            assert!(relative.abs() < 5e-7, "exp({x}) is off by {relative}");
            assert!((tanh::<false>(x) - x.tanh()).abs() < 3e-7, "tanh({x})");
            assert!((sigmoid::<false>(x) - 1.0 / (1.0 + (-x).exp())).abs() < 2e-7, "sigmoid({x})");
        }
    }

    #[test]
    fn extremes_saturate() {
        assert_eq!(sigmoid::<false>(1e4), 1.0);
        assert!(sigmoid::<false>(-1e4) < 1e-30);
        assert_eq!(tanh::<false>(-1e4), -1.0);
        assert_eq!(elu::<false>(-1e4), -1.0);
        assert_eq!(elu::<false>(3.0), 3.0);
    }

    #[test]
    fn both_builds_agree() {
        let xs: Vec<f32> = (-50..50).map(|i| i as f32 * 0.11).collect();
        let mut fast = xs.clone();
        elu_all(&mut fast);
        for (x, y) in xs.iter().zip(fast) {
            assert!((elu::<false>(*x) - y).abs() < 3e-7);
        }
    }
}

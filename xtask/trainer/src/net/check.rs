//! Finite differences, against which every layer's gradient is tested.

/// Numbers between -0.5 and 0.5 without a pattern, the same on every machine.
pub(crate) fn numbers(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| {
            ((i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f32 / 16_777_216.0 - 0.5
        })
        .collect()
}

/// Checks `gradient` of `loss` at `at` by central differences, at up to 200 places.
pub(crate) fn assert_gradient(at: &[f32], gradient: &[f32], loss: impl Fn(&[f32]) -> f64) {
    assert_gradient_near((1e-2, 4e-3), at, gradient, loss);
}

/// Likewise with a step and a tolerance of its own, for networks with many maxima, whose kinks a step may
/// meet: a small step meets fewer, with more rounding.
pub(crate) fn assert_gradient_near(
    (size, tolerance): (f32, f64),
    at: &[f32],
    gradient: &[f32],
    loss: impl Fn(&[f32]) -> f64,
) {
    assert_eq!(at.len(), gradient.len());
    let largest = gradient.iter().fold(1e-3f64, |m, g| m.max(f64::from(g.abs())));
    for i in (0..at.len()).step_by(at.len().div_ceil(200)) {
        let mut moved = at.to_vec();
        let slope = |moved: &mut Vec<f32>, step: f32| {
            moved[i] = at[i] + step;
            let above = loss(moved);
            moved[i] = at[i] - step;
            let below = loss(moved);
            (above - below) / f64::from(2.0 * step)
        };
        // Richardson's combination cancels the error of the second order.
        let (coarse, fine) = (slope(&mut moved, size), slope(&mut moved, size / 2.0));
        let expected = (4.0 * fine - coarse) / 3.0;
        let error = (f64::from(gradient[i]) - expected).abs();
        assert!(
            error < tolerance * largest,
            "gradient {i}: {} by hand, {expected} by differences",
            gradient[i]
        );
    }
}

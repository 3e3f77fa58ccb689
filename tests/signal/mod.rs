//! Audio for the host tests, the same on every machine.

/// Beats per minute of [`drums`].
pub(crate) const BPM: f64 = 120.0;

/// `seconds` of a plain drum beat at [`BPM`]: kick on 1 and 3, snare on 2 and 4, hats between.
pub(crate) fn drums(seconds: f64, rate_hz: f64) -> Vec<f32> {
    let beat = 60.0 / BPM * rate_hz;
    let mut noise = 0x2545_f491_u32;
    (0..(seconds * rate_hz) as usize)
        .map(|sample| {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let hiss = noise as f32 / u32::MAX as f32 * 2.0 - 1.0;
            let since = |every: f64| ((sample as f64 % every) / rate_hz) as f32;
            let decay = |seconds: f32, length: f32| (-seconds / length).exp();
            let kick = since(2.0 * beat);
            let kick = decay(kick, 0.08) * (std::f32::consts::TAU * 60.0 * kick).sin();
            let snare = ((sample as f64 + beat) % (2.0 * beat) / rate_hz) as f32;
            let snare = if sample as f64 >= beat { decay(snare, 0.05) * hiss } else { 0.0 };
            let hat = decay(since(beat / 2.0), 0.01) * hiss;
            0.8 * kick + 0.4 * snare + 0.15 * hat
        })
        .collect()
}

/// A copy with its own character, so that channels can be told apart.
pub(crate) fn other(channel: &[f32]) -> Vec<f32> {
    channel.iter().map(|sample| -0.5 * sample).collect()
}

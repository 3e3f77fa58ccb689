//! Other metrical levels at which people tap to the same music (Davies, Degara, Plumbley 2009).

/// The reference beats themselves, their off-beats, both (double tempo), the odd and the even ones
/// (half tempo). Lists may be empty.
pub(crate) fn variations(reference: &[f64]) -> [Vec<f64>; 5] {
    let off_beat: Vec<f64> =
        reference.windows(2).map(|pair| (pair[1] - pair[0]) * 0.5 + pair[0]).collect();
    let mut double = Vec::with_capacity(2 * reference.len());
    for (i, &beat) in reference.iter().enumerate() {
        double.push(beat);
        double.extend(off_beat.get(i));
    }
    let every_second = |from| reference.iter().copied().skip(from).step_by(2).collect();
    [reference.to_vec(), off_beat, double, every_second(0), every_second(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_ways_to_tap() {
        let [same, off, double, odd, even] = variations(&[1.0, 2.0, 4.0]);
        assert_eq!(same, [1.0, 2.0, 4.0]);
        assert_eq!(off, [1.5, 3.0]);
        assert_eq!(double, [1.0, 1.5, 2.0, 3.0, 4.0]);
        assert_eq!(odd, [1.0, 4.0]);
        assert_eq!(even, [2.0]);
        assert!(variations(&[]).iter().all(Vec::is_empty));
    }
}

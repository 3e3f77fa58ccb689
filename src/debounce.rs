//! `Debounce`: a choice that counts once it has stood for a while, not every one that a drag passes.

/// How long a choice must stand where it costs the listening something, seconds.
pub(crate) const SETTLED_S: f64 = 0.3;

/// The choice at hand.
#[derive(Default)]
pub(crate) struct Debounce<T> {
    chosen: T,
    /// For how many samples it has been chosen.
    stood: u64,
}

impl<T: PartialEq> Debounce<T> {
    /// Whether `now` has been chosen for `settled` samples, when `samples` more have passed. Real-time safe.
    pub(crate) fn stands(&mut self, now: T, samples: usize, settled: u64) -> bool {
        self.stood = if now == self.chosen { self.stood + samples as u64 } else { 0 };
        self.chosen = now;
        self.stood >= settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_counts_when_it_stands() {
        for block in [1, 64, 5000] {
            let mut choice = Debounce::default();
            assert!((1..=100).all(|dragged| !choice.stands(dragged, block, 1000)));
            let blocks = 1000_usize.div_ceil(block);
            assert!((1..blocks).all(|_| !choice.stands(100, block, 1000)), "blocks of {block}");
            assert!(choice.stands(100, block, 1000), "blocks of {block}");
            assert!(!choice.stands(0, block, 1000), "another choice begins anew");
        }
    }
}

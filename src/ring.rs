//! `AudioRing`: the newest of the host's audio, mono.
//!
//! The audio thread writes, anybody may copy. No lock: every sample is an atomic, two counters say
//! what is whole. A reader that was overtaken gets nothing rather than a mixture.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use atomic_float::AtomicF32;

/// Samples kept; a power of two. 0.68 s at 192 kHz, 2.7 s at 48 kHz.
pub(crate) const RING_SAMPLES: usize = 1 << 17;

/// A ring with one writer.
pub(crate) struct AudioRing {
    samples: Box<[AtomicF32]>,
    /// Samples whose place may be being overwritten: raised before a write.
    claimed: AtomicU64,
    /// Samples that are whole: raised after a write.
    written: AtomicU64,
}

impl AudioRing {
    /// A ring of `capacity` samples of silence; `capacity` must be a power of two.
    pub(crate) fn new(capacity: usize) -> Self {
        assert!(capacity.is_power_of_two(), "a ring of {capacity} samples; use a power of two");
        Self {
            samples: (0..capacity).map(|_| AtomicF32::new(0.0)).collect(),
            claimed: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }
    }

    /// Samples written since the ring was made.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Appends `block`. Only ever called by the one writer. Real-time safe.
    pub(crate) fn write(&self, block: &[f32]) {
        let start = self.written.load(Ordering::Relaxed);
        let end = start + block.len() as u64;
        self.claimed.store(end, Ordering::Relaxed);
        // A reader that sees any of the stores below also sees the claim, after its own fence.
        fence(Ordering::Release);
        let kept = block.len().min(self.samples.len());
        let (places, wrapped) = self.places(end - kept as u64, kept);
        let (now, later) = block[block.len() - kept..].split_at(places.len());
        for (places, block) in [(places, now), (wrapped, later)] {
            for (place, &sample) in places.iter().zip(block) {
                place.store(sample, Ordering::Relaxed);
            }
        }
        self.written.store(end, Ordering::Release);
    }

    /// Copies the samples from `start` on into `out`. `false`, with `out` undefined, when they are
    /// not written yet or no longer there.
    pub(crate) fn read(&self, start: u64, out: &mut [f32]) -> bool {
        let end = start + out.len() as u64;
        if end > self.written() {
            return false;
        }
        if out.len() > self.samples.len() {
            return false;
        }
        let (places, wrapped) = self.places(start, out.len());
        let (now, later) = out.split_at_mut(places.len());
        for (places, out) in [(places, now), (wrapped, later)] {
            for (sample, place) in out.iter_mut().zip(places) {
                *sample = place.load(Ordering::Relaxed);
            }
        }
        fence(Ordering::Acquire);
        self.claimed.load(Ordering::Relaxed) <= start + self.samples.len() as u64
    }

    /// The places of `count` samples from `start` on, no more than there are: a run, and the rest where it
    /// wraps.
    fn places(&self, start: u64, count: usize) -> (&[AtomicF32], &[AtomicF32]) {
        let first = start as usize & (self.samples.len() - 1);
        let run = count.min(self.samples.len() - first);
        (&self.samples[first..first + run], &self.samples[..count - run])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn gives_what_was_written_and_nothing_else() {
        let ring = AudioRing::new(8);
        let mut out = [0.0; 4];
        assert!(!ring.read(0, &mut out), "nothing is written yet");
        ring.write(&[1.0, 2.0, 3.0]);
        ring.write(&[4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        assert!(ring.read(5, &mut out));
        assert_eq!(out, [6.0, 7.0, 8.0, 9.0]);
        assert!(!ring.read(0, &mut out), "sample 0 is overwritten");
        assert!(!ring.read(6, &mut out), "sample 9 is not written");
    }

    #[test]
    fn a_reader_on_another_thread_never_sees_a_mixture() {
        let ring = Arc::new(AudioRing::new(256));
        let reader = {
            let ring = Arc::clone(&ring);
            std::thread::spawn(move || {
                let mut out = [0.0; 64];
                while ring.written() < 200_000 {
                    let start = ring.written().saturating_sub(64);
                    if ring.read(start, &mut out) {
                        let expected = (start..start + 64).map(|position| position as f32);
                        assert!(out.iter().copied().eq(expected), "torn read at {start}");
                    }
                }
            })
        };
        let mut block = [0.0; 40];
        while ring.written() < 200_000 {
            let start = ring.written();
            block.iter_mut().zip(start..).for_each(|(sample, n)| *sample = n as f32);
            ring.write(&block);
        }
        assert!(reader.join().is_ok());
        assert!(ring.read(ring.written() - 64, &mut [0.0; 64]), "who comes after the writer reads");
    }
}

//! `Watch`: a thread that ends the program when a call never comes back, and says what was done last.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A call that takes longer than this never comes back.
const FOR_EVER: Duration = Duration::from_secs(90);
/// Actions kept.
const KEPT: usize = 30;

/// What the soak does, seen from outside.
#[derive(Clone)]
pub(super) struct Watch {
    begun: Instant,
    turns: Arc<AtomicU64>,
    recent: Arc<Mutex<VecDeque<String>>>,
}

impl Watch {
    /// Starts to watch; the thread ends with the program.
    pub(super) fn start(seed: u64) -> std::io::Result<Self> {
        let watch = Self { begun: Instant::now(), turns: Arc::default(), recent: Arc::default() };
        let watching = watch.clone();
        thread::Builder::new().name("stage watch".into()).spawn(move || watching.look(seed))?;
        Ok(watch)
    }

    /// Seconds since the start.
    pub(super) fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// The soak goes on.
    pub(super) fn turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes what is done to whom.
    pub(super) fn note(&self, what: String) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == KEPT {
            recent.pop_front();
        }
        recent.push_back(format!("{:9.3} s  {what}", self.seconds()));
    }

    /// What was done last, oldest first.
    pub(super) fn recent(&self) -> Vec<String> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn look(&self, seed: u64) {
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            thread::sleep(Duration::from_secs(1));
            let turns = self.turns.load(Ordering::Relaxed);
            if turns != seen {
                (seen, since) = (turns, Instant::now());
            } else if since.elapsed() > FOR_EVER {
                eprintln!("violation: a call does not come back; --seed {seed}; done last:");
                self.recent().iter().for_each(|line| eprintln!("  {line}"));
                std::process::exit(1);
            }
        }
    }
}

//! `Hub`: one worker thread per process, that serves every instance.
//!
//! The first instance starts it, the last one to go stops and joins it, so that no thread outlives
//! the library. It takes whatever frames the lanes have ready and hears them in one batched step;
//! tags come after the beats.
//!
//! An audio thread that waits, as in an offline render, does the work itself while the worker has none
//! at hand: waking another thread for each frame would cost more than hearing it. Nothing else here is
//! ever called by an audio thread.

pub(crate) mod seat;
pub(crate) mod tagger;
mod tagging;
mod triage;

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use listener::{BeatNet, LaneFrame};

use crate::denormals::Flushed;
use crate::faults;
use crate::health::Health;
use crate::lane::{Help, Helped};
use crate::models::{Model, Models, Network};
use seat::Seat;
use tagger::Tagger;
use thread_priority::{ThreadPriority, set_current_thread_priority};
use triage::Triage;

/// Between two looks while frames come: well within the 20 ms a frame has, and waking is what an idle
/// worker costs.
const BUSY_NAP: Duration = Duration::from_millis(3);
/// Between two looks while none come.
const IDLE_NAP: Duration = Duration::from_millis(8);
/// Priority of the worker, where a usual thread has 50 of 100; macOS counts from 15 to 47, a usual thread has 31.
const WORKER_PRIORITY: u8 = if cfg!(target_os = "macos") { 40 } else { 70 };
/// Looks without a frame after which the worker is idle.
const IDLE_AFTER: u32 = 70;

/// The hub of this process, while there are instances.
static SHARED: Mutex<Weak<Hub>> = Mutex::new(Weak::new());

/// What the main thread leaves for the worker.
#[derive(Default)]
struct Mail {
    arrivals: Mutex<Vec<Seat>>,
    stopping: AtomicBool,
}

/// A handle on the worker; the last one dropped joins it.
pub(crate) struct Hub {
    mail: Arc<Mail>,
    table: Arc<Mutex<Table>>,
    worker: Option<JoinHandle<()>>,
}

impl Hub {
    /// The process's hub, started if there is none. \[main thread\]
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub(crate) fn shared() -> io::Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hub) = shared.upgrade() {
            return Ok(hub);
        }
        let mail = Arc::new(Mail::default());
        let table = Table { mail: Arc::clone(&mail), ..Table::default() };
        let table = Arc::new(Mutex::new(table));
        let worker = {
            let (mail, table) = (Arc::clone(&mail), Arc::clone(&table));
            thread::Builder::new().name("tatum worker".into()).spawn(move || work(&mail, &table))?
        };
        let hub = Arc::new(Self { mail, table, worker: Some(worker) });
        *shared = Arc::downgrade(&hub);
        Ok(hub)
    }

    /// Gives `seat` to the worker. \[main thread\]
    pub(crate) fn admit(&self, seat: Seat) {
        self.mail.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(seat);
        self.worker().iter().for_each(Thread::unpark);
    }

    /// The worker's thread.
    pub(crate) fn worker(&self) -> Option<Thread> {
        self.worker.as_ref().map(|worker| worker.thread().clone())
    }

    /// For a thread that waits: one pass of the worker's work, unless somebody is at it. What has to be
    /// loaded first is left to the worker.
    pub(crate) fn help(&self) -> Help {
        let table = Arc::downgrade(&self.table);
        Box::new(move || {
            let Some(table) = table.upgrade() else { return Helped::Nothing };
            let Some(mut table) = free(&table) else { return Helped::Busy };
            if table.attempt(Loading::Forbidden) { Helped::Done } else { Helped::Nothing }
        })
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.mail.stopping.store(true, Ordering::Release);
        if let Some(worker) = self.worker.take() {
            worker.thread().unpark();
            // The worker catches its panics; there is nothing to pass on.
            let _ = worker.join();
        }
    }
}

/// Asks the system to prefer this thread to what can wait, as windows and other programs; audio threads
/// stay before it. Where the system refuses, the worker works all the same.
fn ask_for_priority() {
    if let Ok(priority) = WORKER_PRIORITY.try_into() {
        let _ = set_current_thread_priority(ThreadPriority::Crossplatform(priority));
    }
}

/// The model at `path`. While a new one is loaded every lane knows, because all of them wait.
fn load<'a, N: Network>(
    models: &'a mut Models<N>,
    path: &str,
    seats: &mut [Seat],
) -> &'a mut Model<N> {
    if !models.knows(path) {
        seats.iter_mut().for_each(|seat| seat.set_loading(true));
        models.get(path);
        seats.iter_mut().for_each(|seat| seat.set_loading(false));
    }
    models.get(path)
}

/// What the worker works on.
#[derive(Default)]
struct Table {
    mail: Arc<Mail>,
    seats: Vec<Seat>,
    models: Models<BeatNet>,
    tagger: Tagger,
    triage: Triage,
}

/// The table, unless somebody is at it.
fn free(table: &Mutex<Table>) -> Option<MutexGuard<'_, Table>> {
    match table.try_lock() {
        Ok(table) => Some(table),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// What the worker's thread does.
fn work(mail: &Mail, table: &Mutex<Table>) {
    ask_for_priority();
    let mut idle = 0_u32;
    let mut looked = Instant::now();
    while !mail.stopping.load(Ordering::Acquire) {
        let Some(mut table) = free(table) else {
            // Whoever helps hears the frames; to queue for the lock would have it wake this thread again and again.
            nap(BUSY_NAP);
            continue;
        };
        faults::pass();
        let heard = table.attempt(Loading::Allowed);
        let now = Instant::now();
        table.look(now - std::mem::replace(&mut looked, now));
        drop(table);
        if heard {
            idle = 0;
            continue;
        }
        idle = idle.saturating_add(1);
        nap(if idle < IDLE_AFTER { BUSY_NAP } else { IDLE_NAP });
    }
}

/// Waits so long, or less if the worker is woken. A wait that can be ended lasts a tick of the clock or more on
/// Windows, up to 15.6 ms, and a frame has 20; a sleep does not.
fn nap(time: Duration) {
    if cfg!(windows) { thread::sleep(time) } else { thread::park_timeout(time) }
}

/// Whether a pass may load a model: it reads files, takes its time, and a host's thread may have a small
/// stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loading {
    Allowed,
    Forbidden,
}

impl Table {
    /// Whether every model that is wanted now is there.
    fn is_loaded(&self) -> bool {
        self.seats.iter().all(|seat| {
            seat.wants().is_none_or(|path| self.models.knows(path))
                && seat.wants_tags().is_none_or(|path| self.tagger.models.knows(path))
        })
    }

    /// A [`pass`](Self::pass), whose panic ends here. A lane hears the same on every thread.
    fn attempt(&mut self, loading: Loading) -> bool {
        let _flushed = Flushed::here();
        catch_unwind(AssertUnwindSafe(|| self.pass(loading))).unwrap_or_else(|panic| {
            self.recover(&*panic);
            true
        })
    }

    fn look(&mut self, passed: Duration) {
        self.triage.look(&mut self.seats, passed);
    }

    /// Hears at most one frame of every lane, then some of the blocks that wait for their tags; says
    /// whether there was any. With a model to load that it may not, it does nothing: frames taken from their
    /// queues stay at hand for the next pass.
    fn pass(&mut self, loading: Loading) -> bool {
        self.seat_arrivals();
        let mut any = false;
        let mut restarted = false;
        for seat in &mut self.seats {
            any |= seat.poll();
            restarted |= seat.has_restarted();
        }
        if restarted {
            // Who starts again may have mended a file, or trained a model anew.
            for path in self.models.forget_changed() {
                let seats = self.seats.iter_mut().filter(|seat| seat.model() == path);
                seats.for_each(Seat::forget_memory);
            }
            self.tagger.forget_changed(&mut self.seats);
        }
        if loading == Loading::Forbidden && !self.is_loaded() {
            return false;
        }
        if !any {
            if self.tagger.go_on(&mut self.seats) {
                return true;
            }
            self.seats.iter_mut().for_each(Seat::idle);
            return false;
        }
        self.tagger.catch_up(&mut self.seats);
        while let Some(path) = self.seats.iter().find_map(|seat| seat.wants().map(str::to_owned)) {
            self.hear(&path);
        }
        // What is left is at fault.
        for seat in &mut self.seats {
            if let Some(fault) = seat.fault() {
                seat.miss(fault);
            }
        }
        if loading == Loading::Allowed || self.is_loaded() {
            self.tagger.go_on(&mut self.seats);
        }
        true
    }

    fn seat_arrivals(&mut self) {
        let mut arrivals = self.mail.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        let came = !arrivals.is_empty();
        self.seats.append(&mut arrivals);
        drop(arrivals);
        let before = self.seats.len();
        self.seats.retain(|seat| !seat.closed());
        if came || self.seats.len() < before {
            let seats = &self.seats;
            self.models.keep(|path| seats.iter().any(|seat| seat.model() == path));
            self.tagger.models.keep(|path| seats.iter().any(|seat| seat.tag_model() == path));
        }
    }

    /// One step of the model at `path`, for every lane that wants it.
    fn hear(&mut self, path: &str) {
        let model = load(&mut self.models, path, &mut self.seats);
        let mut seats: Vec<&mut Seat> =
            self.seats.iter_mut().filter(|seat| seat.wants() == Some(path)).collect();
        let health = model.health();
        let Some(net) = model.net() else {
            seats.iter_mut().for_each(|seat| seat.miss(health));
            return;
        };
        let mut frames: Vec<LaneFrame<'_>> =
            seats.iter_mut().filter_map(|seat| seat.lane_frame(net)).collect();
        let outcome = faults::beat_step().and_then(|()| net.step(&mut frames));
        let heard: Vec<_> = frames.into_iter().map(|frame| frame.out).collect();
        let backend = net.backend().to_string();
        match outcome {
            Ok(()) => {
                for (seat, activations) in seats.into_iter().zip(heard) {
                    seat.hear(activations, &backend, health);
                }
            }
            Err(error) => {
                let health = Health::WorkerFailed(error.to_string().as_str().into());
                seats.into_iter().for_each(|seat| seat.fail(health));
                // A lane that restarts tries again with a fresh network, to which old memories mean nothing.
                self.models.keep(|kept| kept != path);
                let others = self.seats.iter_mut().filter(|seat| seat.model() == path);
                others.for_each(Seat::forget_memory);
            }
        }
    }

    /// After a panic nothing is trusted: every lane fails until it restarts, every model is loaded
    /// anew when it is next wanted. Frames go on being taken, so that nobody waits for them.
    fn recover(&mut self, panic: &(dyn Any + Send)) {
        self.models = Models::default();
        self.tagger = Tagger::default();
        for seat in &mut self.seats {
            seat.fail(Health::WorkerFailed(reason(panic).into()));
        }
    }
}

/// What a panic says.
fn reason(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

#[cfg(test)]
mod tests;

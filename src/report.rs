//! `Report`: what the private CLAP extension `tatum.report/1` needs from an instance.
//!
//! One per instance, shared by the main thread (which starts and drains a recording), the audio
//! thread (which records) and the worker (which posts its status and the tags). The audio thread only reads
//! atomics, takes a box from an atomic cell and pushes to a queue; it never allocates or frees.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam::atomic::AtomicCell;
use listener::{Activations, Bpm, Tags, Vocabulary};

use crate::health::Health;
use crate::latency::{Latencies, Timed};
use crate::text::Text;

/// Events a recording holds between two drains: over five minutes of frames.
const CAPACITY: usize = 1 << 16;
/// Tags a recording holds between two drains: over an hour of seconds.
const TAG_CAPACITY: usize = 1 << 12;

/// One line of the report. Positions are host samples since activation or reset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ReportEvent {
    /// A beat left the plugin.
    Beat {
        /// The beat's own sample.
        at: i64,
        /// The sample at which it left `process`.
        emitted: i64,
        /// 1 is the downbeat.
        in_bar: u8,
        /// Beats in the bar.
        beats_per_bar: u8,
        /// Tempo at the beat.
        bpm: Bpm,
        /// 0..1.
        confidence: f32,
    },
    /// An onset left the plugin.
    Onset {
        /// The onset's own sample.
        at: i64,
        /// The sample at which it left `process`.
        emitted: i64,
        /// 0..1.
        strength: f32,
    },
    /// The shown tempo changed.
    Tempo {
        /// Sample of the frame that changed it.
        at: i64,
        /// The new tempo.
        bpm: Bpm,
    },
    /// One frame, every 20 ms.
    Frame {
        /// Sample at which its news was due.
        at: i64,
        /// Sample at its centre: when what was heard sounded.
        heard: i64,
        /// What the network heard.
        activations: Activations,
        /// Position in the bar, 0..1.
        phase: f32,
        /// Confidence of the bar position, 0..1.
        confidence: f32,
    },
}

/// The tags that leave at a sample. Positions are host samples since activation or reset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TagLine {
    /// The sample at which they leave.
    pub(crate) at: i64,
    /// The end of the audio they rest on.
    pub(crate) heard: i64,
    /// The tags.
    pub(crate) tags: Tags,
    /// Their words.
    pub(crate) vocabulary: Arc<Vocabulary>,
}

/// What runs, and how it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Status {
    /// What runs the network; empty until the model is loaded.
    pub(crate) backend: Text<96>,
    /// How the instance is doing.
    pub(crate) health: Health,
    /// Restarts because frames were lost.
    pub(crate) gaps: u32,
    /// Results that came after their sample had left.
    pub(crate) late: u32,
    /// How the tags are doing.
    pub(crate) tags: Health,
}

/// What became of every frame, since the instance was made: once the worker is done, `sent` is the sum
/// of `heard` and `missed`. The audio thread counts `sent` and `lost`, the worker the others.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Went to the worker.
    pub(crate) sent: AtomicU64,
    /// The network heard it, and its news went back.
    pub(crate) heard: AtomicU64,
    /// It could not be heard: no model, a failure, a stretch that did not start.
    pub(crate) missed: AtomicU64,
    /// Found the queue to the worker full; a gap follows.
    pub(crate) lost: AtomicU64,
}

impl Frames {
    /// Sent, heard, missed and lost.
    pub(crate) fn now(&self) -> [u64; 4] {
        [&self.sent, &self.heard, &self.missed, &self.lost]
            .map(|count| count.load(Ordering::Acquire))
    }
}

/// The instance's side of the report.
#[derive(Default)]
pub(crate) struct Report {
    /// What became of every frame.
    pub(crate) frames: Frames,
    /// Lock-step: `process` first waits for the frames of earlier blocks. Set before processing.
    pub(crate) lockstep: AtomicBool,
    /// Edits would reach the host late, all at once: clap-wrapper on Linux hands them on only while the editor is
    /// open. Set by the main thread.
    pub(crate) edits_wait: AtomicBool,
    /// Whether events are recorded; read by the audio thread, set by [`record`](Self::record).
    pub(crate) recording: AtomicBool,
    /// How long after the sound things leave; counted whether a recording runs or not.
    pub(crate) latencies: Latencies,
    /// The host stopped recording and has not been told of the latencies since. Main thread only.
    pub(crate) stopped: AtomicBool,
    /// The audio thread's half of the queue, on its way there.
    handover: AtomicCell<Option<Box<rtrb::Producer<ReportEvent>>>>,
    /// The main thread's half. Main thread only; the lock is never waited for.
    events: Mutex<Option<rtrb::Consumer<ReportEvent>>>,
    /// Written by whoever serves the lane, read by the main thread. Never touched by an audio thread in time.
    status: Mutex<Status>,
    /// Tags, which have words and so a heap: from whoever serves the lane to the main thread, past the audio thread.
    tags: Mutex<VecDeque<TagLine>>,
}

impl Report {
    /// Starts or stops recording. The queue is made on the first start and kept. \[main thread\]
    pub(crate) fn record(&self, on: bool) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if on && events.is_none() {
            let (mut producer, mut consumer) = rtrb::RingBuffer::new(CAPACITY);
            // Every page of it is touched here, not one after the other by the audio thread.
            let blank = ReportEvent::Tempo { at: 0, bpm: Bpm(0.0) };
            while producer.push(blank).is_ok() {}
            while consumer.pop().is_ok() {}
            *events = Some(consumer);
            self.handover.store(Some(Box::new(producer)));
        }
        self.recording.store(on, Ordering::Release);
        self.stopped.store(!on, Ordering::Relaxed);
    }

    /// The next recorded event, in the order they left. \[main thread\]
    pub(crate) fn next(&self) -> Option<ReportEvent> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.as_mut()?.pop().ok()
    }

    /// Keeps the tags of `line` if a recording runs. \[worker\]
    pub(crate) fn post_tags(&self, line: impl FnOnce() -> TagLine) {
        if !self.recording.load(Ordering::Acquire) {
            return;
        }
        let mut tags = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
        // A host that does not read them loses the newest.
        if tags.len() < TAG_CAPACITY {
            tags.push_back(line());
        }
    }

    /// The next recorded tags, in the order they left. \[main thread\]
    pub(crate) fn next_tags(&self) -> Option<TagLine> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// The newest status. \[main thread\]
    pub(crate) fn status(&self) -> Status {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Posts a new status. \[worker, or main thread\]
    pub(crate) fn post(&self, status: Status) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }
}

/// The audio thread's end of a report.
pub(crate) struct Recorder {
    report: Arc<Report>,
    queue: Option<Box<rtrb::Producer<ReportEvent>>>,
}

impl Recorder {
    /// The recorder of `report`; one per instance.
    pub(crate) fn new(report: Arc<Report>) -> Self {
        Self { report, queue: None }
    }

    /// Whether the host asked for lock-step.
    pub(crate) fn lockstep(&self) -> bool {
        self.report.lockstep.load(Ordering::Acquire)
    }

    /// Whether the host could record edits of parameters now. Real-time safe.
    pub(crate) fn recordable(&self) -> bool {
        !self.report.edits_wait.load(Ordering::Relaxed)
    }

    /// Counts a latency of `seconds`. Real-time safe.
    pub(crate) fn time(&self, timed: Timed, seconds: f64) {
        self.report.latencies.count(timed, seconds);
    }

    /// Counts a frame that went to the worker, or that found no room. Real-time safe.
    pub(crate) fn count_frame(&self, sent: bool) {
        let Frames { sent: went, lost, .. } = &self.report.frames;
        (if sent { went } else { lost }).fetch_add(1, Ordering::Release);
    }

    /// Records `event` if a recording runs. Real-time safe.
    pub(crate) fn push(&mut self, event: ReportEvent) {
        if !self.report.recording.load(Ordering::Acquire) {
            return;
        }
        if self.queue.is_none() {
            self.queue = self.report.handover.take();
        }
        if let Some(queue) = &mut self.queue {
            // A host that does not read them loses the newest.
            let _ = queue.push(event);
        }
    }
}

thread_local! {
    /// The report of the instance that this thread made last.
    static CREATED: RefCell<Option<Arc<Report>>> = const { RefCell::new(None) };
}

/// Remembers the report of an instance just made, for [`take_created`] on this thread.
pub(crate) fn created(report: &Arc<Report>) {
    CREATED.set(Some(Arc::clone(report)));
}

/// The report of the instance that this thread made last, once. The door calls it right after the
/// framework made the plugin, which offers no other way to reach it.
pub(crate) fn take_created() -> Option<Arc<Report>> {
    CREATED.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_only_while_recording() {
        let report = Arc::new(Report::default());
        let mut recorder = Recorder::new(Arc::clone(&report));
        let event = |at| ReportEvent::Onset { at, emitted: at, strength: 0.5 };
        recorder.push(event(1));
        report.record(true);
        recorder.push(event(2));
        report.record(false);
        recorder.push(event(3));
        report.record(true);
        recorder.push(event(4));
        assert_eq!(report.next(), Some(event(2)));
        assert_eq!(report.next(), Some(event(4)));
        assert_eq!(report.next(), None);
    }

    #[test]
    fn the_handover_takes_no_lock() {
        assert!(AtomicCell::<Option<Box<rtrb::Producer<ReportEvent>>>>::is_lock_free());
    }

    #[test]
    fn the_created_report_is_taken_once() {
        let report = Arc::new(Report::default());
        created(&report);
        assert!(take_created().is_some_and(|taken| Arc::ptr_eq(&taken, &report)));
        assert!(take_created().is_none());
    }
}

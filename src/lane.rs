//! `Lane`: one instance's crossing between the audio thread and the worker.
//!
//! [`lane`] makes both halves. Frames go out and exactly one [`News`] per frame comes back, each
//! through its own queue; the newest picture goes to the editor through a triple buffer; counters
//! are atomics. The audio half never blocks, except in [`LaneAudio::wait`], which is for offline
//! renders and lock-step only. The worker half lives in `hub::seat`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use listener::{Beat, Heard, MelFrame, Tags};

use crate::correction::TempoCorrection;
use crate::ring::{AudioRing, RING_SAMPLES};

/// Messages to the worker that fit: ten seconds of frames.
const OUTBOUND: usize = 512;
/// News from the worker that fit. More than what can be under way.
const INBOUND: usize = 1024;
/// A wait gives up after this long without a single frame done. Loading a model does not count.
const PATIENCE: Duration = Duration::from_secs(10);
/// Times a wait reads the count of finished frames before it sleeps between looks.
const SPINS: usize = 200;

/// What the user can say about the decoder's work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LaneSettings {
    /// Slowest tempo to look for, BPM.
    pub(crate) min_bpm: f32,
    /// Fastest tempo to look for, BPM.
    pub(crate) max_bpm: f32,
    /// The user's correction.
    pub(crate) correction: TempoCorrection,
    /// How much later the audio leaves, seconds.
    pub(crate) look_ahead_s: f32,
    /// How far beats leave ahead of that, seconds.
    pub(crate) lead_s: f32,
}

impl LaneSettings {
    /// Seconds from a beat's own sample to the one at which it leaves; see
    /// [`Decoder::set_shift`](listener::Decoder::set_shift).
    pub(crate) fn shift_s(&self) -> f64 {
        f64::from(self.look_ahead_s) - f64::from(self.lead_s)
    }
}

/// A stretch of continuous time: everything the worker needs to start it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stretch {
    /// Its number; news of other stretches is discarded.
    pub(crate) epoch: u32,
    /// The host's rate.
    pub(crate) rate_hz: f64,
    /// The host sample from which the lane's positions count.
    pub(crate) base: i64,
    /// What the user said.
    pub(crate) settings: LaneSettings,
}

/// Audio thread to worker.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::large_enum_variant, reason = "a frame crosses by value, never through the heap")]
pub(crate) enum Message {
    /// Forget everything and listen anew.
    Restart(Stretch),
    /// The user changed a setting.
    Settings(LaneSettings),
    /// The host runs at a rate that cannot be heard.
    Unsupported {
        /// That rate.
        rate_hz: f64,
    },
    /// A frame, and the place in the [`AudioRing`] at which it was complete.
    Frame(MelFrame, u64),
}

/// What the music is, as far as it leaves as automation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Mood {
    /// The genre that is named, 1 for the first of the vocabulary; 0 while unsure.
    pub(crate) genre: u8,
    /// Unpleasant -1 to pleasant 1.
    pub(crate) valence: f32,
    /// Calm -1 to excited 1.
    pub(crate) arousal: f32,
}

impl From<&Tags> for Mood {
    fn from(tags: &Tags) -> Self {
        let genre = tags.top.map_or(0, |top| top + 1);
        Self { genre, valence: tags.valence, arousal: tags.arousal }
    }
}

/// Worker to audio thread: what became of one frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct News {
    /// The stretch it belongs to.
    pub(crate) epoch: u32,
    /// The decoder's news, corrected.
    pub(crate) heard: Heard,
    /// A second beat, from the user's correction.
    pub(crate) between: Option<Beat>,
    /// New tags that leave with this frame.
    pub(crate) mood: Option<Mood>,
}

/// What both halves see.
pub(crate) struct Shared {
    /// The newest host audio.
    pub(crate) ring: AudioRing,
    /// Messages the worker is done with, since the lane was made.
    pub(crate) done: AtomicU64,
    /// The worker is loading this lane's model.
    pub(crate) loading: AtomicBool,
    /// A wait gave up, and nothing was done since.
    pub(crate) stalled: AtomicBool,
    /// The audio thread waits for the worker in every block.
    pub(crate) awaited: AtomicBool,
    /// The audio half is gone.
    pub(crate) closed: AtomicBool,
    /// Times that the queue was full: what followed was not heard until there was room.
    pub(crate) gaps: AtomicU32,
    /// News that came after its sample had left.
    pub(crate) late: AtomicU32,
}

/// The worker's ends of the queues.
pub(crate) struct LaneWorker {
    /// What the audio thread sends.
    pub(crate) messages: rtrb::Consumer<Message>,
    /// Back to the audio thread.
    pub(crate) news: rtrb::Producer<News>,
    /// What both halves see.
    pub(crate) shared: Arc<Shared>,
}

/// What became of an offer to do some of the worker's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Helped {
    /// Some of it is done.
    Done,
    /// There is none, or none but the worker's own.
    Nothing,
    /// Somebody is at it.
    Busy,
}

/// Does some of the worker's work on the thread that calls it.
pub(crate) type Help = Box<dyn Fn() -> Helped + Send>;

/// The audio thread's half.
pub(crate) struct LaneAudio {
    messages: rtrb::Producer<Message>,
    news: rtrb::Consumer<News>,
    /// What both halves see.
    pub(crate) shared: Arc<Shared>,
    /// The worker's thread, and the way to help it; none until it runs.
    worker: Option<(Thread, Help)>,
    /// Messages sent since the lane was made.
    sent: u64,
    epoch: u32,
}

/// Both halves of a lane.
pub(crate) fn lane() -> (LaneAudio, LaneWorker) {
    let (to_worker, messages) = rtrb::RingBuffer::new(OUTBOUND);
    let (to_audio, news) = rtrb::RingBuffer::new(INBOUND);
    let shared = Arc::new(Shared {
        ring: AudioRing::new(RING_SAMPLES),
        done: AtomicU64::new(0),
        loading: AtomicBool::new(false),
        stalled: AtomicBool::new(false),
        awaited: AtomicBool::new(false),
        closed: AtomicBool::new(false),
        gaps: AtomicU32::new(0),
        late: AtomicU32::new(0),
    });
    let audio = LaneAudio {
        messages: to_worker,
        news,
        shared: Arc::clone(&shared),
        worker: None,
        sent: 0,
        epoch: 0,
    };
    (audio, LaneWorker { messages, news: to_audio, shared })
}

impl LaneAudio {
    /// The lane is served by `worker` from now on; who waits for it can `help`. \[main thread\]
    pub(crate) fn attach(&mut self, worker: Thread, help: Help) {
        self.worker = Some((worker, help));
    }

    /// Starts a new stretch at host sample `base`; news of the ones before is discarded. `false` when the queue is full:
    /// then nothing may be sent until a later call succeeds. Real-time safe.
    pub(crate) fn restart(&mut self, rate_hz: f64, base: i64, settings: LaneSettings) -> bool {
        self.forget();
        self.send(Message::Restart(Stretch { epoch: self.epoch, rate_hz, base, settings }))
    }

    /// From here on, news of the stretch under way is discarded. Real-time safe.
    pub(crate) fn forget(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// Sends one message; `false` when the queue is full. Real-time safe.
    pub(crate) fn send(&mut self, message: Message) -> bool {
        let sent = self.messages.push(message).is_ok();
        self.sent += u64::from(sent);
        sent
    }

    /// Whether at least half of the queue to the worker is free. Real-time safe.
    pub(crate) fn has_room(&self) -> bool {
        self.messages.slots() >= OUTBOUND / 2
    }

    /// The next news of this stretch. Real-time safe.
    pub(crate) fn next(&mut self) -> Option<News> {
        while let Ok(news) = self.news.pop() {
            if news.epoch == self.epoch {
                return Some(news);
            }
        }
        None
    }

    /// Blocks until everything sent is done with, be it by helping, or gives up and says so in
    /// [`Shared::stalled`]. Not real-time safe: offline renders and lock-step only.
    pub(crate) fn wait(&mut self) {
        let Some((worker, help)) = &self.worker else { return };
        let done = || self.shared.done.load(Ordering::Acquire);
        // Every pass takes a message, if there is room for what it brings.
        for _ in 0..OUTBOUND {
            if done() >= self.sent {
                return;
            }
            match help() {
                Helped::Done => {}
                Helped::Nothing => {
                    worker.unpark();
                    break;
                }
                // Waking the worker now would bring it back to the table just when this thread is at it.
                Helped::Busy => break,
            }
        }
        self.wait_from(done(), help);
    }

    fn wait_from(&self, mut done: u64, help: &Help) {
        let mut since = Instant::now();
        for look in 0_usize.. {
            let now_done = self.shared.done.load(Ordering::Acquire);
            if now_done >= self.sent {
                self.shared.stalled.store(false, Ordering::Relaxed);
                return;
            }
            if now_done != done {
                (done, since) = (now_done, Instant::now());
                self.shared.stalled.store(false, Ordering::Relaxed);
            }
            if look < SPINS {
                std::hint::spin_loop();
                continue;
            }
            if help() == Helped::Done && self.shared.done.load(Ordering::Acquire) != done {
                continue;
            }
            if self.shared.loading.load(Ordering::Relaxed) {
                since = Instant::now();
            } else if self.shared.stalled.load(Ordering::Relaxed) || since.elapsed() > PATIENCE {
                self.shared.stalled.store(true, Ordering::Relaxed);
                return;
            }
            std::thread::sleep(Duration::from_micros(50));
        }
    }

    /// How long [`wait`](Self::wait) is patient, seconds.
    pub(crate) const PATIENCE_S: u64 = PATIENCE.as_secs();
}

impl Drop for LaneAudio {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use listener::{BANDS, Decoder, DecoderSettings, FeatureSpec, SamplePos};

    const SETTINGS: LaneSettings = LaneSettings {
        min_bpm: 55.0,
        max_bpm: 215.0,
        correction: TempoCorrection::AsHeard,
        look_ahead_s: 0.0,
        lead_s: 0.0,
    };

    fn frame() -> Message {
        Message::Frame(MelFrame { at: SamplePos(0), bins: [0.0; BANDS] }, 0)
    }

    fn news(epoch: u32) -> News {
        let mut decoder =
            Decoder::new(&FeatureSpec::CURRENT, 48_000.0, &DecoderSettings::default());
        let heard = decoder.step(SamplePos(0), listener::Activations::default());
        News { epoch, heard, between: None, mood: None }
    }

    #[test]
    fn news_of_an_older_stretch_is_discarded() {
        let (mut audio, mut worker) = lane();
        assert!(audio.restart(48_000.0, 0, SETTINGS));
        assert!(audio.restart(48_000.0, 0, SETTINGS));
        for epoch in [1, 2, 1] {
            assert!(worker.news.push(news(epoch)).is_ok());
        }
        assert_eq!(audio.next().map(|news| news.epoch), Some(2));
        assert!(audio.next().is_none());
    }

    #[test]
    fn a_full_queue_refuses() {
        let (mut audio, mut worker) = lane();
        let taken = (0..2 * OUTBOUND).filter(|_| audio.send(frame())).count();
        assert_eq!(taken, OUTBOUND);
        assert!(!audio.has_room());
        while worker.messages.pop().is_ok() {}
        assert!(audio.has_room() && audio.send(frame()));
    }

    #[test]
    fn waiting_for_nobody_returns_at_once() {
        let (mut audio, _worker) = lane();
        assert!(audio.send(frame()));
        audio.wait();
    }
}

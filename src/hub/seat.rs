//! `Seat`: the worker half of a lane, from frames to news and pictures. For whoever holds the table.

mod rest;
mod tags;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use listener::{
    Activations, BarState, BeatNet, Decoder, DecoderSettings, FeatureSpec, Heard, LaneFrame,
    MelFrame, NetState, vectorised,
};

use super::tagging::Tagging;
use rest::Rest;

use crate::correction::Correction;
use crate::faults;
use crate::health::Health;
use crate::lane::{LaneAudio, LaneSettings, LaneWorker, Message, Mood, News, Stretch};
use crate::params::TatumParams;
use crate::report::{Report, Status};
use crate::snapshot::{Snapshot, TraceFrame};

/// Most samples of a hop that are looked at for the picture's waveform, at any rate.
const HOP_SAMPLES_MAX: usize = 16_384;

/// A stretch of time, while it lasts.
struct Listening {
    stretch: Stretch,
    /// The decoder that the model wants, but for what the user set.
    fitted: DecoderSettings,
    decoder: Decoder,
    correction: Correction,
    /// The network's memory; none until a frame met a network.
    memory: Option<NetState>,
}

impl Listening {
    /// A stretch that begins.
    fn new(stretch: Stretch) -> Self {
        let fitted = DecoderSettings::default();
        Self {
            stretch,
            decoder: decoder(&stretch, &fitted),
            fitted,
            correction: Correction::new(stretch.settings.correction, stretch.rate_hz),
            memory: None,
        }
    }

    /// Begins `stretch` with what was built for this one, if it still fits.
    fn again(mut self, stretch: Stretch) -> Self {
        let range = |stretch: &Stretch| {
            (stretch.rate_hz, stretch.settings.min_bpm, stretch.settings.max_bpm)
        };
        if range(&self.stretch) != range(&stretch) {
            self.decoder = decoder(&stretch, &self.fitted);
        }
        self.decoder.reset();
        self.decoder.set_shift(stretch.settings.shift_s());
        let correction = Correction::new(stretch.settings.correction, stretch.rate_hz);
        Self { stretch, correction, memory: None, ..self }
    }

    /// The user changed a setting. Another range of tempi needs another decoder, which has to find
    /// the beat again; another correction does not.
    fn change(&mut self, settings: LaneSettings) {
        let before = std::mem::replace(&mut self.stretch.settings, settings);
        if (before.min_bpm, before.max_bpm) != (settings.min_bpm, settings.max_bpm) {
            self.decoder = decoder(&self.stretch, &self.fitted);
        }
        self.decoder.set_shift(settings.shift_s());
        self.correction.change(settings.correction);
    }

    /// The network's memory; a network that is new here brings the decoder that was fitted to it.
    fn memory_of(&mut self, net: &BeatNet) -> &mut NetState {
        self.memory.get_or_insert_with(|| {
            if self.fitted != *net.decoder() {
                self.fitted = net.decoder().clone();
                self.decoder = decoder(&self.stretch, &self.fitted);
            }
            net.new_state()
        })
    }
}

/// One lane at the worker's table.
pub(crate) struct Seat {
    lane: LaneWorker,
    params: Arc<TatumParams>,
    report: Arc<Report>,
    pictures: triple_buffer::Input<Snapshot>,
    picture: Snapshot,
    posted: Option<Status>,
    listening: Option<Listening>,
    /// The model the memory belongs to; empty for the built-in one.
    model: String,
    /// What went wrong in this stretch.
    fault: Option<Health>,
    /// The frame taken from the queue and not yet heard, and its place in the audio ring.
    frame: Option<(MelFrame, u64)>,
    hop: Vec<f32>,
    restarted: bool,
    tagging: Tagging,
    /// The model that makes the tags; empty for the built-in one.
    tag_model: String,
    /// How the tags are doing.
    tag_health: Health,
    rest: Rest,
    /// A mood left in this lane.
    mood_left: bool,
    /// It was of tags that are forgotten: the next news says so.
    mood_void: bool,
    /// The picture is to be published with the next frame.
    show: bool,
    /// It differs from the one that is published.
    stale: bool,
}

impl Seat {
    /// A seat for `lane`, that paints into `pictures` and posts to `report`.
    pub(crate) fn new(
        lane: LaneWorker,
        params: Arc<TatumParams>,
        report: Arc<Report>,
        pictures: triple_buffer::Input<Snapshot>,
    ) -> Self {
        Self {
            lane,
            params,
            report,
            pictures,
            picture: Snapshot::default(),
            posted: None,
            listening: None,
            model: String::new(),
            fault: None,
            frame: None,
            hop: Vec::with_capacity(HOP_SAMPLES_MAX),
            restarted: false,
            tagging: Tagging::default(),
            tag_model: String::new(),
            tag_health: Health::Waiting,
            rest: Rest::default(),
            mood_left: false,
            mood_void: false,
            show: false,
            stale: false,
        }
    }

    /// Whether the instance is gone.
    pub(crate) fn closed(&self) -> bool {
        self.lane.shared.closed.load(Ordering::Acquire)
    }

    /// Takes messages up to the next frame; says whether there is one to hear. Nothing is taken
    /// while the news of it would not fit, so that none is ever lost.
    pub(crate) fn poll(&mut self) -> bool {
        while self.frame.is_none() && self.lane.news.slots() > 0 {
            match self.lane.messages.pop() {
                Err(_) => break,
                Ok(Message::Frame(frame, place)) if self.listening.is_some() => {
                    self.frame = Some((frame, place));
                    self.follow_model();
                }
                Ok(message) => {
                    // Counted first: should what follows panic, nobody waits for it.
                    self.done();
                    faults::message();
                    self.control(message);
                }
            }
        }
        self.note_queue();
        self.frame.is_some()
    }

    fn control(&mut self, message: Message) {
        match message {
            Message::Restart(stretch) => self.start(stretch),
            Message::Settings(settings) => {
                if let Some(now) = &mut self.listening {
                    now.change(settings);
                }
            }
            Message::Unsupported { rate_hz } => {
                self.listening = None;
                self.picture.bar = BarState::default();
                self.forget_tags();
                self.fault = Some(Health::UnsupportedRate { rate_hz });
            }
            // A frame of a stretch that could not start.
            Message::Frame(..) => count(&self.report.frames.missed),
        }
    }

    fn start(&mut self, stretch: Stretch) {
        self.restarted = true;
        // Not after a jump or a gap, which say nothing of what the user wants.
        if stretch.base == 0 {
            self.end_rest();
        }
        self.listening = Some(match self.listening.take() {
            Some(before) => before.again(stretch),
            None => Listening::new(stretch),
        });
        self.fault = None;
        self.tagging.restart(stretch.rate_hz);
        self.mood_void = self.mood_left;
        if !self.tags_work() {
            self.tag_health = Health::Waiting;
        }
        self.picture.restart(stretch.rate_hz);
        self.show = true;
    }

    /// The user chose another model: the network's memory means nothing to it.
    fn follow_model(&mut self) {
        if follow(&self.params.model_path, &mut self.model) {
            self.fault = None;
            if let Some(now) = &mut self.listening {
                now.memory = None;
                now.decoder.reset();
            }
        }
        if follow(&self.params.tag_model_path, &mut self.tag_model) {
            self.fail_tags(Health::Waiting);
        }
    }

    /// The model to hear the frame at hand with, if there is one and nothing is wrong.
    pub(crate) fn wants(&self) -> Option<&str> {
        let hears = self.frame.is_some() && self.fault.is_none() && !self.rests();
        hears.then_some(self.model.as_str())
    }

    /// The model this seat uses, frame or no frame.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// Says that the worker is loading a model, be it another lane's: whoever waits is patient.
    pub(crate) fn set_loading(&mut self, loading: bool) {
        self.lane.shared.loading.store(loading, Ordering::Relaxed);
        if loading && self.frame.is_some() {
            self.post(Health::Loading);
        }
    }

    /// Whether a stretch began since this was last asked.
    pub(crate) fn has_restarted(&mut self) -> bool {
        std::mem::take(&mut self.restarted)
    }

    /// The frame at hand, as a part of a step of `net`.
    pub(crate) fn lane_frame(&mut self, net: &BeatNet) -> Option<LaneFrame<'_>> {
        let memory = self.listening.as_mut()?.memory_of(net);
        let (frame, _) = self.frame.as_ref()?;
        Some(LaneFrame { state: memory, frame, out: Activations::default() })
    }

    /// The frame at hand.
    #[cfg(test)]
    pub(crate) fn frame(&self) -> Option<&MelFrame> {
        self.frame.as_ref().map(|(frame, _)| frame)
    }

    /// The network heard the frame at hand: decodes, sends the news, paints the picture.
    pub(crate) fn hear(&mut self, activations: Activations, backend: &str, health: Health) {
        // Stays at hand until its news is sent: should this panic, it still counts as missed.
        let Some((frame, place)) = self.frame else { return };
        let tags = self.push_tags(&frame);
        if let Some(now) = &mut self.listening {
            faults::decode();
            let heard = now.decoder.step(frame.at, activations);
            let (heard, between) = now.correction.apply(heard);
            let Stretch { epoch, base, settings, .. } = now.stretch;
            let void = std::mem::take(&mut self.mood_void);
            let left = tags.map(|leaving| Mood::from(&leaving.tags));
            self.mood_left = left.is_some() || (self.mood_left && !void);
            let mood = left.or(void.then(Mood::default));
            // There was room when the frame was taken, and nobody else fills it.
            let _ = self.lane.news.push(News { epoch, heard, between, mood });
            tags.iter().for_each(|leaving| self.report_tags(leaving, base, heard.due));
            self.paint(&heard, place, settings);
            heard.beat.iter().chain(&between).for_each(|beat| self.picture.mark(beat));
            if self.picture.backend.as_str() != backend {
                self.picture.backend = backend.into();
            }
        }
        // After the news, so that whoever waits for the count finds the news.
        self.frame = None;
        count(&self.report.frames.heard);
        self.done();
        self.post(health);
    }

    /// The frame at hand cannot be heard, because of `health`.
    pub(crate) fn miss(&mut self, health: Health) {
        if self.frame.take().is_some() {
            self.rest.missed += u64::from(self.rests() && self.fault.is_none());
            count(&self.report.frames.missed);
            self.done();
        }
        // Who opens the window of a lane that rests wants it heard.
        let _ = self.rest.painted(self.pictures.consumed());
        // What was heard before is not what plays now.
        self.picture.bar = BarState::default();
        self.tagging.restart(self.picture.rate_hz);
        self.picture.forget_tags();
        self.mood_void = self.mood_left;
        self.stale = true;
        self.post(health);
    }

    /// Nothing can be heard until the next restart.
    pub(crate) fn fail(&mut self, health: Health) {
        // A lane that hears nothing at this rate has its own trouble, and its own remedy.
        let health = match self.fault {
            Some(rate @ Health::UnsupportedRate { .. }) => rate,
            _ => health,
        };
        self.fault = Some(health);
        self.forget_memory();
        self.tagging.forget();
        self.lane.shared.loading.store(false, Ordering::Relaxed);
        self.miss(health);
    }

    /// Why the frame at hand cannot be heard, if there is a reason.
    pub(crate) fn fault(&self) -> Option<Health> {
        self.fault.or(self.rests().then(|| self.rest.health()))
    }

    /// The network whose memory this lane has is gone.
    pub(crate) fn forget_memory(&mut self) {
        self.listening.iter_mut().for_each(|now| now.memory = None);
    }

    /// Posts what is known when no frame comes: a fault, or nothing new.
    pub(crate) fn idle(&mut self) {
        self.show |= self.stale && self.pictures.consumed();
        match (self.fault(), self.posted) {
            (Some(fault), _) => self.post(fault),
            (None, None) => self.post(Health::Waiting),
            (None, Some(posted)) => self.post(posted.health),
        }
    }

    fn done(&self) {
        // Not left to the next wait: the host may play live from here on, and never wait again.
        self.lane.shared.stalled.store(false, Ordering::Relaxed);
        self.lane.shared.done.fetch_add(1, Ordering::Release);
    }

    /// Adds the frame to the picture, which shows what sounds: the audio leaves later by the look-ahead, and the
    /// beats before it by their lead.
    fn paint(&mut self, heard: &Heard, place: u64, settings: LaneSettings) {
        let rate_hz = self.picture.rate_hz;
        let samples = |seconds: f32| (f64::from(seconds) * rate_hz).round() as i64;
        let (look_ahead, lead) = (samples(settings.look_ahead_s), samples(settings.lead_s));
        let hop = (FeatureSpec::CURRENT.hop_s * rate_hz).round() as u64;
        let half_window = (FeatureSpec::CURRENT.window_s / 2.0 * rate_hz).round() as u64;
        // The hop around the frame's centre, so that the waveform lies under its activations.
        let end = place.saturating_sub(half_window.saturating_sub(hop / 2));
        self.hop.resize((hop.min(end) as usize).min(HOP_SAMPLES_MAX), 0.0);
        let start = end - self.hop.len() as u64;
        let (mut low, mut high) = (0.0, 0.0);
        if self.lane.shared.ring.read(start, &mut self.hop) {
            extremes(&self.hop, &mut low, &mut high);
        }
        let Activations { beat, downbeat, onset } = heard.activations;
        let sounds = heard.due.offset(-look_ahead);
        self.picture.trace(TraceFrame { at: heard.at, beat, downbeat, onset, low, high }, sounds);
        self.stale = true;
        self.show |= self.rest.painted(self.pictures.consumed());
        self.picture.bar = if heard.bar.locked {
            heard.bar.later(-lead)
        } else {
            BarState { confidence: heard.bar.confidence, ..BarState::default() }
        };
    }

    /// Publishes the picture, and the status when it changed.
    fn post(&mut self, health: Health) {
        let shared = &self.lane.shared;
        let health = if shared.stalled.load(Ordering::Relaxed) {
            Health::WorkerStalled { waited_s: LaneAudio::PATIENCE_S }
        } else {
            health
        };
        let (gaps, late) =
            (shared.gaps.load(Ordering::Relaxed), shared.late.load(Ordering::Relaxed));
        // Part by part, for a frame seldom changes any, and a whole status is a lot to copy.
        let same = |posted: &Status| {
            posted.health == health
                && (posted.gaps, posted.late) == (gaps, late)
                && posted.tags == self.tag_health
                && posted.backend == self.picture.backend
        };
        let changed = !self.posted.as_ref().is_some_and(same);
        if changed {
            let (backend, tags) = (self.picture.backend, self.tag_health);
            let status = Status { backend, health, gaps, late, tags };
            self.picture.health = health;
            self.picture.gaps = status.gaps;
            self.picture.late = status.late;
            self.picture.tag_health = status.tags;
            self.posted = Some(status);
            self.report.post(status);
        }
        if changed || self.show {
            (self.show, self.stale) = (false, false);
            self.pictures.input_buffer_mut().clone_from(&self.picture);
            self.pictures.publish();
        }
    }
}

vectorised! {
    /// Writes the lowest and the highest of `samples`, and of 0.
    fn extremes<FMA>(samples: &[f32], low: &mut f32, high: &mut f32) {
        let (groups, rest) = samples.as_chunks::<8>();
        let (mut lows, mut highs) = ([0.0_f32; 8], [0.0_f32; 8]);
        for group in groups {
            for lane in 0..8 {
                lows[lane] = if group[lane] < lows[lane] { group[lane] } else { lows[lane] };
                highs[lane] = if group[lane] > highs[lane] { group[lane] } else { highs[lane] };
            }
        }
        let all = || rest.iter().copied();
        *low = lows.into_iter().chain(all()).fold(0.0, f32::min);
        *high = highs.into_iter().chain(all()).fold(0.0, f32::max);
    }
}

/// One more frame of which this became.
fn count(frames: &AtomicU64) {
    frames.fetch_add(1, Ordering::Release);
}

/// Makes `now` what is `chosen`; says whether it was something else.
fn follow(chosen: &RwLock<String>, now: &mut String) -> bool {
    let chosen = chosen.read().unwrap_or_else(PoisonError::into_inner);
    let other = *chosen != *now;
    if other {
        now.clone_from(&chosen);
    }
    other
}

/// A decoder for `stretch` as `fitted`, within the tempi the user allows.
fn decoder(stretch: &Stretch, fitted: &DecoderSettings) -> Decoder {
    let LaneSettings { min_bpm, max_bpm, .. } = stretch.settings;
    let settings = DecoderSettings { min_bpm, max_bpm, ..fitted.clone() };
    let mut decoder = Decoder::new(&FeatureSpec::CURRENT, stretch.rate_hz, &settings);
    decoder.set_shift(stretch.settings.shift_s());
    decoder
}

//! `Engine`: the audio thread's work, from the host's block to events at their samples.
//!
//! Owned by the audio thread while processing, by the main thread while not. It never touches the
//! audio it is given, and never allocates, frees, locks, logs or panics in a process call, but in an
//! offline render or in lock-step: there it waits for the worker, or does its work.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use listener::{Activations, BarState, Beat, FeatureSpec, LEAD_S, LogMel, Onset, SamplePos};
use nice_plug::prelude::*;

use crate::debounce::{Debounce, SETTLED_S};
use crate::denormals::Flushed;
use crate::downmix::downmix;
use crate::lane::{LaneAudio, LaneSettings, Message, Mood, News};
use crate::latency::Timed;
use crate::outputs::Sinks;
use crate::outputs::automation::{Automation, Values};
use crate::outputs::cv::{Cv, CvPulse};
use crate::outputs::midi::{Midi, Note};
use crate::params::TatumParams;
use crate::pending::{Due, Event, Pending};
use crate::report::{Recorder, ReportEvent};
use crate::silence::Silence;
use crate::transport::TransportWatch;

/// Blocks are worked on in pieces of this many samples, so that a block of any size needs no more
/// memory than this. At 16 kHz a piece completes at most two frames.
const PIECE: usize = 512;
/// Events that may wait for their sample: more than the news that can be under way brings.
const WAITING: usize = 8192;
/// The most events one frame's news can bring.
const EVENTS_PER_NEWS: usize = 4;
/// Activations and bar rest at 0 when nothing was heard for this long: the worker has failed or stalled,
/// or the lane rests.
const REST_S: f64 = 0.5;
/// A beat or onset that is later than this, seconds beyond a block, does not leave: a light or a sampler that misses
/// one is better than one that makes up for many at once.
const STALE_S: f64 = 0.25;
/// A tempo must change by this much, relatively, to be reported as a new one.
const TEMPO_STEP: f32 = 0.005;
/// A stopped transport is quiet when there was nothing but silence for this long, beats of the slowest tempo: longer
/// than what lies between the beats of live input.
const QUIET_BEATS: f64 = 1.25;

/// The audio thread's half of an instance.
pub(crate) struct Engine {
    params: Arc<TatumParams>,
    lane: LaneAudio,
    recorder: Recorder,
    /// None while the host's rate cannot be heard.
    log_mel: Option<LogMel>,
    rate_hz: f64,
    offline: bool,
    /// Samples by which the host's audio is delayed behind this engine.
    look_ahead: i64,
    /// Host samples since activation or reset, at the start of the piece at hand.
    now: i64,
    /// `now` at the start of the lane's stretch; positions of the lane count from here.
    base: i64,
    /// Frames were lost, or a restart did not fit the queue: nothing is sent until one does.
    gap: bool,
    settings: LaneSettings,
    pending: Pending,
    /// Host sample that the newest beat fell on, of those that left.
    last_beat: i64,
    /// Host sample from which the outputs rest unless something is heard before; none while they do.
    rest_at: Option<i64>,
    /// Samples of this call.
    samples: i64,
    /// The longest call that news may still be late because of: this one, or a longer one before it less the samples
    /// since.
    block: i64,
    transport: TransportWatch,
    silence: Silence,
    /// Nothing is said: the user has bypassed the plugin, or nothing plays.
    muted: bool,
    /// The range of tempi, BPM: another one makes the decoder begin anew.
    range: Debounce<(f32, f32)>,
    automation: Automation,
    midi: Midi,
    cv: Cv,
    mono: [f32; PIECE],
    /// Tempo shown while the bar is known; the automation keeps it when it is lost.
    shown_bpm: f32,
    /// Tags shown.
    mood: Mood,
    /// Tempo reported last; none while the bar is unknown.
    reported_bpm: Option<f32>,
}

impl Engine {
    /// An engine that is not active yet.
    pub(crate) fn new(params: Arc<TatumParams>, lane: LaneAudio, recorder: Recorder) -> Self {
        Self {
            settings: settings(&params, 0.0),
            params,
            lane,
            recorder,
            log_mel: None,
            rate_hz: 0.0,
            offline: false,
            look_ahead: 0,
            now: 0,
            base: 0,
            gap: false,
            pending: Pending::new(WAITING),
            last_beat: i64::MIN,
            rest_at: None,
            samples: 0,
            block: 0,
            transport: TransportWatch::default(),
            silence: Silence::default(),
            muted: false,
            range: Debounce::default(),
            automation: Automation::default(),
            midi: Midi::new(0.0),
            cv: Cv::new(0.0),
            mono: [0.0; PIECE],
            shown_bpm: 0.0,
            mood: Mood::default(),
            reported_bpm: None,
        }
    }

    /// The half of the lane that this engine holds. \[main thread\]
    pub(crate) fn lane_mut(&mut self) -> &mut LaneAudio {
        &mut self.lane
    }

    /// The host will call with `config`, and its audio leaves `look_ahead` samples after it was heard
    /// here. \[main thread\]
    pub(crate) fn activate(&mut self, config: &BufferConfig, look_ahead: u32) {
        let rate_hz = f64::from(config.sample_rate);
        self.offline = config.process_mode == ProcessMode::Offline;
        self.look_ahead = i64::from(look_ahead);
        self.settings = self.chosen(rate_hz);
        if rate_hz != self.rate_hz {
            self.rate_hz = rate_hz;
            self.log_mel = LogMel::new(&FeatureSpec::CURRENT, rate_hz).ok();
            self.midi.set_rate(rate_hz);
            self.cv = Cv::new(rate_hz);
        }
        self.automation.activate();
        self.reset();
    }

    /// The host's rate, Hz; 0 until it activated the plugin. Real-time safe.
    pub(crate) fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// Forgets everything; the host's samples count from 0 again. Real-time safe.
    pub(crate) fn reset(&mut self) {
        self.now = 0;
        self.transport.reset();
        self.silence = Silence::default();
        self.automation.reset();
        self.midi.reset();
        self.cv.reset();
        self.shown_bpm = 0.0;
        self.mood = Mood::default();
        self.pending.clear();
        self.last_beat = i64::MIN;
        // What the host kept of before, as in a project, is not what is heard now.
        self.rest_at = Some(self.rest_after(self.now));
        self.restart();
    }

    fn rest_after(&self, at: i64) -> i64 {
        // Offline no news is late, and what leaves does not depend on the blocks.
        let late = if self.offline { 0 } else { self.block };
        at + (REST_S * self.rate_hz).round() as i64 + late
    }

    /// Starts a new stretch of time here. Real-time safe.
    fn restart(&mut self) {
        self.base = self.now;
        // What was heard before is still to sound; beats that were expected after this are not. With
        // look-ahead, beats of the last moments before a jump were not decided yet, and are lost.
        self.pending.keep_before(self.now + self.look_ahead, self.now);
        self.reported_bpm = None;
        if let Some(log_mel) = &mut self.log_mel {
            log_mel.reset();
            let fits = self.lane.restart(self.rate_hz, self.base, self.settings);
            if !fits && !self.gap {
                self.lane.shared.gaps.fetch_add(1, Ordering::Relaxed);
            }
            self.gap = !fits;
        } else {
            // The only error there is: the rate. The worker shows it.
            self.lane.forget();
            self.gap = !self.lane.send(Message::Unsupported { rate_hz: self.rate_hz });
        }
    }

    /// Hears `audio`, which it leaves alone, and sends what is due in it. `cv` are the auxiliary
    /// outputs; those that are missing are left out. Real-time safe.
    pub(crate) fn process(
        &mut self,
        audio: &[&mut [f32]],
        cv: &mut [Buffer<'_>],
        transport: &Transport,
        sinks: &mut Sinks<'_>,
    ) {
        let samples = audio.first().map_or(0, |channel| channel.len());
        if samples == 0 {
            return;
        }
        // A long call is remembered for as long as it lasted: what was heard in it may still be on its way.
        let before = std::mem::replace(&mut self.samples, samples as i64);
        self.block = before.max(self.samples).max(self.block - before);
        self.begin_block(transport, samples, sinks);
        for start in (0..samples).step_by(PIECE) {
            let end = samples.min(start + PIECE);
            self.listen(audio, start, end);
            if self.offline {
                self.lane.wait();
                self.collect();
            }
            self.emit(start, end, cv, sinks);
            self.now += (end - start) as i64;
        }
    }

    fn begin_block(&mut self, transport: &Transport, samples: usize, sinks: &mut Sinks<'_>) {
        let awaits = self.offline || self.recorder.lockstep();
        self.lane.shared.awaited.store(awaits, Ordering::Relaxed);
        // What was heard before a jump leaves as it would have.
        self.collect();
        let pause_s = QUIET_BEATS * 60.0 / f64::from(self.settings.min_bpm);
        let quiet = self.silence.samples() >= self.look_ahead + (pause_s * self.rate_hz) as i64;
        let jumped = self.transport.jumped(transport, samples, quiet);
        if jumped || (self.gap && self.lane.has_room()) {
            self.restart();
        }
        self.mute(self.params.bypass.value() || (self.transport.stopped() && quiet));
        let mut settings = self.chosen(self.rate_hz);
        let settled = (SETTLED_S * self.rate_hz) as u64;
        if !self.range.stands((settings.min_bpm, settings.max_bpm), samples, settled) {
            (settings.min_bpm, settings.max_bpm) = (self.settings.min_bpm, self.settings.max_bpm);
        }
        if settings != self.settings && !self.gap && self.lane.send(Message::Settings(settings)) {
            self.settings = settings;
        }
        if awaits && !self.offline {
            self.lane.wait();
            self.collect();
        }
        self.automation.begin_block(&self.params, self.recorder.recordable(), sinks.param);
    }

    /// From here on nothing is said, or what is heard is said again. A host may stop calling once the plugin is
    /// bypassed, so what sounds ends at once.
    fn mute(&mut self, muted: bool) {
        if muted && !self.muted {
            self.midi.reset();
            self.mood = Mood::default();
            self.rest_at = Some(self.now);
        }
        self.muted = muted;
    }

    /// Sends the frames of samples `start..end` of the block to the worker.
    fn listen(&mut self, audio: &[&mut [f32]], start: usize, end: usize) {
        // The tail of a reverb must not slow the transform down.
        let _flushed = Flushed::here();
        let mono = &mut self.mono[..end - start];
        downmix(audio, start, mono);
        self.silence.hear(mono);
        self.lane.shared.ring.write(mono);
        let Some(log_mel) = self.log_mel.as_mut().filter(|_| !self.gap) else { return };
        let (lane, gap, recorder) = (&mut self.lane, &mut self.gap, &self.recorder);
        let place = lane.shared.ring.written();
        log_mel.push(mono, |frame| {
            // Once one frame is lost the following ones would pretend that time is continuous.
            let sent = !*gap && lane.send(Message::Frame(frame, place));
            recorder.count_frame(sent);
            if !sent && !*gap {
                *gap = true;
                lane.shared.gaps.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    /// Takes the worker's news and queues its events.
    fn collect(&mut self) {
        while self.pending.room() >= EVENTS_PER_NEWS {
            let Some(News { heard, between, mood, .. }) = self.lane.next() else { return };
            let host = |at: SamplePos| at.0 + self.base;
            let due = host(heard.due);
            let complete = due - (LEAD_S * self.rate_hz).round() as i64;
            self.recorder.time(Timed::Worker, (self.now - complete) as f64 / self.rate_hz);
            // On its own sample of the delayed audio, unless it is known too late for that.
            let on_time = |at: i64| due.max(at + self.look_ahead);
            let at = on_time(host(heard.at));
            let first = heard.beat.map_or(at, |beat| at.min(host(beat.at) + heard.shift));
            if first < self.now {
                self.lane.shared.late.fetch_add(1, Ordering::Relaxed);
            }
            let bar = heard.bar.later(at - due);
            self.pending.push(Due {
                at,
                event: Event::Frame(host(heard.at), heard.activations, bar, mood),
            });
            if let Some(onset) = heard.onset {
                let onset = Onset { at: SamplePos(host(onset.at)), ..onset };
                self.pending.push(Due { at: on_time(onset.at.0), event: Event::Onset(onset) });
            }
            for beat in heard.beat.into_iter().chain(between) {
                let beat = Beat { at: SamplePos(host(beat.at)), ..beat };
                self.pending.push(Due { at: beat.at.0 + heard.shift, event: Event::Beat(beat) });
            }
        }
    }

    /// Sends what is due in samples `start..end` of the block, late events first.
    fn emit(&mut self, start: usize, end: usize, cv: &mut [Buffer<'_>], sinks: &mut Sinks<'_>) {
        let piece_end = self.now + (end - start) as i64;
        let mut rendered = start;
        while let Some(due) = self.pending.pop_before(piece_end) {
            let at = due.at.max(self.now);
            let offset = start + (at - self.now) as usize;
            self.render(cv, rendered, offset, start);
            rendered = offset;
            self.rest_before(at, start, sinks);
            self.midi.release(self.now, at + 1, sinks.note, start as u32);
            self.send(due, at, offset as u32, sinks);
        }
        self.render(cv, rendered, end, start);
        self.rest_before(piece_end, start, sinks);
        self.midi.release(self.now, piece_end, sinks.note, start as u32);
    }

    /// Lets automation and CC rest if that is due before host sample `end`; the piece at hand starts at `start`
    /// of the block. CV rests by itself.
    fn rest_before(&mut self, end: i64, start: usize, sinks: &mut Sinks<'_>) {
        let Some(at) = self.rest_at.filter(|&at| at < end) else { return };
        self.rest_at = None;
        self.mood = Mood::default();
        let at = at.max(self.now);
        let offset = (start as i64 + at - self.now) as u32;
        self.midi.release(self.now, at + 1, sinks.note, start as u32);
        self.show(&Activations::default(), 0.0, offset, sinks);
    }

    /// Sends what a frame says as automation and CC, `offset` samples into the block.
    fn show(&mut self, activations: &Activations, phase: f32, offset: u32, sinks: &mut Sinks<'_>) {
        let params = &*self.params;
        let values: Values = [
            activations.beat,
            activations.downbeat,
            activations.onset,
            phase,
            self.shown_bpm,
            f32::from(self.mood.genre),
            self.mood.valence,
            self.mood.arousal,
        ];
        self.automation.send(values, offset, &params.heard, sinks.param);
        self.midi.control(activations, offset, &params.midi, sinks.note);
    }

    /// Renders samples `from..to` of the block's CV; the piece at hand starts at `start`.
    fn render(&mut self, cv: &mut [Buffer<'_>], from: usize, to: usize, start: usize) {
        let at = self.now + (from - start) as i64;
        for (port, buffer) in cv.iter_mut().enumerate() {
            let channel = buffer.as_slice().first_mut();
            if let Some(out) = channel.and_then(|channel| channel.get_mut(from..to)) {
                self.cv.render(port, at, out);
            }
        }
    }

    /// Sends one event at host sample `at`, `offset` samples into the block.
    fn send(&mut self, due: Due, at: i64, offset: u32, sinks: &mut Sinks<'_>) {
        let stale = self.block + (STALE_S * self.rate_hz).round() as i64;
        match due.event {
            Event::Frame(centre, activations, bar, mood) => {
                let said = if self.muted { Default::default() } else { (activations, bar, mood) };
                self.send_frame(centre, said, due.at, at, offset, sinks);
            }
            Event::Beat(_) | Event::Onset(_) if self.muted || at - due.at > stale => {}
            // It was decided before a jump or with less lead: a beat that falls later has left already.
            Event::Beat(beat) if beat.at.0 <= self.last_beat => {}
            Event::Beat(beat) => self.send_beat(beat, at, offset, sinks),
            Event::Onset(onset) => self.send_onset(onset, at, offset, sinks),
        }
    }

    /// Sends what a frame says whose centre is host sample `centre`, and which was due at `due`.
    fn send_frame(
        &mut self,
        centre: i64,
        (activations, bar, mood): (Activations, BarState, Option<Mood>),
        due: i64,
        at: i64,
        offset: u32,
        sinks: &mut Sinks<'_>,
    ) {
        if bar.locked {
            self.shown_bpm = bar.tempo.0;
        }
        self.mood = mood.unwrap_or(self.mood);
        let phase = if bar.locked { bar.phase } else { 0.0 };
        self.show(&activations, phase, offset, sinks);
        let rest_at = self.rest_after(at);
        self.rest_at = Some(rest_at);
        self.cv.follow(&bar, due, rest_at);
        self.time(Timed::Frame, centre, at);
        let confidence = bar.confidence;
        self.recorder.push(ReportEvent::Frame {
            at: due,
            heard: centre,
            activations,
            phase,
            confidence,
        });
        self.report_tempo(bar.locked.then_some(bar.tempo), due);
    }

    fn send_beat(&mut self, beat: Beat, emitted: i64, offset: u32, sinks: &mut Sinks<'_>) {
        let Beat { at: SamplePos(at), in_bar, beats_per_bar, tempo: bpm, confidence } = beat;
        self.last_beat = at;
        self.strike((Note::Beat, CvPulse::Beat), confidence, emitted, offset, sinks);
        if in_bar == 1 {
            self.strike((Note::Downbeat, CvPulse::Downbeat), confidence, emitted, offset, sinks);
        }
        self.time(Timed::Beat, at, emitted);
        self.recorder.push(ReportEvent::Beat {
            at,
            emitted,
            in_bar,
            beats_per_bar,
            bpm,
            confidence,
        });
    }

    fn send_onset(&mut self, onset: Onset, emitted: i64, offset: u32, sinks: &mut Sinks<'_>) {
        let Onset { at: SamplePos(at), strength } = onset;
        self.strike((Note::Onset, CvPulse::Onset), strength, emitted, offset, sinks);
        self.time(Timed::Onset, at, emitted);
        self.recorder.push(ReportEvent::Onset { at, emitted, strength });
    }

    /// Sends a note and a pulse at host sample `at`, `offset` samples into the block.
    fn strike(
        &mut self,
        (note, pulse): (Note, CvPulse),
        strength: f32,
        at: i64,
        offset: u32,
        sinks: &mut Sinks<'_>,
    ) {
        let params = &*self.params;
        self.midi.play(note, strength, at, offset, &params.midi, sinks.note);
        self.cv.trigger(pulse, strength, params.cv.shape.value());
    }

    /// Counts how long after `sounded` something leaves at `emitted`, as the delayed audio is heard.
    fn time(&self, timed: Timed, sounded: i64, emitted: i64) {
        let samples = emitted - sounded - self.look_ahead;
        self.recorder.time(timed, samples as f64 / self.rate_hz);
    }

    /// What the user can say to the decoder, as it stands now. The look-ahead stays as it was when the
    /// host activated the plugin.
    fn chosen(&self, rate_hz: f64) -> LaneSettings {
        settings(&self.params, self.look_ahead as f64 / rate_hz)
    }

    /// Reports a tempo that is new, or known again.
    fn report_tempo(&mut self, tempo: Option<listener::Bpm>, at: i64) {
        let Some(bpm) = tempo else {
            self.reported_bpm = None;
            return;
        };
        let known = self.reported_bpm;
        if known.is_none_or(|known| (bpm.0 - known).abs() > TEMPO_STEP * known) {
            self.reported_bpm = Some(bpm.0);
            self.recorder.push(ReportEvent::Tempo { at, bpm });
        }
    }
}

/// What `params` say to the decoder, where the audio is delayed by `look_ahead_s` seconds.
fn settings(params: &TatumParams, look_ahead_s: f64) -> LaneSettings {
    LaneSettings {
        min_bpm: params.tempo.min.value(),
        max_bpm: params.tempo.max.value(),
        correction: params.tempo.correction.value(),
        look_ahead_s: look_ahead_s as f32,
        lead_s: params.time.lead_s() as f32,
    }
}

#[cfg(test)]
mod tests;

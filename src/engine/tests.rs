//! The engine with a worker that hears clicks instead of a network: what leaves, and when, must
//! depend on the audio alone.

mod late;
mod muted;

use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};

use listener::{Activations, MelFrame};

use super::*;
use crate::clap::param_out::ParamEvent;
use crate::health::Health;
use crate::hub::seat::Seat;
use crate::hub::tagger::Tagger;
use crate::lane::{Helped, lane};
use crate::params::TimeParams;
use crate::report::{Report, TagLine};
use crate::snapshot::Snapshot;

const RATE_HZ: f32 = 48_000.0;
const SECONDS: usize = 16;

/// An instance without a host, and its worker.
struct Instance {
    engine: Engine,
    report: Arc<Report>,
    stop: Arc<AtomicBool>,
    /// The worker is busy with something else.
    stalled: Arc<AtomicBool>,
    worker: Option<JoinHandle<()>>,
    left: Left,
}

/// Everything that left an instance. Positions are host samples.
#[derive(Debug, Default, PartialEq)]
struct Left {
    report: Vec<ReportEvent>,
    tags: Vec<TagLine>,
    notes: Vec<(i64, NoteEvent<()>)>,
    values: Vec<(i64, u32, f64)>,
    cv: [Vec<f32>; 4],
}

impl Instance {
    fn new(mode: ProcessMode) -> Self {
        Self::timed(mode, [0.0; 2])
    }

    /// With beats so many milliseconds ahead, and so many of look-ahead.
    fn timed(mode: ProcessMode, [lead, look_ahead]: [f32; 2]) -> Self {
        let ms = |value| FloatParam::new("", value, FloatRange::Linear { min: 0.0, max: 500.0 });
        let time = TimeParams { lead: ms(lead), look_ahead: ms(look_ahead) };
        let look_ahead = time.look_ahead(f64::from(RATE_HZ));
        let params = Arc::new(TatumParams { time, ..TatumParams::default() });
        let report = Arc::new(Report::default());
        report.record(true);
        let (audio, worker) = lane();
        let (pictures, _) = triple_buffer::triple_buffer(&Snapshot::default());
        let mut seat = Seat::new(worker, Arc::clone(&params), Arc::clone(&report), pictures);
        let mut engine = Engine::new(params, audio, Recorder::new(Arc::clone(&report)));
        let [stop, stalled] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let worker = {
            let (stop, stalled) = (Arc::clone(&stop), Arc::clone(&stalled));
            thread::spawn(move || {
                let (mut before, mut tagger) = (0.0, Tagger::default());
                while !stop.load(Ordering::Relaxed) {
                    tagger.go_on(std::slice::from_mut(&mut seat));
                    if !stalled.load(Ordering::Relaxed) && seat.poll() {
                        tagger.catch_up(std::slice::from_mut(&mut seat));
                        let activations = seat
                            .frame()
                            .map_or_else(Activations::default, |frame| clicks(frame, &mut before));
                        seat.hear(activations, "clicks", Health::Ok);
                    } else {
                        thread::park_timeout(std::time::Duration::from_millis(1));
                    }
                }
            })
        };
        engine.lane_mut().attach(worker.thread().clone(), Box::new(|| Helped::Nothing));
        engine.activate(&config(mode), look_ahead);
        Self { engine, report, stop, stalled, worker: Some(worker), left: Left::default() }
    }

    /// One block; `song_pos` is where the host's transport plays.
    fn block(&mut self, audio: &[f32], song_pos: Option<i64>) {
        let mut transport = Transport::new(RATE_HZ);
        transport.playing = song_pos.is_some();
        transport.pos_samples = song_pos;
        self.block_at(audio, &transport);
    }

    /// The same in a loop between two times, seconds.
    fn looped_block(&mut self, audio: &[f32], song_pos: i64, between_s: (f64, f64)) {
        let mut transport = Transport::new(RATE_HZ);
        transport.playing = true;
        transport.pos_samples = Some(song_pos);
        transport.loop_range_seconds = Some(between_s);
        self.block_at(audio, &transport);
    }

    fn block_at(&mut self, audio: &[f32], transport: &Transport) {
        let start = self.engine.now;
        let (mut left, mut right) = (audio.to_vec(), audio.to_vec());
        let mut cv = vec![vec![f32::NAN; audio.len()]; 4];
        {
            let mut ports: Vec<Buffer<'_>> = cv.iter_mut().map(|port| port_buffer(port)).collect();
            let Left { notes, values, .. } = &mut self.left;
            let mut note =
                |event: NoteEvent<()>| notes.push((start + i64::from(event.timing()), event));
            let mut param = |event: ParamEvent| {
                if let ParamEvent::Value { id, offset, value } = event {
                    values.push((start + i64::from(offset), id, value));
                }
            };
            let mut sinks = Sinks { note: &mut note, param: &mut param };
            self.engine.process(&[&mut left, &mut right], &mut ports, transport, &mut sinks);
        }
        assert!(left == audio && right == audio, "audio passes untouched");
        self.left.cv.iter_mut().zip(cv).for_each(|(all, port)| all.extend(port));
        self.left.report.extend(std::iter::from_fn(|| self.report.next()));
        self.left.tags.extend(std::iter::from_fn(|| self.report.next_tags()));
    }

    /// `audio` in blocks of the sizes that `sizes` gives.
    fn play(mut self, audio: &[f32], mut sizes: impl FnMut() -> usize) -> Left {
        let mut rest = audio;
        while !rest.is_empty() {
            let (block, later) = rest.split_at(sizes().min(rest.len()));
            self.block(block, None);
            rest = later;
        }
        std::mem::take(&mut self.left)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.worker.take().map(JoinHandle::join);
    }
}

fn config(mode: ProcessMode) -> BufferConfig {
    BufferConfig {
        sample_rate: RATE_HZ,
        min_buffer_size: None,
        max_buffer_size: 1024,
        process_mode: mode,
    }
}

fn port_buffer(port: &mut [f32]) -> Buffer<'_> {
    let mut buffer = Buffer::default();
    let length = port.len();
    // SAFETY: the one slice given has the length that is stated.
    unsafe {
        buffer.set_slices(length, |slices| *slices = vec![port]);
    }
    buffer
}

/// A stand-in for the network: louder than the frame before is a beat and an onset; low is a
/// downbeat.
fn clicks(frame: &MelFrame, before: &mut f32) -> Activations {
    let loud = frame.bins.iter().sum::<f32>() / frame.bins.len() as f32;
    let rise = ((loud - *before) * 2.0).clamp(0.0, 1.0);
    *before = loud;
    let low = frame.bins[..12].iter().sum::<f32>() > frame.bins[40..52].iter().sum::<f32>();
    Activations { beat: rise, downbeat: if low { rise } else { 0.0 }, onset: rise }
}

/// Clicks at 120 BPM, low ones on every fourth.
fn song() -> Vec<f32> {
    let beat = RATE_HZ as usize / 2;
    let click = |n: usize| {
        let (index, t) = (n / beat, (n % beat) as f32 / RATE_HZ);
        let hz = if index.is_multiple_of(4) { 120.0 } else { 3000.0 };
        0.8 * (-60.0 * t).exp() * (std::f32::consts::TAU * hz * t).sin()
    };
    (0..SECONDS * RATE_HZ as usize).map(click).collect()
}

/// Values of genre, valence and arousal, with their samples.
fn moods(left: &Left) -> Vec<(i64, u32, f64)> {
    let ids = &crate::params::HEARD_IDS[5..];
    left.values.iter().filter(|(_, id, _)| ids.contains(id)).copied().collect()
}

fn beats(left: &Left) -> Vec<(i64, i64)> {
    let beat = |event: &ReportEvent| match event {
        ReportEvent::Beat { at, emitted, .. } => Some((*at, *emitted)),
        _ => None,
    };
    left.report.iter().filter_map(beat).collect()
}

#[test]
fn any_partition_into_blocks_gives_the_same() {
    let song = song();
    let whole = Instance::new(ProcessMode::Offline).play(&song, || usize::MAX);
    let found = beats(&whole);
    assert!(found.len() > 16, "the clicks are tracked: {found:?}");
    assert!(found.iter().all(|(at, emitted)| at == emitted), "no beat is late offline");
    assert_eq!(whole.tags.len(), SECONDS - 1, "tags for every second but the last");
    let mut seed = 1_u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 20) as usize % 2000
    };
    let sizes: [(&str, &mut dyn FnMut() -> usize); 4] =
        [("32", &mut || 32), ("441", &mut || 441), ("4096", &mut || 4096), ("random", &mut random)];
    for (name, sizes) in sizes {
        let cut = Instance::new(ProcessMode::Offline).play(&song, sizes);
        assert!(cut.report == whole.report, "report, blocks of {name}");
        assert!(cut.tags == whole.tags, "tags, blocks of {name}");
        assert!(cut.notes.len() == whole.notes.len(), "notes, blocks of {name}");
        assert!(cut.values == whole.values, "values, blocks of {name}");
        assert!(cut.cv == whole.cv, "CV, blocks of {name}");
    }
}

#[test]
fn beats_leave_as_far_ahead_as_asked() {
    let song = song();
    for lead_ms in [50.0, 300.0] {
        let left = Instance::timed(ProcessMode::Offline, [lead_ms, 0.0]).play(&song, || 700);
        let ahead = (1e-3 * lead_ms * RATE_HZ) as i64;
        let settled: Vec<_> = beats(&left).into_iter().filter(|beat| beat.0 > 240_000).collect();
        assert!(settled.len() >= 20, "{} beats", settled.len());
        for (at, emitted) in settled {
            assert_eq!(at - emitted, ahead, "the beat at {at}");
            let error = (at + 12_000) % 24_000 - 12_000;
            assert!(error.abs() < 1_500, "the beat at {at} is {error} samples off");
        }
    }
}

#[test]
fn with_look_ahead_all_lands_on_its_sample_of_the_delayed_audio() {
    let song = song();
    let delay = 9_600;
    let left = Instance::timed(ProcessMode::Offline, [0.0, 200.0]).play(&song, || 333);
    let cut = Instance::timed(ProcessMode::Offline, [0.0, 200.0]).play(&song, || 4_096);
    assert!(left.report == cut.report, "whatever the blocks");
    let ahead = Instance::timed(ProcessMode::Offline, [100.0, 200.0]).play(&song, || 333);
    let (mut onsets, mut frames) = (0, 0);
    for event in &left.report {
        match *event {
            ReportEvent::Beat { at, emitted, .. } => assert_eq!(emitted, at + delay),
            ReportEvent::Onset { at, emitted, .. } => {
                assert_eq!(emitted, at + delay);
                onsets += 1;
            }
            ReportEvent::Frame { at, heard, .. } => {
                assert_eq!(at, heard + delay);
                frames += 1;
            }
            ReportEvent::Tempo { .. } => (),
        }
    }
    assert!(onsets > 20 && frames > 700 && beats(&left).len() > 16);
    // The bar's ramp stands at a beat where the delayed beat sounds.
    for (at, emitted) in beats(&left).into_iter().filter(|beat| beat.0 > 240_000) {
        let beat = 4.0 * left.cv[3][emitted as usize];
        assert!((beat - beat.round()).abs() < 0.1, "the beat at {at} is at {beat} of the bar");
    }
    let settled = |left: &Left| beats(left).into_iter().filter(|beat| beat.0 > 240_000).count();
    assert!(settled(&ahead).abs_diff(settled(&left)) <= 1);
    assert!(beats(&ahead).iter().all(|(at, emitted)| emitted - at == delay / 2));
}

#[test]
fn what_was_heard_before_a_jump_still_leaves_with_its_audio() {
    let (song, block) = (song(), 4_800);
    let mut instance = Instance::timed(ProcessMode::Offline, [0.0, 400.0]);
    for (n, audio) in song.chunks(block).take(60).enumerate() {
        instance.block(audio, Some((n * block) as i64));
    }
    let jump = instance.engine.now;
    for n in 0..8 {
        instance.block(&song[..block], Some((1_000_000 + n * block) as i64));
    }
    let onsets = instance.left.report.iter().filter_map(|event| match event {
        ReportEvent::Onset { at, emitted, .. } => Some((*at, *emitted)),
        _ => None,
    });
    let across = onsets.filter(|&(at, emitted)| at < jump && emitted >= jump).count();
    assert!(across > 0, "the click before the jump sounds after it");
}

#[test]
fn a_beat_that_falls_before_one_that_left_is_left_out() {
    let mut instance = Instance::new(ProcessMode::Realtime);
    for (leaves, at) in [(100, 14_500), (600, 9_000), (700, 20_000)] {
        let beat = Beat {
            at: SamplePos(at),
            in_bar: 1,
            beats_per_bar: 4,
            tempo: listener::Bpm(120.0),
            confidence: 0.5,
        };
        instance.engine.pending.push(Due { at: leaves, event: Event::Beat(beat) });
    }
    instance.block(&[0.0; 1024], None);
    assert_eq!(beats(&instance.left), [(14_500, 100), (20_000, 700)]);
    let notes = instance.left.notes.iter();
    assert_eq!(notes.filter(|(_, note)| matches!(note, NoteEvent::NoteOn { .. })).count(), 4);
    instance.engine.reset();
    assert_eq!(instance.engine.last_beat, i64::MIN, "time begins anew");
}

#[test]
fn lock_step_gives_the_beats_of_the_bounce() {
    let song = song();
    let bounce = Instance::new(ProcessMode::Offline).play(&song, || 4096);
    for size in [64, 441, 8192] {
        let live = Instance::new(ProcessMode::Realtime);
        live.report.lockstep.store(true, Ordering::Relaxed);
        let live = live.play(&song, || size);
        let at = |left: &Left| beats(left).iter().map(|beat| beat.0).collect::<Vec<_>>();
        // The last block's frames are still with the worker.
        let (live_at, bounce_at) = (at(&live), at(&bounce));
        assert!(live_at.len() + 1 >= bounce_at.len(), "blocks of {size}");
        assert_eq!(live_at[..], bounce_at[..live_at.len()], "blocks of {size}");
        let late = beats(&live).iter().filter(|(at, emitted)| at != emitted).count();
        assert!(size > 900 || late == 0, "{late} late beats in blocks of {size}");
        let (live, bounce) = (moods(&live), moods(&bounce));
        assert!(live.len() > 15 && live.len() + 3 >= bounce.len(), "{}", live.len());
        assert!(size > 900 || live[..] == bounce[..live.len()], "tags in blocks of {size}");
    }
}

#[test]
fn tags_leave_at_the_sample_their_second_allows() {
    let left = Instance::new(ProcessMode::Offline).play(&song(), || 700);
    let ends: Vec<i64> = left.tags.iter().map(|line| line.heard).collect();
    let second = RATE_HZ as i64;
    assert_eq!(ends, (1..SECONDS as i64).map(|n| n * second).collect::<Vec<_>>());
    // The first values of all are those before anything was heard.
    let start = moods(&left)[0].0;
    assert!(moods(&left).len() > 15, "the mood moves");
    for (at, ..) in moods(&left).into_iter().filter(|(at, ..)| *at > start) {
        assert!(left.tags.iter().any(|line| line.at == at), "a value at {at} without tags");
        assert_eq!(at % second, (0.22 * RATE_HZ) as i64, "20 ms and ten frames after the second");
    }
}

#[test]
fn notes_balance_and_gates_are_high_at_the_beat() {
    let left = Instance::new(ProcessMode::Offline).play(&song(), || 1000);
    let count = |on: bool| {
        left.notes
            .iter()
            .filter(|(_, event)| {
                matches!(event, NoteEvent::NoteOn { .. } if on)
                    || matches!(event, NoteEvent::NoteOff { .. } if !on)
            })
            .count()
    };
    assert!(count(true) > 30);
    assert!(count(true) - count(false) <= 3, "all but the last notes ended");
    for (at, _) in beats(&left) {
        let pulse = left.cv[0][at as usize];
        assert!(pulse > 0.0 && pulse > left.cv[0][at as usize - 1], "a pulse at sample {at}");
    }
    assert!(left.cv.iter().flatten().all(|sample| sample.is_finite()));
}

#[test]
fn a_transport_jump_and_a_reset_restart_the_lane() {
    let song = song();
    let mut instance = Instance::new(ProcessMode::Offline);
    let block = 4800;
    for (n, audio) in song.chunks(block).take(60).enumerate() {
        instance.block(audio, Some((n * block) as i64));
    }
    assert!(!beats(&instance.left).is_empty());
    let before = instance.engine.base;
    instance.block(&song[..block], Some(1_000_000));
    assert!(instance.engine.base > before, "the lane counts from the jump");
    instance.block(&song[..block], Some(1_000_000 + block as i64));
    assert_eq!(instance.engine.base, 60 * block as i64);
    instance.engine.reset();
    assert_eq!((instance.engine.base, instance.engine.now), (0, 0));
    let old = beats(&instance.left).len();
    for audio in song.chunks(block).take(3) {
        instance.block(audio, None);
    }
    assert_eq!(beats(&instance.left).len(), old, "nothing of the time before the reset leaves");
}

#[test]
fn frames_that_do_not_fit_are_a_gap() {
    let params = Arc::new(TatumParams::default());
    let (audio, worker) = lane();
    let report = Arc::new(Report::default());
    let recorder = Recorder::new(Arc::clone(&report));
    let mut engine = Engine::new(params, audio, recorder);
    engine.activate(&config(ProcessMode::Realtime), 0);
    let mut block = vec![0.0; 20 * RATE_HZ as usize];
    let transport = Transport::new(RATE_HZ);
    let mut sinks = Sinks { note: &mut |_| (), param: &mut |_| () };
    engine.process(&[&mut block], &mut [], &transport, &mut sinks);
    assert_eq!(worker.shared.gaps.load(Ordering::Relaxed), 1);
    let [sent, _, _, lost] = report.frames.now();
    assert_eq!(sent as usize, worker.messages.slots() - 1, "all but the restart are frames");
    assert_eq!(lost, 1);
    let mut messages = worker.messages;
    while messages.pop().is_ok() {}
    engine.process(&[&mut block[..960]], &mut [], &transport, &mut sinks);
    assert!(matches!(messages.pop(), Ok(Message::Restart(stretch)) if stretch.epoch == 2));
    assert!(matches!(messages.pop(), Ok(Message::Frame(frame, _)) if frame.at.0 < 0));
}

#[test]
fn an_unknown_rate_is_told_and_audio_passes() {
    let params = Arc::new(TatumParams::default());
    let (audio, mut worker) = lane();
    let recorder = Recorder::new(Arc::new(Report::default()));
    let mut engine = Engine::new(params, audio, recorder);
    engine.activate(&BufferConfig { sample_rate: 8000.0, ..config(ProcessMode::Realtime) }, 0);
    assert!(
        matches!(worker.messages.pop(), Ok(Message::Unsupported { rate_hz }) if rate_hz == 8000.0)
    );
    let (mut block, mut cv) = ([0.5; 64], [f32::NAN; 64]);
    let mut sinks = Sinks { note: &mut |_| (), param: &mut |_| () };
    let transport = Transport::new(8000.0);
    engine.process(&[&mut block], &mut [port_buffer(&mut cv)], &transport, &mut sinks);
    assert_eq!((block, cv), ([0.5; 64], [0.0; 64]));
}

//! The worker's table without its thread: what every lane gets, whoever else sits there, and whatever
//! goes wrong.

use super::*;
use crate::correction::TempoCorrection;
use crate::lane::{LaneAudio, LaneSettings, Message, Mood, News, lane};
use crate::params::TatumParams;
use crate::report::Report;
use crate::snapshot::Snapshot;
use listener::{Activations, BANDS, MelFrame, SamplePos};

const SETTINGS: LaneSettings = LaneSettings {
    min_bpm: 55.0,
    max_bpm: 215.0,
    correction: TempoCorrection::AsHeard,
    look_ahead_s: 0.0,
    lead_s: 0.0,
};

struct Instance {
    audio: LaneAudio,
    params: Arc<TatumParams>,
    report: Arc<Report>,
    pictures: triple_buffer::Output<Snapshot>,
}

fn instance() -> (Instance, Seat) {
    let (params, report) = (Arc::new(TatumParams::default()), Arc::new(Report::default()));
    let (input, pictures) = triple_buffer::triple_buffer(&Snapshot::default());
    let (audio, worker) = lane();
    let seat = Seat::new(worker, Arc::clone(&params), Arc::clone(&report), input);
    (Instance { audio, params, report, pictures }, seat)
}

fn table(seats: Vec<Seat>) -> Table {
    Table { seats, ..Table::default() }
}

fn frame(n: i64) -> Message {
    Message::Frame(MelFrame { at: SamplePos(960 * n - 1440), bins: [0.1; BANDS] }, 0)
}

#[test]
fn one_thread_serves_all_and_goes_with_the_last() {
    let first = Hub::shared().expect("a thread starts");
    let second = Hub::shared().expect("a thread starts");
    assert!(Arc::ptr_eq(&first, &second));
    let mail = Arc::downgrade(&first.mail);
    drop(first);
    assert!(mail.upgrade().is_some());
    drop(second);
    assert!(mail.upgrade().is_none(), "the worker has ended and dropped its mail");
}

#[test]
fn lanes_heard_together_hear_what_they_hear_alone() {
    let hear = |lanes: usize| {
        let (mut instances, seats): (Vec<_>, Vec<_>) = (0..lanes).map(|_| instance()).unzip();
        let mut table = table(seats);
        for instance in &mut instances {
            assert!(instance.audio.restart(48_000.0, 0, SETTINGS));
        }
        let mut news = Vec::new();
        for n in 1..20 {
            instances.iter_mut().for_each(|one| assert!(one.audio.send(frame(n))));
            assert!(table.pass(Loading::Allowed));
            let heard: Vec<_> = instances.iter_mut().filter_map(|one| one.audio.next()).collect();
            assert_eq!(heard.len(), lanes, "exactly one news per frame and lane");
            news.extend(heard.first().map(|news| news.heard));
        }
        assert!(!table.pass(Loading::Allowed));
        news
    };
    assert_eq!(hear(1), hear(3));
}

#[test]
fn after_a_panic_frames_are_taken_until_a_restart_heals() {
    let (mut one, seat) = instance();
    let mut table = table(vec![seat]);
    one.audio.restart(48_000.0, 0, SETTINGS);
    one.audio.send(frame(1));
    table.pass(Loading::Allowed);
    assert_eq!(one.report.status().health, Health::Ok);
    assert!(one.audio.next().is_some());
    table.recover(&"boom");
    one.audio.send(frame(2));
    table.pass(Loading::Allowed);
    let status = one.report.status();
    assert!(matches!(status.health, Health::WorkerFailed(m) if m.as_str() == "boom"));
    assert_eq!(one.pictures.read().health, status.health);
    assert!(one.audio.next().is_none());
    assert_eq!(one.audio.shared.done.load(Ordering::Relaxed), 3, "nobody waits for ever");
    one.audio.restart(48_000.0, 0, SETTINGS);
    one.audio.send(frame(1));
    table.pass(Loading::Allowed);
    assert_eq!(one.report.status().health, Health::Ok);
    assert!(one.audio.next().is_some());
}

#[test]
fn after_a_panic_a_rate_that_cannot_be_heard_is_still_what_is_wrong() {
    let (mut one, seat) = instance();
    let mut table = table(vec![seat]);
    one.audio.send(Message::Unsupported { rate_hz: 8000.0 });
    table.pass(Loading::Allowed);
    table.recover(&"boom");
    assert_eq!(one.report.status().health, Health::UnsupportedRate { rate_hz: 8000.0 });
}

#[test]
fn a_stall_is_over_when_the_worker_goes_on_though_nobody_waits() {
    let (mut one, seat) = instance();
    let mut table = table(vec![seat]);
    one.audio.restart(48_000.0, 0, SETTINGS);
    one.audio.shared.stalled.store(true, Ordering::Relaxed);
    one.audio.send(frame(1));
    table.pass(Loading::Allowed);
    assert_eq!(one.report.status().health, Health::Ok);
}

#[test]
fn every_frame_is_heard_or_missed() {
    let (mut one, seat) = instance();
    let mut table = table(vec![seat]);
    one.audio.send(frame(1));
    one.audio.restart(48_000.0, 0, SETTINGS);
    (2..5).for_each(|n| assert!(one.audio.send(frame(n))));
    while table.pass(Loading::Allowed) {}
    table.recover(&"boom");
    one.audio.send(frame(5));
    table.pass(Loading::Allowed);
    let [_, heard, missed, _] = one.report.frames.now();
    assert_eq!((heard, missed), (3, 2));
}

#[test]
fn a_bad_model_is_refused_and_another_heals() {
    let (mut one, seat) = instance();
    let mut table = table(vec![seat]);
    *one.params.model_path.write().expect("not poisoned") = "Cargo.toml".into();
    one.audio.restart(48_000.0, 0, SETTINGS);
    one.audio.send(frame(1));
    table.pass(Loading::Allowed);
    let line = one.report.status().health.to_string();
    assert!(line.starts_with("Cargo.toml: "), "{line}");
    assert!(one.audio.next().is_none());
    one.params.model_path.write().expect("not poisoned").clear();
    one.audio.send(frame(2));
    table.pass(Loading::Allowed);
    assert_eq!(one.report.status().health, Health::Ok);
    assert!(one.audio.next().is_some());
}

#[test]
fn the_picture_shows_what_sounds() {
    let hear = |look_ahead_s, lead_s| {
        let (mut one, mut seat) = instance();
        let settings = LaneSettings { look_ahead_s, lead_s, ..SETTINGS };
        assert!(one.audio.restart(48_000.0, 0, settings));
        for n in 1..=500 {
            assert!(one.audio.send(frame(n)) && seat.poll());
            let click = f32::from(u8::from(n % 25 == 0));
            let activations = Activations { beat: click, onset: click, downbeat: 0.0 };
            seat.hear(activations, "clicks", Health::Ok);
            one.audio.next();
            one.pictures.read();
        }
        let picture = one.pictures.read();
        assert!(picture.bar.locked);
        (picture.now.0, picture.bar.phase * f32::from(picture.bar.beats_per_bar) % 1.0)
    };
    let (now, beat) = hear(0.0, 0.0);
    // The last click was at the frame before last's centre but 50 ms.
    assert!((beat - 0.1).abs() < 0.02, "50 ms of the half second after a click: {beat}");
    let (ahead, same) = hear(0.0, 0.25);
    assert_eq!(ahead, now);
    assert!((same - beat).abs() < 0.02, "that they leave ahead is not heard: {same}");
    let (later, before) = hear(0.1, 0.25);
    assert_eq!(later, now - 4_800, "the audio leaves 100 ms later");
    assert!((before - (beat + 0.8) % 1.0).abs() < 0.02, "and is that much behind: {before}");
}

#[test]
fn a_closed_lane_leaves() {
    let (one, seat) = instance();
    let mut table = table(vec![seat]);
    drop(one.audio);
    table.pass(Loading::Allowed);
    assert!(table.seats.is_empty());
}

/// Sends `frames` one by one, a pass for each; the news that came back, by frame.
fn news_of(table: &mut Table, instances: &mut [Instance], frames: i64) -> Vec<Vec<News>> {
    let mut all = vec![Vec::new(); instances.len()];
    for n in 1..=frames {
        instances.iter_mut().for_each(|one| assert!(one.audio.send(frame(n))));
        assert!(table.pass(Loading::Allowed));
        for (one, all) in instances.iter_mut().zip(&mut all) {
            all.extend(std::iter::from_fn(|| one.audio.next()));
        }
    }
    assert!(all.iter().all(|news| news.len() as i64 == frames), "exactly one news per frame");
    all
}

fn restarted(lanes: usize) -> (Vec<Instance>, Table) {
    let (mut instances, seats): (Vec<_>, Vec<_>) = (0..lanes).map(|_| instance()).unzip();
    for instance in &mut instances {
        instance.report.record(true);
        assert!(instance.audio.restart(48_000.0, 0, SETTINGS));
    }
    (instances, table(seats))
}

/// Frames after which news bring tags, with the tags.
fn moods(news: &[News]) -> Vec<(usize, Mood)> {
    news.iter().enumerate().filter_map(|(index, news)| Some((index + 1, news.mood?))).collect()
}

#[test]
fn tags_leave_at_the_same_frame_however_many_lanes_are_due() {
    let (mut alone, mut table) = restarted(1);
    let alone = moods(&news_of(&mut table, &mut alone, 130)[0]);
    assert_eq!(alone.iter().map(|(frame, _)| *frame).collect::<Vec<_>>(), [60, 110]);
    // More than can be heard in the time there is without catching up.
    let (mut many, mut table) = restarted(50);
    for news in news_of(&mut table, &mut many, 130) {
        assert_eq!(moods(&news), alone);
    }
    let line = many[49].report.next_tags().expect("the report has the first second");
    assert_eq!((line.heard, line.tags.heard_s), (48_000, 1.0));
    let picture = many[49].pictures.read();
    assert_eq!((picture.tags.heard_s, picture.trail().len()), (2.0, 2));
    assert_eq!(picture.tag_health, Health::Ok);
    assert!(picture.vocabulary.is_some());
}

#[test]
fn a_restart_forgets_the_tags() {
    let (mut one, mut table) = restarted(1);
    let first = moods(&news_of(&mut table, &mut one, 65)[0]);
    assert!(one[0].audio.restart(48_000.0, 96_000, SETTINGS));
    let again = moods(&news_of(&mut table, &mut one, 65)[0]);
    assert_eq!(again[0], (1, Mood::default()), "what left before is taken back");
    assert_eq!(first, again[1..]);
    one[0].report.next_tags();
    let line = one[0].report.next_tags().expect("a line for each stretch");
    assert_eq!(line.heard, 96_000 + 48_000, "on the host's time line");
}

#[test]
fn a_bad_tag_model_is_refused_by_name_and_beats_go_on() {
    let (mut one, mut table) = restarted(2);
    let choose = |one: &Instance, path: &str| {
        *one.params.tag_model_path.write().expect("not poisoned") = path.into();
    };
    choose(&one[0], "Cargo.toml");
    let news = news_of(&mut table, &mut one, 65);
    assert_eq!((moods(&news[0]).len(), moods(&news[1]).len()), (0, 1));
    let status = one[0].report.status();
    assert_eq!(status.health, Health::Ok);
    let line = status.tags.to_string();
    assert!(line.starts_with("Cargo.toml: ") && line.contains("train it again"), "{line}");
    assert_eq!(one[0].pictures.read().tag_health, status.tags);
    choose(&one[0], "");
    assert_eq!(moods(&news_of(&mut table, &mut one, 65)[0]).len(), 1, "another model heals");
    assert_eq!(one[0].report.status().tags, Health::Ok);
    let folder = tempfile::tempdir().expect("a folder");
    let mended = folder.path().join("mended.onnx");
    std::fs::write(&mended, "no model").expect("written");
    choose(&one[0], mended.to_str().expect("a path in letters"));
    let void = moods(&news_of(&mut table, &mut one, 65)[0]);
    assert!(void.iter().all(|(_, mood)| *mood == Mood::default()), "{void:?}");
    std::fs::write(&mended, include_bytes!("../../models/tags.onnx")).expect("written");
    assert!(one[1].audio.restart(48_000.0, 0, SETTINGS));
    let heard = moods(&news_of(&mut table, &mut one, 65)[0]);
    assert!(heard.iter().any(|(_, mood)| *mood != Mood::default()), "any restart sees it");
}

#[test]
fn tags_that_stop_leave_the_beats_alone() {
    let (mut one, mut table) = restarted(1);
    news_of(&mut table, &mut one, 65);
    let stopped = Health::TagsStopped("boom".into());
    table.seats[0].fail_tags(stopped);
    let news = news_of(&mut table, &mut one, 65);
    assert_eq!(moods(&news[0]), [(1, Mood::default())], "what left before is taken back, once");
    let status = one[0].report.status();
    assert_eq!((status.health, status.tags), (Health::Ok, stopped));
    assert!(one[0].audio.restart(48_000.0, 0, SETTINGS));
    assert_eq!(moods(&news_of(&mut table, &mut one, 65)[0]).len(), 1, "a restart heals");
}

/// A look a second after the one before, in which so many frames of each lane were sent.
fn look(triage: &mut Triage, table: &mut Table, instances: &[Instance], frames: u64) {
    instances.iter().for_each(|instance| {
        instance.report.frames.sent.fetch_add(frames, Ordering::Relaxed);
    });
    triage.look(&mut table.seats, Duration::from_secs(1));
}

#[test]
fn when_all_fall_behind_those_rest_that_nobody_watches() {
    let (mut instances, seats): (Vec<_>, Vec<_>) = (0..4).map(|_| instance()).unzip();
    let mut table = table(seats);
    let mut idle = instances.pop().expect("four");
    assert!(idle.audio.restart(48_000.0, 0, SETTINGS));
    for instance in &mut instances {
        assert!(instance.audio.restart(48_000.0, 0, SETTINGS));
        (0..40).for_each(|n| assert!(instance.audio.send(frame(n))));
    }
    // The editor of the first is open, the second is recorded.
    for _ in 0..30 {
        table.pass(Loading::Allowed);
        instances[0].pictures.read();
    }
    instances[1].report.record(true);
    for n in 40..300 {
        instances.iter_mut().for_each(|instance| assert!(instance.audio.send(frame(n))));
    }
    let mut triage = Triage::default();
    let resting = |table: &Table| table.seats.iter().map(Seat::rests).collect::<Vec<_>>();
    (0..5).for_each(|_| look(&mut triage, &mut table, &instances, 200));
    assert_eq!(resting(&table), [false; 4], "a host that hurries renders");
    look(&mut triage, &mut table, &instances, 50);
    assert_eq!(resting(&table), [false; 4], "once is not enough");
    look(&mut triage, &mut table, &instances, 50);
    assert_eq!(resting(&table), [false, false, true, false], "nor does the idle one help");
    (0..2).for_each(|_| look(&mut triage, &mut table, &instances, 50));
    assert_eq!(resting(&table), [false, true, true, false]);
    (0..4).for_each(|_| look(&mut triage, &mut table, &instances, 50));
    assert_eq!(resting(&table), [false, true, true, false], "the last one never rests");
    // Who rests is through with its queue at once, and says why it hears nothing.
    while table.pass(Loading::Allowed) {
        instances[0].pictures.read();
    }
    let health = |instance: &Instance| instance.report.status().health;
    assert!(matches!(health(&instances[2]), Health::Overloaded { missed_s: 5 }));
    assert_eq!(health(&instances[0]), Health::Ok);
    // A jump is no wish to be heard.
    assert!(instances[2].audio.restart(48_000.0, 9_000, SETTINGS));
    while table.pass(Loading::Allowed) {}
    assert_eq!(resting(&table), [false, true, true, false]);
    // In time again, they come back one after the other, the recorded one first.
    (0..13).for_each(|_| look(&mut triage, &mut table, &instances, 50));
    assert_eq!(resting(&table), [false, false, true, false]);
    (0..13).for_each(|_| look(&mut triage, &mut table, &instances, 50));
    assert_eq!(resting(&table), [false; 4]);
    for instance in &mut instances {
        while instance.audio.next().is_some() {}
        (300..310).for_each(|n| assert!(instance.audio.send(frame(n))));
    }
    while table.pass(Loading::Allowed) {}
    assert!(instances.iter().all(|instance| health(instance) == Health::Ok));
    assert!(instances.iter_mut().all(|instance| instance.audio.next().is_some()));
}

#[test]
fn a_lane_that_rests_comes_back_first_when_its_window_is_opened() {
    let (mut instances, seats): (Vec<_>, Vec<_>) = (0..3).map(|_| instance()).unzip();
    let mut table = table(seats);
    for instance in &mut instances {
        assert!(instance.audio.restart(48_000.0, 0, SETTINGS));
        (0..40).for_each(|n| assert!(instance.audio.send(frame(n))));
    }
    while table.pass(Loading::Allowed) {}
    // The first has rested longest, but somebody looks at the second.
    table.seats[0].rest(1);
    table.seats[1].rest(2);
    for n in 40..140 {
        instances.iter_mut().for_each(|instance| assert!(instance.audio.send(frame(n))));
        table.pass(Loading::Allowed);
        instances[1].pictures.read();
    }
    let mut triage = Triage::default();
    (0..13).for_each(|_| look(&mut triage, &mut table, &instances, 50));
    let resting: Vec<_> = table.seats.iter().map(Seat::rests).collect();
    assert_eq!(resting, [true, false, false]);
}

#[test]
fn a_model_that_was_trained_anew_is_heard_after_the_next_restart_by_all_who_chose_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.onnx");
    std::fs::write(&file, BeatNet::BUILT_IN).expect("written");
    let (mut instances, seats): (Vec<_>, Vec<_>) = (0..2).map(|_| instance()).unzip();
    let mut table = table(seats);
    let hear = |table: &mut Table, instances: &mut [Instance], n| {
        instances.iter_mut().for_each(|instance| assert!(instance.audio.send(frame(n))));
        while table.pass(Loading::Allowed) {}
        instances.iter().map(|one| one.report.status().health).collect::<Vec<_>>()
    };
    for instance in &mut instances {
        *instance.params.model_path.write().expect("unpoisoned") =
            file.to_str().expect("a path in letters").to_owned();
        assert!(instance.audio.restart(48_000.0, 0, SETTINGS));
    }
    assert_eq!(hear(&mut table, &mut instances, 1), [Health::Ok; 2]);
    std::fs::write(&file, "no model at all").expect("written");
    assert_eq!(
        hear(&mut table, &mut instances, 2),
        [Health::Ok; 2],
        "while it plays nothing is read"
    );
    assert!(instances[0].audio.restart(48_000.0, 0, SETTINGS));
    let refused = hear(&mut table, &mut instances, 3);
    assert!(refused.iter().all(|health| matches!(health, Health::ModelRefused(_))), "{refused:?}");
    std::fs::write(&file, BeatNet::BUILT_IN).expect("written");
    assert!(instances[1].audio.restart(48_000.0, 0, SETTINGS));
    assert_eq!(hear(&mut table, &mut instances, 4), [Health::Ok; 2]);
}

#[test]
fn a_queue_that_grows_shorter_lets_nobody_rest() {
    let (mut instances, seats): (Vec<_>, Vec<_>) = (0..2).map(|_| instance()).unzip();
    let mut table = table(seats);
    let mut triage = Triage::default();
    for instance in &mut instances {
        assert!(instance.audio.restart(48_000.0, 0, SETTINGS));
        (0..200).for_each(|n| assert!(instance.audio.send(frame(n))));
    }
    for _ in 0..6 {
        look(&mut triage, &mut table, &instances, 50);
        (0..30).for_each(|_| assert!(table.pass(Loading::Allowed)));
    }
    assert!(table.seats.iter().all(|seat| !seat.rests()));
}

#[test]
fn who_waits_does_the_work_but_loads_nothing() {
    let hub = Hub { mail: Arc::default(), table: Arc::default(), worker: None };
    let help = hub.help();
    let (mut one, seat) = instance();
    hub.table.lock().expect("not poisoned").seats.push(seat);
    one.audio.restart(48_000.0, 0, SETTINGS);
    one.audio.send(frame(1));
    assert_eq!(help(), Helped::Nothing, "the model is the worker's to load");
    assert!(one.audio.next().is_none());
    // The beat model, and the tag model after the beats.
    assert!(hub.table.lock().expect("not poisoned").attempt(Loading::Allowed));
    assert!(one.audio.next().is_some(), "the frame that was taken is not lost");
    for n in 2..60 {
        one.audio.send(frame(n));
        assert_eq!(help(), Helped::Done, "frame {n}");
        assert!(one.audio.next().is_some(), "frame {n}");
    }
    assert_eq!(help(), Helped::Nothing);
    let _busy = hub.table.lock().expect("not poisoned");
    one.audio.send(frame(60));
    assert_eq!(help(), Helped::Busy);
}

#[test]
fn a_waiting_lane_is_served_by_its_own_thread() {
    let hub = Hub::shared().expect("a thread starts");
    let (mut one, seat) = instance();
    one.audio.attach(hub.worker().expect("a thread"), hub.help());
    hub.admit(seat);
    one.audio.restart(48_000.0, 0, SETTINGS);
    for n in 1..200 {
        one.audio.send(frame(n));
        one.audio.wait();
        assert!(one.audio.next().is_some(), "frame {n}");
    }
    assert!(!one.audio.shared.stalled.load(Ordering::Relaxed));
}

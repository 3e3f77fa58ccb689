//! What leaves while nothing is to be said: bypassed, or at a stopped transport.

use super::*;

const BLOCK: usize = 480;

/// Beats, and note ons and offs, that left from host sample `from` on.
fn struck(left: &Left, from: i64) -> (usize, usize, usize) {
    let count = |wanted: fn(&NoteEvent<()>) -> bool| {
        left.notes.iter().filter(|(at, event)| *at >= from && wanted(event)).count()
    };
    let beats = beats(left).iter().filter(|(at, _)| *at >= from).count();
    (
        beats,
        count(|event| matches!(event, NoteEvent::NoteOn { .. })),
        count(|event| matches!(event, NoteEvent::NoteOff { .. })),
    )
}

/// The last value of parameter number `of` of those that are heard.
fn last(left: &Left, of: usize) -> Option<f64> {
    let id = crate::params::HEARD_IDS[of];
    left.values.iter().rfind(|value| value.1 == id).map(|value| value.2)
}

#[test]
fn bypassed_it_says_nothing_and_listens_on() {
    let song = song();
    let mut instance = Instance::new(ProcessMode::Offline);
    let half = 8 * RATE_HZ as usize;
    song[..half].chunks(BLOCK).for_each(|audio| instance.block(audio, None));
    let bypass = instance.engine.params.bypass.as_ptr();
    let sounding = instance.left.notes.iter().fold(0, |sounding, (_, event)| match event {
        NoteEvent::NoteOn { .. } => sounding + 1,
        NoteEvent::NoteOff { .. } => sounding - 1,
        _ => sounding,
    });
    // SAFETY: the parameters outlive the pointer.
    unsafe { bypass._internal_set_normalized_value(1.0) };
    let from = instance.engine.now;
    song[half..half + 3 * RATE_HZ as usize]
        .chunks(BLOCK)
        .for_each(|audio| instance.block(audio, None));
    assert_eq!(struck(&instance.left, from), (0, 0, sounding), "what sounds ends, nothing begins");
    // The middle of the mood's range is no mood.
    for (of, at_rest) in [(0, 0.0), (1, 0.0), (2, 0.0), (3, 0.0), (5, 0.0), (6, 0.5), (7, 0.5)] {
        assert_eq!(last(&instance.left, of), Some(at_rest), "parameter {of}");
    }
    // SAFETY: the same.
    unsafe { bypass._internal_set_normalized_value(0.0) };
    let from = instance.engine.now;
    song[half + 3 * RATE_HZ as usize..].chunks(BLOCK).for_each(|audio| instance.block(audio, None));
    let (beats, on, _) = struck(&instance.left, from);
    assert!(beats >= 9 && on >= 18, "it kept the beat: {beats} beats in 5 s");
}

#[test]
fn when_the_song_stops_its_beats_stop() {
    let song = song();
    let (second, half) = (RATE_HZ as usize, 8 * RATE_HZ as usize);
    for (name, rest) in
        [("silence", vec![0.0; 4 * second]), ("live input", song[half..half + 4 * second].to_vec())]
    {
        let mut instance = Instance::new(ProcessMode::Offline);
        let blocks = song[..half].chunks(BLOCK).enumerate();
        blocks.for_each(|(n, audio)| instance.block(audio, Some((n * BLOCK) as i64)));
        let stopped = instance.engine.now + second as i64 * 7 / 5;
        rest.chunks(BLOCK).for_each(|audio| instance.block(audio, None));
        let (beats, on, _) = struck(&instance.left, stopped);
        if name == "silence" {
            assert_eq!((beats, on), (0, 0), "{name}");
        } else {
            assert!(beats >= 5, "{name} at a stopped transport is heard");
        }
    }
}

#[test]
fn a_loop_keeps_the_beat_from_pass_to_pass() {
    let song = song();
    let second = RATE_HZ as usize;
    // Two bars, four seconds, again and again.
    let mut instance = Instance::new(ProcessMode::Offline);
    let restarts = |instance: &Instance| instance.engine.base;
    for pass in 0..4 {
        for (n, audio) in song[..4 * second].chunks(BLOCK).enumerate() {
            instance.looped_block(audio, (n * BLOCK) as i64, (0.0, 4.0));
        }
        assert_eq!(restarts(&instance), 0, "pass {pass}");
    }
    let later = beats(&instance.left).iter().filter(|(at, _)| *at >= 8 * second as i64).count();
    assert!(later >= 15, "{later} of 16 beats in two passes");
}

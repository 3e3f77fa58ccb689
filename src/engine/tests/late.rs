//! What leaves when the worker is late, or stops.

use super::*;

/// The first four seconds of `song` as they sound, and three more of which the worker hears nothing.
fn stalled_after(song: &[f32], block: usize) -> Instance {
    let mut live = Instance::new(ProcessMode::Realtime);
    live.report.lockstep.store(true, Ordering::Relaxed);
    let second = RATE_HZ as usize;
    song[..4 * second].chunks(block).for_each(|audio| live.block(audio, None));
    // The frames of the last block are still on their way.
    live.block(&song[4 * second..][..block], None);
    live.report.lockstep.store(false, Ordering::Relaxed);
    live.stalled.store(true, Ordering::Relaxed);
    song[4 * second + block..7 * second].chunks(block).for_each(|audio| live.block(audio, None));
    live
}

/// Note ons from host sample `from` on.
fn note_ons(left: &Left, from: i64) -> usize {
    let on = |event: &NoteEvent<()>| matches!(event, NoteEvent::NoteOn { .. });
    left.notes.iter().filter(|(at, event)| *at >= from && on(event)).count()
}

#[test]
fn outputs_rest_when_no_news_comes() {
    for block in [64, 500] {
        let live = stalled_after(&song(), block);
        let mut frames = live.left.report.iter().rev().filter_map(|event| match event {
            ReportEvent::Frame { at, .. } => Some(*at),
            _ => None,
        });
        let rest =
            frames.next().expect("frames") + (REST_S * f64::from(RATE_HZ)) as i64 + block as i64;
        for id in &crate::params::HEARD_IDS[..4] {
            let last = live.left.values.iter().rfind(|(_, of, _)| of == id).expect("values");
            assert_eq!(last.2, 0.0, "{id} in blocks of {block}");
            assert!(last.0 <= rest, "{id} in blocks of {block}");
        }
        let phase = live.left.values.iter().rfind(|(_, id, _)| *id == crate::params::HEARD_IDS[3]);
        assert_eq!(phase.map(|value| value.0), Some(rest), "the phase was above 0 till then");
        let tempo = |value: &&(i64, u32, f64)| value.1 == crate::params::HEARD_IDS[4];
        assert!(live.left.values.iter().rfind(tempo).is_some_and(|value| value.2 > 0.0));
        let cc = |of| {
            let last = live
                .left
                .notes
                .iter()
                .rfind(|(_, event)| matches!(event, NoteEvent::MidiCC { cc, .. } if *cc == of));
            matches!(last, Some((_, NoteEvent::MidiCC { value: 0.0, .. })))
        };
        assert!((20..23).all(cc), "in blocks of {block}");
    }
}

#[test]
fn notes_that_come_much_too_late_are_left_out() {
    let (song, block) = (song(), 500);
    let mut live = stalled_after(&song, block);
    let stalled = live.engine.now;
    assert_eq!(note_ons(&live.left, stalled - RATE_HZ as i64), 0);
    let before = live.left.notes.len();
    live.stalled.store(false, Ordering::Relaxed);
    live.report.lockstep.store(true, Ordering::Relaxed);
    let second = RATE_HZ as usize;
    live.block(&song[7 * second..][..block], None);
    assert!(live.left.notes.len() > before, "what is heard now leaves");
    // Of six beats and their onsets, those of the last quarter of a second.
    let played = note_ons(&live.left, stalled);
    assert!((1..=3).contains(&played), "{played}");
    let told = beats(&live.left).iter().filter(|(_, emitted)| *emitted >= stalled).count();
    assert!(told <= 1, "the report tells of what left: {told}");
    song[7 * second + block..9 * second].chunks(block).for_each(|audio| live.block(audio, None));
    assert!(note_ons(&live.left, stalled) > played + 5, "what comes then is in time");
}

#[test]
fn in_calls_of_any_length_every_beat_leaves() {
    let song = song();
    let bounce = beats(&Instance::new(ProcessMode::Offline).play(&song, || 4096));
    let live = Instance::new(ProcessMode::Realtime);
    live.report.lockstep.store(true, Ordering::Relaxed);
    let mut sizes = [65_536, 34_464, 100, 20_000].into_iter().cycle();
    let live = beats(&live.play(&song, || sizes.next().expect("for ever")));
    assert!(live.len() + 3 >= bounce.len(), "{} of {}", live.len(), bounce.len());
    assert!(live.iter().zip(&bounce).all(|(live, bounce)| live.0 == bounce.0));
}

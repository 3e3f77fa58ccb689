//! MIDI: a note per beat, downbeat and onset, and the activations as CC 20, 21 and 22.
//!
//! Every note on is followed by its note off a fixed time later, also across blocks, resets and
//! changes of the settings: what sounds is remembered with the channel and key it was sent on.

use listener::Activations;
use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;

use crate::params::MidiParams;

/// Length of a note, seconds: shorter than any beat, longer than a sampler's shortest trigger.
const NOTE_S: f64 = 0.05;
/// Softest note, so that a beat of low confidence is still heard.
const SOFTEST: f32 = 0.1;
/// CC numbers of beat, downbeat and onset: undefined in the MIDI standard, free to use.
const CC: [u8; 3] = [20, 21, 22];

/// The notes, in the order of their voices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// Every beat.
    Beat,
    /// The first beat of every bar.
    Downbeat,
    /// Every onset.
    Onset,
}

/// A note that sounds.
#[derive(Debug, Clone, Copy)]
struct Voice {
    channel: u8,
    key: u8,
    /// Host sample of its note off.
    off_at: i64,
}

/// State of the MIDI output.
pub(crate) struct Midi {
    note_samples: i64,
    voices: [Option<Voice>; 3],
    /// The CC sent last: channel and value, 0..127.
    sent: [Option<(u8, u8)>; 3],
}

type Sink<'a> = &'a mut dyn FnMut(NoteEvent<()>);

impl Midi {
    /// Nothing sounds.
    pub(crate) fn new(rate_hz: f64) -> Self {
        Self {
            note_samples: (NOTE_S * rate_hz).round().max(1.0) as i64,
            voices: [None; 3],
            sent: [None; 3],
        }
    }

    /// Follows a change of the host's rate; what sounds goes on sounding.
    pub(crate) fn set_rate(&mut self, rate_hz: f64) {
        self.note_samples = (NOTE_S * rate_hz).round().max(1.0) as i64;
    }

    /// The time line begins anew: what sounds ends with the next block. Real-time safe.
    pub(crate) fn reset(&mut self) {
        self.voices.iter_mut().flatten().for_each(|voice| voice.off_at = i64::MIN);
        self.sent = [None; 3];
    }

    /// Ends every note that is over before host sample `end`; the block starts at `now`.
    /// Real-time safe.
    pub(crate) fn release(&mut self, now: i64, end: i64, sink: Sink<'_>, base: u32) {
        while let Some(voice) = self
            .voices
            .iter_mut()
            .filter(|v| v.is_some_and(|v| v.off_at < end))
            .min_by_key(|v| v.map_or(i64::MAX, |v| v.off_at))
        {
            if let Some(voice) = voice.take() {
                sink(voice.off(base + (voice.off_at.max(now) - now) as u32));
            }
        }
    }

    /// Plays `note` at host sample `at`, `offset` samples into the block. Real-time safe.
    pub(crate) fn play(
        &mut self,
        note: Note,
        strength: f32,
        at: i64,
        offset: u32,
        params: &MidiParams,
        sink: Sink<'_>,
    ) {
        let (on, key) = match note {
            Note::Beat => (&params.beat_on, &params.beat_note),
            Note::Downbeat => (&params.downbeat_on, &params.downbeat_note),
            Note::Onset => (&params.onset_on, &params.onset_note),
        };
        if !on.value() {
            return;
        }
        let voice = Voice {
            channel: channel(params),
            key: key.value() as u8,
            off_at: at + self.note_samples,
        };
        // Notes may share a key: one of them sounds, and only its own end ends it.
        let same_key = |other: &Voice| (other.channel, other.key) == (voice.channel, voice.key);
        if self.voices.iter().flatten().any(|other| same_key(other) && other.off_at == voice.off_at)
        {
            return;
        }
        for (kind, place) in self.voices.iter_mut().enumerate() {
            if let Some(ended) = place.take_if(|other| kind == note as usize || same_key(other)) {
                sink(ended.off(offset));
            }
        }
        sink(NoteEvent::NoteOn {
            timing: offset,
            voice_id: VoiceID::Wildcard,
            channel: Channel::Number(voice.channel),
            key: Key::Number(voice.key),
            velocity: strength.clamp(SOFTEST, 1.0),
        });
        self.voices[note as usize] = Some(voice);
    }

    /// Sends what changed of the activations, and 0 where they are no longer sent. Called once per frame.
    /// Real-time safe.
    pub(crate) fn control(
        &mut self,
        activations: &Activations,
        offset: u32,
        params: &MidiParams,
        sink: Sink<'_>,
    ) {
        let (on, to) = (params.cc_on.value(), channel(params));
        let values = [activations.beat, activations.downbeat, activations.onset];
        for ((value, cc), sent) in values.into_iter().zip(CC).zip(&mut self.sent) {
            let mut send = |channel, value| {
                let value = f32::from(value) / 127.0;
                sink(NoteEvent::MidiCC { timing: offset, channel, cc, value });
            };
            if let Some((before, value)) = sent.take_if(|(before, _)| !on || *before != to)
                && value > 0
            {
                send(before, 0);
            }
            let now = (to, (value.clamp(0.0, 1.0) * 127.0).round() as u8);
            if on && sent.replace(now) != Some(now) {
                send(to, now.1);
            }
        }
    }
}

/// The channel counted from 0.
fn channel(params: &MidiParams) -> u8 {
    (params.channel.value() - 1).clamp(0, 15) as u8
}

impl Voice {
    fn off(&self, offset: u32) -> NoteEvent<()> {
        NoteEvent::NoteOff {
            timing: offset,
            voice_id: VoiceID::Wildcard,
            channel: Channel::Number(self.channel),
            key: Key::Number(self.key),
            velocity: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::TatumParams;

    /// Note events as (sample, on, key).
    fn notes(events: &[NoteEvent<()>]) -> Vec<(u32, bool, u8)> {
        let key = |key: &Key| key.number().unwrap_or(255);
        let note = |event: &NoteEvent<()>| match event {
            NoteEvent::NoteOn { timing, key: k, .. } => Some((*timing, true, key(k))),
            NoteEvent::NoteOff { timing, key: k, .. } => Some((*timing, false, key(k))),
            _ => None,
        };
        events.iter().filter_map(note).collect()
    }

    #[test]
    fn every_note_ends() {
        let params = TatumParams::default().midi;
        let mut midi = Midi::new(1000.0);
        let mut events = Vec::new();
        let mut sink = |event| events.push(event);
        midi.play(Note::Beat, 0.9, 100, 10, &params, &mut sink);
        midi.release(90, 140, &mut sink, 0);
        midi.release(140, 200, &mut sink, 0);
        assert_eq!(notes(&events), [(10, true, 37), (10, false, 37)]);
    }

    #[test]
    fn a_note_struck_again_ends_first_and_a_reset_ends_all() {
        let params = TatumParams::default().midi;
        let mut midi = Midi::new(1000.0);
        let mut events = Vec::new();
        let mut sink = |event| events.push(event);
        midi.play(Note::Beat, 0.9, 0, 0, &params, &mut sink);
        midi.play(Note::Beat, 0.9, 20, 20, &params, &mut sink);
        midi.play(Note::Onset, 0.0, 20, 20, &params, &mut sink);
        midi.reset();
        midi.release(0, 32, &mut sink, 0);
        assert_eq!(
            notes(&events),
            [
                (0, true, 37),
                (20, false, 37),
                (20, true, 37),
                (20, true, 38),
                (0, false, 37),
                (0, false, 38)
            ]
        );
    }

    #[test]
    fn notes_that_share_a_key_do_not_cut_each_other_off() {
        let params = TatumParams::default().midi;
        let key = params.downbeat_note.unmodulated_normalized_value();
        // SAFETY: `params` outlives the pointer.
        unsafe { params.beat_note.as_ptr()._internal_set_normalized_value(key) };
        let mut midi = Midi::new(1000.0);
        let mut events = Vec::new();
        let mut sink = |event| events.push(event);
        midi.play(Note::Beat, 0.9, 0, 0, &params, &mut sink);
        midi.play(Note::Downbeat, 0.9, 0, 0, &params, &mut sink);
        midi.play(Note::Downbeat, 0.9, 30, 30, &params, &mut sink);
        midi.release(30, 100, &mut sink, 30);
        let expected = [(0, true, 36), (30, false, 36), (30, true, 36), (80, false, 36)];
        assert_eq!(notes(&events), expected);
    }

    #[test]
    fn control_changes_return_to_nothing_where_they_are_no_longer_sent() {
        let params = TatumParams::default().midi;
        let mut midi = Midi::new(1000.0);
        let mut sent = Vec::new();
        let heard = Activations { beat: 0.5, downbeat: 0.0, onset: 0.0 };
        let mut control = || {
            midi.control(&heard, 0, &params, &mut |event| {
                if let NoteEvent::MidiCC { cc: 20, channel, value, .. } = event {
                    sent.push((channel, value > 0.0));
                }
            });
        };
        control();
        // SAFETY: `params` outlives the pointer.
        unsafe { params.channel.as_ptr()._internal_set_normalized_value(1.0) };
        control();
        // SAFETY: the same.
        unsafe { params.cc_on.as_ptr()._internal_set_normalized_value(0.0) };
        control();
        control();
        assert_eq!(sent, [(0, true), (0, false), (15, true), (15, false)]);
    }

    #[test]
    fn control_changes_are_sent_on_change_only() {
        let params = TatumParams::default().midi;
        let mut midi = Midi::new(1000.0);
        let mut count = 0;
        let mut heard = Activations { beat: 0.5, downbeat: 0.1, onset: 0.0 };
        midi.control(&heard, 0, &params, &mut |_| count += 1);
        midi.control(&heard, 0, &params, &mut |_| count += 1);
        heard.beat = 0.9;
        midi.control(&heard, 0, &params, &mut |_| count += 1);
        assert_eq!(count, 4);
    }
}

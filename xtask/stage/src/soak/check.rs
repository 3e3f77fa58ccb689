//! What must hold of every block, whatever is done to the lane. Each rule is a line that says how it
//! was broken.

use crate::host::{Player, Range};
use crate::report::Line;
use anyhow::{Result, bail, ensure};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::utils::ClapId;
use std::collections::HashMap;

/// Longest that a note sounds, seconds; the plugin says 50 ms.
const NOTE_S: f64 = 0.0501;
/// Furthest that a beat leaves ahead of its sample, if the user wants, seconds.
const FURTHEST_S: f64 = 0.3;
/// Room for rounding of 32-bit values.
const ROUNDING: f64 = 1e-5;

/// Events that left, over all lanes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) beats: u64,
    pub(super) onsets: u64,
    pub(super) frames: u64,
    pub(super) notes: u64,
    pub(super) values: u64,
}

/// What is known of a lane so far.
pub(super) struct Check {
    ranges: Vec<Range>,
    /// Host samples since activation or reset.
    now: i64,
    /// Seconds played since the instance was made.
    pub(super) played_s: f64,
    last_beat: Option<i64>,
    last_frame: Option<i64>,
    /// When the notes began that sound, by channel and key.
    sounding: HashMap<(u16, u16), Vec<f64>>,
    /// Whether a gesture is under way.
    gestures: HashMap<ClapId, bool>,
    pub(super) left: Left,
}

impl Check {
    pub(super) fn new(ranges: Vec<Range>) -> Self {
        Self {
            ranges,
            now: 0,
            played_s: 0.0,
            last_beat: None,
            last_frame: None,
            sounding: HashMap::new(),
            gestures: HashMap::new(),
            left: Left::default(),
        }
    }

    /// Time begins anew.
    pub(super) fn reset(&mut self) {
        (self.now, self.last_beat, self.last_frame) = (0, None, None);
    }

    /// It was activated: what the host knew of gestures is over.
    pub(super) fn restart(&mut self) {
        self.gestures.clear();
        self.reset();
    }

    /// A block of so many samples was played, and these lines were reported.
    pub(super) fn block(
        &mut self,
        player: &mut Player,
        frames: usize,
        rate_hz: u32,
        lines: &[Line],
    ) -> Result<()> {
        ensure!(player.passed(frames), "audio does not pass bit for bit");
        for cv in player.aux_outputs(frames) {
            ensure!(cv.iter().all(|cv| (0.0..=1.0).contains(cv)), "a CV output leaves 0..1");
        }
        self.events(player, frames, rate_hz)?;
        let end = self.now + frames as i64;
        for line in lines {
            self.line(line, end, rate_hz)?;
        }
        self.now = end;
        self.played_s += frames as f64 / f64::from(rate_hz);
        for (&(channel, key), begun) in &self.sounding {
            if let Some(begun) = begun.first().filter(|&begun| self.played_s - begun > NOTE_S) {
                bail!(
                    "note {key} on channel {channel} still sounds after {:.3} s",
                    self.played_s - begun
                );
            }
        }
        Ok(())
    }

    /// Whether every parameter is in its range.
    pub(super) fn parameters(&self, player: &mut Player) -> Result<()> {
        for range in &self.ranges {
            let value = player.value(range.id)?;
            in_range(range, value)?;
        }
        Ok(())
    }

    fn events(&mut self, player: &Player, frames: usize, rate_hz: u32) -> Result<()> {
        let mut last = 0;
        for event in player.events() {
            let time = event.header().time();
            ensure!(time >= last, "an event at {time} follows one at {last}");
            ensure!(
                (time as usize) < frames.max(1),
                "an event at {time} of a block of {frames} samples"
            );
            last = time;
            let at_s = self.played_s + f64::from(time) / f64::from(rate_hz);
            match event.as_core_event() {
                Some(CoreEventSpace::NoteOn(note)) => {
                    let pckn = note.pckn();
                    let key = (pckn.channel.into_specific(), pckn.key.into_specific());
                    self.note(key.0.zip(key.1), true, at_s)?;
                }
                Some(CoreEventSpace::NoteOff(note)) => {
                    let pckn = note.pckn();
                    let key = (pckn.channel.into_specific(), pckn.key.into_specific());
                    self.note(key.0.zip(key.1), false, at_s)?;
                }
                Some(CoreEventSpace::ParamValue(value)) => {
                    self.left.values += 1;
                    let range = self.ranges.iter().find(|range| Some(range.id) == value.param_id());
                    let Some(range) = range else { bail!("a value of an unknown parameter") };
                    in_range(range, value.value())?;
                }
                Some(CoreEventSpace::ParamGestureBegin(gesture)) => {
                    self.gesture(gesture.param_id(), true)?;
                }
                Some(CoreEventSpace::ParamGestureEnd(gesture)) => {
                    self.gesture(gesture.param_id(), false)?;
                }
                _ => (),
            }
        }
        Ok(())
    }

    fn note(&mut self, key: Option<(u16, u16)>, on: bool, at_s: f64) -> Result<()> {
        let Some((channel, key)) = key else { bail!("a note without channel or key") };
        let begun = self.sounding.entry((channel, key)).or_default();
        if on {
            self.left.notes += 1;
            begun.push(at_s);
        } else {
            ensure!(!begun.is_empty(), "note {key} on channel {channel} ends, but never began");
            begun.remove(0);
        }
        Ok(())
    }

    fn gesture(&mut self, id: Option<ClapId>, begins: bool) -> Result<()> {
        let Some(id) = id else { bail!("a gesture of no parameter") };
        let before = self.gestures.insert(id, begins).unwrap_or(false);
        ensure!(before != begins, "a gesture begins or ends twice");
        Ok(())
    }

    /// One line, reported in a block that ends at host sample `end`.
    fn line(&mut self, line: &Line, end: i64, rate_hz: u32) -> Result<()> {
        match line {
            Line::Beat(beat) => {
                self.left.beats += 1;
                self.emitted("a beat", beat.emitted, end)?;
                let lead = (FURTHEST_S * f64::from(rate_hz)).ceil() as i64;
                ensure!(beat.emitted + lead >= beat.at, "a beat left long before its sample");
                if let Some(last) = self.last_beat.replace(beat.at) {
                    ensure!(beat.at > last, "a beat at {} follows one at {last}", beat.at);
                }
                let valid = (1..=beat.beats_per_bar).contains(&beat.in_bar)
                    && beat.bpm.is_finite()
                    && (0.0..=1.0).contains(&beat.confidence);
                ensure!(valid, "a beat that cannot be: {beat:?}");
            }
            Line::Onset(onset) => {
                self.left.onsets += 1;
                self.emitted("an onset", onset.emitted, end)?;
                ensure!((0.0..=1.0).contains(&onset.strength), "an onset of {}", onset.strength);
            }
            Line::Frame(frame) => {
                self.left.frames += 1;
                ensure!(frame.at < end, "a frame at {} leaves before {end}", frame.at);
                if let Some(last) = self.last_frame.replace(frame.at) {
                    ensure!(frame.at > last, "a frame at {} follows one at {last}", frame.at);
                }
                let shares = [frame.beat, frame.downbeat, frame.onset, frame.confidence];
                let sane = shares.iter().all(|share| (0.0..=1.0).contains(share));
                ensure!(
                    sane && (0.0..1.0).contains(&frame.phase),
                    "a frame that cannot be: {frame:?}"
                );
            }
            Line::Tempo(tempo) => {
                ensure!((1.0..1000.0).contains(&tempo.bpm), "a tempo of {} BPM", tempo.bpm);
            }
            Line::Tags(_) | Line::Status(_) | Line::Frames(_) | Line::Latency(_) => (),
        }
        Ok(())
    }

    fn emitted(&self, what: &str, at: i64, end: i64) -> Result<()> {
        ensure!((self.now..end).contains(&at), "{what} left at {at}, in block {}..{end}", self.now);
        Ok(())
    }
}

fn in_range(range: &Range, value: f64) -> Result<()> {
    let room = ROUNDING * (range.max - range.min);
    ensure!(
        (range.min - room..=range.max + room).contains(&value),
        "parameter {} is {value}, beyond {}..{}",
        range.id.get(),
        range.min,
        range.max
    );
    Ok(())
}

//! `Snapshot`: the newest picture of what is heard. The worker writes it, the editor reads it,
//! through a triple buffer; only the newest one matters. Fixed size, no heap but for the words of the
//! tag model, which are shared.

use std::sync::Arc;

use listener::{BarState, Beat, SamplePos, Tags, Vocabulary};

use crate::health::Health;
use crate::text::Text;

/// Frames a picture goes back: 256 frames of 20 ms are about 5 s.
pub(crate) const TRACE_FRAMES: usize = 256;
/// More than it shows, so that the newest find room behind the others and these need not move each time.
const TRACE_STORE: usize = TRACE_FRAMES + 64;
/// Beats a picture remembers; more than five seconds hold at any tempo.
pub(crate) const MARKS: usize = 48;
/// Seconds of mood a picture remembers.
pub(crate) const TRAIL: usize = 24;

/// One frame of the traces.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct TraceFrame {
    /// The sample at the frame's centre, counted like [`Snapshot::now`].
    pub(crate) at: SamplePos,
    /// What the network heard, 0..1.
    pub(crate) beat: f32,
    /// What the network heard, 0..1.
    pub(crate) downbeat: f32,
    /// What the network heard, 0..1.
    pub(crate) onset: f32,
    /// Lowest and highest sample of the host's audio in this frame's hop.
    pub(crate) low: f32,
    /// See `low`.
    pub(crate) high: f32,
}

/// A beat to draw over the traces.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Mark {
    /// The beat's own sample; may lie after [`Snapshot::now`], since beats are predicted.
    pub(crate) at: SamplePos,
    /// 1 is the downbeat.
    pub(crate) in_bar: u8,
    /// Confidence of the beat, 0..1.
    pub(crate) confidence: f32,
}

/// The newest picture of one instance.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// The host's rate, Hz; 0 until the plugin is activated.
    pub(crate) rate_hz: f64,
    /// The sample that sounds when the newest frame is known; counted from the lane's last restart, like every
    /// position here.
    pub(crate) now: SamplePos,
    /// Tempo and position in the bar at `now`, the user's correction applied.
    pub(crate) bar: BarState,
    /// What really runs the network, as its session says; empty until the model is loaded.
    pub(crate) backend: Text<96>,
    /// How the instance is doing.
    pub(crate) health: Health,
    /// Restarts because frames were lost.
    pub(crate) gaps: u32,
    /// Results that came after their sample had left.
    pub(crate) late: u32,
    /// Storage of [`traces`](Self::traces).
    pub(crate) trace_frames: [TraceFrame; TRACE_STORE],
    /// How many of it are used.
    pub(crate) traced: usize,
    /// Storage of [`marks`](Self::marks).
    pub(crate) beat_marks: [Mark; MARKS],
    /// How many of it are used.
    pub(crate) marked: usize,
    /// What the music is.
    pub(crate) tags: Tags,
    /// The words of the tags; none before a tag model is loaded.
    pub(crate) vocabulary: Option<Arc<Vocabulary>>,
    /// How the tags are doing.
    pub(crate) tag_health: Health,
    /// Storage of [`trail`](Self::trail).
    pub(crate) moods: [[f32; 2]; TRAIL],
    /// How many of it are used.
    pub(crate) trailed: usize,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            rate_hz: 0.0,
            now: SamplePos(0),
            bar: BarState::default(),
            backend: Text::default(),
            health: Health::default(),
            gaps: 0,
            late: 0,
            trace_frames: [TraceFrame::default(); TRACE_STORE],
            traced: 0,
            beat_marks: [Mark::default(); MARKS],
            marked: 0,
            tags: Tags::default(),
            vocabulary: None,
            tag_health: Health::default(),
            moods: [[0.0; 2]; TRAIL],
            trailed: 0,
        }
    }
}

impl Snapshot {
    /// The last frames, oldest first; at most [`TRACE_FRAMES`].
    pub(crate) fn traces(&self) -> &[TraceFrame] {
        &self.trace_frames[self.traced.saturating_sub(TRACE_FRAMES)..self.traced]
    }

    /// The last beats, oldest first; at most [`MARKS`].
    pub(crate) fn marks(&self) -> &[Mark] {
        &self.beat_marks[..self.marked]
    }

    /// Valence and arousal of the last seconds of music, oldest first; at most [`TRAIL`].
    pub(crate) fn trail(&self) -> &[[f32; 2]] {
        &self.moods[..self.trailed]
    }

    /// Adds the newest tags; the trail goes on while there is music.
    pub(crate) fn tag(&mut self, tags: &Tags) {
        self.tags = *tags;
        if tags.heard_s == 0.0 {
            self.trailed = 0;
        } else if tags.sounding {
            push(&mut self.moods, &mut self.trailed, [tags.valence, tags.arousal]);
        }
    }

    /// Forgets the tags.
    pub(crate) fn forget_tags(&mut self) {
        self.tag(&Tags::default());
    }

    /// Adds the newest frame, that is known when the sample at `now` sounds.
    pub(crate) fn trace(&mut self, frame: TraceFrame, now: SamplePos) {
        self.now = now;
        if self.traced == TRACE_STORE {
            self.trace_frames.copy_within(TRACE_STORE - TRACE_FRAMES.., 0);
            self.traced = TRACE_FRAMES;
        }
        push(&mut self.trace_frames, &mut self.traced, frame);
    }

    /// Adds a beat.
    pub(crate) fn mark(&mut self, beat: &Beat) {
        let mark = Mark { at: beat.at, in_bar: beat.in_bar, confidence: beat.confidence };
        push(&mut self.beat_marks, &mut self.marked, mark);
    }

    /// Forgets what was heard: the lane restarted and its time line with it.
    pub(crate) fn restart(&mut self, rate_hz: f64) {
        self.rate_hz = rate_hz;
        self.now = SamplePos(0);
        self.bar = BarState::default();
        self.traced = 0;
        self.marked = 0;
        self.forget_tags();
    }
}

/// Appends to the `used` first items of `items`, dropping the oldest when there is no room.
fn push<T: Copy>(items: &mut [T], used: &mut usize, item: T) {
    if *used == items.len() {
        items.copy_within(1.., 0);
        *used -= 1;
    }
    items[*used] = item;
    *used += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_keep_the_newest_in_order() {
        let mut snapshot = Snapshot::default();
        for n in 0..TRACE_FRAMES as i64 + 10 {
            let frame = TraceFrame { at: SamplePos(n), ..TraceFrame::default() };
            snapshot.trace(frame, SamplePos(n + 5));
        }
        let traces = snapshot.traces();
        assert_eq!(traces.len(), TRACE_FRAMES);
        assert_eq!(traces[0].at, SamplePos(10));
        assert!(traces.windows(2).all(|pair| pair[0].at < pair[1].at));
        snapshot.restart(48_000.0);
        assert!(snapshot.traces().is_empty());
    }

    #[test]
    fn the_trail_rests_in_silence_and_ends_with_the_piece() {
        let mut snapshot = Snapshot::default();
        let music = Tags { sounding: true, heard_s: 1.0, valence: 0.5, ..Tags::default() };
        (0..TRAIL + 3).for_each(|_| snapshot.tag(&music));
        assert_eq!(snapshot.trail().len(), TRAIL);
        snapshot.tag(&Tags { sounding: false, ..music });
        assert_eq!((snapshot.trail().len(), snapshot.tags.valence), (TRAIL, 0.5));
        snapshot.tag(&Tags::default());
        assert!(snapshot.trail().is_empty());
    }
}

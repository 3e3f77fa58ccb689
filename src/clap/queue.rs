//! `OutQueue`: every event of one `process` call, sorted by time before the host sees it.
//!
//! nice-plug's own events (notes, CC, edits made in the editor) and ours come in two streams; CLAP
//! wants one, in order. Owned by the audio thread. Never allocates after construction.

use std::ffi::c_void;
use std::mem::{self, MaybeUninit};
use std::ptr;

use clap_sys::events::*;

use super::param_out::ParamEvent;

/// Bytes kept of one event; the largest that we let through is a parameter value (56).
const EVENT_BYTES: usize = 64;

/// One event, copied out of its sender's hands.
#[derive(Clone, Copy)]
struct Slot {
    time: u32,
    /// Arrival, to keep the order of events of the same sample.
    order: u32,
    event: Bytes,
}

/// Storage aligned for every CLAP event.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Bytes([MaybeUninit<u8>; EVENT_BYTES]);

/// The events of one `process` call.
pub(super) struct OutQueue {
    slots: Vec<Slot>,
    /// Where the slice now being processed starts in the host's block.
    base: u32,
    /// Last valid sample offset of the host's block.
    last: u32,
    /// Events that found the queue full, since construction.
    dropped: u32,
}

impl OutQueue {
    /// A queue for at most `capacity` events per call.
    pub(super) fn new(capacity: usize) -> Self {
        Self { slots: Vec::with_capacity(capacity), base: 0, last: 0, dropped: 0 }
    }

    /// Starts a call of `frames` samples.
    pub(super) fn begin(&mut self, frames: u32) {
        self.slots.clear();
        self.base = 0;
        self.last = frames.saturating_sub(1);
    }

    /// From here on offsets count from sample `base` of the block.
    pub(super) fn set_base(&mut self, base: u32) {
        self.base = base;
    }

    /// Keeps one parameter event.
    pub(super) fn push_param(&mut self, event: ParamEvent) {
        match event {
            ParamEvent::Value { id, offset, value } => self.keep(&clap_event_param_value {
                header: header::<clap_event_param_value>(CLAP_EVENT_PARAM_VALUE, offset),
                param_id: id,
                cookie: ptr::null_mut(),
                note_id: -1,
                port_index: -1,
                channel: -1,
                key: -1,
                value,
            }),
            ParamEvent::GestureBegin { id, offset } => self.keep(&clap_event_param_gesture {
                header: header::<clap_event_param_gesture>(CLAP_EVENT_PARAM_GESTURE_BEGIN, offset),
                param_id: id,
            }),
            ParamEvent::GestureEnd { id, offset } => self.keep(&clap_event_param_gesture {
                header: header::<clap_event_param_gesture>(CLAP_EVENT_PARAM_GESTURE_END, offset),
                param_id: id,
            }),
        };
    }

    /// Keeps a whole event struct that begins with its header.
    fn keep<E: Copy>(&mut self, event: &E) -> bool {
        // SAFETY: every caller passes a CLAP event, which starts with a header stating its size.
        unsafe { self.push(ptr::from_ref(event).cast()) }
    }

    /// Keeps a copy of `event`; `false` when it is too large or the queue is full.
    ///
    /// # Safety
    /// `event` points to a CLAP event that is readable for `header.size` bytes.
    unsafe fn push(&mut self, event: *const clap_event_header) -> bool {
        // SAFETY: the caller vouches for the header.
        let header = unsafe { *event };
        let size = header.size as usize;
        // A SysEx event points at bytes that are gone when the call ends; Tatum sends none.
        let owns_its_bytes = header.space_id == CLAP_CORE_EVENT_SPACE_ID
            && header.type_ != CLAP_EVENT_MIDI_SYSEX
            && (mem::size_of::<clap_event_header>()..=EVENT_BYTES).contains(&size);
        if !owns_its_bytes || self.slots.len() == self.slots.capacity() {
            self.dropped = self.dropped.saturating_add(1);
            return false;
        }
        let time = self.base.saturating_add(header.time).min(self.last);
        let mut bytes = Bytes([MaybeUninit::uninit(); EVENT_BYTES]);
        let start = bytes.0.as_mut_ptr().cast::<u8>();
        // SAFETY: `size` is within both; `Bytes` is aligned for a header, written just before.
        unsafe {
            ptr::copy_nonoverlapping(event.cast::<u8>(), start, size);
            (*start.cast::<clap_event_header>()).time = time;
        }
        self.slots.push(Slot { time, order: self.slots.len() as u32, event: bytes });
        true
    }

    /// Hands everything to the host, sorted by time, and empties the queue.
    ///
    /// # Safety
    /// `host` is null or a valid event list.
    pub(super) unsafe fn deliver(&mut self, host: *const clap_output_events) {
        // SAFETY: the caller vouches for the list.
        if let Some(try_push) = unsafe { host.as_ref() }.and_then(|list| list.try_push) {
            // In place: a stable sort would allocate.
            self.slots.sort_unstable_by_key(|slot| (slot.time, slot.order));
            for slot in &self.slots {
                // SAFETY: the slot holds a whole event, and the host copies it during the call.
                unsafe { try_push(host, slot.event.0.as_ptr().cast()) };
            }
        }
        self.slots.clear();
    }

    /// The list handed to nice-plug in place of the host's. Valid while the queue is.
    pub(super) fn as_list(queue: *mut Self) -> clap_output_events {
        clap_output_events { ctx: queue.cast::<c_void>(), try_push: Some(try_push) }
    }
}

/// A header for an event of type `E`.
fn header<E>(kind: clap_event_type, time: u32) -> clap_event_header {
    clap_event_header {
        size: mem::size_of::<E>() as u32,
        time,
        space_id: CLAP_CORE_EVENT_SPACE_ID,
        type_: kind,
        flags: CLAP_EVENT_IS_LIVE,
    }
}

/// The callback behind [`OutQueue::as_list`].
unsafe extern "C" fn try_push(
    list: *const clap_output_events,
    event: *const clap_event_header,
) -> bool {
    if list.is_null() || event.is_null() {
        return false;
    }
    // SAFETY: `ctx` is the queue `as_list` was given; nice-plug calls this on the audio thread
    // during the `process` call that owns the queue, with an event of its own.
    unsafe {
        let queue = (*list).ctx.cast::<OutQueue>();
        (*queue).push(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host list that notes the time and type of what it is given.
    fn received(queue: &mut OutQueue) -> Vec<(u32, u16)> {
        unsafe extern "C" fn note(
            list: *const clap_output_events,
            event: *const clap_event_header,
        ) -> bool {
            // SAFETY: `ctx` is the vector below, `event` a whole event.
            unsafe {
                (*(*list).ctx.cast::<Vec<(u32, u16)>>()).push(((*event).time, (*event).type_))
            };
            true
        }
        let mut seen = Vec::<(u32, u16)>::new();
        let list = clap_output_events { ctx: (&raw mut seen).cast(), try_push: Some(note) };
        // SAFETY: the list is alive and its callback matches its context.
        unsafe { queue.deliver(&list) };
        seen
    }

    #[test]
    fn two_streams_leave_as_one_in_order() {
        let mut queue = OutQueue::new(8);
        queue.begin(100);
        queue.push_param(ParamEvent::Value { id: 1, offset: 30, value: 1.0 });
        queue.push_param(ParamEvent::GestureBegin { id: 1, offset: 30 });
        queue.push_param(ParamEvent::GestureEnd { id: 1, offset: 10 });
        queue.set_base(50);
        queue.push_param(ParamEvent::Value { id: 1, offset: 0, value: 1.0 });
        queue.push_param(ParamEvent::Value { id: 1, offset: 900, value: 1.0 });
        assert_eq!(
            received(&mut queue),
            [
                (10, CLAP_EVENT_PARAM_GESTURE_END),
                (30, CLAP_EVENT_PARAM_VALUE),
                (30, CLAP_EVENT_PARAM_GESTURE_BEGIN),
                (50, CLAP_EVENT_PARAM_VALUE),
                (99, CLAP_EVENT_PARAM_VALUE),
            ]
        );
        assert!(received(&mut queue).is_empty());
    }

    #[test]
    fn a_full_queue_drops_and_counts() {
        let mut queue = OutQueue::new(2);
        queue.begin(8);
        for offset in 0..4 {
            queue.push_param(ParamEvent::Value { id: 1, offset, value: 0.0 });
        }
        assert_eq!(queue.dropped, 2);
        assert_eq!(received(&mut queue).len(), 2);
    }
}

//! `InList`: the host's events of one slice, as nice-plug may see them.
//!
//! Taken out: automation of our own output parameters, so that playback never fights the analysis;
//! transport changes, which the decorator turns into slices itself; events of other slices. What is
//! taken out is replaced by an event nobody knows, so nothing is copied. Never allocates.

use std::ffi::c_void;
use std::mem;
use std::ptr;

use clap_sys::events::*;

use crate::params::HEARD_IDS;

/// What stands in for an event that was taken out.
static NOTHING: clap_event_header = clap_event_header {
    size: mem::size_of::<clap_event_header>() as u32,
    time: 0,
    space_id: u16::MAX,
    type_: u16::MAX,
    flags: 0,
};

/// A view of the host's event list, limited to the samples `from..until`.
pub(super) struct InList {
    host: *const clap_input_events,
    from: u32,
    until: u32,
}

impl InList {
    /// The events of `host` from sample `from` up to, not including, `until`.
    pub(super) fn new(host: *const clap_input_events, from: u32, until: u32) -> Self {
        Self { host, from, until }
    }

    /// The list handed to nice-plug. Valid as long as `self` stays where it is.
    pub(super) fn as_list(&self) -> clap_input_events {
        clap_input_events {
            ctx: ptr::from_ref(self).cast_mut().cast::<c_void>(),
            size: Some(size),
            get: Some(get),
        }
    }

    /// Whether nice-plug may see `event`.
    ///
    /// # Safety
    /// `event` is a whole CLAP event.
    unsafe fn passes(&self, event: *const clap_event_header) -> bool {
        // SAFETY: the caller vouches for the header.
        let header = unsafe { *event };
        if !(self.from..self.until).contains(&header.time) {
            return false;
        }
        if header.space_id != CLAP_CORE_EVENT_SPACE_ID {
            return true;
        }
        // SAFETY: the type of a core event says which struct it is.
        let id = unsafe {
            match header.type_ {
                CLAP_EVENT_PARAM_VALUE => (*event.cast::<clap_event_param_value>()).param_id,
                CLAP_EVENT_PARAM_MOD => (*event.cast::<clap_event_param_mod>()).param_id,
                CLAP_EVENT_PARAM_GESTURE_BEGIN | CLAP_EVENT_PARAM_GESTURE_END => {
                    (*event.cast::<clap_event_param_gesture>()).param_id
                }
                CLAP_EVENT_TRANSPORT => return false,
                _ => return true,
            }
        };
        !HEARD_IDS.contains(&id)
    }
}

/// Every event of a host's list that is not null.
///
/// # Safety
/// `host` is null or a valid list, for as long as the iterator lives.
pub(super) unsafe fn events(
    host: *const clap_input_events,
) -> impl Iterator<Item = *const clap_event_header> {
    // SAFETY: the caller vouches for the list.
    let calls = unsafe { host.as_ref() }.and_then(|list| Some((list.size?, list.get?)));
    // SAFETY: as above.
    let count = calls.map_or(0, |(size, _)| unsafe { size(host) });
    (0..count)
        // SAFETY: as above, and the index is in range.
        .filter_map(move |index| calls.map(|(_, get)| unsafe { get(host, index) }))
        .filter(|event| !event.is_null())
}

/// The callback that counts the events of an [`InList`].
unsafe extern "C" fn size(list: *const clap_input_events) -> u32 {
    // SAFETY: `ctx` is the `InList` that made this list, and it is alive; the host's list is too.
    unsafe {
        let host = (*(*list).ctx.cast::<InList>()).host;
        host.as_ref().and_then(|calls| calls.size).map_or(0, |size| size(host))
    }
}

/// The callback that gets one event of an [`InList`]; never null.
unsafe extern "C" fn get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
    // SAFETY: as in `size`.
    unsafe {
        let this = &*(*list).ctx.cast::<InList>();
        let get = this.host.as_ref().and_then(|calls| calls.get);
        let event = get.map_or(ptr::null(), |get| get(this.host, index));
        if !event.is_null() && this.passes(event) { event } else { &raw const NOTHING }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clap::param_out::param_id;

    fn value(id: u32, time: u32) -> clap_event_param_value {
        clap_event_param_value {
            header: clap_event_header {
                size: mem::size_of::<clap_event_param_value>() as u32,
                time,
                space_id: CLAP_CORE_EVENT_SPACE_ID,
                type_: CLAP_EVENT_PARAM_VALUE,
                flags: 0,
            },
            param_id: id,
            cookie: ptr::null_mut(),
            note_id: -1,
            port_index: -1,
            channel: -1,
            key: -1,
            value: 0.0,
        }
    }

    #[test]
    fn playback_of_an_output_is_ignored() {
        let list = InList::new(ptr::null(), 0, 64);
        let passes = |event: &clap_event_param_value| {
            // SAFETY: a whole event.
            unsafe { list.passes(&event.header) }
        };
        assert!(passes(&value(param_id("midi_channel"), 63)));
        assert!(!passes(&value(param_id("midi_channel"), 64)));
        for id in HEARD_IDS {
            assert!(!passes(&value(id, 0)));
        }
    }

    #[test]
    fn no_list_is_an_empty_list() {
        let inner = InList::new(ptr::null(), 0, 1);
        let list = inner.as_list();
        // SAFETY: the list and what it points to are alive.
        unsafe {
            assert_eq!(size(&list), 0);
            assert_eq!(events(ptr::null()).count(), 0);
        }
    }
}

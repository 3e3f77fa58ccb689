//! Slices of a block: where to cut it, and the transport at each cut. Audio thread; never allocates.
//!
//! nice-plug itself cuts a block where the transport changes, which would hide from the plugin where
//! in the block it is. So the cuts are made here and nice-plug gets one slice at a time.

use clap_sys::events::*;
use clap_sys::fixedpoint::{CLAP_BEATTIME_FACTOR, CLAP_SECTIME_FACTOR};
use clap_sys::process::clap_process;

use super::input::events;

/// The first sample after `start` that begins a new slice: at most `longest` samples on, at the
/// next change of the transport, or at the end of the block.
///
/// # Safety
/// The event list of `host` is valid or null.
pub(super) unsafe fn next_cut(host: &clap_process, start: u32, longest: u32) -> u32 {
    let end = host.frames_count.min(start.saturating_add(longest));
    // SAFETY: the caller vouches for the list.
    unsafe { transports(host) }
        .map(|transport| transport.header.time)
        .filter(|&time| start < time && time < end)
        .min()
        .unwrap_or(end)
}

/// The transport at sample `start`: the host's newest word, carried on to that sample.
///
/// # Safety
/// The event list and the transport of `host` are valid or null.
pub(super) unsafe fn transport_at(
    host: &clap_process,
    start: u32,
    rate_hz: f64,
) -> Option<clap_event_transport> {
    // SAFETY: the caller vouches for both.
    let (changes, first) = unsafe { (transports(host), host.transport.as_ref()) };
    let newest = changes.filter(|change| change.header.time <= start).last();
    let (known, since) = match newest {
        Some(change) => (change, change.header.time),
        None => (first?, 0),
    };
    Some(advance(*known, f64::from(start - since) / rate_hz))
}

/// The transport changes among the host's events.
///
/// # Safety
/// The event list of `host` is valid or null.
unsafe fn transports(host: &clap_process) -> impl Iterator<Item = &clap_event_transport> {
    // SAFETY: the caller vouches for the list; the type says which struct an event is.
    unsafe {
        events(host.in_events)
            .filter(|&event| {
                (*event).space_id == CLAP_CORE_EVENT_SPACE_ID
                    && (*event).type_ == CLAP_EVENT_TRANSPORT
            })
            .map(|event| &*event.cast::<clap_event_transport>())
    }
}

/// `transport`, `seconds` later.
fn advance(mut transport: clap_event_transport, seconds: f64) -> clap_event_transport {
    if seconds > 0.0 && transport.flags & CLAP_TRANSPORT_IS_PLAYING != 0 {
        let fixed = |value: f64, factor: i64| (value * factor as f64).round() as i64;
        transport.song_pos_seconds =
            transport.song_pos_seconds.saturating_add(fixed(seconds, CLAP_SECTIME_FACTOR));
        if transport.flags & CLAP_TRANSPORT_HAS_TEMPO != 0 {
            transport.song_pos_beats = transport
                .song_pos_beats
                .saturating_add(fixed(seconds * transport.tempo / 60.0, CLAP_BEATTIME_FACTOR));
        }
    }
    transport
}

#[cfg(test)]
mod tests {
    use std::ffi::c_void;
    use std::ptr;

    use super::*;

    fn transport(time: u32, seconds: i64) -> clap_event_transport {
        clap_event_transport {
            header: clap_event_header {
                size: size_of::<clap_event_transport>() as u32,
                time,
                space_id: CLAP_CORE_EVENT_SPACE_ID,
                type_: CLAP_EVENT_TRANSPORT,
                flags: 0,
            },
            flags: CLAP_TRANSPORT_IS_PLAYING | CLAP_TRANSPORT_HAS_TEMPO,
            song_pos_beats: 0,
            song_pos_seconds: seconds * CLAP_SECTIME_FACTOR,
            tempo: 120.0,
            tempo_inc: 0.0,
            loop_start_beats: 0,
            loop_end_beats: 0,
            loop_start_seconds: 0,
            loop_end_seconds: 0,
            bar_start: 0,
            bar_number: 0,
            tsig_num: 4,
            tsig_denom: 4,
        }
    }

    #[test]
    fn a_block_is_cut_at_transport_changes_and_at_the_longest_slice() {
        unsafe extern "C" fn size(_: *const clap_input_events) -> u32 {
            1
        }
        unsafe extern "C" fn get(
            list: *const clap_input_events,
            _: u32,
        ) -> *const clap_event_header {
            // SAFETY: `ctx` is the event below.
            unsafe { (*list).ctx.cast_const().cast() }
        }
        let mut jump = transport(100, 7);
        let list = clap_input_events {
            ctx: (&raw mut jump).cast::<c_void>(),
            size: Some(size),
            get: Some(get),
        };
        let first = transport(0, 1);
        let host = clap_process {
            steady_time: 0,
            frames_count: 250,
            transport: &first,
            audio_inputs: ptr::null(),
            audio_outputs: ptr::null_mut(),
            audio_inputs_count: 0,
            audio_outputs_count: 0,
            in_events: &list,
            out_events: ptr::null(),
        };
        // SAFETY: the list and the transport are alive.
        unsafe {
            assert_eq!(next_cut(&host, 0, 64), 64);
            assert_eq!(next_cut(&host, 64, 64), 100);
            assert_eq!(next_cut(&host, 100, 500), 250);
            let at = |start| transport_at(&host, start, 50.0).map(|t| t.song_pos_seconds);
            assert_eq!(at(50), Some(2 * CLAP_SECTIME_FACTOR));
            assert_eq!(at(150), Some(8 * CLAP_SECTIME_FACTOR));
            let beats = transport_at(&host, 50, 50.0).map(|t| t.song_pos_beats);
            assert_eq!(beats, Some(2 * CLAP_BEATTIME_FACTOR));
        }
    }
}

//! The parameter extension, guarded: an index out of range, an empty text buffer, and automation of
//! output parameters in `flush` never reach nice-plug.

use std::ffi::c_char;
use std::slice;

use clap_sys::events::{clap_input_events, clap_output_events};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_param_info, clap_plugin_params};
use clap_sys::id::clap_id;
use clap_sys::plugin::clap_plugin;

use super::decorator::Decorated;
use super::input::InList;

/// What the host gets for `clap.params`.
pub(super) static PARAMS: clap_plugin_params = clap_plugin_params {
    count: Some(count),
    get_info: Some(get_info),
    get_value: Some(get_value),
    value_to_text: Some(value_to_text),
    text_to_value: Some(text_to_value),
    flush: Some(flush),
};

/// nice-plug's own extension.
///
/// # Safety
/// `plugin` is null or a pointer the host got from us.
unsafe fn inner<'a>(plugin: *const clap_plugin) -> Option<&'a clap_plugin_params> {
    // SAFETY: the caller vouches for the plugin; nice-plug's table lives as long as the plugin.
    unsafe {
        Decorated::of(plugin)?
            .inner_extension(CLAP_EXT_PARAMS)
            .cast::<clap_plugin_params>()
            .as_ref()
    }
}

unsafe extern "C" fn count(plugin: *const clap_plugin) -> u32 {
    // SAFETY: called by the host with our plugin.
    unsafe { inner(plugin) }.and_then(|params| params.count).map_or(0, |count| {
        // SAFETY: as above.
        unsafe { count(plugin) }
    })
}

unsafe extern "C" fn get_info(
    plugin: *const clap_plugin,
    index: u32,
    info: *mut clap_param_info,
) -> bool {
    // SAFETY: called by the host with our plugin. nice-plug panics at `index == count`.
    unsafe {
        !info.is_null()
            && index < count(plugin)
            && inner(plugin)
                .and_then(|params| params.get_info)
                .is_some_and(|get_info| get_info(plugin, index, info))
    }
}

unsafe extern "C" fn get_value(plugin: *const clap_plugin, id: clap_id, value: *mut f64) -> bool {
    // SAFETY: called by the host with our plugin; nice-plug checks the id and the pointer.
    unsafe {
        inner(plugin)
            .and_then(|params| params.get_value)
            .is_some_and(|get_value| get_value(plugin, id, value))
    }
}

unsafe extern "C" fn value_to_text(
    plugin: *const clap_plugin,
    id: clap_id,
    value: f64,
    text: *mut c_char,
    capacity: u32,
) -> bool {
    if text.is_null() || capacity == 0 || !value.is_finite() {
        return false;
    }
    // SAFETY: called by the host with our plugin and `capacity` writable bytes, made defined first
    // because nice-plug makes a slice of them.
    unsafe {
        slice::from_raw_parts_mut(text.cast::<std::mem::MaybeUninit<c_char>>(), capacity as usize)
            .fill(std::mem::MaybeUninit::new(0));
        inner(plugin)
            .and_then(|params| params.value_to_text)
            .is_some_and(|to_text| to_text(plugin, id, value, text, capacity))
    }
}

unsafe extern "C" fn text_to_value(
    plugin: *const clap_plugin,
    id: clap_id,
    text: *const c_char,
    value: *mut f64,
) -> bool {
    // SAFETY: called by the host with our plugin; nice-plug checks the id and the pointers.
    unsafe {
        inner(plugin)
            .and_then(|params| params.text_to_value)
            .is_some_and(|to_value| to_value(plugin, id, text, value))
    }
}

unsafe extern "C" fn flush(
    plugin: *const clap_plugin,
    in_events: *const clap_input_events,
    out_events: *const clap_output_events,
) {
    let filtered = InList::new(in_events, 0, u32::MAX);
    // SAFETY: called by the host with our plugin. nice-plug keeps its event queue in a cell that
    // panics when borrowed twice, so a flush that comes during `process` is turned away.
    unsafe {
        let Some(_idle) = Decorated::of(plugin).and_then(Decorated::lock_audio) else { return };
        if let Some(flush) = inner(plugin).and_then(|params| params.flush) {
            flush(plugin, &filtered.as_list(), out_events);
        }
    }
}

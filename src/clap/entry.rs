//! The entry point of the library: one factory, one plugin. Main thread only.

use std::ffi::{CStr, c_char, c_void};
use std::panic::catch_unwind;
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;

use clap_sys::entry::clap_plugin_entry;
use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
use clap_sys::host::clap_host;
use clap_sys::plugin::{clap_plugin, clap_plugin_descriptor};
use clap_sys::version::CLAP_VERSION;
use nice_plug::wrapper::clap::PluginDescriptor;
use nice_plug::wrapper::setup_logger;

use super::decorator::Decorated;
use crate::Tatum;
use crate::runtime::plugin_loaded_from;

/// The symbol every CLAP host looks for.
#[allow(non_upper_case_globals, reason = "the name is CLAP's")]
#[unsafe(no_mangle)]
#[used]
pub static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(init),
    deinit: Some(deinit),
    get_factory: Some(get_factory),
};

static FACTORY: clap_plugin_factory = clap_plugin_factory {
    get_plugin_count: Some(get_plugin_count),
    get_plugin_descriptor: Some(get_plugin_descriptor),
    create_plugin: Some(create_plugin),
};

/// The descriptor, made once; its strings live as long as the library.
fn descriptor() -> &'static PluginDescriptor {
    static DESCRIPTOR: OnceLock<PluginDescriptor> = OnceLock::new();
    DESCRIPTOR.get_or_init(PluginDescriptor::for_plugin::<Tatum>)
}

unsafe extern "C" fn init(path: *const c_char) -> bool {
    if !path.is_null() {
        // SAFETY: the host passes a C string.
        let path = unsafe { CStr::from_ptr(path) }.to_string_lossy();
        plugin_loaded_from(Path::new(path.as_ref()));
    }
    catch_unwind(setup_logger::<Tatum>).is_ok()
}

/// Nothing is left to do: the worker is joined when the last instance is destroyed.
unsafe extern "C" fn deinit() {}

unsafe extern "C" fn get_factory(id: *const c_char) -> *const c_void {
    // SAFETY: the host passes null or a C string.
    let wanted = !id.is_null() && unsafe { CStr::from_ptr(id) } == CLAP_PLUGIN_FACTORY_ID;
    if wanted { ptr::from_ref(&FACTORY).cast() } else { ptr::null() }
}

unsafe extern "C" fn get_plugin_count(_factory: *const clap_plugin_factory) -> u32 {
    1
}

unsafe extern "C" fn get_plugin_descriptor(
    _factory: *const clap_plugin_factory,
    index: u32,
) -> *const clap_plugin_descriptor {
    match index {
        0 => descriptor().clap_plugin_descriptor(),
        _ => ptr::null(),
    }
}

unsafe extern "C" fn create_plugin(
    _factory: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    // SAFETY: the host passes null or a C string.
    if host.is_null() || id.is_null() || unsafe { CStr::from_ptr(id) } != descriptor().clap_id() {
        return ptr::null();
    }
    // SAFETY: CLAP guarantees that the host outlives its plugins.
    catch_unwind(|| unsafe { Decorated::create(host) }).unwrap_or(ptr::null())
}

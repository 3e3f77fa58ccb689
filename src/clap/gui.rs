//! The editor extension, with a close that is finished when it returns. Main thread only.

use std::ffi::c_char;

use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_plugin_gui};
use clap_sys::plugin::clap_plugin;

use super::decorator::Decorated;
use crate::editor::thread;

/// nice-plug's extension with our `create` and `destroy`; none when nice-plug has none.
pub(super) fn dress(this: &Decorated) -> Option<clap_plugin_gui> {
    let inner = inner(this)?;
    Some(clap_plugin_gui { create: Some(create), destroy: Some(destroy), ..*inner })
}

/// nice-plug's own extension.
fn inner(this: &Decorated) -> Option<&clap_plugin_gui> {
    // SAFETY: null, or nice-plug's table, which lives as long as the plugin.
    unsafe { this.inner_extension(CLAP_EXT_GUI).cast::<clap_plugin_gui>().as_ref() }
}

unsafe extern "C" fn create(plugin: *const clap_plugin, api: *const c_char, floats: bool) -> bool {
    // SAFETY: called by the host with our plugin; nice-plug reads `api` as a C string.
    unsafe {
        let Some(this) = Decorated::of(plugin).filter(|_| !api.is_null()) else { return false };
        let create = inner(this).and_then(|gui| gui.create);
        let created = create.is_some_and(|create| create(plugin, api, floats));
        if created {
            this.set_window(true);
            this.window_thread.set(thread::newest());
        }
        created
    }
}

unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
    // SAFETY: called by the host with our plugin.
    unsafe {
        let Some(this) = Decorated::of(plugin) else { return };
        this.set_window(false);
        if let Some(destroy) = inner(this).and_then(|gui| gui.destroy) {
            destroy(plugin);
        }
        thread::wait(this.window_thread.take());
    }
}

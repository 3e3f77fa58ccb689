//! `Decorated`: one plugin instance as the host sees it.
//!
//! The struct begins with nice-plug's own `clap_plugin`, copied, with some calls replaced. nice-plug
//! finds itself through `plugin_data`, which the copy keeps, so every extension that needs no repair
//! works on our pointer as it is. Calls marked \[audio thread\] never allocate, free, lock or wait.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use clap_sys::ext::audio_ports::{
    CLAP_EXT_AUDIO_PORTS, clap_audio_port_info, clap_plugin_audio_ports,
};
use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_plugin_gui};
use clap_sys::ext::params::CLAP_EXT_PARAMS;
use clap_sys::host::clap_host;
use clap_sys::plugin::clap_plugin;
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use nice_plug::prelude::{MidiConfig, Plugin};
use nice_plug::wrapper::clap::Wrapper;

use super::input::InList;
use super::params::PARAMS;
use super::ports::Ports;
use super::queue::OutQueue;
use super::report::{self, Drain};
use super::{gui, param_out, slice};
use crate::Tatum;
use crate::editor::thread;
use crate::report::{Report, take_created};

/// A block is cut into slices of at most this many samples, which bounds what activation allocates.
const LONGEST_SLICE: u32 = 1 << 16;

/// Events one block may send beyond one per sample.
const SPARE_EVENTS: usize = 4096;

// Slices keep the block's event times, which only matters to notes and to parameters that act at
// their sample; Tatum takes neither.
const _: () = assert!(matches!(Tatum::MIDI_INPUT, MidiConfig::None));
const _: () = assert!(!Tatum::SAMPLE_ACCURATE_AUTOMATION);

/// One instance. The host holds a pointer to its first field.
#[repr(C)]
pub(super) struct Decorated {
    shell: clap_plugin,
    /// nice-plug's calls, as they were.
    inner: clap_plugin,
    host: *const clap_host,
    /// Whether edits reach the host only while the editor is open.
    edits_need_window: bool,
    /// What the instance tells `tatum.report/1`.
    pub(super) report: Option<Arc<Report>>,
    /// How far the report was read. Main thread only; the lock is never waited for.
    pub(super) drain: Mutex<Drain>,
    /// The thread of the open editor, 0 when none is open. Main thread only.
    pub(super) window_thread: Cell<i32>,
    /// The editor extension, made when first asked for, on whatever thread asks.
    gui: OnceLock<Option<clap_plugin_gui>>,
    /// Made by `activate`, used by `process`. The audio thread only ever tries the lock; it fails
    /// when a host, against the rules, does both at once.
    audio: Mutex<Option<AudioSide>>,
}

/// What the audio thread works with.
pub(super) struct AudioSide {
    rate_hz: f64,
    longest_slice: u32,
    ports: Ports,
    queue: OutQueue,
}

impl Decorated {
    /// A new instance, owned by the host until it calls `destroy`. \[main thread\]
    ///
    /// # Safety
    /// `host` outlives the instance.
    pub(super) unsafe fn create(host: *const clap_host) -> *const clap_plugin {
        // SAFETY: the caller vouches for the host. nice-plug's reference count is handed over to the
        // copy of its `clap_plugin`, whose `destroy` gives it back.
        let inner = unsafe {
            let wrapper = Arc::into_raw(Wrapper::<Tatum>::new(host));
            *(*wrapper).clap_plugin.borrow()
        };
        let shell = clap_plugin {
            destroy: Some(destroy),
            activate: Some(activate),
            deactivate: Some(deactivate),
            start_processing: Some(start_processing),
            process: Some(process),
            get_extension: Some(get_extension),
            ..inner
        };
        let report = take_created();
        // SAFETY: the caller vouches for the host.
        let edits_wait = cfg!(target_os = "linux") && unsafe { is_wrapped(host) };
        report.iter().for_each(|report| report.edits_wait.store(edits_wait, Ordering::Relaxed));
        let decorated = Box::new(Self {
            shell,
            inner,
            host,
            edits_need_window: edits_wait,
            report,
            drain: Mutex::default(),
            window_thread: Cell::new(0),
            gui: OnceLock::new(),
            audio: Mutex::new(None),
        });
        Box::into_raw(decorated).cast()
    }

    /// The instance behind the host's pointer.
    ///
    /// # Safety
    /// `plugin` is null or came from [`create`](Self::create) and was not destroyed.
    pub(super) unsafe fn of<'a>(plugin: *const clap_plugin) -> Option<&'a Self> {
        // SAFETY: the caller vouches for the pointer; the struct begins with what it points to.
        unsafe { plugin.cast::<Self>().as_ref() }
    }

    /// One of nice-plug's own extensions, or null.
    pub(super) fn inner_extension(&self, id: &CStr) -> *const c_void {
        // SAFETY: the shell is a whole plugin of nice-plug's.
        self.inner.get_extension.map_or(ptr::null(), |get| unsafe { get(&self.shell, id.as_ptr()) })
    }

    /// The editor's window was opened or closed. \[main thread\]
    pub(super) fn set_window(&self, open: bool) {
        let waits = self.edits_need_window && !open;
        self.report.iter().for_each(|report| report.edits_wait.store(waits, Ordering::Relaxed));
    }

    /// Whether the host has the extension `id`.
    fn host_has(&self, id: &CStr) -> bool {
        // SAFETY: the host outlives the instance.
        unsafe {
            let get = self.host.as_ref().and_then(|host| host.get_extension);
            get.is_some_and(|get| !get(self.host, id.as_ptr()).is_null())
        }
    }

    /// The audio thread's state, unless another thread has it. Real-time safe.
    pub(super) fn lock_audio(&self) -> Option<MutexGuard<'_, Option<AudioSide>>> {
        match self.audio.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Replaces the audio thread's state, after a running `process` has ended. \[main thread\]
    fn set_audio(&self, audio: Option<AudioSide>) {
        *self.audio.lock().unwrap_or_else(PoisonError::into_inner) = audio;
    }

    /// Channels of every port of the layout that is now selected.
    fn channels(&self, is_input: bool) -> Vec<u32> {
        // SAFETY: the extension is nice-plug's, and the shell is its plugin.
        unsafe {
            let ports = self.inner_extension(CLAP_EXT_AUDIO_PORTS);
            let Some(ports) = ports.cast::<clap_plugin_audio_ports>().as_ref() else {
                return Vec::new();
            };
            let (Some(count), Some(get)) = (ports.count, ports.get) else { return Vec::new() };
            (0..count(&self.shell, is_input))
                .map(|index| {
                    let mut info: clap_audio_port_info = std::mem::zeroed();
                    if get(&self.shell, index, is_input, &mut info) {
                        info.channel_count
                    } else {
                        0
                    }
                })
                .collect()
        }
    }
}

/// Whether `host` is clap-wrapper, by the name it gives itself.
///
/// # Safety
/// `host` is null or a CLAP host.
unsafe fn is_wrapped(host: *const clap_host) -> bool {
    // SAFETY: the caller vouches for the host, whose name is a C string or null.
    unsafe {
        let name = host.as_ref().map_or(ptr::null(), |host| host.name);
        !name.is_null() && CStr::from_ptr(name).to_bytes().ends_with(b"(CLAP-as-VST3)")
    }
}

impl AudioSide {
    /// Runs one block of the host's through nice-plug, slice by slice. \[audio thread\]
    ///
    /// # Safety
    /// `host` is what a CLAP host passes to `process` of `plugin`.
    unsafe fn run(&mut self, plugin: &Decorated, host: &clap_process) -> clap_process_status {
        let Some(inner) = plugin.inner.process else { return CLAP_PROCESS_ERROR };
        self.queue.begin(host.frames_count);
        // From here on the queue is reached through this pointer alone.
        let queue = &raw mut self.queue;
        let out_events = OutQueue::as_list(queue);
        let mut start = 0;
        let status = loop {
            // SAFETY: the caller vouches for the host's lists, buffers and transport.
            let status = unsafe {
                let end = slice::next_cut(host, start, self.longest_slice);
                let last = end == host.frames_count;
                let in_events =
                    InList::new(host.in_events, start, if last { u32::MAX } else { end });
                let transport = slice::transport_at(host, start, self.rate_hz);
                self.ports.point(host, start as usize);
                let process = clap_process {
                    steady_time: match host.steady_time {
                        unknown if unknown < 0 => unknown,
                        known => known.saturating_add(i64::from(start)),
                    },
                    frames_count: end - start,
                    transport: transport.as_ref().map_or(ptr::null(), ptr::from_ref),
                    in_events: &in_events.as_list(),
                    out_events: &out_events,
                    ..self.ports.wrap(host)
                };
                (*queue).set_base(start);
                let status = param_out::publish(queue, || inner(&plugin.shell, &process));
                start = end;
                status
            };
            if status == CLAP_PROCESS_ERROR || start == host.frames_count {
                break status;
            }
        };
        // SAFETY: as above; nice-plug is done with the queue.
        unsafe {
            self.ports.finish(host);
            (*queue).deliver(host.out_events);
        }
        status
    }
}

unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
    // SAFETY: the host's last call with our pointer. nice-plug is destroyed through the shell, which
    // is freed only then. The instance joins its threads when it is dropped.
    unsafe {
        let Some(this) = Decorated::of(plugin) else { return };
        let window_thread = this.window_thread.get();
        if let Some(inner) = this.inner.destroy {
            inner(plugin);
        }
        // Gone already, unless the host left the editor open.
        thread::wait(window_thread);
        drop(Box::from_raw(plugin.cast_mut().cast::<Decorated>()));
    }
}

unsafe extern "C" fn activate(
    plugin: *const clap_plugin,
    rate_hz: f64,
    min_frames: u32,
    max_frames: u32,
) -> bool {
    // SAFETY: called by the host with our plugin.
    let Some(this) = (unsafe { Decorated::of(plugin) }) else { return false };
    let longest_slice = max_frames.clamp(1, LONGEST_SLICE);
    // SAFETY: as above.
    let active = this.inner.activate.is_some_and(|inner| unsafe {
        inner(plugin, rate_hz, min_frames.min(longest_slice), longest_slice)
    });
    this.set_audio(active.then(|| AudioSide {
        rate_hz,
        longest_slice,
        ports: Ports::new(&this.channels(true), &this.channels(false), longest_slice as usize),
        queue: OutQueue::new(SPARE_EVENTS + longest_slice as usize),
    }));
    active
}

unsafe extern "C" fn deactivate(plugin: *const clap_plugin) {
    // SAFETY: called by the host with our plugin.
    unsafe {
        let Some(this) = Decorated::of(plugin) else { return };
        if let Some(inner) = this.inner.deactivate {
            inner(plugin);
        }
        this.set_audio(None);
    }
}

unsafe extern "C" fn start_processing(plugin: *const clap_plugin) -> bool {
    // The first access makes this thread's storage, which may allocate; better now than later.
    param_out::publish(ptr::null_mut(), || {
        // SAFETY: called by the host with our plugin.
        unsafe {
            Decorated::of(plugin)
                .and_then(|this| this.inner.start_processing)
                .is_some_and(|inner| inner(plugin))
        }
    })
}

unsafe extern "C" fn process(
    plugin: *const clap_plugin,
    process: *const clap_process,
) -> clap_process_status {
    // SAFETY: called by the host with our plugin and a whole block.
    unsafe {
        let (Some(this), Some(host)) = (Decorated::of(plugin), process.as_ref()) else {
            return CLAP_PROCESS_ERROR;
        };
        // nice-plug panics when it was never activated.
        let Some(mut audio) = this.lock_audio() else { return CLAP_PROCESS_ERROR };
        audio.as_mut().map_or(CLAP_PROCESS_ERROR, |audio| audio.run(this, host))
    }
}

unsafe extern "C" fn get_extension(plugin: *const clap_plugin, id: *const c_char) -> *const c_void {
    // SAFETY: called by the host with our plugin and null or a C string.
    let (Some(this), false) = (unsafe { Decorated::of(plugin) }, id.is_null()) else {
        return ptr::null();
    };
    // SAFETY: as above.
    let id = unsafe { CStr::from_ptr(id) };
    #[cfg(feature = "faults")]
    if id == crate::faults::FAULTS_ID {
        return ptr::from_ref(&crate::faults::FAULTS).cast();
    }
    if id == CLAP_EXT_PARAMS {
        ptr::from_ref(&PARAMS).cast()
    } else if id == report::REPORT_ID {
        ptr::from_ref(&report::REPORT).cast()
    } else if id == CLAP_EXT_GUI {
        // nice-plug panics when it opens an editor in a host without the extension.
        let gui = this.host_has(CLAP_EXT_GUI).then(|| this.gui.get_or_init(|| gui::dress(this)));
        gui.and_then(Option::as_ref).map_or(ptr::null(), |gui| ptr::from_ref(gui).cast())
    } else {
        this.inner_extension(id)
    }
}

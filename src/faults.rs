//! What `cargo xtask soak` breaks on purpose: the host arms a fault through the private extension
//! `tatum.faults/1`, and the worker meets it once. Exists only in a build with the feature `faults`;
//! in every other one the calls below do nothing (`faults/none.rs`).
//!
//! ```c
//! struct tatum_faults {
//!    bool (*arm)(uint32_t fault, uint32_t amount);
//!    bool (*armed)(uint32_t fault);
//! };
//! ```

use std::ffi::CStr;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use listener::Error;

/// What can be armed, in the order of the extension's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The worker sleeps before its next pass; the amount is milliseconds.
    Stall,
    /// The next step of a beat network fails.
    BeatError,
    /// It panics.
    BeatPanic,
    /// The next frame's decoding panics, after the network heard the frame.
    DecoderPanic,
    /// The next message that is no frame makes the worker panic.
    MessagePanic,
    /// The next step of a tag network fails.
    TagError,
    /// It panics.
    TagPanic,
}

const COUNT: usize = Fault::TagPanic as usize + 1;

/// How much of each fault is armed; the worker is one per process, so its faults are too.
static ARMED: [AtomicU32; COUNT] = [const { AtomicU32::new(0) }; COUNT];

/// In the message of every panic that was armed.
const ARMED_BY: &str = "armed by the soak";

/// Name of the extension.
pub(crate) const FAULTS_ID: &CStr = c"tatum.faults/1";

/// The calls of the extension.
#[repr(C)]
pub(crate) struct TatumFaults {
    arm: extern "C" fn(u32, u32) -> bool,
    armed: extern "C" fn(u32) -> bool,
}

/// What the host gets for [`FAULTS_ID`].
pub(crate) static FAULTS: TatumFaults = TatumFaults { arm, armed };

extern "C" fn arm(fault: u32, amount: u32) -> bool {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(hush);
    ARMED.get(fault as usize).map(|armed| armed.store(amount, Ordering::Release)).is_some()
}

extern "C" fn armed(fault: u32) -> bool {
    ARMED.get(fault as usize).is_some_and(|armed| armed.load(Ordering::Acquire) > 0)
}

/// Panics that were armed are not worth a backtrace each; all others are.
fn hush() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let armed = info.payload_as_str().is_some_and(|message| message.contains(ARMED_BY));
        if !armed {
            before(info);
        }
    }));
}

/// How much of `fault` was armed; it is met and over.
fn take(fault: Fault) -> u32 {
    ARMED[fault as usize].swap(0, Ordering::AcqRel)
}

fn met(fault: Fault) -> bool {
    take(fault) > 0
}

fn error() -> Error {
    Error::Backend { backend: "a fault", reason: ARMED_BY.into() }
}

/// Before a pass of the worker.
pub(crate) fn pass() {
    match take(Fault::Stall) {
        0 => (),
        // The time counts from where the worker meets it; the host sees it as armed until then.
        milliseconds => thread::sleep(Duration::from_millis(u64::from(milliseconds))),
    }
}

/// Before a step of a beat network.
pub(crate) fn beat_step() -> Result<(), Error> {
    assert!(!met(Fault::BeatPanic), "a beat step that panics, {ARMED_BY}");
    if met(Fault::BeatError) { Err(error()) } else { Ok(()) }
}

/// Before a frame is decoded.
pub(crate) fn decode() {
    assert!(!met(Fault::DecoderPanic), "a decoder that panics, {ARMED_BY}");
}

/// Before the worker does what a message says.
pub(crate) fn message() {
    assert!(!met(Fault::MessagePanic), "a message that panics, {ARMED_BY}");
}

/// Before a step of a tag network.
pub(crate) fn tag_step() -> Result<(), Error> {
    assert!(!met(Fault::TagPanic), "a tag step that panics, {ARMED_BY}");
    if met(Fault::TagError) { Err(error()) } else { Ok(()) }
}

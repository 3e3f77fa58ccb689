//! Parameter output: values and gestures that leave `process` at their own sample.
//!
//! The decorator publishes its queue in a thread-local for the length of one `process` call; the
//! plugin, deep inside nice-plug, pushes into it. Audio thread only. Never allocates, never blocks.

use std::cell::Cell;
use std::ptr;

use super::queue::OutQueue;

/// A parameter event for the host. `offset` counts samples from the start of the buffer that the
/// plugin was given; `value` is the parameter as nice-plug exposes it over CLAP, which is its
/// normalized value times its number of steps (1 for a float).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ParamEvent {
    /// The parameter has this value from here on.
    Value { id: u32, offset: u32, value: f64 },
    /// The host may start to write automation.
    GestureBegin { id: u32, offset: u32 },
    /// The host stops writing automation.
    GestureEnd { id: u32, offset: u32 },
}

thread_local! {
    static QUEUE: Cell<*mut OutQueue> = const { Cell::new(ptr::null_mut()) };
}

/// Sends `event` to the host, in order with everything else this `process` call puts out. Does
/// nothing when no call is under way on this thread. Real-time safe.
pub(crate) fn send(event: ParamEvent) {
    let queue = QUEUE.get();
    if !queue.is_null() {
        // SAFETY: `publish` set the pointer from an exclusive borrow that outlives its call, on
        // this thread, and nothing else touches the queue while the plugin itself is running.
        unsafe { (*queue).push_param(event) };
    }
}

/// Runs `call` with `queue` as the destination of [`send`] on this thread. The queue is reached
/// through the pointer alone until `call` returns.
pub(super) fn publish<R>(queue: *mut OutQueue, call: impl FnOnce() -> R) -> R {
    /// Restores the outer queue, also when `call` unwinds.
    struct Restore(*mut OutQueue);
    impl Drop for Restore {
        fn drop(&mut self) {
            QUEUE.set(self.0);
        }
    }
    let _restore = Restore(QUEUE.replace(queue));
    call()
}

/// The CLAP id of the parameter called `name`: nice-plug's hash, `h * 31 + byte` with the top bit
/// cleared (VST3 keeps that bit for the host).
pub(crate) const fn param_id(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut hash = 0_u32;
    let mut at = 0;
    while at < bytes.len() {
        hash = hash.wrapping_mul(31).wrapping_add(bytes[at] as u32);
        at += 1;
    }
    hash & !(1 << 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_nice_plugs() {
        assert_eq!(param_id("a"), 97);
        assert_eq!(param_id("ab"), 97 * 31 + 98);
        assert_eq!(param_id("a long name that wraps around") >> 31, 0);
    }

    #[test]
    fn without_a_queue_nothing_happens() {
        send(ParamEvent::Value { id: 1, offset: 0, value: 0.5 });
    }
}

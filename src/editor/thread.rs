//! The thread that a window runs on, where the framework gives it one (X11).
//!
//! The framework may let go of that thread before it has ended, and the clipboard starts others that
//! it never waits for. So a closing editor waits here, and a library that once opened a window stays
//! loaded, so that no thread runs on in code that is gone. Elsewhere windows run on the host's thread.

#[cfg(target_os = "linux")]
mod linux {
    use std::path::Path;
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    /// A window that takes longer to close than this is left to itself.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// The thread of the window opened last; 0 before there was one.
    static NEWEST: AtomicI32 = AtomicI32::new(0);

    /// A window opened on this thread.
    pub(in crate::editor) fn opened() {
        // SAFETY: asks for a number.
        NEWEST.store(unsafe { libc::gettid() }, Ordering::Release);
        crate::resident::stay_loaded();
    }

    /// The thread of the window opened last, as a number for [`wait`].
    pub(crate) fn newest() -> i32 {
        NEWEST.load(Ordering::Acquire)
    }

    /// Waits until `thread` has ended. \[main thread\]
    pub(crate) fn wait(thread: i32) {
        let task = format!("/proc/self/task/{thread}");
        let end = Instant::now() + PATIENCE;
        while thread != 0 && Path::new(&task).exists() && Instant::now() < end {
            sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::opened;
#[cfg(target_os = "linux")]
pub(crate) use linux::{newest, wait};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    pub(in crate::editor) fn opened() {}
    pub(crate) fn newest() -> i32 {
        0
    }
    pub(crate) fn wait(_thread: i32) {}
}

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::opened;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{newest, wait};

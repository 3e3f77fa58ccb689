//! What the operating system says a process has used. Where it cannot be asked there is no answer,
//! and the report says "not measured".

use std::time::Duration;

/// Processor time of this process, all threads together.
#[cfg(unix)]
pub(super) fn process_cpu() -> Option<Duration> {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// Processor time of the calling thread.
#[cfg(unix)]
pub(super) fn thread_cpu() -> Option<Duration> {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

#[cfg(unix)]
fn clock(id: libc::clockid_t) -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of ours.
    let failed = unsafe { libc::clock_gettime(id, &raw mut time) } != 0;
    (!failed).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

/// Processor time of all programs that this one started and that have ended.
#[cfg(unix)]
pub(super) fn children_cpu() -> Option<Duration> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a rusage of ours.
    if unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: all zeroes is a rusage, and the call succeeded.
    let usage = unsafe { usage.assume_init() };
    let time = |t: libc::timeval| {
        Duration::from_secs(t.tv_sec as u64) + Duration::from_micros(t.tv_usec as u64)
    };
    Some(time(usage.ru_utime) + time(usage.ru_stime))
}

#[cfg(not(unix))]
pub(super) fn process_cpu() -> Option<Duration> {
    None
}

#[cfg(not(unix))]
pub(super) fn thread_cpu() -> Option<Duration> {
    None
}

#[cfg(not(unix))]
pub(super) fn children_cpu() -> Option<Duration> {
    None
}

/// Memory of this process that is in RAM, bytes.
#[cfg(target_os = "linux")]
pub(crate) fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    // SAFETY: it only asks.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Some(pages * u64::try_from(page).ok()?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn resident_bytes() -> Option<u64> {
    None
}

/// Memory that is free goes back to the system, so that what is resident is what is used: from here on
/// whatever is large, and what has gathered so far. Only where the allocator can be asked for it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn return_free_memory() {
    const LARGE: libc::c_int = 128 * 1024;
    // SAFETY: both only tell the allocator how to work.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::malloc_trim(0);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn return_free_memory() {}

/// Threads of this process.
#[cfg(target_os = "linux")]
pub(crate) fn threads() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/task").ok()?.count())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn threads() -> Option<usize> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time_and_memory() {
        let (process, thread) = (process_cpu().expect("a clock"), thread_cpu().expect("a clock"));
        let numbers: Vec<u64> = (0..4_000_000).map(std::hint::black_box).collect();
        assert!(process_cpu().expect("a clock") > process);
        assert!(thread_cpu().expect("a clock") > thread);
        let held = 8 * numbers.len() as u64;
        assert!(resident_bytes().expect("memory") > held, "{:?}", numbers.last());
        assert!(children_cpu().is_some());
    }
}

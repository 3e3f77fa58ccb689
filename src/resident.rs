//! Keeps this library loaded until the program ends, once something it started may outlive it: the
//! framework's window threads, and ONNX Runtime, which calls back into us from threads of its own.
//! Never on an audio thread.

/// Keeps this library loaded until the program ends.
#[cfg(target_os = "linux")]
pub(crate) fn stay_loaded() {
    static HERE: u8 = 0;
    // SAFETY: a zeroed struct of pointers is valid; `dladdr` fills it for an address of ours, and
    // `dlopen` only adds a flag to a library that is loaded already.
    unsafe {
        let mut here: libc::Dl_info = std::mem::zeroed();
        let address = std::ptr::from_ref(&HERE).cast::<std::ffi::c_void>();
        if libc::dladdr(address, &mut here) != 0 && !here.dli_fname.is_null() {
            let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
            libc::dlopen(here.dli_fname, flags);
        }
    }
}

/// Elsewhere hosts keep plugin libraries loaded themselves.
#[cfg(not(target_os = "linux"))]
pub(crate) fn stay_loaded() {}

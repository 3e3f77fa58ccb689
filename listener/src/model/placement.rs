//! Where a model really runs: which providers its nodes were given to, asked of the session.

#![allow(unsafe_code, reason = "`ort` has no safe call for this part of the C API")]

use std::ffi::CStr;
use std::{ptr, slice};

use ort::session::Session;
use ort::{AsPointer, Error};

/// The session setting that makes [`placement`] known.
pub(super) const RECORD: &str = "session.record_ep_graph_assignment_info";

/// Every provider that runs a node, by its own name.
///
/// How many nodes each runs cannot be said: for a provider that turns the layout of tensors (WebGPU)
/// the record of ONNX Runtime 1.27 keeps only the nodes that the turning added.
///
/// # Errors
/// Those of ONNX Runtime, as when the session was made without [`RECORD`].
pub(super) fn placement(session: &Session) -> ort::Result<Vec<String>> {
    let (mut subgraphs, mut count) = (ptr::null(), 0);
    // SAFETY: the session lives, and both places are ours to write.
    unsafe {
        let get = ort::api().Session_GetEpGraphAssignmentInfo;
        Error::result_from_status(get(session.ptr(), &raw mut subgraphs, &raw mut count))?;
    }
    if subgraphs.is_null() {
        return Ok(Vec::new());
    }
    let mut providers = Vec::new();
    // SAFETY: the list has `count` parts of the graph. It belongs to the session, which lives.
    for &subgraph in unsafe { slice::from_raw_parts(subgraphs, count) } {
        let mut name = ptr::null();
        // SAFETY: the part is the session's, and so is its name, a C string.
        let name = unsafe {
            let get = ort::api().EpAssignedSubgraph_GetEpName;
            Error::result_from_status(get(subgraph, &raw mut name))?;
            CStr::from_ptr(name).to_string_lossy().into_owned()
        };
        if !providers.contains(&name) {
            providers.push(name);
        }
    }
    Ok(providers)
}

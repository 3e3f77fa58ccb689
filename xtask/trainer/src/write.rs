//! Files that are there whole or not at all.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Result;

/// Writes `bytes` to a temporary name beside `path`, then renames.
///
/// # Errors
/// When the folder cannot be written; the message names the file.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let partial = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.flush()?;
        std::fs::rename(&partial, path)
    };
    write().map_err(|error| {
        // A half-written file must not survive; that it may not exist is fine.
        let _ = std::fs::remove_file(&partial);
        anyhow::anyhow!(
            "cannot write {}: {error}; check the space and permissions there",
            path.display()
        )
    })
}

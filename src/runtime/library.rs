//! Whether the file of a dynamic library can be given to the system's loader. Worker thread.
//!
//! Linux maps a library before it looks at it: one whose copying or download was cut short ends the
//! whole host with a bus error. So its length is held against its own table of segments first.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Whether `library` is a file, and a whole one; other faults the loader finds itself.
///
/// # Errors
/// What is wrong with it, and the remedy.
pub(super) fn check(library: &Path) -> Result<(), String> {
    const REMEDY: &str = "`cargo xtask runtime` gets one that fits";
    let metadata = library.metadata().map_err(|e| format!("{e}; {REMEDY}"))?;
    if !metadata.is_file() {
        return Err(format!("is no file; {REMEDY}"));
    }
    let mut file = File::open(library).map_err(|e| format!("{e}; make it readable"))?;
    let (needed, length) = (segments_end(&mut file), metadata.len());
    match needed {
        Ok(needed) if needed > length => {
            Err(format!("is cut short, {length} of at least {needed} bytes; {REMEDY}"))
        }
        _ => Ok(()),
    }
}

/// Where the last segment of a 64-bit little-endian ELF file ends, by its own header.
///
/// # Errors
/// When it is another kind of file, which the system's loader refuses or checks itself, or too short
/// to have its table, which it refuses.
fn segments_end(file: &mut File) -> io::Result<u64> {
    const HEADER: usize = 64;
    const ENTRY: usize = 56;
    let mut header = [0; HEADER];
    file.read_exact(&mut header)?;
    // Class 2 is 64 bits, data 1 is little-endian.
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let count = u16::from_le_bytes([header[56], header[57]]);
    file.seek(SeekFrom::Start(word(&header, 32)))?;
    let mut table = vec![0; usize::from(count) * ENTRY];
    file.read_exact(&mut table)?;
    let ends = table.chunks_exact(ENTRY).filter_map(|entry| {
        let (offset, size) = (word(entry, 8), word(entry, 32));
        (size > 0).then(|| offset.saturating_add(size))
    });
    Ok(ends.max().unwrap_or(0))
}

/// The 64-bit number at `at`, which lies inside.
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(name: &str, bytes: &[u8]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("written");
        check(&file).err()
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let missing = check(Path::new("no such library.so")).expect_err("it is missing");
        let folder = check(Path::new(".")).expect_err("it is a folder");
        assert!(
            missing.contains("xtask runtime") && folder.contains("no file"),
            "{missing} {folder}"
        );
    }

    /// The program of the test is a library in all that matters here.
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    #[test]
    fn a_library_cut_short_is_refused_with_its_length() {
        let whole = std::env::current_exe().and_then(std::fs::read).expect("a test has a file");
        assert_eq!(complaint("whole", &whole), None);
        for length in [4096, whole.len() / 2] {
            let line = complaint("cut", &whole[..length]).expect("it is cut short");
            assert!(line.contains(&format!("{length} of at least")), "{line}");
        }
    }

    #[test]
    fn the_loader_is_left_to_refuse_other_files() {
        assert_eq!(complaint("text", b"not a library"), None);
        assert_eq!(complaint("empty", b""), None);
        assert_eq!(complaint("headless", b"\x7fELF\x02\x01"), None);
    }
}

//! Files: plain `.musicxml` or `.xml`, or zipped as `.mxl`.

use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result};
use zip::ZipArchive;

use super::Work;
use super::read::parse;

/// Largest score taken, bytes of XML. Bigger ones are not songs.
const LARGEST: u64 = 64 << 20;

/// Reads the score at `path`.
///
/// # Errors
/// When the file cannot be read, unzipped, or is not a partwise score.
pub(in crate::corpus) fn read(path: &Path) -> Result<Work> {
    let bytes = std::fs::read(path).context("cannot be read")?;
    let text = if bytes.starts_with(b"PK") { unzip(bytes)? } else { String::from_utf8(bytes)? };
    parse(&text)
}

/// The score inside an `.mxl`: the first XML that is not about the container.
fn unzip(bytes: Vec<u8>) -> Result<String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).context("is not a zip file")?;
    let is_score = |name: &String| {
        let extension = name.rsplit('.').next();
        !name.starts_with("META-INF") && matches!(extension, Some("xml" | "musicxml"))
    };
    let names = archive.file_names().flatten().map(|name| name.into_owned());
    let name = names.into_iter().find(is_score).context("holds no score")?;
    let mut text = String::new();
    archive.by_name(&name)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.mxl");
        for bytes in
            [&b"PK\x03\x04 and no more"[..], b"not a score", b"<score-partwise/>", b"\xff\xfe"]
        {
            std::fs::write(&path, bytes).expect("written");
            assert!(read(&path).is_err());
        }
        assert!(read(&folder.path().join("absent.mxl")).is_err());
    }
}

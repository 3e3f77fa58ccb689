//! Whether an Ogg file stops before its end. Decoders cannot tell: they take the last page they
//! find for the last page there is. RFC 3533 marks the true last page with a flag.

use anyhow::{Context, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// A page is at most a 27-byte header, 255 lacing values and 255 x 255 bytes.
const LARGEST_PAGE: u64 = 27 + 255 + 255 * 255;
const END_OF_STREAM: u8 = 0x04;

/// True for an Ogg file whose last page is cut or is not marked as the last. False for other files.
pub(super) fn ends_early(path: &Path) -> Result<bool> {
    let mut file = File::open(path).context("cannot be opened")?;
    let mut magic = [0_u8; 4];
    if file.read_exact(&mut magic).is_err() || magic != *b"OggS" {
        return Ok(false);
    }
    let length = file.seek(SeekFrom::End(0)).context("cannot be read")?;
    file.seek(SeekFrom::Start(length.saturating_sub(LARGEST_PAGE))).context("cannot be read")?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).context("cannot be read")?;
    Ok(!ends_with_last_page(&tail))
}

/// Looks for a page that is marked as the last and is whole.
fn ends_with_last_page(tail: &[u8]) -> bool {
    let pages = tail.windows(4).enumerate().filter(|(_, four)| four == b"OggS");
    pages.map(|(start, _)| &tail[start..]).any(|page| {
        let (Some(&flags), Some(&segments)) = (page.get(5), page.get(26)) else { return false };
        let Some(lacing) = page.get(27..27 + usize::from(segments)) else { return false };
        let body: usize = lacing.iter().map(|&size| usize::from(size)).sum();
        flags & END_OF_STREAM != 0 && page.len() >= 27 + lacing.len() + body
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(flags: u8, body: usize) -> Vec<u8> {
        let mut page = b"OggS\0".to_vec();
        page.push(flags);
        page.extend([0; 20]);
        page.extend([1, u8::try_from(body).expect("a short body")]);
        page.extend(vec![7; body]);
        page
    }

    #[test]
    fn a_whole_last_page_ends_the_file() {
        let file = [page(0, 100), page(END_OF_STREAM, 50)].concat();
        assert!(ends_with_last_page(&file));
    }

    #[test]
    fn a_cut_or_missing_last_page_is_noticed() {
        let file = [page(0, 100), page(END_OF_STREAM, 50)].concat();
        assert!(!ends_with_last_page(&file[..file.len() - 1]));
        assert!(!ends_with_last_page(&page(0, 100)));
        assert!(!ends_with_last_page(b""));
    }
}

//! SoundFont 3 in, SoundFont 2 out: the samples of an `.sf3` are Ogg Vorbis streams, and rustysynth
//! wants them plain.
//!
//! In a compressed sample's header, start and end are byte offsets of its stream and the loop
//! counts samples from the sample's own start; in SoundFont 2 all four count samples of the pool.

use std::io::Cursor;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;

use super::decode::decode_mono;

/// Sample type bit of a Vorbis stream.
const COMPRESSED: u16 = 0x10;
/// Silence the format asks for after every sample.
const GUARD: usize = 46;
const HEADER: usize = 46;

/// Whether `bytes` are a SoundFont with compressed samples.
#[must_use]
pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    chunks(bytes.get(12..).unwrap_or_default()).iter().any(|(id, body)| {
        id == b"LIST" && body.starts_with(b"sdtasmpl") && body.get(12..16) == Some(b"OggS")
    })
}

/// The same SoundFont with plain samples.
///
/// # Errors
/// When a chunk is missing or a sample cannot be decoded.
pub(super) fn expand(bytes: &[u8]) -> Result<Vec<u8>> {
    let lists = chunks(bytes.get(12..).context("is too short")?);
    let list = |kind: &[u8; 4]| {
        lists
            .iter()
            .find_map(|(id, body)| (id == b"LIST" && body.starts_with(kind)).then(|| &body[4..]))
    };
    let samples = chunks(list(b"sdta").context("has no samples")?);
    let (_, pool) = samples.iter().find(|(id, _)| id == b"smpl").context("has no samples")?;
    let parameters = chunks(list(b"pdta").context("has no presets")?);
    let (_, headers) =
        parameters.iter().find(|(id, _)| id == b"shdr").context("has no sample headers")?;

    let count = (headers.len() / HEADER).saturating_sub(1);
    let decoded: Vec<Vec<i16>> = headers[..count * HEADER]
        .par_chunks(HEADER)
        .map(|header| {
            let (from, to) = (word(header, 20) as usize, word(header, 24) as usize);
            let stream = pool.get(from..to).context("a sample lies outside the pool")?;
            if half(header, 44) & COMPRESSED == 0 {
                bail!("mixes plain and compressed samples");
            }
            let (mono, ..) = decode_mono(Box::new(Cursor::new(stream.to_vec())), Some("ogg"))?;
            Ok(mono.iter().map(|x| (x.clamp(-1.0, 1.0) * 32_767.0) as i16).collect())
        })
        .collect::<Result<_>>()?;

    let mut plain: Vec<u8> = Vec::new();
    let mut moved = headers.to_vec();
    for (header, sample) in moved.chunks_mut(HEADER).zip(&decoded) {
        let start = (plain.len() / 2) as u32;
        let loops =
            [word(header, 28), word(header, 32)].map(|at| start + at.min(sample.len() as u32));
        let places = [start, start + sample.len() as u32, loops[0], loops[1]];
        for (index, place) in places.iter().enumerate() {
            header[20 + 4 * index..24 + 4 * index].copy_from_slice(&place.to_le_bytes());
        }
        let kind = half(header, 44) & !COMPRESSED;
        header[44..46].copy_from_slice(&kind.to_le_bytes());
        sample.iter().for_each(|x| plain.extend_from_slice(&x.to_le_bytes()));
        plain.resize(plain.len() + 2 * GUARD, 0);
    }

    let info = list(b"INFO").context("has no information")?;
    let mut pdta = b"pdta".to_vec();
    for (id, body) in &parameters {
        put(&mut pdta, id, if id == b"shdr" { &moved } else { body });
    }
    let mut sdta = b"sdta".to_vec();
    put(&mut sdta, b"smpl", &plain);
    let mut file = b"sfbk".to_vec();
    put(&mut file, b"LIST", &[b"INFO", info].concat());
    put(&mut file, b"LIST", &sdta);
    put(&mut file, b"LIST", &pdta);
    let mut riff = Vec::with_capacity(file.len() + 8);
    put(&mut riff, b"RIFF", &file);
    Ok(riff)
}

/// The chunks of a RIFF list's body; what does not fit is left out.
fn chunks(mut bytes: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut found = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<8>() {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let Some(body) = rest.get(..size) else { break };
        found.push(([head[0], head[1], head[2], head[3]], body));
        bytes = rest.get(size + size % 2..).unwrap_or_default();
    }
    found
}

fn put(to: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    to.extend_from_slice(id);
    to.extend_from_slice(&(body.len() as u32).to_le_bytes());
    to.extend_from_slice(body);
    if body.len() % 2 == 1 {
        to.push(0);
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_survive_the_way_out_and_back() {
        let mut bytes = Vec::new();
        put(&mut bytes, b"abcd", &[1, 2, 3]);
        put(&mut bytes, b"efgh", &[4; 10]);
        let found = chunks(&bytes);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], (*b"abcd", &[1, 2, 3][..]));
        assert_eq!(found[1].1.len(), 10);
        assert!(chunks(&bytes[..9]).is_empty());
    }

    #[test]
    fn damage_is_an_error() {
        assert!(expand(b"RIFF").is_err());
        assert!(expand(b"RIFF\0\0\0\0sfbkLIST\x04\0\0\0sdta").is_err());
        assert!(!is_compressed(b"RIFF"));
    }
}

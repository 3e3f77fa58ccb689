//! Another tracker's estimates, scored beside ours: `--peer NAME=DIR` with `DIR/STEM.beats`.

use super::collect::Piece;
use anyhow::{Result, bail};
use metrics::annotation::Beats;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

/// A tracker by its name, and the folder of its estimates.
#[derive(Debug, Clone)]
pub struct Peer {
    pub(super) name: String,
    pub(super) dir: PathBuf,
}

impl FromStr for Peer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, dir)) if !name.is_empty() && !dir.is_empty() => {
                Ok(Self { name: name.to_owned(), dir: PathBuf::from(dir) })
            }
            _ => Err("write it as NAME=DIR"),
        }
    }
}

impl Peer {
    /// Its beats for a piece.
    ///
    /// # Errors
    /// When it has none, or they are no beats: a peer is compared on all files or not at all.
    pub(super) fn beats(&self, piece: &Piece) -> Result<Beats> {
        let path = self.dir.join(format!("{}.beats", piece.name));
        if !path.is_file() {
            bail!(
                "{}: peer {} has no estimate for {}; run it on all files or leave it out",
                path.display(),
                self.name,
                piece.audio.display()
            );
        }
        Beats::read(&path, None)
    }
}

/// Refuses names that would be mistaken for each other.
///
/// # Errors
/// Names the peer, or the two pieces whose estimates would be one file.
pub(super) fn check_names(peers: &[Peer], own: &str, pieces: &[Piece]) -> Result<()> {
    let mut names = vec![own];
    for peer in peers {
        if names.contains(&peer.name.as_str()) {
            bail!("--peer {}: the name is taken; choose another", peer.name);
        }
        names.push(&peer.name);
    }
    let mut seen = BTreeMap::new();
    for piece in pieces.iter().filter(|_| !peers.is_empty()) {
        if let Some(other) = seen.insert(&piece.name, &piece.audio) {
            bail!(
                "{} and {} have one stem, so --peer cannot tell them apart; rename one",
                other.display(),
                piece.audio.display()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_a_name_and_a_folder() {
        let peer: Peer = "aubio=some/where=else".parse().expect("a peer");
        assert_eq!((peer.name.as_str(), peer.dir), ("aubio", PathBuf::from("some/where=else")));
        for bad in ["aubio", "=dir", "aubio=", ""] {
            assert!(bad.parse::<Peer>().is_err(), "{bad}");
        }
        let twice = ["a=x", "a=y"].map(|text| text.parse().expect("a peer"));
        assert!(check_names(&twice, "tatum", &[]).is_err());
        assert!(check_names(&twice[..1], "a", &[]).is_err());
        assert!(check_names(&twice[..1], "tatum", &[]).is_ok());
    }
}

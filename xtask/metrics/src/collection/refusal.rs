//! What of a collection is not used, and why.

use std::fmt;

/// A reason to refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// An audio file of a format that is not read.
    Format,
    /// An audio file that cannot be decoded.
    Unreadable,
    /// A file that a list names and that is not there.
    NoSuchFile,
    /// A file with the bytes of another, or named twice in a list.
    Duplicate,
    /// A row, or a heading, that cannot be understood.
    Row,
    /// A genre folder without audio.
    EmptyFolder,
    /// A genre or instrument the model does not know.
    UnknownWord,
    /// Files with several genres.
    SeveralGenres,
    /// A collection of one genre.
    OneGenre,
}

impl Fault {
    /// In words, for one and for many.
    fn names(self) -> [&'static str; 2] {
        match self {
            Self::Format => ["format not read", "formats not read"],
            Self::Unreadable => ["unreadable file", "unreadable files"],
            Self::NoSuchFile => ["missing file", "missing files"],
            Self::Duplicate => ["duplicate", "duplicates"],
            Self::Row => ["damaged row", "damaged rows"],
            Self::EmptyFolder => ["empty folder", "empty folders"],
            Self::UnknownWord => ["unknown word", "unknown words"],
            Self::SeveralGenres => ["case of several genres", "cases of several genres"],
            Self::OneGenre => ["lone genre", "lone genres"],
        }
    }
}

/// One thing that is not used: names the file, the value and the remedy, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub fault: Fault,
    /// The line.
    pub line: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str(&self.line)
    }
}

/// How many of each kind, in words; empty when nothing was refused.
#[must_use]
pub fn counts(refused: &[Refusal]) -> String {
    let mut faults: Vec<Fault> = refused.iter().map(|refusal| refusal.fault).collect();
    faults.sort_unstable();
    let count = |same: &[Fault]| {
        let [one, many] = same[0].names();
        format!("{} {}", same.len(), if same.len() == 1 { one } else { many })
    };
    faults.chunk_by(|a, b| a == b).map(count).collect::<Vec<_>>().join(", ")
}

//! The sources: where the music of a corpus comes from, how much of each, and on what terms.

use super::RECORDINGS;

/// Longest clip, seconds.
pub(super) const CLIP_S: f64 = 42.0;

/// Where a clip comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Source {
    /// Groove MIDI Dataset alone.
    Groove,
    /// POP909 re-instrumented, with human drums under it.
    Pop909,
    /// OpenEWLD lead sheets, arranged like POP909.
    LeadSheets,
    /// OpenScore songs and quartets, played as written.
    Scores,
    /// Styles of the installed Musical MIDI Accompaniment over progressions made here.
    Mma,
    /// The composer of this project.
    Composer,
    /// Annotated recordings of the user.
    Audio,
    /// MIDI files of the user.
    Midi,
}

impl Source {
    /// All of them.
    pub(super) const ALL: [Self; 8] = [
        Self::Groove,
        Self::Pop909,
        Self::LeadSheets,
        Self::Scores,
        Self::Mma,
        Self::Composer,
        Self::Audio,
        Self::Midi,
    ];

    /// Name in clip names and reports.
    #[must_use]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Groove => "groove",
            Self::Pop909 => "pop909",
            Self::LeadSheets => "leadsheets",
            Self::Scores => "scores",
            Self::Mma => "mma",
            Self::Composer => "composer",
            Self::Audio => RECORDINGS,
            Self::Midi => "midi",
        }
    }

    /// Share of the hours when every source is there. A user's own music is all that there is, on top.
    #[must_use]
    pub(super) fn share(self) -> f64 {
        match self {
            Self::Groove => 0.16,
            Self::Pop909 => 0.20,
            Self::LeadSheets => 0.10,
            Self::Scores => 0.08,
            Self::Mma => 0.12,
            Self::Composer => 0.34,
            Self::Audio | Self::Midi => 0.0,
        }
    }

    /// Licence and attribution, for the model card.
    #[must_use]
    pub(super) fn terms(self) -> (&'static str, &'static str) {
        match self {
            Self::Groove => {
                ("CC BY 4.0", "Groove MIDI Dataset, J. Gillick et al. 2019, Google Magenta")
            }
            Self::Pop909 => ("MIT", "POP909, Z. Wang et al., ISMIR 2020"),
            Self::LeadSheets => {
                ("MIT, scores in the public domain", "OpenEWLD, F. Simonetta et al. 2018")
            }
            Self::Scores => ("CC0", "OpenScore Lieder Corpus and OpenScore String Quartets"),
            Self::Mma => (
                "GPL-2 program, run as a tool; no part of it is in the model",
                "Musical MIDI Accompaniment and its styles, B. van der Poel and others",
            ),
            Self::Composer => ("MIT OR Apache-2.0", "composed by this project"),
            Self::Audio => ("its owner's", "recordings and annotations given with --audio"),
            Self::Midi => ("its owner's", "MIDI files given with --midi"),
        }
    }
}

//! Tags: what the music is. [`TagNet`] hears a second of frames at a time, a [`TagEar`] is one lane's
//! memory and the smoothed [`Tags`] that are shown, in the words of the model's [`Vocabulary`].

mod ear;
mod net;
mod settings;
mod vocabulary;

pub use ear::{TagEar, Tags};
pub use net::{TagFile, TagNet};
pub use settings::TagSettings;
pub use vocabulary::{MOST_TAGS, MoodWord, Vocabulary};

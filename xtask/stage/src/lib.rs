//! The stage: hosts the built plugin outside a DAW and writes down what it hears.
//!
//! The walk: [`song`] (file to samples) -> [`host`] (samples through the CLAP, lines back through
//! [`report`]) -> [`hearing`] (lines to events in seconds) -> [`write`] (event files) and
//! [`picture`], or, with an annotation, the scores of [`eval`]. [`bench`] measures what it costs, [`soak`] what it
//! withstands. It knows
//! the plugin only as a built CLAP file.

pub mod bench;
pub mod demo;
pub mod eval;
pub mod hearing;
pub mod host;
pub mod listen;
pub mod picture;
pub mod report;
pub mod soak;
pub mod song;
pub mod summary;
pub mod write;

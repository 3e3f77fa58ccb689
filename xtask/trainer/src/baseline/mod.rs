//! The classic baselines of music classification, so that the tag network has to earn its place.
//!
//! Descriptors of a whole clip in the tradition of Tzanetakis and Cook ("Musical Genre
//! Classification of Audio Signals", 2002), and three textbook classifiers over them. They hear a
//! clip as a whole, not as it goes by, so they may know more than the network does. Nothing here
//! reads files.

pub mod chroma;
mod classifiers;
pub mod descriptors;
mod standard;
mod task;

pub use classifiers::Baseline;
pub use descriptors::{DESCRIPTORS, descriptors};
pub use standard::Standardisation;

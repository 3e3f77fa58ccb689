//! The classic baselines of music classification.

pub mod chroma;

//! The school of Tatum: corpus, augmentation, networks, training, metrics, ONNX export.
#![deny(unsafe_code)]

pub mod augment;
pub mod baseline;
pub mod card;
pub mod clip;
pub mod compose;
pub mod corpus;
pub mod dice;
pub mod export;
pub mod features;
mod hash;
pub mod label;
pub mod net;
pub mod optimise;
pub mod peaks;
mod progress;
pub mod render;
pub mod stages;
pub mod tagclip;
pub mod tagging;
pub mod train;
pub mod tune;
mod write;

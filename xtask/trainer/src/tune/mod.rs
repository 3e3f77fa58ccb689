//! The decoder, fitted: what the bar-pointer filter should make of a network's activations.
//!
//! The network is fixed here. Its activations are computed once; each setting then costs one pass of
//! the listener's own decoder over them.

mod calibrate;
pub mod command;
mod hearing;
mod search;

pub use calibrate::{Reliability, calibrate};
pub use hearing::{Heard, Piece, Summary, hear, summary};
pub use search::search;

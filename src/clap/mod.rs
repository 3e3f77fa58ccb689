//! The CLAP door: nice-plug's CLAP plugin, decorated with what nice-plug cannot do, and the VST3
//! door made from the same plugin.
//!
//! nice-plug has no way to put out parameters from `process`, never runs `process` when an auxiliary
//! bus is missing, and panics on an index that is one too large. All of that is mended here, through
//! the public C ABI, and nowhere else.

mod decorator;
mod entry;
mod gui;
mod input;
pub(crate) mod param_out;
mod params;
mod ports;
mod queue;
mod report;
mod slice;
mod vst3;

pub use entry::clap_entry;

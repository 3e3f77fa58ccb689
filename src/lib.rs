//! Tatum, the plugin: host in, host out.
//!
//! The walk: `plugin` (the host's calls) -> `engine` (the audio thread) -> `lane` (the
//! crossing) -> `hub` (the worker) -> back through the lane -> `outputs` (automation, MIDI, CV).
//! What the host's formats cannot say through the framework leaves by the `clap` door.

mod clap;
mod correction;
mod debounce;
mod delay;
mod denormals;
mod downmix;
mod editor;
mod engine;
#[cfg_attr(not(feature = "faults"), path = "faults/none.rs")]
mod faults;
mod health;
mod hub;
mod lane;
mod latency;
mod models;
mod outputs;
mod params;
mod pending;
mod plugin;
mod project;
mod report;
mod resident;
mod ring;
mod runtime;
mod silence;
mod snapshot;
mod text;
mod transport;
mod words;

pub use clap::clap_entry;
pub(crate) use plugin::Tatum;

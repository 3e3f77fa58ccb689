//! Beat and bar tracking: an exact forward filter over bar-pointer states.
//!
//! A state is a meter, a tempo and a position in the bar (Krebs, Böck and Widmer 2015, "An efficient
//! state-space model for joint tempo and meter tracking"). Nothing is sampled, so the same
//! activations always give the same beats.

mod bar;
mod estimate;
mod observation;
mod past;
mod states;
mod support;

pub use bar::BarTracker;
pub use estimate::BarEstimate;

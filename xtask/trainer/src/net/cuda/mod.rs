//! The networks on a GPU of Nvidia: forward and backward pass of a whole batch. Loss, optimiser and
//! validation stay on the CPU, where they take little; so does everything that decides.
//!
//! With the cargo feature `cuda`. Sums are added in another order than on the CPU and dropout draws otherwise, so a
//! run gives other weights; from run to run on one GPU they are the same.

mod crnn;
mod device;
mod layers;
mod tagger;
#[cfg(test)]
mod tests;

pub use crnn::GpuBeats;
pub use tagger::GpuTags;

//! The beat and the tag network and their gradients, layer by layer, on the CPU and, in `cuda/`, on a GPU.
//!
//! No framework: reverse-mode frameworks record every step of a recurrent layer, and that record is
//! what training time goes into. Each layer here states its forward and backward pass, and a test
//! compares them with finite differences. Nothing here reads files or knows about music.

#[cfg(test)]
mod check;
mod conv;
mod crnn;
#[cfg(feature = "cuda")]
mod cuda;
mod dropout;
mod front;
mod gradient;
mod grow;
mod init;
mod linear;
mod loss;
mod lstm;
#[cfg(not(feature = "cuda"))]
mod no_cuda;
mod pool;
mod shape;
mod stages;
mod standardise;
mod stem;
mod summary;
mod tag_loss;
mod tag_shape;
mod tagger;

pub use crnn::{Network, Shard, State};
#[cfg(feature = "cuda")]
pub use cuda::{GpuBeats, GpuTags};
pub use grow::grow;
pub use init::{random_parameters, random_tag_parameters};
pub use loss::{HALFWAY, Loss, LossWeights, UNLABELLED};
#[cfg(not(feature = "cuda"))]
pub use no_cuda::{GpuBeats, GpuTags};
pub use shape::{BeatShape, CONTEXT, Dense, KERNEL, Layout, OUTPUTS, Recurrent};
pub use stages::{Stage, bands, context, stages, stride};
pub(crate) use standardise::standardise;
pub use tag_loss::{TagLoss, UNKNOWN, judge};
pub use tag_shape::{Pooling, TagLayout, TagShape};
pub use tagger::{TagNetwork, TagShard};

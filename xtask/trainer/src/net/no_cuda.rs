//! Stands in for the GPU in a build without the cargo feature `cuda`: it can be asked for, and says no.

use anyhow::{Result, bail};

use super::{BeatShape, State, TagShape};

const MISSING: &str = "this trainer was built without GPU support; run it as `cargo xtask train ... --gpu`, or \
                       build it with --features trainer/cuda";

/// What [`super::GpuBeats`] is with the feature; here there is none.
pub enum GpuBeats {}

/// What [`super::GpuTags`] is with the feature; here there is none.
pub enum GpuTags {}

#[allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "as with the feature, where they are documented"
)]
impl GpuBeats {
    pub fn open(_: &BeatShape, _: usize, _: usize) -> Result<Self> {
        bail!(MISSING)
    }

    pub fn forward(
        &mut self,
        _: &[f32],
        _: &[f32],
        _: &mut State,
        _: Option<(f32, u64)>,
    ) -> Result<()> {
        match *self {}
    }

    pub fn backward(&mut self, _: &[f32]) -> Result<()> {
        match *self {}
    }

    #[must_use]
    pub fn logits(&self) -> &[f32] {
        match *self {}
    }

    #[must_use]
    pub fn grads(&self) -> &[f32] {
        match *self {}
    }
}

#[allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "as with the feature, where they are documented"
)]
impl GpuTags {
    pub fn open(_: &TagShape, _: usize, _: usize) -> Result<Self> {
        bail!(MISSING)
    }

    pub fn forward(&mut self, _: &[f32], _: &[f32], _: Option<(f32, u64)>) -> Result<()> {
        match *self {}
    }

    pub fn backward(&mut self, _: &[f32], _: bool) -> Result<()> {
        match *self {}
    }

    #[must_use]
    pub fn logits(&self) -> &[f32] {
        match *self {}
    }

    #[must_use]
    pub fn grads(&self) -> &[f32] {
        match *self {}
    }
}

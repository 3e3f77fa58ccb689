//! What a DAW does to an instance beside playing it: other settings, parameters, projects saved and
//! loaded, a transport, and a close look at what came out.

use super::player::{Player, Setting};
use super::session;
use anyhow::{Context, Result, bail};
use clack_extensions::params::ParamInfoBuffer;
use clack_host::events::UnknownEvent;
use clack_host::events::event_types::TransportEvent;
use clack_host::prelude::*;
use clack_host::utils::ClapId;
use std::path::Path;

/// A parameter's range, in the host's terms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) id: ClapId,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Player {
    /// Stops, and starts again as `setting` says.
    pub(crate) fn restart(&mut self, setting: Setting) -> Result<()> {
        self.stop();
        self.activate(setting)
    }

    /// Makes room for blocks of `frames` samples, whatever was announced.
    pub(crate) fn make_room(&mut self, frames: usize) {
        self.buses.resize(frames);
    }

    /// The host's reset: time begins anew.
    pub(crate) fn reset(&mut self) {
        if let Some(processor) = &mut self.processor {
            processor.reset();
        }
        self.buses.expect(self.latency);
    }

    /// One `process` call with events and a transport, over what is in [`input`](Self::input).
    pub(crate) fn play(
        &mut self,
        frames: usize,
        sent: &EventBuffer,
        transport: Option<&TransportEvent>,
    ) -> Result<()> {
        self.process_with(frames, &sent.as_input(), transport)
    }

    /// The channels of the main input, to write the next block into.
    pub(crate) fn input(&mut self) -> &mut [Vec<f32>] {
        self.buses.main_input()
    }

    /// Whether the last block passed bit for bit.
    pub(crate) fn passed(&mut self, frames: usize) -> bool {
        self.buses.passed(frames)
    }

    /// The outputs beside the main one, as far as the last block filled them.
    pub(crate) fn aux_outputs(&self, frames: usize) -> impl Iterator<Item = &[f32]> {
        self.buses.aux_outputs(frames)
    }

    /// The events of the last block.
    pub(crate) fn events(&self) -> impl Iterator<Item = &UnknownEvent> {
        self.events.iter()
    }

    /// All parameters.
    pub(crate) fn ranges(&mut self) -> Result<Vec<Range>> {
        let params = self.params.context("has no parameters")?;
        let plugin = self.instance.plugin_handle();
        let mut buffer = ParamInfoBuffer::new();
        (0..params.count(&plugin))
            .map(|index| {
                let info = params.get_info(&plugin, index, &mut buffer).context("hides one")?;
                Ok(Range { id: info.id, min: info.min_value, max: info.max_value })
            })
            .collect()
    }

    /// The value of a parameter.
    pub(crate) fn value(&mut self, id: ClapId) -> Result<f64> {
        let params = self.params.context("has no parameters")?;
        params.get_value(&self.instance.plugin_handle(), id).context("does not know a parameter")
    }

    /// The saved state.
    pub(crate) fn save(&mut self) -> Result<Vec<u8>> {
        let mut saved = Vec::new();
        let state = self.state.context("has no state")?;
        state
            .save(&self.instance.plugin_handle(), &mut saved)
            .context("does not save its state")?;
        Ok(saved)
    }

    /// Loads a state; says whether it was taken.
    pub(crate) fn load(&mut self, saved: &[u8]) -> Result<bool> {
        let state = self.state.context("has no state")?;
        let mut saved = saved;
        Ok(state.load(&self.instance.plugin_handle(), &mut saved).is_ok())
    }

    /// Chooses the model at `path` for `field`, the way a project does.
    pub(crate) fn choose(&mut self, field: &str, path: &Path) -> Result<()> {
        let chosen = session::with_model(&self.save()?, field, &path.display().to_string())?;
        if !self.load(&chosen)? {
            bail!("does not load its own state back; choose another --plugin");
        }
        Ok(())
    }

    /// The private extension by which faults are armed, in a build that has them.
    pub(crate) fn faults(&self) -> Option<crate::soak::Faults> {
        self.instance.plugin_shared_handle().get_extension()
    }
}

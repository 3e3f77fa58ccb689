//! What leaves the plugin, besides the audio it passes on: automation, MIDI, CV. Audio thread only.

pub(crate) mod automation;
pub(crate) mod cv;
pub(crate) mod midi;

use nice_plug::prelude::NoteEvent;

use crate::clap::param_out::ParamEvent;

/// Where events go during one `process` call. Offsets count from the start of the host's block.
pub(crate) struct Sinks<'a> {
    /// Takes notes and CC.
    pub(crate) note: &'a mut dyn FnMut(NoteEvent<()>),
    /// Takes parameter values and gestures.
    pub(crate) param: &'a mut dyn FnMut(ParamEvent),
}

//! `Player`: one running instance of the plugin, given audio block by block. Its one thread plays main
//! thread and audio thread in turn.

use super::buses::Buses;
use super::{Callbacks, Host, Stage, session};
use crate::report::{Line, PluginReport, Times};
use anyhow::{Context, Result, bail};
use clack_extensions::audio_ports::PluginAudioPorts;
use clack_extensions::latency::PluginLatency;
use clack_extensions::params::PluginParams;
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::events::event_types::TransportEvent;
use clack_host::events::spaces::CoreEventSpace;
use clack_host::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// Room for the lines of one fetch; what does not fit comes with the next.
const FETCH_BYTES: usize = 32 * 1024;

/// Which clock the worker follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// An offline render: every `process` call waits for the worker.
    Offline,
    /// The causal engine; every call first waits for the frames of earlier blocks.
    Lockstep,
    /// As in a DAW: nobody waits for anybody.
    Free,
}

/// How an instance runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The host's rate.
    pub rate_hz: u32,
    /// Largest number of samples per `process` call.
    pub block: u32,
    /// Which clock the worker follows.
    pub clock: Clock,
    /// Whether events are reported; the status always is.
    pub record: bool,
}

/// A running instance.
pub struct Player {
    pub(super) instance: PluginInstance<Stage>,
    /// None once it has stopped.
    pub(super) processor: Option<StartedPluginAudioProcessor<Stage>>,
    pub(super) buses: Buses,
    pub(super) events: EventBuffer,
    report: PluginReport,
    render: Option<PluginRender>,
    pub(super) state: Option<PluginState>,
    pub(super) params: Option<PluginParams>,
    /// Samples played.
    played: u64,
    /// Delay of the audio, as the plugin said when it was activated, samples.
    pub(super) latency: usize,
}

impl Player {
    pub(super) fn start(host: &Host, setting: Setting) -> Result<Self> {
        let mut player = Self::make(host, setting.block)?;
        for (field, model) in
            [(session::BEAT_MODEL, &host.model), (session::TAG_MODEL, &host.tag_model)]
        {
            let Some(model) = model else { continue };
            let state =
                player.state.context("cannot be given a model; run `cargo xtask bundle`")?;
            session::choose_model(&state, &player.instance.plugin_handle(), field, model)?;
        }
        player.activate(setting)?;
        Ok(player)
    }

    /// An instance that is not active yet, with room for blocks of `block` samples.
    fn make(host: &Host, block: u32) -> Result<Self> {
        let mut instance = PluginInstance::<Stage>::new(
            |()| Callbacks::default(),
            |_| (),
            &host.entry,
            &host.id,
            &host.info,
        )
        .context("cannot be started")?;
        let shared = instance.plugin_shared_handle();
        let report = shared.get_extension::<PluginReport>().context(
            "has no tatum.report/1, so it is no Tatum of this version; run `cargo xtask bundle`",
        )?;
        let render = shared.get_extension::<PluginRender>();
        let state = shared.get_extension::<PluginState>();
        let params = shared.get_extension::<PluginParams>();
        let ports = shared.get_extension::<PluginAudioPorts>().context("has no audio ports")?;
        let buses = Buses::new(&ports, &instance.plugin_handle(), block as usize);
        Ok(Self {
            instance,
            processor: None,
            buses,
            events: EventBuffer::with_capacity(1024),
            report,
            render,
            state,
            params,
            played: 0,
            latency: 0,
        })
    }

    /// Activates it as `setting` says and starts processing. It must not be active.
    pub(super) fn activate(&mut self, setting: Setting) -> Result<()> {
        let Self { instance, report, render, .. } = self;
        let offline = setting.clock == Clock::Offline;
        let mode = if offline { RenderMode::Offline } else { RenderMode::Realtime };
        match render {
            Some(render) => render.set(&instance.plugin_handle(), mode)?,
            None if offline => {
                bail!("cannot render offline: it has no `clap.render`; choose another --plugin")
            }
            None => (),
        }
        let configuration = PluginAudioConfiguration {
            sample_rate: f64::from(setting.rate_hz),
            min_frames_count: 1,
            max_frames_count: setting.block,
        };
        let stopped = instance
            .activate(|_, _| (), configuration)
            .with_context(|| format!("refuses {} Hz; choose another --rate", setting.rate_hz))?;
        report.lockstep(&instance.plugin_handle(), setting.clock == Clock::Lockstep);
        report.record(&instance.plugin_handle(), setting.record);
        let processor = match stopped.start_processing() {
            Ok(processor) => processor,
            Err(_) => bail!(
                "refuses to start processing at {} Hz; choose another --plugin, or audio at 44100 or 48000 Hz",
                setting.rate_hz
            ),
        };
        self.processor = Some(processor);
        // One that the user chooses from here on is for the next time.
        let plugin = self.instance.plugin_handle();
        let latency = plugin.get_extension::<PluginLatency>();
        self.latency = latency.map_or(0, |latency| latency.get(&plugin) as usize);
        self.buses.expect(self.latency);
        Ok(())
    }

    /// Puts `frames` samples of a song from `at` on into the plugin's main input.
    pub fn fill(&mut self, channels: &[Vec<f32>], at: usize, frames: usize) {
        self.buses.fill(channels, at, frames);
    }

    /// One `process` call over what [`fill`](Self::fill) put there.
    ///
    /// # Errors
    /// When the plugin says that it failed.
    pub fn process(&mut self, frames: usize) -> Result<()> {
        self.process_with(frames, &InputEvents::empty(), None)
    }

    /// The same, with what a DAW sends along.
    pub(super) fn process_with(
        &mut self,
        frames: usize,
        sent: &InputEvents,
        transport: Option<&TransportEvent>,
    ) -> Result<()> {
        let processor = self.processor.as_mut().context("has stopped processing")?;
        let (inputs, mut outputs) = self.buses.block(frames);
        self.events.clear();
        processor.process(
            &inputs,
            &mut outputs,
            sent,
            &mut self.events.as_output(),
            Some(self.played),
            transport,
        )?;
        self.played += frames as u64;
        Ok(())
    }

    /// Offsets in the last block at which notes began, as CLAP notes or as MIDI.
    pub fn notes(&self) -> impl Iterator<Item = i64> {
        self.events.iter().filter_map(note_on)
    }

    /// What a host's main thread does between blocks.
    pub fn idle(&mut self) {
        let asked = |host: &Callbacks| host.callback.swap(false, Ordering::AcqRel);
        if self.instance.access_shared_handler(asked) {
            self.instance.call_on_main_thread_callback();
        }
    }

    /// Stops processing; what was reported can still be fetched.
    pub fn stop(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.instance.deactivate(processor.stop_processing());
        }
    }

    /// How long after the sound things left so far, by what it is. Ends a recording; its other lines are
    /// lost if they were not fetched before.
    ///
    /// # Errors
    /// When a line cannot be read.
    pub fn latency(&mut self) -> Result<BTreeMap<String, Times>> {
        self.report.record(&self.instance.plugin_handle(), false);
        let mut lines = Vec::new();
        self.fetch(&mut lines)?;
        let times = lines.into_iter().find_map(|line| match line {
            Line::Latency(times) => Some(times),
            _ => None,
        });
        times.context("does not say how long things took")
    }

    /// Fetches the lines reported since the last time.
    ///
    /// # Errors
    /// When a line cannot be read.
    pub fn fetch(&mut self, lines: &mut Vec<Line>) -> Result<()> {
        let mut buffer = vec![0; FETCH_BYTES];
        loop {
            let bytes = self.report.drain(&self.instance.plugin_handle(), &mut buffer);
            if bytes.is_empty() {
                return Ok(());
            }
            for line in bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
                lines.push(serde_json::from_slice(line).with_context(|| {
                    format!(
                        "reports a line the stage cannot read: {}",
                        String::from_utf8_lossy(line)
                    )
                })?);
            }
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The offset of a note start in its block.
fn note_on(event: &clack_host::events::UnknownEvent) -> Option<i64> {
    let starts = match event.as_core_event()? {
        CoreEventSpace::NoteOn(_) => true,
        CoreEventSpace::Midi(midi) => midi.data()[0] & 0xF0 == 0x90 && midi.data()[2] > 0,
        _ => false,
    };
    starts.then(|| i64::from(event.header().time()))
}

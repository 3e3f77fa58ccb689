//! `Tatum`: the plugin as the host's formats see it, put together from engine, hub, outputs and editor.

use std::sync::Arc;

use nice_plug::prelude::*;

use crate::clap::param_out;
use crate::debounce::{Debounce, SETTLED_S};
use crate::delay::Delay;
use crate::editor;
use crate::engine::Engine;
use crate::health::Health;
use crate::hub::Hub;
use crate::hub::seat::Seat;
use crate::lane::lane;
use crate::outputs::Sinks;
use crate::outputs::cv::CV_PORTS;
use crate::params::TatumParams;
use crate::project;
use crate::report::{self, Recorder, Report};
use crate::snapshot::Snapshot;

/// One instance.
pub(crate) struct Tatum {
    params: Arc<TatumParams>,
    // The engine goes before the hub: the lane closes, then the worker is joined.
    engine: Engine,
    /// The audio of the aligned mode.
    delay: Delay,
    /// Samples of it that the host was told.
    look_ahead: u32,
    /// Samples that are chosen now.
    choice: Debounce<u32>,
    /// The worker's half, until the first activation gives it away.
    seat: Option<Seat>,
    hub: Option<Arc<Hub>>,
    /// What the editor draws, until it is made.
    pictures: Option<triple_buffer::Output<Snapshot>>,
}

impl Default for Tatum {
    /// Cheap enough for a scan: no thread is started and no model is loaded.
    fn default() -> Self {
        let params = Arc::new(TatumParams::default());
        let report = Arc::new(Report::default());
        report::created(&report);
        let (input, output) = triple_buffer::triple_buffer(&Snapshot::default());
        let (audio, worker) = lane();
        Self {
            engine: Engine::new(Arc::clone(&params), audio, Recorder::new(Arc::clone(&report))),
            delay: Delay::default(),
            look_ahead: 0,
            choice: Debounce::default(),
            seat: Some(Seat::new(worker, Arc::clone(&params), report, input)),
            params,
            hub: None,
            pictures: Some(output),
        }
    }
}

impl Tatum {
    /// Joins the worker, or starts it, on the first activation. Without one, audio passes all the
    /// same and the reason is shown.
    fn join_hub(&mut self) {
        let Some(mut seat) = self.seat.take() else { return };
        match Hub::shared() {
            Ok(hub) => {
                hub.admit(seat);
                if let Some(worker) = hub.worker() {
                    self.engine.lane_mut().attach(worker, hub.help());
                }
                self.hub = Some(hub);
            }
            Err(error) => {
                let reason = format!("no thread could be started ({error})");
                seat.fail(Health::WorkerFailed(reason.as_str().into()));
                self.seat = Some(seat);
            }
        }
    }
}

/// A layout of `channels` in and out, with the CV outputs beside them.
const fn layout(channels: u32, name: &'static str) -> AudioIOLayout {
    const CV: &[NonZeroU32] = &[new_nonzero_u32(1); CV_PORTS.len()];
    AudioIOLayout {
        main_input_channels: NonZeroU32::new(channels),
        main_output_channels: NonZeroU32::new(channels),
        aux_output_ports: CV,
        names: PortNames {
            layout: Some(name),
            aux_outputs: &CV_PORTS,
            ..PortNames::const_default()
        },
        ..AudioIOLayout::const_default()
    }
}

impl Plugin for Tatum {
    const NAME: &'static str = "Tatum";
    const VENDOR: &'static str = "The Tatum developers";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[layout(2, "Stereo"), layout(1, "Mono")];
    const MIDI_OUTPUT: MidiConfig = MidiConfig::MidiCCs;

    type Editor = editor::Editor;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn filter_state(state: &mut PluginState) {
        project::mend(state);
    }

    fn params(&self) -> Arc<dyn Params> {
        Arc::clone(&self.params) as Arc<dyn Params>
    }

    fn editor(&mut self, _: AsyncExecutor<Self>) -> Option<Self::Editor> {
        editor::create(Arc::clone(&self.params), self.pictures.take()?)
    }

    fn activate(
        &mut self,
        layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.join_hub();
        self.look_ahead = self.params.time.look_ahead(f64::from(config.sample_rate));
        let channels = layout.main_output_channels.map_or(0, |channels| channels.get() as usize);
        self.delay = Delay::new(channels, self.look_ahead as usize);
        context.set_latency_samples(self.look_ahead);
        self.engine.activate(config, self.look_ahead);
        true
    }

    fn reset(&mut self) {
        self.delay.reset();
        self.engine.reset();
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let transport = Transport { ..*context.transport() };
        // An event that the host has no room for is the host's to lose.
        let mut note = |event| {
            let _ = context.try_send_event(event);
        };
        let mut sinks = Sinks { note: &mut note, param: &mut param_out::send };
        self.engine.process(buffer.as_slice_immutable(), aux.outputs, &transport, &mut sinks);
        self.delay.process(buffer.as_slice());
        // The host hears of another look-ahead when it stands, and activates anew when it suits it; until then
        // audio and news stay as they are.
        let rate_hz = self.engine.rate_hz();
        let chosen = self.params.time.look_ahead(rate_hz);
        let settled = (SETTLED_S * rate_hz) as u64;
        let stands = self.choice.stands(chosen, buffer.samples(), settled);
        if stands && chosen != self.look_ahead {
            self.look_ahead = chosen;
            context.set_latency_samples(chosen);
        }
        ProcessStatus::KeepAlive
    }
}

impl ClapPlugin for Tatum {
    const CLAP_ID: &'static str = "dev.tatum.tatum";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("Hears beats, tempo, genre, mood and instruments; sends automation, MIDI and CV");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::AudioEffect,
        ClapFeature::Analyzer,
        ClapFeature::NoteDetector,
        ClapFeature::Utility,
        ClapFeature::Stereo,
        ClapFeature::Mono,
    ];
}

//! A session in clack-host: audio in, audio and events out.

use clack_extensions::audio_ports_config::PluginAudioPortsConfig;
use clack_extensions::render::{PluginRender, RenderMode};
use clack_host::events::event_types::ParamValueEvent;
use clack_host::events::io::EventBuffer;
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{Pckn, UnknownEvent};
use clack_host::prelude::*;
use clack_host::utils::ClapId;

/// The callbacks of a host that wants none.
pub(crate) struct Shared;
impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {}
}
/// A CLAP host.
pub(crate) struct Host;
impl HostHandlers for Host {
    type Shared<'a> = Shared;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();
}

/// A new instance, linked into this program.
pub(crate) fn plugin() -> PluginInstance<Host> {
    plugin_in("Tatum's tests")
}

/// A new instance in a host that gives itself this name.
pub(crate) fn plugin_in(host: &str) -> PluginInstance<Host> {
    let info = HostInfo::new(host, "", "", "1").expect("no null bytes");
    // SAFETY: the entry is linked into this program.
    let entry = unsafe { PluginEntry::load_from_raw(&tatum::clap_entry, c"/tests/tatum.clap") }
        .expect("the entry loads");
    let factory = entry.get_plugin_factory().expect("there is a factory");
    let id = factory.plugin_descriptor(0).expect("one plugin").id().expect("it has an id");
    PluginInstance::new(|_| Shared, |_| (), &entry, id, &info).expect("the plugin is made")
}

/// One event that left the plugin.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Sample of the stream.
    pub(crate) at: u64,
    /// What it says.
    pub(crate) kind: Kind,
}

/// What an event says: a parameter with the bits of its value, a gesture, a key, three bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Value(u32, u64),
    Begin(u32),
    End(u32),
    Note(i16),
    Midi([u8; 3]),
    Other(u16),
}

impl Event {
    fn new(event: &UnknownEvent, block: u64) -> Self {
        let id = |id: Option<ClapId>| id.map_or(u32::MAX, ClapId::get);
        let kind = match event.as_core_event() {
            Some(CoreEventSpace::ParamValue(e)) => {
                Kind::Value(id(e.param_id()), e.value().to_bits())
            }
            Some(CoreEventSpace::ParamGestureBegin(e)) => Kind::Begin(id(e.param_id())),
            Some(CoreEventSpace::ParamGestureEnd(e)) => Kind::End(id(e.param_id())),
            Some(CoreEventSpace::NoteOn(e)) => {
                Kind::Note(e.pckn().key.into_specific().map_or(-1, |key| key as i16))
            }
            Some(CoreEventSpace::Midi(e)) => Kind::Midi(e.data()),
            _ => Kind::Other(event.header().type_id()),
        };
        Self { at: block + u64::from(event.header().time()), kind }
    }
}

/// What one run gave.
pub(crate) struct Heard {
    /// The main bus, by channel.
    pub(crate) main: Vec<Vec<f32>>,
    /// The CV outputs.
    pub(crate) aux: Vec<Vec<f32>>,
    /// Everything else, in order.
    pub(crate) events: Vec<Event>,
}

/// How a run is hosted.
#[derive(Clone)]
pub(crate) struct Session<'a> {
    /// The host's rate.
    pub(crate) rate_hz: f64,
    /// Lengths of the blocks, over and over.
    pub(crate) blocks: &'a [usize],
    /// The longest block the host announces, if not the longest there is.
    pub(crate) announced: Option<u32>,
    /// Channels of the main bus.
    pub(crate) channels: usize,
    /// CV outputs the host passes.
    pub(crate) aux_ports: usize,
    /// Whether the host renders offline.
    pub(crate) offline: bool,
    /// Pairs of parameter and value sent with the first block.
    pub(crate) set: &'a [(u32, f64)],
}

/// Stereo at 48 kHz with everything there is, offline.
pub(crate) const SESSION: Session<'_> = Session {
    rate_hz: 48_000.0,
    blocks: &[512],
    announced: None,
    channels: 2,
    aux_ports: 4,
    offline: true,
    set: &[],
};

impl Session<'_> {
    /// Plays `inputs` through a new instance.
    pub(crate) fn play(&self, inputs: &[Vec<f32>]) -> Heard {
        let mut plugin = plugin();
        let heard = self.play_through(&mut plugin, inputs);
        drop(plugin);
        heard
    }

    /// Plays `inputs` through `plugin`.
    pub(crate) fn play_through(
        &self,
        plugin: &mut PluginInstance<Host>,
        inputs: &[Vec<f32>],
    ) -> Heard {
        let handle = plugin.plugin_handle();
        if self.channels == 1 {
            let configs: PluginAudioPortsConfig =
                handle.get_extension().expect("layouts can be chosen");
            configs.select(&handle, ClapId::new(1)).expect("mono is one of them");
        }
        let render: PluginRender = handle.get_extension().expect("it knows offline renders");
        let mode = if self.offline { RenderMode::Offline } else { RenderMode::Realtime };
        render.set(&handle, mode).expect("both modes are taken");
        let longest = *self.blocks.iter().max().expect("there are blocks");
        let processor = plugin
            .activate(
                |_, _| (),
                PluginAudioConfiguration {
                    sample_rate: self.rate_hz,
                    min_frames_count: 1,
                    max_frames_count: self.announced.unwrap_or(longest as u32),
                },
            )
            .expect("it activates");
        let mut processor = processor.start_processing().expect("it starts");

        let frames = inputs[0].len();
        let mut main: Vec<Vec<f32>> = vec![vec![7.0; frames]; self.channels];
        let mut aux: Vec<Vec<f32>> = vec![vec![7.0; frames]; self.aux_ports];
        let mut events = Vec::new();
        let mut in_ports = AudioPorts::with_capacity(self.channels, 1);
        let ports = 1 + self.aux_ports;
        let mut out_ports = AudioPorts::with_capacity(self.channels + self.aux_ports, ports);
        let mut inputs = inputs.to_vec();
        let (mut start, mut turn) = (0, 0);
        while start < frames {
            let end = frames.min(start + self.blocks[turn % self.blocks.len()]);
            let mut sent = EventBuffer::new();
            if turn == 0 {
                for &(id, value) in self.set {
                    let id = ClapId::new(id);
                    sent.push(&ParamValueEvent::new(0, id, Pckn::match_all(), value));
                }
            }
            let mut received = EventBuffer::new();
            let ins = in_ports.with_input_buffers([AudioPortBuffer {
                latency: 0,
                channels: AudioPortBufferType::f32_input_only(
                    inputs.iter_mut().map(|c| InputChannel::variable(&mut c[start..end])),
                ),
            }]);
            let main_port = main.iter_mut().map(|c| &mut c[start..end]).collect::<Vec<_>>();
            let aux_ports = aux.iter_mut().map(|c| vec![&mut c[start..end]]);
            let outs: Vec<_> = std::iter::once(main_port)
                .chain(aux_ports)
                .map(|channels| AudioPortBuffer {
                    latency: 0,
                    channels: AudioPortBufferType::f32_output_only(channels.into_iter()),
                })
                .collect();
            let mut outs = out_ports.with_output_buffers(outs);
            processor
                .process(
                    &ins,
                    &mut outs,
                    &sent.as_input(),
                    &mut received.as_output(),
                    Some(start as u64),
                    None,
                )
                .expect("the block is processed");
            let times: Vec<u32> = received.iter().map(|event| event.header().time()).collect();
            assert!(times.is_sorted(), "events leave in order: {times:?}");
            assert!(times.iter().all(|&time| (time as usize) < end - start), "inside the block");
            events.extend(received.iter().map(|event| Event::new(event, start as u64)));
            (start, turn) = (end, turn + 1);
        }
        plugin.deactivate(processor.stop_processing());
        Heard { main, aux, events }
    }
}

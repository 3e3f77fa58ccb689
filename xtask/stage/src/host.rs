//! A small CLAP host. One thread plays main thread and audio thread in turn, so a run is repeatable.

mod buses;
mod session;

use crate::report::{Line, PluginReport};
use crate::song::Song;
use anyhow::{Context, Result, bail};
use buses::Buses;
use clack_extensions::audio_ports::PluginAudioPorts;
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::events::spaces::CoreEventSpace;
use clack_host::prelude::*;
use std::env;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Silence after a song's end, in seconds: what is still on its way leaves in this time.
const TAIL_S: f64 = 0.5;
/// Lines are fetched this often, in samples, whatever the block size.
const DRAIN_EVERY: usize = 4096;
const DRAIN_BYTES: usize = 256 * 1024;

/// How to run the plugin.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    /// The causal engine in lock-step instead of an offline render.
    pub live: bool,
    /// Samples per `process` call.
    pub block: u32,
}

/// Everything that came out during one song.
#[derive(Debug, Default)]
pub struct Take {
    /// Report lines in the order they were written.
    pub lines: Vec<Line>,
    /// Sample positions of the notes in the plugin's event output.
    pub notes: Vec<i64>,
}

/// A loaded CLAP library.
pub struct Host {
    entry: PluginEntry,
    id: CString,
    info: HostInfo,
    path: PathBuf,
    model: Option<PathBuf>,
    tag_model: Option<PathBuf>,
}

impl Host {
    /// Loads a CLAP library and finds the one plugin in it. `model` replaces its own beat model.
    ///
    /// # Errors
    /// When the file is missing, or is no CLAP with a plugin.
    pub fn load(path: &Path, model: Option<&Path>) -> Result<Self> {
        if !path.exists() {
            bail!("{}: no plugin there; run `cargo xtask bundle`", path.display());
        }
        let path = path.canonicalize().with_context(|| path.display().to_string())?;
        let remedy =
            || format!("{}: is not a CLAP plugin; run `cargo xtask bundle`", path.display());
        // SAFETY: the user names a plugin to run; like every host we trust it to be a valid CLAP.
        let entry = unsafe { PluginEntry::load(&path) }.with_context(remedy)?;
        let id = entry
            .get_plugin_factory()
            .and_then(|factory| factory.plugin_descriptor(0)?.id().map(ToOwned::to_owned))
            .with_context(remedy)?;
        let info = HostInfo::new("Tatum Stage", "Tatum", "", env!("CARGO_PKG_VERSION"))?;
        let model = model.map(std::path::absolute).transpose().context("--model names no path")?;
        Ok(Self { entry, id, info, path, model, tag_model: None })
    }

    /// The same host, with `tag_model` in place of the plugin's own tag model.
    ///
    /// # Errors
    /// When it is no path.
    pub fn with_tag_model(mut self, tag_model: Option<&Path>) -> Result<Self> {
        self.tag_model =
            tag_model.map(std::path::absolute).transpose().context("--tag-model names no path")?;
        Ok(self)
    }

    /// Plays a song through a new instance. `progress` hears how many samples are done.
    ///
    /// # Errors
    /// When the plugin refuses a step of the way, or is not built from this project.
    pub fn play(&self, song: &Song, mode: Mode, progress: &dyn Fn(usize)) -> Result<Take> {
        self.run(song, mode, progress).with_context(|| self.path.display().to_string())
    }

    fn run(&self, song: &Song, mode: Mode, progress: &dyn Fn(usize)) -> Result<Take> {
        let mut instance = PluginInstance::<Stage>::new(
            |()| Callbacks::default(),
            |_| (),
            &self.entry,
            &self.id,
            &self.info,
        )
        .context("cannot be started")?;
        let shared = instance.plugin_shared_handle();
        let report = shared.get_extension::<PluginReport>().context(
            "has no tatum.report/1, so it is no Tatum of this version; run `cargo xtask bundle`",
        )?;
        let render = shared.get_extension::<PluginRender>();
        let state = shared.get_extension::<PluginState>();
        let ports = shared.get_extension::<PluginAudioPorts>().context("has no audio ports")?;
        let mut buses = Buses::new(&ports, &instance.plugin_handle(), mode.block as usize);
        let chosen = [(session::BEAT_MODEL, &self.model), (session::TAG_MODEL, &self.tag_model)];
        for (field, model) in chosen {
            let Some(model) = model else { continue };
            let state = state.context("cannot be given a model; run `cargo xtask bundle`")?;
            session::choose_model(&state, &instance.plugin_handle(), field, model)?;
        }
        if !mode.live {
            render
                .context("cannot render offline; try --live")?
                .set(&instance.plugin_handle(), RenderMode::Offline)?;
        }
        let configuration = PluginAudioConfiguration {
            sample_rate: f64::from(song.rate_hz),
            min_frames_count: 1,
            max_frames_count: mode.block,
        };
        let stopped = instance
            .activate(|_, _| (), configuration)
            .with_context(|| format!("refuses {} Hz; choose another --rate", song.rate_hz))?;
        report.lockstep(&instance.plugin_handle(), mode.live);
        report.record(&instance.plugin_handle(), true);
        let mut processor = match stopped.start_processing() {
            Ok(processor) => processor,
            Err(_) => bail!("does not start processing"),
        };

        let mut take = Take::default();
        let mut drain = Drain { report, buffer: vec![0; DRAIN_BYTES], last: 0 };
        let mut events = EventBuffer::with_capacity(1024);
        let tail = (TAIL_S * f64::from(song.rate_hz)) as usize + 2 * mode.block as usize;
        let end = song.frames() + tail;
        let mut at = 0;
        while at < end {
            let frames = (mode.block as usize).min(end - at);
            buses.fill(&song.channels, at, frames);
            let (inputs, mut outputs) = buses.block(frames);
            events.clear();
            processor.process(
                &inputs,
                &mut outputs,
                &InputEvents::empty(),
                &mut events.as_output(),
                Some(at as u64),
                None,
            )?;
            take.notes.extend(events.iter().filter_map(note_on).map(|offset| at as i64 + offset));
            at += frames;
            if instance.access_shared_handler(|host| host.callback.swap(false, Ordering::AcqRel)) {
                instance.call_on_main_thread_callback();
            }
            if at - drain.last >= DRAIN_EVERY || at == end {
                drain.fetch(&instance.plugin_handle(), &mut take.lines)?;
                drain.last = at;
                progress(at.min(song.frames()));
            }
        }
        instance.deactivate(processor.stop_processing());
        drain.fetch(&instance.plugin_handle(), &mut take.lines)?;
        Ok(take)
    }
}

/// Fetches report lines.
struct Drain {
    report: PluginReport,
    buffer: Vec<u8>,
    /// Position of the last fetch.
    last: usize,
}

impl Drain {
    fn fetch(&mut self, plugin: &PluginMainThreadHandle, lines: &mut Vec<Line>) -> Result<()> {
        loop {
            let bytes = self.report.drain(plugin, &mut self.buffer);
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

/// The offset of a note start in its block, as a CLAP note or as MIDI.
fn note_on(event: &clack_host::events::UnknownEvent) -> Option<i64> {
    let starts = match event.as_core_event()? {
        CoreEventSpace::NoteOn(_) => true,
        CoreEventSpace::Midi(midi) => midi.data()[0] & 0xF0 == 0x90 && midi.data()[2] > 0,
        _ => false,
    };
    starts.then(|| i64::from(event.header().time()))
}

/// Where `cargo xtask bundle` puts the plugin: beside the folder this program was built into.
#[must_use]
pub fn default_plugin() -> PathBuf {
    let this = env::current_exe().unwrap_or_default();
    let target = this.ancestors().nth(2).unwrap_or(Path::new("target"));
    target.join("bundled").join("tatum.clap")
}

/// This host's half of the callbacks; extensions of the host are none.
struct Stage;

impl HostHandlers for Stage {
    type Shared<'a> = Callbacks;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();
}

#[derive(Default)]
struct Callbacks {
    callback: AtomicBool,
}

impl SharedHandler<'_> for Callbacks {
    /// A restart would only change the latency, and positions here do not depend on it.
    fn request_restart(&self) {}
    /// Processing never pauses.
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback.store(true, Ordering::Release);
    }
}

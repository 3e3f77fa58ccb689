//! The plugin inside a VST3 host that nobody here wrote: vst3-host, with the built library in a
//! bundle as a user would have it.

mod signal;

use std::path::{Path, PathBuf};

use vst3_host::audio::{BusDirection, MediaType, SpeakerArrangement};
use vst3_host::plugin::ProcessMode;
use vst3_host::{Plugin, Vst3Host};

use signal::{drums, other};

/// The library built with this test, as a bundle in `folder`.
fn bundle(folder: &Path) -> PathBuf {
    let name = format!("{}tatum{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let test = std::env::current_exe().expect("this program has a path");
    let library = test.with_file_name(name);
    let bundle = folder.join("Tatum.vst3");
    let inside = if cfg!(target_os = "windows") {
        let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        format!("Contents/{arch}-win/Tatum.vst3")
    } else if cfg!(target_os = "macos") {
        String::from("Contents/MacOS/Tatum")
    } else {
        format!("Contents/{}-linux/Tatum.so", std::env::consts::ARCH)
    };
    let target = bundle.join(inside);
    std::fs::create_dir_all(target.parent().expect("it is inside the bundle"))
        .expect("the folder can be written");
    std::fs::copy(library, target).expect("the library was built");
    bundle
}

/// The folder lives as long as the plugin in it.
struct Studio {
    plugin: Plugin,
    _folder: tempfile::TempDir,
}

fn studio(rate_hz: f64, block: usize) -> Studio {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = bundle(folder.path());
    let mut host = Vst3Host::builder()
        .sample_rate(rate_hz)
        .block_size(block)
        .build()
        .expect("the host starts");
    let plugin = host.load_plugin(path).expect("the plugin loads");
    Studio { plugin, _folder: folder }
}

impl Studio {
    /// Switches the CV outputs on or off.
    fn cv(&mut self, active: bool) {
        for bus in 1..=4 {
            self.plugin
                .set_bus_active(MediaType::Audio, BusDirection::Output, bus, active)
                .expect("a CV output can be switched");
        }
    }

    /// Makes the main bus mono.
    fn mono(&mut self) {
        let mono = SpeakerArrangement::MONO;
        self.plugin.set_bus_arrangements(&[mono], &[mono; 5]).expect("mono is taken");
    }

    /// What leaves the main bus and the CV buses while `inputs` play.
    fn play(&mut self, inputs: &[Vec<f32>], block: usize) -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
        self.plugin.set_process_mode(ProcessMode::Offline).expect("offline is taken");
        self.plugin.start_processing().expect("it starts");
        let mut buffers = self.plugin.create_bus_audio_buffers(block).expect("there are buses");
        assert_eq!(buffers.inputs[0].channels.len(), inputs.len());
        let mut main = vec![Vec::new(); inputs.len()];
        let mut cv = vec![Vec::new(); buffers.outputs.len() - 1];
        for start in (0..inputs[0].len() - block + 1).step_by(block) {
            for (channel, input) in buffers.inputs[0].channels.iter_mut().zip(inputs) {
                channel.copy_from_slice(&input[start..start + block]);
            }
            self.plugin.process_bus_audio(&mut buffers).expect("the block is processed");
            let (first, rest) = buffers.outputs.split_first().expect("there is a main bus");
            for (all, channel) in main.iter_mut().zip(&first.channels) {
                all.extend_from_slice(channel);
            }
            for (all, bus) in cv.iter_mut().zip(rest) {
                all.extend_from_slice(&bus.channels[0]);
            }
        }
        self.plugin.stop_processing().expect("it stops");
        (main, cv)
    }
}

fn stereo(seconds: f64, rate_hz: f64, block: usize) -> Vec<Vec<f32>> {
    let mut left = drums(seconds, rate_hz);
    left.truncate(left.len() / block * block);
    let right = other(&left);
    vec![left, right]
}

#[test]
fn audio_passes_bit_for_bit_at_every_rate_and_block() {
    for rate_hz in [22_050.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0] {
        for block in [1, 32, 441, 8192] {
            let seconds = if block == 1 { 0.05 } else { 1.0 };
            let input = stereo(seconds, rate_hz, block);
            let (main, _) = studio(rate_hz, block).play(&input, block);
            assert!(main == input, "{rate_hz} Hz in blocks of {block}");
        }
    }
}

#[test]
fn mono_tracks_are_welcome() {
    let mut studio = studio(48_000.0, 512);
    studio.mono();
    let layout = studio.plugin.audio_bus_layout().expect("there are buses");
    assert_eq!((layout.inputs[0].channel_count, layout.outputs[0].channel_count), (1, 1));
    let input = &stereo(3.0, 48_000.0, 512)[..1];
    let (main, _) = studio.play(input, 512);
    assert!(main == input);
}

#[test]
fn cv_outputs_are_off_until_asked_for_and_may_be_switched() {
    let input = stereo(12.0, 48_000.0, 512);
    let mut studio = studio(48_000.0, 512);
    let layout = studio.plugin.audio_bus_layout().expect("there are buses");
    assert_eq!(layout.outputs.len(), 5, "main, beat, downbeat, onset, bar phase");
    let (main, silent) = studio.play(&input, 512);
    assert!(main == input, "audio passes with CV off");
    assert!(silent.iter().flatten().all(|&sample| sample == 0.0));
    studio.cv(true);
    let (main, cv) = studio.play(&input, 512);
    assert!(main == input, "audio passes with CV on");
    assert!(cv.iter().flatten().any(|&sample| sample > 0.0), "something is heard");
    studio.cv(false);
    let (main, _) = studio.play(&input, 512);
    assert!(main == input, "audio passes with CV off again");
}

#[test]
fn heard_parameters_come_back_as_output_parameters() {
    let mut studio = studio(48_000.0, 512);
    let parameters = studio.plugin.get_parameters().expect("it has parameters");
    let beat = parameters.iter().find(|parameter| parameter.name == "Beat").expect("beat").id;
    studio.play(&stereo(6.0, 48_000.0, 512), 512);
    let changes = studio.plugin.get_parameter_changes();
    let beats = changes.iter().filter(|(id, _)| *id == beat).count();
    assert!(beats > 0, "{} changes, none of the beat", changes.len());
}

#[test]
fn state_comes_back() {
    let mut first = studio(48_000.0, 512);
    first.plugin.set_parameter_by_name("MIDI channel", 9.0 / 15.0).expect("it is set");
    first.play(&stereo(0.2, 48_000.0, 512), 512);
    let saved = first.plugin.save_state().expect("it is saved");
    let mut second = studio(48_000.0, 512);
    second.plugin.load_state(&saved).expect("it is loaded");
    let channel = second.plugin.find_parameter("MIDI channel").expect("it has a channel").id;
    let value = second.plugin.get_parameter(channel).expect("it has a value");
    assert!((value - 9.0 / 15.0).abs() < 1e-6, "{value}");
}

#[test]
fn two_instances_and_many() {
    let input = stereo(1.0, 44_100.0, 256);
    let (mut first, mut second) = (studio(44_100.0, 256), studio(44_100.0, 256));
    assert!(first.play(&input, 256).0 == input);
    assert!(second.play(&input, 256).0 == input);
    drop(first);
    assert!(second.play(&input, 256).0 == input);
    drop(second);
    for _ in 0..3 {
        assert!(studio(44_100.0, 256).play(&input, 256).0 == input);
    }
}

//! A host that loads the built library, plays, and lets go of it: nothing of ours may run on. Alone
//! in its program, because it counts threads.

use std::path::PathBuf;

use clack_host::prelude::*;

struct Shared;
impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {}
}
struct Host;
impl HostHandlers for Host {
    type Shared<'a> = Shared;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();
}

/// The library built with this test.
fn library() -> PathBuf {
    let name = format!("{}tatum{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let test = std::env::current_exe().expect("this program has a path");
    test.with_file_name(name)
}

/// Waits until `count` workers run, since a thread names itself only once it runs.
fn expect_workers(count: usize, why: &str) {
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while cfg!(target_os = "linux") && workers() != count {
        assert!(std::time::Instant::now() < patience, "{why}: {} workers", workers());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Threads of this program that belong to plugins.
fn workers() -> usize {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
    tasks.flatten().filter_map(name).filter(|name| name.starts_with("tatum")).count()
}

#[test]
fn instances_come_and_go_and_leave_no_thread() {
    // ONNX Runtime keeps threads of its own until the program ends; this is about ours.
    // SAFETY: the only test of this program, before it starts a thread.
    unsafe { std::env::remove_var("TATUM_ONNXRUNTIME") };
    let info = HostInfo::new("Tatum's tests", "", "", "1").expect("no null bytes");
    for round in 0..3 {
        // SAFETY: the library is ours and was just built.
        let entry = unsafe { PluginEntry::load(library()) }.expect("the library loads");
        let factory = entry.get_plugin_factory().expect("there is a factory");
        let id = factory.plugin_descriptor(0).expect("one plugin").id().expect("it has an id");
        let make = || {
            PluginInstance::<Host>::new(|_| Shared, |_| (), &entry, id, &info).expect("it is made")
        };
        let mut plugins = [make(), make()];
        assert_eq!(workers(), 0, "a scan starts no thread");
        for rate_hz in [44_100.0, 8_000.0, 48_000.0] {
            for plugin in &mut plugins {
                play(plugin, rate_hz);
            }
        }
        expect_workers(1, "one worker serves both");
        let [first, second] = plugins;
        drop(first);
        expect_workers(1, "it serves the other still");
        drop(second);
        assert_eq!(workers(), 0, "round {round}: joined before the library goes");
        drop(entry);
    }
}

fn play(plugin: &mut PluginInstance<Host>, rate_hz: f64) {
    let config = PluginAudioConfiguration {
        sample_rate: rate_hz,
        min_frames_count: 1,
        max_frames_count: 256,
    };
    let processor = plugin.activate(|_, _| (), config).expect("it activates");
    let mut processor = processor.start_processing().expect("it starts");
    let mut ports = (AudioPorts::with_capacity(2, 1), AudioPorts::with_capacity(2, 1));
    let (mut input, mut output) = ([[0.5_f32; 256]; 2], [[0.0_f32; 256]; 2]);
    for _ in 0..40 {
        let ins = ports.0.with_input_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_input_only(
                input.iter_mut().map(InputChannel::variable),
            ),
        }]);
        let mut outs = ports.1.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(
                output.iter_mut().map(|channel| channel.as_mut_slice()),
            ),
        }]);
        processor
            .process(&ins, &mut outs, &InputEvents::empty(), &mut OutputEvents::void(), None, None)
            .expect("the block is processed");
        assert!(output == [[0.5; 256]; 2], "audio passes at {rate_hz} Hz");
    }
    plugin.deactivate(processor.stop_processing());
}

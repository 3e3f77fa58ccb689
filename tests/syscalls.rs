//! The audio thread makes no system call: counted by strace while this program plays itself a song.

#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "other tests use the rest")]
mod session;
#[allow(dead_code, reason = "other tests use the rest")]
mod signal;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use clack_host::prelude::*;

use session::plugin;
use signal::{drums, other};

/// Set in the program that strace watches.
const WATCHED: &str = "TATUM_WATCHED";
const BLOCK: usize = 512;
const SECONDS: f64 = 6.0;

/// A system call that nothing else here makes: it stands before and after every call of `process`.
fn mark() {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::syscall(libc::SYS_getppid) };
}

/// Plays in real time, as fast as the worker follows.
fn play() {
    let mut plugin = plugin();
    let configuration = PluginAudioConfiguration {
        sample_rate: 48_000.0,
        min_frames_count: 1,
        max_frames_count: BLOCK as u32,
    };
    let processor = plugin.activate(|_, _| (), configuration).expect("it activates");
    let mut processor = processor.start_processing().expect("it starts");
    let left = drums(SECONDS, 48_000.0);
    let right = other(&left);
    let (mut input, mut output) = ([[0.0; BLOCK]; 2], [[0.0; BLOCK]; 2]);
    let mut ports = (AudioPorts::with_capacity(2, 1), AudioPorts::with_capacity(2, 1));
    let mut received = EventBuffer::with_capacity(4096);
    for at in (0..left.len() - BLOCK).step_by(BLOCK) {
        for (input, song) in input.iter_mut().zip([&left, &right]) {
            input.copy_from_slice(&song[at..at + BLOCK]);
        }
        received.clear();
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
        let (sent, mut left) = (InputEvents::empty(), received.as_output());
        mark();
        let done = processor.process(&ins, &mut outs, &sent, &mut left, Some(at as u64), None);
        mark();
        done.expect("the block is processed");
        std::thread::sleep(Duration::from_millis(2));
    }
    plugin.deactivate(processor.stop_processing());
}

/// Names of the calls that each thread made between its marks, and how often it was marked.
fn between_marks(trace: &str) -> (BTreeMap<String, usize>, usize) {
    let (mut calls, mut marks) = (BTreeMap::new(), BTreeMap::<&str, usize>::new());
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(char::is_whitespace) else { continue };
        let call = call.trim_start();
        let name = call.strip_prefix("<... ").unwrap_or(call);
        let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if call.starts_with("getppid") {
            *marks.entry(thread).or_default() += 1;
        } else if name == "getppid" {
            // The second half of a mark that another thread's call cut in two.
        } else if marks.get(thread).is_some_and(|marks| marks % 2 == 1) {
            *calls.entry(name).or_default() += 1;
        }
    }
    (calls, marks.values().sum())
}

#[test]
fn the_audio_thread_makes_no_system_call() {
    if std::env::var_os(WATCHED).is_some() {
        return play();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let this = std::env::current_exe().expect("this program");
    let watched = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&trace)
        .arg(this)
        .args(["--exact", "the_audio_thread_makes_no_system_call", "--test-threads", "1"])
        .env(WATCHED, "1")
        .output();
    let output = match watched {
        Err(_) => return eprintln!("skipped: strace is not installed (`apt-get install strace`)"),
        Ok(output) => output,
    };
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("Operation not permitted") || said.contains("PTRACE") {
        return eprintln!("skipped: strace may not watch here: {said}");
    }
    assert!(output.status.success(), "{said}");
    let trace = std::fs::read_to_string(&trace).expect("strace wrote its trace");
    let (calls, marks) = between_marks(&trace);
    assert!(marks > 1000, "{marks} marks: too few blocks were watched");
    assert!(trace.contains("futex"), "the worker's calls are in the trace");
    assert!(calls.is_empty(), "system calls of the audio thread: {calls:?}");
}

#[test]
fn calls_between_marks_are_counted_by_thread() {
    let trace =
        "7 getppid() = 1\n8 futex(0x1) = 0\n7 write(1) = 1\n7 getppid() = 1\n7 read(0) = 0\n";
    let (calls, marks) = between_marks(trace);
    assert_eq!((calls, marks), (BTreeMap::from([("write".to_owned(), 1)]), 2));
}

//! The plugin inside a CLAP host that nobody here wrote: clack-host. Linked, not loaded, so that the
//! counting allocator below sees every allocation of the whole `process` call.

mod session;
mod signal;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Cursor;
use std::ptr;

use clack_extensions::params::{ParamInfoBuffer, PluginParams};
use clack_extensions::state::PluginState;
use clack_host::events::Pckn;
use clack_host::events::event_types::{ParamValueEvent, TransportEvent, TransportFlags};
use clack_host::events::io::EventBuffer;
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, ClapId, SecondsTime};
use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::events::{
    clap_event_header, clap_event_param_value, clap_input_events, clap_output_events,
};
use clap_sys::plugin::clap_plugin;
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process};

use session::{Event, Kind, SESSION, Session, plugin, plugin_in};
use signal::{drums, other};

/// Counts what the marked thread allocates and frees.
struct Counting;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    if WATCHED.get() {
        COUNT.set(COUNT.get() + 1);
    }
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: passed on as it came.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: passed on as it came.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: passed on as it came.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `call` allocates and frees on this thread.
fn allocations(call: impl FnOnce()) -> usize {
    COUNT.set(0);
    WATCHED.set(true);
    call();
    WATCHED.set(false);
    COUNT.get()
}

/// What the plugin says of a parameter, as near as its 32-bit values allow.
fn value(handle: &PluginMainThreadHandle<'_>, name: &str) -> f64 {
    let params: PluginParams = handle.get_extension().expect("it has parameters");
    let value = params.get_value(handle, ClapId::new(id(name))).expect("it knows the parameter");
    (value * 1e5).round() / 1e5
}

/// nice-plug's id of a parameter.
fn id(name: &str) -> u32 {
    name.bytes().fold(0_u32, |h, byte| h.wrapping_mul(31).wrapping_add(u32::from(byte)))
        & !(1 << 31)
}

fn stereo(seconds: f64, rate_hz: f64) -> Vec<Vec<f32>> {
    let left = drums(seconds, rate_hz);
    let right = other(&left);
    vec![left, right]
}

/// Notes of beats, downbeats and onsets.
fn notes(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event.kind, Kind::Note(36..=38))).count()
}

#[test]
fn audio_passes_bit_for_bit_at_every_rate_block_and_layout() {
    for rate_hz in [22_050.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0] {
        let input = stereo(1.0, rate_hz);
        for block in [1, 32, 441, 1024, 8192] {
            // A sample at a time is slow; a tenth of a second of it is enough.
            let frames = if block == 1 { input[0].len() / 10 } else { input[0].len() };
            for channels in [1, 2] {
                let input: Vec<_> =
                    input[..channels].iter().map(|c| c[..frames].to_vec()).collect();
                let blocks = [block];
                let session = Session { rate_hz, blocks: &blocks, channels, ..SESSION };
                assert!(session.play(&input).main == input, "{rate_hz} Hz, {block}, {channels}");
            }
        }
    }
}

#[test]
fn the_same_events_in_any_blocks() {
    let input = stereo(12.0, 48_000.0);
    let reference = SESSION.play(&input);
    assert!(notes(&reference.events) > 0, "something is heard");
    for blocks in [&[32][..], &[441], &[4096], &[8192], &[1, 700, 13, 64, 2048]] {
        let other = Session { blocks, ..SESSION }.play(&input);
        assert_eq!(other.events, reference.events, "blocks of {blocks:?}");
        assert!(other.aux == reference.aux, "CV, blocks of {blocks:?}");
    }
}

#[test]
fn values_leave_at_their_sample_with_gestures_around_them() {
    let write = [(id("write_automation"), 1.0)];
    let session = Session { blocks: &[1000], set: &write, ..SESSION };
    let heard = session.play(&stereo(4.0, 48_000.0));
    let of = |wanted: &str| {
        let wanted = id(wanted);
        heard.events.iter().filter(move |event| {
            matches!(event.kind, Kind::Value(id, _) | Kind::Begin(id) | Kind::End(id) if id == wanted)
        })
    };
    for name in ["beat", "downbeat", "onset", "bar_phase"] {
        let first = of(name).next().expect("the parameter is written");
        assert_eq!(first.kind, Kind::Begin(id(name)), "{name} begins with a gesture");
    }
    // A frame comes every 960 samples, so in blocks of 1000 its place in the block wanders.
    let values = of("beat").filter(|event| matches!(event.kind, Kind::Value(..)));
    let offsets: std::collections::BTreeSet<u64> = values.map(|event| event.at % 1000).collect();
    assert!(offsets.len() > 10, "{offsets:?}");
}

#[test]
fn where_edits_wait_for_a_window_none_pile_up_while_there_is_none() {
    let write = [(id("write_automation"), 1.0)];
    let session = Session { set: &write, ..SESSION };
    let heard = |host| {
        let mut plugin = plugin_in(host);
        session.play_through(&mut plugin, &stereo(2.0, 48_000.0)).events
    };
    let count = |events: &[Event], wanted: fn(&Kind) -> bool| {
        events.iter().filter(|event| wanted(&event.kind)).count()
    };
    let (usual, wrapped) = (heard("A host"), heard("A host (CLAP-as-VST3)"));
    let begins = |events: &[Event]| count(events, |kind| matches!(kind, Kind::Begin(_)));
    let values = |events: &[Event]| count(events, |kind| matches!(kind, Kind::Value(..)));
    assert_eq!(begins(&usual), 8);
    assert_eq!(begins(&wrapped), if cfg!(target_os = "linux") { 0 } else { 8 });
    assert_eq!(values(&wrapped), values(&usual), "what moves on screen moves all the same");
}

#[test]
fn missing_cv_outputs_change_nothing_else() {
    let input = stereo(3.0, 48_000.0);
    let all = SESSION.play(&input);
    for aux_ports in 0..4 {
        let some = Session { aux_ports, ..SESSION }.play(&input);
        assert!(some.main == input, "audio with {aux_ports} CV outputs");
        assert_eq!(some.events, all.events, "events with {aux_ports} CV outputs");
        assert!(some.aux == all.aux[..aux_ports], "CV with {aux_ports} outputs");
    }
    assert!(all.aux.iter().flatten().all(|sample| sample.is_finite() && *sample != 7.0));
}

#[test]
fn blocks_longer_than_announced_are_taken() {
    let input = stereo(6.0, 48_000.0);
    let reference = SESSION.play(&input);
    let session = Session { blocks: &[8192], announced: Some(64), ..SESSION };
    let heard = session.play(&input);
    assert!(heard.main == input);
    assert_eq!(heard.events, reference.events);
    assert!(heard.aux == reference.aux);
}

#[test]
fn playback_of_an_output_is_ignored_and_settings_are_not() {
    let played = [(id("tempo"), 0.9), (id("midi_channel"), 4.0)];
    let mut plugin = plugin();
    let session = Session { set: &played, ..SESSION };
    session.play_through(&mut plugin, &[vec![0.0; 512], vec![0.0; 512]]);
    let handle = plugin.plugin_handle();
    assert_eq!(value(&handle, "midi_channel"), 4.0);
    assert_ne!(value(&handle, "tempo"), 0.9);
}

#[test]
fn flush_is_filtered_too_and_bad_indices_are_refused() {
    let mut plugin = plugin();
    let mut sent = EventBuffer::new();
    for (name, value) in [("tempo", 0.9), ("midi_channel", 4.0)] {
        sent.push(&ParamValueEvent::new(0, ClapId::new(id(name)), Pckn::match_all(), value));
    }
    let params: PluginParams = plugin.plugin_handle().get_extension().expect("it has parameters");
    let mut received = EventBuffer::new();
    let mut inactive = plugin.inactive_plugin_handle().expect("it is not active");
    params.flush(&mut inactive, &sent.as_input(), &mut received.as_output());
    let handle = plugin.plugin_handle();
    assert_eq!(value(&handle, "midi_channel"), 4.0);
    assert_eq!(value(&handle, "tempo"), 0.0);
    let (mut info, count) = (ParamInfoBuffer::new(), params.count(&handle));
    assert!(params.get_info(&handle, count - 1, &mut info).is_some());
    for index in [count, count + 1, u32::MAX] {
        assert!(params.get_info(&handle, index, &mut info).is_none());
    }
}

#[test]
fn state_comes_back() {
    let mut first = plugin();
    let names = [("midi_channel", 6.0), ("write_automation", 1.0), ("tempo_min", 0.25)];
    let set = names.map(|(name, value)| (id(name), value));
    let silence = [vec![0.0; 512], vec![0.0; 512]];
    Session { set: &set, ..SESSION }.play_through(&mut first, &silence);
    let handle = first.plugin_handle();
    let state: PluginState = handle.get_extension().expect("it has state");
    let mut saved = Vec::new();
    state.save(&handle, &mut saved).expect("it is saved");
    let mut second = plugin();
    let handle = second.plugin_handle();
    let state: PluginState = handle.get_extension().expect("it has state");
    state.load(&handle, &mut Cursor::new(&saved)).expect("it is loaded");
    for (name, saved) in names {
        assert_eq!(value(&handle, name), saved, "{name}");
    }
    for garbage in [&b""[..], b"\x08\0\0\0\0\0\0\0not json", &saved[..saved.len() / 2]] {
        assert!(state.load(&handle, &mut Cursor::new(garbage)).is_err());
    }
}

#[test]
fn two_instances_do_not_hear_each_other() {
    let input = stereo(8.0, 48_000.0);
    let alone = SESSION.play(&input);
    let (heard, silent) = std::thread::scope(|scope| {
        let heard = scope.spawn(|| SESSION.play(&input));
        let silence = vec![vec![0.0; input[0].len()]; 2];
        let silent = scope.spawn(move || SESSION.play(&silence));
        (heard.join().expect("no panic"), silent.join().expect("no panic"))
    });
    assert_eq!(heard.events, alone.events);
    assert!(notes(&alone.events) > 0 && notes(&silent.events) == 0);
}

#[test]
fn transport_changes_inside_a_block_let_audio_pass() {
    let mut plugin = plugin();
    let processor = plugin
        .activate(
            |_, _| (),
            PluginAudioConfiguration {
                sample_rate: 48_000.0,
                min_frames_count: 1,
                max_frames_count: 256,
            },
        )
        .expect("it activates");
    let mut processor = processor.start_processing().expect("it starts");
    let mut channel = vec![0.25; 256];
    let mut out = vec![0.0; 256];
    let mut ports = (AudioPorts::with_capacity(1, 1), AudioPorts::with_capacity(1, 1));
    let mut sent = EventBuffer::new();
    for (time, tempo) in [(0, 100.0), (100, 140.0), (100, 150.0), (9999, 160.0)] {
        sent.push(&TransportEvent {
            header: clack_host::events::EventHeader::new_core(
                time,
                clack_host::events::EventFlags::empty(),
            ),
            flags: TransportFlags::HAS_TEMPO | TransportFlags::IS_PLAYING,
            song_pos_beats: BeatTime::from_int(0),
            song_pos_seconds: SecondsTime::from_int(0),
            tempo,
            tempo_inc: 0.0,
            loop_start_beats: BeatTime::from_int(0),
            loop_end_beats: BeatTime::from_int(0),
            loop_start_seconds: SecondsTime::from_int(0),
            loop_end_seconds: SecondsTime::from_int(0),
            bar_start: BeatTime::from_int(0),
            bar_number: 0,
            time_signature_numerator: 4,
            time_signature_denominator: 4,
        });
    }
    let ins = ports.0.with_input_buffers([AudioPortBuffer {
        latency: 0,
        channels: AudioPortBufferType::f32_input_only(std::iter::once(InputChannel::variable(
            &mut channel,
        ))),
    }]);
    let mut outs = ports.1.with_output_buffers([AudioPortBuffer {
        latency: 0,
        channels: AudioPortBufferType::f32_output_only(std::iter::once(out.as_mut_slice())),
    }]);
    let mut received = EventBuffer::new();
    processor
        .process(&ins, &mut outs, &sent.as_input(), &mut received.as_output(), None, None)
        .expect("the block is processed");
    assert!(out.iter().all(|&sample| sample == 0.25));
    plugin.deactivate(processor.stop_processing());
}

/// Room for events, made beforehand.
#[derive(Default)]
struct Sink {
    values: usize,
    /// Of them, values of the mood's valence.
    moods: usize,
    notes: usize,
}

unsafe extern "C" fn receive(
    list: *const clap_output_events,
    event: *const clap_event_header,
) -> bool {
    // SAFETY: `ctx` is the sink of the call below.
    unsafe {
        let sink = &mut *(*list).ctx.cast::<Sink>();
        match (*event).type_ {
            clap_sys::events::CLAP_EVENT_PARAM_VALUE => {
                let param = (*event.cast::<clap_event_param_value>()).param_id;
                sink.values += 1;
                sink.moods += usize::from(param == id("mood_valence"));
            }
            _ => sink.notes += 1,
        }
    }
    true
}

/// One block through the raw C call, with whatever pointers.
///
/// # Safety
/// The plugin is active and the buffers hold `frames` samples or are null.
unsafe fn raw_block(
    plugin: *const clap_plugin,
    frames: u32,
    ins: &mut [clap_audio_buffer],
    outs: &mut [clap_audio_buffer],
    sink: &mut Sink,
) -> i32 {
    let out_events =
        clap_output_events { ctx: ptr::from_mut(sink).cast(), try_push: Some(receive) };
    let process = clap_process {
        steady_time: -1,
        frames_count: frames,
        transport: ptr::null(),
        audio_inputs: if ins.is_empty() { ptr::null() } else { ins.as_ptr() },
        audio_outputs: if outs.is_empty() { ptr::null_mut() } else { outs.as_mut_ptr() },
        audio_inputs_count: ins.len() as u32,
        audio_outputs_count: outs.len() as u32,
        in_events: ptr::null::<clap_input_events>(),
        out_events: &out_events,
    };
    // SAFETY: the caller vouches for the plugin and the buffers.
    unsafe { (*plugin).process.expect("every plugin processes")(plugin, &process) }
}

fn buffer(channels: &mut [*mut f32]) -> clap_audio_buffer {
    clap_audio_buffer {
        data32: if channels.is_empty() { ptr::null_mut() } else { channels.as_mut_ptr() },
        data64: ptr::null_mut(),
        channel_count: channels.len() as u32,
        latency: 0,
        constant_mask: 0,
    }
}

#[test]
fn null_channels_do_no_harm() {
    let mut plugin = plugin();
    let processor = plugin
        .activate(
            |_, _| (),
            PluginAudioConfiguration {
                sample_rate: 44_100.0,
                min_frames_count: 1,
                max_frames_count: 128,
            },
        )
        .expect("it activates");
    let processor = processor.start_processing().expect("it starts");
    let raw = ptr::from_ref(plugin.raw_instance());
    let (mut left, mut out) = (vec![0.5_f32; 128], vec![0.0_f32; 128]);
    let null = ptr::null_mut();
    let mut sink = Sink::default();
    let inputs: [Vec<*mut f32>; 4] =
        [vec![], vec![null], vec![left.as_mut_ptr()], vec![null, left.as_mut_ptr()]];
    let outputs: [Vec<*mut f32>; 4] =
        [vec![], vec![null, null], vec![out.as_mut_ptr()], vec![out.as_mut_ptr(), null]];
    for mut input in inputs {
        for output in &outputs {
            for aux in 0..7 {
                let mut output = output.clone();
                let mut nulls = [null];
                let mut ins = [buffer(&mut input)];
                let mut outs = vec![buffer(&mut output)];
                outs.resize(1 + aux, buffer(&mut nulls));
                // SAFETY: active, and every pointer is null or to 128 samples.
                let status = unsafe { raw_block(raw, 128, &mut ins, &mut outs, &mut sink) };
                assert_ne!(status, CLAP_PROCESS_ERROR);
            }
        }
    }
    // SAFETY: as above.
    let status = unsafe { raw_block(raw, 128, &mut [], &mut [], &mut sink) };
    assert_ne!(status, CLAP_PROCESS_ERROR);
    plugin.deactivate(processor.stop_processing());
    // SAFETY: the plugin exists; an inactive one refuses.
    let status = unsafe { raw_block(raw, 128, &mut [], &mut [], &mut sink) };
    assert_eq!(status, CLAP_PROCESS_ERROR);
}

#[test]
fn process_allocates_nothing() {
    let mut plugin = plugin();
    let processor = plugin
        .activate(
            |_, _| (),
            PluginAudioConfiguration {
                sample_rate: 48_000.0,
                min_frames_count: 1,
                max_frames_count: 300,
            },
        )
        .expect("it activates");
    let processor = processor.start_processing().expect("it starts");
    let raw = ptr::from_ref(plugin.raw_instance());
    let mut input = stereo(10.0, 48_000.0);
    let mut output = vec![vec![0.0_f32; 512]; 6];
    let (mut sink, mut total) = (Sink::default(), 0);
    for block in 0..input[0].len() / 512 {
        let mut ins: Vec<_> = input.iter_mut().map(|c| c[block * 512..].as_mut_ptr()).collect();
        let mut pointers: Vec<_> = output.iter_mut().map(|c| c.as_mut_ptr()).collect();
        let (main, aux) = pointers.split_at_mut(2);
        // Some blocks come without CV, all are longer than announced: both are repaired.
        let mut outs = vec![buffer(main)];
        if block % 3 > 0 {
            outs.extend(aux.chunks_mut(1).map(buffer));
        }
        let mut ins = [buffer(&mut ins)];
        total += allocations(|| {
            // SAFETY: active, and every channel holds 512 samples.
            unsafe { raw_block(raw, 512, &mut ins, &mut outs, &mut sink) };
        });
        // The worker shares two cores with other tests; give it time for what should leave.
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    plugin.deactivate(processor.stop_processing());
    assert_eq!(total, 0, "allocations and frees in process");
    assert!(sink.values > 100, "nothing was sent: {} values", sink.values);
    assert!(sink.moods > 1, "no tags were sent");
}

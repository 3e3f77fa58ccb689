//! `Ports`: the audio buffers nice-plug gets, always whole, whatever the host passed.
//!
//! nice-plug skips `process` when an auxiliary bus is missing, and crashes on a null channel. Here
//! every channel of the layout points somewhere: to the host's memory where there is some, else to
//! silence (inputs) or to scratch (outputs). Made at activation, used by the audio thread, which
//! never allocates.

use std::ptr;

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::process::clap_process;

/// The buffers of one instance.
pub(super) struct Ports {
    inputs: Side,
    outputs: Side,
    /// Never written.
    silence: Vec<f32>,
    /// One stretch of `frames` samples per output channel.
    scratch: Vec<f32>,
    frames: usize,
}

/// All ports of one direction: pointers of all channels in a row, and CLAP's buffers over them.
struct Side {
    pointers: Vec<*mut f32>,
    buffers: Vec<clap_audio_buffer>,
}

impl Side {
    fn new(channels: &[u32]) -> Self {
        let mut pointers =
            vec![ptr::null_mut(); channels.iter().map(|&count| count as usize).sum()];
        let mut first = pointers.as_mut_ptr();
        let buffers = channels
            .iter()
            .map(|&channel_count| {
                let buffer = clap_audio_buffer {
                    data32: first,
                    data64: ptr::null_mut(),
                    channel_count,
                    latency: 0,
                    constant_mask: 0,
                };
                // SAFETY: `pointers` holds the channels of every port, so this stays within it or
                // one past its end.
                first = unsafe { first.add(channel_count as usize) };
                buffer
            })
            .collect();
        Self { pointers, buffers }
    }

    /// Points every channel at what `pointer(port, channel)` says.
    fn point(&mut self, mut pointer: impl FnMut(usize, usize) -> *mut f32) {
        let mut slot = 0;
        for (port, buffer) in self.buffers.iter().enumerate() {
            for channel in 0..buffer.channel_count as usize {
                self.pointers[slot] = pointer(port, channel);
                slot += 1;
            }
        }
    }
}

impl Ports {
    /// Buffers for slices of at most `frames` samples, with ports of these channel counts.
    pub(super) fn new(inputs: &[u32], outputs: &[u32], frames: usize) -> Self {
        let outputs = Side::new(outputs);
        Self {
            inputs: Side::new(inputs),
            silence: vec![0.0; frames],
            scratch: vec![0.0; frames * outputs.pointers.len()],
            outputs,
            frames,
        }
    }

    /// Points every channel at the host's memory from sample `start` on, or at our own. A mono
    /// host on a stereo layout hears its one channel on both.
    ///
    /// # Safety
    /// The buffers of `host` are valid for its block, and the slice is at most `frames` long.
    pub(super) unsafe fn point(&mut self, host: &clap_process, start: usize) {
        // SAFETY: the caller vouches for the host's buffers.
        let (ins, outs) = unsafe { (host_inputs(host), host_outputs(host)) };
        let silence = self.silence.as_mut_ptr();
        self.inputs.point(|port, channel| {
            // SAFETY: as above; `start` is within the block.
            let at = |channel| unsafe { channel_of(ins, port, channel) };
            let found = at(channel).or_else(|| if port == 0 { at(0) } else { None });
            // SAFETY: as above.
            found.map_or(silence, |found| unsafe { found.add(start) })
        });
        let (scratch, frames) = (self.scratch.as_mut_ptr(), self.frames);
        let mut slot = 0;
        self.outputs.point(|port, channel| {
            // SAFETY: `scratch` holds `frames` samples for every slot; the rest as above.
            unsafe {
                let own = scratch.add(slot * frames);
                slot += 1;
                channel_of(outs, port, channel).map_or(own, |found| found.add(start))
            }
        });
    }

    /// `host` with our buffers in place of its own.
    pub(super) fn wrap(&mut self, host: &clap_process) -> clap_process {
        clap_process {
            audio_inputs: self.inputs.buffers.as_ptr(),
            audio_inputs_count: self.inputs.buffers.len() as u32,
            audio_outputs: self.outputs.buffers.as_mut_ptr(),
            audio_outputs_count: self.outputs.buffers.len() as u32,
            ..*host
        }
    }

    /// Fills what nice-plug cannot know of: main channels beyond the layout pass through, other
    /// channels beyond it fall silent. Nothing that leaves is constant.
    ///
    /// # Safety
    /// The buffers of `host` are valid for its block.
    pub(super) unsafe fn finish(&self, host: &clap_process) {
        let frames = host.frames_count as usize;
        // SAFETY: the caller vouches for the host's buffers.
        unsafe {
            let (ins, outs) = (host_inputs(host), host_outputs(host));
            for (port, buffer) in outs.iter().enumerate() {
                let known = self.outputs.buffers.get(port).map_or(0, |own| own.channel_count);
                for channel in known as usize..buffer.channel_count as usize {
                    let Some(output) = channel_of(outs, port, channel) else { continue };
                    match channel_of(ins, port, channel).filter(|_| port == 0) {
                        Some(input) => ptr::copy(input, output, frames),
                        None => ptr::write_bytes(output, 0, frames),
                    }
                }
            }
            for port in 0..outs.len() {
                (*host.audio_outputs.add(port)).constant_mask = 0;
            }
        }
    }
}

/// The host's input ports.
///
/// # Safety
/// The buffers of `host` are valid.
unsafe fn host_inputs(host: &clap_process) -> &[clap_audio_buffer] {
    // SAFETY: the caller vouches for the buffers.
    unsafe { as_slice(host.audio_inputs, host.audio_inputs_count) }
}

/// The host's output ports.
///
/// # Safety
/// The buffers of `host` are valid.
unsafe fn host_outputs(host: &clap_process) -> &[clap_audio_buffer] {
    // SAFETY: the caller vouches for the buffers.
    unsafe { as_slice(host.audio_outputs, host.audio_outputs_count) }
}

/// `count` buffers at `start`, none when it is null.
///
/// # Safety
/// `start` is null or points to `count` buffers.
unsafe fn as_slice<'a>(start: *const clap_audio_buffer, count: u32) -> &'a [clap_audio_buffer] {
    // SAFETY: the caller vouches for the buffers.
    if start.is_null() { &[] } else { unsafe { std::slice::from_raw_parts(start, count as usize) } }
}

/// The samples of one channel, if the host passed them.
///
/// # Safety
/// The buffers are valid.
unsafe fn channel_of(ports: &[clap_audio_buffer], port: usize, channel: usize) -> Option<*mut f32> {
    let buffer = ports.get(port)?;
    if buffer.data32.is_null() || channel >= buffer.channel_count as usize {
        return None;
    }
    // SAFETY: the caller vouches for the buffers, and the channel is within them.
    let samples = unsafe { *buffer.data32.add(channel) };
    (!samples.is_null()).then_some(samples)
}

// SAFETY: the pointers lead into the vectors of the same struct, or are rewritten at the start of
// each call; they are never shared.
unsafe impl Send for Ports {}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(inputs: &mut [clap_audio_buffer], outputs: &mut [clap_audio_buffer]) -> clap_process {
        clap_process {
            steady_time: 0,
            frames_count: 4,
            transport: ptr::null(),
            audio_inputs: inputs.as_ptr(),
            audio_outputs: outputs.as_mut_ptr(),
            audio_inputs_count: inputs.len() as u32,
            audio_outputs_count: outputs.len() as u32,
            in_events: ptr::null(),
            out_events: ptr::null(),
        }
    }

    fn buffer(channels: &mut [*mut f32]) -> clap_audio_buffer {
        clap_audio_buffer {
            data32: channels.as_mut_ptr(),
            data64: ptr::null_mut(),
            channel_count: channels.len() as u32,
            latency: 0,
            constant_mask: 0,
        }
    }

    #[test]
    fn every_channel_points_somewhere() {
        let mut ports = Ports::new(&[2], &[2, 1, 1], 4);
        let mut audio = [1.0, 2.0, 3.0, 4.0];
        let mut mono = [audio.as_mut_ptr()];
        let mut null = [ptr::null_mut()];
        let mut ins = [buffer(&mut mono)];
        let mut outs = [buffer(&mut mono), buffer(&mut null)];
        let host = host(&mut ins, &mut outs);
        // SAFETY: the buffers are whole or missing, and the block has four samples.
        unsafe { ports.point(&host, 1) };
        let start = audio.as_mut_ptr().wrapping_add(1);
        assert_eq!(ports.inputs.pointers, [start, start]);
        assert_eq!(ports.outputs.pointers[0], start);
        assert!(ports.outputs.pointers.iter().all(|pointer| !pointer.is_null()));
        assert_eq!(ports.wrap(&host).audio_outputs_count, 3);
    }

    #[test]
    fn channels_beyond_the_layout_pass_through_or_fall_silent() {
        let ports = Ports::new(&[1], &[1], 4);
        let (mut left, mut right) = ([1.0_f32; 4], [2.0_f32; 4]);
        let (mut main_l, mut main_r, mut other) = ([9.0_f32; 4], [9.0_f32; 4], [9.0_f32; 4]);
        let mut input = [left.as_mut_ptr(), right.as_mut_ptr()];
        let mut main = [main_l.as_mut_ptr(), main_r.as_mut_ptr()];
        let mut unknown = [other.as_mut_ptr()];
        let mut ins = [buffer(&mut input)];
        let mut outs = [buffer(&mut main), buffer(&mut unknown)];
        let host = host(&mut ins, &mut outs);
        // SAFETY: the buffers are whole and four samples long.
        unsafe { ports.finish(&host) };
        assert_eq!((main_l, main_r, other), ([9.0; 4], [2.0; 4], [0.0; 4]));
    }
}

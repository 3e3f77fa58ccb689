//! The audio of one block, in the layout the plugin's ports ask for.

use clack_extensions::audio_ports::{AudioPortInfoBuffer, PluginAudioPorts};
use clack_host::prelude::*;
use std::collections::VecDeque;

/// Buffers for every port, `[port][channel][frame]`, and clack's tables of pointers to them.
pub(super) struct Buses {
    inputs: Vec<Vec<Vec<f32>>>,
    outputs: Vec<Vec<Vec<f32>>>,
    input_table: AudioPorts,
    output_table: AudioPorts,
    /// What the main output has to be next, by channel: the input that has not come out yet.
    expected: Vec<VecDeque<f32>>,
}

impl Buses {
    /// Asks the plugin for its ports. `block` is the largest number of frames.
    pub(super) fn new(
        ports: &PluginAudioPorts,
        plugin: &PluginMainThreadHandle,
        block: usize,
    ) -> Self {
        let layout = |is_input: bool| -> Vec<Vec<Vec<f32>>> {
            let channels = |index| {
                let mut buffer = AudioPortInfoBuffer::new();
                let info = ports.get(plugin, index, is_input, &mut buffer);
                info.map_or(0, |info| info.channel_count as usize)
            };
            (0..ports.count(plugin, is_input))
                .map(|index| vec![vec![0.0; block]; channels(index)])
                .collect()
        };
        let (inputs, outputs) = (layout(true), layout(false));
        // The table's capacity is the total of channels over all ports.
        let table = |buses: &[Vec<Vec<f32>>]| {
            AudioPorts::with_capacity(buses.iter().map(Vec::len).sum(), buses.len())
        };
        let (input_table, output_table) = (table(&inputs), table(&outputs));
        Self { inputs, outputs, input_table, output_table, expected: Vec::new() }
    }

    /// Copies `frames` samples from `at` on into the main input, silence after the end. A mono
    /// song plays on every channel; a stereo song is mixed down for a mono input.
    pub(super) fn fill(&mut self, song: &[Vec<f32>], at: usize, frames: usize) {
        let Some(main) = self.inputs.first_mut() else { return };
        let to_mono = main.len() == 1 && song.len() > 1;
        for (index, channel) in main.iter_mut().enumerate() {
            let channel = &mut channel[..frames];
            channel.fill(0.0);
            let (played, share) = if to_mono {
                (song, 1.0 / song.len() as f32)
            } else {
                let one = index.min(song.len() - 1);
                (&song[one..=one], 1.0)
            };
            for samples in played {
                let rest = samples.get(at..).unwrap_or_default();
                channel.iter_mut().zip(rest).for_each(|(sum, sample)| *sum += share * sample);
            }
        }
    }

    /// Room for blocks of `frames` samples, all silent.
    pub(super) fn resize(&mut self, frames: usize) {
        let channels = self.inputs.iter_mut().chain(&mut self.outputs).flatten();
        channels.for_each(|channel| *channel = vec![0.0; frames]);
    }

    /// The channels of the main input, to write the next block into.
    pub(super) fn main_input(&mut self) -> &mut [Vec<f32>] {
        self.inputs.first_mut().map(Vec::as_mut_slice).unwrap_or_default()
    }

    /// From here on the main output is the main input, `latency` samples later, after silence.
    pub(super) fn expect(&mut self, latency: usize) {
        let channels = self.inputs.first().map_or(0, Vec::len);
        self.expected = vec![vec![0.0; latency].into(); channels];
    }

    /// Whether the main output's first `frames` samples are what the main input was, bit for bit.
    pub(super) fn passed(&mut self, frames: usize) -> bool {
        let (Some(ins), Some(outs)) = (self.inputs.first(), self.outputs.first()) else {
            return false;
        };
        let mut same = ins.len() == outs.len();
        for ((expected, new), out) in self.expected.iter_mut().zip(ins).zip(outs) {
            expected.extend(&new[..frames]);
            let pairs = expected.drain(..frames).zip(&out[..frames]);
            same &= pairs.fold(true, |same, (a, b)| same & (a.to_bits() == b.to_bits()));
        }
        same
    }

    /// The first `frames` samples of every output beside the main one.
    pub(super) fn aux_outputs(&self, frames: usize) -> impl Iterator<Item = &[f32]> {
        self.outputs.iter().skip(1).flatten().map(move |channel| &channel[..frames])
    }

    /// The first `frames` samples of every port, for one `process` call.
    pub(super) fn block(
        &mut self,
        frames: usize,
    ) -> (InputAudioBuffers<'_>, OutputAudioBuffers<'_>) {
        let inputs = self.input_table.with_input_buffers(self.inputs.iter_mut().map(|port| {
            let channels = port.iter_mut().map(move |c| InputChannel::variable(&mut c[..frames]));
            AudioPortBuffer { latency: 0, channels: AudioPortBufferType::f32_input_only(channels) }
        }));
        let outputs = self.output_table.with_output_buffers(self.outputs.iter_mut().map(|port| {
            let channels = port.iter_mut().map(move |c| &mut c[..frames]);
            AudioPortBuffer { latency: 0, channels: AudioPortBufferType::f32_output_only(channels) }
        }));
        (inputs, outputs)
    }
}

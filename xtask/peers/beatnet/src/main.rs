//! beatnet-rs as a filter: mono 32-bit floats at 44.1 kHz in, `seconds<TAB>1 or 2` out.

use anyhow::{Context, Result};
use beatnet_rs::{BeatNet, BeatNetConfig, FrameOutput};
use std::fmt::Write as _;
use std::io::Read as _;

const RATE_HZ: u32 = 44_100;

fn main() -> Result<()> {
    let config = BeatNetConfig { sample_rate: RATE_HZ, channels: 1, ..Default::default() };
    let mut tracker = BeatNet::new(config).context("name ONNX Runtime in ORT_DYLIB_PATH")?;
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let samples: Vec<f32> =
        bytes.as_chunks().0.iter().map(|&sample| f32::from_le_bytes(sample)).collect();
    let mut text = String::new();
    let mut write = |frame: FrameOutput| {
        if let Some(beat) = frame.event {
            let _ = writeln!(text, "{:.6}\t{}", beat.time, if beat.downbeat { 1 } else { 2 });
        }
    };
    tracker.process(&samples, &mut write)?;
    tracker.finish(&mut write)?;
    print!("{text}");
    Ok(())
}

//! After warm-up a lane allocates nothing: not for features, not for decoding, and for inference no
//! more than the engine itself does.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use listener::{
    Activations, BANDS, BeatNet, Decoder, DecoderSettings, FeatureSpec, LaneFrame, LogMel,
    MelFrame, ModelFile, Runtime, SamplePos,
};
use tract_onnx::prelude::*;

const MODEL: &[u8] = include_bytes!("../../models/beats.onnx");

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn frame(k: i64) -> MelFrame {
    let bins = std::array::from_fn(|band| ((band as i64 * 7 + k * 3) % 11) as f32 / 8.0);
    MelFrame { at: SamplePos(882 * k), bins }
}

#[test]
fn features_and_decoding_allocate_nothing() {
    let mut mel = LogMel::new(&FeatureSpec::CURRENT, 44_100.0).expect("a legal rate");
    let mut decoder = Decoder::new(&FeatureSpec::CURRENT, 44_100.0, &DecoderSettings::default());
    let samples: Vec<f32> = (0..441).map(|k| (k as f32 * 0.1).sin()).collect();
    let mut beats = 0;
    let mut step = |k: i64| {
        mel.push(&samples, |_| ());
        let pulse = if k % 25 == 0 { 0.9 } else { 0.02 };
        let heard = Activations { beat: pulse, downbeat: pulse / 4.0, onset: pulse };
        beats += usize::from(decoder.step(SamplePos(882 * k), heard).beat.is_some());
    };
    (0..50).for_each(&mut step);
    assert_eq!(allocations(|| (50..1000).for_each(&mut step)), 0);
    assert!(beats > 20, "it did decode: {beats}");
}

/// Allocations of 100 frames in the engine alone, fed as plainly as can be.
fn of_the_engine_alone() -> usize {
    let file = ModelFile::read(MODEL).expect("a model");
    let (context, layers, hidden) = (file.shape.context, file.shape.layers, file.shape.hidden);
    let shapes = [
        vec![1, 1, BANDS],
        vec![1, context, BANDS],
        vec![layers, 1, hidden],
        vec![layers, 1, hidden],
    ];
    let mut model = tract_onnx::onnx()
        .model_for_read(&mut std::io::Cursor::new(MODEL))
        .expect("a graph")
        .with_input_names(["mel", "context", "h", "c"])
        .expect("inputs")
        .with_outputs_by_name(["activations", "context_out", "h_out", "c_out"])
        .expect("outputs");
    for (index, shape) in shapes.iter().enumerate() {
        model = model.with_input_fact(index, f32::fact(shape).into()).expect("a fact");
    }
    let plan = model.into_optimized().expect("optimised").into_runnable().expect("a plan");
    let inputs: Vec<Arc<Tensor>> =
        shapes.iter().map(|s| Arc::new(Tensor::zero::<f32>(s).expect("a tensor"))).collect();
    let run = || {
        let inputs = inputs.iter().map(|tensor| Arc::clone(tensor).into_tvalue()).collect();
        drop(plan.run(inputs).expect("a step"));
    };
    (0..20).for_each(|_| run());
    allocations(|| (0..100).for_each(|_| run()))
}

#[test]
fn inference_allocates_no_more_than_the_engine() {
    let mut net = BeatNet::from_bytes(MODEL, &FeatureSpec::CURRENT, &Runtime::Embedded)
        .expect("the model loads");
    let mut state = net.new_state();
    let mut step = |k| {
        let lane = LaneFrame { state: &mut state, frame: &frame(k), out: Activations::default() };
        net.step(&mut [lane]).expect("a step");
    };
    (0..20).for_each(&mut step);
    let ours = allocations(|| (20..120).for_each(&mut step));
    assert_eq!(ours, of_the_engine_alone());
}

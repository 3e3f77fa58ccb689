//! After warm-up a lane allocates nothing: not for features, not for inference by the embedded engine, not
//! for decoding.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use listener::{
    Activations, BeatNet, Decoder, DecoderSettings, FeatureSpec, LaneFrame, LogMel, MelFrame,
    Runtime, SamplePos, TagNet,
};

const MODEL: &[u8] = include_bytes!("../../models/beats.onnx");
const TAGS: &[u8] = include_bytes!("../../models/tags.onnx");

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

#[test]
fn inference_allocates_nothing() {
    let mut net = BeatNet::from_bytes(MODEL, &FeatureSpec::CURRENT, &Runtime::Embedded)
        .expect("the model loads");
    let mut state = net.new_state();
    let mut step = |k| {
        let lane = LaneFrame { state: &mut state, frame: &frame(k), out: Activations::default() };
        net.step(&mut [lane]).expect("a step");
    };
    (0..20).for_each(&mut step);
    assert_eq!(allocations(|| (20..120).for_each(&mut step)), 0);
}

#[test]
fn tagging_allocates_nothing() {
    let mut net = TagNet::from_bytes(TAGS, &FeatureSpec::CURRENT, &Runtime::Embedded)
        .expect("the model loads");
    let mut ear = net.new_ear();
    let mut step = |k| {
        if ear.push(&frame(k).bins) {
            net.step(&mut [&mut ear]).expect("a step");
        }
    };
    (0..100).for_each(&mut step);
    assert_eq!(allocations(|| (100..300).for_each(&mut step)), 0);
}

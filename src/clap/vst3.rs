//! The VST3 door: the same CLAP plugin through clap-wrapper, with what clap-wrapper gets wrong about
//! buses put right.
//!
//! clap-wrapper skips `process`, so that no audio passes, when the host leaves an output bus out or
//! empty, reads past the host's list of buses, refuses mono tracks, and calls every CV output a main
//! one that starts active. Its component is a C++ object; four entries of its tables of calls are
//! replaced by ours, once, when the first one is made. Channels that a host does not pass become null
//! and are filled in by the CLAP decorator.

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

use clap_wrapper as _;
use nice_plug::prelude::Plugin;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, BusDirection, BusDirections_, BusInfo, BusTypes_,
    IAudioProcessor, IAudioProcessorVtbl, IComponent, IComponentVtbl, MediaType, MediaTypes_,
    ProcessData, SpeakerArr, SpeakerArrangement,
};
use vst3::Steinberg::{
    FIDString, FUnknown, IPluginFactory, IPluginFactory2Trait, IPluginFactory3,
    IPluginFactory3Trait, IPluginFactoryTrait, PClassInfo, PClassInfo2, PClassInfoW, PFactoryInfo,
    int32, kInvalidArgument, kResultFalse, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComRef, ComWrapper};

use crate::Tatum;

/// Channels of the main bus, in and out, as clap-wrapper knows it: the plugin's first layout.
const MAIN_CHANNELS: usize = 2;
/// The auxiliary outputs, one channel each.
const AUX_OUTPUTS: usize = Tatum::AUDIO_IO_LAYOUTS[0].aux_output_ports.len();

unsafe extern "system" {
    fn clap_wrapper_GetPluginFactory() -> *mut c_void;
}

/// The symbol every VST3 host looks for. clap-wrapper's crate would export it too; ours is found
/// first, and leaves its crate's out of the library, as long as nothing else of that crate is exported: its feature
/// `auv2` is off.
#[unsafe(no_mangle)]
unsafe extern "system" fn GetPluginFactory() -> *mut c_void {
    // SAFETY: clap-wrapper gives a reference to its factory, or null.
    let inner =
        unsafe { ComPtr::from_raw(clap_wrapper_GetPluginFactory().cast::<IPluginFactory>()) };
    inner
        .and_then(|factory| factory.cast::<IPluginFactory3>())
        .and_then(|inner| ComWrapper::new(Factory { inner }).to_com_ptr::<IPluginFactory3>())
        .map_or(ptr::null_mut(), |factory| factory.into_raw().cast())
}

/// The other symbols that VST3 wants of a library, by platform.
mod module {
    macro_rules! pass_on {
        ($($name:ident => $inner:ident ($($argument:ident)?);)*) => {$(
            unsafe extern "system" {
                fn $inner($($argument: *mut std::ffi::c_void)?) -> bool;
            }
            #[unsafe(no_mangle)]
            unsafe extern "system" fn $name($($argument: *mut std::ffi::c_void)?) -> bool {
                // SAFETY: the same call, with the host's own argument.
                unsafe { $inner($($argument)?) }
            }
        )*};
    }

    #[cfg(all(target_family = "unix", not(target_os = "macos")))]
    pass_on! {
        ModuleEntry => clap_wrapper_ModuleEntry(library);
        ModuleExit => clap_wrapper_ModuleExit();
    }
    #[cfg(target_os = "macos")]
    pass_on! {
        bundleEntry => clap_wrapper_bundleEntry(library);
        bundleExit => clap_wrapper_bundleExit();
    }
    #[cfg(target_os = "windows")]
    pass_on! {
        InitDll => clap_wrapper_InitDll();
        ExitDll => clap_wrapper_ExitDll();
    }
}

/// clap-wrapper's factory, whose components leave with our calls in their tables.
struct Factory {
    inner: ComPtr<IPluginFactory3>,
}

impl Class for Factory {
    type Interfaces = (IPluginFactory3,);
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        // SAFETY: passed on as it came.
        unsafe { self.inner.getFactoryInfo(info) }
    }

    unsafe fn countClasses(&self) -> int32 {
        // SAFETY: passed on as it came.
        unsafe { self.inner.countClasses() }
    }

    unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
        // SAFETY: passed on as it came.
        unsafe { self.inner.getClassInfo(index, info) }
    }

    unsafe fn createInstance(
        &self,
        class: FIDString,
        interface: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        // SAFETY: passed on as it came; on success `object` is an interface of the new component,
        // which clap-wrapper makes and no other thread knows yet.
        unsafe {
            let result = self.inner.createInstance(class, interface, object);
            if result == kResultOk
                && let Some(made) = ComRef::from_raw((*object).cast::<FUnknown>())
            {
                dress(made);
            }
            result
        }
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        // SAFETY: passed on as it came.
        unsafe { self.inner.getClassInfo2(index, info) }
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        // SAFETY: passed on as it came.
        unsafe { self.inner.getClassInfoUnicode(index, info) }
    }

    unsafe fn setHostContext(&self, context: *mut FUnknown) -> tresult {
        // SAFETY: passed on as it came.
        unsafe { self.inner.setHostContext(context) }
    }
}

/// A table of C++ calls, with the two words that C++ keeps before it.
#[repr(C)]
struct Table<V> {
    before: [usize; 2],
    calls: V,
}

/// clap-wrapper's own tables and ours. All components are of one class and share them.
struct Tables {
    component: &'static IComponentVtbl,
    processor: &'static IAudioProcessorVtbl,
    our_component: Table<IComponentVtbl>,
    our_processor: Table<IAudioProcessorVtbl>,
}

static TABLES: OnceLock<Tables> = OnceLock::new();

/// Components, by the address of their processor, that run on a mono track. Main thread only.
static MONO: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());

/// Puts our calls into a component just made.
///
/// # Safety
/// `made` is a component of clap-wrapper's that only this thread knows.
unsafe fn dress(made: ComRef<'_, FUnknown>) {
    let (Some(component), Some(processor)) =
        (made.cast::<IComponent>(), made.cast::<IAudioProcessor>())
    else {
        return;
    };
    let (component, processor) = (component.as_ptr(), processor.as_ptr());
    // SAFETY: both point to objects that begin with a pointer to their table, which C++ keeps as
    // long as the library is loaded, with two words of its own before it.
    unsafe {
        let tables = TABLES.get_or_init(|| {
            let mut ours = Tables {
                component: &*(*component).vtbl,
                processor: &*(*processor).vtbl,
                our_component: copy((*component).vtbl),
                our_processor: copy((*processor).vtbl),
            };
            ours.our_component.calls.getBusInfo = get_bus_info;
            ours.our_processor.calls.setBusArrangements = set_bus_arrangements;
            ours.our_processor.calls.getBusArrangement = get_bus_arrangement;
            ours.our_processor.calls.process = process;
            ours
        });
        (*component).vtbl = &tables.our_component.calls;
        (*processor).vtbl = &tables.our_processor.calls;
    }
    set_mono(processor, false);
}

/// A copy of a C++ table of calls.
///
/// # Safety
/// `calls` is such a table.
unsafe fn copy<V>(calls: *const V) -> Table<V> {
    // SAFETY: the caller vouches for the table; the words before it are part of it.
    unsafe { ptr::read(calls.cast::<usize>().sub(2).cast::<Table<V>>()) }
}

fn set_mono(processor: *mut IAudioProcessor, mono: bool) {
    let mut known = MONO.lock().unwrap_or_else(PoisonError::into_inner);
    if mono {
        known.insert(processor.addr());
    } else {
        known.remove(&processor.addr());
    }
}

fn is_mono(processor: *mut IAudioProcessor) -> bool {
    MONO.lock().unwrap_or_else(PoisonError::into_inner).contains(&processor.addr())
}

/// Mono and stereo tracks are both welcome; of the CV outputs any may be missing.
unsafe extern "system" fn set_bus_arrangements(
    this: *mut IAudioProcessor,
    inputs: *mut SpeakerArrangement,
    input_count: int32,
    outputs: *mut SpeakerArrangement,
    output_count: int32,
) -> tresult {
    let (Ok(input_count), Ok(output_count)) =
        (usize::try_from(input_count), usize::try_from(output_count))
    else {
        return kInvalidArgument;
    };
    if inputs.is_null() || outputs.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: the host passes as many arrangements as it says.
    let (inputs, outputs) = unsafe {
        (
            std::slice::from_raw_parts(inputs, input_count),
            std::slice::from_raw_parts(outputs, output_count),
        )
    };
    let (&[input], [output, aux @ ..]) = (inputs, outputs) else { return kResultFalse };
    let known = [SpeakerArr::kMono, SpeakerArr::kStereo].contains(&input);
    let single = aux.len() <= AUX_OUTPUTS && aux.iter().all(|channels| channels.count_ones() <= 1);
    if !known || input != *output || !single {
        return kResultFalse;
    }
    set_mono(this, input == SpeakerArr::kMono);
    kResultOk
}

unsafe extern "system" fn get_bus_arrangement(
    this: *mut IAudioProcessor,
    direction: BusDirection,
    index: int32,
    arrangement: *mut SpeakerArrangement,
) -> tresult {
    let is_output = direction == BusDirections_::kOutput as BusDirection;
    let found = match usize::try_from(index) {
        Ok(0) if is_mono(this) => SpeakerArr::kMono,
        Ok(0) => SpeakerArr::kStereo,
        Ok(1..=AUX_OUTPUTS) if is_output => SpeakerArr::kMono,
        _ => return kInvalidArgument,
    };
    if arrangement.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: the host passes room for one arrangement.
    unsafe { *arrangement = found };
    kResultOk
}

unsafe extern "system" fn get_bus_info(
    this: *mut IComponent,
    kind: MediaType,
    direction: BusDirection,
    index: int32,
    info: *mut BusInfo,
) -> tresult {
    let Some(tables) = TABLES.get() else { return kResultFalse };
    // SAFETY: the call as it came; `this` is the component whose table holds this function.
    unsafe {
        let result = (tables.component.getBusInfo)(this, kind, direction, index, info);
        if result != kResultOk || kind != MediaTypes_::kAudio as MediaType {
            return result;
        }
        let processor =
            ComRef::from_raw(this).and_then(|component| component.cast::<IAudioProcessor>());
        let mono = processor.is_some_and(|processor| is_mono(processor.as_ptr()));
        if index == 0 && mono {
            (*info).channelCount = 1;
        } else if index > 0 {
            // CV is there for who asks for it; a track must not grow six channels by itself.
            (*info).busType = BusTypes_::kAux as i32;
            (*info).flags = 0;
        }
        result
    }
}

/// One bus as clap-wrapper wants it, over channels the host passed or null.
struct Bus {
    channels: [*mut f32; MAIN_CHANNELS],
}

impl Bus {
    /// The channels of bus `index` of the host's, null where it has none.
    ///
    /// # Safety
    /// `buses` is null or holds `count` buses with 32-bit channels.
    unsafe fn of(buses: *const AudioBusBuffers, count: int32, index: usize) -> Self {
        let mut channels = [ptr::null_mut(); MAIN_CHANNELS];
        if !buses.is_null() && index < usize::try_from(count).unwrap_or(0) {
            // SAFETY: the caller vouches for the buses.
            unsafe {
                let bus = &*buses.add(index);
                let pointers = bus.__field0.channelBuffers32;
                let known = usize::try_from(bus.numChannels).unwrap_or(0).min(MAIN_CHANNELS);
                if !pointers.is_null() {
                    ptr::copy_nonoverlapping(pointers, channels.as_mut_ptr(), known);
                }
            }
        }
        Self { channels }
    }

    /// The bus with its first `count` channels.
    fn buffers(&mut self, count: int32) -> AudioBusBuffers {
        AudioBusBuffers {
            numChannels: count,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 { channelBuffers32: self.channels.as_mut_ptr() },
        }
    }
}

/// Hands clap-wrapper every bus it knows, whatever the host passed. \[audio thread\]
unsafe extern "system" fn process(this: *mut IAudioProcessor, data: *mut ProcessData) -> tresult {
    let (Some(tables), false) = (TABLES.get(), data.is_null()) else { return kInvalidArgument };
    // SAFETY: the host passes a whole block, with 32-bit samples: clap-wrapper takes no other.
    unsafe {
        let host = &mut *data;
        let mut input = Bus::of(host.inputs, host.numInputs, 0);
        let mut outputs: [Bus; 1 + AUX_OUTPUTS] =
            std::array::from_fn(|index| Bus::of(host.outputs, host.numOutputs, index));
        let mut input = input.buffers(MAIN_CHANNELS as int32);
        let mut buffers = outputs.each_mut().map(|bus| bus.buffers(1));
        buffers[0].numChannels = MAIN_CHANNELS as int32;
        let mut whole = ProcessData {
            numInputs: 1,
            numOutputs: buffers.len() as int32,
            inputs: &mut input,
            outputs: buffers.as_mut_ptr(),
            ..*host
        };
        let result = (tables.processor.process)(this, &mut whole);
        if !host.outputs.is_null() {
            for index in 0..usize::try_from(host.numOutputs).unwrap_or(0) {
                (*host.outputs.add(index)).silenceFlags = 0;
            }
        }
        result
    }
}

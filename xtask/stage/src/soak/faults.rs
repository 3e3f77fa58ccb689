//! The host's half of `tatum.faults/1`, which only a plugin built with the feature `faults` has.

use clack_host::extensions::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::ffi::CStr;
use std::time::Duration;

/// What can be broken on purpose. The numbers are the extension's; an overflow is a stall during which
/// a lane plays on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Stall(Duration),
    Overflow,
    BeatError,
    BeatPanic,
    DecoderPanic,
    MessagePanic,
    TagError,
    TagPanic,
}

/// How long the worker stalls while a queue overflows.
pub(super) const OVERFLOW: Duration = Duration::from_millis(2500);
/// A short stall, milliseconds.
const SHORT_MS: std::ops::Range<u64> = 20..600;
/// Longer than the plugin waits in an offline render.
const LONG: Duration = Duration::from_millis(10_600);
/// Every so many faults the worker stalls that long.
const LONG_EVERY: u32 = 60;

impl Fault {
    /// One of them.
    pub(super) fn draw(dice: &mut ChaCha8Rng) -> Self {
        if dice.random_ratio(1, LONG_EVERY) {
            return Self::Stall(LONG);
        }
        match dice.random_range(0..8) {
            0 => Self::Stall(Duration::from_millis(dice.random_range(SHORT_MS))),
            1 => Self::Overflow,
            2 => Self::BeatError,
            3 => Self::BeatPanic,
            4 => Self::DecoderPanic,
            5 => Self::MessagePanic,
            6 => Self::TagError,
            _ => Self::TagPanic,
        }
    }

    /// Its name in the report.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Stall(time) if time > OVERFLOW => "worker stalls beyond the plugin's patience",
            Self::Stall(_) => "worker stalls",
            Self::Overflow => "queue overflows",
            Self::BeatError => "beat step fails",
            Self::BeatPanic => "beat step panics",
            Self::DecoderPanic => "decoder panics",
            Self::MessagePanic => "message panics",
            Self::TagError => "tag step fails",
            Self::TagPanic => "tag step panics",
        }
    }

    fn number(self) -> u32 {
        match self {
            Self::Stall(_) | Self::Overflow => 0,
            Self::BeatError => 1,
            Self::BeatPanic => 2,
            Self::DecoderPanic => 3,
            Self::MessagePanic => 4,
            Self::TagError => 5,
            Self::TagPanic => 6,
        }
    }

    fn amount(self) -> u32 {
        match self {
            Self::Stall(time) => time.as_millis() as u32,
            Self::Overflow => OVERFLOW.as_millis() as u32,
            _ => 1,
        }
    }
}

/// The C struct behind the extension's name.
#[repr(C)]
#[derive(Clone, Copy)]
struct RawFaults {
    arm: Option<unsafe extern "C" fn(u32, u32) -> bool>,
    armed: Option<unsafe extern "C" fn(u32) -> bool>,
}

/// The extension; the faults it arms are the process's.
#[derive(Clone, Copy)]
pub(crate) struct Faults(RawFaults);

// SAFETY: `RawFaults` is the repr(C) struct both sides agreed on under this identifier.
unsafe impl Extension for Faults {
    const IDENTIFIERS: &'static [&'static CStr] = &[c"tatum.faults/1"];
    type ExtensionSide = PluginExtensionSide;

    unsafe fn from_raw(raw: RawExtension<Self::ExtensionSide>) -> Self {
        // SAFETY: the caller got the pointer under our identifier, so it points to a `RawFaults`, which
        // is copied while the plugin is there.
        Self(unsafe { raw.cast::<RawFaults>().as_ptr().read() })
    }
}

impl Faults {
    /// Lets the worker meet `fault`.
    pub(super) fn arm(&self, fault: Fault) {
        self.set(fault.number(), fault.amount());
    }

    /// Whether the worker has yet to meet `fault`.
    pub(super) fn armed(&self, fault: Fault) -> bool {
        // SAFETY: the call takes and returns numbers, and the library stays loaded with the host.
        self.0.armed.is_some_and(|armed| unsafe { armed(fault.number()) })
    }

    /// Takes back what was not met.
    pub(super) fn disarm(&self) {
        (0..=Fault::TagPanic.number()).for_each(|number| self.set(number, 0));
    }

    fn set(&self, number: u32, amount: u32) {
        if let Some(arm) = self.0.arm {
            // SAFETY: as in `armed`.
            unsafe { arm(number, amount) };
        }
    }
}

//! Denormals count as zero, as on every audio thread: they are silence, and slow. What a lane hears must
//! not depend on whose thread serves it, so the worker has it the same.
//!
//! To the language the register is not ours to change: it may move arithmetic across the change. Nothing
//! here depends on where exactly it begins.

/// While it lives, denormals count as zero on this thread.
pub(crate) struct Flushed {
    before: control::Register,
    /// Of this thread, so it stays there.
    _stays: std::marker::PhantomData<*const ()>,
}

impl Flushed {
    /// From here on.
    pub(crate) fn here() -> Self {
        let before = control::read();
        control::write(before | control::FLUSH);
        Self { before, _stays: std::marker::PhantomData }
    }
}

impl Drop for Flushed {
    fn drop(&mut self) {
        control::write(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the control register of floating point has no safe access")]
mod control {
    use std::arch::asm;

    pub(super) type Register = u32;
    /// Results flushed to zero, and operands taken as zero: bits 15 and 6 of MXCSR (Intel SDM 1, 10.2.3).
    pub(super) const FLUSH: Register = 1 << 15 | 1 << 6;

    pub(super) fn read() -> Register {
        let mut register = 0;
        // SAFETY: stores the register into a place of its size.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut register, options(nostack)) };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: only bits that were read, and two that every processor of this kind has.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const register, options(nostack)) };
    }
}

#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code, reason = "the control register of floating point has no safe access")]
mod control {
    use std::arch::asm;

    pub(super) type Register = u64;
    /// Bit 24 of FPCR (Arm DDI 0595).
    pub(super) const FLUSH: Register = 1 << 24;

    pub(super) fn read() -> Register {
        let register;
        // SAFETY: reads the register.
        unsafe { asm!("mrs {}, fpcr", out(reg) register, options(nostack)) };
        register
    }

    pub(super) fn write(register: Register) {
        // SAFETY: only bits that were read, and one that every processor of this kind has.
        unsafe { asm!("msr fpcr, {}", in(reg) register, options(nostack)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod control {
    pub(super) type Register = u32;
    pub(super) const FLUSH: Register = 0;

    pub(super) fn read() -> Register {
        0
    }

    pub(super) fn write(_: Register) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn denormals_are_zero_while_it_lives() {
        let half = || black_box(f32::MIN_POSITIVE) * black_box(0.5);
        assert!(half() > 0.0);
        {
            let _flushed = Flushed::here();
            assert_eq!(half(), 0.0);
        }
        assert!(half() > 0.0);
    }
}

//! One body, two builds: the portable one, and one for AVX2 with fused multiply-add that is chosen
//! when the processor has it. Distributed binaries target any x86-64, and the compiler would
//! otherwise never use the wide registers that networks live on. AVX-512 has one function of its own, in `avx512.rs`.

/// Defines `fn name<FMA>(args)` whose body is compiled twice. `$fma` names a `const bool` in the body:
/// whether multiply-add is one instruction there (see [`mul_add`](crate::kernels::mul_add)).
#[macro_export]
macro_rules! vectorised {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$fma:ident>($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) {
            #[inline(always)]
            fn plain<const $fma: bool>($($arg: $ty),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn wide($($arg: $ty),*) {
                    plain::<true>($($arg),*);
                }
                if $crate::kernels::is_wide() {
                    #[allow(unsafe_code, reason = "the only way to call a function built for other features")]
                    // SAFETY: the processor was just asked for all features that `wide` is built for.
                    unsafe {
                        wide($($arg),*);
                    }
                    return;
                }
            }
            plain::<{ cfg!(target_arch = "aarch64") }>($($arg),*);
        }
    };
}

/// Whether the processor runs the wide build.
#[inline]
#[must_use]
pub fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// `a * b + c`, fused where that is one instruction and never a library call.
#[inline(always)]
#[must_use]
pub fn mul_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

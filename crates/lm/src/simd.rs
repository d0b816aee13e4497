//! Which vector instructions the kernels of the processor are compiled for: the widest that it has, or AVX2 where
//! `DUOLOGUE_SIMD=avx2` asks for the code path of a machine that has nothing wider.
//!
//! Everything that computes asks [`arch`], so one variable switches every kernel of a process, products included.

use std::sync::OnceLock;

use pulp::Arch;

/// The instruction set of this process.
pub(crate) fn arch() -> Arch {
    static ARCH: OnceLock<Arch> = OnceLock::new();
    *ARCH.get_or_init(|| named(host::machine::simd()))
}

/// The widest instruction set, or AVX2 if that is its name.
fn named(name: &str) -> Arch {
    #[cfg(target_arch = "x86_64")]
    if name == host::machine::AVX2
        && let Some(v3) = pulp::x86::V3::try_new()
    {
        return Arch::V3(v3);
    }
    let _ = name;
    Arch::new()
}

/// All instruction sets that this processor has.
#[cfg(test)]
pub(crate) fn archs() -> Vec<Arch> {
    let mut archs = vec![Arch::new(), Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    archs.extend(pulp::x86::V3::try_new().map(Arch::V3));
    archs
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn the_variable_s_word_chooses_avx2_where_the_processor_has_it() {
        let has_it = std::arch::is_x86_feature_detected!("avx2");
        assert_eq!(matches!(named("avx2"), Arch::V3(_)), has_it);
        assert_eq!(
            std::mem::discriminant(&named("avx512")),
            std::mem::discriminant(&Arch::new())
        );
    }
}

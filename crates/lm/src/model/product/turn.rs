//! Transposes squares of 16 × 16 values, to get from the layout of the forward pass to that of the backward pass.

use pulp::Arch;

use super::LINE;

/// 16 × 16 values, row after row.
pub(super) type Square = [[f32; LINE]; LINE];

/// How squares are transposed: in registers with AVX, otherwise value by value, which takes several times as long.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    #[cfg(target_arch = "x86_64")]
    avx: Option<pulp::core_arch::x86::Avx>,
}

impl Turn {
    pub(super) fn new(arch: Arch) -> Self {
        #[cfg(target_arch = "x86_64")]
        return Self {
            avx: match arch {
                Arch::V3(v3) => Some(v3.avx),
                Arch::V4(v4) => Some(v4.avx),
                _ => None,
            },
        };
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = arch;
            Self {}
        }
    }

    /// Writes the columns of a square as the rows of another.
    #[inline(always)]
    pub(super) fn square(self, from: &Square, to: &mut Square) {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx) = self.avx {
            for r in [0, 8] {
                for c in [0, 8] {
                    quarter(avx, from, (r, c), to);
                }
            }
            return;
        }
        for (k, line) in to.iter_mut().enumerate() {
            *line = std::array::from_fn(|c| from[c][k]);
        }
    }
}

/// The 8 × 8 values starting at row `r` and column `c`, in three rounds: by pairs, by fours, by halves.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn quarter(avx: pulp::core_arch::x86::Avx, from: &Square, (r, c): (usize, usize), to: &mut Square) {
    use std::arch::x86_64::__m256;
    const NONE: [f32; 8] = [0.0; 8];
    let mut rows: [__m256; 8] = [pulp::cast(NONE); 8];
    for i in 0..8 {
        rows[i] = pulp::cast(*from[r + i][c..].first_chunk::<8>().unwrap_or(&NONE));
    }
    let mut pairs = rows;
    for i in 0..4 {
        pairs[2 * i] = avx._mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = avx._mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
    }
    let mut fours = pairs;
    for i in [0, 4] {
        for j in 0..2 {
            let (a, b) = (pairs[i + j], pairs[i + j + 2]);
            fours[i + 2 * j] = avx._mm256_shuffle_ps::<0x44>(a, b);
            fours[i + 2 * j + 1] = avx._mm256_shuffle_ps::<0xee>(a, b);
        }
    }
    for i in 0..4 {
        let (a, b) = (fours[i], fours[i + 4]);
        let low: [f32; 8] = pulp::cast(avx._mm256_permute2f128_ps::<0x20>(a, b));
        let high: [f32; 8] = pulp::cast(avx._mm256_permute2f128_ps::<0x31>(a, b));
        to[c + i][r..r + 8].copy_from_slice(&low);
        to[c + i + 4][r..r + 8].copy_from_slice(&high);
    }
}

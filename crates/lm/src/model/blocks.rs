//! Values of ggml's blocks as f32, in loops that the compiler turns into vector instructions.
//!
//! Layouts and the order of operations are those of `dequantize_row_*` in `ggml-quants.c`, so the values are the same
//! bit for bit. Everything is inlined into the caller, who chooses the instructions: call it inside
//! [`pulp::Arch::dispatch`].

use half::slice::HalfFloatSliceExt;

/// 16 values, computed before the first is stored: otherwise, as far as the compiler knows, storing one could change
/// the block that the next is read from.
pub(super) type Line = [f32; 16];

#[inline(always)]
fn line_of(value: impl Fn(usize) -> f32) -> Line {
    let mut line = [0.0; 16];
    for (i, slot) in line.iter_mut().enumerate() {
        *slot = value(i);
    }
    line
}

/// 32 values, few enough to stay in registers.
pub(super) type Group = [Line; 2];

/// Values of a [`Group`].
pub(super) const GROUP_VALUES: usize = 32;

/// A block type: `BYTES` hold `PIECES` pieces of `GROUPS` groups of values. A trait, because calls of its methods are
/// always inlined; a function passed as a value would be compiled without the caller's instructions.
pub(super) trait Block<const BYTES: usize, const PIECES: usize, const GROUPS: usize> {
    /// What all values of a block have in common: its scales.
    type Head;

    fn head(block: &[u8; BYTES]) -> Self::Head;

    /// The piece with this number. Within a piece, the compiler knows every shift, and every offset from the first
    /// place.
    fn piece(block: &[u8; BYTES], head: &Self::Head, n: usize) -> [Group; GROUPS];
}

/// Decodes block after block. Each is cut off the front: a loop over an array of blocks would be turned into vectors
/// across blocks, which gather and scatter single values.
#[inline(always)]
pub(super) fn blocks<B, const BYTES: usize, const PIECES: usize, const GROUPS: usize>(
    mut source: &[u8],
    values: &mut [f32],
) where
    B: Block<BYTES, PIECES, GROUPS>,
{
    let (lines, _) = values.as_chunks_mut();
    let (groups, _) = lines.as_chunks_mut();
    let (pieces, _) = groups.as_chunks_mut();
    let mut decoded = pieces.as_chunks_mut::<PIECES>().0.iter_mut();
    while let (Some((block, following)), Some(pieces)) =
        (source.split_first_chunk(), decoded.next())
    {
        let head = B::head(block);
        for (n, piece) in pieces.iter_mut().enumerate() {
            *piece = B::piece(block, &head, n);
        }
        source = following;
    }
}

/// Numbers of f32.
#[inline(always)]
pub(super) fn f32s(source: &[u8], values: &mut [f32]) {
    for (value, bytes) in values.iter_mut().zip(source.as_chunks().0) {
        *value = f32::from_le_bytes(*bytes);
    }
}

/// Numbers of f16, in pieces, so that the processor's own conversion does many at once.
#[inline(always)]
pub(super) fn f16s(source: &[u8], values: &mut [f32]) {
    let mut piece = [half::f16::ZERO; 256];
    for (source, values) in source
        .chunks(2 * piece.len())
        .zip(values.chunks_mut(piece.len()))
    {
        for (half, bytes) in piece.iter_mut().zip(source.as_chunks().0) {
            *half = half::f16::from_le_bytes(*bytes);
        }
        piece[..values.len()].convert_to_f32_slice(values);
    }
}

/// Numbers of bf16, the upper halves of f32.
#[inline(always)]
pub(super) fn bf16s(source: &[u8], values: &mut [f32]) {
    for (value, bytes) in values.iter_mut().zip(source.as_chunks().0) {
        *value = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
    }
}

/// `N` bytes starting at an offset, read at once.
#[inline(always)]
fn bytes_at<const N: usize>(block: &[u8], place: usize) -> [u8; N] {
    block[place..].first_chunk().copied().unwrap_or([0; N])
}

/// The u32 at an offset.
#[inline(always)]
fn u32_at(block: &[u8], place: usize) -> u32 {
    u32::from_le_bytes(bytes_at(block, place))
}

/// The f16 at an offset, as f32; a call for each would cost more than everything else.
#[inline(always)]
fn f16_at(block: &[u8], place: usize) -> f32 {
    /// The exponent of an f16 is smaller than an f32's by this much, in an f32's bits.
    const REBIAS: u32 = (127 - 15) << 23;
    /// 2^-14, the smallest normal f16.
    const NORMAL: u32 = REBIAS + (1 << 23);
    let half = u32::from(u16::from_le_bytes(bytes_at(block, place)));
    // Exponent and mantissa where an f32 has them.
    let bits = (half & 0x7fff) << 13;
    let magnitude = match half & 0x7c00 {
        // Subnormal numbers lack the implicit leading 1.
        0 => f32::from_bits(bits + NORMAL) - f32::from_bits(NORMAL),
        // Infinity and NaN.
        0x7c00 => f32::from_bits(bits + 2 * REBIAS),
        _ => f32::from_bits(bits + REBIAS),
    };
    f32::from_bits(magnitude.to_bits() | (half & 0x8000) << 16)
}

/// 32 values: scale (f16), signed bytes.
pub(super) struct Q8_0;

impl Block<34, 1, 1> for Q8_0 {
    type Head = f32;

    #[inline(always)]
    fn head(block: &[u8; 34]) -> f32 {
        f16_at(block, 0)
    }

    #[inline(always)]
    fn piece(block: &[u8; 34], scale: &f32, _: usize) -> [Group; 1] {
        let line = |half: usize| {
            let bytes = &block[2 + 16 * half..][..16];
            line_of(|i| f32::from(bytes[i].cast_signed()) * scale)
        };
        [[line(0), line(1)]]
    }
}

/// 32 values: scale (f16), 16 bytes of which the low halves come first; 8 is zero.
pub(super) struct Q4_0;

impl Block<18, 1, 1> for Q4_0 {
    type Head = f32;

    #[inline(always)]
    fn head(block: &[u8; 18]) -> f32 {
        f16_at(block, 0)
    }

    #[inline(always)]
    fn piece(block: &[u8; 18], scale: &f32, _: usize) -> [Group; 1] {
        let numbers = &block[2..];
        let line = |half: usize| line_of(|i| (nibble(numbers, half, i) as f32 - 8.0) * scale);
        [[line(0), line(1)]]
    }
}

/// 32 values: scale and minimum (f16), halves as in [`Q4_0`]; a value is `scale * number + minimum`.
pub(super) struct Q4_1;

impl Block<20, 1, 1> for Q4_1 {
    type Head = (f32, f32);

    #[inline(always)]
    fn head(block: &[u8; 20]) -> (f32, f32) {
        (f16_at(block, 0), f16_at(block, 2))
    }

    #[inline(always)]
    fn piece(block: &[u8; 20], (scale, min): &(f32, f32), _: usize) -> [Group; 1] {
        let numbers = &block[4..];
        let line = |half: usize| line_of(|i| nibble(numbers, half, i) as f32 * scale + min);
        [[line(0), line(1)]]
    }
}

/// 32 values: scale (f16), a fifth bit of each in 4 bytes, halves as in [`Q4_0`]; 16 is zero.
pub(super) struct Q5_0;

impl Block<22, 1, 1> for Q5_0 {
    type Head = f32;

    #[inline(always)]
    fn head(block: &[u8; 22]) -> f32 {
        f16_at(block, 0)
    }

    #[inline(always)]
    fn piece(block: &[u8; 22], scale: &f32, _: usize) -> [Group; 1] {
        let fifths = u32_at(block, 2);
        let numbers = &block[6..];
        let line = |half: usize| {
            let fifths = fifth_bits(fifths, half);
            line_of(|i| {
                let number = nibble(numbers, half, i) | (fifths >> i & 16).cast_signed();
                (number as f32 - 16.0) * scale
            })
        };
        [[line(0), line(1)]]
    }
}

/// As [`Q5_0`] with the scale and minimum of [`Q4_1`].
pub(super) struct Q5_1;

impl Block<24, 1, 1> for Q5_1 {
    type Head = (f32, f32);

    #[inline(always)]
    fn head(block: &[u8; 24]) -> (f32, f32) {
        (f16_at(block, 0), f16_at(block, 2))
    }

    #[inline(always)]
    fn piece(block: &[u8; 24], (scale, min): &(f32, f32), _: usize) -> [Group; 1] {
        let fifths = u32_at(block, 4);
        let numbers = &block[8..];
        let line = |half: usize| {
            let fifths = fifth_bits(fifths, half);
            line_of(|i| {
                let number = nibble(numbers, half, i) | (fifths >> i & 16).cast_signed();
                number as f32 * scale + min
            })
        };
        [[line(0), line(1)]]
    }
}

/// Number `i` of the low (0) or high (1) halves of bytes.
#[inline(always)]
fn nibble(bytes: &[u8], half: usize, i: usize) -> i32 {
    i32::from(bytes[i] >> (4 * half) & 15)
}

/// The fifth bits of the first or second 16 numbers of a group, placed so that a shift by the number's place leaves
/// its bit where a number has it: 16.
#[inline(always)]
fn fifth_bits(bits: u32, half: usize) -> u32 {
    if half == 0 { bits << 4 } else { bits >> 12 }
}

/// 256 values: scale and scale of minima (f16), 8 scales and minima of 6 bits in 12 bytes, 4 bits a value. A piece has one
/// group: with two at once, the compiled code was eight times as slow.
pub(super) struct Q4K;

impl Block<144, 8, 1> for Q4K {
    type Head = Scales;

    #[inline(always)]
    fn head(block: &[u8; 144]) -> Scales {
        Scales::new(block)
    }

    #[inline(always)]
    fn piece(block: &[u8; 144], scales: &Scales, n: usize) -> [Group; 1] {
        let (scale, min) = scales.of_group(n);
        // The low halves of 32 bytes, then the high halves of the same bytes.
        let bytes = &block[16 + n / 2 * 32..][..32];
        let line = |l: usize| {
            line_of(|i| {
                let number = i32::from(bytes[16 * l + i]) >> (n % 2 * 4) & 15;
                scale * number as f32 - min
            })
        };
        [[line(0), line(1)]]
    }
}

/// As [`Q4K`], with a fifth bit of every value in 32 bytes before the halves.
pub(super) struct Q5K;

impl Block<176, 4, 2> for Q5K {
    type Head = Scales;

    #[inline(always)]
    fn head(block: &[u8; 176]) -> Scales {
        Scales::new(block)
    }

    #[inline(always)]
    fn piece(block: &[u8; 176], scales: &Scales, n: usize) -> [Group; 2] {
        let (numbers, fifths) = (&block[48 + 32 * n..][..32], &block[16..48]);
        let line = |half: usize, l: usize| {
            let (scale, min) = scales.of_group(2 * n + half);
            let bit = 1 << (2 * n + half);
            line_of(|i| {
                let place = 16 * l + i;
                let fifth = if fifths[place] & bit == 0 { 0 } else { 16 };
                scale * (nibble(numbers, half, place) | fifth) as f32 - min
            })
        };
        [[line(0, 0), line(0, 1)], [line(1, 0), line(1, 1)]]
    }
}

/// The head of [`Q4K`] and [`Q5K`]: a value of a group is `scale * number - min`.
pub(super) struct Scales {
    scales: [f32; 8],
    mins: [f32; 8],
}

impl Scales {
    /// Four at a time: the first four scales and minima have six bits in a byte each, the others have four bits in the
    /// last four bytes and the remaining two in the first eight.
    #[inline(always)]
    fn new(block: &[u8]) -> Self {
        let (scale, min) = (f16_at(block, 0), f16_at(block, 2));
        let (first, second, last) = (u32_at(block, 4), u32_at(block, 8), u32_at(block, 12));
        let whole = |packed: u32| packed & 0x3f3f_3f3f;
        let split = |low: u32, high: u32| low & 0x0f0f_0f0f | high >> 2 & 0x3030_3030;
        let widen = |factor: f32, low: u32, high: u32| {
            let (low, high) = (low.to_le_bytes(), high.to_le_bytes());
            let mut wide = [0.0; 8];
            for i in 0..4 {
                wide[i] = factor * f32::from(low[i]);
                wide[i + 4] = factor * f32::from(high[i]);
            }
            wide
        };
        Self {
            scales: widen(scale, whole(first), split(last, first)),
            mins: widen(min, whole(second), split(last >> 4, second)),
        }
    }

    #[inline(always)]
    fn of_group(&self, n: usize) -> (f32, f32) {
        (self.scales[n], self.mins[n])
    }
}

/// 256 values: 4 low bits of each, 2 high bits of each, 16 scales (signed bytes), scale (f16); 32 is zero.
pub(super) struct Q6K;

impl Block<210, 2, 4> for Q6K {
    type Head = Line;

    #[inline(always)]
    fn head(block: &[u8; 210]) -> Line {
        let scale = f16_at(block, 208);
        line_of(|i| scale * f32::from(block[192 + i].cast_signed()))
    }

    #[inline(always)]
    fn piece(block: &[u8; 210], scales: &Line, n: usize) -> [Group; 4] {
        let (low, high) = (&block[64 * n..][..64], &block[128 + 32 * n..][..32]);
        let line = |quarter: usize, l: usize| {
            let scale = scales[8 * n + 2 * quarter + l];
            let low = &low[quarter % 2 * 32..];
            line_of(|i| {
                let place = 16 * l + i;
                let high = i32::from(high[place] >> (2 * quarter) & 3) << 4;
                scale * ((nibble(low, quarter / 2, place) | high) as f32 - 32.0)
            })
        };
        let group = |quarter: usize| [line(quarter, 0), line(quarter, 1)];
        [group(0), group(1), group(2), group(3)]
    }
}

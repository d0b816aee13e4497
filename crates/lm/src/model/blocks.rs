//! Values of ggml's blocks as f32, in loops that the compiler turns into vector instructions.
//!
//! Layouts and the order of operations are those of `dequantize_row_*` in `ggml-quants.c`, so the values are the same
//! bit for bit. Everything is inlined into the caller, who chooses the instructions: call it inside
//! [`pulp::Arch::dispatch`].

use half::slice::HalfFloatSliceExt;

/// 16 values, computed before the first is stored: otherwise any of them could change the block that the next is read
/// from, as far as the compiler knows.
pub(super) type Line = [f32; 16];

#[inline(always)]
fn line_of(value: impl Fn(usize) -> f32) -> Line {
    let mut line = [0.0; 16];
    for (i, slot) in line.iter_mut().enumerate() {
        *slot = value(i);
    }
    line
}

/// A block type: `BYTES` hold `16 * LINES` values. A trait, because calls of its methods are always inlined; a function
/// handed over as a value would be compiled without the caller's instructions.
pub(super) trait Block<const BYTES: usize, const LINES: usize> {
    fn decode(block: &[u8; BYTES], lines: &mut [Line; LINES]);
}

/// Decodes block after block. Each is cut off the front: a loop over an array of blocks would be turned into vectors
/// across blocks, which gather and scatter single values.
#[inline(always)]
pub(super) fn blocks<B: Block<BYTES, LINES>, const BYTES: usize, const LINES: usize>(
    mut source: &[u8],
    values: &mut [f32],
) {
    let mut decoded = values.as_chunks_mut().0.as_chunks_mut().0.iter_mut();
    while let (Some((block, following)), Some(lines)) = (source.split_first_chunk(), decoded.next())
    {
        B::decode(block, lines);
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

/// An f16 as f32, where a call for each would cost more than all else.
#[inline(always)]
fn f16(bytes: [u8; 2]) -> f32 {
    /// The exponent of f16 is less by this in an f32's bits.
    const REBIAS: u32 = (127 - 15) << 23;
    const SIGN: u32 = 1 << 31;
    /// 2^-14, the smallest normal f16.
    const NORMAL: u32 = REBIAS + (1 << 23);
    let half = i16::from_le_bytes(bytes);
    // Sign, exponent and mantissa where an f32 has them.
    let bits = (i32::from(half) << 13).cast_unsigned() & 0x8fff_e000;
    match half & 0x7c00 {
        // Subnormal numbers: without the leading one that an exponent stands for.
        0 => {
            let value = f32::from_bits((bits & !SIGN) + NORMAL) - f32::from_bits(NORMAL);
            f32::from_bits(value.to_bits() | (bits & SIGN))
        }
        // Infinity and what is not a number.
        0x7c00 => f32::from_bits(bits + 2 * REBIAS),
        _ => f32::from_bits(bits + REBIAS),
    }
}

/// 32 values: scale (f16), signed bytes.
pub(super) struct Q8_0;

impl Block<34, 2> for Q8_0 {
    #[inline(always)]
    fn decode(block: &[u8; 34], lines: &mut [Line; 2]) {
        let scale = f16([block[0], block[1]]);
        for (line, bytes) in lines.iter_mut().zip(block[2..].as_chunks::<16>().0) {
            *line = line_of(|i| f32::from(bytes[i].cast_signed()) * scale);
        }
    }
}

/// 32 values: scale (f16), 16 bytes of which the low halves come first; 8 is zero.
pub(super) struct Q4_0;

impl Block<18, 2> for Q4_0 {
    #[inline(always)]
    fn decode(block: &[u8; 18], lines: &mut [Line; 2]) {
        let scale = f16([block[0], block[1]]);
        for (half, line) in lines.iter_mut().enumerate() {
            *line = line_of(|i| (f32::from(block[2 + i] >> (4 * half) & 15) - 8.0) * scale);
        }
    }
}

/// 256 values: scale and scale of minima (f16), 8 scales and minima of 6 bits in 12 bytes, 4 bits a value.
pub(super) struct Q4K;

impl Block<144, 16> for Q4K {
    #[inline(always)]
    fn decode(block: &[u8; 144], lines: &mut [Line; 16]) {
        let scales = Scales::new(block);
        for (n, line) in lines.iter_mut().enumerate() {
            let (scale, min) = scales.of(n / 2);
            // Two lines of low halves, then the high halves of the same bytes.
            let bytes = &block[16 + n / 4 * 32 + n % 2 * 16..][..16];
            *line = line_of(|i| scale * f32::from(bytes[i] >> (n / 2 % 2 * 4) & 15) - min);
        }
    }
}

/// As [`Q4K`], with a fifth bit of every value in 32 bytes before the halves.
pub(super) struct Q5K;

impl Block<176, 16> for Q5K {
    #[inline(always)]
    fn decode(block: &[u8; 176], lines: &mut [Line; 16]) {
        let scales = Scales::new(block);
        for (n, line) in lines.iter_mut().enumerate() {
            let (scale, min) = scales.of(n / 2);
            let bytes = &block[48 + n / 4 * 32 + n % 2 * 16..][..16];
            let fifths = &block[16 + n % 2 * 16..][..16];
            *line = line_of(|i| {
                let number = bytes[i] >> (n / 2 % 2 * 4) & 15 | (fifths[i] >> (n / 2) & 1) << 4;
                scale * f32::from(number) - min
            });
        }
    }
}

/// The head of [`Q4K`] and [`Q5K`]: a value is `scale * number - min`.
struct Scales<'a> {
    scale: f32,
    min: f32,
    packed: &'a [u8],
}

impl<'a> Scales<'a> {
    #[inline(always)]
    fn new(block: &'a [u8]) -> Self {
        Self {
            scale: f16([block[0], block[1]]),
            min: f16([block[2], block[3]]),
            packed: &block[4..16],
        }
    }

    /// Scale and minimum of the 32 values of this number.
    #[inline(always)]
    fn of(&self, i: usize) -> (f32, f32) {
        let p = self.packed;
        let (scale, min) = match i {
            0..4 => (p[i] & 63, p[i + 4] & 63),
            _ => (
                p[i + 4] & 15 | p[i - 4] >> 6 << 4,
                p[i + 4] >> 4 | p[i] >> 6 << 4,
            ),
        };
        (self.scale * f32::from(scale), self.min * f32::from(min))
    }
}

/// 256 values: 4 low bits of each, 2 high bits of each, 16 scales (signed bytes), scale (f16); 32 is zero.
pub(super) struct Q6K;

impl Block<210, 16> for Q6K {
    #[inline(always)]
    fn decode(block: &[u8; 210], lines: &mut [Line; 16]) {
        let scale = f16([block[208], block[209]]);
        for (n, line) in lines.iter_mut().enumerate() {
            let scale = scale * f32::from(block[192 + n].cast_signed());
            // The line is in one of two halves of 128 values, and there in one of four quarters.
            let (half, quarter, within) = (n / 8, n / 2 % 4, n % 2 * 16);
            let low = &block[64 * half + quarter % 2 * 32 + within..][..16];
            let high = &block[128 + 32 * half + within..][..16];
            *line = line_of(|i| {
                let number = low[i] >> (quarter / 2 * 4) & 15 | (high[i] >> (2 * quarter) & 3) << 4;
                scale * (f32::from(number) - 32.0)
            });
        }
    }
}

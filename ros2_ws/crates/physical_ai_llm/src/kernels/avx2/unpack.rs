//! One block of 32 rows of weights, unpacked and transposed with AVX2, 8 rows at a time.

use std::arch::x86_64::*;

use super::block::Block;
use crate::Format;
use crate::weight::TILE_ROWS;

/// Rows whose words fit into one register.
const LANES: usize = 8;

/// Unpacks block `index` of each of 32 rows.
///
/// # Safety
/// The CPU has AVX2 and F16C; `bytes` is 32 rows of whole blocks of 256 in `format`, and there is such a block.
#[target_feature(enable = "avx2,f16c")]
pub unsafe fn unpack(format: Format, bytes: &[u8], index: usize, out: &mut Block) {
    let stride = bytes.len() / TILE_ROWS;
    for first in (0..TILE_ROWS).step_by(LANES) {
        // SAFETY: the block of the first of 8 rows; see above.
        unsafe {
            let start = first * stride + index * format.block_bytes();
            let rows = Rows {
                block: bytes.as_ptr().add(start),
                stride,
            };
            match format {
                Format::Q6K => q6_k(rows, first, out),
                Format::Q5K => q5_k(rows, first, out),
                _ => q4_k(rows, first, out),
            }
        }
    }
}

/// The same block of 8 rows.
#[derive(Clone, Copy)]
struct Rows {
    block: *const u8,
    stride: usize,
}

impl Rows {
    /// 16 bytes of each row as 4 words.
    ///
    /// # Safety
    /// They are within the block.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn words(self, at: usize) -> [__m256i; 4] {
        // Rows 4 apart share a register, so that the words of all end up in order.
        let rows = |i: usize| {
            // SAFETY: as promised by the caller.
            unsafe {
                let row = self.block.add(i * self.stride + at);
                _mm256_loadu2_m128i(row.add(4 * self.stride).cast(), row.cast())
            }
        };
        transpose_4([rows(0), rows(1), rows(2), rows(3)])
    }

    /// Two bytes of each row, as halves.
    ///
    /// # Safety
    /// They are within the block.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn half(self, at: usize) -> __m256 {
        // SAFETY: as promised by the caller.
        let halves: [u16; LANES] = std::array::from_fn(|i| unsafe {
            self.block
                .add(i * self.stride + at)
                .cast::<u16>()
                .read_unaligned()
        });
        // SAFETY: eight halves.
        _mm256_cvtph_ps(unsafe { _mm_loadu_si128(halves.as_ptr().cast()) })
    }
}

/// Four words of each row to four rows of each word, in both halves of the registers.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose_4([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (ab, ab_high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let (cd, cd_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(ab, cd),
        _mm256_unpackhi_epi64(ab, cd),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    ]
}

impl Block {
    /// Stores words of 8 rows for one step of four weights.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn put_quants(&mut self, step: usize, first: usize, words: __m256i) {
        let to = &mut self.quants[(step * TILE_ROWS + first) * 4..][..32];
        // SAFETY: 32 bytes.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), words) }
    }

    /// Stores one group's scales of 8 rows, each twice as a 16-bit integer.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn put_scales(&mut self, group: usize, first: usize, scales: __m256i) {
        let to = &mut self.scales[group * TILE_ROWS + first..][..LANES];
        let both = _mm256_blend_epi16::<0xaa>(scales, _mm256_slli_epi32::<16>(scales));
        // SAFETY: 8 integers.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), both) }
    }

    /// Stores the minima of two groups of 8 rows.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn put_minima(&mut self, pair: usize, first: usize, even: __m256i, odd: __m256i) {
        let to = &mut self.minima[pair * TILE_ROWS + first..][..LANES];
        let both = _mm256_blend_epi16::<0xaa>(even, _mm256_slli_epi32::<16>(odd));
        // SAFETY: 8 integers.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), both) }
    }

    /// Stores what the scales of 8 rows are multiplied with.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn put_row_scales(&mut self, first: usize, scales: __m256) {
        let to = &mut self.row_scales[first..][..LANES];
        // SAFETY: 8 floats.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), scales) }
    }

    /// Stores what the minima of 8 rows are multiplied with.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn put_minimum_scales(&mut self, first: usize, scales: __m256) {
        let to = &mut self.minimum_scales[first..][..LANES];
        // SAFETY: 8 floats.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), scales) }
    }
}

/// Bits of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn bits<const SHIFT: i32>(words: __m256i, mask: i8) -> __m256i {
    _mm256_and_si256(_mm256_srli_epi16::<SHIFT>(words), _mm256_set1_epi8(mask))
}

/// The same, moved to the left, or by less than zero to the right, and joined with what is below.
#[inline]
#[target_feature(enable = "avx2")]
fn join<const LEFT: i32>(low: __m256i, words: __m256i, mask: i8) -> __m256i {
    let moved = if LEFT < 0 {
        _mm256_srl_epi16(words, _mm_cvtsi32_si128(-LEFT))
    } else {
        _mm256_sll_epi16(words, _mm_cvtsi32_si128(LEFT))
    };
    _mm256_or_si256(low, _mm256_and_si256(moved, _mm256_set1_epi8(mask)))
}

/// The halves in the lower part of each word.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn halves(words: __m256i) -> __m256 {
    let low = _mm256_and_si256(words, _mm256_set1_epi32(0xffff));
    let low = _mm_packus_epi32(
        _mm256_castsi256_si128(low),
        _mm256_extracti128_si256::<1>(low),
    );
    _mm256_cvtph_ps(low)
}

/// Scales and minima of Q4_K and Q5_K.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn scales_and_minima(rows: Rows, first: usize, out: &mut Block) {
    // SAFETY: a block begins with them.
    let [both, a, b, c] = unsafe { rows.words(0) };
    let scales = [bits::<0>(a, 63), join::<-2>(bits::<0>(c, 15), a, 48)];
    let minima = [bits::<0>(b, 63), join::<-2>(bits::<4>(c, 15), b, 48)];
    let byte = |words: [__m256i; 2], group: usize| {
        let count = _mm_cvtsi32_si128(8 * (group % 4) as i32);
        let word = _mm256_srl_epi32(words[group / 4], count);
        _mm256_and_si256(word, _mm256_set1_epi32(0xff))
    };
    for group in 0..8 {
        out.put_scales(group, first, byte(scales, group));
    }
    for pair in 0..4 {
        let (even, odd) = (byte(minima, 2 * pair), byte(minima, 2 * pair + 1));
        out.put_minima(pair, first, even, odd);
    }
    out.put_row_scales(first, halves(both));
    out.put_minimum_scales(first, halves(_mm256_srli_epi32::<16>(both)));
}

#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn q4_k(rows: Rows, first: usize, out: &mut Block) {
    // SAFETY: a block has 144 bytes.
    unsafe {
        scales_and_minima(rows, first, out);
        for portion in 0..8 {
            let words = rows.words(16 + 16 * portion);
            for (k, word) in words.into_iter().enumerate() {
                let step = portion / 2 * 16 + portion % 2 * 4 + k;
                out.put_quants(step, first, bits::<0>(word, 15));
                out.put_quants(step + 8, first, bits::<4>(word, 15));
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn q5_k(rows: Rows, first: usize, out: &mut Block) {
    // SAFETY: a block has 176 bytes.
    unsafe {
        scales_and_minima(rows, first, out);
        for side in 0..2 {
            let mut fifth = rows.words(16 + 16 * side);
            for part in 0..4 {
                let words = rows.words(48 + 32 * part + 16 * side);
                for (k, word) in words.into_iter().enumerate() {
                    let step = 16 * part + 4 * side + k;
                    let (low, high) = (bits::<0>(word, 15), bits::<4>(word, 15));
                    out.put_quants(step, first, join::<4>(low, fifth[k], 16));
                    out.put_quants(step + 8, first, join::<3>(high, fifth[k], 16));
                    // The next two groups have the next two bits.
                    fifth[k] = _mm256_srli_epi16::<2>(fifth[k]);
                }
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn q6_k(rows: Rows, first: usize, out: &mut Block) {
    // SAFETY: a block has 210 bytes.
    unsafe {
        for side in 0..4 {
            let (part, side) = (side / 2, side % 2);
            let start = 64 * part + 16 * side;
            let (a, b) = (rows.words(start), rows.words(start + 32));
            let tops = rows.words(128 + 32 * part + 16 * side);
            for k in 0..4 {
                let step = 32 * part + 4 * side + k;
                let (a, b, top) = (a[k], b[k], tops[k]);
                out.put_quants(step, first, join::<4>(bits::<0>(a, 15), top, 48));
                out.put_quants(step + 8, first, join::<2>(bits::<0>(b, 15), top, 48));
                out.put_quants(step + 16, first, join::<0>(bits::<4>(a, 15), top, 48));
                out.put_quants(step + 24, first, join::<-2>(bits::<4>(b, 15), top, 48));
            }
        }
        let d = rows.half(208);
        out.put_row_scales(first, d);
        for (four, word) in rows.words(192).into_iter().enumerate() {
            let scale = |i: i32| {
                let up = _mm256_sll_epi32(word, _mm_cvtsi32_si128(24 - 8 * i));
                _mm256_srai_epi32::<24>(up)
            };
            let scales = [scale(0), scale(1), scale(2), scale(3)];
            for (i, scale) in scales.into_iter().enumerate() {
                out.put_scales(4 * four + i, first, scale);
            }
            out.put_minima(2 * four, first, scales[0], scales[1]);
            out.put_minima(2 * four + 1, first, scales[2], scales[3]);
        }
        // A weight is `d · scale · (q − 32)`.
        out.put_minimum_scales(first, _mm256_mul_ps(d, _mm256_set1_ps(32.0)));
    }
}

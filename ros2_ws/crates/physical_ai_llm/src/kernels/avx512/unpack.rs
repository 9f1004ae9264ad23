//! One block of 32 rows of weights, unpacked and transposed.
//!
//! Four packed bytes of 16 rows are brought together in one register before their bits are taken apart,
//! so that everything is done for 16 rows at once.

use std::arch::x86_64::*;

use crate::Format;
use crate::kernels::block::{Block, ROWS};

/// Unpacks block `index` of each of 32 rows.
///
/// # Safety
/// The CPU has AVX-512 F, BW and VL; `bytes` is 32 rows of whole blocks of 256 in `format`, and there is
/// such a block.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,f16c")]
pub unsafe fn unpack(format: Format, bytes: &[u8], index: usize, out: &mut Block<f32>) {
    let stride = bytes.len() / ROWS;
    out.group = if format == Format::Q6K { 16 } else { 32 };
    for half in 0..2 {
        // SAFETY: the block of the first of 16 rows; see above.
        unsafe {
            let start = half * 16 * stride + index * format.block_bytes();
            let rows = Rows {
                first: bytes.as_ptr().add(start),
                stride,
            };
            match format {
                Format::Q6K => q6_k(rows, half, out),
                Format::Q5K => q5_k(rows, half, out),
                _ => q4_k(rows, half, out),
            }
        }
    }
}

/// The same block of 16 rows.
#[derive(Clone, Copy)]
struct Rows {
    first: *const u8,
    stride: usize,
}

impl Rows {
    /// Four bytes of each row.
    ///
    /// # Safety
    /// They are within the block.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn word(self, at: usize) -> __m512i {
        let lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        let offsets = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(self.stride as i32));
        // SAFETY: as promised by the caller.
        unsafe { _mm512_i32gather_epi32::<1>(offsets, self.first.add(at).cast()) }
    }

    /// 64 bytes of each row as 16 words.
    ///
    /// # Safety
    /// They are within the block.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn words(self, at: usize) -> [__m512i; 16] {
        let row = |i: usize| {
            // SAFETY: as promised by the caller.
            unsafe { _mm512_loadu_si512(self.first.add(i * self.stride + at).cast()) }
        };
        let mut pairs = [_mm512_setzero_si512(); 16];
        for i in 0..8 {
            let (a, b) = (row(2 * i), row(2 * i + 1));
            pairs[2 * i] = _mm512_unpacklo_epi32(a, b);
            pairs[2 * i + 1] = _mm512_unpackhi_epi32(a, b);
        }
        // `fours[4 i + j]` holds word j of each quarter, of rows 4 i to 4 i + 3.
        let mut fours = pairs;
        for i in 0..4 {
            for high in 0..2 {
                let (a, b) = (pairs[4 * i + high], pairs[4 * i + 2 + high]);
                fours[4 * i + 2 * high] = _mm512_unpacklo_epi64(a, b);
                fours[4 * i + 2 * high + 1] = _mm512_unpackhi_epi64(a, b);
            }
        }
        let mut words = pairs;
        for j in 0..4 {
            let (a, b) = (fours[j], fours[4 + j]);
            let (c, d) = (fours[8 + j], fours[12 + j]);
            // Quarters 0 and 1, then 2 and 3.
            let low = _mm512_shuffle_i32x4::<0x44>(a, b);
            let high = _mm512_shuffle_i32x4::<0xee>(a, b);
            let low_after = _mm512_shuffle_i32x4::<0x44>(c, d);
            let high_after = _mm512_shuffle_i32x4::<0xee>(c, d);
            words[j] = _mm512_shuffle_i32x4::<0x88>(low, low_after);
            words[4 + j] = _mm512_shuffle_i32x4::<0xdd>(low, low_after);
            words[8 + j] = _mm512_shuffle_i32x4::<0x88>(high, high_after);
            words[12 + j] = _mm512_shuffle_i32x4::<0xdd>(high, high_after);
        }
        words
    }
}

impl Block<f32> {
    /// Stores words of 16 rows for one step of four weights.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn set_quants(&mut self, step: usize, half: usize, words: __m512i) {
        let to = &mut self.quants[step * ROWS * 4 + half * 64..][..64];
        // SAFETY: 64 bytes.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), words) }
    }

    /// Stores one group's scales of 16 rows.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn set_scales(&mut self, group: usize, half: usize, d: __m512, scales: __m512i) {
        let to = &mut self.scales[group * ROWS + half * 16..][..16];
        let scales = _mm512_mul_ps(_mm512_cvtepi32_ps(scales), d);
        // SAFETY: 16 floats.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), scales) }
    }

    /// Stores the minima of two groups of 16 rows.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn set_minima(&mut self, pair: usize, half: usize, even: __m512i, odd: __m512i) {
        let to = &mut self.minima[pair * ROWS + half * 16..][..16];
        let low = _mm512_and_si512(even, _mm512_set1_epi32(0xffff));
        let both = _mm512_or_si512(low, _mm512_slli_epi32::<16>(odd));
        // SAFETY: 16 integers.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), both) }
    }

    /// Stores what the minima of 16 rows are multiplied with.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn set_minimum_scales(&mut self, half: usize, scales: __m512) {
        let to = &mut self.minimum_scales[half * 16..][..16];
        // SAFETY: 16 floats.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), scales) }
    }
}

/// Bits of each byte.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn bits<const SHIFT: u32>(words: __m512i, mask: i8) -> __m512i {
    _mm512_and_si512(_mm512_srli_epi16::<SHIFT>(words), _mm512_set1_epi8(mask))
}

/// The same, moved up to bits 4 and 5.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn high_bits<const SHIFT: u32>(words: __m512i, mask: i8) -> __m512i {
    _mm512_slli_epi16::<4>(bits::<SHIFT>(words, mask))
}

/// The halves in the lower part of each word.
#[inline]
#[target_feature(enable = "avx512f")]
fn halves(words: __m512i) -> __m512 {
    _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words))
}

/// Scales and minima of Q4_K and Q5_K.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn scales_and_minima(rows: Rows, half: usize, out: &mut Block<f32>) {
    // SAFETY: a block begins with them.
    let [both, a, b, c] = unsafe { [rows.word(0), rows.word(4), rows.word(8), rows.word(12)] };
    let d = halves(both);
    let six = |words| bits::<0>(words, 63);
    let above = |low, top| _mm512_or_si512(low, high_bits::<6>(top, 3));
    let scales = [six(a), above(bits::<0>(c, 15), a)];
    let minima = [six(b), above(bits::<4>(c, 15), b)];
    let byte = |words: [__m512i; 2], group: usize| {
        let shift = _mm512_set1_epi32(8 * (group % 4) as i32);
        let word = _mm512_srlv_epi32(words[group / 4], shift);
        _mm512_and_si512(word, _mm512_set1_epi32(0xff))
    };
    for group in 0..8 {
        out.set_scales(group, half, d, byte(scales, group));
    }
    for pair in 0..4 {
        out.set_minima(
            pair,
            half,
            byte(minima, 2 * pair),
            byte(minima, 2 * pair + 1),
        );
    }
    out.set_minimum_scales(half, halves(_mm512_srli_epi32::<16>(both)));
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn q4_k(rows: Rows, half: usize, out: &mut Block<f32>) {
    // SAFETY: a block has 144 bytes.
    unsafe {
        scales_and_minima(rows, half, out);
        for part in 0..2 {
            let words = rows.words(16 + 64 * part);
            for (k, word) in words.into_iter().enumerate() {
                let step = 32 * part + k / 8 * 16 + k % 8;
                out.set_quants(step, half, bits::<0>(word, 15));
                out.set_quants(step + 8, half, bits::<4>(word, 15));
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn q5_k(rows: Rows, half: usize, out: &mut Block<f32>) {
    // SAFETY: a block has 176 bytes.
    unsafe {
        scales_and_minima(rows, half, out);
        // The fifth bits and portions 0; 1 and 2; 2 and 3.
        let (first, middle, last) = (rows.words(16), rows.words(80), rows.words(112));
        for k in 0..8 {
            let fifth = first[k];
            let mut set = |portion: usize, word, low, high| {
                let step = portion * 16 + k;
                let low = _mm512_or_si512(bits::<0>(word, 15), low);
                let high = _mm512_or_si512(bits::<4>(word, 15), high);
                out.set_quants(step, half, low);
                out.set_quants(step + 8, half, high);
            };
            set(
                0,
                first[8 + k],
                high_bits::<0>(fifth, 1),
                high_bits::<1>(fifth, 1),
            );
            set(
                1,
                middle[k],
                high_bits::<2>(fifth, 1),
                high_bits::<3>(fifth, 1),
            );
            set(
                2,
                middle[8 + k],
                high_bits::<4>(fifth, 1),
                high_bits::<5>(fifth, 1),
            );
            set(
                3,
                last[8 + k],
                high_bits::<6>(fifth, 1),
                high_bits::<7>(fifth, 1),
            );
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn q6_k(rows: Rows, half: usize, out: &mut Block<f32>) {
    // SAFETY: a block has 210 bytes.
    unsafe {
        let tops = rows.words(128);
        for part in 0..2 {
            let words = rows.words(64 * part);
            for k in 0..8 {
                let (a, b, top) = (words[k], words[8 + k], tops[8 * part + k]);
                let step = 32 * part + k;
                let join = |low, high| _mm512_or_si512(low, high);
                out.set_quants(step, half, join(bits::<0>(a, 15), high_bits::<0>(top, 3)));
                out.set_quants(
                    step + 8,
                    half,
                    join(bits::<0>(b, 15), high_bits::<2>(top, 3)),
                );
                out.set_quants(
                    step + 16,
                    half,
                    join(bits::<4>(a, 15), high_bits::<4>(top, 3)),
                );
                out.set_quants(
                    step + 24,
                    half,
                    join(bits::<4>(b, 15), high_bits::<6>(top, 3)),
                );
            }
        }
        let d = halves(_mm512_srli_epi32::<16>(rows.word(206)));
        for four in 0..4 {
            let word = rows.word(192 + 4 * four);
            let scale = |i: i32| {
                let up = _mm512_sllv_epi32(word, _mm512_set1_epi32(24 - 8 * i));
                _mm512_srai_epi32::<24>(up)
            };
            let scales = [scale(0), scale(1), scale(2), scale(3)];
            for (i, scale) in scales.into_iter().enumerate() {
                out.set_scales(4 * four + i, half, d, scale);
            }
            out.set_minima(2 * four, half, scales[0], scales[1]);
            out.set_minima(2 * four + 1, half, scales[2], scales[3]);
        }
        // A weight is `d · scale · (q − 32)`.
        out.set_minimum_scales(half, _mm512_mul_ps(d, _mm512_set1_ps(32.0)));
    }
}

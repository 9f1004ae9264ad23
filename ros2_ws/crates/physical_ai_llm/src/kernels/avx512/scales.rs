//! Scales and minima of one block of a tile, taken apart for all of its rows at once.

use std::arch::x86_64::*;

use super::words::Words;
use crate::Format;
use crate::weight::TILE_ROWS;

/// What the weights of a block are multiplied with: they are `scale · q − minimum` per group of neighbours, of Q6_K
/// `scale · (q − 32)`.
#[repr(C, align(64))]
pub struct Scales {
    /// `[256 / group, TILE_ROWS]`.
    pub scales: [f32; 16 * TILE_ROWS],
    /// `[4, TILE_ROWS]`: the minima of two groups as 16-bit integers.
    pub minima: [i32; 4 * TILE_ROWS],
    /// `[TILE_ROWS]`: what the minima are multiplied with.
    pub minimum_scales: [f32; TILE_ROWS],
}

impl Default for Scales {
    fn default() -> Self {
        Self {
            scales: [0.0; 16 * TILE_ROWS],
            minima: [0; 4 * TILE_ROWS],
            minimum_scales: [0.0; TILE_ROWS],
        }
    }
}

impl Scales {
    /// Those of a block.
    ///
    /// # Safety
    /// The CPU has AVX-512 F and BW, and F16C; the block is one of `format`, which has blocks of 256.
    #[target_feature(enable = "avx512f,avx512bw,f16c")]
    pub unsafe fn unpack(&mut self, format: Format, block: Words<'_>) {
        for half in 0..2 {
            // SAFETY: as promised by the caller.
            unsafe {
                match format {
                    Format::Q6K => self.unpack_q6_k(block, half),
                    _ => self.unpack_q45_k(block, half),
                }
            }
        }
    }

    /// Q4_K and Q5_K begin with them.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,f16c")]
    unsafe fn unpack_q45_k(&mut self, block: Words<'_>, half: usize) {
        // SAFETY: as promised by the caller.
        let word = |index| unsafe { block.load(index, half) };
        let [both, a, b, c] = [word(0), word(1), word(2), word(3)];
        let d = halves(both);
        let bits = |words, mask| _mm512_and_si512(words, _mm512_set1_epi8(mask));
        let top = |low, words| _mm512_or_si512(low, bits(_mm512_srli_epi16::<2>(words), 48));
        let scales = [bits(a, 63), top(bits(c, 15), a)];
        let minima = [bits(b, 63), top(bits(_mm512_srli_epi16::<4>(c), 15), b)];
        let byte = |words: [__m512i; 2], group: usize| {
            let shift = _mm512_set1_epi32(8 * (group % 4) as i32);
            let word = _mm512_srlv_epi32(words[group / 4], shift);
            _mm512_and_si512(word, _mm512_set1_epi32(0xff))
        };
        for group in 0..8 {
            self.set_scales(group, half, d, byte(scales, group));
        }
        for pair in 0..4 {
            let (even, odd) = (byte(minima, 2 * pair), byte(minima, 2 * pair + 1));
            self.set_minima(pair, half, even, odd);
        }
        self.set_minimum_scales(half, halves(_mm512_srli_epi32::<16>(both)));
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,f16c")]
    unsafe fn unpack_q6_k(&mut self, block: Words<'_>, half: usize) {
        // SAFETY: as promised by the caller.
        let d = unsafe { block.load_last_half(half) };
        for four in 0..4 {
            // SAFETY: the scales are behind 192 bytes of weights.
            let word = unsafe { block.load(48 + four, half) };
            let scale = |i: i32| {
                let up = _mm512_sllv_epi32(word, _mm512_set1_epi32(24 - 8 * i));
                _mm512_srai_epi32::<24>(up)
            };
            let scales = [scale(0), scale(1), scale(2), scale(3)];
            for (i, scale) in scales.into_iter().enumerate() {
                self.set_scales(4 * four + i, half, d, scale);
            }
        }
    }

    /// Stores one group's scales of 16 rows.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn set_scales(&mut self, group: usize, half: usize, d: __m512, scales: __m512i) {
        let to = &mut self.scales[group * TILE_ROWS + half * 16..][..16];
        let scales = _mm512_mul_ps(_mm512_cvtepi32_ps(scales), d);
        // SAFETY: 16 floats.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), scales) }
    }

    /// Stores the minima of two groups of 16 rows.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn set_minima(&mut self, pair: usize, half: usize, even: __m512i, odd: __m512i) {
        let to = &mut self.minima[pair * TILE_ROWS + half * 16..][..16];
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

/// The halves in the lower part of each word.
#[inline]
#[target_feature(enable = "avx512f")]
fn halves(words: __m512i) -> __m512 {
    _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words))
}

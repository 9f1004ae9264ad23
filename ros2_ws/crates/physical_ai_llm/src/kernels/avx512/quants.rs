//! Weights of a tile, taken apart for all of its rows at once: four neighbours of each row, of two groups that share
//! their words, of both halves of the rows.

use std::arch::x86_64::*;

use super::words::Words;

/// Bits of each byte of `words`, joined with what is below them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn join(low: __m512i, words: __m512i, mask: i8) -> __m512i {
    _mm512_or_si512(low, _mm512_and_si512(words, _mm512_set1_epi8(mask)))
}

/// The lower four bits of each byte, and the upper ones.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn nibbles(words: __m512i) -> [__m512i; 2] {
    let four = _mm512_set1_epi8(15);
    [
        _mm512_and_si512(words, four),
        _mm512_and_si512(_mm512_srli_epi16::<4>(words), four),
    ]
}

/// Step `k` of groups `2 · part` and `2 · part + 1` of Q4_K, or Q5_K with `FIVE`.
///
/// # Safety
/// The block is of that format; `part < 4`, `k < 8`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub unsafe fn q45_k<const FIVE: bool>(
    block: Words<'_>,
    part: usize,
    k: usize,
) -> [[__m512i; 2]; 2] {
    let start = if FIVE { 12 } else { 4 } + 8 * part;
    let of_half = |half| {
        // SAFETY: as promised by the caller.
        let [low, high] = nibbles(unsafe { block.load(start + k, half) });
        if !FIVE {
            return [low, high];
        }
        // The groups have a bit each, which becomes the fifth.
        // SAFETY: as promised by the caller.
        let fifth = unsafe { block.load(4 + k, half) };
        let bit = |to: i32| {
            let left = _mm512_set1_epi32(to - 2 * part as i32);
            _mm512_rolv_epi32(fifth, left)
        };
        [join(low, bit(4), 16), join(high, bit(3), 16)]
    };
    let [a, b] = [of_half(0), of_half(1)];
    [[a[0], b[0]], [a[1], b[1]]]
}

/// Step `k` of groups 0 and 4 of eight of Q6_K, and with `B = 1` of groups 2 and 6; from `k = 4` on, of those
/// behind them.
///
/// # Safety
/// The block is of that format; `part < 2`, `k < 8`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub unsafe fn q6_k<const B: usize>(block: Words<'_>, part: usize, k: usize) -> [[__m512i; 2]; 2] {
    let of_half = |half| {
        // SAFETY: as promised by the caller.
        let (words, top) = unsafe {
            (
                block.load(16 * part + 8 * B + k, half),
                block.load(32 + 8 * part + k, half),
            )
        };
        let [low, high] = nibbles(words);
        if B == 0 {
            let up = _mm512_slli_epi16::<4>(top);
            [join(low, up, 48), join(high, top, 48)]
        } else {
            let (up, down) = (_mm512_slli_epi16::<2>(top), _mm512_srli_epi16::<2>(top));
            [join(low, up, 48), join(high, down, 48)]
        }
    };
    let [a, b] = [of_half(0), of_half(1)];
    [[a[0], b[0]], [a[1], b[1]]]
}

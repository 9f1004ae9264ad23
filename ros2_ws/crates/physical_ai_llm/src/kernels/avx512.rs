//! Rows of quantised weights times rows of activations with AVX-512 VNNI.
//!
//! Each function multiplies one row of weights with `T` rows of activations: the weights are unpacked
//! once into registers, 64 at a time, and used `T` times. `vpdpbusd` sums products of four
//! neighbours into a lane; `vpdpwssd` multiplies that sum, which fits into 16 bits, with the scale of its group, so
//! that a whole block stays in integers.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over several arrays of registers"
)]

mod tile;
mod unpack;

use std::arch::x86_64::*;

pub use tile::add_tile;

use super::row::{Portion, ask_ahead, scales_and_minima};
use crate::activations::Activations;

#[inline]
#[target_feature(enable = "avx512f,f16c")]
unsafe fn half_at(bytes: *const u8) -> f32 {
    // SAFETY: two bytes are readable, as the caller promises.
    let bits = unsafe { bytes.cast::<u16>().read_unaligned() };
    _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))))
}

/// Shuffle that spreads the scales of groups `2j` and `2j + 1` over 8 lanes each, zero above.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn pair_index(j: i32) -> __m512i {
    let even = _mm256_set1_epi32(0x8080_8000_u32 as i32 | (2 * j));
    let odd = _mm256_set1_epi32(0x8080_8000_u32 as i32 | (2 * j + 1));
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(even), odd)
}

/// Low nibbles of 32 bytes, then their high nibbles.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn nibbles(bytes: *const u8) -> __m512i {
    let shift = _mm512_inserti64x4::<1>(_mm512_setzero_si512(), _mm256_set1_epi16(4));
    // SAFETY: 32 bytes are readable, as the caller promises.
    let both = _mm512_broadcast_i64x4(unsafe { _mm256_loadu_si256(bytes.cast()) });
    _mm512_and_si512(_mm512_srlv_epi16(both, shift), _mm512_set1_epi8(15))
}

/// Q4_K, and Q5_K with `FIVE`.
///
/// # Safety
/// AVX-512 F, BW, VL and VNNI are there; `row` holds `a.columns` weights; `first + T` rows exist.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,f16c,fma")]
pub unsafe fn q45_k<const T: usize, const FIVE: bool>(
    row: &[u8],
    a: &Activations,
    first: usize,
) -> [f32; T] {
    let bytes = if FIVE { 176 } else { 144 };
    let index: [__m512i; 4] = [pair_index(0), pair_index(1), pair_index(2), pair_index(3)];
    let mut sum = [_mm512_setzero_ps(); T];
    let mut low = [_mm_setzero_ps(); T];
    for block in 0..row.len() / bytes {
        // SAFETY: `row` is a whole number of blocks, and the activations have as many.
        unsafe {
            let w = row.as_ptr().add(block * bytes);
            ask_ahead::<4>(w);
            let (d, d_min) = (half_at(w), half_at(w.add(2)));
            let (scales, minima) = scales_and_minima(w.add(4));
            let scales = _mm512_set1_epi64(scales as i64);
            let minima = _mm_cvtepu8_epi16(_mm_cvtsi64_si128(minima as i64));
            let quants = w.add(if FIVE { 48 } else { 16 });
            let high = _mm512_broadcast_i64x4(_mm256_loadu_si256(w.add(16).cast()));
            let mut dot = [_mm512_setzero_si512(); T];
            let of: [Portion; T] = std::array::from_fn(|t| Portion::new(a, first + t, block));
            for j in 0..4 {
                let mut q = nibbles(quants.add(32 * j));
                if FIVE {
                    let bits = _mm512_inserti64x4::<1>(
                        _mm512_set1_epi8((1_u8 << (2 * j)) as i8),
                        _mm256_set1_epi8((2_u8 << (2 * j)) as i8),
                    );
                    let is_set = _mm512_test_epi8_mask(high, bits);
                    q = _mm512_mask_add_epi8(q, is_set, q, _mm512_set1_epi8(16));
                }
                let scale = _mm512_shuffle_epi8(scales, index[j]);
                for t in 0..T {
                    let x = _mm512_loadu_si512(of[t].values.add(64 * j).cast());
                    let s = _mm512_dpbusd_epi32(_mm512_setzero_si512(), q, x);
                    dot[t] = _mm512_dpwssd_epi32(dot[t], s, scale);
                }
            }
            for t in 0..T {
                let d = _mm512_set1_ps(d * of[t].scale);
                sum[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[t]), d, sum[t]);
                let m = _mm_madd_epi16(minima, _mm_loadu_si128(of[t].sums32.cast()));
                let d_min = _mm_set1_ps(d_min * of[t].scale);
                low[t] = _mm_fmadd_ps(_mm_cvtepi32_ps(m), d_min, low[t]);
            }
        }
    }
    std::array::from_fn(|t| _mm512_reduce_add_ps(sum[t]) - add_4(low[t]))
}

/// Q6_K.
///
/// # Safety
/// As for [`q45_k`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,f16c,fma")]
pub unsafe fn q6_k<const T: usize>(row: &[u8], a: &Activations, first: usize) -> [f32; T] {
    const BYTES: usize = 210;
    let lanes = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    let shift = |a: i16| _mm512_inserti64x4::<1>(_mm512_set1_epi16(a), _mm256_set1_epi16(a + 2));
    let shifts = [shift(0), shift(4)];
    let (four, two) = (_mm512_set1_epi8(15), _mm512_set1_epi8(3));
    let mut sum = [_mm512_setzero_ps(); T];
    let mut offset = [_mm256_setzero_ps(); T];
    for block in 0..row.len() / BYTES {
        // SAFETY: `row` is a whole number of blocks, and the activations have as many.
        unsafe {
            let w = row.as_ptr().add(block * BYTES);
            ask_ahead::<4>(w);
            let d = half_at(w.add(208));
            let packed = _mm_loadu_si128(w.add(192).cast());
            let scales = _mm512_and_si512(_mm512_cvtepi8_epi32(packed), _mm512_set1_epi32(0xffff));
            let scales16 = _mm256_cvtepi8_epi16(packed);
            let of: [Portion; T] = std::array::from_fn(|t| Portion::new(a, first + t, block));
            let mut dot = [_mm512_setzero_si512(); T];
            for j in 0..4 {
                let half = j / 2;
                let low = _mm512_loadu_si512(w.add(64 * half).cast());
                let low = if j % 2 == 0 {
                    low
                } else {
                    _mm512_srli_epi16::<4>(low)
                };
                let high = _mm256_loadu_si256(w.add(128 + 32 * half).cast());
                let high = _mm512_srlv_epi16(_mm512_broadcast_i64x4(high), shifts[j % 2]);
                let high = _mm512_slli_epi16::<4>(_mm512_and_si512(high, two));
                let q = _mm512_or_si512(_mm512_and_si512(low, four), high);
                let index = _mm512_add_epi32(lanes, _mm512_set1_epi32(4 * j as i32));
                let scale = _mm512_permutexvar_epi32(index, scales);
                for t in 0..T {
                    let x = _mm512_loadu_si512(of[t].values.add(64 * j).cast());
                    let s = _mm512_dpbusd_epi32(_mm512_setzero_si512(), q, x);
                    dot[t] = _mm512_dpwssd_epi32(dot[t], s, scale);
                }
            }
            for t in 0..T {
                let d = d * of[t].scale;
                let dots = _mm512_cvtepi32_ps(dot[t]);
                sum[t] = _mm512_fmadd_ps(dots, _mm512_set1_ps(d), sum[t]);
                let sums = _mm256_loadu_si256(of[t].sums16.cast());
                let m = _mm256_cvtepi32_ps(_mm256_madd_epi16(scales16, sums));
                offset[t] = _mm256_fmadd_ps(m, _mm256_set1_ps(-32.0 * d), offset[t]);
            }
        }
    }
    std::array::from_fn(|t| _mm512_reduce_add_ps(sum[t]) + add_8(offset[t]))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_4(v: __m128) -> f32 {
    let pairs = _mm_add_ps(v, _mm_movehl_ps(v, v));
    _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps::<1>(pairs, pairs)))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_8(v: __m256) -> f32 {
    add_4(_mm_add_ps(
        _mm256_castps256_ps128(v),
        _mm256_extractf128_ps::<1>(v),
    ))
}

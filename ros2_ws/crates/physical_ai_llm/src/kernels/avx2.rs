//! Rows of quantised weights times rows of activations with AVX2; also the formats with blocks of 32, whose
//! speed matters only for small models, on every CPU.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over several arrays of registers"
)]

mod ahead;
mod block;
mod row;
mod tile;
mod unpack;

use std::arch::x86_64::*;

pub use tile::add_tile;

use crate::activations::Activations;
use row::{Portion, prefetch, scales_and_minima};

#[inline]
#[target_feature(enable = "avx2,f16c")]
fn half_at(bytes: &[u8], at: usize) -> f32 {
    let bits = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_8(v: __m256) -> f32 {
    add_4(_mm_add_ps(
        _mm256_castps256_ps128(v),
        _mm256_extractf128_ps::<1>(v),
    ))
}

#[inline]
#[target_feature(enable = "avx2")]
fn add_4(v: __m128) -> f32 {
    let pairs = _mm_add_ps(v, _mm_movehl_ps(v, v));
    _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps::<1>(pairs, pairs)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8]) -> __m256i {
    let bytes: &[u8; 32] = bytes.first_chunk().unwrap_or(&[0; 32]);
    // SAFETY: 32 bytes are there.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_values(values: &[i8]) -> __m256i {
    let values: &[i8; 32] = values.first_chunk().unwrap_or(&[0; 32]);
    // SAFETY: 32 bytes are there.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

/// Unsigned weights times signed values, sums of pairs times a scale, sums of pairs again.
#[inline]
#[target_feature(enable = "avx2")]
fn dot_scaled(sum: __m256i, q: __m256i, x: __m256i, scale: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(q, x);
    _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, scale))
}

/// Shuffles that spread the 16-bit numbers `even` and `odd` of a half over the lower and upper half.
const fn spread(even: usize, odd: usize) -> [u8; 32] {
    let mut out = [0; 32];
    let mut i = 0;
    while i < 32 {
        let number = if i < 16 { even } else { odd };
        out[i] = (2 * number + i % 2) as u8;
        i += 1;
    }
    out
}

/// The scale of a group of 32 weights.
const SCALE_OF_32: [[u8; 32]; 8] = [
    spread(0, 0),
    spread(1, 1),
    spread(2, 2),
    spread(3, 3),
    spread(4, 4),
    spread(5, 5),
    spread(6, 6),
    spread(7, 7),
];

/// The scales of two groups of 16 weights.
const SCALES_OF_16: [[u8; 32]; 4] = [spread(0, 1), spread(2, 3), spread(4, 5), spread(6, 7)];

/// Eight bytes as 16-bit numbers.
#[inline]
#[target_feature(enable = "avx2")]
fn widen(bytes: u64) -> __m128i {
    _mm_cvtepu8_epi16(_mm_cvtsi64_si128(bytes as i64))
}

/// Q4_K, and Q5_K with `FIVE`.
///
/// # Safety
/// AVX2, FMA and F16C are there; `row` holds `a.columns` weights; `first + T` rows exist.
#[target_feature(enable = "avx2,f16c,fma")]
pub unsafe fn q45_k<const T: usize, const FIVE: bool>(
    row: &[u8],
    a: &Activations,
    first: usize,
) -> [f32; T] {
    let bytes = if FIVE { 176 } else { 144 };
    let low_bits = _mm256_set1_epi8(15);
    let mut sum = [_mm256_setzero_ps(); T];
    let mut low = [_mm_setzero_ps(); T];
    for (block, w) in row.chunks_exact(bytes).enumerate() {
        prefetch::<3>(w.as_ptr());
        // SAFETY: a block has 144 or 176 bytes; the activations have as many blocks.
        unsafe {
            let w = w.as_ptr();
            // The scale of the scales and that of the minima.
            let both = _mm_cvtph_ps(_mm_cvtsi32_si128(w.cast::<i32>().read_unaligned()));
            let (scales, minima) = scales_and_minima(w.add(4));
            let scales = _mm256_broadcastsi128_si256(widen(scales));
            let minima = widen(minima);
            let quants = w.add(if FIVE { 48 } else { 16 });
            let mut high = _mm256_loadu_si256(w.add(16).cast());
            let mut dot = [_mm256_setzero_si256(); T];
            let of: [Portion; T] = std::array::from_fn(|t| Portion::new(a, first + t, block));
            for j in 0..4 {
                let packed = _mm256_loadu_si256(quants.add(32 * j).cast());
                let mut q = [
                    _mm256_and_si256(packed, low_bits),
                    _mm256_and_si256(_mm256_srli_epi16::<4>(packed), low_bits),
                ];
                if FIVE {
                    let sixteen = _mm256_set1_epi8(16);
                    let fifth = _mm256_slli_epi16::<4>(high);
                    q[0] = _mm256_or_si256(q[0], _mm256_and_si256(fifth, sixteen));
                    let fifth = _mm256_slli_epi16::<3>(high);
                    q[1] = _mm256_or_si256(q[1], _mm256_and_si256(fifth, sixteen));
                    high = _mm256_srli_epi16::<2>(high);
                }
                for half in 0..2 {
                    let shuffle = _mm256_loadu_si256(SCALE_OF_32[2 * j + half].as_ptr().cast());
                    let scale = _mm256_shuffle_epi8(scales, shuffle);
                    for t in 0..T {
                        let x = of[t].values.add(64 * j + 32 * half);
                        let x = _mm256_loadu_si256(x.cast());
                        dot[t] = dot_scaled(dot[t], q[half], x, scale);
                    }
                }
            }
            for t in 0..T {
                let both = _mm_mul_ps(both, _mm_set1_ps(of[t].scale));
                let d = _mm256_broadcastss_ps(both);
                sum[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[t]), d, sum[t]);
                let m = _mm_madd_epi16(minima, _mm_loadu_si128(of[t].sums32.cast()));
                let d_min = _mm_broadcastss_ps(_mm_movehdup_ps(both));
                low[t] = _mm_fmadd_ps(_mm_cvtepi32_ps(m), d_min, low[t]);
            }
        }
    }
    std::array::from_fn(|t| add_8(sum[t]) - add_4(low[t]))
}

/// Q6_K.
///
/// # Safety
/// As for [`q45_k`].
#[target_feature(enable = "avx2,f16c,fma")]
pub unsafe fn q6_k<const T: usize>(row: &[u8], a: &Activations, first: usize) -> [f32; T] {
    let mut sum = [_mm256_setzero_ps(); T];
    let mut offset = [_mm256_setzero_ps(); T];
    for (block, w) in row.chunks_exact(210).enumerate() {
        prefetch::<3>(w.as_ptr());
        let d = half_at(w, 208);
        // SAFETY: a block has 210 bytes; the activations have as many blocks.
        unsafe {
            let w = w.as_ptr();
            let all = _mm256_cvtepi8_epi16(_mm_loadu_si128(w.add(192).cast()));
            let mut dot = [_mm256_setzero_si256(); T];
            let of: [Portion; T] = std::array::from_fn(|t| Portion::new(a, first + t, block));
            for half in 0..2 {
                let scales = if half == 0 {
                    _mm256_permute4x64_epi64::<0x44>(all)
                } else {
                    _mm256_permute4x64_epi64::<0xee>(all)
                };
                let quarters = unpack_q6_half(w, half);
                for quarter in 0..4 {
                    let shuffle = _mm256_loadu_si256(SCALES_OF_16[quarter].as_ptr().cast());
                    let scale = _mm256_shuffle_epi8(scales, shuffle);
                    for t in 0..T {
                        let x = of[t].values.add(128 * half + 32 * quarter);
                        let x = _mm256_loadu_si256(x.cast());
                        dot[t] = dot_scaled(dot[t], quarters[quarter], x, scale);
                    }
                }
            }
            for t in 0..T {
                let d = d * of[t].scale;
                let dots = _mm256_cvtepi32_ps(dot[t]);
                sum[t] = _mm256_fmadd_ps(dots, _mm256_set1_ps(d), sum[t]);
                let sums = _mm256_loadu_si256(of[t].sums16.cast());
                let m = _mm256_cvtepi32_ps(_mm256_madd_epi16(all, sums));
                offset[t] = _mm256_fmadd_ps(m, _mm256_set1_ps(-32.0 * d), offset[t]);
            }
        }
    }
    std::array::from_fn(|t| add_8(sum[t]) + add_8(offset[t]))
}

/// Four times 32 weights of half a block of Q6_K, still with 32 added to them.
///
/// # Safety
/// A block is readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn unpack_q6_half(block: *const u8, half: usize) -> [__m256i; 4] {
    let (low_bits, high_bits) = (_mm256_set1_epi8(15), _mm256_set1_epi8(48));
    // SAFETY: as promised by the caller.
    let load = |at: usize| unsafe { _mm256_loadu_si256(block.add(at).cast()) };
    let (even, odd) = (load(64 * half), load(64 * half + 32));
    let high = load(128 + 32 * half);
    let join = |low, high| {
        let low = _mm256_and_si256(low, low_bits);
        _mm256_or_si256(low, _mm256_and_si256(high, high_bits))
    };
    [
        join(even, _mm256_slli_epi16::<4>(high)),
        join(odd, _mm256_slli_epi16::<2>(high)),
        join(_mm256_srli_epi16::<4>(even), high),
        join(_mm256_srli_epi16::<4>(odd), _mm256_srli_epi16::<2>(high)),
    ]
}

/// Q8_0, and Q4_0 with `FOUR`. The CPU has AVX2, FMA and F16C.
#[target_feature(enable = "avx2,f16c,fma")]
pub fn q8_0<const T: usize, const FOUR: bool>(
    row: &[u8],
    a: &Activations,
    first: usize,
) -> [f32; T] {
    let mut sum = [_mm256_setzero_ps(); T];
    for (block, w) in row.chunks_exact(if FOUR { 18 } else { 34 }).enumerate() {
        let d = half_at(w, 0);
        let q = if FOUR {
            unpack_q4_0(&w[2..])
        } else {
            load(&w[2..])
        };
        let magnitude = _mm256_abs_epi8(q);
        for t in 0..T {
            let at = (first + t) * a.columns + block * 32;
            let signed = _mm256_sign_epi8(load_values(&a.values[at..]), q);
            let dot = dot_scaled(
                _mm256_setzero_si256(),
                magnitude,
                signed,
                _mm256_set1_epi16(1),
            );
            let scale = _mm256_set1_ps(d * a.scales[at / 32]);
            sum[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, sum[t]);
        }
    }
    std::array::from_fn(|t| add_8(sum[t]))
}

#[inline]
#[target_feature(enable = "avx2")]
fn unpack_q4_0(bytes: &[u8]) -> __m256i {
    let bytes: &[u8; 16] = bytes.first_chunk().unwrap_or(&[0; 16]);
    // SAFETY: 16 bytes are there.
    let packed = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    let both = _mm256_set_m128i(_mm_srli_epi16::<4>(packed), packed);
    let q = _mm256_and_si256(both, _mm256_set1_epi8(15));
    _mm256_sub_epi8(q, _mm256_set1_epi8(8))
}

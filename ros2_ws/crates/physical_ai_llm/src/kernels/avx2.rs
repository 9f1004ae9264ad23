//! Rows of quantised weights times rows of activations with AVX2; also the formats with blocks of 32, whose
//! speed matters only for small models, on every CPU.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over several arrays of registers"
)]

use std::arch::x86_64::*;

use crate::activations::Activations;
use crate::dequantize::scales_and_minima;

#[inline]
#[target_feature(enable = "avx2,f16c")]
fn half_at(bytes: &[u8], at: usize) -> f32 {
    let bits = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_8(v: __m256) -> f32 {
    let v = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
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

/// Q4_K, and Q5_K with `FIVE`. The CPU has AVX2, FMA and F16C.
#[target_feature(enable = "avx2,f16c,fma")]
pub fn q45_k<const T: usize, const FIVE: bool>(
    row: &[u8],
    a: &Activations,
    first: usize,
) -> [f32; T] {
    let bytes = if FIVE { 176 } else { 144 };
    let mut sum = [_mm256_setzero_ps(); T];
    let mut low = [0.0; T];
    for (block, w) in row.chunks_exact(bytes).enumerate() {
        let (d, d_min) = (half_at(w, 0), half_at(w, 2));
        let (scales, minima) = scales_and_minima(&w[4..16]);
        let quants = &w[if FIVE { 48 } else { 16 }..];
        let high = load(&w[16..]);
        let mut dot = [_mm256_setzero_si256(); T];
        for (group, scale) in scales.iter().enumerate() {
            let packed = load(&quants[group / 2 * 32..]);
            let packed = if group % 2 == 0 {
                packed
            } else {
                _mm256_srli_epi16::<4>(packed)
            };
            let mut q = _mm256_and_si256(packed, _mm256_set1_epi8(15));
            if FIVE {
                let bit = _mm256_set1_epi8((1_u8 << group) as i8);
                let is_set = _mm256_cmpeq_epi8(_mm256_and_si256(high, bit), bit);
                q = _mm256_or_si256(q, _mm256_and_si256(is_set, _mm256_set1_epi8(16)));
            }
            let scale = _mm256_set1_epi16(i16::from(*scale));
            for t in 0..T {
                let at = (first + t) * a.columns + block * 256 + group * 32;
                dot[t] = dot_scaled(dot[t], q, load_values(&a.values[at..]), scale);
            }
        }
        for t in 0..T {
            let at = (first + t) * a.columns + block * 256;
            let scale = a.scales[at / 256];
            let dots = _mm256_cvtepi32_ps(dot[t]);
            sum[t] = _mm256_fmadd_ps(dots, _mm256_set1_ps(d * scale), sum[t]);
            let sums = &a.sums32[at / 32..at / 32 + 8];
            let products = minima.iter().zip(sums);
            let m: i32 = products.map(|(m, s)| i32::from(*m) * i32::from(*s)).sum();
            low[t] += d_min * scale * m as f32;
        }
    }
    std::array::from_fn(|t| add_8(sum[t]) - low[t])
}

/// Q6_K. The CPU has AVX2, FMA and F16C.
#[target_feature(enable = "avx2,f16c,fma")]
pub fn q6_k<const T: usize>(row: &[u8], a: &Activations, first: usize) -> [f32; T] {
    let mut sum = [_mm256_setzero_ps(); T];
    let mut offset = [0.0; T];
    for (block, w) in row.chunks_exact(210).enumerate() {
        let d = half_at(w, 208);
        let scales = &w[192..208];
        let mut dot = [_mm256_setzero_si256(); T];
        for group in 0..8 {
            let (half, quarter) = (group / 4, group % 4);
            let packed = load(&w[half * 64 + quarter % 2 * 32..]);
            let count = _mm_cvtsi32_si128(quarter as i32 / 2 * 4);
            let low = _mm256_and_si256(_mm256_srl_epi16(packed, count), _mm256_set1_epi8(15));
            let high = load(&w[128 + half * 32..]);
            let count = _mm_cvtsi32_si128(quarter as i32 * 2);
            let high = _mm256_and_si256(_mm256_srl_epi16(high, count), _mm256_set1_epi8(3));
            let q = _mm256_or_si256(low, _mm256_slli_epi16::<4>(high));
            let scale = |i: usize| _mm_set1_epi16(i16::from(scales[group * 2 + i] as i8));
            let scale = _mm256_set_m128i(scale(1), scale(0));
            for t in 0..T {
                let at = (first + t) * a.columns + block * 256 + group * 32;
                dot[t] = dot_scaled(dot[t], q, load_values(&a.values[at..]), scale);
            }
        }
        for t in 0..T {
            let at = (first + t) * a.columns + block * 256;
            let d = d * a.scales[at / 256];
            let dots = _mm256_cvtepi32_ps(dot[t]);
            sum[t] = _mm256_fmadd_ps(dots, _mm256_set1_ps(d), sum[t]);
            let sums = &a.sums16[at / 16..at / 16 + 16];
            let products = scales.iter().zip(sums);
            let m: i32 = products
                .map(|(s, x)| i32::from(*s as i8) * i32::from(*x))
                .sum();
            offset[t] -= 32.0 * d * m as f32;
        }
    }
    std::array::from_fn(|t| add_8(sum[t]) + offset[t])
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

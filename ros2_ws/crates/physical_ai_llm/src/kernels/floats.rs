//! Rows of float weights times rows of floats with AVX2.

use std::arch::x86_64::*;

use crate::Format;

/// `T` rows of activations, row after row.
#[derive(Clone, Copy)]
pub struct Floats<'a> {
    pub values: &'a [f32],
    pub columns: usize,
}

/// Eight weights as floats.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn load_8(format: Format, row: &[u8], at: usize) -> __m256 {
    if format == Format::F32 {
        let bytes: &[u8; 32] = row[at * 4..].first_chunk().unwrap_or(&[0; 32]);
        // SAFETY: 32 bytes are there.
        return unsafe { _mm256_loadu_ps(bytes.as_ptr().cast()) };
    }
    let bytes: &[u8; 16] = row[at * 2..].first_chunk().unwrap_or(&[0; 16]);
    // SAFETY: 16 bytes are there.
    let half = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    if format == Format::F16 {
        _mm256_cvtph_ps(half)
    } else {
        _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(half)))
    }
}

/// F32, F16 and BF16; columns are a multiple of 8. The CPU has AVX2, FMA and F16C.
#[target_feature(enable = "avx2,f16c,fma")]
pub fn dot<const T: usize>(format: Format, row: &[u8], a: Floats<'_>, first: usize) -> [f32; T] {
    let mut sum = [_mm256_setzero_ps(); T];
    for at in (0..a.columns).step_by(8) {
        let w = load_8(format, row, at);
        for (t, sum) in sum.iter_mut().enumerate() {
            let start = (first + t) * a.columns + at;
            let x: &[f32; 8] = a.values[start..].first_chunk().unwrap_or(&[0.0; 8]);
            // SAFETY: eight floats are there.
            let x = unsafe { _mm256_loadu_ps(x.as_ptr()) };
            *sum = _mm256_fmadd_ps(w, x, *sum);
        }
    }
    sum.map(|v| {
        let v = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        let pairs = _mm_add_ps(v, _mm_movehl_ps(v, v));
        _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps::<1>(pairs, pairs)))
    })
}

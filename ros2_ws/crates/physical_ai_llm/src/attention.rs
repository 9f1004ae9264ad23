//! Attention of some query tokens over the paged cache, one head at a time.

use crate::InstructionSet;
use crate::cache::{KvCache, PAGE_TOKENS};
use crate::vector::softmax;

/// Queries that read a page together.
pub const GROUP: usize = 4;

/// A page is asked for while this many before it are read: pages lie far apart, and the CPU's own prefetcher
/// begins anew with each.
const AHEAD: usize = 2;

type Scores = [f32; PAGE_TOKENS];

/// Consecutive tokens of one sequence and one head.
pub struct Queries<'a> {
    /// The sequence's pages.
    pub pages: &'a [u32],
    /// Layer within the cache.
    pub layer: usize,
    /// Key and value head.
    pub kv_head: usize,
    /// Position of the first query; at most [`GROUP`] follow each other.
    pub position: usize,
    /// A token sees so many tokens, itself included.
    pub window: Option<usize>,
    /// Rotated queries, scaled by 1/√d: `[count, head_width]`.
    pub queries: &'a [f32],
    /// Width of a head.
    pub width: usize,
}

/// Computes `softmax(Q·Kᵀ)·V`. `scores` is scratch; `out`: `[count, head_width]`.
pub fn attend(
    set: InstructionSet,
    cache: &KvCache,
    q: &Queries<'_>,
    scores: &mut Vec<f32>,
    out: &mut [f32],
) {
    match q.queries.len() / q.width {
        1 => attend_many::<1>(set, cache, q, scores, out),
        2 => attend_many::<2>(set, cache, q, scores, out),
        3 => attend_many::<3>(set, cache, q, scores, out),
        _ => attend_many::<GROUP>(set, cache, q, scores, out),
    }
}

fn attend_many<const Q: usize>(
    set: InstructionSet,
    cache: &KvCache,
    q: &Queries<'_>,
    scores: &mut Vec<f32>,
    out: &mut [f32],
) {
    let from = |position: usize| q.window.map_or(0, |w| (position + 1).saturating_sub(w));
    let first_page = from(q.position) / PAGE_TOKENS;
    let last = q.position + Q - 1;
    let pages = &q.pages[first_page..=last / PAGE_TOKENS];
    let length = pages.len() * PAGE_TOKENS;
    // Keys of all pages are read, then values of all.
    let ask_ahead = |read: usize| {
        if let Some(page) = pages.get(read) {
            ask_for(cache.keys(*page, q.layer, q.kv_head));
        } else if let Some(page) = pages.get(read - pages.len()) {
            ask_for(cache.values(*page, q.layer, q.kv_head));
        }
    };
    scores.clear();
    scores.resize(Q * length, 0.0);
    for (i, page) in pages.iter().enumerate() {
        ask_ahead(i + AHEAD);
        let keys = cache.keys(*page, q.layer, q.kv_head);
        let mut portion = [[0.0; PAGE_TOKENS]; Q];
        score_page(set, keys, q.queries, &mut portion);
        for (n, portion) in portion.iter().enumerate() {
            let at = n * length + i * PAGE_TOKENS;
            scores[at..at + PAGE_TOKENS].copy_from_slice(portion);
        }
    }
    let start = first_page * PAGE_TOKENS;
    for (n, row) in scores.chunks_exact_mut(length).enumerate() {
        let position = q.position + n;
        let (begin, end) = (from(position) - start, position + 1 - start);
        // What is outside was never written, or belongs to later tokens of the same pass.
        row[..begin].fill(0.0);
        softmax(set, &mut row[begin..end]);
        row[end..].fill(0.0);
    }
    out.fill(0.0);
    for (i, page) in pages.iter().enumerate() {
        ask_ahead(pages.len() + i + AHEAD);
        let values = cache.values(*page, q.layer, q.kv_head);
        let mut portion = [[0.0; PAGE_TOKENS]; Q];
        for (n, portion) in portion.iter_mut().enumerate() {
            let at = n * length + i * PAGE_TOKENS;
            portion.copy_from_slice(&scores[at..at + PAGE_TOKENS]);
        }
        let tokens = PAGE_TOKENS.min(last + 1 - start - i * PAGE_TOKENS);
        sum_page(set, &values[..tokens * q.width], &portion, out);
    }
}

/// Has the CPU fetch what is read soon.
fn ask_for(halves: &[u16]) {
    #[cfg(target_arch = "x86_64")]
    for line in halves.chunks(32) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a prefetch of any address is harmless.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = halves;
}

/// Scores of the 16 tokens of a page; places after the last token hold anything.
fn score_page<const Q: usize>(
    set: InstructionSet,
    keys: &[u16],
    queries: &[f32],
    out: &mut [Scores; Q],
) {
    #[cfg(target_arch = "x86_64")]
    if set >= InstructionSet::Avx512Vnni {
        // SAFETY: the CPU has AVX-512 F.
        return unsafe { avx512::score_page(keys, queries, out) };
    }
    #[cfg(target_arch = "x86_64")]
    if set >= InstructionSet::Avx2 {
        // SAFETY: the CPU has AVX2, FMA and F16C.
        return unsafe { avx2::score_page(keys, queries, out) };
    }
    let _ = set;
    let width = queries.len() / Q;
    for (out, query) in out.iter_mut().zip(queries.chunks_exact(width)) {
        for (key, query) in keys.chunks_exact(PAGE_TOKENS).zip(query) {
            for (out, key) in out.iter_mut().zip(key) {
                *out += query * half::f16::from_bits(*key).to_f32();
            }
        }
    }
}

/// Adds the weighted values of a page's tokens.
fn sum_page<const Q: usize>(
    set: InstructionSet,
    values: &[u16],
    weights: &[Scores; Q],
    out: &mut [f32],
) {
    #[cfg(target_arch = "x86_64")]
    if set >= InstructionSet::Avx512Vnni && (out.len() / Q).is_multiple_of(avx512::COLUMNS) {
        // SAFETY: the CPU has AVX-512 F.
        return unsafe { avx512::sum_page(values, weights, out) };
    }
    #[cfg(target_arch = "x86_64")]
    if set >= InstructionSet::Avx2 {
        // SAFETY: the CPU has AVX2, FMA and F16C.
        return unsafe { avx2::sum_page(values, weights, out) };
    }
    let _ = set;
    let width = out.len() / Q;
    for (out, weights) in out.chunks_exact_mut(width).zip(weights) {
        for (value, weight) in values.chunks_exact(width).zip(weights) {
            for (out, value) in out.iter_mut().zip(value) {
                *out += weight * half::f16::from_bits(*value).to_f32();
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{PAGE_TOKENS, Scores};

    /// Eight halves as floats.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    fn load_8(halves: &[u16]) -> __m256 {
        let halves: &[u16; 8] = halves.first_chunk().unwrap_or(&[0; 8]);
        // SAFETY: 16 bytes are there.
        _mm256_cvtph_ps(unsafe { _mm_loadu_si128(halves.as_ptr().cast()) })
    }

    #[target_feature(enable = "avx2,f16c,fma")]
    pub fn score_page<const Q: usize>(keys: &[u16], queries: &[f32], out: &mut [Scores; Q]) {
        let width = queries.len() / Q;
        let mut sums = [[_mm256_setzero_ps(); 2]; Q];
        for (i, key) in keys.chunks_exact(PAGE_TOKENS).enumerate() {
            let (low, high) = (load_8(key), load_8(&key[8..]));
            for (n, sums) in sums.iter_mut().enumerate() {
                let query = _mm256_set1_ps(queries[n * width + i]);
                sums[0] = _mm256_fmadd_ps(query, low, sums[0]);
                sums[1] = _mm256_fmadd_ps(query, high, sums[1]);
            }
        }
        for (out, sums) in out.iter_mut().zip(&sums) {
            // SAFETY: each row has 16 places.
            unsafe {
                _mm256_storeu_ps(out.as_mut_ptr(), sums[0]);
                _mm256_storeu_ps(out.as_mut_ptr().add(8), sums[1]);
            }
        }
    }

    #[target_feature(enable = "avx2,f16c,fma")]
    pub fn sum_page<const Q: usize>(values: &[u16], weights: &[Scores; Q], out: &mut [f32]) {
        let width = out.len() / Q;
        for at in (0..width).step_by(8) {
            let mut sums = [_mm256_setzero_ps(); Q];
            for (t, value) in values.chunks_exact(width).enumerate() {
                let value = load_8(&value[at..]);
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm256_fmadd_ps(_mm256_set1_ps(weights[t]), value, *sum);
                }
            }
            for (n, sum) in sums.iter().enumerate() {
                let place = &mut out[n * width + at..][..8];
                // SAFETY: eight places are there.
                unsafe {
                    let old = _mm256_loadu_ps(place.as_ptr());
                    _mm256_storeu_ps(place.as_mut_ptr(), _mm256_add_ps(old, *sum));
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::*;

    use super::{PAGE_TOKENS, Scores};

    /// So many registers of columns are summed at once: with four queries that leaves some for the rest.
    const REGISTERS: usize = 6;
    /// Columns in them; of Phi-3.5 that is a head.
    pub const COLUMNS: usize = 16 * REGISTERS;

    /// Sixteen halves as floats.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load_16(halves: &[u16; 16]) -> __m512 {
        // SAFETY: 32 bytes are there.
        _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(halves.as_ptr().cast()) })
    }

    /// A register holds a page's scores.
    #[target_feature(enable = "avx512f")]
    pub fn score_page<const Q: usize>(keys: &[u16], queries: &[f32], out: &mut [Scores; Q]) {
        let width = queries.len() / Q;
        let mut sums = [_mm512_setzero_ps(); Q];
        for (i, key) in keys.as_chunks::<PAGE_TOKENS>().0.iter().enumerate() {
            let key = load_16(key);
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = _mm512_fmadd_ps(_mm512_set1_ps(queries[n * width + i]), key, *sum);
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            // SAFETY: each row has 16 places.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), sum) };
        }
    }

    /// As that for AVX2: but a weight is brought to all lanes once for all columns.
    #[target_feature(enable = "avx512f")]
    pub fn sum_page<const Q: usize>(values: &[u16], weights: &[Scores; Q], out: &mut [f32]) {
        let width = out.len() / Q;
        for at in (0..width).step_by(COLUMNS) {
            let mut sums = [[_mm512_setzero_ps(); REGISTERS]; Q];
            for (t, value) in values.chunks_exact(width).enumerate() {
                let weights = weights.each_ref().map(|weights| _mm512_set1_ps(weights[t]));
                let value = value[at..at + COLUMNS].as_chunks::<16>().0;
                for (i, value) in value.iter().enumerate() {
                    let value = load_16(value);
                    for (sums, weight) in sums.iter_mut().zip(weights) {
                        sums[i] = _mm512_fmadd_ps(weight, value, sums[i]);
                    }
                }
            }
            for (out, sums) in out.chunks_exact_mut(width).zip(&sums) {
                let places = out[at..at + COLUMNS].as_chunks_mut::<16>().0;
                for (place, sum) in places.iter_mut().zip(sums) {
                    // SAFETY: sixteen places are there.
                    unsafe {
                        let old = _mm512_loadu_ps(place.as_ptr());
                        _mm512_storeu_ps(place.as_mut_ptr(), _mm512_add_ps(old, *sum));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    fn agree<const Q: usize>(width: usize, tokens: usize) {
        let noise = |i: usize| ((i * 37 % 101) as f32 - 50.0) / 50.0;
        let halves = |count: usize| -> Vec<u16> {
            (0..count)
                .map(|i| f16::from_f32(noise(i)).to_bits())
                .collect()
        };
        let queries: Vec<f32> = (0..Q * width).map(|i| noise(3 * i + 1)).collect();
        let weights: [Scores; Q] =
            std::array::from_fn(|n| std::array::from_fn(|t| noise(n * 16 + t)));
        let run = |set| {
            let mut scores = [[0.0; PAGE_TOKENS]; Q];
            score_page(set, &halves(PAGE_TOKENS * width), &queries, &mut scores);
            let mut out = vec![1.0; Q * width];
            sum_page(set, &halves(tokens * width), &weights, &mut out);
            [scores.concat(), out].concat()
        };
        let expected = run(InstructionSet::Plain);
        for set in [InstructionSet::Avx2, InstructionSet::Avx512Vnni] {
            if set > InstructionSet::detect() {
                continue;
            }
            for (value, expected) in run(set).iter().zip(&expected) {
                let near = (value - expected).abs() < 1e-4;
                assert!(near, "{set:?} {Q}x{width}: {value} instead of {expected}");
            }
        }
    }

    #[test]
    fn pages_are_read_alike_by_all_cpus() {
        for width in [16, 64, 96, 192] {
            for tokens in [1, 7, PAGE_TOKENS] {
                agree::<1>(width, tokens);
                agree::<3>(width, tokens);
                agree::<GROUP>(width, tokens);
            }
        }
    }
}

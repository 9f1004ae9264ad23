//! Weights that are taken apart while they are multiplied, for a few rows of activations.

use std::arch::x86_64::*;

use super::operands::{Operands, Products};
use super::quants::{q6_k, q45_k};
use super::words::lines;
use crate::Format;
use crate::weight::TILE_ROWS;

/// What a block is, for code that is made for each.
const Q4_K: u8 = 0;
const Q5_K: u8 = 1;
const Q6_K: u8 = 2;

/// Adds the products of one block.
///
/// # Safety
/// The CPU has AVX-512 F, BW, VL and VNNI; the block is of that format, which has blocks of 256, and there are so many
/// rows of activations and sums.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub unsafe fn add_all(format: Format, of: Operands<'_>, tokens: usize, sums: &mut [f32]) {
    // SAFETY: as promised by the caller.
    unsafe {
        match format {
            Format::Q6K => add_block::<Q6_K>(of, tokens, sums),
            Format::Q5K => add_block::<Q5_K>(of, tokens, sums),
            _ => add_block::<Q4_K>(of, tokens, sums),
        }
    }
}

/// The same of a block that is `BLOCK`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn add_block<const BLOCK: u8>(of: Operands<'_>, tokens: usize, sums: &mut [f32]) {
    let mut t = 0;
    while t < tokens {
        // SAFETY: as promised by the caller.
        unsafe {
            t += match tokens - t {
                4.. => add::<4, BLOCK>(of, t, sums),
                2.. => add::<2, BLOCK>(of, t, sums),
                _ => add::<1, BLOCK>(of, t, sums),
            };
        }
    }
}

/// Adds the products of one block for `N` rows of activations from `first` on, and returns `N`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn add<const N: usize, const BLOCK: u8>(
    of: Operands<'_>,
    first: usize,
    sums: &mut [f32],
) -> usize {
    // SAFETY: as promised by the caller.
    unsafe {
        let mut total = match BLOCK {
            Q4_K => products_q45_k::<N, false>(of, first),
            Q5_K => products_q45_k::<N, true>(of, first),
            _ => products_q6_k::<N>(of, first),
        };
        if BLOCK != Q6_K {
            of.subtract_minima::<N>(first, &mut total);
        }
        of.add::<N>(first, total, sums);
    }
    N
}

/// Products of Q4_K, or Q5_K with `FIVE`, times the scales of their groups.
///
/// # Safety
/// There are `N` rows of activations from `first` on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn products_q45_k<const N: usize, const FIVE: bool>(
    of: Operands<'_>,
    first: usize,
) -> Products<N> {
    let mut total = [[_mm512_setzero_ps(); 2]; N];
    for part in 0..4 {
        // SAFETY: as promised by the caller.
        unsafe {
            let words = |k| {
                if FIVE {
                    of.block
                        .prefetch_step::<{ lines(Format::Q5K) }>(first == 0, part, k);
                } else {
                    of.block
                        .prefetch_step::<{ lines(Format::Q4K) }>(first == 0, part, k);
                }
                q45_k::<FIVE>(of.block, part, k)
            };
            let steps = [16 * part, 16 * part + 8];
            let begin = |_, _| _mm512_setzero_si512();
            add_groups::<N, 8>(of, first, steps, begin, words, &mut total);
        }
    }
    total
}

/// The same of Q6_K. A weight is `scale · (q − 32)`: sums begin with what `offsets` say of that.
///
/// # Safety
/// As for [`products_q45_k`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn products_q6_k<const N: usize>(of: Operands<'_>, first: usize) -> Products<N> {
    let mut total = [[_mm512_setzero_ps(); 2]; N];
    let begin = |t, group| {
        // SAFETY: there are offsets of 16 groups.
        _mm512_set1_epi32(unsafe { *of.offsets(first + t).add(group) })
    };
    for eighth in 0..4 {
        let (part, k0) = (eighth / 2, eighth % 2 * 4);
        let step = 32 * part + k0;
        // SAFETY: as promised by the caller.
        unsafe {
            let words = |k| {
                of.block
                    .prefetch_step::<{ lines(Format::Q6K) }>(first == 0, eighth, k);
                q6_k::<0>(of.block, part, k0 + k)
            };
            add_groups::<N, 4>(of, first, [step, step + 16], begin, words, &mut total);
            let words = |k| {
                of.block
                    .prefetch_step::<{ lines(Format::Q6K) }>(first == 0, eighth, 4 + k);
                q6_k::<1>(of.block, part, k0 + k)
            };
            add_groups::<N, 4>(of, first, [step + 8, step + 24], begin, words, &mut total);
        }
    }
    total
}

/// Adds the products of two groups of `4 · STEPS` weights, which begin at two steps of four weights and share
/// their words: `begin(t, group)` is what their sums begin with, and `words(k)` has the weights of step `k` of both,
/// of both halves of the rows.
///
/// # Safety
/// There are `N` rows of activations from `first` on; the steps are whole groups within the block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn add_groups<const N: usize, const STEPS: usize>(
    of: Operands<'_>,
    first: usize,
    steps: [usize; 2],
    begin: impl Fn(usize, usize) -> __m512i,
    words: impl Fn(usize) -> [[__m512i; 2]; 2],
    total: &mut Products<N>,
) {
    let mut dot = [[[_mm512_setzero_si512(); 2]; 2]; N];
    for t in 0..N {
        for group in 0..2 {
            dot[t][group] = [begin(t, steps[group] / STEPS); 2];
        }
    }
    // SAFETY: as promised by the caller; `Scales` has fixed sizes.
    unsafe {
        for k in 0..STEPS {
            let q = words(k);
            for t in 0..N {
                for group in 0..2 {
                    let x = of.values(first + t).add((steps[group] + k) * 4);
                    let x = _mm512_set1_epi32(x.cast::<i32>().read_unaligned());
                    for half in 0..2 {
                        let sum = dot[t][group][half];
                        dot[t][group][half] = _mm512_dpbusd_epi32(sum, q[group][half], x);
                    }
                }
            }
        }
        for group in 0..2 {
            let at = steps[group] / STEPS * TILE_ROWS;
            for half in 0..2 {
                let scale = _mm512_load_ps(of.scales.scales.as_ptr().add(at + 16 * half));
                for t in 0..N {
                    let products = _mm512_cvtepi32_ps(dot[t][group][half]);
                    total[t][half] = _mm512_fmadd_ps(products, scale, total[t][half]);
                }
            }
        }
    }
}

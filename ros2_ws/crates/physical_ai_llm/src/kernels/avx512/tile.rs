//! Rows of activations times 32 unpacked rows of weights with AVX-512 VNNI.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over several arrays of registers"
)]

use std::arch::x86_64::*;

use super::unpack::unpack;
use crate::Format;
use crate::activations::Activations;
use crate::kernels::block::{Block, ROWS};

/// Adds the products of 32 rows of weights for all rows of activations: `sums` is `[T, ROWS]`.
///
/// # Safety
/// The CPU has AVX-512 F, BW, VL and VNNI; `bytes` is 32 rows of whole blocks of 256 in `format`; the activations
/// have as many columns, and that many rows.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,f16c")]
pub unsafe fn add_tile(
    format: Format,
    bytes: &[u8],
    a: &Activations,
    tokens: usize,
    sums: &mut [f32],
) {
    let mut block = Block::default();
    for index in 0..a.columns / 256 {
        ask_for(bytes, index, a.columns / 256);
        // SAFETY: as promised by the caller.
        unsafe {
            unpack(format, bytes, index, &mut block);
            let mut t = 0;
            while t < tokens {
                t += match tokens - t {
                    // Twice four is quicker than six and two.
                    8 => add::<4>(&block, a, index, t, sums),
                    6.. => add::<6>(&block, a, index, t, sums),
                    4.. => add::<4>(&block, a, index, t, sums),
                    2.. => add::<2>(&block, a, index, t, sums),
                    _ => add::<1>(&block, a, index, t, sums),
                };
            }
        }
    }
}

/// Asks for the part of the tile behind this one that is as far in it as block `index` of `blocks` in this
/// one: the CPU's own prefetcher stops at each page of 4 KiB.
#[inline(always)]
fn ask_for(tile: &[u8], index: usize, blocks: usize) {
    let part = tile.len().div_ceil(blocks);
    for line in (index * part..(index + 1) * part).step_by(64) {
        let ahead = tile.as_ptr().wrapping_add(tile.len() + line);
        // SAFETY: a prefetch of any address is harmless.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(ahead.cast()) };
    }
}

/// Adds the products of one block for `N` rows of activations, and returns `N`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn add<const N: usize>(
    w: &Block<f32>,
    a: &Activations,
    index: usize,
    first: usize,
    sums: &mut [f32],
) -> usize {
    let at = |t: usize| (first + t) * a.columns + index * 256;
    let zero = _mm512_setzero_si512();
    let mut total = [[_mm512_setzero_ps(); 2]; N];
    // SAFETY: `add` is called for rows and blocks that exist; `Block` has fixed sizes.
    unsafe {
        let values: [*const i8; N] = std::array::from_fn(|t| a.values.as_ptr().add(at(t)));
        let steps = w.group / 4;
        for group in 0..256 / w.group {
            let mut dot = [[zero; 2]; N];
            for step in group * steps..(group + 1) * steps {
                let q = w.quants.as_ptr().add(step * ROWS * 4);
                let (q0, q1) = (
                    _mm512_load_si512(q.cast()),
                    _mm512_load_si512(q.add(64).cast()),
                );
                for t in 0..N {
                    let x = values[t].add(step * 4).cast::<i32>().read_unaligned();
                    let x = _mm512_set1_epi32(x);
                    dot[t][0] = _mm512_dpbusd_epi32(dot[t][0], q0, x);
                    dot[t][1] = _mm512_dpbusd_epi32(dot[t][1], q1, x);
                }
            }
            let scale = w.scales.as_ptr().add(group * ROWS);
            let (s0, s1) = (_mm512_load_ps(scale), _mm512_load_ps(scale.add(16)));
            for t in 0..N {
                total[t][0] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[t][0]), s0, total[t][0]);
                total[t][1] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[t][1]), s1, total[t][1]);
            }
        }
        subtract_minima(w, a, &std::array::from_fn(at), &mut total);
        for half in 0..2 {
            for t in 0..N {
                let scale = _mm512_set1_ps(*a.scales.as_ptr().add(at(t) / 256));
                let place = sums.as_mut_ptr().add((first + t) * ROWS + 16 * half);
                let old = _mm512_loadu_ps(place);
                _mm512_storeu_ps(place, _mm512_fmadd_ps(total[t][half], scale, old));
            }
        }
    }
    N
}

/// Takes the minima of a block into account: they are multiplied with sums of activations only.
///
/// # Safety
/// The activations reach 256 values from each of `at` on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn subtract_minima<const N: usize>(
    w: &Block<f32>,
    a: &Activations,
    at: &[usize; N],
    total: &mut [[__m512; 2]; N],
) {
    let zero = _mm512_setzero_si512();
    let pairs = if w.group == 32 { &a.sums32 } else { &a.sums16 };
    let mut low = [[zero; 2]; N];
    // SAFETY: `Block` has fixed sizes; the rest is promised by the caller.
    unsafe {
        for pair in 0..128 / w.group {
            let m = w.minima.as_ptr().add(pair * ROWS);
            let (m0, m1) = (
                _mm512_load_si512(m.cast()),
                _mm512_load_si512(m.add(16).cast()),
            );
            for t in 0..N {
                let of = pairs.as_ptr().add(at[t] / w.group + pair * 2);
                let x = _mm512_set1_epi32(of.cast::<i32>().read_unaligned());
                low[t][0] = _mm512_dpwssd_epi32(low[t][0], m0, x);
                low[t][1] = _mm512_dpwssd_epi32(low[t][1], m1, x);
            }
        }
        for half in 0..2 {
            let d = _mm512_load_ps(w.minimum_scales.as_ptr().add(16 * half));
            for t in 0..N {
                let minimum = _mm512_cvtepi32_ps(low[t][half]);
                total[t][half] = _mm512_fnmadd_ps(minimum, d, total[t][half]);
            }
        }
    }
}

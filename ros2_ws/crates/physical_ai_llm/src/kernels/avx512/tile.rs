//! Rows of activations times a tile of weights with AVX-512 VNNI.
//!
//! A register holds four packed bytes of 16 rows. Their bits are taken apart for all of them at once, and
//! `vpdpbusd` multiplies four neighbours of each row with a broadcast of four activations: sums need no reduction
//! across lanes, and a scale is applied once per group.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over several arrays of registers"
)]

use std::arch::x86_64::*;

use super::quants::{Unpacked, q6_k, q45_k};
use super::scales::Scales;
use super::words::Words;
use crate::Format;
use crate::activations::Activations;
use crate::weight::TILE_ROWS;

/// What a block is, for code that is made for each.
const Q4_K: u8 = 0;
const Q5_K: u8 = 1;
const Q6_K: u8 = 2;
/// Q6_K whose weights are taken apart already.
const Q6_K_UNPACKED: u8 = 3;

/// Lines of the cache of a block.
const fn lines(format: Format) -> usize {
    (TILE_ROWS * format.block_bytes()).div_ceil(64)
}

/// One block of a tile, and where its activations are.
#[derive(Clone, Copy)]
struct Operands<'a> {
    block: Words<'a>,
    scales: &'a Scales,
    /// The weights of Q6_K, if they are taken apart.
    unpacked: &'a Unpacked,
    a: &'a Activations,
    index: usize,
}

/// A block that is taken apart: memory of one thread.
#[derive(Default)]
pub struct Apart {
    scales: Scales,
    unpacked: Unpacked,
}

/// Products of a tile of weights with all rows of activations: `sums` becomes `[T, TILE_ROWS]`.
///
/// # Safety
/// The CPU has AVX-512 F, BW, VL and VNNI, and F16C; `tile` is a tile of blocks of 256 in `format`; the activations
/// have as many columns as it, and that many rows.
pub unsafe fn multiply_tile(
    format: Format,
    tile: &[u8],
    a: &Activations,
    tokens: usize,
    apart: &mut Apart,
    sums: &mut [f32],
) {
    let Apart { scales, unpacked } = apart;
    // For few rows it takes longer.
    let unpacks = format == Format::Q6K && tokens > 8;
    for index in 0..a.columns / 256 {
        let block = Words::new(format, tile, index);
        // SAFETY: as promised by the caller.
        unsafe {
            scales.unpack(format, block);
            if unpacks {
                unpacked.fill(block);
            }
            let operands = Operands {
                block,
                scales,
                unpacked,
                a,
                index,
            };
            match format {
                Format::Q6K if unpacks => add_all::<Q6_K_UNPACKED>(operands, tokens, sums),
                Format::Q6K => add_all::<Q6_K>(operands, tokens, sums),
                Format::Q5K => add_all::<Q5_K>(operands, tokens, sums),
                _ => add_all::<Q4_K>(operands, tokens, sums),
            }
        }
    }
}

/// Adds the products of one block, which is `BLOCK`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn add_all<const BLOCK: u8>(of: Operands<'_>, tokens: usize, sums: &mut [f32]) {
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
    let Operands { a, index, .. } = of;
    let at: [usize; N] = std::array::from_fn(|t| (first + t) * a.columns + index * 256);
    // SAFETY: `add` is called for rows and blocks that exist; `Scales` has fixed sizes.
    unsafe {
        let values = at.map(|at| a.values.as_ptr().add(at));
        let offsets = at.map(|at| a.offsets.as_ptr().add(at / 16));
        let ask = first == 0;
        let mut total = match BLOCK {
            Q4_K => products_q45_k::<N, false>(of, values, ask),
            Q5_K => products_q45_k::<N, true>(of, values, ask),
            Q6_K => products_q6_k::<N, false>(of, values, offsets, ask),
            _ => products_q6_k::<N, true>(of, values, offsets, ask),
        };
        if matches!(BLOCK, Q4_K | Q5_K) {
            subtract_minima::<N>(of, &at, &mut total);
        }
        for half in 0..2 {
            for t in 0..N {
                let scale = _mm512_set1_ps(*a.scales.as_ptr().add(at[t] / 256));
                let place = sums.as_mut_ptr().add((first + t) * TILE_ROWS + 16 * half);
                // What the sums were before is over.
                let old = if index == 0 {
                    _mm512_setzero_ps()
                } else {
                    _mm512_loadu_ps(place)
                };
                _mm512_storeu_ps(place, _mm512_fmadd_ps(total[t][half], scale, old));
            }
        }
    }
    N
}

/// Products of Q4_K, or Q5_K with `FIVE`, times the scales of their groups. `ask`: a block that comes later is asked
/// for meanwhile.
///
/// # Safety
/// 256 activations lie behind each of `values`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn products_q45_k<const N: usize, const FIVE: bool>(
    of: Operands<'_>,
    values: [*const i8; N],
    ask: bool,
) -> [[__m512; 2]; N] {
    let mut total = [[_mm512_setzero_ps(); 2]; N];
    for part in 0..4 {
        // SAFETY: as promised by the caller.
        unsafe {
            let words = |k| {
                if FIVE {
                    of.block.ask_ahead::<{ lines(Format::Q5K) }>(ask, part, k);
                } else {
                    of.block.ask_ahead::<{ lines(Format::Q4K) }>(ask, part, k);
                }
                q45_k::<FIVE>(of.block, part, k)
            };
            let steps = [16 * part, 16 * part + 8];
            let begin = |_, _| _mm512_setzero_si512();
            add_groups::<N, 8>(of.scales, values, steps, begin, words, &mut total);
        }
    }
    total
}

/// The same of Q6_K, with `UNPACKED` of weights that are taken apart already. A weight is `scale · (q − 32)`: sums
/// begin with what `offsets` say of that.
///
/// # Safety
/// As for [`products_q45_k`]; 16 offsets lie behind each of `offsets`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn products_q6_k<const N: usize, const UNPACKED: bool>(
    of: Operands<'_>,
    values: [*const i8; N],
    offsets: [*const i32; N],
    ask: bool,
) -> [[__m512; 2]; N] {
    let mut total = [[_mm512_setzero_ps(); 2]; N];
    // SAFETY: there are offsets of 16 groups.
    let begin = |t: usize, group| _mm512_set1_epi32(unsafe { *offsets[t].add(group) });
    for eighth in 0..4 {
        let (part, first) = (eighth / 2, eighth % 2 * 4);
        let step = 32 * part + first;
        // SAFETY: as promised by the caller.
        unsafe {
            let steps = [step, step + 16];
            let words = |k| {
                of.block.ask_ahead::<{ lines(Format::Q6K) }>(ask, eighth, k);
                if UNPACKED {
                    [
                        of.unpacked.load(steps[0] + k),
                        of.unpacked.load(steps[1] + k),
                    ]
                } else {
                    q6_k::<0>(of.block, part, first + k)
                }
            };
            add_groups::<N, 4>(of.scales, values, steps, begin, words, &mut total);
            let steps = [step + 8, step + 24];
            let words = |k| {
                of.block
                    .ask_ahead::<{ lines(Format::Q6K) }>(ask, eighth, 4 + k);
                if UNPACKED {
                    [
                        of.unpacked.load(steps[0] + k),
                        of.unpacked.load(steps[1] + k),
                    ]
                } else {
                    q6_k::<1>(of.block, part, first + k)
                }
            };
            add_groups::<N, 4>(of.scales, values, steps, begin, words, &mut total);
        }
    }
    total
}

/// Adds the products of two groups of `4 · STEPS` weights, which begin at two steps of four weights and share
/// their words: `begin(t, group)` is what their sums begin with, and `words(k)` has the weights of step `k` of both,
/// of both halves of the rows.
///
/// # Safety
/// 256 activations lie behind each of `values`; the steps are whole groups within the block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn add_groups<const N: usize, const STEPS: usize>(
    scales: &Scales,
    values: [*const i8; N],
    steps: [usize; 2],
    begin: impl Fn(usize, usize) -> __m512i,
    words: impl Fn(usize) -> [[__m512i; 2]; 2],
    total: &mut [[__m512; 2]; N],
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
                    let x = values[t].add((steps[group] + k) * 4);
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
                let scale = _mm512_load_ps(scales.scales.as_ptr().add(at + 16 * half));
                for t in 0..N {
                    let products = _mm512_cvtepi32_ps(dot[t][group][half]);
                    total[t][half] = _mm512_fmadd_ps(products, scale, total[t][half]);
                }
            }
        }
    }
}

/// Takes the minima of a block of Q4_K or Q5_K into account: they are multiplied with sums of activations only.
///
/// # Safety
/// The activations reach 256 values from each of `at` on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn subtract_minima<const N: usize>(
    of: Operands<'_>,
    at: &[usize; N],
    total: &mut [[__m512; 2]; N],
) {
    let (w, a) = (of.scales, of.a);
    let mut low = [[_mm512_setzero_si512(); 2]; N];
    // SAFETY: `Scales` has fixed sizes; the rest is promised by the caller.
    unsafe {
        for pair in 0..4 {
            let m = w.minima.as_ptr().add(pair * TILE_ROWS);
            let m = [
                _mm512_load_si512(m.cast()),
                _mm512_load_si512(m.add(16).cast()),
            ];
            for t in 0..N {
                let of = a.sums32.as_ptr().add(at[t] / 32 + pair * 2);
                let x = _mm512_set1_epi32(of.cast::<i32>().read_unaligned());
                for half in 0..2 {
                    low[t][half] = _mm512_dpwssd_epi32(low[t][half], m[half], x);
                }
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

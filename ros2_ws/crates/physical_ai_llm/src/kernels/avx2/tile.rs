//! Rows of activations times 32 unpacked rows of weights with AVX2.
//!
//! `vpmaddubsw` sums products of two neighbours into 16 bits. Such sums are added up in 16 bits for as many
//! steps as they cannot overflow there, and multiplied with the scale of their group, in integers, when they are
//! widened: little more than two instructions for 32 products.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over several arrays of registers"
)]

use std::arch::x86_64::*;

use super::ahead::Ahead;
use super::block::Block;
use super::unpack::unpack;
use crate::Format;
use crate::activations::Activations;
use crate::weight::TILE_ROWS;

/// Adds the products of 32 rows of weights for all rows of activations: `sums` is `[T, TILE_ROWS]`.
///
/// # Safety
/// The CPU has AVX2, FMA and F16C; `bytes` is 32 rows of whole blocks of 256 in `format`; the activations have as
/// many columns, and that many rows.
pub unsafe fn add_tile(
    format: Format,
    bytes: &[u8],
    a: &Activations,
    tokens: usize,
    sums: &mut [f32],
) {
    let mut block = Block::default();
    for index in 0..a.columns / 256 {
        let ahead = Ahead::new(bytes, index, format.block_bytes());
        // Activations are within ±127: the largest weight, 15, 31 or 63, times 127 · 2 · steps stays below 2¹⁵.
        // SAFETY: as promised by the caller.
        unsafe {
            unpack(format, bytes, index, &mut block);
            match format {
                Format::Q6K => add_all::<16, 2>(&block, a, index, tokens, sums, ahead),
                Format::Q5K => add_all::<32, 4>(&block, a, index, tokens, sums, ahead),
                _ => add_all::<32, 8>(&block, a, index, tokens, sums, ahead),
            }
        }
    }
}

/// Adds the products of one block, with a scale for `GROUP` neighbours; `CHAIN` steps of four weights fit into 16
/// bits.
#[target_feature(enable = "avx2,fma")]
unsafe fn add_all<const GROUP: usize, const CHAIN: usize>(
    w: &Block,
    a: &Activations,
    index: usize,
    tokens: usize,
    sums: &mut [f32],
    ahead: Ahead,
) {
    let mut t = 0;
    let mut ahead = Some(ahead);
    while t < tokens {
        let ahead = ahead.take();
        // SAFETY: as promised by the caller.
        unsafe {
            t += match tokens - t {
                4.. => add::<4, GROUP, CHAIN>(w, a, (index, t), sums, ahead),
                3 => add::<3, GROUP, CHAIN>(w, a, (index, t), sums, ahead),
                2 => add::<2, GROUP, CHAIN>(w, a, (index, t), sums, ahead),
                _ => add::<1, GROUP, CHAIN>(w, a, (index, t), sums, ahead),
            };
        }
    }
}

/// Adds the products of block `index` for `N` rows of activations from `first` on, 16 rows of weights at a time,
/// and returns `N`.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn add<const N: usize, const GROUP: usize, const CHAIN: usize>(
    w: &Block,
    a: &Activations,
    (index, first): (usize, usize),
    sums: &mut [f32],
    ahead: Option<Ahead>,
) -> usize {
    let at: [usize; N] = std::array::from_fn(|t| (first + t) * a.columns + index * 256);
    for part in (0..TILE_ROWS).step_by(16) {
        // SAFETY: `add` is called for rows and blocks that exist; `Block` has fixed sizes.
        unsafe {
            let values = std::array::from_fn(|t| a.values.as_ptr().add(at[t]));
            let dot = products::<N, GROUP, CHAIN>(w, values, part, ahead);
            let low = minima::<N, GROUP>(w, a, &at, part);
            for half in 0..2 {
                let d = _mm256_load_ps(w.row_scales.as_ptr().add(part + 8 * half));
                let d_min = _mm256_load_ps(w.minimum_scales.as_ptr().add(part + 8 * half));
                for t in 0..N {
                    let product = _mm256_mul_ps(_mm256_cvtepi32_ps(dot[t][half]), d);
                    let minimum = _mm256_cvtepi32_ps(low[t][half]);
                    let total = _mm256_fnmadd_ps(minimum, d_min, product);
                    let scale = _mm256_set1_ps(*a.scales.as_ptr().add(at[t] / 256));
                    let place = sums
                        .as_mut_ptr()
                        .add((first + t) * TILE_ROWS + part + 8 * half);
                    let old = _mm256_loadu_ps(place);
                    _mm256_storeu_ps(place, _mm256_fmadd_ps(total, scale, old));
                }
            }
        }
    }
    N
}

/// Products with 16 rows of weights from `part` on, times the scales of their groups. The blocks ahead of these
/// rows are asked for meanwhile.
///
/// # Safety
/// 256 activations lie behind each of `values`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn products<const N: usize, const GROUP: usize, const CHAIN: usize>(
    w: &Block,
    values: [*const i8; N],
    part: usize,
    ahead: Option<Ahead>,
) -> [[__m256i; 2]; N] {
    let mut dot = [[_mm256_setzero_si256(); 2]; N];
    // Counted up, for addresses computed from `group` and `step` take a twelfth more instructions.
    let mut weights = w.quants.as_ptr().wrapping_add(part * 4);
    let mut column = 0;
    for group in 0..256 / GROUP {
        if let Some(ahead) = ahead {
            for row in group * GROUP / 16..(group + 1) * GROUP / 16 {
                ahead.ask_for(part + row);
            }
        }
        // SAFETY: `Block` has fixed sizes; the rest is promised by the caller.
        unsafe {
            let scale = load_2(w.scales.as_ptr().add(group * TILE_ROWS + part));
            for _ in 0..GROUP / 4 / CHAIN {
                let mut pairs = [[_mm256_setzero_si256(); 2]; N];
                for step in 0..CHAIN {
                    let q = load_2(weights.add(step * TILE_ROWS * 4).cast());
                    for t in 0..N {
                        let x = values[t].add(column + step * 4).cast::<i32>();
                        let x = _mm256_set1_epi32(x.read_unaligned());
                        for half in 0..2 {
                            let products = _mm256_maddubs_epi16(q[half], x);
                            pairs[t][half] = _mm256_add_epi16(pairs[t][half], products);
                        }
                    }
                }
                weights = weights.wrapping_add(CHAIN * TILE_ROWS * 4);
                column += CHAIN * 4;
                for t in 0..N {
                    for half in 0..2 {
                        let scaled = _mm256_madd_epi16(pairs[t][half], scale[half]);
                        dot[t][half] = _mm256_add_epi32(dot[t][half], scaled);
                    }
                }
            }
        }
    }
    dot
}

/// Minima of 16 rows of weights from `part` on: they are multiplied with sums of activations only.
///
/// # Safety
/// The activations reach 256 values from each of `at` on.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn minima<const N: usize, const GROUP: usize>(
    w: &Block,
    a: &Activations,
    at: &[usize; N],
    part: usize,
) -> [[__m256i; 2]; N] {
    let sums = if GROUP == 32 { &a.sums32 } else { &a.sums16 };
    let mut low = [[_mm256_setzero_si256(); 2]; N];
    for pair in 0..128 / GROUP {
        // SAFETY: `Block` has fixed sizes; the rest is promised by the caller.
        unsafe {
            let m = load_2(w.minima.as_ptr().add(pair * TILE_ROWS + part));
            for t in 0..N {
                let of = sums.as_ptr().add(at[t] / GROUP + pair * 2);
                let x = _mm256_set1_epi32(of.cast::<i32>().read_unaligned());
                for half in 0..2 {
                    let products = _mm256_madd_epi16(m[half], x);
                    low[t][half] = _mm256_add_epi32(low[t][half], products);
                }
            }
        }
    }
    low
}

/// What belongs to 16 rows of weights.
///
/// # Safety
/// 64 aligned bytes are readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load_2(from: *const i32) -> [__m256i; 2] {
    // SAFETY: as promised by the caller.
    unsafe {
        [
            _mm256_load_si256(from.cast()),
            _mm256_load_si256(from.add(8).cast()),
        ]
    }
}

//! Weights of Q5_K or Q6_K that are taken apart once for many rows of activations.

use std::arch::x86_64::*;

use super::operands::{Operands, Products};
use super::quants::{q6_k, q45_k};
use super::words::Words;
use crate::Format;
use crate::weight::TILE_ROWS;

/// All weights of a block: `[64, TILE_ROWS, 4]`.
#[repr(C, align(64))]
pub struct Unpacked([u8; 256 * TILE_ROWS]);

impl Default for Unpacked {
    fn default() -> Self {
        Self([0; 256 * TILE_ROWS])
    }
}

impl Unpacked {
    /// Takes a block apart.
    ///
    /// # Safety
    /// The block is of Q5_K or Q6_K; the CPU has AVX-512 F and BW.
    #[target_feature(enable = "avx512f,avx512bw")]
    pub unsafe fn fill(&mut self, format: Format, block: Words<'_>) {
        // SAFETY: as promised by the caller.
        unsafe {
            match format {
                Format::Q6K => self.fill_q6_k(block),
                _ => self.fill_q5_k(block),
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    unsafe fn fill_q5_k(&mut self, block: Words<'_>) {
        for part in 0..4 {
            for k in 0..8 {
                // SAFETY: as promised by the caller.
                let [even, odd] = unsafe { q45_k::<true>(block, part, k) };
                self.store(16 * part + k, even);
                self.store(16 * part + 8 + k, odd);
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    unsafe fn fill_q6_k(&mut self, block: Words<'_>) {
        for part in 0..2 {
            for k in 0..8 {
                // SAFETY: as promised by the caller.
                let (a, b) = unsafe { (q6_k::<0>(block, part, k), q6_k::<1>(block, part, k)) };
                for (quarter, words) in [a[0], b[0], a[1], b[1]].into_iter().enumerate() {
                    self.store(32 * part + 8 * quarter + k, words);
                }
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store(&mut self, step: usize, words: [__m512i; 2]) {
        let places = self.0[step * 4 * TILE_ROWS..][..4 * TILE_ROWS].chunks_exact_mut(64);
        for (place, words) in places.zip(words) {
            // SAFETY: 64 bytes.
            unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), words) }
        }
    }

    /// Four neighbours of both halves of the rows.
    ///
    /// # Safety
    /// `step < 64`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load(&self, step: usize) -> [__m512i; 2] {
        // SAFETY: as promised by the caller; aligned.
        unsafe {
            let at = self.0.as_ptr().add(step * 4 * TILE_ROWS);
            [
                _mm512_load_si512(at.cast()),
                _mm512_load_si512(at.add(64).cast()),
            ]
        }
    }
}

/// Adds the products of one block, whose weights are `weights`.
///
/// # Safety
/// The CPU has AVX-512 F, BW, VL and VNNI; the block is of that format, Q5_K or Q6_K, and there are so many rows of activations and
/// sums.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub unsafe fn add_all(
    format: Format,
    of: Operands<'_>,
    weights: &Unpacked,
    tokens: usize,
    sums: &mut [f32],
) {
    // SAFETY: as promised by the caller.
    unsafe {
        match format {
            Format::Q6K => add_groups::<4>(of, weights, tokens, sums),
            _ => add_groups::<8>(of, weights, tokens, sums),
        }
    }
}

/// The same, with a scale for `4 · STEPS` neighbours: with 4, of Q6_K.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn add_groups<const STEPS: usize>(
    of: Operands<'_>,
    weights: &Unpacked,
    tokens: usize,
    sums: &mut [f32],
) {
    let mut t = 0;
    while t < tokens {
        // SAFETY: as promised by the caller.
        unsafe {
            t += match tokens - t {
                // Two halves rather than six and the rest.
                8 => add::<4, STEPS>(of, weights, t, sums),
                // More would not fit into 32 registers.
                6.. => add::<6, STEPS>(of, weights, t, sums),
                4.. => add::<4, STEPS>(of, weights, t, sums),
                2.. => add::<2, STEPS>(of, weights, t, sums),
                _ => add::<1, STEPS>(of, weights, t, sums),
            };
        }
    }
}

/// Adds the products of one block for `N` rows of activations from `first` on, and returns `N`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn add<const N: usize, const STEPS: usize>(
    of: Operands<'_>,
    weights: &Unpacked,
    first: usize,
    sums: &mut [f32],
) -> usize {
    let groups = 64 / STEPS;
    let mut total: Products<N> = [[_mm512_setzero_ps(); 2]; N];
    // SAFETY: as promised by the caller; `Scales` has fixed sizes.
    unsafe {
        for turn in 0..groups {
            if first == 0 {
                of.block.prefetch_part(turn, groups);
            }
            let group = nth_group::<STEPS>(turn);
            let mut dot = [[_mm512_setzero_si512(); 2]; N];
            if STEPS == 4 {
                // A weight of Q6_K is `scale · (q − 32)`: sums begin with what `offsets` say of that.
                for t in 0..N {
                    dot[t] = [_mm512_set1_epi32(*of.offsets(first + t).add(group)); 2];
                }
            }
            for step in group * STEPS..(group + 1) * STEPS {
                let w = weights.load(step);
                for t in 0..N {
                    let x = of.values(first + t).add(4 * step).cast::<i32>();
                    let x = _mm512_set1_epi32(x.read_unaligned());
                    for half in 0..2 {
                        dot[t][half] = _mm512_dpbusd_epi32(dot[t][half], w[half], x);
                    }
                }
            }
            for half in 0..2 {
                let scale = group * TILE_ROWS + 16 * half;
                let scale = _mm512_load_ps(of.scales.scales.as_ptr().add(scale));
                for t in 0..N {
                    let products = _mm512_cvtepi32_ps(dot[t][half]);
                    total[t][half] = _mm512_fmadd_ps(products, scale, total[t][half]);
                }
            }
        }
        if STEPS == 8 {
            of.subtract_minima::<N>(first, &mut total);
        }
        of.add::<N>(first, total, sums);
    }
    N
}

/// Groups are added in the order in which packed weights are taken apart: a row of activations gives the same bits
/// among few and among many.
#[inline(always)]
fn nth_group<const STEPS: usize>(turn: usize) -> usize {
    if STEPS == 8 {
        return turn;
    }
    turn / 8 * 8 + turn / 4 % 2 + [0, 4, 2, 6][turn % 4]
}

use std::arch::x86_64::*;

use super::scales::Scales;
use super::words::Words;
use crate::activations::Activations;
use crate::weight::TILE_ROWS;

/// One block of a tile, and where its activations are.
#[derive(Clone, Copy)]
pub struct Operands<'a> {
    pub block: Words<'a>,
    pub scales: &'a Scales,
    pub a: &'a Activations,
    /// Which block of the tile.
    pub index: usize,
}

/// Products of some rows of activations with 16 rows of weights, twice.
pub type Products<const N: usize> = [[__m512; 2]; N];

// Always inlined: a call would pass all registers of products through memory.
impl Operands<'_> {
    /// Where the activations of row `t` begin.
    #[inline(always)]
    fn at(self, t: usize) -> usize {
        t * self.a.columns + self.index * 256
    }

    /// The activations of row `t`: 256.
    ///
    /// # Safety
    /// There is such a row.
    #[inline(always)]
    pub unsafe fn values(self, t: usize) -> *const i8 {
        // SAFETY: as promised by the caller.
        unsafe { self.a.values.as_ptr().add(self.at(t)) }
    }

    /// The offsets of row `t`: 16.
    ///
    /// # Safety
    /// There is such a row.
    #[inline(always)]
    pub unsafe fn offsets(self, t: usize) -> *const i32 {
        // SAFETY: as promised by the caller.
        unsafe { self.a.offsets.as_ptr().add(self.at(t) / 16) }
    }

    /// Takes the minima of a block of Q4_K or Q5_K into account: they are multiplied with sums of activations only.
    ///
    /// # Safety
    /// There are `N` rows of activations from `first` on; the CPU has AVX-512 F and VNNI.
    #[inline(always)]
    pub unsafe fn subtract_minima<const N: usize>(self, first: usize, total: &mut Products<N>) {
        let (w, a) = (self.scales, self.a);
        // SAFETY: `Scales` has fixed sizes; the rest is promised by the caller.
        unsafe {
            let mut low = [[_mm512_setzero_si512(); 2]; N];
            for pair in 0..4 {
                let m = w.minima.as_ptr().add(pair * TILE_ROWS);
                let m = [
                    _mm512_load_si512(m.cast()),
                    _mm512_load_si512(m.add(16).cast()),
                ];
                for t in 0..N {
                    let of = a.sums32.as_ptr().add(self.at(first + t) / 32 + pair * 2);
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

    /// Adds the products of a block, times the scales of the activations, to `sums`: `[T, TILE_ROWS]`.
    ///
    /// # Safety
    /// There are `N` rows of activations and sums from `first` on; the CPU has AVX-512 F.
    #[inline(always)]
    pub unsafe fn add<const N: usize>(self, first: usize, total: Products<N>, sums: &mut [f32]) {
        for half in 0..2 {
            for t in 0..N {
                // SAFETY: as promised by the caller.
                unsafe {
                    let scale = self.a.scales.as_ptr().add(self.at(first + t) / 256);
                    let place = sums.as_mut_ptr().add((first + t) * TILE_ROWS + 16 * half);
                    // What the sums were before is over.
                    let old = if self.index == 0 {
                        _mm512_setzero_ps()
                    } else {
                        _mm512_loadu_ps(place)
                    };
                    let sum = _mm512_fmadd_ps(total[t][half], _mm512_set1_ps(*scale), old);
                    _mm512_storeu_ps(place, sum);
                }
            }
        }
    }
}

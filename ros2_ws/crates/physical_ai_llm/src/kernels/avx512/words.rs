use std::arch::x86_64::*;

use crate::Format;
use crate::weight::TILE_ROWS;

/// Bytes of a word of all rows.
const WORD: usize = 4 * TILE_ROWS;

/// Bytes of a line of the cache.
const LINE: usize = 64;

/// Weights are prefetched so many bytes before they are read: more than a third of a first cache of 32 KiB would drive
/// out what is in use.
const AHEAD: usize = 12 << 10;

/// Lines of the cache of a block.
pub const fn lines(format: Format) -> usize {
    (TILE_ROWS * format.block_bytes()).div_ceil(LINE)
}

/// One block of a tile: words of four neighbouring bytes, of all rows (see [`crate::Weight`]).
#[derive(Clone, Copy)]
pub struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// Block `index` of a tile.
    pub fn new(format: Format, tile: &'a [u8], index: usize) -> Self {
        let length = TILE_ROWS * format.block_bytes();
        Self(&tile[index * length..][..length])
    }

    /// A word of half of the rows.
    ///
    /// # Safety
    /// The blocks have such a word, and `half` is 0 or 1.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub unsafe fn load(self, word: usize, half: usize) -> __m512i {
        // SAFETY: as promised by the caller.
        unsafe {
            let at = self.0.as_ptr().add(word * WORD + half * WORD / 2);
            _mm512_loadu_si512(at.cast())
        }
    }

    /// The last two bytes of half of the rows, which are half a word: floats.
    ///
    /// # Safety
    /// The blocks of the format end so, and `half` is 0 or 1.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub unsafe fn load_last_half(self, half: usize) -> __m512 {
        // SAFETY: as promised by the caller.
        unsafe {
            let all = self.0.as_ptr().add(self.0.len() - WORD / 2);
            _mm512_cvtph_ps(_mm256_loadu_si256(all.add(half * WORD / 4).cast()))
        }
    }

    /// Prefetches what is read soon, if that is wanted: the part of a block of `LINES` lines that belongs to step `k` of
    /// eight, of a quarter of it.
    ///
    /// The CPU's own prefetcher stops at each page of 4 KiB, and a whole block in one go takes longer than it saves; a
    /// few lines at a time cost nothing, if their number is known when this is compiled. `wanted` is asked here because a
    /// branch around the call made decoding with Q6_K a seventh slower.
    #[inline(always)]
    pub fn prefetch_step<const LINES: usize>(self, wanted: bool, quarter: usize, k: usize) {
        if !wanted {
            return;
        }
        let lines = LINES.div_ceil(4);
        for line in k * lines / 8..(k + 1) * lines / 8 {
            self.prefetch(quarter * lines + line);
        }
    }

    /// The same for one of `parts` of a block, for code that takes long for a block.
    #[inline(always)]
    pub fn prefetch_part(self, part: usize, parts: usize) {
        let lines = self.0.len().div_ceil(LINE);
        for line in part * lines / parts..(part + 1) * lines / parts {
            self.prefetch(line);
        }
    }

    /// Weights are read once, so they need not come into the second cache.
    #[inline(always)]
    fn prefetch(self, line: usize) {
        let at = self.0.as_ptr().wrapping_add(AHEAD + line * LINE);
        // SAFETY: a prefetch of any address is harmless.
        unsafe { _mm_prefetch::<_MM_HINT_NTA>(at.cast()) };
    }
}

use std::arch::x86_64::*;

use crate::Format;
use crate::weight::TILE_ROWS;

/// Bytes of a word of all rows.
const WORD: usize = 4 * TILE_ROWS;

/// Bytes of a line of the cache.
const LINE: usize = 64;

/// So many bytes before they are needed, they are asked for: a third of the smallest first cache there is.
const AHEAD: usize = 12 << 10;

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

    /// Asks for what is read soon, if that is wanted: the part of a block that belongs to step `k` of eight, of a
    /// quarter of it. A block has `LINES` lines of the cache.
    ///
    /// The CPU's own prefetcher stops at each page of 4 KiB, and asking for a whole block in one go takes longer
    /// than it saves; a few lines at a time cost nothing. Weights are read once, so they need not come into the
    /// second cache.
    #[inline(always)]
    pub fn ask_ahead<const LINES: usize>(self, wanted: bool, quarter: usize, k: usize) {
        if !wanted {
            return;
        }
        let lines = LINES.div_ceil(4);
        for line in k * lines / 8..(k + 1) * lines / 8 {
            let at = AHEAD + (quarter * lines + line) * LINE;
            // SAFETY: a prefetch of any address is harmless.
            unsafe { _mm_prefetch::<_MM_HINT_NTA>(self.0.as_ptr().wrapping_add(at).cast()) };
        }
    }

    /// The same, a part of `parts` of a block, for code that takes long for a block.
    #[inline(always)]
    pub fn ask_for_part(self, part: usize, parts: usize) {
        let lines = self.0.len().div_ceil(LINE);
        for line in part * lines / parts..(part + 1) * lines / parts {
            let at = AHEAD + line * LINE;
            // SAFETY: a prefetch of any address is harmless.
            unsafe { _mm_prefetch::<_MM_HINT_NTA>(self.0.as_ptr().wrapping_add(at).cast()) };
        }
    }
}

use std::arch::x86_64::*;

use crate::Format;
use crate::weight::TILE_ROWS;

/// Bytes of a word of all rows.
const WORD: usize = 4 * TILE_ROWS;

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

    /// Asks for a part of a block that comes later, one of 32 parts, if that is wanted.
    ///
    /// The CPU's own prefetcher stops at each page of 4 KiB, and asking for a whole block in one go takes longer
    /// than it saves; a few lines at a time cost nothing.
    #[inline(always)]
    pub fn ask_ahead(self, wanted: bool, part: usize) {
        const BLOCKS: usize = 6;
        if !wanted {
            return;
        }
        let lines = self.0.len().div_ceil(64 * 32);
        for line in part * lines..(part + 1) * lines {
            let ahead = self
                .0
                .as_ptr()
                .wrapping_add(BLOCKS * self.0.len() + line * 64);
            // SAFETY: a prefetch of any address is harmless.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(ahead.cast()) };
        }
    }
}

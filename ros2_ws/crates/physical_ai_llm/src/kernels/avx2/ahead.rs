use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use crate::weight::TILE_ROWS;

/// The blocks of 32 rows that are unpacked next, to be asked for while others are multiplied.
///
/// 32 streams are more than the CPU's own prefetcher follows, and asking for all of them in one go takes longer
/// than it saves: a few at a time cost nothing.
#[derive(Clone, Copy)]
pub struct Ahead {
    first: *const u8,
    stride: usize,
    block: usize,
}

impl Ahead {
    /// The blocks of `block` bytes behind block `index` of each row, or the first of the tile behind this one.
    pub fn new(tile: &[u8], index: usize, block: usize) -> Self {
        let stride = tile.len() / TILE_ROWS;
        let mut at = (index + 1) * block;
        if at == stride {
            at = tile.len();
        }
        Self {
            first: tile.as_ptr().wrapping_add(at),
            stride,
            block,
        }
    }

    /// Asks for the block of one row.
    #[inline(always)]
    pub fn ask_for(self, row: usize) {
        for line in (0..self.block).step_by(64) {
            // The line with the first bytes came with the block before.
            let ahead = self.first.wrapping_add(row * self.stride + line + 63);
            // SAFETY: a prefetch of any address is harmless.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(ahead.cast()) };
        }
    }
}

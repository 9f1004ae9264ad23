//! What the kernels for single rows of weights read.

use std::arch::x86_64::{_MM_HINT_NTA, _mm_prefetch};

use crate::activations::Activations;

/// What one row of activations has for one block of 256 weights.
#[derive(Clone, Copy)]
pub struct Portion {
    /// 256.
    pub values: *const i8,
    /// 16, of groups of 16 values.
    pub sums16: *const i16,
    /// 8, of groups of 32 values.
    pub sums32: *const i16,
    /// What the values are multiplied with.
    pub scale: f32,
}

impl Portion {
    /// That of a row and block.
    ///
    /// # Safety
    /// The activations have such a row and block.
    #[inline(always)]
    pub unsafe fn new(a: &Activations, row: usize, block: usize) -> Self {
        let at = row * a.columns + block * 256;
        // SAFETY: within the vectors, as the caller promises; `resize` gave them these lengths.
        unsafe {
            Self {
                values: a.values.as_ptr().add(at),
                sums16: a.sums16.as_ptr().add(at / 16),
                sums32: a.sums32.as_ptr().add(at / 32),
                scale: *a.scales.get_unchecked(at / 256),
            }
        }
    }
}

/// Weights are prefetched so many bytes before they are read. The CPU's own prefetcher stops at each page
/// of 4 KiB, and a mapped file has no larger ones.
const AHEAD: usize = 8 << 10;

/// Prefetches so many cache lines ahead of a block of weights: they are read once, so into the first cache only.
#[inline(always)]
pub fn prefetch<const LINES: usize>(weights: *const u8) {
    for line in 0..LINES {
        // SAFETY: a prefetch of any address is harmless.
        unsafe { _mm_prefetch::<_MM_HINT_NTA>(weights.wrapping_add(AHEAD + line * 64).cast()) };
    }
}

/// The 8 scales and the 8 minima of Q4_K and Q5_K, a byte each.
///
/// # Safety
/// Twelve bytes are readable.
#[inline(always)]
pub unsafe fn scales_and_minima(packed: *const u8) -> (u64, u64) {
    const SIX: u32 = 0x3f3f_3f3f;
    const LOW: u32 = 0x0f0f_0f0f;
    const TOP: u32 = 0x0303_0303;
    // SAFETY: as promised by the caller.
    let [a, b, c] = unsafe { packed.cast::<[u32; 3]>().read_unaligned() };
    let scales_high = (c & LOW) | ((a >> 6) & TOP) << 4;
    let minima_high = ((c >> 4) & LOW) | ((b >> 6) & TOP) << 4;
    let join = |low: u32, high: u32| u64::from(low & SIX) | u64::from(high) << 32;
    (join(a, scales_high), join(b, minima_high))
}

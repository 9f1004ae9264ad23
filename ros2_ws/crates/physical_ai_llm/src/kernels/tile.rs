//! Many rows of activations times 32 rows of weights at a time.
//!
//! Weights are unpacked once per block and transposed (see [`super::block`]). So sums need no reduction across
//! lanes, and a scale is applied once per group instead of once per register of products.

use std::cell::RefCell;

use super::block::ROWS;
use super::{InstructionSet, avx2, avx512};
use crate::Format;
use crate::activations::Activations;

thread_local! {
    /// Sums of one tile: `[T, ROWS]`.
    static SUMS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Multiplies 32 rows with all rows of activations: `write(t, values)`.
///
/// # Safety
/// The CPU has what `set` says, which is not `Plain`; `bytes` is 32 rows of whole blocks of 256 in `format`,
/// and the activations have as many columns.
pub unsafe fn multiply(
    set: InstructionSet,
    format: Format,
    bytes: &[u8],
    a: &Activations,
    tokens: usize,
    mut write: impl FnMut(usize, &[f32]),
) {
    SUMS.with_borrow_mut(|sums| {
        sums.clear();
        sums.resize(tokens * ROWS, 0.0);
        // SAFETY: as promised by the caller.
        unsafe {
            if set >= InstructionSet::Avx512Vnni {
                avx512::add_tile(format, bytes, a, tokens, sums);
            } else {
                avx2::add_tile(format, bytes, a, tokens, sums);
            }
        }
        for (t, row) in sums.chunks_exact(ROWS).enumerate() {
            write(t, row);
        }
    });
}

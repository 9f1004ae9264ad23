//! Many rows of weights at a time.
//!
//! A register holds weights of many rows. So sums need no reduction across lanes, and a scale is applied once per
//! group instead of once per register of products.

use std::cell::RefCell;
use std::ops::Range;

use super::{avx2, avx512};
use crate::InstructionSet;
use crate::activations::Activations;
use crate::weight::TILE_ROWS;
use crate::{Format, Weight};

/// Memory of one thread.
#[derive(Default)]
struct Scratch {
    /// Of one tile: `[T, TILE_ROWS]`.
    sums: Vec<f32>,
    /// Of one block.
    unpacked: Box<avx512::UnpackedBlock>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Rows of weights that are multiplied together. The CPU has what is needed for that.
pub enum Tile<'a> {
    /// Row after row; AVX2.
    Rows(Format, &'a [u8]),
    /// A tile; AVX-512 VNNI.
    Tile(Format, &'a [u8]),
}

impl<'a> Tile<'a> {
    /// The first of these rows of a weight, if that many rows of activations are better multiplied so.
    pub fn new(
        set: InstructionSet,
        weight: &'a Weight,
        rows: Range<usize>,
        tokens: usize,
    ) -> Option<Self> {
        let (first, size) = (rows.start, weight.row_bytes());
        if rows.len() < TILE_ROWS {
            return None;
        }
        if first / TILE_ROWS < weight.tiles() {
            debug_assert!(first.is_multiple_of(TILE_ROWS));
            return Some(Self::Tile(weight.format(), weight.tile(first / TILE_ROWS)));
        }
        // From so many rows of activations on, unpacking weights for all of them pays.
        let pays = set >= InstructionSet::Avx2 && tokens >= 5;
        let fits = weight.format().activation_block() == Some(256);
        (pays && fits).then(|| {
            let bytes = &weight.bytes()[first * size..(first + TILE_ROWS) * size];
            Self::Rows(weight.format(), bytes)
        })
    }

    /// Multiplies them with all rows of activations: `write(t, values)`.
    ///
    /// # Safety
    /// The activations have as many columns, rounded in blocks of 256, and so many rows.
    pub unsafe fn multiply(
        self,
        a: &Activations,
        tokens: usize,
        mut write: impl FnMut(usize, &[f32]),
    ) {
        SCRATCH.with_borrow_mut(|Scratch { sums, unpacked }| {
            sums.resize(tokens * TILE_ROWS, 0.0);
            // SAFETY: as promised by the caller.
            unsafe {
                match self {
                    Self::Rows(format, rows) => {
                        sums.fill(0.0);
                        avx2::add_tile(format, rows, a, tokens, sums);
                    }
                    Self::Tile(format, tile) => {
                        avx512::multiply_tile(format, tile, a, tokens, unpacked, sums);
                    }
                }
            }
            for (t, row) in sums.chunks_exact(TILE_ROWS).enumerate() {
                write(t, row);
            }
        });
    }
}

//! Matrix times matrix, chosen for the CPU at run time.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod floats;
mod plain;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod tile;

use std::ops::Range;

use crate::activations::Activations;
use crate::weight::TILE_ROWS;
use crate::{Format, InstructionSet, Weight};

/// The right-hand side of a multiplication: rows of activations, both as floats and rounded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    /// `[T, columns]`.
    pub floats: &'a [f32],
    /// The same for weights with blocks of 256, or of 32.
    pub rounded: &'a Activations,
    /// `T`.
    pub rows: usize,
}

impl Format {
    /// The block of activations that weights of this format are multiplied with; `None`: floats.
    pub(crate) const fn activation_block(self) -> Option<usize> {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => None,
            Self::Q4_0 | Self::Q8_0 => Some(32),
            Self::Q4K | Self::Q5K | Self::Q6K => Some(256),
        }
    }
}

/// Calls `$function::<T>` for portions of 8, 4, 2 and 1 rows of activations.
macro_rules! portions {
    ($rows:expr, $write:expr, |$first:ident, $T:ident| $call:expr) => {{
        let mut $first = 0;
        while $first < $rows {
            let left = $rows - $first;
            if left >= 8 {
                const $T: usize = 8;
                $write($first, &$call);
                $first += $T;
            } else if left >= 4 {
                const $T: usize = 4;
                $write($first, &$call);
                $first += $T;
            } else if left >= 2 {
                const $T: usize = 2;
                $write($first, &$call);
                $first += $T;
            } else {
                const $T: usize = 1;
                $write($first, &$call);
                $first += $T;
            }
        }
    }};
}

/// Multiplies some rows of a weight with all rows of the input: `write(t, row, values)`, where the values
/// belong to `row` and those after it.
///
/// The input is as wide as the weight and, where the format asks for it, rounded in its block.
pub(crate) fn multiply(
    set: InstructionSet,
    weight: &Weight,
    rows: Range<usize>,
    input: Input<'_>,
    mut write: impl FnMut(usize, usize, &[f32]),
) {
    let mut rows = rows;
    #[cfg(target_arch = "x86_64")]
    while let Some(tile) = tile::Tile::new(set, weight, rows.clone(), input.rows) {
        let first = rows.start;
        // SAFETY: the input is as wide as the weight and, for its format, rounded in blocks of 256.
        unsafe {
            tile.multiply(input.rounded, input.rows, |t, values| {
                write(t, first, values)
            })
        };
        rows.start += TILE_ROWS;
    }
    for row in rows {
        let bytes = weight.row(row);
        let mut put = |first: usize, values: &[f32]| {
            for (t, value) in values.iter().enumerate() {
                write(first + t, row, std::slice::from_ref(value));
            }
        };
        multiply_row(set, weight, bytes, input, &mut put);
    }
}

#[cfg(target_arch = "x86_64")]
fn multiply_row(
    set: InstructionSet,
    weight: &Weight,
    row: &[u8],
    input: Input<'_>,
    put: &mut impl FnMut(usize, &[f32]),
) {
    let (format, a) = (weight.format(), input.rounded);
    let columns = weight.columns();
    let floats = floats::Floats {
        values: input.floats,
        columns,
    };
    let plain = set == InstructionSet::Plain
        || format.activation_block().is_none() && !columns.is_multiple_of(8);
    if plain {
        return plain::multiply_row(format, row, input, columns, put);
    }
    // SAFETY: `detect` found the instructions; the row is a whole number of blocks, and the rounded
    // input has as many columns and at least `input.rows` rows.
    unsafe {
        match format {
            Format::Q4K => portions!(input.rows, put, |t, T| avx2::q45_k::<T, false>(row, a, t)),
            Format::Q5K => portions!(input.rows, put, |t, T| avx2::q45_k::<T, true>(row, a, t)),
            Format::Q6K => portions!(input.rows, put, |t, T| avx2::q6_k::<T>(row, a, t)),
            Format::Q8_0 => portions!(input.rows, put, |t, T| avx2::q8_0::<T, false>(row, a, t)),
            Format::Q4_0 => portions!(input.rows, put, |t, T| avx2::q8_0::<T, true>(row, a, t)),
            Format::F32 | Format::F16 | Format::BF16 => {
                portions!(input.rows, put, |t, T| floats::dot::<T>(
                    format, row, floats, t
                ));
            }
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn multiply_row(
    _set: InstructionSet,
    weight: &Weight,
    row: &[u8],
    input: Input<'_>,
    put: &mut impl FnMut(usize, &[f32]),
) {
    plain::multiply_row(weight.format(), row, input, weight.columns(), put);
}

use super::operands::Operands;
use super::scales::Scales;
use super::unpacked::Unpacked;
use super::words::Words;
use super::{packed, unpacked};
use crate::Format;
use crate::activations::Activations;

/// From so many rows of activations on, weights are taken apart once for all of them; but those of Q4_K, which takes no
/// longer than to read them again.
const MANY: usize = 5;

/// A block that is taken apart: memory of one thread.
#[derive(Default)]
pub struct UnpackedBlock {
    scales: Scales,
    unpacked: Unpacked,
}

/// Products of a tile of weights with all rows of activations: `sums` becomes `[T, TILE_ROWS]`.
///
/// # Safety
/// The CPU has AVX-512 F, BW, VL and VNNI, and F16C; `tile` is a tile of blocks of 256 in `format`; the activations
/// have as many columns as it, and that many rows.
pub unsafe fn multiply_tile(
    format: Format,
    tile: &[u8],
    a: &Activations,
    tokens: usize,
    memory: &mut UnpackedBlock,
    sums: &mut [f32],
) {
    let UnpackedBlock { scales, unpacked } = memory;
    let once = tokens >= MANY && format != Format::Q4K;
    for index in 0..a.columns / 256 {
        let block = Words::new(format, tile, index);
        // SAFETY: as promised by the caller.
        unsafe {
            scales.unpack(format, block);
            let operands = Operands {
                block,
                scales,
                a,
                index,
            };
            if once {
                unpacked.fill(format, block);
                unpacked::add_all(format, operands, unpacked, tokens, sums);
            } else {
                packed::add_all(format, operands, tokens, sums);
            }
        }
    }
}

use crate::weight::TILE_ROWS;

/// One block of 32 rows of weights, unpacked and transposed: a register holds four neighbouring weights of
/// several rows, and a broadcast of four activations multiplies all of them.
///
/// The weights are `scale · q − minimum` per group of neighbours. Scales are integers that leave the scale of the
/// row to the end of the block.
#[repr(C, align(64))]
pub struct Block {
    /// `[64, TILE_ROWS, 4]`: four neighbouring weights of each row.
    pub quants: [u8; 256 * TILE_ROWS],
    /// `[256 / group, TILE_ROWS]`.
    pub scales: [i32; 16 * TILE_ROWS],
    /// `[128 / group, TILE_ROWS]`: the minima of two groups as 16-bit integers.
    pub minima: [i32; 8 * TILE_ROWS],
    /// `[TILE_ROWS]`: what integer scales are multiplied with.
    pub row_scales: [f32; TILE_ROWS],
    /// `[TILE_ROWS]`: what the minima are multiplied with.
    pub minimum_scales: [f32; TILE_ROWS],
}

impl Default for Block {
    fn default() -> Self {
        Self {
            quants: [0; 256 * TILE_ROWS],
            scales: [0; 16 * TILE_ROWS],
            minima: [0; 8 * TILE_ROWS],
            row_scales: [0.0; TILE_ROWS],
            minimum_scales: [0.0; TILE_ROWS],
        }
    }
}

/// Rows of weights that are unpacked together.
pub const ROWS: usize = 32;

/// One block of 32 rows of weights, unpacked and transposed: a register holds four neighbouring weights of
/// several rows, and a broadcast of four activations multiplies all of them.
///
/// The weights are `scale · q − minimum` per group of neighbours. `S` is how the kernel multiplies with scales:
/// a float that has everything in it, or integers that leave the scale of the row to the end of the block.
#[repr(C, align(64))]
pub struct Block<S> {
    /// `[64, ROWS, 4]`: four neighbouring weights of each row.
    pub quants: [u8; 256 * ROWS],
    /// `[256 / group, ROWS]`.
    pub scales: [S; 16 * ROWS],
    /// `[128 / group, ROWS]`: the minima of two groups as 16-bit integers.
    pub minima: [i32; 8 * ROWS],
    /// `[ROWS]`: what integer scales are multiplied with.
    pub row_scales: [f32; ROWS],
    /// `[ROWS]`: what the minima are multiplied with.
    pub minimum_scales: [f32; ROWS],
    /// 32, or 16.
    pub group: usize,
}

impl<S: Copy + Default> Default for Block<S> {
    fn default() -> Self {
        Self {
            quants: [0; 256 * ROWS],
            scales: [S::default(); 16 * ROWS],
            minima: [0; 8 * ROWS],
            row_scales: [0.0; ROWS],
            minimum_scales: [0.0; ROWS],
            group: 32,
        }
    }
}

use crate::disjoint::Disjoint;
use crate::exponential::ROUND;
use crate::vector::{LANES, per_cpu};
use crate::{InstructionSet, Pool};

/// Rows of activations in 8 bits, for multiplication with quantised weights.
///
/// # Shapes
/// `values`: `[T, columns]`; `scales`: `[T, columns / block]`; sums: `[T, columns / 16]` and
/// `[T, columns / 32]`. A value is `scale · q` with `q` in −127..=127. The sums of `q` over groups take
/// the minima and offsets of weights into account without touching single values: `offsets` are the sums of 16
/// times −32, which is what is off the weights of Q6_K.
#[derive(Debug, Default, Clone)]
pub struct Activations {
    pub(crate) columns: usize,
    pub(crate) block: usize,
    pub(crate) values: Vec<i8>,
    pub(crate) scales: Vec<f32>,
    pub(crate) sums16: Vec<i16>,
    pub(crate) sums32: Vec<i16>,
    pub(crate) offsets: Vec<i32>,
}

impl Activations {
    /// Room for so many rows; reused between steps, so that nothing is allocated per token.
    ///
    /// `block` is 256 or 32 and divides `columns`.
    pub fn resize(&mut self, rows: usize, columns: usize, block: usize) {
        (self.columns, self.block) = (columns, block);
        self.values.resize(rows * columns, 0);
        self.scales.resize(rows * columns / block, 0.0);
        self.sums16.resize(rows * columns / 16, 0);
        self.sums32.resize(rows * columns / 32, 0);
        self.offsets.resize(rows * columns / 16, 0);
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    /// Rounds `from`, `[T, columns]`, on all threads.
    pub(crate) fn quantize(&mut self, pool: &mut Pool, set: InstructionSet, from: &[f32]) {
        let (rows, columns, block) = (self.rows(), self.columns, self.block);
        if rows == 0 {
            return;
        }
        let values = Disjoint::new(&mut self.values);
        let scales = Disjoint::new(&mut self.scales);
        let sums16 = Disjoint::new(&mut self.sums16);
        let sums32 = Disjoint::new(&mut self.sums32);
        let offsets = Disjoint::new(&mut self.offsets);
        // A portion is a whole number of blocks of either size, and of rows or a part of one.
        let blocks = rows * columns / block;
        pool.share(blocks, (16_384 / block).max(1), |_, range| {
            let part = |size: usize| range.start * block / size..range.end * block / size;
            // SAFETY: each block is taken once.
            unsafe {
                quantize(
                    set,
                    &from[part(1)],
                    block,
                    values.part(part(1)),
                    scales.part(part(block)),
                );
                sum(
                    values.part(part(1)),
                    sums16.part(part(16)),
                    sums32.part(part(32)),
                    offsets.part(part(16)),
                );
            }
        });
    }
}

/// Rounds whole blocks.
fn quantize(
    set: InstructionSet,
    from: &[f32],
    block: usize,
    values: &mut [i8],
    scales: &mut [f32],
) {
    let parts = from.chunks_exact(block).zip(values.chunks_exact_mut(block));
    for ((from, values), scale) in parts.zip(scales) {
        *scale = quantize_block(set, from, values);
    }
}

fn sum(values: &[i8], sums16: &mut [i16], sums32: &mut [i16], offsets: &mut [i32]) {
    for (sum, values) in sums16.iter_mut().zip(values.chunks_exact(16)) {
        *sum = values.iter().map(|v| i16::from(*v)).sum();
    }
    for (sum, parts) in sums32.iter_mut().zip(sums16.chunks_exact(2)) {
        *sum = parts[0] + parts[1];
    }
    for (offset, sum) in offsets.iter_mut().zip(sums16) {
        *offset = -32 * i32::from(*sum);
    }
}

per_cpu! {
    /// Rounds one block, a multiple of 16 values, and returns its scale.
    fn quantize_block(from: &[f32], values: &mut [i8]) -> f32 {
        let mut largest = [0.0_f32; LANES];
        // Stays 0 unless a value is not finite; then the scale must show it.
        let mut poison = [0.0_f32; LANES];
        for portion in from.chunks_exact(LANES) {
            let lanes = largest.iter_mut().zip(&mut poison);
            for ((largest, poison), v) in lanes.zip(portion) {
                *poison += v * 0.0;
                let v = v.abs();
                *largest = if v > *largest { v } else { *largest };
            }
        }
        let poison: f32 = poison.iter().sum();
        let largest = largest.iter().fold(0.0_f32, |m, v| m.max(*v));
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        for (q, v) in values.iter_mut().zip(from) {
            // The low bits of the sum are the rounded number in two's complement.
            *q = (v * inverse + ROUND).to_bits() as i8;
        }
        largest / 127.0 + poison
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_rounded_to_within_half_a_step() {
        let from: Vec<f32> = (0..512).map(|i| (i as f32 * 0.7).sin() * 3.0).collect();
        let mut rows = Activations::default();
        rows.resize(2, 512, 256);
        rows.quantize(
            &mut Pool::new(1),
            InstructionSet::detect(),
            &[from.clone(), from.clone()].concat(),
        );
        assert_eq!(rows.rows(), 2);
        for (i, v) in from.iter().enumerate() {
            let back = f32::from(rows.values[512 + i]) * rows.scales[2 + i / 256];
            assert!((back - v).abs() <= 0.5001 * rows.scales[2 + i / 256]);
        }
        let sum: i16 = rows.values[32..64].iter().map(|v| i16::from(*v)).sum();
        assert_eq!(rows.sums32[1], sum);
        assert_eq!(rows.sums16[2] + rows.sums16[3], sum);
    }

    #[test]
    fn values_that_are_not_finite_do_not_vanish() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut from = vec![1.0; 32];
            from[7] = bad;
            let mut rows = Activations::default();
            rows.resize(1, 32, 32);
            rows.quantize(&mut Pool::new(1), InstructionSet::detect(), &from);
            assert!(!rows.scales[0].is_finite());
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        let mut rows = Activations::default();
        rows.resize(1, 32, 32);
        rows.quantize(&mut Pool::new(1), InstructionSet::detect(), &[0.0; 32]);
        assert_eq!((rows.scales[0], rows.values[5]), (0.0, 0));
    }
}

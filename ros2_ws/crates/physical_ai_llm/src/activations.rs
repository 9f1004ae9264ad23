/// Rows of activations in 8 bits, for multiplication with quantised weights.
///
/// # Shapes
/// `values`: `[T, columns]`; `scales`: `[T, columns / block]`; sums: `[T, columns / 16]` and
/// `[T, columns / 32]`. A value is `scale · q` with `q` in −127..=127. The sums of `q` over groups take
/// the minima and offsets of weights into account without touching single values.
#[derive(Debug, Default, Clone)]
pub struct Activations {
    pub(crate) columns: usize,
    pub(crate) block: usize,
    pub(crate) values: Vec<i8>,
    pub(crate) scales: Vec<f32>,
    pub(crate) sums16: Vec<i16>,
    pub(crate) sums32: Vec<i16>,
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
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        if self.columns == 0 {
            0
        } else {
            self.values.len() / self.columns
        }
    }

    /// Views of consecutive rows that may be written at the same time.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = ActivationRow<'_>> {
        let columns = self.columns.max(1);
        let block = self.block.max(1);
        self.values
            .chunks_exact_mut(columns)
            .zip(self.scales.chunks_exact_mut(columns / block))
            .zip(self.sums16.chunks_exact_mut(columns / 16))
            .zip(self.sums32.chunks_exact_mut(columns / 32))
            .map(|(((values, scales), sums16), sums32)| ActivationRow {
                values,
                scales,
                sums16,
                sums32,
            })
    }
}

/// One row, or a part of it that is a whole number of blocks.
pub struct ActivationRow<'a> {
    pub(crate) values: &'a mut [i8],
    pub(crate) scales: &'a mut [f32],
    pub(crate) sums16: &'a mut [i16],
    pub(crate) sums32: &'a mut [i16],
}

impl ActivationRow<'_> {
    /// Rounds `from`, which is as long as the row.
    pub fn quantize(&mut self, from: &[f32]) {
        let blocks = self.scales.len().max(1);
        let block = self.values.len() / blocks;
        let parts = from
            .chunks_exact(block)
            .zip(self.values.chunks_exact_mut(block));
        for ((from, values), scale) in parts.zip(self.scales.iter_mut()) {
            let largest = from.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
            *scale = largest / 127.0;
            for (q, v) in values.iter_mut().zip(from) {
                // Rounding to even, which compilers turn into one instruction.
                *q = (v * inverse).round_ties_even() as i8;
            }
        }
        for (sum, values) in self.sums16.iter_mut().zip(self.values.chunks_exact(16)) {
            *sum = values.iter().map(|v| i16::from(*v)).sum();
        }
        for (sum, parts) in self.sums32.iter_mut().zip(self.sums16.chunks_exact(2)) {
            *sum = parts[0] + parts[1];
        }
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
        for mut row in rows.rows_mut() {
            row.quantize(&from);
        }
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
    fn zeros_stay_zeros() {
        let mut rows = Activations::default();
        rows.resize(1, 32, 32);
        for mut row in rows.rows_mut() {
            row.quantize(&[0.0; 32]);
        }
        assert_eq!((rows.scales[0], rows.values[5]), (0.0, 0));
    }
}

//! The same without special instructions: slow, and the measure for the others.

use super::Input;
use crate::Format;
use crate::dequantize::dequantize;

/// Weights that are turned into floats at a time; a multiple of every block.
const PORTION: usize = 256;

pub fn multiply_row(
    format: Format,
    row: &[u8],
    input: Input<'_>,
    columns: usize,
    put: &mut impl FnMut(usize, &[f32]),
) {
    let mut weights = [0.0; PORTION];
    for t in 0..input.rows {
        let mut sum = 0.0_f32;
        for start in (0..columns).step_by(PORTION) {
            let end = columns.min(start + PORTION);
            let weights = &mut weights[..end - start];
            let from = start / format.block_len() * format.block_bytes();
            let to = end / format.block_len() * format.block_bytes();
            dequantize(format, &row[from..to], weights);
            sum += match format.activation_block() {
                None => {
                    let floats = &input.floats[t * columns + start..];
                    weights.iter().zip(floats).map(|(w, x)| w * x).sum::<f32>()
                }
                Some(block) => {
                    let at = t * columns + start;
                    let values = &input.rounded.values[at..];
                    let scales = &input.rounded.scales[at / block..];
                    let products = weights.iter().zip(values).enumerate();
                    products
                        .map(|(i, (w, q))| w * f32::from(*q) * scales[i / block])
                        .sum::<f32>()
                }
            };
        }
        put(t, &[sum]);
    }
}

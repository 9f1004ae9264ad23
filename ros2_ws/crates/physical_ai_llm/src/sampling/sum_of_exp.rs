use crate::exponential::exp;

/// Numbers summed in F32 before they go to F64.
pub(super) const BLOCK: usize = 32;

/// Sum of e^((x - max) · scale); `block_sums` gets the sum of each [`BLOCK`] numbers.
///
/// The same instructions in wider registers, never fused: every CPU gets the same bits.
pub(super) fn sum_of_exp(values: &[f32], max: f32, scale: f32, block_sums: &mut Vec<f64>) -> f64 {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2.
        return unsafe { sum_of_exp_avx2(values, max, scale, block_sums) };
    }
    sum_of_exp_anywhere(values, max, scale, block_sums)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn sum_of_exp_avx2(values: &[f32], max: f32, scale: f32, block_sums: &mut Vec<f64>) -> f64 {
    sum_of_exp_anywhere(values, max, scale, block_sums)
}

#[inline(always)]
fn sum_of_exp_anywhere(values: &[f32], max: f32, scale: f32, block_sums: &mut Vec<f64>) -> f64 {
    block_sums.clear();
    let (blocks, rest) = values.as_chunks::<BLOCK>();
    for block in blocks {
        let mut weights = [0.0f32; BLOCK];
        for (weight, &x) in weights.iter_mut().zip(block) {
            *weight = exp((x - max) * scale);
        }
        // Eight sums side by side are what one vector register holds.
        let mut lanes = [0.0f32; 8];
        for eight in weights.as_chunks::<8>().0 {
            for (lane, &weight) in lanes.iter_mut().zip(eight) {
                *lane += weight;
            }
        }
        block_sums.push(lanes.iter().map(|&l| f64::from(l)).sum());
    }
    if !rest.is_empty() {
        let weights = rest.iter().map(|&x| exp((x - max) * scale));
        block_sums.push(weights.map(f64::from).sum());
    }
    block_sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_covers_blocks_and_rest() {
        let values: Vec<f32> = (0..77).map(|i| -(i as f32) * 0.1).collect();
        let exact: f64 = values.iter().map(|&x| (f64::from(x) * 2.0).exp()).sum();
        let mut blocks = Vec::new();
        let sum = sum_of_exp(&values, 0.0, 2.0, &mut blocks);
        assert!((sum - exact).abs() < 1e-5 * exact);
        assert_eq!(blocks.len(), 3);
        let mut same = Vec::new();
        assert_eq!(sum, sum_of_exp_anywhere(&values, 0.0, 2.0, &mut same));
        assert_eq!(blocks, same);
    }
}

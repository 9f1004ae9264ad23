/// Numbers summed in F32 before they go to F64.
pub(super) const BLOCK: usize = 32;

/// e^x for x at or below zero, relative error below 4e-7; 0 below -87 and at -∞.
///
/// Written without branches and calls, so that the compiler makes vector code of loops over it:
/// the library's `exp` would be most of the time of a token.
///
/// # Source
/// Cephes `expf` (Moshier), argument reduction with the round-to-integer constant 1.5 · 2^23.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let clamped = if x > -87.0 { x } else { -87.0 };
    let rounded = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = clamped - n * LN2_HIGH - n * LN2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_2e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 5e-1;
    let mantissa = p * r * r + r + 1.0;
    // The low bits of `rounded` are n in two's complement.
    let exponent = rounded
        .to_bits()
        .wrapping_sub(ROUND.to_bits())
        .wrapping_add(127)
        << 23;
    if x < -87.0 {
        0.0
    } else {
        mantissa * f32::from_bits(exponent)
    }
}

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
    fn exponential_equals_the_librarys() {
        for i in 0..=870_000 {
            let x = -(i as f32) * 1e-4;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 4e-7, "exp({x}): relative error {error}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-87.1), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    }

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

/// A number in [0, 1) that depends on seed and step alone, so that neither the batch nor a restart
/// in the middle changes what a sequence draws.
///
/// # Source
/// SplitMix64 (Steele, Lea and Flood 2014), used as a counter: the seed is mixed first, so that
/// neighbouring seeds share no part of their streams.
pub(crate) fn uniform(seed: u64, step: u64) -> f64 {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let start = mix(seed.wrapping_add(GOLDEN));
    let bits = mix(start.wrapping_add(step.wrapping_add(1).wrapping_mul(GOLDEN)));
    // The upper 53 bits are what an f64 holds exactly.
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pearson's statistic of counts that should be equal.
    fn chi_square(counts: &[u32]) -> f64 {
        let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        counts
            .iter()
            .map(|&n| (f64::from(n) - expected).powi(2) / expected)
            .sum()
    }

    #[test]
    fn numbers_are_even_over_steps_and_over_seeds() {
        for over_seeds in [false, true] {
            let mut counts = [0; 64];
            let mut pairs = [0; 64];
            let mut before = 0;
            for i in 0..64_000u64 {
                let (seed, step) = if over_seeds { (i, 0) } else { (7, i) };
                let x = uniform(seed, step);
                assert!((0.0..1.0).contains(&x));
                counts[(x * 64.0) as usize] += 1;
                let coarse = (x * 8.0) as usize;
                pairs[before * 8 + coarse] += 1;
                before = coarse;
            }
            // 63 degrees of freedom: above 103 once in a thousand.
            assert!(chi_square(&counts) < 103.0, "{}", chi_square(&counts));
            assert!(chi_square(&pairs) < 103.0, "{}", chi_square(&pairs));
        }
    }
}

/// Adding it rounds a number to a whole one, to even, and leaves that in the low bits: 1.5 · 2²³.
pub(crate) const ROUND: f32 = 12_582_912.0;

/// e^x, relative error below 4e-7; 0 below -87, e^88 above 88, NaN of NaN.
///
/// Written without branches and calls, so that the compiler makes vector code of loops over it: the
/// library's `exp` would be most of the time of a token.
///
/// # Source
/// Cephes `expf` (Moshier).
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let clamped = x.clamp(-87.0, 88.0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_equals_the_librarys() {
        for i in -870_000..=880_000 {
            let x = i as f32 * 1e-4;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 4e-7, "exp({x}): relative error {error}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-87.1), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(f32::NAN).is_nan(), "a broken model must show");
    }
}

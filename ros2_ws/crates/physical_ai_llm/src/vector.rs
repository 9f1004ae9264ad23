//! Small operations on rows of floats, compiled once for each instruction set.

use crate::InstructionSet;
use crate::exponential::exp;

/// Independent sums side by side, so that the compiler may use wide registers: the order of additions is
/// fixed in the source, not left to it.
pub(crate) const LANES: usize = 16;

/// Defines a function whose body is compiled for each instruction set and chosen at run time.
macro_rules! per_cpu {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? $body:block) => {
        $(#[$doc])*
        pub(crate) fn $name(set: InstructionSet, $($arg: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body($($arg: $type),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $type),*) $(-> $result)? { body($($arg),*) }
                #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
                fn avx512($($arg: $type),*) $(-> $result)? { body($($arg),*) }
                // SAFETY: `set` says what the CPU has.
                match set {
                    InstructionSet::Avx512Vnni => return unsafe { avx512($($arg),*) },
                    InstructionSet::Avx2 => return unsafe { avx2($($arg),*) },
                    InstructionSet::Plain => {}
                }
            }
            let _ = set;
            body($($arg),*)
        }
    };
}
pub(crate) use per_cpu;

per_cpu! {
    /// `x / sqrt(mean(x²) + epsilon) · weight` (Zhang and Sennrich 2019).
    fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
        let mut sums = [0.0_f32; LANES];
        let portions = x.chunks_exact(LANES);
        let rest: f32 = portions.remainder().iter().map(|v| v * v).sum();
        for portion in portions {
            for (sum, v) in sums.iter_mut().zip(portion) {
                *sum += v * v;
            }
        }
        let mean = (sums.iter().sum::<f32>() + rest) / x.len() as f32;
        let scale = 1.0 / (mean + epsilon).sqrt();
        for ((out, x), weight) in out.iter_mut().zip(x).zip(weight) {
            *out = x * scale * weight;
        }
    }
}

per_cpu! {
    /// `silu(gate) · up`, the activation of the feed-forward network.
    fn gated_silu(gate: &[f32], up: &[f32], out: &mut [f32]) {
        for ((out, gate), up) in out.iter_mut().zip(gate).zip(up) {
            *out = gate / (1.0 + exp(-gate)) * up;
        }
    }
}

per_cpu! {
    /// Turns scores into weights that sum to 1.
    fn softmax(scores: &mut [f32]) {
        let mut largest = [f32::NEG_INFINITY; LANES];
        for portion in scores.chunks(LANES) {
            for (largest, v) in largest.iter_mut().zip(portion) {
                *largest = if *v > *largest { *v } else { *largest };
            }
        }
        let largest = largest.iter().fold(f32::NEG_INFINITY, |m, v| m.max(*v));
        let mut sums = [0.0_f32; LANES];
        for portion in scores.chunks_mut(LANES) {
            for (sum, v) in sums.iter_mut().zip(portion) {
                *v = exp(*v - largest);
                *sum += *v;
            }
        }
        let scale = 1.0 / sums.iter().sum::<f32>();
        for v in scores {
            *v *= scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets() -> impl Iterator<Item = InstructionSet> {
        [
            InstructionSet::Plain,
            InstructionSet::Avx2,
            InstructionSet::Avx512Vnni,
        ]
        .into_iter()
        .filter(|s| *s <= InstructionSet::detect())
    }

    #[test]
    fn norm_has_unit_mean_square() {
        for set in sets() {
            let x: Vec<f32> = (0..100).map(|i| i as f32 - 30.0).collect();
            let mut out = vec![0.0; 100];
            rms_norm(set, &x, &[2.0; 100], 0.0, &mut out);
            let mean = out.iter().map(|v| v * v).sum::<f32>() / 100.0;
            assert!((mean - 4.0).abs() < 1e-4, "{set:?}: {mean}");
        }
    }

    #[test]
    fn weights_sum_to_one_and_masked_scores_vanish() {
        for set in sets() {
            let mut scores: Vec<f32> = (0..37).map(|i| (i as f32).sin() * 20.0).collect();
            scores[3] = f32::NEG_INFINITY;
            let expected = (f64::from(scores[5]) - f64::from(scores[8])).exp();
            softmax(set, &mut scores);
            assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert!(scores[3] < 1e-30);
            let ratio = f64::from(scores[5] / scores[8]);
            assert!((ratio / expected - 1.0).abs() < 1e-4, "{set:?}");
        }
    }

    #[test]
    fn gate_of_zero_closes() {
        for set in sets() {
            let mut out = [1.0; 3];
            gated_silu(set, &[0.0, 1.0, -100.0], &[5.0, 2.0, 3.0], &mut out);
            assert_eq!(out[0], 0.0);
            assert!((out[1] - 2.0 / (1.0 + (-1.0_f32).exp())).abs() < 1e-6);
            assert!(out[2].abs() < 1e-30);
        }
    }
}

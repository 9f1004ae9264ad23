use crate::config::RopeConfig;

/// Which of LongRoPE's factors a sequence is rotated with. It depends on the length of the whole
/// sequence, and a cache that was filled with the one is of no use with the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Up to the original context.
    Short,
    /// Beyond it.
    Long,
}

/// Tables of cosine and sine for every position, in F32.
///
/// Source: Su et al. 2021 (rotation), Ding et al. 2024 (LongRoPE); formula and rounding as in HF
/// transformers' Phi-3, see `tests/golden/llm/README.md`.
#[derive(Debug, Clone)]
pub struct Rope {
    half: usize,
    original_context: usize,
    factor: f32,
    short: Vec<f32>,
    long: Vec<f32>,
}

impl Rope {
    /// Frequencies for both reaches.
    pub fn new(config: &RopeConfig) -> Self {
        let half = config.rotated / 2;
        let frequencies = |factors: &[f32]| {
            (0..half)
                .map(|j| {
                    let factor = factors.get(j).copied().unwrap_or(1.0);
                    let power = config.base.powf(2.0 * j as f64 / config.rotated as f64);
                    1.0 / (factor * power as f32)
                })
                .collect()
        };
        Self {
            half,
            original_context: config.original_context,
            factor: config.attention_factor,
            short: frequencies(&config.short),
            long: frequencies(&config.long),
        }
    }

    /// The reach of a sequence of so many tokens.
    pub fn reach(&self, tokens: usize) -> Reach {
        if tokens > self.original_context {
            Reach::Long
        } else {
            Reach::Short
        }
    }

    /// Places of a head that are rotated, halved.
    pub fn half(&self) -> usize {
        self.half
    }

    /// Cosines and sines of one position, attention factor included.
    ///
    /// # Shapes
    /// `cosines`, `sines`: `[half]`.
    pub fn angles(&self, position: usize, reach: Reach, cosines: &mut [f32], sines: &mut [f32]) {
        let frequencies = match reach {
            Reach::Short => &self.short,
            Reach::Long => &self.long,
        };
        let places = cosines.iter_mut().zip(sines.iter_mut());
        for ((cosine, sine), frequency) in places.zip(frequencies) {
            let (s, c) = (position as f32 * frequency).sin_cos();
            (*cosine, *sine) = (c * self.factor, s * self.factor);
        }
    }
}

/// Rotates the first `2 · cosines.len()` places of a head.
pub fn rotate(head: &mut [f32], cosines: &[f32], sines: &[f32]) {
    let half = cosines.len();
    let (first, rest) = head.split_at_mut(half);
    let pairs = first.iter_mut().zip(&mut rest[..half]);
    for ((a, b), (cosine, sine)) in pairs.zip(cosines.iter().zip(sines)) {
        (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
    }
}

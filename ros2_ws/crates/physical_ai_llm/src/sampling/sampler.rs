use crate::exponential::exp;
use crate::{Error, TokenMask};

use super::largest::{self, Largest};
use super::noise::uniform;
use super::penalties::Penalties;
use super::sum_of_exp::{BLOCK, sum_of_exp};
use super::{SamplingParams, invalid};

/// Tokens that top-p looks at first; most distributions reach 0.95 within them.
const FIRST_CANDIDATES: usize = 64;

/// The token that was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// Token id.
    pub token: u32,
    /// Natural logarithm of its probability by the model alone: without penalties, mask, temperature
    /// and filters.
    pub logprob: f32,
    /// The likeliest tokens by the model alone with their logarithms, likeliest first; as many as
    /// [`SamplingParams::top_logprobs`] says.
    pub top_logprobs: Vec<(u32, f32)>,
}

/// Chooses the tokens of one sequence.
///
/// What it draws depends on its seed and on how many tokens it has drawn, never on other sequences.
///
/// # Real-time
/// Allocates at the first token only (and for `top_logprobs`, if asked for).
#[derive(Debug, Clone)]
pub struct Sampler {
    params: SamplingParams,
    prompt_tokens: usize,
    step: u64,
    /// Logits after penalties and mask.
    scores: Vec<f32>,
    block_sums: Vec<f64>,
    candidates: Vec<(u32, f32)>,
    largest: Largest,
    penalties: Penalties,
}

impl Sampler {
    /// A sampler for a sequence whose first `prompt_tokens` tokens are the prompt.
    ///
    /// # Errors
    /// As [`SamplingParams::validate`].
    pub fn try_new(params: SamplingParams, prompt_tokens: usize) -> Result<Self, Error> {
        params.validate()?;
        Ok(Self {
            params,
            prompt_tokens,
            step: 0,
            scores: Vec::new(),
            block_sums: Vec::new(),
            candidates: Vec::new(),
            largest: Largest::default(),
            penalties: Penalties::default(),
        })
    }

    /// The parameters.
    pub fn params(&self) -> &SamplingParams {
        &self.params
    }

    /// Tokens chosen so far; tokens that a constraint forced do not count.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Chooses the next token; `history` is the prompt and the output so far.
    ///
    /// # Shapes
    /// `logits`: `[V]`; `allowed` may be narrower than V (a padded output layer), the rest is then
    /// forbidden.
    /// # Errors
    /// [`Error::InvalidLogits`] for NaN or +∞, [`Error::NoTokenAllowed`] if every logit is -∞ or
    /// forbidden, [`Error::InvalidRequest`] for a mask or history wider than V. The step does not
    /// count then.
    pub fn sample(
        &mut self,
        logits: &[f32],
        allowed: Option<&TokenMask>,
        history: &[u32],
    ) -> Result<Sampled, Error> {
        check(logits, allowed)?;
        self.scores.clear();
        self.scores.extend_from_slice(logits);
        self.penalties
            .apply(&self.params, &mut self.scores, history, self.prompt_tokens)?;
        if let Some(mask) = allowed {
            forbid(&mut self.scores, mask);
        }
        let token = self.choose()?;
        self.step += 1;
        self.report(logits, token)
    }

    /// What [`Sampler::sample`] reports, for a token that was not drawn but forced by a constraint.
    /// Does not count as a step.
    ///
    /// # Errors
    /// [`Error::InvalidLogits`] for NaN or +∞, [`Error::InvalidRequest`] for a token outside V.
    pub fn report(&mut self, logits: &[f32], token: u32) -> Result<Sampled, Error> {
        check(logits, None)?;
        let Some(&logit) = logits.get(token as usize) else {
            let problem = format!("there are {} logits", logits.len());
            return Err(invalid("token", token, problem));
        };
        let max = largest::max(logits);
        let sum = sum_of_exp(logits, max, 1.0, &mut self.block_sums);
        let logprob = |logit: f32| match logit {
            // Also where every logit is -∞, for which the difference would be NaN.
            f32::NEG_INFINITY => f32::NEG_INFINITY,
            _ => (f64::from(logit - max) - sum.ln()) as f32,
        };
        let count = self.params.top_logprobs as usize;
        let top_logprobs = if count == 0 {
            Vec::new()
        } else {
            let top = self.largest.find(logits, count);
            top.map(|(token, logit)| (token, logprob(logit))).collect()
        };
        Ok(Sampled {
            token,
            logprob: logprob(logit),
            top_logprobs,
        })
    }

    /// Where the buffers are and how much they hold: changes with each allocation.
    #[cfg(test)]
    pub(super) fn buffers(&self) -> [(usize, usize); 4] {
        [
            (self.scores.as_ptr().addr(), self.scores.capacity()),
            (self.block_sums.as_ptr().addr(), self.block_sums.capacity()),
            (self.candidates.as_ptr().addr(), self.candidates.capacity()),
            self.largest.buffer(),
        ]
    }

    fn choose(&mut self) -> Result<u32, Error> {
        let max = largest::max(&self.scores);
        if max == f32::NEG_INFINITY {
            return Err(Error::NoTokenAllowed);
        }
        let temperature = self.params.temperature;
        // A temperature so low that its inverse overflows is as good as zero.
        let scale = temperature.recip();
        if temperature == 0.0 || self.params.top_k == 1 || !scale.is_finite() {
            let first = self.scores.iter().position(|&s| s == max);
            return first.map(|i| i as u32).ok_or(Error::NoTokenAllowed);
        }
        let uniform = uniform(self.params.seed, self.step);
        if self.params.top_k == 0 && self.params.top_p >= 1.0 {
            Ok(self.draw_from_all(max, scale, uniform))
        } else {
            Ok(self.draw_from_likeliest(max, scale, uniform))
        }
    }

    /// Without top-k and top-p nothing needs to be sorted.
    fn draw_from_all(&mut self, max: f32, scale: f32, uniform: f64) -> u32 {
        if self.params.min_p > 0.0 {
            let min_p = self.params.min_p;
            for score in &mut self.scores {
                if exp((*score - max) * scale) < min_p {
                    *score = f32::NEG_INFINITY;
                }
            }
        }
        let sum = sum_of_exp(&self.scores, max, scale, &mut self.block_sums);
        let mut left = uniform * sum;
        let mut last = 0;
        for (block, (&block_sum, scores)) in self
            .block_sums
            .iter()
            .zip(self.scores.chunks(BLOCK))
            .enumerate()
        {
            if block_sum == 0.0 {
                continue;
            }
            for (i, &score) in scores.iter().enumerate() {
                let weight = f64::from(exp((score - max) * scale));
                if weight > 0.0 {
                    last = (block * BLOCK + i) as u32;
                    if left < block_sum {
                        left -= weight;
                        if left < 0.0 {
                            return last;
                        }
                    }
                }
            }
            // Within the block rounding may leave a little: its last token then has it.
            if left < block_sum {
                return last;
            }
            left -= block_sum;
        }
        last
    }

    fn draw_from_likeliest(&mut self, max: f32, scale: f32, uniform: f64) -> u32 {
        self.gather(max, scale);
        let min_p = self.params.min_p;
        let kept = self.candidates.iter().take_while(|(_, w)| *w >= min_p);
        let sum: f64 = kept.clone().map(|(_, w)| f64::from(*w)).sum();
        let mut left = uniform * sum;
        let mut chosen = 0;
        for &(token, weight) in kept {
            chosen = token;
            left -= f64::from(weight);
            if left < 0.0 {
                break;
            }
        }
        chosen
    }

    /// Candidates: what top-k and top-p leave, likeliest first, with weights relative to the first.
    fn gather(&mut self, max: f32, scale: f32) {
        let vocabulary = self.scores.len();
        let top_k = match self.params.top_k as usize {
            0 => vocabulary,
            k => k.min(vocabulary),
        };
        let top_p = f64::from(self.params.top_p);
        let weight = |(token, score): (u32, f32)| (token, exp((score - max) * scale));
        let mut wanted = if self.params.top_k > 0 {
            top_k
        } else {
            FIRST_CANDIDATES.min(vocabulary)
        };
        let all = (self.params.top_k == 0)
            .then(|| sum_of_exp(&self.scores, max, scale, &mut self.block_sums));
        loop {
            self.candidates.clear();
            let found = self.largest.find(&self.scores, wanted);
            self.candidates.extend(found.map(weight));
            let sum = |all: &[(u32, f32)]| all.iter().map(|(_, w)| f64::from(*w)).sum::<f64>();
            let target = top_p * all.unwrap_or_else(|| sum(&self.candidates));
            let mut reached = 0.0;
            let enough = self.candidates.iter().position(|(_, w)| {
                reached += f64::from(*w);
                reached >= target
            });
            if let (Some(last), true) = (enough, top_p < 1.0) {
                self.candidates.truncate(last + 1);
                return;
            }
            if wanted >= top_k || self.candidates.len() < wanted {
                return;
            }
            wanted = (wanted * 8).min(top_k);
        }
    }
}

fn check(logits: &[f32], allowed: Option<&TokenMask>) -> Result<(), Error> {
    // One comparison each; the search for the culprit is only for the message.
    let bad = |x: f32| x.is_nan() | (x == f32::INFINITY);
    if logits.iter().fold(false, |any, &x| any | bad(x)) {
        let found = logits.iter().position(|&x| bad(x)).unwrap_or_default();
        return Err(Error::InvalidLogits {
            token: found,
            value: logits[found],
        });
    }
    match allowed.map(TokenMask::vocabulary) {
        Some(width) if width > logits.len() => {
            let problem = format!("there are {} logits", logits.len());
            Err(invalid("mask width", width, problem))
        }
        _ => Ok(()),
    }
}

fn forbid(scores: &mut [f32], mask: &TokenMask) {
    let mut words = mask.words().iter();
    for scores in scores.chunks_mut(32) {
        match words.next().copied().unwrap_or(0) {
            0 => scores.fill(f32::NEG_INFINITY),
            u32::MAX => {}
            word => {
                for (i, score) in scores.iter_mut().enumerate() {
                    if word >> i & 1 == 0 {
                        *score = f32::NEG_INFINITY;
                    }
                }
            }
        }
    }
}

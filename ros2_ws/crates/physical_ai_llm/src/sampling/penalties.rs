use crate::Error;

use super::{SamplingParams, invalid};

/// Bit of a mark that says that the token was seen at all; the others count it in the output.
const SEEN: u32 = 1 << 31;

/// Penalties for tokens that were there before.
#[derive(Debug, Clone, Default)]
pub(super) struct Penalties {
    /// One mark for each token of the vocabulary, all zero between calls.
    marks: Vec<u32>,
}

impl Penalties {
    /// Changes the scores of tokens in `history`, of which the first `prompt_tokens` are no output.
    pub(super) fn apply(
        &mut self,
        params: &SamplingParams,
        scores: &mut [f32],
        history: &[u32],
        prompt_tokens: usize,
    ) -> Result<(), Error> {
        let repetition = params.repetition_penalty;
        let (presence, frequency) = (params.presence_penalty, params.frequency_penalty);
        if repetition == 1.0 && presence == 0.0 && frequency == 0.0 {
            return Ok(());
        }
        let vocabulary = scores.len();
        if let Some(token) = history.iter().find(|&&t| t as usize >= vocabulary) {
            let problem = format!("the vocabulary has {vocabulary} tokens");
            return Err(invalid("history", token, problem));
        }
        self.marks.resize(vocabulary, 0);
        for (i, &token) in history.iter().enumerate() {
            let mark = &mut self.marks[token as usize];
            *mark = SEEN | (*mark + u32::from(i >= prompt_tokens));
        }
        for &token in history {
            let mark = std::mem::take(&mut self.marks[token as usize]);
            let score = &mut scores[token as usize];
            if mark == 0 || *score == f32::NEG_INFINITY {
                continue;
            }
            let mut penalised = if *score > 0.0 {
                *score / repetition
            } else {
                *score * repetition
            };
            let count = mark & !SEEN;
            if count > 0 {
                penalised -= presence + frequency * count as f32;
            }
            // A finite score stays finite: infinity would make the rest of the arithmetic NaN.
            *score = penalised.clamp(f32::MIN, f32::MAX);
        }
        Ok(())
    }
}

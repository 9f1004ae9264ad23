//! Random texts under a constraint.

use physical_ai_llm::{Constraint, MaskVocabulary, Sampler, SamplingParams};

/// Ends a text.
const END: u32 = 256;

/// All bytes, the end, and pieces over the borders of values, as real vocabularies have them.
pub fn vocabulary() -> MaskVocabulary {
    let mut tokens: Vec<Vec<u8>> = (0..=255).map(|b| vec![b]).collect();
    tokens.push(b"</s>".to_vec());
    for piece in [
        "\":", "\":\"", "\",\"", "\"}", "{\"", "},{\"", "[{\"", "}]}", "]}", "\"]", "[\"", "id",
        "tasks", "skill", "robot", "params", "after", "_1", "arm", "dock", "place", "t1", "t2",
    ] {
        tokens.push(piece.as_bytes().to_vec());
    }
    MaskVocabulary {
        tokens,
        special: Vec::new(),
        end: vec![END],
        tokenize: None,
    }
}

/// Follows the constraint with random tokens; the text, and whether it is complete within `cap` tokens.
///
/// From the half of the cap on, tokens that close something are preferred, since text among thirty
/// letters and one quote would hardly ever end.
pub fn walk(
    constraint: &mut Constraint,
    vocabulary: &MaskVocabulary,
    seed: u64,
    cap: usize,
) -> (String, bool) {
    let params = SamplingParams {
        seed,
        ..SamplingParams::default()
    };
    let mut sampler = Sampler::try_new(params, 0).unwrap();
    let mut logits = vec![0.0; vocabulary.tokens.len()];
    let mut text = Vec::new();
    for i in 0..cap {
        if i == cap / 2 {
            for (logit, token) in logits.iter_mut().zip(&vocabulary.tokens) {
                let ends = token.last().is_some_and(|b| b"\"]}".contains(b));
                *logit = if ends { 8.0 } else { 0.0 };
            }
            logits[END as usize] = 9.0;
        }
        if constraint.is_complete() {
            break;
        }
        let mask = constraint.mask().unwrap().clone();
        let token = sampler.sample(&logits, Some(&mask), &[]).unwrap().token;
        if token != END {
            text.extend_from_slice(&vocabulary.tokens[token as usize]);
        }
        constraint.commit(token).unwrap();
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    (text, constraint.is_complete())
}

//! What comes out.

use super::fake::{CONTEXT, Fake, ORIGINAL_CONTEXT};
use super::*;
use crate::SamplingParams;

#[test]
fn sequences_give_the_same_tokens_in_any_company() {
    let requests = || -> Vec<Request> {
        (0..8)
            .map(|i| {
                let mut request = request(i, prompt(i as u32, 3 + 5 * i as usize), 12);
                request.sampling = SamplingParams {
                    temperature: [0.0, 0.7, 1.5][i as usize % 3],
                    top_k: [0, 40][i as usize % 2],
                    repetition_penalty: [1.0, 1.2][i as usize % 2],
                    seed: i,
                    ..SamplingParams::default()
                };
                request
            })
            .collect()
    };
    let mut engine = engine(Fake::new(100), config());
    let together = serve(&mut engine, requests());
    for request in requests() {
        let id = request.id.0;
        let alone = alone(request);
        assert_eq!(alone.tokens.len(), 12);
        assert_eq!(together[&id].tokens, alone.tokens, "{id}");
        assert_eq!(together[&id].text, alone.text, "{id}");
        assert_eq!(together[&id].reason(), "Length");
    }
    let budget = config().max_batch_tokens;
    assert!(engine.model().passes.iter().all(|tokens| *tokens <= budget));
}

#[test]
fn generating_goes_on_while_long_prompts_are_read() {
    let mut engine = engine(Fake::new(100), config());
    engine.submit(0.0, request(1, prompt(1, 3), 20)).unwrap();
    let mut outcomes = BTreeMap::new();
    collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    engine.submit(1.0, request(2, prompt(2, 36), 5)).unwrap();
    for tokens in 2..=4 {
        collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
        assert_eq!(outcomes[&1].tokens.len(), tokens);
        assert!(outcomes[&2].tokens.is_empty());
    }
    collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    assert_eq!(outcomes[&2].tokens.len(), 1);
    assert_eq!(engine.model().passes, [3, 12, 12, 12, 4]);
}

#[test]
fn outgrowing_the_original_context_equals_a_fresh_long_pass() {
    let start = prompt(3, ORIGINAL_CONTEXT - 4);
    let whole = alone(request(1, start.clone(), 12));
    let mut tokens = start.clone();
    for (i, expected) in whole.tokens.iter().enumerate() {
        let one = alone(request(2, tokens.clone(), 1));
        assert_eq!(one.tokens, [*expected], "token {i}");
        tokens.push(*expected);
    }
    let mut engine = engine(Fake::new(100), config());
    let outcomes = serve(&mut engine, vec![request(1, start, 12)]);
    assert_eq!(outcomes[&1].tokens, whole.tokens);
    assert_eq!(engine.metrics().reread, 1);
}

#[test]
fn end_of_text_finishes_without_being_text() {
    for id in 0..200 {
        let mut request = request(id, prompt(id as u32, 6), CONTEXT - 6);
        request.sampling.temperature = 2.0;
        request.sampling.seed = id;
        let through = alone(request.clone());
        let Some(end) = through.tokens.iter().position(|t| *t == END) else {
            continue;
        };
        request.ignore_end = false;
        let outcome = alone(request);
        assert_eq!(outcome.reason(), "Stop");
        assert_eq!(outcome.tokens, through.tokens[..end]);
        assert_eq!(outcome.usage.generated_tokens, end + 1);
        assert_eq!(outcome.text, TOKENIZER.decode(&outcome.tokens, true));
        return;
    }
    panic!("no text ended");
}

/// A request whose output has a word token right after another, and where the first of them is.
fn two_words() -> (Request, Outcome, usize) {
    for seed in 0..100 {
        let mut request = request(1, prompt(1, 5), 30);
        request.sampling.temperature = 5.0;
        request.sampling.seed = seed;
        let outcome = alone(request.clone());
        let pairs = outcome.tokens.windows(2);
        let found = { pairs }.position(|pair| pair.iter().all(|t| *t >= BYTES + 256));
        if let Some(at) = found {
            return (request, outcome, at);
        }
    }
    panic!("no two words");
}

#[test]
fn stop_string_across_tokens_ends_the_text_before_it() {
    let (mut request, whole, at) = two_words();
    let text = |to: usize| TOKENIZER.decode(&whole.tokens[..to], true);
    // From the middle of a token to the middle of another.
    let stop = text(at + 2)[text(at).len() + 2..].to_owned();
    let stop = stop[..stop.len() - 2].to_owned();
    request.stop = vec!["never".to_owned(), stop.clone()];
    let outcome = alone(request);
    assert_eq!(outcome.reason(), "Stop");
    let end = whole.text.find(&stop).unwrap();
    assert_eq!(outcome.text, whole.text[..end]);
    assert!(outcome.tokens.len() <= at + 2);
}

#[test]
fn text_held_back_for_a_stop_string_comes_at_the_end() {
    let whole = alone(request(1, prompt(1, 5), 10));
    let last: Vec<char> = whole.text.chars().rev().take(3).collect();
    let mut request = request(1, prompt(1, 5), 10);
    request.stop = vec![format!("{}{}{}-", last[2], last[1], last[0])];
    let outcome = alone(request);
    assert_eq!(outcome.reason(), "Length");
    assert_eq!(outcome.text, whole.text);
}

#[test]
fn characters_of_several_tokens_come_whole() {
    let mut request = request(1, prompt(1, 5), 40);
    request.constraint = Some(regex("(한|국|🤖){5}"));
    let outcome = alone(request);
    assert_eq!(outcome.reason(), "Complete");
    assert_eq!(outcome.text.chars().count(), 5);
    assert!(!outcome.text.contains('\u{fffd}'));
}

#[test]
fn forced_tokens_are_read_without_being_sampled() {
    let constrained = |want_logprobs| {
        let mut request = request(1, prompt(1, 5), 60);
        request.constraint = Some(regex("\\{\"name\":\"[ab]\",\"place\":\"[cd]\"\\}"));
        request.want_logprobs = want_logprobs;
        request.sampling.top_logprobs = 2;
        let config = EngineConfig {
            max_batch_tokens: 40,
            ..config()
        };
        let mut engine = engine(Fake::new(100), config);
        let outcome = serve(&mut engine, vec![request]).remove(&1).unwrap();
        (outcome, engine.model().passes.clone())
    };
    let (outcome, passes) = constrained(false);
    assert_eq!(outcome.reason(), "Complete");
    assert_eq!(outcome.tokens.len(), 24);
    assert_eq!(
        outcome.text,
        TOKENIZER.decode(&outcome.tokens, true),
        "{passes:?}"
    );
    // The prompt with the first part, the first choice with the second part.
    assert_eq!(passes, [5 + 9, 1 + 11]);
    assert!(outcome.logprobs.iter().all(Option::is_none));
    // With probabilities the last part needs a pass as well.
    let (reported, passes) = constrained(true);
    assert_eq!(reported.tokens, outcome.tokens);
    assert_eq!(reported.text, outcome.text);
    assert_eq!(passes, [5 + 9, 1 + 11, 1 + 2]);
    assert!(reported.logprobs.iter().all(|l| l.unwrap() < 0.0));
    assert!(reported.tops.iter().all(|top| top.len() == 2));
}

#[test]
fn probabilities_of_forced_tokens_are_those_of_the_model() {
    let mut request = request(1, prompt(1, 5), 60);
    request.constraint = Some(regex("abcde[fg]hij"));
    request.want_logprobs = true;
    let outcome = alone(request);
    let mut tokens = prompt(1, 5);
    for (token, logprob) in outcome.tokens.iter().zip(&outcome.logprobs) {
        let mut one = super::request(2, tokens.clone(), 1);
        one.want_logprobs = true;
        one.constraint = None;
        one.sampling.top_logprobs = 20;
        let all = alone(one);
        if let Some((_, expected)) = all.tops[0].iter().find(|(t, _)| t == token) {
            assert_eq!(logprob, &Some(*expected));
        } else {
            assert!(logprob.unwrap() <= all.tops[0][19].1);
        }
        tokens.push(*token);
    }
}

#[test]
fn forced_text_that_is_all_there_is_needs_no_pass() {
    let mut request = request(1, prompt(1, 5), 10);
    request.constraint = Some(regex("ok"));
    let mut engine = engine(Fake::new(10), config());
    let outcomes = serve(&mut engine, vec![request.clone()]);
    assert_eq!(
        (outcomes[&1].text.as_str(), engine.model().computed),
        ("ok", 0)
    );
    assert_eq!(outcomes[&1].reason(), "Complete");
    request.max_tokens = 1;
    let outcomes = serve(&mut engine, vec![request]);
    assert_eq!(
        (outcomes[&1].text.as_str(), outcomes[&1].reason()),
        ("o", "Length")
    );
}

#[test]
fn guessing_changes_nothing_but_the_number_of_passes() {
    let requests = || -> Vec<Request> {
        (0..12)
            .map(|i| {
                let mut request = request(i, prompt(i as u32, 20 + i as usize), 60);
                if i % 3 == 1 {
                    request.constraint = Some(regex("(\\[(12|34|ab),(12|34|ab)\\];){4,9}"));
                }
                request.sampling.temperature = if i % 4 == 3 { 0.4 } else { 0.0 };
                request.want_logprobs = i % 2 == 0;
                request.stop = vec!["w300 w301".to_owned()];
                request
            })
            .collect()
    };
    let speculating = |speculative| {
        let config = EngineConfig {
            speculative,
            max_batch_tokens: 40,
            ..config()
        };
        let mut engine = engine(Fake::new(200), config);
        let outcomes = serve(&mut engine, requests());
        (outcomes, engine.metrics())
    };
    let (plain, without) = speculating(None);
    let (guessed, with) = speculating(Some(5));
    for (id, outcome) in &plain {
        assert_eq!(outcome.tokens, guessed[id].tokens, "{id}");
        assert_eq!(outcome.text, guessed[id].text, "{id}");
        assert_eq!(outcome.logprobs, guessed[id].logprobs, "{id}");
        assert_eq!(outcome.reason(), guessed[id].reason(), "{id}");
    }
    assert!(with.speculative_accepted > 100, "{with:?}");
    let wrong = with.speculative_drafted - with.speculative_accepted;
    assert!(wrong > 20, "{with:?}");
    assert!(with.passes * 4 < without.passes * 3, "{with:?} {without:?}");
    assert_eq!(without.speculative_drafted, 0);
}

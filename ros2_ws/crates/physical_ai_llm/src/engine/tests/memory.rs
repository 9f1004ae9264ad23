//! The cache: shared beginnings, and too little of it.

use super::fake::{Fake, ORIGINAL_CONTEXT, PAGE};
use super::*;

#[test]
fn equal_beginnings_are_computed_once() {
    let mut engine = engine(Fake::new(100), config());
    let start = prompt(1, 26);
    let with = |id: u64, own: usize| {
        let mut prompt = start.clone();
        prompt.extend(super::prompt(id as u32 + 40, own));
        request(id, prompt, 4)
    };
    let first = serve(&mut engine, vec![with(1, 3)]);
    assert_eq!(first[&1].usage.cached_tokens, 0);
    let computed = engine.model().computed;
    let second = serve(&mut engine, vec![with(2, 5)]);
    // 26 tokens are six full pages.
    assert_eq!(second[&2].usage.cached_tokens, 24);
    assert_eq!(engine.model().computed, computed + 31 - 24 + 3);
    assert_eq!(second[&2].tokens, alone(with(2, 5)).tokens);
    // The last token of a prompt is computed even if all is there.
    let again = serve(&mut engine, vec![request(3, start[..24].to_vec(), 2)]);
    assert_eq!(again[&3].usage.cached_tokens, 20);
    let metrics = engine.metrics();
    assert_eq!((metrics.prefix_hits, metrics.cached_tokens), (2, 44));
    assert!(metrics.pages_cached > 0);
}

#[test]
fn equal_beginnings_that_come_together_are_computed_once() {
    let start = prompt(1, 30);
    let with = |id: u64| {
        let mut prompt = start.clone();
        prompt.push(BYTES + id as u32);
        request(id, prompt, 2)
    };
    let mut engine = engine(Fake::new(100), config());
    let outcomes = serve(&mut engine, (0..4).map(with).collect());
    for id in 0..4 {
        assert_eq!(outcomes[&id].tokens, alone(with(id)).tokens, "{id}");
        let cached = if id == 0 { 0 } else { 28 };
        assert_eq!(outcomes[&id].usage.cached_tokens, cached, "{id}");
    }
    assert_eq!(engine.model().computed, 31 + 3 * 3 + 4);
}

#[test]
fn conversation_goes_on_where_its_cache_ends() {
    let mut engine = engine(Fake::new(100), config());
    let mut tokens = prompt(1, 10);
    let first = serve(&mut engine, vec![request(1, tokens.clone(), 12)]);
    tokens.extend(&first[&1].tokens);
    tokens.extend(prompt(2, 3));
    let second = serve(&mut engine, vec![request(2, tokens, 2)]);
    // Of 22 tokens the last was never read.
    assert_eq!(second[&2].usage.cached_tokens, 20);
}

/// The last token of the prompt is then not the last one known.
#[test]
fn forced_tokens_are_found_with_the_prompt() {
    let with = |id| {
        let mut request = request(id, prompt(1, 2), 9);
        request.constraint = Some(regex("go:[ab]{6}"));
        request
    };
    let mut engine = engine(Fake::new(100), config());
    serve(&mut engine, vec![with(1)]);
    let computed = engine.model().computed;
    let outcomes = serve(&mut engine, vec![with(2)]);
    assert_eq!(outcomes[&2].usage.cached_tokens, 2);
    assert_eq!(engine.model().computed, computed + 1 + 5);
    assert_eq!(outcomes[&2].tokens, alone(with(2)).tokens);
}

#[test]
fn cache_of_one_reach_is_of_no_use_for_the_other() {
    let mut engine = engine(Fake::new(100), config());
    let long = prompt(1, ORIGINAL_CONTEXT + 9);
    let short = serve(&mut engine, vec![request(1, long[..30].to_vec(), 2)]);
    assert_eq!(short[&1].reason(), "Length");
    let outcomes = serve(&mut engine, vec![request(2, long.clone(), 2)]);
    assert_eq!(outcomes[&2].usage.cached_tokens, 0);
    assert_eq!(
        outcomes[&2].tokens,
        alone(request(2, long.clone(), 2)).tokens
    );
    let outcomes = serve(&mut engine, vec![request(3, long, 2)]);
    assert_eq!(outcomes[&3].usage.cached_tokens, 48);
}

#[test]
fn without_prefix_cache_nothing_is_shared() {
    let config = EngineConfig {
        prefix_cache: false,
        ..config()
    };
    let mut engine = engine(Fake::new(100), config);
    let requests = (1..=3).map(|id| request(id, prompt(1, 20), 2)).collect();
    let outcomes = serve(&mut engine, requests);
    assert!(outcomes.values().all(|o| o.usage.cached_tokens == 0));
    assert_eq!(engine.model().computed, 3 * 21);
    assert_eq!(engine.metrics().pages_cached, 0);
}

#[test]
fn sequences_that_do_not_fit_together_give_way_and_go_on() {
    for prefix_cache in [false, true] {
        let config = EngineConfig {
            prefix_cache,
            ..config()
        };
        // Each alone needs 10 of 11 pages.
        let mut engine = engine(Fake::new(11), config);
        let with = |id: u64| request(id, prompt(id as u32, 8), 10 * PAGE + 1 - 8);
        let outcomes = serve(&mut engine, (1..=4).map(with).collect());
        for id in 1..=4 {
            let expected = alone(with(id));
            assert_eq!(outcomes[&id].tokens, expected.tokens, "{id}");
            assert_eq!(outcomes[&id].text, expected.text, "{id}");
            assert_eq!(outcomes[&id].usage.prompt_tokens, 8);
            assert_eq!(outcomes[&id].usage.cached_tokens, 0);
        }
        assert!(engine.metrics().preempted > 0);
    }
}

#[test]
fn urgent_sequence_takes_pages_of_others_when_it_needs_them() {
    let mut engine = engine(Fake::new(12), config());
    let mut outcomes = BTreeMap::new();
    for id in 1..=3 {
        engine
            .submit(0.0, request(id, prompt(id as u32, 10), 20))
            .unwrap();
    }
    for _ in 0..5 {
        collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    }
    let mut urgent = request(9, prompt(9, 30), 10);
    urgent.priority = 255;
    engine.submit(0.0, urgent.clone()).unwrap();
    // Three passes read it, nine more generate the rest.
    for _ in 0..12 {
        collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    }
    assert_eq!(outcomes[&9].reason(), "Length");
    assert_eq!(outcomes[&9].tokens, alone(urgent).tokens);
    finish_all(&mut engine, &mut outcomes);
    for id in 1..=3 {
        let expected = alone(request(id, prompt(id as u32, 10), 20));
        assert_eq!(outcomes[&id].tokens, expected.tokens, "{id}");
    }
}

#[test]
fn sampler_and_constraint_go_on_after_giving_way() {
    let with = |id: u64| {
        let mut request = request(id, prompt(id as u32, 8), 28);
        request.sampling.temperature = 1.0;
        request.sampling.seed = id;
        request.sampling.frequency_penalty = 0.5;
        request.want_logprobs = id.is_multiple_of(2);
        if id.is_multiple_of(3) {
            request.constraint = Some(regex("(key:[a-z]{2};){5,7}"));
        }
        request
    };
    let mut engine = engine(Fake::new(12), config());
    let outcomes = serve(&mut engine, (1..=6).map(with).collect());
    assert!(engine.metrics().preempted > 0);
    for id in 1..=6 {
        let expected = alone(with(id));
        assert_eq!(outcomes[&id].tokens, expected.tokens, "{id}");
        assert_eq!(outcomes[&id].logprobs, expected.logprobs, "{id}");
        assert_eq!(outcomes[&id].reason(), expected.reason(), "{id}");
    }
}

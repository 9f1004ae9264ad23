//! With a small real model.

use super::*;
use crate::Model;

fn model() -> Model {
    Model::open(&crate::golden::path("narrow/q8_0.gguf")).unwrap()
}

fn local(config: EngineConfig, pages: usize) -> Engine<LocalModel> {
    let model = LocalModel::try_new(model(), 2, pages).unwrap();
    Engine::try_new(model, Arc::clone(&TOKENIZER), config).unwrap()
}

fn roomy() -> EngineConfig {
    EngineConfig {
        max_batch_tokens: 256,
        prefix_cache: false,
        ..config()
    }
}

/// The model's original context is 64 tokens: some outgrow it.
fn requests() -> Vec<Request> {
    (0..6)
        .map(|i| request(i, prompt(i as u32, 20 + 9 * i as usize), 24))
        .collect()
}

fn serve_each_alone() -> BTreeMap<u64, Outcome> {
    requests()
        .into_iter()
        .flat_map(|request| serve(&mut local(roomy(), 64), vec![request]))
        .collect()
}

#[test]
fn real_model_gives_the_same_in_company_and_under_memory_pressure() {
    let alone = serve_each_alone();
    let small = EngineConfig {
        max_batch_tokens: 40,
        ..config()
    };
    let speculating = EngineConfig {
        speculative: Some(4),
        ..small.clone()
    };
    for (config, pages) in [(roomy(), 64), (small, 12), (speculating, 20)] {
        let mut engine = local(config, pages);
        let together = serve(&mut engine, requests());
        for (id, outcome) in &alone {
            assert_eq!(together[id].tokens, outcome.tokens, "{id}, {pages} pages");
            assert_eq!(together[id].text, outcome.text);
        }
        assert!(engine.metrics().reread > 0);
    }
}

#[test]
fn real_model_goes_on_beyond_its_original_context_as_if_it_began_there() {
    let start = prompt(5, 60);
    let whole = serve(&mut local(roomy(), 64), vec![request(1, start.clone(), 10)]);
    let mut tokens = start;
    for expected in &whole[&1].tokens {
        let next = request(1, tokens.clone(), 1);
        let one = serve(&mut local(roomy(), 64), vec![next]);
        assert_eq!(one[&1].tokens, [*expected], "after {}", tokens.len());
        tokens.push(*expected);
    }
}

#[test]
fn real_model_finds_the_beginning_that_robots_share() {
    let mut engine = local(config(), 64);
    let with = |id: u64| {
        let mut prompt = prompt(1, 40);
        prompt.extend(super::prompt(id as u32, 6));
        request(id, prompt, 8)
    };
    let outcomes = serve(&mut engine, (1..=4).map(with).collect());
    for id in 1..=4 {
        let expected = serve(&mut local(roomy(), 64), vec![with(id)]);
        assert_eq!(outcomes[&id].tokens, expected[&id].tokens, "{id}");
        let cached = if id == 1 { 0 } else { 32 };
        assert_eq!(outcomes[&id].usage.cached_tokens, cached, "{id}");
    }
}

#[test]
fn real_model_keeps_to_a_constraint() {
    let mut engine = local(config(), 64);
    let mut request = request(1, text_tokens("Where to? "), 30);
    request.constraint = Some(regex("\\{\"go\":\"(dock|base)\"\\}"));
    let outcomes = serve(&mut engine, vec![request]);
    assert_eq!(outcomes[&1].reason(), "Complete");
    let text = outcomes[&1].text.as_str();
    assert!(
        matches!(text, "{\"go\":\"dock\"}" | "{\"go\":\"base\"}"),
        "{text}"
    );
}

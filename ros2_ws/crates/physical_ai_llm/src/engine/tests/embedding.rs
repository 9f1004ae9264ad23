//! Texts to vectors, beside sequences that generate.

use serde_json::Value;

use super::fake::{CONTEXT, Fake, WIDTH};
use super::*;
use crate::Model;

fn embed(id: u64, texts: &[Vec<u32>]) -> EmbedRequest {
    EmbedRequest {
        id: RequestId(id),
        texts: texts.to_vec(),
        deadline_s: None,
    }
}

fn texts() -> Vec<Vec<u32>> {
    // The reach changes at 40 tokens.
    [3, 30, 41, 1, 70, 12].map(|n| prompt(n, n as usize)).into()
}

/// Rows of texts that nobody disturbs.
fn rows_alone(texts: &[Vec<u32>]) -> Vec<Vec<f32>> {
    let mut engine = engine(Fake::new(100), config());
    let mut outcomes = BTreeMap::new();
    engine.embed(0.0, embed(1, texts)).unwrap();
    finish_all(&mut engine, &mut outcomes);
    assert_eq!(outcomes[&1].reason(), "Complete");
    std::mem::take(&mut outcomes.get_mut(&1).unwrap().rows)
}

#[test]
fn rows_have_unit_length_and_leave_nothing_in_the_cache() {
    let rows = rows_alone(&texts());
    assert_eq!(rows.len(), 6);
    for row in &rows {
        let length: f32 = row.iter().map(|x| x * x).sum();
        assert!(row.len() == WIDTH && (length - 1.0).abs() < 1e-5, "{row:?}");
    }
    let mut engine = engine(Fake::new(100), config());
    engine.embed(0.0, embed(1, &texts())).unwrap();
    finish_all(&mut engine, &mut BTreeMap::new());
    let metrics = engine.metrics();
    assert_eq!((metrics.pages_cached, metrics.embedding), (0, 0));
    assert_eq!((metrics.submitted, metrics.finished), (1, 1));
    assert_eq!(metrics.prompt_tokens, 157);
    assert_eq!(engine.model().computed, 157);
}

#[test]
fn rows_and_tokens_are_the_same_in_company_and_under_memory_pressure() {
    let expected = rows_alone(&texts());
    let requests = || (10..16).map(|i| request(i, prompt(i as u32, 2 * i as usize), 20));
    for pages in [100, 30, 18] {
        let mut engine = engine(Fake::new(pages), config());
        let mut outcomes = BTreeMap::new();
        engine.embed(0.0, embed(1, &texts())).unwrap();
        let mut waiting: Vec<Request> = requests().collect();
        while let Some(request) = waiting.pop() {
            engine.submit(0.0, request).unwrap();
            collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
            engine
                .embed(0.0, embed(20 + waiting.len() as u64, &texts()[..2]))
                .unwrap();
            collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
        }
        finish_all(&mut engine, &mut outcomes);
        for id in [1, 20, 25] {
            let rows = &outcomes[&id].rows;
            assert_eq!(rows[..], expected[..rows.len()], "{id}, {pages} pages");
            assert_eq!(outcomes[&id].reason(), "Complete");
        }
        for request in requests() {
            let id = request.id.0;
            assert_eq!(outcomes[&id].tokens, alone(request).tokens, "{id}");
        }
    }
}

#[test]
fn text_gives_its_pages_to_a_sequence_that_grows() {
    let texts = [prompt(3, 41)];
    // The text takes 11 pages, the sequence grows to 11 more; between, it is read again for the long reach.
    let mut engine = engine(Fake::new(18), config());
    let mut outcomes = BTreeMap::new();
    engine.submit(0.0, request(2, prompt(2, 4), 38)).unwrap();
    collect(&mut outcomes, engine.step(&|| 0.0).unwrap());
    engine.config.max_batch_tokens = 2;
    engine.embed(0.0, embed(1, &texts)).unwrap();
    finish_all(&mut engine, &mut outcomes);
    assert!(engine.metrics().preempted >= 1);
    assert_eq!(outcomes[&1].rows, rows_alone(&texts));
    assert_eq!(
        outcomes[&2].tokens,
        alone(request(2, prompt(2, 4), 38)).tokens
    );
}

#[test]
fn generation_goes_on_with_every_pass_and_texts_with_their_share() {
    let mut engine = engine(Fake::new(200), config());
    for id in 1..=3 {
        engine
            .submit(0.0, request(id, prompt(id as u32, 4), 50))
            .unwrap();
    }
    engine.step(&|| 0.0).unwrap();
    engine
        .embed(0.0, embed(9, &vec![prompt(7, 100); 4]))
        .unwrap();
    for _ in 0..10 {
        let events = engine.step(&|| 0.0).unwrap();
        let tokens = events.iter().filter(|e| matches!(e, Event::Token { .. }));
        assert_eq!(tokens.count(), 3);
        // Three tokens of sequences, and an eighth of twelve.
        assert_eq!(engine.model().passes.last(), Some(&4));
    }
    // Long prompts would take all the rest.
    engine.submit(0.0, request(4, prompt(4, 150), 1)).unwrap();
    let read = |engine: &Engine<Fake>| engine.embeddings.first_computed();
    let before = read(&engine);
    for _ in 0..5 {
        engine.step(&|| 0.0).unwrap();
    }
    assert_eq!(read(&engine), before + 5);
}

#[test]
fn bad_texts_are_refused_by_field_and_value() {
    let check = |request: EmbedRequest, expected: &str| {
        let mut engine = engine(Fake::new(10), config());
        let said = engine.embed(0.0, request).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
        assert_eq!(engine.metrics().refused, 1);
        assert!(engine.is_idle());
    };
    check(embed(1, &[]), "texts is empty");
    check(embed(1, &[vec![7], vec![]]), "text is empty");
    check(embed(1, &[vec![7, 320]]), "text token is 320");
    check(embed(1, &[vec![7; CONTEXT + 1]]), "201 tokens, 200 fit");
    check(embed(1, &[vec![7; 41]]), "needs 11 cache pages");
    let late = EmbedRequest {
        deadline_s: Some(f64::NAN),
        ..embed(1, &texts())
    };
    check(late, "deadline_s is NaN");
    let mut engine = engine(
        Fake::new(10),
        EngineConfig {
            max_waiting: 1,
            ..config()
        },
    );
    engine.embed(0.0, embed(1, &[vec![7]])).unwrap();
    let said = |result: Result<(), Error>| result.unwrap_err().to_string();
    assert!(said(engine.embed(0.0, embed(1, &[vec![7]]))).contains("id is 1"));
    assert!(said(engine.submit(0.0, request(1, vec![7], 1))).contains("id is 1"));
    assert!(said(engine.embed(0.0, embed(2, &[vec![7]]))).contains("1 requests wait"));
}

#[test]
fn texts_end_by_cancellation_deadline_and_damage_and_others_go_on() {
    let mut engine = engine(Fake::new(60), config());
    engine.model.poison = Some(200);
    let mut outcomes = BTreeMap::new();
    for id in 1..=4 {
        let mut texts = vec![prompt(1, 60), prompt(2, 20)];
        texts[0].extend((id == 3).then_some(200));
        engine
            .embed(
                0.0,
                EmbedRequest {
                    deadline_s: (id == 2).then_some(5.0),
                    ..embed(id, &texts)
                },
            )
            .unwrap();
    }
    collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    assert!(engine.cancel(1.0, RequestId(1)) && !engine.cancel(1.0, RequestId(1)));
    assert!(!engine.cancel(1.0, RequestId(77)));
    finish_all(&mut engine, &mut outcomes);
    assert_eq!(outcomes[&1].reason(), "Cancelled");
    assert_eq!(outcomes[&2].reason(), "DeadlinePassed");
    assert!(
        outcomes[&3]
            .reason()
            .contains("InvalidEmbedding { text: 0, length: NaN }")
    );
    assert_eq!(outcomes[&4].reason(), "Complete");
    assert!((1..4).all(|id| outcomes[&id].rows.is_empty()));
}

#[test]
fn pass_that_fails_is_run_again_with_the_same_rows() {
    let mut engine = engine(Fake::new(60), config());
    let mut outcomes = BTreeMap::new();
    engine.embed(0.0, embed(1, &texts())).unwrap();
    engine.step(&|| 0.0).unwrap();
    engine.model.failures = 2;
    assert!(engine.step(&|| 0.0).is_err() && engine.step(&|| 0.0).is_err());
    finish_all(&mut engine, &mut outcomes);
    assert_eq!(outcomes[&1].rows, rows_alone(&texts()));
}

/// Against HF transformers, see `tests/golden/llm/make_embedding_golden.py`.
#[test]
fn rows_equal_the_reference_before_and_after_the_switch_and_in_parts() {
    let json = std::fs::read(crate::golden::path("narrow/embeddings.json")).unwrap();
    let golden: Vec<Value> = serde_json::from_slice(&json).unwrap();
    let texts: Vec<Vec<u32>> = golden
        .iter()
        .map(|g| serde_json::from_value(g["tokens"].clone()).unwrap())
        .collect();
    let model = Model::open(&crate::golden::path("narrow/f16")).unwrap();
    for budget in [256, 12] {
        let local = LocalModel::try_new(model.clone(), 2, 64).unwrap();
        let config = EngineConfig {
            max_batch_tokens: budget,
            ..config()
        };
        let mut engine = Engine::try_new(local, Arc::clone(&TOKENIZER), config).unwrap();
        let mut outcomes = BTreeMap::new();
        engine.embed(0.0, embed(1, &texts)).unwrap();
        finish_all(&mut engine, &mut outcomes);
        for (row, golden) in outcomes[&1].rows.iter().zip(&golden) {
            let expected: Vec<f32> = serde_json::from_value(golden["row"].clone()).unwrap();
            assert_eq!(row.len(), expected.len());
            let worst = row.iter().zip(&expected).map(|(a, b)| (a - b).abs());
            let worst = worst.fold(0.0, f32::max);
            // The cache holds halves; the other reach moves rows by more than 0.1.
            assert!(worst < 1e-3, "{} tokens: {worst}", golden["tokens"]);
        }
    }
}

//! How requests come, wait and go.

use super::fake::{CONTEXT, Fake};
use super::*;

fn refused(engine: &mut Engine<Fake>, request: Request, expected: &str) {
    let error = engine.submit(0.0, request).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn requests_that_make_no_sense_are_refused_by_field() {
    let mut engine = engine(Fake::new(10), config());
    let with = |change: fn(&mut Request)| {
        let mut request = request(1, prompt(1, 5), 5);
        change(&mut request);
        request
    };
    refused(&mut engine, with(|r| r.prompt.clear()), "prompt is empty");
    refused(&mut engine, with(|r| r.max_tokens = 0), "max_tokens is 0");
    refused(&mut engine, with(|r| r.prompt[2] = 320), "token is 320");
    let nan = with(|r| r.deadline_s = Some(f64::NAN));
    refused(&mut engine, nan, "deadline_s is NaN");
    let hot = with(|r| r.sampling.temperature = -1.0);
    refused(&mut engine, hot, "temperature is -1");
    refused(&mut engine, with(|r| r.stop = vec![String::new()]), "stop");
    let long = with(|r| r.max_tokens = CONTEXT);
    refused(&mut engine, long, "has 5 tokens, 0 fit");
    let large = with(|r| r.max_tokens = 37);
    refused(
        &mut engine,
        large,
        "needs 11 cache pages, 10 of 10 are free",
    );
    engine.submit(0.0, with(|r| r.max_tokens = 36)).unwrap();
    refused(&mut engine, with(|_| ()), "id is 1");
    assert_eq!(engine.metrics().refused, 9);
    let outcomes = serve(&mut engine, vec![]);
    assert_eq!(outcomes[&1].tokens.len(), 36);
    engine.submit(0.0, with(|_| ())).unwrap();
}

#[test]
fn limits_that_make_no_sense_are_refused_by_field() {
    let check = |config: EngineConfig, expected: &str| {
        let made = Engine::try_new(Fake::new(10), Arc::clone(&TOKENIZER), config);
        let error = made.err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let max_batch_tokens = 4;
    check(
        EngineConfig {
            max_batch_tokens,
            ..config()
        },
        "max_batch_tokens is 4: must be at least 5",
    );
    check(
        EngineConfig {
            max_sequences: 0,
            ..config()
        },
        "max_sequences is 0",
    );
    check(
        EngineConfig {
            speculative: Some(0),
            ..config()
        },
        "speculative is 0",
    );
    let mut vocabulary = gguf_vocabulary();
    vocabulary.tokens.pop();
    vocabulary.scores.pop();
    vocabulary.token_types.pop();
    let other = Arc::new(Tokenizer::from_gguf_vocabulary(&vocabulary).unwrap());
    let made = Engine::try_new(Fake::new(10), other, config());
    let error = made.err().unwrap().to_string();
    assert!(error.contains("319 tokens do not fit"), "{error}");
}

#[test]
fn urgent_requests_come_first() {
    let config = EngineConfig {
        max_sequences: 1,
        ..config()
    };
    let mut engine = engine(Fake::new(100), config);
    let wanted = [
        (1, 10, None),
        (2, 10, Some(500.0)),
        (3, 200, None),
        (4, 10, Some(400.0)),
        (5, 10, None),
    ];
    for (id, priority, deadline_s) in wanted {
        let mut request = request(id, prompt(id as u32, 5), 3);
        (request.priority, request.deadline_s) = (priority, deadline_s);
        engine.submit(0.0, request).unwrap();
    }
    let mut ends = Vec::new();
    while !engine.is_idle() {
        for event in engine.step(&|| 1.0).unwrap() {
            if let Event::Finished { id, .. } = event {
                ends.push(id.0);
            }
        }
    }
    assert_eq!(ends, [3, 4, 2, 1, 5]);
}

#[test]
fn higher_priority_takes_the_place_of_lower() {
    let config = EngineConfig {
        max_sequences: 1,
        ..config()
    };
    let mut engine = engine(Fake::new(100), config);
    let mut outcomes = BTreeMap::new();
    let low = request(1, prompt(1, 5), 10);
    engine.submit(0.0, low.clone()).unwrap();
    for _ in 0..4 {
        collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    }
    let same = request(2, prompt(2, 5), 3);
    engine.submit(0.0, same).unwrap();
    let mut high = request(3, prompt(3, 5), 3);
    high.priority = 129;
    engine.submit(0.0, high).unwrap();
    for _ in 0..3 {
        collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    }
    assert_eq!(outcomes[&3].reason(), "Length");
    assert_eq!(outcomes[&1].tokens.len(), 4);
    assert!(!outcomes.contains_key(&2));
    finish_all(&mut engine, &mut outcomes);
    assert_eq!(outcomes[&1].tokens, alone(low).tokens);
    assert_eq!(engine.metrics().preempted, 1);
}

#[test]
fn cancelled_requests_end_before_their_next_token() {
    let mut engine = engine(Fake::new(100), config());
    let mut outcomes = BTreeMap::new();
    for id in 1..=6 {
        engine
            .submit(0.0, request(id, prompt(id as u32, 5), 20))
            .unwrap();
    }
    for _ in 0..4 {
        collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    }
    let before = outcomes[&1].tokens.len();
    assert!(before > 0 && engine.metrics().waiting == 2);
    let used = engine.metrics().pages_used;
    assert!(engine.cancel(1.0, RequestId(1)));
    assert!(engine.cancel(1.0, RequestId(6)));
    assert!(!engine.cancel(1.0, RequestId(6)));
    assert!(!engine.cancel(1.0, RequestId(77)));
    assert!(engine.metrics().pages_used < used);
    collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    assert_eq!(outcomes[&1].tokens.len(), before);
    assert_eq!(outcomes[&1].usage.generated_tokens, before);
    assert_eq!(outcomes[&1].reason(), "Cancelled");
    assert_eq!(outcomes[&6].reason(), "Cancelled");
    assert_eq!((outcomes[&6].started, outcomes[&6].tokens.len()), (0, 0));
    finish_all(&mut engine, &mut outcomes);
    assert_eq!(
        outcomes[&2].tokens,
        alone(request(2, prompt(2, 5), 20)).tokens
    );
}

#[test]
fn deadline_ends_requests_that_wait_and_that_run() {
    let config = EngineConfig {
        max_sequences: 1,
        ..config()
    };
    let mut engine = engine(Fake::new(100), config);
    let mut outcomes = BTreeMap::new();
    for (id, deadline_s) in [(1, Some(5.0)), (2, Some(6.0)), (3, None)] {
        let mut request = request(id, prompt(id as u32, 5), 50);
        request.deadline_s = deadline_s;
        engine.submit(0.5, request).unwrap();
    }
    collect(&mut outcomes, engine.step(&|| 4.9).unwrap());
    assert_eq!(outcomes[&1].tokens.len(), 1);
    collect(&mut outcomes, engine.step(&|| 6.5).unwrap());
    for id in [1, 2] {
        assert_eq!(outcomes[&id].reason(), "DeadlinePassed");
    }
    assert_eq!(outcomes[&1].tokens.len(), 1);
    assert_eq!(outcomes[&3].tokens.len(), 1);
    assert_eq!(outcomes[&2].timings.queued_s, 6.0);
    assert_eq!(outcomes[&1].timings.total_s, 6.0);
    finish_all(&mut engine, &mut outcomes);
}

#[test]
fn newer_request_with_the_same_key_replaces_the_older() {
    let config = EngineConfig {
        max_waiting: 2,
        ..config()
    };
    let mut engine = engine(Fake::new(100), config);
    let mut outcomes = BTreeMap::new();
    let with = |id, latest_wins| {
        let mut request = request(id, prompt(id as u32, 5), 10);
        request.key = Some("robot".to_owned());
        request.latest_wins = latest_wins;
        request
    };
    engine.submit(0.0, with(1, true)).unwrap();
    collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    engine.submit(0.0, with(2, true)).unwrap();
    engine.submit(0.0, request(9, prompt(9, 5), 10)).unwrap();
    // The queue is full; the place of the one that it replaces is free.
    engine.submit(0.0, with(3, false)).unwrap();
    collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    engine.submit(0.0, with(4, false)).unwrap();
    // One that cannot be accepted replaces nothing.
    let mut bad = with(5, true);
    bad.max_tokens = 0;
    assert!(engine.submit(0.0, bad).is_err());
    finish_all(&mut engine, &mut outcomes);
    assert_eq!(outcomes[&1].tokens.len(), 1);
    for (id, reason) in [(1, "Superseded"), (2, "Superseded"), (3, "Length")] {
        assert_eq!(outcomes[&id].reason(), reason, "{id}");
    }
    assert_eq!(outcomes[&4].reason(), "Length");
    assert!(engine.keys.is_empty() && engine.live.is_empty());
}

#[test]
fn ten_thousand_requests_at_once_are_answered_at_once() {
    let config = EngineConfig {
        max_waiting: 1000,
        ..config()
    };
    let mut engine = engine(Fake::new(100), config);
    let begin = std::time::Instant::now();
    let mut busy = 0;
    for id in 0..10_000 {
        let mut request = request(id, prompt(id as u32, 4), 1);
        request.priority = (id % 256) as u8;
        match engine.submit(0.0, request) {
            Ok(()) => {}
            Err(Error::Busy { waiting, limit }) => {
                assert_eq!((waiting, limit), (1000, 1000));
                busy += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((busy, engine.metrics().waiting), (9000, 1000));
    assert_eq!(engine.metrics().refused, 9000);
    let mut outcomes = BTreeMap::new();
    finish_all(&mut engine, &mut outcomes);
    assert!(outcomes.values().all(|o| o.reason() == "Length"));
    assert_eq!(outcomes.len(), 1000);
    let taken = begin.elapsed();
    assert!(taken.as_secs() < 20, "{taken:?}");
}

#[test]
fn broken_logits_end_only_the_request_that_has_them() {
    let mut fake = Fake::new(100);
    fake.poison = Some(7);
    let mut engine = engine(fake, config());
    let mut bad = prompt(1, 9);
    bad[4] = 7;
    let good = request(2, prompt(2, 9), 10);
    let requests = vec![request(1, bad.clone(), 10), good.clone()];
    let outcomes = serve(&mut engine, requests);
    let reason = outcomes[&1].reason();
    assert!(reason.starts_with("Error(InvalidLogits"), "{reason}");
    assert!(outcomes[&1].tokens.is_empty());
    assert_eq!(outcomes[&2].tokens, alone(good).tokens);
    // Nobody finds what may be damaged.
    let computed = engine.model().computed;
    engine.model.poison = None;
    let outcomes = serve(&mut engine, vec![request(3, bad, 1)]);
    assert_eq!(outcomes[&3].usage.cached_tokens, 0);
    assert_eq!(engine.model().computed, computed + 9);
}

#[test]
fn constraint_that_leaves_nothing_ends_only_its_request() {
    let mut impossible = request(1, prompt(1, 5), 10);
    impossible.constraint = Some(regex("[ab]{8}"));
    impossible.max_tokens = 3;
    let mut never = request(2, prompt(2, 5), 10);
    // More tokens than the model has: a constraint for another vocabulary.
    let tokens = vec![b"x".to_vec(); VOCABULARY + 8];
    let foreign = ConstraintCompiler::try_new(MaskVocabulary {
        tokens,
        end: vec![END],
        ..MaskVocabulary::default()
    });
    never.constraint = Some(foreign.unwrap().compile_regex("x{4}").unwrap());
    let free = request(3, prompt(3, 5), 10);
    let mut engine = engine(Fake::new(100), config());
    let outcomes = serve(&mut engine, vec![impossible, never, free.clone()]);
    assert_eq!(outcomes[&1].reason(), "Length");
    let reason = outcomes[&2].reason();
    assert!(reason.contains("mask width"), "{reason}");
    assert_eq!(outcomes[&3].tokens, alone(free).tokens);
}

#[test]
fn pass_that_fails_is_run_again() {
    let mut engine = engine(Fake::new(100), config());
    let mut outcomes = BTreeMap::new();
    let wanted = request(1, prompt(1, 20), 10);
    engine.submit(0.0, wanted.clone()).unwrap();
    engine.model.failures = 2;
    assert!(engine.step(&|| 1.0).is_err());
    assert!(engine.step(&|| 1.0).is_err());
    for _ in 0..4 {
        collect(&mut outcomes, engine.step(&|| 1.0).unwrap());
    }
    engine.model.failures = 1;
    assert!(engine.step(&|| 1.0).is_err());
    finish_all(&mut engine, &mut outcomes);
    assert_eq!(outcomes[&1].tokens, alone(wanted).tokens);
}

#[test]
fn times_are_those_of_the_clock() {
    let mut engine = engine(Fake::new(100), config());
    engine.submit(10.0, request(1, prompt(1, 20), 3)).unwrap();
    let mut outcomes = BTreeMap::new();
    let now_s = std::cell::Cell::new(11.0);
    let clock = || now_s.replace(now_s.get() + 1.0);
    // Two passes for the prompt, two more tokens; two readings each.
    for _ in 0..4 {
        collect(&mut outcomes, engine.step(&clock).unwrap());
    }
    let timings = outcomes[&1].timings;
    assert_eq!(timings.queued_s, 1.0);
    assert_eq!(timings.first_token_s, Some(4.0));
    assert_eq!(timings.total_s, 8.0);
    let metrics = engine.metrics();
    assert_eq!(metrics.first_token_p50_s, Some(4.0));
    assert_eq!((metrics.passes, metrics.busy_s), (4, 4.0));
    assert_eq!((metrics.prompt_tokens, metrics.generated_tokens), (20, 3));
}

#[test]
fn engine_can_move_to_another_thread() {
    fn check<T: Send>() {}
    check::<Engine<LocalModel>>();
    check::<Event>();
    check::<Request>();
}

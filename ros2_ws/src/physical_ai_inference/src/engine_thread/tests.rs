#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test whose fixture is not there has failed"
)]

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use physical_ai_llm::{ComputeDevice, EngineConfig, LanguageModel};

use super::*;
use crate::model_info;
use crate::refusal::Code;

const WAIT: Duration = Duration::from_secs(30);

/// An engine of the small golden model, and what tells of its news.
fn start(config: EngineConfig) -> (EngineThread, Receiver<()>) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../tests/golden/llm/narrow/q8_0.gguf"
    );
    let model = LanguageModel::open(Path::new(path)).unwrap();
    let reader = RequestReader::try_new(&model, 32).unwrap();
    let ready = model_info::load(&model, ComputeDevice::Cpu, 1, 8 << 20).unwrap();
    let engine = Engine::try_new(ready, Arc::clone(&model.tokenizer), config).unwrap();
    let (woken, news) = channel();
    let wake = Box::new(move || woken.send(()).is_ok());
    (EngineThread::start(engine, reader, wake).unwrap(), news)
}

fn job(id: u64, prompt: &str) -> Job {
    Job {
        id: RequestId(id),
        ask: Ask::Generate(Box::new(Generate::Goal {
            prompt: prompt.to_owned(),
            ..Generate::Goal::default()
        })),
        deadline_s: None,
    }
}

/// News until so many jobs have ended.
fn ends(engine: &EngineThread, wakes: &Receiver<()>, count: usize) -> Vec<News> {
    let mut news = Vec::new();
    let is_end = |n: &&News| !matches!(n, News::Event(Event::Token { .. } | Event::Started { .. }));
    while news.iter().filter(is_end).count() < count {
        wakes.recv_timeout(WAIT).unwrap();
        news.extend(engine.take_news());
    }
    news.retain(|n| is_end(&n));
    news
}

#[test]
fn every_job_ends_once_whatever_it_was() {
    let (engine, wakes) = start(EngineConfig {
        max_waiting: 4,
        max_sequences: 1,
        ..EngineConfig::default()
    });
    for id in 0..50 {
        let prompt = if id % 10 == 9 { "" } else { "hello" };
        assert!(engine.submit(job(id, prompt)));
    }
    let mut ended: Vec<u64> = ends(&engine, &wakes, 50)
        .iter()
        .map(|news| match news {
            News::Refused(id, refusal) => {
                assert!([Code::Overloaded, Code::InvalidRequest].contains(&refusal.code));
                id.0
            }
            News::Event(Event::Finished { id, .. }) => id.0,
            News::Event(other) => panic!("{other:?}"),
        })
        .collect();
    ended.sort_unstable();
    assert_eq!(ended, (0..50).collect::<Vec<_>>());
}

#[test]
fn cancellation_that_overtakes_its_job_still_counts() {
    let (engine, wakes) = start(EngineConfig::default());
    engine.cancel(RequestId(7));
    assert!(engine.submit(job(7, "hello")));
    let news = ends(&engine, &wakes, 1);
    assert!(
        matches!(
            news[..],
            [News::Event(Event::Finished {
                reason: FinishReason::Cancelled,
                ..
            })]
        ),
        "{news:?}"
    );
}

#[test]
fn texts_become_rows_of_unit_length_beside_what_is_generated() {
    let (engine, wakes) = start(EngineConfig::default());
    assert!(engine.submit(job(1, "hello")));
    let texts = ["go to dock_a", "", "go to dock_b"].map(str::to_owned);
    for (id, texts) in [(2, &texts[..1]), (3, &texts), (4, &[])] {
        assert!(engine.submit(Job {
            id: RequestId(id),
            ask: Ask::Embed(texts.to_vec()),
            deadline_s: None,
        }));
    }
    let mut rows = Vec::new();
    let mut refused = Vec::new();
    let mut finished = 0;
    while refused.len() + finished < 4 {
        wakes.recv_timeout(WAIT).unwrap();
        for news in engine.take_news() {
            match news {
                News::Event(Event::Embedded { rows: new, .. }) => rows.extend(new),
                News::Event(Event::Finished { .. }) => finished += 1,
                News::Refused(_, refusal) => refused.push(refusal.reason),
                News::Event(_) => {}
            }
        }
    }
    assert_eq!((rows.len(), rows[0].len()), (1, 64));
    let length: f32 = rows[0].iter().map(|x| x * x).sum();
    assert!((length - 1.0).abs() < 1e-5, "{length}");
    assert!(refused[0].contains("texts[1] is empty"), "{refused:?}");
    assert!(refused[1].contains("texts is []"), "{refused:?}");
}

#[test]
fn tokens_are_counted_while_they_come() {
    let (engine, wakes) = start(EngineConfig::default());
    assert!(engine.submit(job(1, "hello")));
    ends(&engine, &wakes, 1);
    let snapshot = engine.snapshot();
    assert!(snapshot.tokens > 0);
    assert_eq!(snapshot.metrics.finished, 1);
}

#[test]
fn dropping_ends_the_threads_in_the_middle_of_work() {
    let (engine, _wakes) = start(EngineConfig::default());
    for id in 0..200 {
        assert!(engine.submit(job(id, "hello")));
    }
    let shared = Arc::downgrade(&engine.shared);
    let begin = Instant::now();
    drop(engine);
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert!(shared.upgrade().is_none(), "a thread still runs");
}

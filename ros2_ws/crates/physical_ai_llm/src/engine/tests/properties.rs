//! Whatever happens: every request ends once, with the tokens that it gives alone, and no page is lost.

use proptest::prelude::*;

use super::fake::Fake;
use super::*;
use crate::SamplingParams;

#[derive(Debug, Clone)]
enum Action {
    Submit(Wanted),
    Cancel(usize),
    Steps(usize),
    Fail,
}

#[derive(Debug, Clone)]
struct Wanted {
    beginning: u32,
    shared: usize,
    own: usize,
    max_tokens: usize,
    temperature: f32,
    priority: u8,
    deadline: bool,
    constrained: u8,
    logprobs: bool,
    key: Option<u8>,
}

impl Wanted {
    fn request(&self, id: u64, now_s: f64) -> Request {
        let mut prompt = prompt(self.beginning, self.shared);
        prompt.extend(super::prompt(id as u32 + 10, self.own));
        let mut request = request(id, prompt, self.max_tokens);
        request.ignore_end = id.is_multiple_of(3);
        request.sampling = SamplingParams {
            temperature: self.temperature,
            seed: id,
            top_logprobs: 1,
            ..SamplingParams::default()
        };
        request.priority = self.priority;
        request.deadline_s = self.deadline.then_some(now_s + 9.0);
        request.constraint = match self.constrained {
            0 => Some(regex("(go:[ab]{1,3};)+")),
            1 => Some(regex("[a-z ]{3,30}(end)")),
            _ => None,
        };
        request.want_logprobs = self.logprobs;
        request.key = self.key.map(|key| key.to_string());
        request.latest_wins = true;
        request
    }
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let lengths = (0u32..2, 0usize..44, 1usize..10, 1usize..24);
    let manners = (
        prop::sample::select(vec![0.0f32, 0.0, 1.0]),
        prop::sample::select(vec![1u8, 2, 2, 2, 3]),
        prop::bool::weighted(0.1),
        0u8..6,
        any::<bool>(),
        prop::option::weighted(0.15, 0u8..2),
    );
    (lengths, manners).prop_map(|(lengths, manners)| Wanted {
        beginning: lengths.0,
        shared: lengths.1,
        own: lengths.2,
        max_tokens: lengths.3,
        temperature: manners.0,
        priority: manners.1,
        deadline: manners.2,
        constrained: manners.3,
        logprobs: manners.4,
        key: manners.5,
    })
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        5 => wanted().prop_map(Action::Submit),
        1 => (0usize..30).prop_map(Action::Cancel),
        4 => (1usize..6).prop_map(Action::Steps),
        1 => Just(Action::Fail),
    ]
}

/// Plays the actions; the requests that were accepted, and what came of all.
fn play(engine: &mut Engine<Fake>, actions: &[Action]) -> (Vec<Request>, BTreeMap<u64, Outcome>) {
    let mut accepted: Vec<Request> = Vec::new();
    let mut outcomes = BTreeMap::new();
    let mut now_s = 0.0;
    for (id, action) in (0..).zip(actions) {
        match action {
            Action::Submit(wanted) => {
                let request = wanted.request(id, now_s);
                if engine.submit(now_s, request.clone()).is_ok() {
                    accepted.push(request);
                }
            }
            Action::Cancel(at) => {
                if let Some(request) = accepted.get(*at) {
                    engine.cancel(now_s, request.id);
                }
            }
            Action::Steps(count) => {
                for _ in 0..*count {
                    now_s += 1.0;
                    if let Ok(events) = engine.step(&|| now_s) {
                        collect(&mut outcomes, events);
                    }
                }
            }
            Action::Fail => engine.model.failures = 1,
        }
        check_pages(engine);
    }
    engine.model.failures = 0;
    finish_all(engine, &mut outcomes);
    (accepted, outcomes)
}

/// Every page is used as often as it says.
fn check_pages(engine: &Engine<Fake>) {
    let mut used = vec![false; engine.pages.total()];
    for sequence in &engine.running {
        for page in &sequence.table.pages {
            used[*page as usize] = true;
        }
    }
    for (page, used) in (0..).zip(&used) {
        assert_eq!(engine.pages.is_used(page), *used, "page {page}");
    }
    let count = used.iter().filter(|used| **used).count();
    assert_eq!(count, engine.pages.total() - engine.pages.available());
}

proptest! {
    #[test]
    fn every_request_ends_once_as_alone_and_no_page_is_lost(
        actions in prop::collection::vec(action(), 1..40),
        pages in 20usize..40,
        prefix_cache in any::<bool>(),
        speculative in prop::option::of(1usize..6),
        max_sequences in 1usize..6,
        max_batch_tokens in 7usize..30,
    ) {
        let config = EngineConfig {
            max_batch_tokens,
            max_sequences,
            max_waiting: 20,
            prefix_cache,
            speculative,
        };
        let mut engine = engine(Fake::new(pages), config);
        let (accepted, outcomes) = play(&mut engine, &actions);
        prop_assert_eq!(accepted.len(), outcomes.len());
        for mut request in accepted {
            let outcome = &outcomes[&request.id.0];
            let prompt_tokens = request.prompt.len();
            prop_assert_eq!(outcome.usage.prompt_tokens, prompt_tokens);
            prop_assert!(outcome.usage.cached_tokens <= prompt_tokens);
            request.deadline_s = None;
            let expected = alone(request);
            match outcome.reason() {
                "Cancelled" | "Superseded" | "DeadlinePassed" => {
                    prop_assert!(expected.tokens.starts_with(&outcome.tokens));
                    let text = outcome.text.trim_end_matches(char::REPLACEMENT_CHARACTER);
                    prop_assert!(expected.text.starts_with(text));
                }
                reason => {
                    prop_assert_eq!(reason, expected.reason());
                    prop_assert_eq!(&outcome.tokens, &expected.tokens);
                    prop_assert_eq!(&outcome.text, &expected.text);
                    prop_assert_eq!(&outcome.logprobs, &expected.logprobs);
                    prop_assert_eq!(&outcome.tops, &expected.tops);
                }
            }
        }
        prop_assert!(engine.live.is_empty() && engine.keys.is_empty());
    }
}

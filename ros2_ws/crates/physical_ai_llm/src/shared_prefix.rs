use std::sync::Arc;
use std::time::Instant;

use crate::cache::PAGE_TOKENS;
use crate::speed::random_tokens;
use crate::{
    ComputeDevice, Engine, EngineConfig, Error, Event, FinishReason, Forward, LanguageModel,
    Request, RequestId,
};

/// Who has read the shared prefix when the robots ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrefixCache {
    /// There is no prefix cache: each robot's prompt is read whole.
    Off,
    /// Nobody: it is read once for all of them.
    Cold,
    /// Somebody, some time ago.
    Warm,
}

/// Robots that ask at once, all with the same beginning and each with an end of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedPrefix {
    /// How many ask; up to the sequences of [`EngineConfig::default`].
    pub robots: u32,
    /// Tokens that all prompts begin with.
    pub prefix_tokens: usize,
    /// Tokens that follow, others for each robot; at least 1.
    pub own_tokens: usize,
}

/// When the robots had their first tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirstTokens {
    /// Mean of the robots, seconds since they asked.
    pub mean_s: f64,
    /// Tokens of their prompts that were found in the cache.
    pub cached_tokens: usize,
}

impl SharedPrefix {
    /// Tokens that a model's context needs.
    pub fn context_tokens(&self) -> usize {
        self.prefix_tokens + self.own_tokens + 1
    }

    /// Serves the robots with a fresh engine.
    ///
    /// # Errors
    /// Those of the engine; [`Error::PromptTooLong`] if the model's context is too short.
    pub fn serve(
        &self,
        model: &LanguageModel,
        (device, threads): (ComputeDevice, usize),
        cache: PrefixCache,
    ) -> Result<FirstTokens, Error> {
        // One more than robots: whoever asked before keeps its pages.
        let pages = (self.robots as usize + 1) * self.context_tokens().div_ceil(PAGE_TOKENS);
        let ready = device.load(&model.model, threads, pages)?;
        let config = EngineConfig {
            prefix_cache: cache != PrefixCache::Off,
            ..EngineConfig::default()
        };
        let mut engine = Engine::try_new(ready, Arc::clone(&model.tokenizer), config)?;
        let vocabulary = model.model.config().vocabulary;
        let request = |robot: u32| self.request(vocabulary, robot);
        if cache == PrefixCache::Warm {
            run(&mut engine, vec![request(0)])?;
        }
        run(&mut engine, (1..=self.robots).map(request).collect())
    }

    fn request(&self, vocabulary: usize, robot: u32) -> Request {
        let mut prompt = random_tokens(vocabulary, 0, 0..self.prefix_tokens as u64);
        let own = 0..self.own_tokens as u64;
        prompt.extend(random_tokens(vocabulary, 1 + u64::from(robot), own));
        Request::new(RequestId(robot.into()), prompt, 1)
    }
}

/// Serves requests that come at once, to their end.
fn run<F: Forward>(engine: &mut Engine<F>, requests: Vec<Request>) -> Result<FirstTokens, Error> {
    let begin = Instant::now();
    let clock = || begin.elapsed().as_secs_f64();
    let robots = requests.len();
    for request in requests {
        engine.submit(0.0, request)?;
    }
    let (mut sum_s, mut cached_tokens) = (0.0, 0);
    while !engine.is_idle() {
        for event in engine.step(&clock)? {
            let Event::Finished {
                reason,
                usage,
                timings,
                ..
            } = event
            else {
                continue;
            };
            if let FinishReason::Error(error) = reason {
                return Err(error);
            }
            sum_s += timings.first_token_s.unwrap_or(timings.total_s);
            cached_tokens += usage.cached_tokens;
        }
    }
    Ok(FirstTokens {
        mean_s: sum_s / robots as f64,
        cached_tokens,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_is_read_by_each_robot_or_once_or_before() {
        let path = crate::golden::path("narrow/q8_0.gguf");
        let model = LanguageModel::open(&path).unwrap();
        let shared = SharedPrefix {
            robots: 4,
            prefix_tokens: 3 * PAGE_TOKENS,
            own_tokens: 5,
        };
        let check = |cache, readers: usize| {
            let served = shared
                .serve(&model, (ComputeDevice::Cpu, 2), cache)
                .unwrap();
            assert_eq!(served.cached_tokens, readers * 3 * PAGE_TOKENS, "{cache:?}");
            assert!(served.mean_s > 0.0);
        };
        check(PrefixCache::Off, 0);
        check(PrefixCache::Cold, 3);
        check(PrefixCache::Warm, 4);
    }

    #[test]
    fn prefix_that_does_not_fit_is_refused() {
        let path = crate::golden::path("narrow/q8_0.gguf");
        let model = LanguageModel::open(&path).unwrap();
        let shared = SharedPrefix {
            robots: 1,
            prefix_tokens: 5000,
            own_tokens: 5,
        };
        let refused = shared
            .serve(&model, (ComputeDevice::Cpu, 1), PrefixCache::Off)
            .unwrap_err();
        assert!(matches!(refused, Error::PromptTooLong { .. }), "{refused}");
    }
}

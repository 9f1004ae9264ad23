//! A model that answers in this process, for tests and measurements: what `inference_worker` does, without ROS.

use std::path::Path;

use serde_json::Value;

use crate::{
    ConstraintCompiler, Engine, EngineConfig, Error, Event, JsonOptions, LanguageModel, LocalModel,
    Message, Request, RequestId,
};

/// Memory of keys and values, bytes.
const CACHE_BYTES: usize = 32 << 20;

/// What a model answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatAnswer {
    /// As the model wrote it.
    pub text: String,
    /// Natural logarithms of the probabilities of its tokens.
    pub token_logprobs: Vec<f32>,
}

/// A model with an engine of its own that answers one conversation at a time.
pub struct LocalChat {
    language: LanguageModel,
    compiler: ConstraintCompiler,
    engine: Engine<LocalModel>,
}

impl LocalChat {
    /// Opens a model file; `threads` run it.
    ///
    /// # Errors
    /// Those of [`LanguageModel::open`] and of the engine.
    pub fn open(path: &Path, threads: usize) -> Result<Self, Error> {
        let language = LanguageModel::open(path)?;
        let pages = LocalModel::pages_within(language.model.config(), CACHE_BYTES);
        let model = LocalModel::try_new(language.model.clone(), threads, pages)?;
        let tokenizer = language.tokenizer.clone();
        Ok(Self {
            compiler: ConstraintCompiler::try_new(language.mask_vocabulary())?,
            engine: Engine::try_new(model, tokenizer, EngineConfig::default())?,
            language,
        })
    }

    /// The model's answer to a conversation, bound to a schema, of at most `most_tokens`.
    ///
    /// # Errors
    /// Those of the compiler of schemas, of the chat template and of the engine.
    pub fn answer(
        &mut self,
        messages: &[Message],
        schema: &Value,
        most_tokens: usize,
    ) -> Result<ChatAnswer, Error> {
        let constraint = self
            .compiler
            .compile_json_schema(schema, &JsonOptions::default())?;
        let prompt =
            self.language
                .template
                .encode_chat(&self.language.tokenizer, messages, true)?;
        let request = Request {
            constraint: Some(constraint),
            want_logprobs: true,
            ..Request::new(RequestId(1), prompt, most_tokens)
        };
        self.engine.submit(0.0, request)?;
        let mut answer = ChatAnswer::default();
        loop {
            for event in self.engine.step(&|| 0.0)? {
                match event {
                    Event::Token { text, logprob, .. } => {
                        answer.text.push_str(&text);
                        answer.token_logprobs.extend(logprob);
                    }
                    Event::Finished { text_tail, .. } => {
                        answer.text += &text_tail;
                        return Ok(answer);
                    }
                    _ => {}
                }
            }
        }
    }
}

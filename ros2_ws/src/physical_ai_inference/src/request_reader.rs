//! What clients ask for, made into requests of the engine.

use std::collections::VecDeque;
use std::sync::Arc;

use physical_ai_llm::{
    ChatTemplate, Constraint, ConstraintCompiler, EmbedRequest, Error, JsonOptions, LanguageModel,
    Message, Request, RequestId, Role, SamplingParams, Tokenizer,
};
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::physical_ai_msgs::msg::ChatMessage;

use crate::refusal::{Code, Refusal};

/// Compiled schemas that are kept: fleets change rarely, so most requests bring one of a few.
const KEPT_SCHEMAS: usize = 16;
/// Texts that one request may embed.
const MOST_TEXTS: usize = 2048;
/// Their bytes together.
const MOST_TEXT_BYTES: usize = 4 << 20;

/// Reads goals: text to tokens, schema to constraint, and the defaults that zero stands for.
pub struct RequestReader {
    tokenizer: Arc<Tokenizer>,
    template: Arc<ChatTemplate>,
    compiler: ConstraintCompiler,
    /// Most recently used last.
    schemas: VecDeque<(String, Constraint)>,
    context: usize,
    default_max_tokens: usize,
    most_bytes: usize,
}

impl RequestReader {
    /// A reader for a model.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] if no constraint can be made of the model's tokens.
    pub fn try_new(model: &LanguageModel, default_max_tokens: usize) -> Result<Self, Error> {
        let tokenizer = Arc::clone(&model.tokenizer);
        let context = model.model.config().context;
        let vocabulary = model.mask_vocabulary();
        let longest = vocabulary.tokens.iter().map(Vec::len).max();
        let compiler = ConstraintCompiler::try_new(vocabulary)?;
        Ok(Self {
            template: Arc::clone(&model.template),
            tokenizer,
            compiler,
            schemas: VecDeque::new(),
            context,
            default_max_tokens,
            most_bytes: context.saturating_mul(longest.unwrap_or(1).max(1)),
        })
    }

    /// Makes a request of a goal.
    ///
    /// # Errors
    /// A refusal that names field and value.
    pub fn read(
        &mut self,
        id: RequestId,
        goal: Generate::Goal,
        deadline_s: Option<f64>,
    ) -> Result<Request, Refusal> {
        let sampling = sampling(&goal);
        sampling.validate()?;
        let prompt = self.prompt(&goal)?;
        let constraint = match goal.schema.as_str() {
            "" => None,
            schema => Some(self.constraint(schema)?),
        };
        let max_tokens = match goal.max_tokens {
            // A default must not make a prompt too long that would fit.
            0 => self
                .default_max_tokens
                .min(self.context.saturating_sub(prompt.len()))
                .max(1),
            tokens => tokens as usize,
        };
        Ok(Request {
            max_tokens,
            sampling,
            constraint,
            stop: goal.stop,
            priority: goal.priority,
            deadline_s,
            key: (!goal.key.is_empty()).then_some(goal.key),
            latest_wins: goal.latest_wins,
            want_logprobs: goal.logprobs > 0,
            continues_text: goal.messages.is_empty(),
            ..Request::new(id, prompt, max_tokens)
        })
    }

    /// Makes a request of texts that are to be embedded. Special tokens in them are text like any other.
    ///
    /// # Errors
    /// A refusal that names field and value.
    pub fn read_texts(
        &self,
        id: RequestId,
        texts: &[String],
        deadline_s: Option<f64>,
    ) -> Result<EmbedRequest, Refusal> {
        let bytes: usize = texts.iter().map(String::len).sum();
        if texts.is_empty() || texts.len() > MOST_TEXTS || bytes > MOST_TEXT_BYTES {
            let shown = match texts {
                [] => "[]".to_owned(),
                _ => format!("{} texts of {bytes} bytes", texts.len()),
            };
            return Err(Refusal::invalid(format!(
                "texts is {shown}: 1 to {MOST_TEXTS} texts of at most {MOST_TEXT_BYTES} bytes \
                 together are allowed"
            )));
        }
        let texts = texts.iter().enumerate().map(|(index, text)| {
            if text.is_empty() {
                let reason = format!("texts[{index}] is empty: leave it out");
                return Err(Refusal::invalid(reason));
            }
            self.check_bytes(text.len())?;
            let tokenizer = &self.tokenizer;
            Ok(tokenizer.encode(text, tokenizer.adds_bos(), false)?)
        });
        Ok(EmbedRequest {
            id,
            texts: texts.collect::<Result<_, _>>()?,
            deadline_s,
        })
    }

    fn check_bytes(&self, bytes: usize) -> Result<(), Refusal> {
        if bytes <= self.most_bytes {
            return Ok(());
        }
        let reason = format!(
            "the text has {bytes} bytes, the context has room for {} tokens, which are at most \
             {} bytes: shorten it",
            self.context, self.most_bytes
        );
        Err(Refusal::new(Code::TooLong, reason))
    }

    fn prompt(&self, goal: &Generate::Goal) -> Result<Vec<u32>, Refusal> {
        let bytes = goal.messages.iter().map(|m| m.content.len()).sum::<usize>();
        self.check_bytes(bytes + goal.prompt.len())?;
        match (goal.messages.is_empty(), goal.prompt.is_empty()) {
            (false, true) => {
                let messages = goal.messages.iter().enumerate().map(message);
                let messages: Vec<Message> = messages.collect::<Result<_, _>>()?;
                Ok(self
                    .template
                    .encode_chat(&self.tokenizer, &messages, true)?)
            }
            // Whoever sends a raw prompt writes the template's control tokens himself.
            (true, false) => {
                let tokenizer = &self.tokenizer;
                Ok(tokenizer.encode(&goal.prompt, tokenizer.adds_bos(), true)?)
            }
            (true, true) => Err(Refusal::invalid(
                "messages and prompt are both empty: exactly one of them is needed",
            )),
            (false, false) => Err(Refusal::invalid(format!(
                "messages has {} entries and prompt has {} bytes: exactly one of them is needed",
                goal.messages.len(),
                goal.prompt.len()
            ))),
        }
    }

    fn constraint(&mut self, text: &str) -> Result<Constraint, Refusal> {
        if let Some(at) = self.schemas.iter().position(|(known, _)| known == text)
            && let Some(found) = self.schemas.remove(at)
        {
            let constraint = found.1.clone();
            self.schemas.push_back(found);
            return Ok(constraint);
        }
        let schema = serde_json::from_str(text)
            .map_err(|e| Refusal::invalid(format!("schema is not JSON: {e}")))?;
        let options = JsonOptions::default();
        let constraint = self.compiler.compile_json_schema(&schema, &options)?;
        if self.schemas.len() == KEPT_SCHEMAS {
            self.schemas.pop_front();
        }
        self.schemas
            .push_back((text.to_owned(), constraint.clone()));
        Ok(constraint)
    }
}

/// Zero stands for "off" in messages, since that is what a field is that nobody set.
fn sampling(goal: &Generate::Goal) -> SamplingParams {
    let or_one = |value: f32| if value == 0.0 { 1.0 } else { value };
    SamplingParams {
        temperature: goal.temperature,
        top_k: goal.top_k,
        top_p: or_one(goal.top_p),
        min_p: goal.min_p,
        repetition_penalty: or_one(goal.repetition_penalty),
        seed: goal.seed,
        top_logprobs: goal.logprobs,
        ..SamplingParams::default()
    }
}

fn message((index, message): (usize, &ChatMessage)) -> Result<Message, Refusal> {
    let role = message
        .role
        .parse::<Role>()
        .map_err(|e| Refusal::invalid(format!("messages[{index}].{e}")))?;
    Ok(Message::new(role, message.content.clone()))
}

#[cfg(test)]
mod tests;

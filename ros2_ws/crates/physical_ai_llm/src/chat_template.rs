use std::collections::BTreeMap;
use std::ops::Range;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind, from_args};
use minijinja::{Environment, ErrorKind, State};

use crate::{Error, Message, Role, TextSpan, Tokenizer};

/// Template of Phi-3.5-mini-instruct and Phi-3-mini-instruct, as published in their
/// `tokenizer_config.json`.
const PHI_3: &str = "{% for message in messages %}{% if message['role'] == 'system' and \
    message['content'] %}{{'<|system|>\\n' + message['content'] + '<|end|>\\n'}}{% elif \
    message['role'] == 'user' %}{{'<|user|>\\n' + message['content'] + '<|end|>\\n'}}{% elif \
    message['role'] == 'assistant' %}{{'<|assistant|>\\n' + message['content'] + \
    '<|end|>\\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}\
    {% else %}{{ eos_token }}{% endif %}";
const PHI_3_BOS: &str = "<s>";
const PHI_3_EOS: &str = "<|endoftext|>";
const NAME: &str = "chat";

/// How a conversation is written for a model: a Jinja template as Hugging Face's models have them.
///
/// What the template writes and what messages say is kept apart, so that a user who writes `<|end|>`
/// cannot end the turn. The template is run twice: with the contents, and with marks in their place
/// that the template does not contain. With the contents put where the marks are, as they are or
/// trimmed, both must be the same text; the marks then tell which part is whose.
pub struct ChatTemplate {
    environment: Environment<'static>,
    bos: String,
    eos: String,
    /// Begins each mark; not in the template.
    mark: String,
}

/// A part of a written conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    Template(&'a str),
    /// The content of a message.
    Content(usize),
}

impl ChatTemplate {
    /// Reads a template. `bos` and `eos` are the texts that it may write as `bos_token` and
    /// `eos_token`.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] with the line that is no Jinja.
    pub fn from_jinja(source: &str, bos: &str, eos: &str) -> Result<Self, Error> {
        let mut environment = Environment::new();
        // As transformers renders templates.
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(|e| invalid(&e))?;
        environment.set_syntax(syntax);
        environment.add_function("raise_exception", raise_exception);
        environment.set_unknown_method_callback(python_method);
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|e| invalid(&e))?;
        // Private-use letters, more of them until the template has no such run.
        let mut mark = String::from('\u{e000}');
        while [source, bos, eos].iter().any(|text| text.contains(&mark)) {
            mark.push('\u{e000}');
        }
        Ok(Self {
            environment,
            bos: bos.to_owned(),
            eos: eos.to_owned(),
            mark,
        })
    }

    /// The template of Phi-3 and Phi-3.5.
    ///
    /// # Errors
    /// None in practice: the template is part of this crate and of its tests.
    pub fn phi3() -> Result<Self, Error> {
        Self::from_jinja(PHI_3, PHI_3_BOS, PHI_3_EOS)
    }

    /// Writes a conversation. To get tokens use [`Self::encode_chat`], which knows whose text is
    /// whose.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if the template refuses the messages, leaves one out, or changes
    /// contents other than by trimming white space.
    pub fn render(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
    ) -> Result<String, Error> {
        Ok(self.write(messages, add_generation_prompt)?.text)
    }

    /// Writes a conversation as tokens. Control tokens come from the template only; the names of
    /// such tokens in contents are text. Nothing is put before what the template writes: where a
    /// model wants a begin of sequence, its template says so.
    ///
    /// # Errors
    /// As [`Self::render`] and [`Tokenizer::encode`].
    pub fn encode_chat(
        &self,
        tokenizer: &Tokenizer,
        messages: &[Message],
        add_generation_prompt: bool,
    ) -> Result<Vec<u32>, Error> {
        let conversation = self.write(messages, add_generation_prompt)?;
        tokenizer.encode_spans(&conversation.spans(), false)
    }

    fn write(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
    ) -> Result<Conversation, Error> {
        let real = messages.iter().map(|m| (m.role, m.content.clone()));
        let text = self.run(real, add_generation_prompt)?;
        // An empty content stays empty, since templates ask for that.
        let marked = messages.iter().enumerate().map(|(index, message)| {
            let mark = if message.content.is_empty() {
                String::new()
            } else {
                format!("{}{index};", self.mark)
            };
            (message.role, mark)
        });
        let marked = self.run(marked, add_generation_prompt)?;
        let parts = self.parts(&marked, messages.len());
        let left_out = messages.iter().enumerate().find(|(index, message)| {
            !message.content.is_empty() && !parts.contains(&Part::Content(*index))
        });
        if let Some((index, message)) = left_out {
            return Err(Error::InvalidRequest {
                field: "messages",
                value: format!("number {index} with role {}", message.role),
                problem: "the template leaves this message out".to_owned(),
            });
        }
        let parts = align(&parts, messages, &text).ok_or_else(|| Error::InvalidRequest {
            field: "messages",
            value: format!("{} messages", messages.len()),
            problem: "the template changes what they say, so that it cannot be told from its own \
                      text"
                .to_owned(),
        })?;
        Ok(Conversation { text, parts })
    }

    /// Takes a conversation with marks apart.
    fn parts<'t>(&self, marked: &'t str, messages: usize) -> Vec<Part<'t>> {
        let mut parts = Vec::new();
        let mut rest = marked;
        while let Some((before, after)) = rest.split_once(&self.mark) {
            let Some((number, after)) = after.split_once(';') else {
                break;
            };
            let Some(index) = number.parse().ok().filter(|index| *index < messages) else {
                break;
            };
            parts.extend([Part::Template(before), Part::Content(index)]);
            rest = after;
        }
        parts.push(Part::Template(rest));
        parts
    }

    fn run(
        &self,
        messages: impl Iterator<Item = (Role, String)>,
        add_generation_prompt: bool,
    ) -> Result<String, Error> {
        let messages: Value = messages
            .map(|(role, content)| {
                Value::from(BTreeMap::from([
                    ("role", Value::from(role.as_str())),
                    ("content", Value::from(content)),
                ]))
            })
            .collect::<Vec<Value>>()
            .into();
        let template = self
            .environment
            .get_template(NAME)
            .map_err(|e| invalid(&e))?;
        let context = Value::from(BTreeMap::from([
            ("messages", messages),
            ("add_generation_prompt", add_generation_prompt.into()),
            ("bos_token", Value::from(self.bos.as_str())),
            ("eos_token", Value::from(self.eos.as_str())),
        ]));
        template
            .render(context)
            .map_err(|error| Error::InvalidRequest {
                field: "messages",
                value: "refused by the chat template".to_owned(),
                problem: error.to_string(),
            })
    }
}

/// A conversation as the model gets it.
struct Conversation {
    text: String,
    /// All of the text, and whether the template wrote it.
    parts: Vec<(Range<usize>, bool)>,
}

impl Conversation {
    fn spans(&self) -> Vec<TextSpan<'_>> {
        self.parts
            .iter()
            .map(|(range, parse_special)| TextSpan {
                text: &self.text[range.clone()],
                parse_special: *parse_special,
            })
            .collect()
    }
}

/// Finds the parts in a text, contents as they are or trimmed; none if they do not make up all of it.
fn align(parts: &[Part], messages: &[Message], text: &str) -> Option<Vec<(Range<usize>, bool)>> {
    let mut found = Vec::with_capacity(parts.len());
    let mut at = 0;
    for (index, part) in parts.iter().enumerate() {
        let rest = text.get(at..)?;
        let (length, is_template) = match part {
            Part::Template(own) => (rest.starts_with(own).then_some(own.len())?, true),
            Part::Content(message) => {
                let content = messages.get(*message)?.content.as_str();
                let next = match parts.get(index + 1) {
                    Some(Part::Template(next)) => next,
                    _ => "",
                };
                let ways = [
                    content,
                    content.trim(),
                    content.trim_start(),
                    content.trim_end(),
                ];
                let fits = |way: &&str| {
                    let after = rest.strip_prefix(*way);
                    after.is_some_and(|after| after.starts_with(next))
                };
                (ways.into_iter().find(fits)?.len(), false)
            }
        };
        found.push((at..at + length, is_template));
        at += length;
    }
    (at == text.len()).then_some(found)
}

fn raise_exception(message: String) -> Result<Value, minijinja::Error> {
    Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
}

/// The methods of Python's strings and dictionaries that chat templates call.
fn python_method(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, minijinja::Error> {
    if value.kind() == ValueKind::Map && method == "items" {
        return state.apply_filter("items", std::slice::from_ref(value));
    }
    let Some(text) = value.as_str() else {
        return Err(ErrorKind::UnknownMethod.into());
    };
    Ok(match method {
        "strip" | "lstrip" | "rstrip" => {
            let (letters,): (Option<&str>,) = from_args(args)?;
            let is_stripped = |letter: char| match letters {
                Some(letters) => letters.contains(letter),
                None => letter.is_whitespace(),
            };
            let mut text = text;
            if method != "rstrip" {
                text = text.trim_start_matches(is_stripped);
            }
            if method != "lstrip" {
                text = text.trim_end_matches(is_stripped);
            }
            text.into()
        }
        "startswith" => text.starts_with(from_args::<(&str,)>(args)?.0).into(),
        "endswith" => text.ends_with(from_args::<(&str,)>(args)?.0).into(),
        "split" => {
            let (separator,): (&str,) = from_args(args)?;
            text.split(separator)
                .map(Value::from)
                .collect::<Vec<Value>>()
                .into()
        }
        "replace" => {
            let (from, to): (&str, &str) = from_args(args)?;
            text.replace(from, to).into()
        }
        "upper" | "lower" | "title" => state.apply_filter(method, std::slice::from_ref(value))?,
        _ => return Err(ErrorKind::UnknownMethod.into()),
    })
}

fn invalid(error: &minijinja::Error) -> Error {
    Error::InvalidTokenizer {
        field: "chat_template".to_owned(),
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests;

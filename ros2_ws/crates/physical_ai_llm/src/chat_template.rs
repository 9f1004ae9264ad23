use std::fmt::{self, Display};
use std::str::FromStr;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind, from_args};
use minijinja::{Environment, ErrorKind, State};
use serde::{Deserialize, Serialize};

use crate::{Error, Span, Tokenizer};

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

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who runs the model.
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
    /// What a tool that the model called has answered. Not every template knows it.
    Tool,
}

impl Role {
    /// Name in templates and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Error;

    /// # Errors
    /// [`Error::InvalidRequest`] for another role. A role is never passed on as text, since a
    /// template may write it into a special token.
    fn from_str(name: &str) -> Result<Self, Error> {
        [Self::System, Self::User, Self::Assistant, Self::Tool]
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or_else(|| Error::InvalidRequest {
                field: "role",
                value: format!("{name:?}"),
                problem: "roles are system, user, assistant and tool".to_owned(),
            })
    }
}

/// A part of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said. The names of special tokens in it are text like any other.
    pub content: String,
}

impl Message {
    /// A message.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}

/// How a conversation is written for a model: a Jinja template as Hugging Face's models have them.
///
/// What the template writes and what messages say is kept apart, so that a user who writes `<|end|>`
/// cannot end the turn. The template is run twice: with the contents, and with marks in their place
/// that the template does not contain. With the contents put where the marks are, both must be the
/// same text; the marks then tell which part is whose.
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
        let rendered = self.rendered(messages, add_generation_prompt)?;
        Ok(rendered.spans().iter().map(|span| span.text).collect())
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
        let rendered = self.rendered(messages, add_generation_prompt)?;
        tokenizer.encode_spans(&rendered.spans(), false)
    }

    fn rendered<'a>(
        &self,
        messages: &'a [Message],
        add_generation_prompt: bool,
    ) -> Result<Rendered<'a>, Error> {
        let real = self.run(
            messages.iter().map(|m| (m.role, m.content.clone())),
            add_generation_prompt,
        )?;
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
        for trims in [false, true] {
            let contents = messages
                .iter()
                .map(|message| {
                    if trims {
                        message.content.trim()
                    } else {
                        &message.content
                    }
                })
                .collect();
            let rendered = Rendered {
                marked: marked.clone(),
                mark: self.mark.clone(),
                contents,
            };
            let parts = rendered.parts();
            let left_out = (0..messages.len()).find(|index| {
                !messages[*index].content.is_empty() && !parts.contains(&Part::Content(*index))
            });
            if let Some(index) = left_out {
                let problem = "the template leaves this message out".to_owned();
                return Err(refused(&messages[index], index, problem));
            }
            if rendered
                .spans()
                .iter()
                .map(|span| span.text)
                .collect::<String>()
                == real
            {
                return Ok(rendered);
            }
        }
        Err(Error::InvalidRequest {
            field: "messages",
            value: format!("{} messages", messages.len()),
            problem: "the template changes what they say, so that it cannot be told from its own \
                      text"
                .to_owned(),
        })
    }

    fn run(
        &self,
        messages: impl Iterator<Item = (Role, String)>,
        add_generation_prompt: bool,
    ) -> Result<String, Error> {
        let messages: Value = messages
            .map(|(role, content)| {
                Value::from_iter([
                    ("role", Value::from(role.as_str())),
                    ("content", Value::from(content)),
                ])
            })
            .collect::<Vec<Value>>()
            .into();
        let template = self
            .environment
            .get_template(NAME)
            .map_err(|e| invalid(&e))?;
        let context = Value::from_iter([
            ("messages", messages),
            ("add_generation_prompt", add_generation_prompt.into()),
            ("bos_token", Value::from(self.bos.as_str())),
            ("eos_token", Value::from(self.eos.as_str())),
        ]);
        template
            .render(context)
            .map_err(|error| Error::InvalidRequest {
                field: "messages",
                value: "refused by the chat template".to_owned(),
                problem: error.to_string(),
            })
    }
}

/// A conversation with marks where contents belong.
struct Rendered<'a> {
    marked: String,
    mark: String,
    contents: Vec<&'a str>,
}

impl Rendered<'_> {
    fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let mut rest = self.marked.as_str();
        while let Some((before, after)) = rest.split_once(&self.mark) {
            let Some((number, after)) = after.split_once(';') else {
                break;
            };
            let Some(index) = number.parse().ok().filter(|i| *i < self.contents.len()) else {
                break;
            };
            parts.extend([Part::Template(before), Part::Content(index)]);
            rest = after;
        }
        parts.push(Part::Template(rest));
        parts
    }

    fn spans(&self) -> Vec<Span<'_>> {
        self.parts()
            .into_iter()
            .map(|part| match part {
                Part::Template(text) => Span {
                    text,
                    parse_special: true,
                },
                Part::Content(index) => Span {
                    text: self.contents[index],
                    parse_special: false,
                },
            })
            .collect()
    }
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
        return state.apply_filter("items", &[value.clone()]);
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
        "upper" | "lower" | "title" => state.apply_filter(method, &[value.clone()])?,
        _ => return Err(ErrorKind::UnknownMethod.into()),
    })
}

fn invalid(error: &minijinja::Error) -> Error {
    Error::InvalidTokenizer {
        field: "chat_template".to_owned(),
        problem: error.to_string(),
    }
}

fn refused(message: &Message, index: usize, problem: String) -> Error {
    Error::InvalidRequest {
        field: "messages",
        value: format!("number {index} with role {}", message.role),
        problem,
    }
}

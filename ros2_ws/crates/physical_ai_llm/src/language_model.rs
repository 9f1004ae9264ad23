//! A model with everything that is needed to talk to it.

mod checkpoint;
mod mask;
mod vocabulary;

use std::path::Path;
use std::sync::Arc;

use crate::{ChatTemplate, Error, Gguf, Model, Tokenizer};

/// A model, its tokenizer and its chat template.
#[derive(Clone)]
pub struct LanguageModel {
    /// Weights.
    pub model: Model,
    /// Text to tokens and back.
    pub tokenizer: Arc<Tokenizer>,
    /// Conversations to text.
    pub template: Arc<ChatTemplate>,
    /// What the file calls itself, or the name of the file.
    pub name: String,
}

impl std::fmt::Debug for LanguageModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LanguageModel {:?}", self.name)
    }
}

impl LanguageModel {
    /// Opens a GGUF file, or a checkpoint folder with `config.json`, safetensors and
    /// `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::InvalidModel`] or [`Error::InvalidTokenizer`] naming file, key or
    /// tensor and its value.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file_name = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            return checkpoint::open(path, file_name.into_owned());
        }
        let gguf = Gguf::open(path)?;
        let model = Model::from_gguf(&gguf)?;
        let tokenizer = Tokenizer::from_gguf_vocabulary(&vocabulary::read(&gguf)?)?
            .fit_model(model.config().vocabulary)?;
        let template = match gguf.text("tokenizer.chat_template") {
            Some(source) => template(source, &tokenizer)?,
            None => ChatTemplate::phi3()?,
        };
        let name = gguf.text("general.name").unwrap_or(&file_name).to_owned();
        Ok(Self {
            model,
            tokenizer: Arc::new(tokenizer),
            template: Arc::new(template),
            name,
        })
    }
}

/// A template that writes the begin and end tokens of this tokenizer.
fn template(source: &str, tokenizer: &Tokenizer) -> Result<ChatTemplate, Error> {
    let text = |id: Option<u32>| {
        let bytes = id.map(|id| tokenizer.token_bytes(id)).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    };
    let bos = text(tokenizer.bos_id());
    let eos = text(tokenizer.eos_ids().first().copied());
    ChatTemplate::from_jinja(source, &bos, &eos)
}

#[cfg(test)]
mod tests;

//! Requests and answers of `/v1/embeddings`.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use physical_ai_llm::Usage;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiError, fields, options};

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As a list.
    Float,
    /// As their little-endian bytes in base64.
    Base64,
}

/// What is asked.
#[derive(Debug)]
pub struct Asked {
    /// One row is wanted for each.
    pub texts: Vec<String>,
    /// How rows are written.
    pub encoding: Encoding,
    /// When it has to be over.
    pub deadline: Option<Instant>,
}

#[derive(Debug, Deserialize)]
struct Fields {
    input: Value,
    #[serde(default)]
    encoding_format: Value,
    timeout_s: Option<f64>,
}

/// Reads a request.
///
/// # Errors
/// Naming field and value.
pub fn read(body: &Value) -> Result<Asked, ApiError> {
    // Rows have the width of the model.
    fields::check_unserved(body, &[("dimensions", &[])])?;
    let f: Fields = fields::read(body)?;
    let encoding = match f.encoding_format.as_str() {
        Some("float") => Encoding::Float,
        Some("base64") => Encoding::Base64,
        _ if f.encoding_format.is_null() => Encoding::Float,
        _ => {
            let (field, value) = ("encoding_format", &f.encoding_format);
            return Err(ApiError::invalid(field, value, "must be float or base64"));
        }
    };
    Ok(Asked {
        texts: fields::texts("input", &f.input)?,
        encoding,
        deadline: f.timeout_s.map(options::deadline).transpose()?,
    })
}

/// The answer.
pub fn answer(model: &str, rows: &[Vec<f32>], encoding: Encoding, usage: Usage) -> Value {
    let data: Vec<Value> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let embedding = match encoding {
                Encoding::Float => json!(row),
                Encoding::Base64 => {
                    let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
                    json!(STANDARD.encode(bytes))
                }
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    json!({
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": usage.prompt_tokens, "total_tokens": usage.prompt_tokens},
    })
}

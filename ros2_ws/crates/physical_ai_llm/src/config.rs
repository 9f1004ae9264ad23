use serde::Deserialize;

use crate::cache::MOST_WIDTH;
use crate::{Error, Gguf};

/// Shape of a Phi-3 model.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Width of the hidden state.
    pub width: usize,
    /// Layers of the whole model.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Width of a head.
    pub head_width: usize,
    /// Width inside the feed-forward network.
    pub feed_forward: usize,
    /// Tokens.
    pub vocabulary: usize,
    /// Longest sequence.
    pub context: usize,
    /// Added to the mean square before its root is taken.
    pub norm_epsilon: f32,
    /// A token sees so many tokens, itself included; `None`: all before it.
    pub window: Option<usize>,
    /// Rotary position embedding.
    pub rope: RopeConfig,
}

/// Rotary position embedding with separate factors for short and long sequences (LongRoPE).
#[derive(Debug, Clone, PartialEq)]
pub struct RopeConfig {
    /// Base of the frequencies.
    pub base: f64,
    /// Places of a head that are rotated, from the first on; even.
    pub rotated: usize,
    /// Sequences up to this length use the short factors.
    pub original_context: usize,
    /// Divisors of the frequencies, `rotated / 2` of them; empty: all are 1.
    pub short: Vec<f32>,
    /// The same for long sequences.
    pub long: Vec<f32>,
    /// Multiplies queries and keys at every length.
    pub attention_factor: f32,
}

impl Config {
    /// From the metadata and the factor tensors of a GGUF file.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] naming the key: another architecture, a missing or impossible value.
    pub fn from_gguf(gguf: &Gguf) -> Result<Self, Error> {
        let architecture = gguf.text("general.architecture").unwrap_or_default();
        if architecture != "phi3" {
            return Err(gguf.invalid(
                "key general.architecture",
                format!(
                    "{architecture:?} is not \"phi3\": only Phi-3 and Phi-3.5 models can be run"
                ),
            ));
        }
        let key = |name: &str| format!("phi3.{name}");
        let width = gguf.usize(&key("embedding_length"))?;
        let heads = gguf.usize(&key("attention.head_count"))?;
        let kv_heads = gguf
            .optional_usize(&key("attention.head_count_kv"))?
            .unwrap_or(heads);
        let context = gguf.usize(&key("context_length"))?;
        let head_width = width / heads.max(1);
        let original_context = gguf
            .optional_usize(&key("rope.scaling.original_context_length"))?
            .unwrap_or(context);
        let factors = |name: &str| factors_from_gguf(gguf, name);
        let attention_factor = gguf.optional_f64(&key("rope.scaling.attn_factor"))?;
        let config = Self {
            width,
            layers: gguf.usize(&key("block_count"))?,
            heads,
            kv_heads,
            head_width,
            feed_forward: gguf.usize(&key("feed_forward_length"))?,
            vocabulary: gguf.tensor("token_embd.weight")?.shape[0],
            context,
            norm_epsilon: gguf
                .optional_f64(&key("attention.layer_norm_rms_epsilon"))?
                .unwrap_or(1e-5) as f32,
            window: gguf
                .optional_usize(&key("attention.sliding_window"))?
                .filter(|w| (1..context).contains(w)),
            rope: RopeConfig {
                base: gguf.optional_f64(&key("rope.freq_base"))?.unwrap_or(1e4),
                rotated: gguf
                    .optional_usize(&key("rope.dimension_count"))?
                    .unwrap_or(head_width),
                original_context,
                short: factors("rope_factors_short.weight")?,
                long: factors("rope_factors_long.weight")?,
                attention_factor: attention_factor.unwrap_or(1.0) as f32,
            },
        };
        config.check(gguf.source_name())?;
        Ok(config)
    }

    /// From the `config.json` of a checkpoint.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] naming the field.
    pub fn from_json(source_name: &str, json: &[u8]) -> Result<Self, Error> {
        let raw: RawConfig = serde_json::from_slice(json)
            .map_err(|e| invalid(source_name, "config.json", e.to_string()))?;
        if raw.model_type != "phi3" {
            let problem = format!("{:?} is not \"phi3\"", raw.model_type);
            return Err(invalid(source_name, "model_type", problem));
        }
        if raw.tie_word_embeddings {
            let problem = "true is not supported: Phi-3 has a head of its own".to_owned();
            return Err(invalid(source_name, "tie_word_embeddings", problem));
        }
        let config = raw.into_config();
        config.check(source_name)?;
        Ok(config)
    }

    /// Rows of the joint query, key and value matrix.
    pub fn qkv_rows(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head_width
    }

    fn check(&self, source_name: &str) -> Result<(), Error> {
        let fail = |field: &str, problem: String| Err(invalid(source_name, field, problem));
        for (field, value, most) in [
            ("width", self.width, 1 << 16),
            ("layers", self.layers, 1 << 10),
            ("heads", self.heads, 1 << 10),
            ("key and value heads", self.kv_heads, 1 << 10),
            ("feed-forward width", self.feed_forward, 1 << 18),
            ("vocabulary", self.vocabulary, 1 << 20),
            ("context", self.context, 1 << 24),
        ] {
            if !(1..=most).contains(&value) {
                return fail(field, format!("{value} must be 1 to {most}"));
            }
        }
        if !self.heads.is_multiple_of(self.kv_heads) || self.head_width * self.heads != self.width {
            return fail(
                "heads",
                format!(
                    "{} heads, {} of keys and values, do not divide the width {}",
                    self.heads, self.kv_heads, self.width
                ),
            );
        }
        if !self.head_width.is_multiple_of(8) || self.head_width > MOST_WIDTH {
            let problem = format!(
                "{} must be a multiple of 8 and at most {MOST_WIDTH}",
                self.head_width
            );
            return fail("head width", problem);
        }
        self.rope.check(source_name, self.head_width)
    }
}

impl RopeConfig {
    fn check(&self, source_name: &str, head_width: usize) -> Result<(), Error> {
        let fail = |field: &str, problem: String| Err(invalid(source_name, field, problem));
        if !self.rotated.is_multiple_of(2) || !(2..=head_width).contains(&self.rotated) {
            let problem = format!("{} must be even and 2 to {head_width}", self.rotated);
            return fail("rope dimensions", problem);
        }
        for (field, factors) in [("short factors", &self.short), ("long factors", &self.long)] {
            let expected = self.rotated / 2;
            if !factors.is_empty() && factors.len() != expected {
                return fail(
                    field,
                    format!("{} of them instead of {expected}", factors.len()),
                );
            }
            if let Some(bad) = factors.iter().find(|f| !f.is_finite() || **f <= 0.0) {
                return fail(field, format!("{bad} must be finite and above 0"));
            }
        }
        if self.short.is_empty() != self.long.is_empty() {
            return fail(
                "long factors",
                "short and long ones come together".to_owned(),
            );
        }
        if !(self.base.is_finite() && self.base > 1.0) {
            return fail("rope base", format!("{} must be above 1", self.base));
        }
        if !(self.attention_factor.is_finite() && self.attention_factor > 0.0) {
            let problem = format!("{} must be above 0", self.attention_factor);
            return fail("attention factor", problem);
        }
        Ok(())
    }
}

fn invalid(source_name: &str, field: &str, problem: String) -> Error {
    Error::InvalidModel {
        source_name: source_name.to_owned(),
        field: field.to_owned(),
        problem,
    }
}

fn factors_from_gguf(gguf: &Gguf, name: &str) -> Result<Vec<f32>, Error> {
    let Some(info) = gguf.tensors().get(name) else {
        return Ok(Vec::new());
    };
    if info.format != crate::Format::F32 {
        return Err(gguf.invalid(
            format!("tensor {name}"),
            format!("is {}, must be F32", info.format.name()),
        ));
    }
    let bytes = &gguf.map()[info.offset..info.offset + info.bytes];
    let mut factors = vec![0.0; info.bytes / 4];
    crate::dequantize::dequantize(info.format, bytes, &mut factors);
    Ok(factors)
}

#[derive(Deserialize)]
struct RawConfig {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    original_max_position_embeddings: Option<usize>,
    rms_norm_eps: f64,
    #[serde(default = "default_base")]
    rope_theta: f64,
    #[serde(default)]
    rope_scaling: Option<RawScaling>,
    sliding_window: Option<usize>,
    #[serde(default = "one")]
    partial_rotary_factor: f64,
    #[serde(default)]
    tie_word_embeddings: bool,
}

#[derive(Deserialize)]
struct RawScaling {
    short_factor: Vec<f32>,
    long_factor: Vec<f32>,
    factor: Option<f64>,
    attention_factor: Option<f64>,
}

fn default_base() -> f64 {
    1e4
}

fn one() -> f64 {
    1.0
}

impl RawConfig {
    fn into_config(self) -> Config {
        let head_width = self.hidden_size / self.num_attention_heads.max(1);
        let context = self.max_position_embeddings;
        let original_context = self.original_max_position_embeddings.unwrap_or(context);
        let attention_factor = self.rope_scaling.as_ref().map_or(1.0, |s| {
            let stretch = s.factor.unwrap_or(context as f64 / original_context as f64);
            s.attention_factor
                .unwrap_or_else(|| attention_factor(stretch, original_context))
        });
        let (short, long) = self
            .rope_scaling
            .map(|s| (s.short_factor, s.long_factor))
            .unwrap_or_default();
        Config {
            width: self.hidden_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            kv_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            head_width,
            feed_forward: self.intermediate_size,
            vocabulary: self.vocab_size,
            context,
            norm_epsilon: self.rms_norm_eps as f32,
            window: self.sliding_window.filter(|w| (1..context).contains(w)),
            rope: RopeConfig {
                base: self.rope_theta,
                rotated: (head_width as f64 * self.partial_rotary_factor) as usize,
                original_context,
                short,
                long,
                attention_factor: attention_factor as f32,
            },
        }
    }
}

/// LongRoPE's factor for queries and keys, Ding et al. 2024, as in the reference implementation.
fn attention_factor(stretch: f64, original_context: usize) -> f64 {
    if stretch <= 1.0 {
        return 1.0;
    }
    (1.0 + stretch.ln() / (original_context as f64).ln()).sqrt()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn published() -> Value {
        json!({
            "model_type": "phi3", "hidden_size": 3072, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 8192,
            "vocab_size": 32064, "max_position_embeddings": 131_072,
            "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
            "rope_theta": 10000.0, "sliding_window": 262_144,
            "rope_scaling": {"type": "longrope", "short_factor": vec![1.0; 48], "long_factor": vec![2.0; 48]},
        })
    }

    fn read(json: &Value) -> Result<Config, Error> {
        Config::from_json("m", json.to_string().as_bytes())
    }

    #[test]
    fn published_shape_is_read() {
        let config = read(&published()).unwrap();
        assert_eq!((config.head_width, config.qkv_rows()), (96, 9216));
        assert_eq!(config.window, None);
        assert!((config.rope.attention_factor - 1.190_238).abs() < 1e-6);
    }

    #[test]
    fn impossible_shapes_are_refused_by_field_and_value() {
        let check = |field: &str, value: Value, expected: &str| {
            let mut json = published();
            json[field] = value;
            let error = read(&json).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("model_type", json!("llama"), "model_type: \"llama\"");
        check("num_attention_heads", json!(0), "heads: 0 must be 1");
        check("num_attention_heads", json!(31), "31 heads");
        check("hidden_size", json!("x"), "config.json: invalid type");
        check("rope_theta", json!(0.5), "rope base: 0.5");
        check("vocab_size", json!(0), "vocabulary: 0 must be 1");
        check(
            "tie_word_embeddings",
            json!(true),
            "tie_word_embeddings: true",
        );
        let scaling = json!({"short_factor": [1.0], "long_factor": vec![1.0; 48]});
        check(
            "rope_scaling",
            scaling,
            "short factors: 1 of them instead of 48",
        );
        let scaling = json!({"short_factor": vec![-1.0; 48], "long_factor": vec![1.0; 48]});
        check("rope_scaling", scaling, "short factors: -1 must be finite");
    }
}

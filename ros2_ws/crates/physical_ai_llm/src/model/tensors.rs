use crate::stage::Layer;
use crate::{Config, Error, Weight};

/// Names of a tensor in the two kinds of files.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    pub gguf: &'static str,
    pub checkpoint: &'static str,
}

pub const EMBEDDING: Name = Name {
    gguf: "token_embd.weight",
    checkpoint: "model.embed_tokens.weight",
};
pub const NORM: Name = Name {
    gguf: "output_norm.weight",
    checkpoint: "model.norm.weight",
};
pub const HEAD: Name = Name {
    gguf: "output.weight",
    checkpoint: "lm_head.weight",
};

/// Names within a layer.
const ATTENTION_NORM: Name = Name {
    gguf: "attn_norm.weight",
    checkpoint: "input_layernorm.weight",
};
const QKV: Name = Name {
    gguf: "attn_qkv.weight",
    checkpoint: "self_attn.qkv_proj.weight",
};
const ATTENTION_OUT: Name = Name {
    gguf: "attn_output.weight",
    checkpoint: "self_attn.o_proj.weight",
};
const FEED_FORWARD_NORM: Name = Name {
    gguf: "ffn_norm.weight",
    checkpoint: "post_attention_layernorm.weight",
};
const GATE_UP: Name = Name {
    gguf: "ffn_up.weight",
    checkpoint: "mlp.gate_up_proj.weight",
};
const DOWN: Name = Name {
    gguf: "ffn_down.weight",
    checkpoint: "mlp.down_proj.weight",
};

/// Where weights come from.
pub trait Tensors {
    /// The name of a tensor, of a layer if one is given.
    fn full_name(&self, name: Name, layer: Option<usize>) -> String;

    /// A matrix by its full name, whose shape must be `[rows, columns]`.
    fn matrix_by_name(&self, name: &str, rows: usize, columns: usize) -> Result<Weight, Error>;

    /// A vector of floats by its full name.
    fn vector_by_name(&self, name: &str, length: usize) -> Result<Vec<f32>, Error>;

    /// An error about a tensor.
    fn invalid(&self, name: &str, problem: String) -> Error;

    /// A matrix outside the layers.
    fn matrix(&self, name: Name, rows: usize, columns: usize) -> Result<Weight, Error> {
        self.matrix_by_name(&self.full_name(name, None), rows, columns)
    }

    /// A norm outside the layers.
    fn norm(&self, name: Name, length: usize) -> Result<Vec<f32>, Error> {
        self.finite(&self.full_name(name, None), length)
    }

    /// A vector all of whose values are finite.
    fn finite(&self, name: &str, length: usize) -> Result<Vec<f32>, Error> {
        let values = self.vector_by_name(name, length)?;
        match values.iter().find(|v| !v.is_finite()) {
            Some(bad) => Err(self.invalid(name, format!("holds {bad}"))),
            None => Ok(values),
        }
    }

    /// One layer.
    fn layer(&self, c: &Config, index: usize) -> Result<Layer, Error> {
        let name = |name| self.full_name(name, Some(index));
        let matrix = |of, rows, columns| self.matrix_by_name(&name(of), rows, columns);
        let inner = c.heads * c.head_width;
        Ok(Layer {
            attention_norm: self.finite(&name(ATTENTION_NORM), c.width)?,
            qkv: matrix(QKV, c.qkv_rows(), c.width)?,
            attention_out: matrix(ATTENTION_OUT, c.width, inner)?,
            feed_forward_norm: self.finite(&name(FEED_FORWARD_NORM), c.width)?,
            gate_up: matrix(GATE_UP, 2 * c.feed_forward, c.width)?,
            down: matrix(DOWN, c.width, c.feed_forward)?,
        })
    }
}

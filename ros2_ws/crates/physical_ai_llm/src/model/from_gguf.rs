use std::sync::Arc;

use super::tensors::{Name, Tensors};
use crate::dequantize::dequantize;
use crate::weight::Bytes;
use crate::{Error, Gguf, Weight};

/// Tensors of a mapped file.
pub struct Source<'a>(pub &'a Gguf);

impl Tensors for Source<'_> {
    fn full_name(&self, name: Name, layer: Option<usize>) -> String {
        match layer {
            Some(layer) => format!("blk.{layer}.{}", name.gguf),
            None => name.gguf.to_owned(),
        }
    }

    fn matrix_by_name(&self, name: &str, rows: usize, columns: usize) -> Result<Weight, Error> {
        let info = self.0.tensor(name)?;
        if info.shape != [rows, columns] {
            let problem = format!("has shape {:?} instead of [{rows}, {columns}]", info.shape);
            return Err(self.invalid(name, problem));
        }
        let range = info.offset..info.offset + info.bytes;
        let bytes = Bytes::Mapped(Arc::clone(self.0.map()), range);
        Weight::try_new(info.format, rows, columns, bytes)
            .ok_or_else(|| self.invalid(name, "has no whole rows".to_owned()))
    }

    fn vector_by_name(&self, name: &str, length: usize) -> Result<Vec<f32>, Error> {
        let info = self.0.tensor(name)?;
        if info.shape != [length] {
            let problem = format!("has shape {:?} instead of [{length}]", info.shape);
            return Err(self.invalid(name, problem));
        }
        let mut values = vec![0.0; length];
        let bytes = &self.0.map()[info.offset..info.offset + info.bytes];
        dequantize(info.format, bytes, &mut values);
        Ok(values)
    }

    fn invalid(&self, name: &str, problem: String) -> Error {
        self.0.invalid(format!("tensor {name}"), problem)
    }
}

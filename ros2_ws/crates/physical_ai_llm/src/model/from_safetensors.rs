use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};

use super::Model;
use super::tensors::{Name, Tensors};
use crate::dequantize::dequantize;
use crate::weight::Bytes;
use crate::{Config, Error, Format, Weight};

/// Opens a checkpoint folder: `config.json` and all `*.safetensors` beside it.
pub fn open(folder: &Path) -> Result<Model, Error> {
    let path = folder.join("config.json");
    let json = std::fs::read(&path).map_err(|e| failed(&path, e))?;
    let config = Config::from_json(&path.display().to_string(), &json)?;
    let mut source = Source {
        source_name: folder.display().to_string(),
        places: BTreeMap::new(),
    };
    for path in shards(folder)? {
        source.add(&path)?;
    }
    Model::assemble(config, &source)
}

fn failed(path: &Path, problem: impl ToString) -> Error {
    Error::File {
        path: path.to_path_buf(),
        problem: problem.to_string(),
    }
}

fn shards(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| failed(folder, e))? {
        let path = entry.map_err(|e| failed(folder, e))?.path();
        if path.extension().is_some_and(|e| e == "safetensors") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(failed(folder, "holds no *.safetensors"));
    }
    files.sort();
    Ok(files)
}

/// Where a tensor is.
struct Place {
    map: Arc<Mmap>,
    range: Range<usize>,
    shape: Vec<usize>,
    kind: Dtype,
}

/// Tensors of all files of a checkpoint.
struct Source {
    source_name: String,
    places: BTreeMap<String, Place>,
}

impl Source {
    fn add(&mut self, path: &Path) -> Result<(), Error> {
        let file = File::open(path).map_err(|e| failed(path, e))?;
        // SAFETY: as for a mapped GGUF file.
        let map = unsafe { Mmap::map(&file) }.map_err(|e| failed(path, e))?;
        let map = Arc::new(map);
        // The library checks every offset against the file.
        let tensors = SafeTensors::deserialize(&map).map_err(|e| failed(path, e))?;
        for (name, view) in tensors.iter() {
            let start = view.data().as_ptr() as usize - map.as_ptr() as usize;
            let place = Place {
                map: Arc::clone(&map),
                range: start..start + view.data().len(),
                shape: view.shape().to_vec(),
                kind: view.dtype(),
            };
            if self.places.insert(name.to_owned(), place).is_some() {
                return Err(self.invalid(name, "is in two files".to_owned()));
            }
        }
        Ok(())
    }

    fn place(&self, name: &str, shape: &[usize]) -> Result<(Format, &Place), Error> {
        let place = self
            .places
            .get(name)
            .ok_or_else(|| self.invalid(name, "is missing".to_owned()))?;
        if place.shape != shape {
            let problem = format!("has shape {:?} instead of {shape:?}", place.shape);
            return Err(self.invalid(name, problem));
        }
        let format = match place.kind {
            Dtype::F32 => Format::F32,
            Dtype::F16 => Format::F16,
            Dtype::BF16 => Format::BF16,
            other => {
                let problem = format!("is {other:?}, must be F32, F16 or BF16");
                return Err(self.invalid(name, problem));
            }
        };
        Ok((format, place))
    }
}

impl Tensors for Source {
    fn full_name(&self, name: Name, layer: Option<usize>) -> String {
        match layer {
            Some(layer) => format!("model.layers.{layer}.{}", name.checkpoint),
            None => name.checkpoint.to_owned(),
        }
    }

    fn matrix_by_name(&self, name: &str, rows: usize, columns: usize) -> Result<Weight, Error> {
        let (format, place) = self.place(name, &[rows, columns])?;
        let bytes = Bytes::Mapped(Arc::clone(&place.map), place.range.clone());
        Weight::try_new(format, rows, columns, bytes)
            .ok_or_else(|| self.invalid(name, "has no whole rows".to_owned()))
    }

    fn vector_by_name(&self, name: &str, length: usize) -> Result<Vec<f32>, Error> {
        let (format, place) = self.place(name, &[length])?;
        let mut values = vec![0.0; length];
        dequantize(format, &place.map[place.range.clone()], &mut values);
        Ok(values)
    }

    fn invalid(&self, name: &str, problem: String) -> Error {
        Error::InvalidModel {
            source_name: self.source_name.clone(),
            field: format!("tensor {name}"),
            problem,
        }
    }
}

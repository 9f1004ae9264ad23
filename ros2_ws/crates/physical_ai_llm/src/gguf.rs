//! GGUF files: metadata and where the tensors are. Sizes and offsets in the file are hostile until they
//! are checked against its length.

mod cursor;
mod value;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

pub use value::Value;

use crate::{Error, Format};
use cursor::Cursor;

const MAGIC: &[u8; 4] = b"GGUF";
const DEFAULT_ALIGNMENT: usize = 32;
const MAX_ALIGNMENT: usize = 1 << 16;
const MAX_DIMENSIONS: u32 = 4;

/// Where a tensor is and what it looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Storage format.
    pub format: Format,
    /// Sizes, the fastest running one last: `[rows, columns]` for a matrix.
    pub shape: Vec<usize>,
    /// First byte, from the beginning of the file.
    pub offset: usize,
    /// Length in bytes.
    pub bytes: usize,
}

/// A GGUF file, mapped into memory.
#[derive(Debug, Clone)]
pub struct Gguf {
    source_name: String,
    map: Arc<Mmap>,
    metadata: BTreeMap<String, Value>,
    tensors: BTreeMap<String, TensorInfo>,
}

impl Gguf {
    /// Maps a file and reads its head.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be mapped; [`Error::InvalidModel`] naming the key or tensor.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fail = |e: std::io::Error| Error::File {
            path: path.to_path_buf(),
            problem: e.to_string(),
        };
        let file = File::open(path).map_err(fail)?;
        // SAFETY: the map is read only. Somebody who truncates the file while it is used makes the
        // process end with SIGBUS; every program that maps weights has this.
        let map = unsafe { Mmap::map(&file) }.map_err(fail)?;
        let (metadata, tensors) = parse(&path.display().to_string(), &map)?;
        Ok(Self {
            source_name: path.display().to_string(),
            map: Arc::new(map),
            metadata,
            tensors,
        })
    }

    /// For messages.
    pub fn source_name(&self) -> &str {
        &self.source_name
    }

    /// All metadata by key.
    pub fn metadata(&self) -> &BTreeMap<String, Value> {
        &self.metadata
    }

    /// All tensors by name.
    pub fn tensors(&self) -> &BTreeMap<String, TensorInfo> {
        &self.tensors
    }

    /// One tensor.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if it is missing.
    pub fn tensor(&self, name: &str) -> Result<&TensorInfo, Error> {
        self.tensors
            .get(name)
            .ok_or_else(|| self.invalid(format!("tensor {name}"), "is missing"))
    }

    /// The mapped file, shared with whoever reads its tensors.
    pub fn map(&self) -> &Arc<Mmap> {
        &self.map
    }

    /// An error about this file.
    pub fn invalid(&self, field: impl Into<String>, problem: impl Into<String>) -> Error {
        Error::InvalidModel {
            source_name: self.source_name.clone(),
            field: field.into(),
            problem: problem.into(),
        }
    }

    /// A number of the metadata that has to be there.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if it is missing, no whole number, or negative.
    pub fn usize(&self, key: &str) -> Result<usize, Error> {
        self.optional_usize(key)?
            .ok_or_else(|| self.invalid(format!("key {key}"), "is missing"))
    }

    /// A number of the metadata, if it is there.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if it is no whole number, or negative.
    pub fn optional_usize(&self, key: &str) -> Result<Option<usize>, Error> {
        let Some(value) = self.metadata.get(key) else {
            return Ok(None);
        };
        match value.as_integer().and_then(|v| usize::try_from(v).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(self.invalid(
                format!("key {key}"),
                format!("{value} must be a whole number from 0"),
            )),
        }
    }

    /// A number of the metadata, if it is there.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if it is no finite number.
    pub fn optional_f64(&self, key: &str) -> Result<Option<f64>, Error> {
        let Some(value) = self.metadata.get(key) else {
            return Ok(None);
        };
        match value.as_number().filter(|v| v.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err(self.invalid(
                format!("key {key}"),
                format!("{value} must be a finite number"),
            )),
        }
    }

    /// A text of the metadata, if it is there.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.metadata.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

type Head = (BTreeMap<String, Value>, BTreeMap<String, TensorInfo>);

/// Reads the head of a file that is in memory.
fn parse(source_name: &str, bytes: &[u8]) -> Result<Head, Error> {
    let fail = |(field, problem): (String, String)| Error::InvalidModel {
        source_name: source_name.to_owned(),
        field,
        problem,
    };
    parse_head(bytes).map_err(fail)
}

fn parse_head(bytes: &[u8]) -> Result<Head, (String, String)> {
    let mut cursor = Cursor::new(bytes);
    let magic = cursor.take("magic", 4)?;
    if magic != MAGIC {
        return Err((
            "magic".to_owned(),
            format!("{magic:02x?} is not \"GGUF\": this is another kind of file"),
        ));
    }
    let version = cursor.u32("version")?;
    if !(2..=3).contains(&version) {
        return Err((
            "version".to_owned(),
            format!("{version} is not 2 or 3: convert the model with a current tool"),
        ));
    }
    // A tensor has at least a name's length, a number of sizes, a format and an offset.
    let tensor_count = cursor.count("number of tensors", 24)?;
    let key_count = cursor.count("number of keys", 12)?;
    let mut metadata = BTreeMap::new();
    for _ in 0..key_count {
        let key = cursor.text("key")?;
        let value = Value::read(&mut cursor, &key)?;
        if metadata.insert(key.clone(), value).is_some() {
            return Err((format!("key {key}"), "is there twice".to_owned()));
        }
    }
    if let Some(parts) = metadata.get("split.count").and_then(Value::as_integer)
        && parts > 1
    {
        return Err((
            "key split.count".to_owned(),
            format!(
                "{parts} files make this model: merge them into one (llama-gguf-split --merge)"
            ),
        ));
    }
    let mut listed = Vec::new();
    for _ in 0..tensor_count {
        listed.push(read_tensor(&mut cursor)?);
    }
    let alignment = alignment(&metadata)?;
    let data = cursor.position().next_multiple_of(alignment);
    let mut tensors = BTreeMap::new();
    for (name, mut info) in listed {
        let field = format!("tensor {name}");
        place(&mut info, data, alignment, bytes.len()).map_err(|p| (field.clone(), p))?;
        if tensors.insert(name, info).is_some() {
            return Err((field, "is there twice".to_owned()));
        }
    }
    Ok((metadata, tensors))
}

fn alignment(metadata: &BTreeMap<String, Value>) -> Result<usize, (String, String)> {
    let Some(value) = metadata.get("general.alignment") else {
        return Ok(DEFAULT_ALIGNMENT);
    };
    value
        .as_integer()
        .and_then(|v| usize::try_from(v).ok())
        .filter(|v| v.is_power_of_two() && (8..=MAX_ALIGNMENT).contains(v))
        .ok_or_else(|| {
            (
                "key general.alignment".to_owned(),
                format!("{value} must be a power of two from 8 to {MAX_ALIGNMENT}"),
            )
        })
}

fn read_tensor(cursor: &mut Cursor<'_>) -> Result<(String, TensorInfo), (String, String)> {
    let name = cursor.text("tensor name")?;
    let field = format!("tensor {name}");
    let dimensions = cursor.u32(&field)?;
    if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        return Err((
            field,
            format!("has {dimensions} dimensions: must be 1 to {MAX_DIMENSIONS}"),
        ));
    }
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        let size = cursor.u64(&field)?;
        let size = usize::try_from(size)
            .ok()
            .filter(|s| *s > 0)
            .ok_or_else(|| (field.clone(), format!("has a side of {size}")))?;
        shape.push(size);
    }
    // GGML writes the fastest running size first.
    shape.reverse();
    let id = cursor.u32(&field)?;
    let format = Format::from_ggml(id).ok_or_else(|| {
        (
            field.clone(),
            format!(
                "has GGML format {id}, which is not supported: quantise to Q4_K_M, Q6_K, Q8_0, Q4_0 or F16"
            ),
        )
    })?;
    let offset = cursor.u64(&field)?;
    let offset = usize::try_from(offset)
        .map_err(|_| (field.clone(), format!("has offset {offset}, past the file")))?;
    let info = TensorInfo {
        format,
        shape,
        offset,
        bytes: 0,
    };
    Ok((name, info))
}

/// Turns an offset into the data into one into the file, and checks both ends.
fn place(
    info: &mut TensorInfo,
    data: usize,
    alignment: usize,
    file_len: usize,
) -> Result<(), String> {
    let columns = info.shape.last().copied().unwrap_or_default();
    let rows = info.shape[..info.shape.len() - 1]
        .iter()
        .try_fold(1_usize, |all, side| all.checked_mul(*side));
    let row_bytes = info.format.bytes(columns).ok_or_else(|| {
        format!(
            "has {columns} columns, no multiple of {} as {} needs",
            info.format.block_len(),
            info.format.name()
        )
    })?;
    let bytes = rows.and_then(|rows| rows.checked_mul(row_bytes));
    let start = data.checked_add(info.offset);
    let end = bytes.zip(start).and_then(|(b, s)| s.checked_add(b));
    let (Some(bytes), Some(start), Some(end)) = (bytes, start, end) else {
        return Err(format!("has shape {:?}, larger than any file", info.shape));
    };
    if end > file_len {
        return Err(format!(
            "ends at byte {end}, the file at {file_len}: it is truncated"
        ));
    }
    if !info.offset.is_multiple_of(alignment) {
        return Err(format!(
            "has offset {}, which is not aligned to {alignment}",
            info.offset
        ));
    }
    (info.offset, info.bytes) = (start, bytes);
    Ok(())
}

#[cfg(test)]
mod tests;

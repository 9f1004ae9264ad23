use std::ops::Range;
use std::sync::Arc;

use memmap2::Mmap;

use crate::Format;

/// Immutable bytes that many may read: a part of a mapped file, or memory of their own.
#[derive(Debug, Clone)]
pub enum Bytes {
    /// Part of a file.
    Mapped(Arc<Mmap>, Range<usize>),
    /// Owned.
    Owned(Arc<[u8]>),
}

impl Bytes {
    /// All of them.
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Mapped(map, range) => &map[range.clone()],
            Self::Owned(bytes) => bytes,
        }
    }
}

/// A matrix `[rows, columns]`, row after row, in its storage format.
///
/// Invariant: there are as many bytes as rows, columns and format ask for.
#[derive(Debug, Clone)]
pub struct Weight {
    format: Format,
    rows: usize,
    columns: usize,
    bytes: Bytes,
}

impl Weight {
    /// `None` if the bytes do not fit the shape.
    pub fn try_new(format: Format, rows: usize, columns: usize, bytes: Bytes) -> Option<Self> {
        let expected = format.bytes(columns)?.checked_mul(rows)?;
        (bytes.as_slice().len() == expected && expected > 0).then_some(Self {
            format,
            rows,
            columns,
            bytes,
        })
    }

    /// Storage format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Outputs.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Inputs.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes of one row.
    pub fn row_bytes(&self) -> usize {
        self.bytes.as_slice().len() / self.rows
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[u8] {
        let length = self.row_bytes();
        &self.bytes.as_slice()[row * length..(row + 1) * length]
    }
}

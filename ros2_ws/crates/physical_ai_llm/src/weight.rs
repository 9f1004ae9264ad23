use std::io;
use std::ops::Range;
use std::sync::Arc;

use memmap2::{Advice, Mmap, MmapMut, UncheckedAdvice};

use crate::disjoint::Disjoint;
use crate::{Format, InstructionSet, Pool};

/// Rows of a tile.
pub const TILE_ROWS: usize = 32;

/// Bytes of a large page, on CPUs that multiply tiles.
const LARGE_PAGE: usize = 2 << 20;

/// Immutable bytes that many may read: a part of a mapped file, or memory of their own.
#[derive(Debug, Clone)]
pub enum Bytes {
    /// Part of a file, or of memory for tiles.
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

    /// Gives back the memory of what was read of a file; it is read again if need be.
    fn forget(&self) {
        if let Self::Mapped(map, range) = self {
            // SAFETY: models are mapped read-only and shared, so the file still has what is dropped here;
            // tiles have none behind them, but `to_tiles` never gets here with them.
            let _ = unsafe {
                map.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, range.len())
            };
        }
    }
}

/// A matrix `[rows, columns]` in its storage format: row after row, or in tiles.
///
/// A tile is [`TILE_ROWS`] rows, block after block: `[blocks, words, TILE_ROWS]`, where a word is four neighbouring
/// bytes of a block, and of blocks that are no whole number of words the last two bytes come behind the words,
/// `[TILE_ROWS]` halves. So kernels read it in one stream, and find the same bytes of many rows side by side.
/// Rows behind the last whole tile stay as they are.
///
/// Invariant: there are as many bytes as rows, columns and format ask for; there are tiles only on a CPU with
/// AVX-512 VNNI, and of blocks of 256.
#[derive(Debug, Clone)]
pub struct Weight {
    format: Format,
    rows: usize,
    columns: usize,
    bytes: Bytes,
    /// How many tiles it begins with.
    tiles: usize,
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
            tiles: 0,
        })
    }

    /// The same in tiles, in memory of its own, if this CPU multiplies it so. What was read of a mapped file for it
    /// is given back.
    ///
    /// # Errors
    /// If there is no such memory.
    pub fn to_tiles(&self, pool: &mut Pool) -> io::Result<Self> {
        let pays = self.format.activation_block() == Some(256)
            && InstructionSet::detect() >= InstructionSet::Avx512Vnni;
        if !pays || self.tiles > 0 || self.rows < TILE_ROWS {
            return Ok(self.clone());
        }
        let (row, block) = (self.row_bytes(), self.format.block_bytes());
        let (tiles, tile) = (self.rows / TILE_ROWS, TILE_ROWS * row);
        let from = self.bytes.as_slice();
        let mut memory = in_large_pages(from.len())?;
        let (tiled, rest) = memory[..from.len()].split_at_mut(tiles * tile);
        rest.copy_from_slice(&from[tiles * tile..]);
        let to = Disjoint::new(tiled);
        pool.share(tiles, 1, |_, range| {
            for at in range.map(|index| index * tile..(index + 1) * tile) {
                // SAFETY: each tile is taken once.
                transpose(&from[at.clone()], row, block, unsafe { to.part(at) });
            }
        });
        self.bytes.forget();
        Ok(Self {
            bytes: Bytes::Mapped(Arc::new(memory.make_read_only()?), 0..from.len()),
            tiles,
            ..*self
        })
    }

    /// How many tiles it begins with.
    pub fn tiles(&self) -> usize {
        self.tiles
    }

    /// One tile.
    pub fn tile(&self, index: usize) -> &[u8] {
        let length = TILE_ROWS * self.row_bytes();
        &self.bytes.as_slice()[index * length..(index + 1) * length]
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

    /// One row; not of a tile.
    pub fn row(&self, row: usize) -> &[u8] {
        debug_assert!(row >= self.tiles * TILE_ROWS, "row {row} is part of a tile");
        let length = self.row_bytes();
        &self.bytes.as_slice()[row * length..(row + 1) * length]
    }
}

/// Memory for at least that many bytes, in large pages where the system has them: a stream through it misses fewer
/// translations. It works without them as well.
///
/// Linux begins a mapping at a large page only if its length is a whole number of them. The last one, which is not
/// needed whole, remains small pages, so that no more memory is taken than is used.
fn in_large_pages(length: usize) -> io::Result<MmapMut> {
    let memory = MmapMut::map_anon(length.next_multiple_of(LARGE_PAGE))?;
    let whole = length / LARGE_PAGE * LARGE_PAGE;
    let _ = memory.advise_range(Advice::HugePage, 0, whole);
    Ok(memory)
}

/// Rows of blocks to a tile.
fn transpose(rows: &[u8], row: usize, block: usize, tile: &mut [u8]) {
    for (index, to) in tile.chunks_exact_mut(TILE_ROWS * block).enumerate() {
        let (words, halves) = to.split_at_mut(block / 4 * 4 * TILE_ROWS);
        for (r, from) in rows.chunks_exact(row).enumerate() {
            let from = &from[index * block..][..block];
            for (word, to) in from
                .chunks_exact(4)
                .zip(words.chunks_exact_mut(4 * TILE_ROWS))
            {
                to[4 * r..4 * r + 4].copy_from_slice(word);
            }
            let half = from.chunks_exact(4).remainder();
            halves[half.len() * r..][..half.len()].copy_from_slice(half);
        }
    }
}

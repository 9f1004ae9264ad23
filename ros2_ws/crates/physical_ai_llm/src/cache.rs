use half::f16;
use half::slice::HalfFloatSliceExt as _;
use memmap2::{Advice, MmapMut};

use crate::{Config, Error};

/// Tokens of one page.
pub const PAGE_TOKENS: usize = 16;
/// Widest head that a cache takes.
pub const MOST_WIDTH: usize = 512;

/// Keys and values of some layers, in pages that sequences borrow. All memory is reserved at once and
/// touched page by page.
///
/// # Shapes
/// A page holds for each layer the keys `[kv_heads, head_width, PAGE_TOKENS]`, so that the scores of 16
/// tokens are computed side by side, and the values `[kv_heads, PAGE_TOKENS, head_width]`, all as
/// IEEE halves.
#[derive(Debug)]
pub struct KvCache {
    memory: MmapMut,
    pages: usize,
    layout: Layout,
}

/// Where things are, counted in halves.
#[derive(Debug, Clone, Copy)]
struct Layout {
    layers: usize,
    /// Keys, or values, of a page in one layer.
    part: usize,
    /// One head in a part.
    head: usize,
}

impl Layout {
    fn keys(self, page: u32, layer: usize, head: usize) -> usize {
        (page as usize * self.layers + layer) * 2 * self.part + head * self.head
    }

    fn values(self, page: u32, layer: usize, head: usize) -> usize {
        self.keys(page, layer, head) + self.part
    }
}

impl KvCache {
    /// Bytes of one page over so many layers.
    pub fn page_bytes(config: &Config, layers: usize) -> usize {
        layers * 2 * config.kv_heads * config.head_width * PAGE_TOKENS * size_of::<u16>()
    }

    /// Reserves pages.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if the system does not give so much memory.
    pub fn try_new(config: &Config, layers: usize, pages: usize) -> Result<Self, Error> {
        let bytes = Self::page_bytes(config, layers).saturating_mul(pages.max(1));
        let memory = MmapMut::map_anon(bytes).map_err(|e| Error::InvalidRequest {
            field: "cache_pages",
            value: pages.to_string(),
            problem: format!("{bytes} bytes cannot be reserved: {e}"),
        })?;
        // Heads of a token lie far apart: small pages would cost a table walk for each. A system
        // without large ones is only slower.
        let _ = memory.advise(Advice::HugePage);
        let head = config.head_width * PAGE_TOKENS;
        Ok(Self {
            memory,
            pages,
            layout: Layout {
                layers,
                part: head * config.kv_heads,
                head,
            },
        })
    }

    /// Pages in all.
    pub fn pages(&self) -> usize {
        self.pages
    }

    fn halves(&self) -> &[u16] {
        // SAFETY: a mapping begins at a page boundary and its length is even.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), self.memory.len() / 2) }
    }

    /// Keys of one head: `[head_width, PAGE_TOKENS]`.
    pub(crate) fn keys(&self, page: u32, layer: usize, head: usize) -> &[u16] {
        let at = self.layout.keys(page, layer, head);
        &self.halves()[at..at + self.layout.head]
    }

    /// Values of one head: `[PAGE_TOKENS, head_width]`.
    pub(crate) fn values(&self, page: u32, layer: usize, head: usize) -> &[u16] {
        let at = self.layout.values(page, layer, head);
        &self.halves()[at..at + self.layout.head]
    }

    /// For writing from several threads.
    pub(crate) fn writer(&mut self) -> CacheWriter<'_> {
        // SAFETY: as in `halves`; the borrow is exclusive.
        let halves = unsafe {
            std::slice::from_raw_parts_mut(
                self.memory.as_mut_ptr().cast::<u16>(),
                self.memory.len() / 2,
            )
        };
        CacheWriter {
            layout: self.layout,
            halves: crate::disjoint::Disjoint::new(halves),
        }
    }
}

/// Writes single tokens.
pub(crate) struct CacheWriter<'a> {
    layout: Layout,
    halves: crate::disjoint::Disjoint<'a, u16>,
}

impl CacheWriter<'_> {
    /// Stores key and value, `[head_width]` each, of one token and head.
    ///
    /// # Safety
    /// Nobody else writes the same token and head, and nobody reads its page meanwhile.
    pub(crate) unsafe fn store(
        &self,
        (page, slot): (u32, usize),
        (layer, head): (usize, usize),
        key: &[f32],
        value: &[f32],
    ) {
        let mut halves = [f16::ZERO; MOST_WIDTH];
        let halves = &mut halves[..key.len()];
        halves.convert_from_f32_slice(key);
        let start = self.layout.keys(page, layer, head);
        for (i, k) in halves.iter().enumerate() {
            // SAFETY: see above; the place is within the page.
            unsafe { self.halves.set(start + i * PAGE_TOKENS + slot, k.to_bits()) }
        }
        let start = self.layout.values(page, layer, head) + slot * value.len();
        // SAFETY: see above.
        let row = unsafe { self.halves.part(start..start + value.len()) };
        halves.convert_from_f32_slice(value);
        for (place, v) in row.iter_mut().zip(halves) {
            *place = v.to_bits();
        }
    }
}

use candle_core::{Device, Tensor};

use crate::cache::PAGE_TOKENS;
use crate::{Config, Span, Stage};

use super::numbers;

/// Where the rows of a pass are in their sequences and in the cache; the same for all layers.
pub struct Places {
    /// Of the rotation, attention factor included: `[T, rotated / 2]`.
    pub cosines: Tensor,
    pub sines: Tensor,
    /// Rows of the cache that the pass fills: `[T, kv_heads · head_width]`, all of a row the same.
    pub stored: Tensor,
    pub spans: Vec<Seen>,
}

/// What the rows of one span look at.
pub struct Seen {
    /// Rows of the pass.
    pub start: usize,
    pub tokens: usize,
    /// Rows of the cache: `[L]`.
    pub rows: Tensor,
    /// Added to scores, 0 or -∞: `[tokens, L]`; `None` where everything is seen.
    pub mask: Option<Tensor>,
}

impl Places {
    pub fn new(
        device: &Device,
        stage: &Stage,
        config: &Config,
        spans: &[Span<'_>],
    ) -> candle_core::Result<Self> {
        let (half, count) = (
            config.rope.rotated / 2,
            spans.iter().map(|s| s.tokens).sum(),
        );
        let mut cosines = vec![0.0; count * half];
        let mut sines = vec![0.0; count * half];
        let mut stored = Vec::with_capacity(count);
        let mut seen = Vec::with_capacity(spans.len());
        for span in spans {
            let start = stored.len();
            for position in span.start..span.start + span.tokens {
                let at = stored.len() * half..(stored.len() + 1) * half;
                stage.angles(
                    position,
                    span.reach,
                    &mut cosines[at.clone()],
                    &mut sines[at],
                );
                stored.push(cache_row(span, position));
            }
            seen.push(Seen::new(device, config, span, start)?);
        }
        let width = config.kv_heads * config.head_width;
        let stored = Tensor::from_vec(numbers(&stored), (count, 1), device)?;
        Ok(Self {
            cosines: Tensor::from_vec(cosines, (count, half), device)?,
            sines: Tensor::from_vec(sines, (count, half), device)?,
            stored: stored.broadcast_as((count, width))?.contiguous()?,
            spans: seen,
        })
    }
}

impl Seen {
    fn new(
        device: &Device,
        config: &Config,
        span: &Span<'_>,
        start: usize,
    ) -> candle_core::Result<Self> {
        let end = span.start + span.tokens;
        let window = config.window.unwrap_or(usize::MAX);
        // The first token sees farthest back.
        let first = (span.start + 1).saturating_sub(window);
        let rows: Vec<usize> = (first..end)
            .map(|position| cache_row(span, position))
            .collect();
        let hidden = |row: usize, position: usize| {
            let own = span.start + row;
            position > own || own - position >= window
        };
        let mask = (span.tokens > 1).then(|| {
            let all =
                (0..span.tokens).flat_map(|row| (first..end).map(move |position| (row, position)));
            let values = all.map(|(row, position)| {
                if hidden(row, position) {
                    f32::NEG_INFINITY
                } else {
                    0.0
                }
            });
            Tensor::from_vec(values.collect(), (span.tokens, end - first), device)
        });
        Ok(Self {
            start,
            tokens: span.tokens,
            rows: Tensor::new(numbers(&rows), device)?,
            mask: mask.transpose()?,
        })
    }
}

fn cache_row(span: &Span<'_>, position: usize) -> usize {
    span.pages[position / PAGE_TOKENS] as usize * PAGE_TOKENS + position % PAGE_TOKENS
}

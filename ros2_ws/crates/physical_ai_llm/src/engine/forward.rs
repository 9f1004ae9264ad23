use std::ops::Range;

use crate::{Error, Pass, Reach};

/// A model with its cache, as the engine sees it.
///
/// # Implementation
/// [`Forward::forward`] reads and writes only the pages that a span lists, in that order, and what it
/// computes for a span depends on nothing but the span's tokens, its reach and what its pages hold. A
/// pass that fails may be run again.
pub trait Forward {
    /// Number of logits, V; every token is below it.
    fn vocabulary(&self) -> usize;

    /// Width of a hidden state, D.
    fn width(&self) -> usize;

    /// Most tokens of a sequence.
    fn context(&self) -> usize;

    /// The reach of a sequence of so many tokens.
    fn reach(&self, tokens: usize) -> Reach;

    /// Pages of the cache, numbered from 0.
    fn pages(&self) -> usize;

    /// Tokens of a page, at least 1.
    fn page_tokens(&self) -> usize;

    /// Runs one pass and returns the logits of the wanted rows.
    ///
    /// # Shapes
    /// Result: `[wanted, V]`.
    /// # Errors
    /// If nothing could be computed at all; numbers that are not finite are no error of the pass.
    fn forward(&mut self, pass: Pass<'_>) -> Result<&[f32], Error>;

    /// Hidden states of rows of the last pass, behind the final norm.
    ///
    /// # Shapes
    /// Result: `[rows, D]`.
    fn states(&mut self, rows: Range<usize>) -> &[f32];
}

impl<F: Forward + ?Sized> Forward for Box<F> {
    fn vocabulary(&self) -> usize {
        (**self).vocabulary()
    }

    fn width(&self) -> usize {
        (**self).width()
    }

    fn context(&self) -> usize {
        (**self).context()
    }

    fn reach(&self, tokens: usize) -> Reach {
        (**self).reach(tokens)
    }

    fn pages(&self) -> usize {
        (**self).pages()
    }

    fn page_tokens(&self) -> usize {
        (**self).page_tokens()
    }

    fn forward(&mut self, pass: Pass<'_>) -> Result<&[f32], Error> {
        (**self).forward(pass)
    }

    fn states(&mut self, rows: Range<usize>) -> &[f32] {
        (**self).states(rows)
    }
}

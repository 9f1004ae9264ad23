//! JSON Schema (draft 2020-12), as far as skills and models use it, without anything else.
//!
//! - [`objection`] says why a schema cannot be honoured; [`check`] what a value violates.
//! - [`check_satisfiable`] refuses schemas that are too large, or that no value fits.

mod check;
mod error;
mod nearest;
mod satisfiable;

pub use check::{check, objection};
pub use error::Error;
pub use nearest::{nearest, suggestion};
pub use satisfiable::{MAX_REGEX_BYTES, check_satisfiable};

//! What live workers offer, and plans read and held against it.
//!
//! - [`Fleet`] is what is offered now: the vocabulary of missions and the measure of their validity.
//! - [`parse_plan`] reads a plan from YAML or JSON.
//! - [`validate`] lists everything that a plan violates for a fleet; [`predict`] says when its tasks will run.

mod error;
mod fleet;
mod plan_text;
mod predict;
mod roles;
mod validate;

pub use error::Error;
pub use fleet::{Fleet, objection};
pub use plan_text::{MAX_PLAN_BYTES, parse_plan};
pub use predict::{Prediction, predict};
pub use validate::validate;

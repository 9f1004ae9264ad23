//! The robot model.

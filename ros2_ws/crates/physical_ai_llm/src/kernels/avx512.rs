//! Tiles of quantised weights times rows of activations with AVX-512 VNNI.

mod quants;
mod scales;
mod tile;
mod words;

pub use tile::{Apart, multiply_tile};

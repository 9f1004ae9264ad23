//! Rows of activations times tiles of quantised weights with AVX-512 VNNI.
//!
//! A register holds four packed bytes of 16 rows. Their bits are taken apart for all of them at once, and
//! `vpdpbusd` multiplies four neighbours of each row with a broadcast of four activations: sums need no reduction
//! across lanes, and a scale is applied once per group.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over several arrays of registers"
)]

mod operands;
mod packed;
mod quants;
mod scales;
mod tile;
mod unpacked;
mod words;

pub use tile::{UnpackedBlock, multiply_tile};

//! One block of 32 rows of weights, unpacked and transposed.

use std::arch::x86_64::*;

use super::avx2::half_at;
use super::tile::ROWS;
use crate::Format;
use crate::dequantize::scales_and_minima;

/// The weights are `scale · q − minimum` per group of `group` neighbours.
#[repr(C, align(64))]
pub struct Block {
    /// `[64, ROWS, 4]`: four neighbouring weights of each row.
    pub quants: [u8; 256 * ROWS],
    /// `[256 / group, ROWS]`.
    pub scales: [f32; 16 * ROWS],
    /// `[128 / group, ROWS]`: the minima of two groups as 16-bit integers.
    pub minima: [i32; 8 * ROWS],
    /// `[ROWS]`: what the minima are multiplied with.
    pub minimum_scales: [f32; ROWS],
    /// 32, or 16.
    pub group: usize,
}

impl Default for Block {
    fn default() -> Self {
        Self {
            quants: [0; 256 * ROWS],
            scales: [0.0; 16 * ROWS],
            minima: [0; 8 * ROWS],
            minimum_scales: [0.0; ROWS],
            group: 32,
        }
    }
}

/// Unpacks block `index` of each of 32 rows.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,f16c")]
pub fn unpack(format: Format, bytes: &[u8], index: usize, out: &mut Block) {
    let row_bytes = bytes.len() / ROWS;
    let size = format.block_bytes();
    out.group = if format == Format::Q6K { 16 } else { 32 };
    let mut rows = Rows([0; 256 * 16]);
    for half in 0..2 {
        for i in 0..16 {
            let row = half * 16 + i;
            let start = row * row_bytes + index * size;
            let block = &bytes[start..start + size];
            let quants = &mut rows.0[i * 256..(i + 1) * 256];
            match format {
                Format::Q6K => q6_k(block, row, quants, out),
                _ => q45_k(format == Format::Q5K, block, row, quants, out),
            }
        }
        transpose(&rows, half, &mut out.quants);
    }
}

/// `[16, 256]`.
#[repr(C, align(64))]
struct Rows([u8; 256 * 16]);

/// Groups of four of 16 rows change places with the rows.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose(rows: &Rows, half: usize, out: &mut [u8; 256 * ROWS]) {
    let lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    let offsets = _mm512_slli_epi32::<8>(lanes);
    for step in 0..64 {
        // SAFETY: the last lane reads the four bytes from 15 · 256 + 63 · 4 on; each store is within
        // its 64 bytes.
        unsafe {
            let from = rows.0.as_ptr().add(step * 4);
            let column = _mm512_i32gather_epi32::<1>(offsets, from.cast());
            let to = out.as_mut_ptr().add(step * ROWS * 4 + half * 64);
            _mm512_storeu_si512(to.cast(), column);
        }
    }
}

/// Stores minima of neighbouring groups side by side.
fn set_minimum(out: &mut Block, group: usize, row: usize, value: i16) {
    let place = &mut out.minima[group / 2 * ROWS + row];
    let bits = u32::from(value as u16);
    *place = if group.is_multiple_of(2) {
        bits as i32
    } else {
        (*place as u32 | bits << 16) as i32
    };
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,f16c")]
fn q45_k(five: bool, block: &[u8], row: usize, quants: &mut [u8], out: &mut Block) {
    let d = half_at(block, 0);
    let (scales, minima) = scales_and_minima(&block[4..16]);
    for group in 0..8 {
        out.scales[group * ROWS + row] = d * f32::from(scales[group]);
        set_minimum(out, group, row, i16::from(minima[group]));
    }
    out.minimum_scales[row] = half_at(block, 2);
    let packed = &block[if five { 48 } else { 16 }..];
    for (j, quants) in quants.chunks_exact_mut(64).enumerate() {
        let (low, high) = quants.split_at_mut(32);
        for (i, byte) in packed[32 * j..32 * j + 32].iter().enumerate() {
            (low[i], high[i]) = (byte & 15, byte >> 4);
        }
        if five {
            for (i, bits) in block[16..48].iter().enumerate() {
                low[i] |= (bits >> (2 * j) & 1) << 4;
                high[i] |= (bits >> (2 * j + 1) & 1) << 4;
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,f16c")]
fn q6_k(block: &[u8], row: usize, quants: &mut [u8], out: &mut Block) {
    let d = half_at(block, 208);
    for group in 0..16 {
        let scale = block[192 + group] as i8;
        out.scales[group * ROWS + row] = d * f32::from(scale);
        set_minimum(out, group, row, i16::from(scale));
    }
    // A weight is `d · scale · (q − 32)`.
    out.minimum_scales[row] = 32.0 * d;
    for (part, quants) in quants.chunks_exact_mut(128).enumerate() {
        let low = &block[64 * part..64 * part + 64];
        let high = &block[128 + 32 * part..128 + 32 * part + 32];
        for i in 0..32 {
            let (a, b, h) = (low[i], low[i + 32], high[i]);
            quants[i] = a & 15 | (h & 3) << 4;
            quants[i + 32] = b & 15 | (h >> 2 & 3) << 4;
            quants[i + 64] = a >> 4 | (h >> 4 & 3) << 4;
            quants[i + 96] = b >> 4 | (h >> 6) << 4;
        }
    }
}

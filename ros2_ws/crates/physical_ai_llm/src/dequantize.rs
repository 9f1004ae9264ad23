//! Weights back to floats, one block at a time: plain code, the reference for every kernel.
//! Layouts as in GGML (ggml-common.h), checked against its Python implementation.

use half::{bf16, f16};

use crate::Format;

/// Turns whole blocks into floats. `out` has as many places as `bytes` has weights.
pub fn dequantize(format: Format, bytes: &[u8], out: &mut [f32]) {
    let blocks = bytes.chunks_exact(format.block_bytes());
    for (block, out) in blocks.zip(out.chunks_exact_mut(format.block_len())) {
        match format {
            Format::F32 => out[0] = f32::from_le_bytes([block[0], block[1], block[2], block[3]]),
            Format::F16 => out[0] = half_at(block, 0),
            Format::BF16 => out[0] = bf16::from_le_bytes([block[0], block[1]]).to_f32(),
            Format::Q4_0 => q4_0(block, out),
            Format::Q8_0 => q8_0(block, out),
            Format::Q4K => q4_k(block, out),
            Format::Q5K => q5_k(block, out),
            Format::Q6K => q6_k(block, out),
        }
    }
}

fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

fn q4_0(block: &[u8], out: &mut [f32]) {
    let d = half_at(block, 0);
    for (i, byte) in block[2..].iter().enumerate() {
        out[i] = d * (f32::from(byte & 15) - 8.0);
        out[i + 16] = d * (f32::from(byte >> 4) - 8.0);
    }
}

fn q8_0(block: &[u8], out: &mut [f32]) {
    let d = half_at(block, 0);
    for (value, byte) in out.iter_mut().zip(&block[2..]) {
        *value = d * f32::from(*byte as i8);
    }
}

/// The 8 scales and 8 minima of 6 bits that Q4_K and Q5_K pack into 12 bytes.
pub(crate) fn scales_and_minima(packed: &[u8]) -> ([u8; 8], [u8; 8]) {
    let (mut scales, mut minima) = ([0; 8], [0; 8]);
    for j in 0..4 {
        scales[j] = packed[j] & 63;
        minima[j] = packed[j + 4] & 63;
        scales[j + 4] = (packed[j + 8] & 15) | (packed[j] >> 6) << 4;
        minima[j + 4] = (packed[j + 8] >> 4) | (packed[j + 4] >> 6) << 4;
    }
    (scales, minima)
}

fn q4_k(block: &[u8], out: &mut [f32]) {
    let (d, d_min) = (half_at(block, 0), half_at(block, 2));
    let (scales, minima) = scales_and_minima(&block[4..16]);
    for (group, out) in out.chunks_exact_mut(32).enumerate() {
        let scale = d * f32::from(scales[group]);
        let minimum = d_min * f32::from(minima[group]);
        let bytes = &block[16 + group / 2 * 32..];
        for (value, byte) in out.iter_mut().zip(bytes) {
            let q = byte >> (group % 2 * 4) & 15;
            *value = scale * f32::from(q) - minimum;
        }
    }
}

fn q5_k(block: &[u8], out: &mut [f32]) {
    let (d, d_min) = (half_at(block, 0), half_at(block, 2));
    let (scales, minima) = scales_and_minima(&block[4..16]);
    let high = &block[16..48];
    for (group, out) in out.chunks_exact_mut(32).enumerate() {
        let scale = d * f32::from(scales[group]);
        let minimum = d_min * f32::from(minima[group]);
        let bytes = &block[48 + group / 2 * 32..];
        for ((value, byte), high) in out.iter_mut().zip(bytes).zip(high) {
            let q = (byte >> (group % 2 * 4) & 15) | (high >> group & 1) << 4;
            *value = scale * f32::from(q) - minimum;
        }
    }
}

fn q6_k(block: &[u8], out: &mut [f32]) {
    let d = half_at(block, 208);
    for (i, value) in out.iter_mut().enumerate() {
        let (half, quarter, at) = (i / 128, i % 128 / 32, i % 32);
        let low = block[half * 64 + quarter % 2 * 32 + at] >> (quarter / 2 * 4) & 15;
        let high = block[128 + half * 32 + at] >> (quarter * 2) & 3;
        let scale = block[192 + i / 16] as i8;
        *value = d * f32::from(scale) * (f32::from(low | high << 4) - 32.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;

    #[test]
    fn blocks_equal_those_of_ggml_to_the_bit() {
        let floats = std::fs::read(golden::path("blocks.f32")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&golden::text("blocks.json")).unwrap();
        let mut seen = 0;
        for format in [0, 1, 2, 8, 12, 13, 14, 30].map(|id| Format::from_ggml(id).unwrap()) {
            let Some(expected) = json["types"].get(format.name()) else {
                continue;
            };
            let digits = expected["hex"].as_str().unwrap().as_bytes();
            let bytes: Vec<u8> = digits
                .chunks_exact(2)
                .map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap())
                .collect();
            let start = 4 * expected["offset"].as_u64().unwrap() as usize;
            let mut out = vec![0.0; bytes.len() / format.block_bytes() * format.block_len()];
            dequantize(format, &bytes, &mut out);
            for (value, expected) in out.iter().zip(floats[start..].chunks_exact(4)) {
                let expected = f32::from_le_bytes(expected.try_into().unwrap());
                assert_eq!(value.to_bits(), expected.to_bits(), "{}", format.name());
            }
            seen += 1;
        }
        assert_eq!(seen, 7);
    }
}

use std::sync::Arc;

use half::f16;
use proptest::prelude::*;

use super::*;
use crate::weight::Bytes;

const FORMATS: [Format; 8] = [
    Format::F32,
    Format::F16,
    Format::BF16,
    Format::Q4_0,
    Format::Q8_0,
    Format::Q4K,
    Format::Q5K,
    Format::Q6K,
];

/// Reproducible bytes.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

/// A row of any bytes, with scales that are small numbers.
fn weight(format: Format, rows: usize, columns: usize, seed: u64) -> Weight {
    let mut next = noise(seed);
    let mut bytes: Vec<u8> = (0..format.bytes(columns).unwrap() * rows)
        .map(|_| next() as u8)
        .collect();
    for block in bytes.chunks_exact_mut(format.block_bytes()) {
        let mut small = || f16::from_f32((next() % 2000) as f32 / 1e5 - 0.01).to_le_bytes();
        match format {
            Format::F32 => {
                block.copy_from_slice(&f16::from_le_bytes(small()).to_f32().to_le_bytes())
            }
            Format::F16 => block.copy_from_slice(&small()),
            Format::BF16 => block[1] = 0x3c,
            Format::Q4_0 | Format::Q8_0 => block[..2].copy_from_slice(&small()),
            Format::Q4K | Format::Q5K => {
                block[..2].copy_from_slice(&small());
                block[2..4].copy_from_slice(&small());
            }
            Format::Q6K => block[208..].copy_from_slice(&small()),
        }
    }
    Weight::try_new(format, rows, columns, Bytes::Owned(Arc::from(bytes))).unwrap()
}

fn product(set: InstructionSet, w: &Weight, floats: &[f32], rounded: &Activations) -> Vec<f32> {
    let rows = floats.len() / w.columns();
    let input = Input {
        floats,
        rounded,
        rows,
    };
    let mut out = vec![f32::NAN; rows * w.rows()];
    multiply(set, w, 0..w.rows(), input, |t, row, values| {
        out[t * w.rows() + row..][..values.len()].copy_from_slice(values);
    });
    out
}

fn check(format: Format, tokens: usize, blocks: usize, seed: u64) {
    let columns = blocks * 256;
    // Two tiles and a rest.
    let w = weight(format, 67, columns, seed);
    let mut next = noise(seed + 1);
    let floats: Vec<f32> = (0..tokens * columns)
        .map(|_| (next() % 20_001) as f32 / 1e4 - 1.0)
        .collect();
    let mut rounded = Activations::default();
    if let Some(block) = format.activation_block() {
        rounded.resize(tokens, columns, block);
        rounded.quantize(&mut crate::Pool::new(1), InstructionSet::detect(), &floats);
    }
    let expected = product(InstructionSet::Plain, &w, &floats, &rounded);
    for (set, w) in variants(&w) {
        let out = product(set, &w, &floats, &rounded);
        let size = expected.iter().fold(1e-3_f32, |m, v| m.max(v.abs()));
        for (a, b) in out.iter().zip(&expected) {
            assert!(
                (a - b).abs() <= 1e-4 * size,
                "{set:?} {} {} tiles T={tokens}: {a} instead of {b}",
                format.name(),
                w.tiles()
            );
        }
    }
}

/// All ways in which this CPU multiplies a weight, but for the plain one.
fn variants(w: &Weight) -> Vec<(InstructionSet, Weight)> {
    let best = InstructionSet::detect();
    let tiled = w.to_tiles(&mut crate::Pool::new(2)).unwrap();
    let mut all = vec![(best, tiled), (InstructionSet::Avx2, w.clone())];
    all.retain(|(set, _)| *set <= best && best > InstructionSet::Plain);
    all
}

#[test]
fn every_kernel_computes_what_plain_code_computes() {
    for format in FORMATS {
        for tokens in [1, 2, 3, 4, 5, 6, 7, 8, 13, 24, 31] {
            check(format, tokens, 2, 7);
        }
    }
}

/// Whatever else is in a pass, a row of activations gives the same bits.
#[test]
fn tiles_give_a_row_the_same_bits_in_any_company() {
    let set = InstructionSet::detect();
    for format in [Format::Q4K, Format::Q5K, Format::Q6K] {
        let w = weight(format, 64, 512, 3);
        let w = w.to_tiles(&mut crate::Pool::new(2)).unwrap();
        let floats: Vec<f32> = (0..13 * 512).map(|i| (i as f32 * 0.37).sin()).collect();
        let rows = |count: usize| {
            let floats = &floats[..count * 512];
            let mut rounded = Activations::default();
            rounded.resize(count, 512, 256);
            rounded.quantize(&mut crate::Pool::new(1), set, floats);
            product(set, &w, floats, &rounded)
        };
        // On other CPUs few rows and many are multiplied by different kernels.
        let alone = if w.tiles() > 0 { rows(1) } else { rows(5) };
        for count in [5, 8, 9, 13] {
            let together = rows(count);
            assert_eq!(together[..alone.len()], alone, "{} {count}", format.name());
        }
    }
}

#[test]
fn largest_values_do_not_overflow() {
    for format in [
        Format::Q4K,
        Format::Q5K,
        Format::Q6K,
        Format::Q8_0,
        Format::Q4_0,
    ] {
        let d = f16::ONE.to_le_bytes();
        let mut block = vec![0xff; format.block_bytes()];
        match format {
            Format::Q6K => {
                block[192..208].fill(0x80);
                block[208..].copy_from_slice(&d);
            }
            _ => block[..2].copy_from_slice(&d),
        }
        if matches!(format, Format::Q4K | Format::Q5K) {
            block[2..4].copy_from_slice(&[0, 0]);
        }
        if format == Format::Q8_0 {
            block[2..].fill(0x80);
        }
        let columns = format.block_len();
        // One row of activations for single rows of weights, many for a tile.
        for (rows, tokens) in [(1, 1), (32, 1), (32, 8), (32, 12)] {
            let bytes = Bytes::Owned(Arc::from(block.repeat(rows)));
            let w = Weight::try_new(format, rows, columns, bytes).unwrap();
            for sign in [1.0, -1.0] {
                check_extremes(&w, &vec![sign; tokens * columns]);
            }
        }
    }
}

fn check_extremes(w: &Weight, floats: &[f32]) {
    let mut rounded = Activations::default();
    rounded.resize(floats.len() / w.columns(), w.columns(), w.columns());
    rounded.quantize(&mut crate::Pool::new(1), InstructionSet::detect(), floats);
    let expected = product(InstructionSet::Plain, w, floats, &rounded);
    for (set, w) in variants(w) {
        for (out, expected) in product(set, &w, floats, &rounded).iter().zip(&expected) {
            let name = w.format().name();
            assert!(
                (out - expected).abs() < 1e-3 * expected.abs(),
                "{set:?} {name} {out} {expected}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn kernels_agree_on_any_weights(index in 0_usize..8, tokens in 1_usize..30, blocks in 1_usize..4, seed: u64) {
        check(FORMATS[index], tokens, blocks, seed % 1_000_000);
    }
}

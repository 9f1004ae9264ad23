//! Against HF transformers, see `tests/golden/llm/README.md`.

use serde_json::Value;

use super::*;
use crate::cache::PAGE_TOKENS;
use crate::golden::path as golden;
use crate::weight::Bytes;
use crate::{DeviceModel, Format, Forward, LocalModel};
use tensors::Name;

/// The hash that both sides make weights of.
fn word(name: &str, index: u64) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        h = (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let mut z = (h ^ 35).wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Weights made of their names.
struct Hashed {
    format: Format,
    shift: i32,
}

impl Tensors for Hashed {
    fn full_name(&self, name: Name, layer: Option<usize>) -> String {
        match layer {
            Some(layer) => format!("model.layers.{layer}.{}", name.checkpoint),
            None => name.checkpoint.to_owned(),
        }
    }

    fn matrix_by_name(&self, name: &str, rows: usize, columns: usize) -> Result<Weight, Error> {
        let shift = if name.contains("embed_tokens") {
            6
        } else {
            self.shift
        };
        let mut bytes = Vec::new();
        for index in 0..rows * columns {
            let w = word(name, index as u64);
            let exponent = -(shift + ((w >> 54) & 3) as i32) as f32;
            let value = f32::from((w >> 56) as i8) * exponent.exp2();
            match self.format {
                Format::F32 => bytes.extend(value.to_le_bytes()),
                _ => bytes.extend(half::bf16::from_f32(value).to_le_bytes()),
            }
        }
        let bytes = Bytes::Owned(Arc::from(bytes));
        Ok(Weight::try_new(self.format, rows, columns, bytes).unwrap())
    }

    fn vector_by_name(&self, name: &str, length: usize) -> Result<Vec<f32>, Error> {
        let value = |i| 1.0 + f32::from(((word(name, i) >> 56) as i8) >> 4) / 32.0;
        Ok((0..length as u64).map(value).collect())
    }

    fn invalid(&self, name: &str, problem: String) -> Error {
        panic!("{name}: {problem}")
    }
}

/// Expected values of one model.
struct Golden {
    json: Value,
    floats: Vec<f32>,
}

impl Golden {
    fn read(folder: &str, name: &str) -> Self {
        let path = golden(folder).join(name);
        let json = std::fs::read(path.with_extension("json")).unwrap();
        let bytes = std::fs::read(path.with_extension("f32")).unwrap();
        Self {
            json: serde_json::from_slice(&json).unwrap(),
            floats: bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                .collect(),
        }
    }

    fn floats(&self, place: &Value) -> &[f32] {
        let sides = place["shape"].as_array().unwrap();
        let count: u64 = sides.iter().map(|s| s.as_u64().unwrap()).product();
        let start = place["offset"].as_u64().unwrap() as usize;
        &self.floats[start..start + count as usize]
    }
}

fn tokens(json: &Value) -> Vec<u32> {
    let list = json.as_array().unwrap();
    list.iter().map(|t| t.as_u64().unwrap() as u32).collect()
}

fn hashed(folder: &str, format: Format) -> Model {
    let json = std::fs::read(golden(folder).join("config.json")).unwrap();
    let config = Config::from_json(folder, &json).unwrap();
    let shift = if folder == "narrow" { 8 } else { 9 };
    Model::assemble(config, &Hashed { format, shift }).unwrap()
}

/// Who computes.
#[derive(Debug, Clone, Copy)]
enum By {
    /// Our kernels.
    Us,
    /// Candle, here on the CPU as elsewhere on a GPU.
    Candle,
}

const EVERYONE: [By; 2] = [By::Us, By::Candle];

impl By {
    fn load(self, model: &Model, pages: usize) -> Box<dyn Forward> {
        match self {
            Self::Us => Box::new(LocalModel::try_new(model.clone(), 2, pages).unwrap()),
            Self::Candle => {
                let device = candle_core::Device::Cpu;
                Box::new(DeviceModel::try_new(model, &device, pages).unwrap())
            }
        }
    }
}

/// A model with a cache of its own and one sequence.
struct Runner {
    model: Box<dyn Forward>,
    pages: Vec<u32>,
}

impl Runner {
    fn new(by: By, model: &Model) -> Self {
        let pages = 256 / PAGE_TOKENS;
        Self {
            model: by.load(model, pages + 3),
            // Not in order, so that a mistake in the table shows.
            pages: (0..pages as u32).rev().map(|p| p + 2).collect(),
        }
    }

    /// Logits of the last token, for a sequence that will be `total` long.
    fn run(&mut self, tokens: &[u32], start: usize, total: usize) -> Vec<f32> {
        let span = Span {
            start,
            tokens: tokens.len(),
            reach: self.model.reach(total),
            pages: &self.pages,
        };
        let pass = Pass {
            spans: &[span],
            tokens,
            wanted: &[tokens.len() - 1],
        };
        self.model.forward(pass).unwrap().to_vec()
    }

    fn prompt(&mut self, tokens: &[u32]) -> Vec<f32> {
        self.run(tokens, 0, tokens.len())
    }
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

/// The cache holds halves: keys and values of size 4 are rounded by up to 0.002.
const TOLERANCE: f32 = 0.02;

fn check_prompts(by: By, folder: &str, format: Format, kind: &str, tolerance: f32) {
    let expected = Golden::read(folder, "golden");
    let mut runner = Runner::new(by, &hashed(folder, format));
    for prompt in expected.json["prompts"].as_array().unwrap() {
        let tokens = tokens(&prompt["tokens"]);
        let logits = runner.prompt(&tokens);
        let difference = largest_difference(&logits, expected.floats(&prompt[kind]["last"]));
        let length = tokens.len();
        assert!(
            difference < tolerance,
            "{by:?} {folder} {kind} {length}: {difference}"
        );
        eprintln!("{by:?} {folder} {kind} {length}: {difference}");
    }
}

#[test]
fn logits_equal_the_reference_before_at_and_after_the_switch() {
    for by in EVERYONE {
        for folder in ["mha", "gqa", "window", "plain", "narrow"] {
            check_prompts(by, folder, Format::F32, "f32", TOLERANCE);
        }
    }
}

#[test]
fn weights_in_bf16_stay_as_near_to_the_reference_as_its_own_rounding() {
    for by in EVERYONE {
        for folder in ["mha", "gqa", "window", "plain", "narrow"] {
            check_prompts(by, folder, Format::BF16, "bf16", 0.2);
        }
    }
}

#[test]
fn prompt_in_parts_equals_the_whole() {
    let expected = Golden::read("mha", "golden");
    let prompts = expected.json["prompts"].as_array().unwrap();
    let tokens = tokens(&prompts.last().unwrap()["tokens"]);
    for by in EVERYONE {
        let mut runner = Runner::new(by, &hashed("mha", Format::F32));
        let whole = runner.prompt(&tokens);
        for part in [1, 7, 16, 64, 199] {
            let mut last = Vec::new();
            for (index, portion) in tokens.chunks(part).enumerate() {
                last = runner.run(portion, index * part, tokens.len());
            }
            let difference = largest_difference(&last, &whole);
            assert!(difference < 1e-3, "{by:?}, parts of {part}: {difference}");
        }
    }
}

#[test]
fn greedy_tokens_equal_the_reference_across_the_switch() {
    for by in EVERYONE {
        for folder in ["mha", "gqa", "window"] {
            check_greedy(by, folder);
        }
    }
}

fn check_greedy(by: By, folder: &str) {
    let expected = Golden::read(folder, "golden");
    for run in expected.json["decode"].as_array().unwrap() {
        let mut sequence = tokens(&run["tokens"]);
        let mut runner = Runner::new(by, &hashed(folder, Format::F32));
        let mut logits = runner.prompt(&sequence);
        let wanted = expected.floats(&run["f32"]["logits"]);
        for (step, row) in wanted.chunks_exact(320).enumerate() {
            let difference = largest_difference(&logits, row);
            assert!(
                difference < TOLERANCE,
                "{by:?} {folder} step {step}: {difference}"
            );
            let best = (0..320).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
            sequence.push(best.unwrap() as u32);
            let length = sequence.len();
            let model = &runner.model;
            logits = if model.reach(length) == model.reach(length - 1) {
                runner.run(&sequence[length - 1..], length - 1, length)
            } else {
                runner.prompt(&sequence)
            };
        }
        sequence.pop();
        let chosen = tokens(&run["f32"]["new_tokens"]);
        let chosen = &chosen[..chosen.len() - 1];
        assert!(sequence.ends_with(chosen), "{by:?} {folder}");
    }
}

#[test]
fn stage_hands_over_what_the_reference_does() {
    let expected = Golden::read("mha", "golden");
    let prompt = &expected.json["prompts"][0];
    let wanted = expected.floats(&prompt["f32"]["after_layer_0"]);
    let tokens = tokens(&prompt["tokens"]);
    let source = Hashed {
        format: Format::F32,
        shift: 9,
    };
    let model = hashed("mha", Format::F32);
    let layer = source.layer(model.config(), 0).unwrap();
    let config = Arc::new(model.config().clone());
    let first = Stage::new(config, vec![layer], InstructionSet::detect());
    let mut cache = KvCache::try_new(model.config(), 1, 1).unwrap();
    let span = Span {
        start: 0,
        tokens: tokens.len(),
        reach: first.reach(tokens.len()),
        pages: &[0],
    };
    let mut hidden = vec![0.0; wanted.len()];
    for (token, row) in tokens.iter().zip(hidden.chunks_exact_mut(256)) {
        let from = model.embedding.row(*token as usize);
        dequantize(model.embedding.format(), from, row);
    }
    let (mut pool, mut scratch) = (Pool::new(1), Scratch::default());
    first.forward(&mut pool, &mut scratch, &mut cache, &[span], &mut hidden);
    let difference = largest_difference(&hidden, wanted);
    assert!(difference < 0.005, "{difference}");
}

#[test]
fn quantised_files_give_the_logits_of_their_dequantised_weights() {
    let expected = Golden::read(".", "gguf");
    for (name, file) in expected.json["files"].as_object().unwrap() {
        let model = Model::open(&golden(&format!("{name}.gguf"))).unwrap();
        let prompts = Golden::read(name.split('/').next().unwrap(), "golden");
        let stream: Vec<u32> = (0..100)
            .map(|i| 3 + (word("prompt", i) % 317) as u32)
            .collect();
        let short = tokens(&prompts.json["prompts"][0]["tokens"]);
        assert_eq!(short, stream[..short.len()]);
        // Rounding activations to 8 bits costs llama.cpp up to 0.17 here.
        let tolerance = if name.ends_with("f16") {
            TOLERANCE
        } else {
            0.25
        };
        for by in EVERYONE {
            let mut runner = Runner::new(by, &model);
            for (length, place) in file["last"].as_object().unwrap() {
                let logits = runner.prompt(&stream[..length.parse().unwrap()]);
                let difference = largest_difference(&logits, expected.floats(place));
                assert!(
                    difference < tolerance,
                    "{by:?} {name} {length}: {difference}"
                );
            }
        }
    }
}

#[test]
fn checkpoints_in_one_file_and_in_shards_are_read() {
    let expected = Golden::read("narrow", "golden");
    let prompt = &expected.json["prompts"][0];
    let wanted = expected.floats(&prompt["f32"]["last"]);
    for folder in ["narrow/f16", "narrow/bf16_sharded"] {
        let model = Model::open(&golden(folder)).unwrap();
        for by in EVERYONE {
            let logits = Runner::new(by, &model).prompt(&tokens(&prompt["tokens"]));
            let difference = largest_difference(&logits, wanted);
            assert!(difference < TOLERANCE, "{by:?} {folder}: {difference}");
        }
    }
}

#[test]
fn sequences_in_one_pass_do_not_touch_each_other() {
    let model = hashed("mha", Format::F32);
    let prompt: Vec<u32> = (0..90)
        .map(|i| 3 + (word("prompt", i) % 317) as u32)
        .collect();
    let parts = [&prompt[..5], &prompt[20..60], &prompt[10..90]];
    let pages: [Vec<u32>; 3] = [vec![7], vec![3, 9, 1], vec![0, 2, 4, 6, 8]];
    let spans = parts.iter().zip(&pages).map(|(part, pages)| Span {
        start: 0,
        tokens: part.len(),
        reach: model.stage().reach(part.len()),
        pages,
    });
    let spans: Vec<Span<'_>> = spans.collect();
    let pass = Pass {
        spans: &spans,
        tokens: &parts.concat(),
        wanted: &[4, 44, 124],
    };
    for by in EVERYONE {
        let mut together = by.load(&model, 20);
        let logits = together.forward(pass).unwrap();
        for (logits, part) in logits.chunks_exact(320).zip(parts) {
            let alone = Runner::new(by, &model).prompt(part);
            let difference = largest_difference(logits, &alone);
            assert!(difference < 1e-4, "{by:?}: {difference}");
        }
    }
}

#[test]
fn candle_gives_the_hidden_states_that_our_kernels_give() {
    let model = hashed("gqa", Format::F32);
    let states = EVERYONE.map(|by| {
        let mut runner = Runner::new(by, &model);
        runner.prompt(&[5, 6, 7, 8, 9]);
        runner.model.states(1..4).to_vec()
    });
    assert_eq!(states[0].len(), 3 * model.config().width);
    assert!(largest_difference(&states[0], &states[1]) < 1e-3);
}

#[test]
fn broken_models_are_refused_by_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let bytes = std::fs::read(golden("narrow/q8_0.gguf")).unwrap();
    let check = |bytes: &[u8], expected: &str| {
        std::fs::write(&path, bytes).unwrap();
        let error = Model::open(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let replace = |from: &[u8], to: &[u8]| {
        let mut bytes = bytes.clone();
        let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    };
    check(&bytes[..bytes.len() - 100], "it is truncated");
    check(&replace(b"phi3", b"qwen"), "\"qwen\" is not \"phi3\"");
    let renamed = replace(b"blk.1.ffn_down", b"blk.1.ffn_xxxx");
    check(&renamed, "tensor blk.1.ffn_down.weight: is missing");
    let copy = folder.path().join("checkpoint");
    std::fs::create_dir(&copy).unwrap();
    let error = Model::open(&copy).unwrap_err().to_string();
    assert!(error.contains("config.json"), "{error}");
    let config = golden("narrow/f16/config.json");
    std::fs::copy(config, copy.join("config.json")).unwrap();
    let error = Model::open(&copy).unwrap_err().to_string();
    assert!(error.contains("no *.safetensors"), "{error}");
    std::fs::write(copy.join("model.safetensors"), [9; 50]).unwrap();
    let error = Model::open(&copy).unwrap_err().to_string();
    assert!(error.contains("model.safetensors"), "{error}");
}

//! A language model in this process: speed, loading, memory, and what a shared prefix saves.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use physical_ai_llm::{ComputeDevice, LanguageModel, PrefixCache, SharedPrefix, SpeedTest};

use super::result::Measurement;
use crate::arguments::BenchLlmArguments;
use crate::{output, process_usage};

const PROMPT_TOKENS: usize = 512;
const CONTEXTS: [usize; 2] = [128, 512];
/// Tokens that each sequence decodes in one run.
const DECODED: usize = 32;
/// Room of the only sequence, and of each of several.
const ROOM: usize = 1024;
const ROOM_OF_MANY: usize = 256;
const SEQUENCES: usize = 8;
const PREFIX: SharedPrefix = SharedPrefix {
    robots: 8,
    prefix_tokens: 400,
    own_tokens: 32,
};

/// What one quantity came to in each run.
struct Row {
    name: &'static str,
    unit: &'static str,
    values: Vec<f64>,
}

/// Measures quantity after quantity, each so often as there are runs.
pub fn measure(options: &BenchLlmArguments) -> anyhow::Result<Vec<Measurement>> {
    let threads = match options.threads {
        Some(threads) => usize::from(threads),
        None => std::thread::available_parallelism()?.get(),
    };
    let bench = Bench {
        path: &options.model,
        device: options.device,
        threads,
        runs: options.runs,
    };
    let (model, load) = bench.load()?;
    let mut rows = bench.one_sequence(&model)?;
    // Before more sequences take memory.
    let peak_bytes = process_usage::peak_rss_bytes(std::process::id())?;
    rows.push(bench.many_sequences(&model)?);
    rows.push(load);
    rows.push(Row::new(
        "llm.peak_rss_mb",
        "MB",
        vec![peak_bytes as f64 / 1e6],
    ));
    if !options.no_prefix {
        rows.extend(bench.shared_prefix(&model)?);
    }
    rows.into_iter().map(Row::measurement).collect()
}

/// For readers of the table.
pub fn explanation(options: &BenchLlmArguments) -> String {
    let mut text = format!(
        "value: median of {} runs. Decoding: {DECODED} tokens of each sequence; load: with the file in \
         the page cache; peak memory: the file's pages included, one sequence.",
        options.runs
    );
    if !options.no_prefix {
        let SharedPrefix {
            robots,
            prefix_tokens,
            own_tokens,
        } = PREFIX;
        text += &format!(
            "\nPrefix: {robots} robots ask at once, {prefix_tokens} tokens that all share and {own_tokens} \
             of their own; mean time to the first token without a prefix cache ÷ with it, after somebody \
             used the prefix before, and (cold) when nobody did."
        );
    }
    text
}

struct Bench<'a> {
    path: &'a Path,
    device: ComputeDevice,
    threads: usize,
    runs: u32,
}

impl Bench<'_> {
    /// Opens the model often and makes it ready to run; the first time does not count.
    fn load(&self) -> anyhow::Result<(LanguageModel, Row)> {
        output::note(format!("bench: opening {}", self.path.display()));
        let mut model = LanguageModel::open(self.path)?;
        let mapped = model.model.clone();
        let needed = (PROMPT_TOKENS + DECODED).max(PREFIX.context_tokens());
        let context = model.model.config().context;
        ensure!(
            context >= needed,
            "{}: its context is {context} tokens, {needed} are needed to measure it",
            self.path.display()
        );
        self.device.prepare(&mapped, self.threads)?;
        let mut values = Vec::new();
        for _ in 0..self.runs {
            // Two of them would take twice the memory.
            model.model = mapped.clone();
            let begin = Instant::now();
            let mut opened = LanguageModel::open(self.path)?;
            opened.model = self.device.prepare(&opened.model, self.threads)?;
            values.push(begin.elapsed().as_secs_f64());
            model = opened;
        }
        Ok((model, Row::new("llm.load_s", "s", values)))
    }

    fn test(
        &self,
        model: &LanguageModel,
        sequences: usize,
        tokens: usize,
    ) -> anyhow::Result<SpeedTest> {
        let by = (self.device, self.threads);
        Ok(SpeedTest::try_new(&model.model, by, sequences, tokens)?)
    }

    fn one_sequence(&self, model: &LanguageModel) -> anyhow::Result<Vec<Row>> {
        let mut test = self.test(model, 1, ROOM)?;
        // All memory is touched once, as llama.cpp does when it reserves it.
        test.prompt(PROMPT_TOKENS)?;
        let (mut prompts, mut short, mut long) = (Vec::new(), Vec::new(), Vec::new());
        for run in 1..=self.runs {
            prompts.push(test.prompt(PROMPT_TOKENS)?);
            short.push(test.decode(CONTEXTS[0], DECODED)?);
            long.push(test.decode(CONTEXTS[1], DECODED)?);
            let last = |values: &[f64]| values.last().copied().unwrap_or_default();
            self.progress(
                run,
                format_args!(
                    "prompt {:.1} tokens/s; decoding {:.2} at context {}, {:.2} at {}",
                    last(&prompts),
                    last(&short),
                    CONTEXTS[0],
                    last(&long),
                    CONTEXTS[1]
                ),
            );
        }
        Ok(vec![
            Row::new("llm.prompt_512_tokens_per_s", "tokens/s", prompts),
            Row::new("llm.decode_1_tokens_per_s", "tokens/s", short),
            Row::new("llm.decode_1_ctx512_tokens_per_s", "tokens/s", long),
        ])
    }

    fn many_sequences(&self, model: &LanguageModel) -> anyhow::Result<Row> {
        let mut test = self.test(model, SEQUENCES, ROOM_OF_MANY)?;
        let mut values = Vec::new();
        for run in 1..=self.runs {
            let speed = test.decode(CONTEXTS[0], DECODED)?;
            self.progress(
                run,
                format_args!("{SEQUENCES} sequences: {speed:.1} tokens/s"),
            );
            values.push(speed);
        }
        Ok(Row::new("llm.decode_8_tokens_per_s", "tokens/s", values))
    }

    fn shared_prefix(&self, model: &LanguageModel) -> anyhow::Result<[Row; 3]> {
        let (mut warm, mut cold, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
        for run in 1..=self.runs {
            let serve = |cache| PREFIX.serve(model, (self.device, self.threads), cache);
            let without = serve(PrefixCache::Off)?.mean_s;
            let first = serve(PrefixCache::Cold)?.mean_s;
            let later = serve(PrefixCache::Warm)?.mean_s;
            self.progress(
                run,
                format_args!(
                    "shared prefix: first tokens after {without:.2} s, {first:.2} s with a cold cache, \
                     {later:.2} s with a warm one"
                ),
            );
            warm.push(without / later);
            cold.push(without / first);
            seconds.push(later);
        }
        Ok([
            Row::new("llm.prefix_ttft_speedup", "ratio", warm),
            Row::new("llm.prefix_cold_ttft_speedup", "ratio", cold),
            Row::new("llm.prefix_ttft_s", "s", seconds),
        ])
    }

    fn progress(&self, run: u32, text: std::fmt::Arguments<'_>) {
        output::note(format!("bench: run {run} of {}: {text}", self.runs));
    }
}

impl Row {
    fn new(name: &'static str, unit: &'static str, values: Vec<f64>) -> Self {
        Self { name, unit, values }
    }

    fn measurement(self) -> anyhow::Result<Measurement> {
        Measurement::of(self.name, self.unit, None, &self.values)
            .with_context(|| format!("{}: nothing was measured", self.name))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn options(model: PathBuf) -> BenchLlmArguments {
        BenchLlmArguments {
            model,
            device: ComputeDevice::Cpu,
            threads: Some(1),
            runs: 2,
            no_prefix: false,
        }
    }

    fn golden(name: &str) -> PathBuf {
        let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
        Path::new(top).join("tests/golden/llm").join(name)
    }

    #[test]
    fn every_name_that_others_read_is_measured() {
        let measured = measure(&options(golden("narrow/q8_0.gguf"))).unwrap();
        let names: Vec<&str> = measured.iter().map(|m| m.name.as_ref()).collect();
        let expected = [
            "llm.prompt_512_tokens_per_s",
            "llm.decode_1_tokens_per_s",
            "llm.decode_1_ctx512_tokens_per_s",
            "llm.decode_8_tokens_per_s",
            "llm.load_s",
            "llm.peak_rss_mb",
            "llm.prefix_ttft_speedup",
            "llm.prefix_cold_ttft_speedup",
            "llm.prefix_ttft_s",
        ];
        assert_eq!(names, expected);
        for m in &measured {
            let runs = if m.name == "llm.peak_rss_mb" { 1 } else { 2 };
            assert_eq!(m.runs, runs, "{m:?}");
            assert!(0.0 < m.min && m.min <= m.value && m.value <= m.max, "{m:?}");
        }
    }

    #[test]
    fn model_that_cannot_be_measured_is_named() {
        let error = |path| format!("{:#}", measure(&options(path)).unwrap_err());
        assert!(error(PathBuf::from("missing.gguf")).contains("missing.gguf"));
    }
}

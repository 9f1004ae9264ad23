use std::path::PathBuf;

use clap::{Args, Subcommand};
use physical_ai_llm::ComputeDevice;

#[derive(Debug, Args)]
pub struct LlmArguments {
    /// Inference worker to ask; default: the only one that runs.
    #[arg(long, global = true, value_name = "NAME")]
    pub worker: Option<String>,
    #[command(subcommand)]
    pub command: LlmCommand,
}

#[derive(Debug, Subcommand)]
pub enum LlmCommand {
    /// Generate text, written as it comes; Ctrl-C cancels it (exit code 130).
    Generate(LlmGenerateArguments),
    /// Talk to the model; Ctrl-C cancels an answer, Ctrl-D ends. Reads a pipe line by line.
    Chat(LlmChatArguments),
    /// Describe the loaded model.
    Info,
}

#[derive(Debug, Args)]
pub struct LlmGenerateArguments {
    /// What to say to the model; `-`: from standard input.
    pub text: String,
    /// What the text must satisfy: a JSON Schema, or a file that holds one.
    #[arg(long, value_name = "FILE|JSON")]
    pub schema: Option<String>,
    /// What the model is told before, for example its part.
    #[arg(long, value_name = "TEXT")]
    pub system: Option<String>,
    /// Send the text as it is, without the model's chat template.
    #[arg(long, conflicts_with = "system")]
    pub raw: bool,
    #[command(flatten)]
    pub generation: GenerationArguments,
}

#[derive(Debug, Args)]
pub struct LlmChatArguments {
    /// What the model is told before, for example its part.
    #[arg(long, value_name = "TEXT")]
    pub system: Option<String>,
    #[command(flatten)]
    pub generation: GenerationArguments,
}

/// How text is generated. Zero leaves a number to the worker or switches it off, as in the action.
#[derive(Debug, Clone, Args)]
pub struct GenerationArguments {
    /// Most tokens to generate; 0: the worker's default.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub max_tokens: u32,
    /// 0 always takes the likeliest token; 1 draws as the model says.
    #[arg(long, default_value_t = 0.0, value_name = "T")]
    pub temperature: f32,
    /// Draw from so many of the likeliest tokens; 0: all.
    #[arg(long, default_value_t = 0, value_name = "K")]
    pub top_k: u32,
    /// Draw from the likeliest tokens that together reach this probability; 0: all.
    #[arg(long, default_value_t = 0.0, value_name = "P")]
    pub top_p: f32,
    /// Draw from tokens with this share of the likeliest one's probability; 0: all.
    #[arg(long, default_value_t = 0.0, value_name = "P")]
    pub min_p: f32,
    /// Above 1: tokens that were there already become unlikelier; 0: off.
    #[arg(long, default_value_t = 0.0, value_name = "R")]
    pub repetition_penalty: f32,
    /// Same seed, same text.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Text that ends the generation. May be repeated.
    #[arg(long, value_name = "TEXT")]
    pub stop: Vec<String>,
    /// 0 lowest, 255 highest.
    #[arg(long, default_value_t = 128)]
    pub priority: u8,
}

#[derive(Debug, Args)]
pub struct BenchLlmArguments {
    /// Model: a GGUF file, or a folder with config.json, safetensors and tokenizer.json.
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// What computes: cpu, or cuda:N with the number of a GPU in a build with the feature cuda.
    #[arg(long, default_value = "cpu")]
    pub device: ComputeDevice,
    /// Threads that compute on a CPU; default: one per core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Number of runs; the value printed is their median.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    /// Leave out the robots that share a prefix, which take most of the time.
    #[arg(long)]
    pub no_prefix: bool,
}

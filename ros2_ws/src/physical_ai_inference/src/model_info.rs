use std::collections::BTreeMap;
use std::path::Path;

use physical_ai_llm::{ComputeDevice, Forward, LanguageModel, LocalModel};
use physical_ai_ros::msg::physical_ai_msgs::srv::ModelInfo;

/// Weights are loaded once and not changed.
const VERSION: u64 = 1;

/// Describes an opened model.
pub fn describe(model: &LanguageModel, cache_bytes: usize) -> ModelInfo::Response {
    let config = model.model.config();
    let mut formats: BTreeMap<&str, usize> = BTreeMap::new();
    let mut bytes = 0;
    for weight in model.model.weights() {
        *formats.entry(weight.format().name()).or_default() += weight.bytes().len();
        bytes += weight.bytes().len();
    }
    // Files mix formats: the one of most bytes names it.
    let most = formats.into_iter().max_by_key(|(_, bytes)| *bytes);
    ModelInfo::Response {
        name: model.name.clone(),
        architecture: "phi3".to_owned(),
        quantization: most.map_or_else(String::new, |(name, _)| name.to_owned()),
        version: VERSION,
        context_tokens: u32::try_from(config.context).unwrap_or(u32::MAX),
        vocabulary: u32::try_from(config.vocabulary).unwrap_or(u32::MAX),
        memory_bytes: (bytes + cache_bytes) as u64,
        ..ModelInfo::Response::default()
    }
}

/// Opens the model of a parameter.
///
/// # Errors
/// The reason with path, key and value.
pub fn open(model_file: &str) -> Result<LanguageModel, String> {
    if model_file.is_empty() {
        return Err(
            "model_file is empty: set it to a GGUF file, or to a folder with config.json, \
             safetensors and tokenizer.json"
                .to_owned(),
        );
    }
    LanguageModel::open(Path::new(model_file)).map_err(|e| format!("model_file: {e}"))
}

/// Makes the model ready to run: its cache is reserved, and threads are started or a GPU gets the weights.
///
/// # Errors
/// The reason with field and value.
pub fn load(
    model: &LanguageModel,
    device: ComputeDevice,
    threads: usize,
    cache_bytes: usize,
) -> Result<Box<dyn Forward + Send>, String> {
    let pages = LocalModel::pages_within(model.model.config(), cache_bytes);
    device
        .load(&model.model, threads, pages)
        .map_err(|e| format!("device {device}, cache_mb {}: {e}", cache_bytes >> 20))
}

//! `llm info`: what a worker has loaded.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::ensure;
use physical_ai_ros::msg::physical_ai_msgs::srv::ModelInfo;
use serde_json::json;

use super::worker;
use crate::arguments::Global;
use crate::{connection, output};

/// The worker was seen a moment ago.
const ANSWER: Duration = Duration::from_secs(10);

pub async fn run(global: &Global, wanted: Option<&str>) -> anyhow::Result<ExitCode> {
    let client = connection::connect(global)?;
    let worker = worker::find(&client, global, wanted).await?;
    let service = format!("{worker}/model_info");
    let request = ModelInfo::Request::default();
    let model = client
        .call::<ModelInfo::Service>(&service, request, ANSWER)
        .await?;
    ensure!(model.error_code == 0, "{worker}: {}", model.error_msg);
    if global.json {
        output::json_line(&json!({
            "worker": worker,
            "name": model.name,
            "architecture": model.architecture,
            "quantization": model.quantization,
            "version": model.version,
            "context_tokens": model.context_tokens,
            "vocabulary": model.vocabulary,
            "memory_bytes": model.memory_bytes,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = output::table(&["worker", &worker]);
    let memory = format!("{:.0} MB", model.memory_bytes as f64 / 1e6);
    for (name, value) in [
        ("model", model.name),
        ("architecture", model.architecture),
        ("weights", model.quantization),
        ("version", model.version.to_string()),
        ("context", format!("{} tokens", model.context_tokens)),
        ("vocabulary", format!("{} tokens", model.vocabulary)),
        ("weights and cache", memory),
    ] {
        table.add_row([name, &value]);
    }
    output::line(table);
    Ok(ExitCode::SUCCESS)
}

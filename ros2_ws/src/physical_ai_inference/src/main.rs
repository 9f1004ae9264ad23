//! The `inference_worker` node: text from a language model, many requests at once.

mod action_client;
mod embed_client;
mod engine_thread;
mod goals;
mod http;
mod model_info;
mod node;
mod outcome;
mod parameters;
mod refusal;
mod request_reader;

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<node::InferenceNode>("inference_worker")
}

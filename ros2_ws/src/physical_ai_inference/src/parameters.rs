use std::net::{IpAddr, SocketAddr};
use std::thread::available_parallelism;

use physical_ai_llm::{ComputeDevice, EngineConfig};

physical_ai_ros::parameters! {
    /// Parameters of the inference worker.
    pub struct InferenceParameters {
        /// Model: a GGUF file, or a folder with config.json, safetensors and tokenizer.json.
        model_file: String = String::new(), read_only;
        /// What computes: cpu, or cuda:N with the number of a GPU in a build with the feature cuda.
        device: String = "cpu".to_owned(), read_only;
        /// Threads that compute on a CPU; 0: one per core.
        threads: i64 = 0, range(0, 1024), read_only;
        /// Memory for keys and values of all sequences, MB of 2^20 bytes.
        cache_mb: i64 = 1024, range(1, 1048576), read_only;
        /// Sequences that generate at once.
        max_sequences: i64 = 16, range(1, 1024), read_only;
        /// Tokens of one pass, more than max_sequences; small values keep running sequences smooth beside long prompts.
        max_batch_tokens: i64 = 256, range(2, 65536), read_only;
        /// Requests that may wait; more are refused as OVERLOADED.
        max_waiting: i64 = 1024, range(0, 100000), read_only;
        /// Share the cache of equal beginnings of prompts.
        prefix_cache: bool = true, read_only;
        /// Tokens guessed from the text so far and checked in one pass; 0: none. The output is the same.
        speculative_tokens: i64 = 0, range(0, 64), read_only;
        /// Tokens to generate when a request does not say how many.
        default_max_tokens: i64 = 512, range(1, 1000000), read_only;
        /// Results of ended action goals are kept so long for clients that ask late, s.
        result_timeout_s: f64 = 60.0, range(1.0, 86400.0), read_only;
        /// Port of the OpenAI-compatible HTTP endpoint; 0: none.
        http_port: i64 = 0, range(0, 65535), read_only;
        /// IP address that it listens on. It asks nobody for a key: 0.0.0.0 and :: let in whoever reaches this machine.
        http_address: String = "127.0.0.1".to_owned(), read_only;
    }
}

/// Ranges keep every number within what a `usize` holds.
fn size(value: i64) -> usize {
    usize::try_from(value).unwrap_or(0)
}

impl InferenceParameters {
    /// Limits of the engine.
    pub fn engine(&self) -> EngineConfig {
        EngineConfig {
            max_batch_tokens: size(self.max_batch_tokens),
            max_sequences: size(self.max_sequences),
            max_waiting: size(self.max_waiting),
            prefix_cache: self.prefix_cache,
            speculative: (self.speculative_tokens > 0).then(|| size(self.speculative_tokens)),
        }
    }

    /// What computes.
    ///
    /// # Errors
    /// A reason that names the parameter and its value.
    pub fn device(&self) -> Result<ComputeDevice, String> {
        self.device
            .parse()
            .map_err(|e: physical_ai_llm::Error| e.to_string())
    }

    /// Where HTTP is served, if it is.
    ///
    /// # Errors
    /// A reason that names the parameter and its value.
    pub fn http(&self) -> Result<Option<SocketAddr>, String> {
        let address = &self.http_address;
        let ip: IpAddr = address.parse().map_err(|_| {
            format!("http_address is {address:?}: must be an IP address, for example 127.0.0.1")
        })?;
        let port = u16::try_from(self.http_port).unwrap_or(0);
        Ok((port > 0).then_some(SocketAddr::new(ip, port)))
    }

    /// Threads that compute.
    pub fn threads(&self) -> usize {
        match self.threads {
            0 => available_parallelism().map_or(1, usize::from),
            threads => size(threads),
        }
    }

    /// Memory of the cache, bytes.
    pub fn cache_bytes(&self) -> usize {
        size(self.cache_mb) << 20
    }

    /// Tokens to generate when a request does not say.
    pub fn default_max_tokens(&self) -> usize {
        size(self.default_max_tokens)
    }
}

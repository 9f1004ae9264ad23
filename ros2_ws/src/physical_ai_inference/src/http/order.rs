use std::time::Instant;

use tokio::sync::oneshot;

use super::client::HttpClient;
use crate::engine_thread::Ask;

/// What the HTTP thread asks of the node.
pub enum Order {
    /// To serve a request.
    Serve {
        /// What is asked.
        ask: Ask,
        /// When it has to be over.
        deadline: Option<Instant>,
        /// Who asks.
        client: HttpClient,
    },
    /// To say how it is.
    Tell(oneshot::Sender<Health>),
}

/// How the node is.
#[derive(Debug, Clone, Copy)]
pub struct Health {
    /// Between activate and deactivate.
    pub is_active: bool,
    /// False after a defect of the engine.
    pub is_alive: bool,
    /// Sequences that run.
    pub running: usize,
    /// Requests that wait.
    pub waiting: usize,
}

use physical_ai_llm::{Timings, Usage};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::ApiError;
use crate::goals::{Client, Fresh};
use crate::outcome::Outcome;
use crate::refusal::{Code, Refusal};

/// What an HTTP client hears.
#[derive(Debug)]
pub enum Update {
    /// New text.
    Fresh(Fresh),
    /// One row for each text that was to be embedded.
    Rows(Vec<Vec<f32>>),
    /// The end, as it should be.
    Done {
        /// `stop` or `length`.
        finish_reason: &'static str,
        /// Tokens.
        usage: Usage,
    },
    /// Another end.
    Failed(ApiError),
}

/// The node's end of a connection; the other end is dropped when the client is gone.
pub struct HttpClient {
    // Never fills: a request ends after max_tokens, whether its client reads or not.
    updates: UnboundedSender<Update>,
}

impl HttpClient {
    /// Both ends.
    pub fn channel() -> (Self, UnboundedReceiver<Update>) {
        let (updates, receiver) = unbounded_channel();
        (Self { updates }, receiver)
    }

    /// Ends a request that is not served.
    pub fn fail(&self, error: ApiError) {
        self.send(Update::Failed(error));
    }

    fn send(&self, update: Update) {
        if self.updates.send(update).is_err() {
            tracing::debug!("an HTTP client is gone; nobody hears what came of its request");
        }
    }
}

impl Client for HttpClient {
    fn is_gone(&self) -> bool {
        self.updates.is_closed()
    }

    fn hear(&mut self, fresh: Fresh) {
        self.send(Update::Fresh(fresh));
    }

    fn embedded(&mut self, rows: Vec<Vec<f32>>) {
        self.send(Update::Rows(rows));
    }

    fn end(self: Box<Self>, outcome: Outcome, usage: Usage, _timings: Timings) {
        if outcome.code == Code::Ok {
            // A text that its schema completed has stopped.
            let finish_reason = match outcome.finish_reason {
                "schema" => "stop",
                reason => reason,
            };
            self.send(Update::Done {
                finish_reason,
                usage,
            });
        } else {
            self.fail(outcome.into());
        }
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) {
        self.fail(refusal.into());
    }
}

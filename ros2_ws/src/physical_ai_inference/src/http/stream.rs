//! Server-sent events.

use std::convert::Infallible;

use axum::body::Body;
use futures::stream;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::ApiError;
use super::answer::Answer;
use super::client::Update;

struct State {
    answer: Answer,
    /// What was heard already.
    first: Option<Update>,
    updates: UnboundedReceiver<Update>,
    has_begun: bool,
    has_ended: bool,
}

/// Passes updates on as they come. Whoever drops the body drops the receiver, which ends the request.
pub fn body(answer: Answer, first: Update, updates: UnboundedReceiver<Update>) -> Body {
    let state = State {
        answer,
        first: Some(first),
        updates,
        has_begun: false,
        has_ended: false,
    };
    Body::from_stream(stream::unfold(state, |mut state| async move {
        if state.has_ended {
            return None;
        }
        let update = match state.first.take() {
            Some(update) => update,
            // Nobody is left on the other end.
            None => match state.updates.recv().await {
                Some(update) => update,
                None => Update::Failed(ApiError::stopping()),
            },
        };
        let text = state.write(update);
        Some((Ok::<_, Infallible>(text), state))
    }))
}

impl State {
    fn write(&mut self, update: Update) -> String {
        let mut text = String::new();
        if !self.has_begun {
            self.has_begun = true;
            text.extend(self.answer.opening().map(|chunk| event(&chunk)));
        }
        match update {
            Update::Fresh(fresh) => {
                // A token whose text is held back is no news to anybody, unless its probability is.
                if !fresh.text.is_empty() || self.answer.top_logprobs.is_some() {
                    let piece = self.answer.piece(&fresh.text, &fresh.tokens);
                    text.push_str(&event(&piece));
                }
            }
            Update::Rows(_) => {}
            Update::Done {
                finish_reason,
                usage,
            } => {
                self.has_ended = true;
                for chunk in self.answer.closing(finish_reason, usage) {
                    text.push_str(&event(&chunk));
                }
                text.push_str("data: [DONE]\n\n");
            }
            Update::Failed(error) => {
                self.has_ended = true;
                text.push_str(&event(&error.json()));
            }
        }
        text
    }
}

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

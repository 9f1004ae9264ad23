use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::body;
use crate::outcome::Outcome;
use crate::refusal::{Code, Refusal};

/// Values, and what is said of them, are cut off here, characters.
const MOST_SHOWN: usize = 120;

/// What goes wrong, as OpenAI clients expect to hear it.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// Kind for programs; empty: none.
    pub code: &'static str,
    /// The field that is wrong; empty: none.
    pub param: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl ApiError {
    /// An error that is no single field's fault.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            param: String::new(),
            message: message.into(),
        }
    }

    /// A field with a value that cannot be used.
    pub fn invalid(field: impl Into<String>, value: &Value, problem: &str) -> Self {
        let param = field.into();
        let (shown, problem) = (shorten(value.to_string()), shorten(problem.to_owned()));
        let message = format!("{param} is {shown}: {problem}");
        Self {
            param,
            ..Self::new(StatusCode::BAD_REQUEST, "invalid_value", message)
        }
    }

    /// The worker takes no requests in its state.
    pub fn inactive() -> Self {
        let message = "the worker is not active: activate it";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "inactive", message)
    }

    /// The worker goes, or has gone.
    pub fn stopping() -> Self {
        Self::from(&crate::goals::stopping())
    }

    /// The node cannot be reached: it has more to do than it can.
    pub fn busy() -> Self {
        let message = "the worker has too much to do: try again later";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", message)
    }

    /// As a body, also within a stream.
    pub fn json(&self) -> Value {
        let kind = match self.status.as_u16() {
            429 => "rate_limit_error",
            400..=499 => "invalid_request_error",
            _ => "server_error",
        };
        let or_null = |text: &str| match text {
            "" => Value::Null,
            text => Value::from(text),
        };
        json!({"error": {
            "message": self.message,
            "type": kind,
            "param": or_null(&self.param),
            "code": or_null(self.code),
        }})
    }
}

fn shorten(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MOST_SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl From<&Refusal> for ApiError {
    fn from(refusal: &Refusal) -> Self {
        let (status, code) = match refusal.code {
            Code::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_value"),
            Code::TooLong => (StatusCode::BAD_REQUEST, "context_length_exceeded"),
            // It would not fit into an empty cache either.
            Code::OutOfMemory => (StatusCode::BAD_REQUEST, "out_of_memory"),
            Code::Overloaded => (StatusCode::TOO_MANY_REQUESTS, "overloaded"),
            Code::Canceled => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Code::DeadlineMissed => (StatusCode::GATEWAY_TIMEOUT, "deadline_missed"),
            Code::Ok | Code::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        };
        Self::new(status, code, refusal.reason.as_str())
    }
}

impl From<Outcome> for ApiError {
    fn from(outcome: Outcome) -> Self {
        if outcome.code == Code::Canceled {
            // Not 409, which clients repeat by themselves: two of a key would replace each other for ever.
            return Self::new(StatusCode::GONE, "canceled", outcome.reason);
        }
        Self::from(&Refusal::new(outcome.code, outcome.reason))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = body::json(self.status, &self.json());
        let headers = response.headers_mut();
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // A deadline that has passed stays passed; OpenAI's clients would ask twice more.
            StatusCode::GATEWAY_TIMEOUT => {
                headers.insert("x-should-retry", HeaderValue::from_static("false"));
            }
            _ => {}
        }
        response
    }
}

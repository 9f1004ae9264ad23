//! Bodies of requests and responses.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::StreamExt;
use serde_json::Value;

use super::ApiError;

/// Largest body, bytes: the longest context as text, and a schema.
pub const MOST_BYTES: usize = 4 << 20;
/// Of a body that is too large, so much is read and thrown away: a client that still writes does not
/// hear why it was refused.
const MOST_DISCARDED: usize = 64 << 20;
/// A body is waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a JSON object.
///
/// # Errors
/// 400, 408, 413 or 415, saying what is wrong.
pub async fn read(request: Request) -> Result<Value, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|k| k.to_str().ok()).unwrap_or_default();
    // Also keeps web pages out: a browser asks before it sends JSON to another site.
    if !kind.to_ascii_lowercase().starts_with("application/json") {
        let message = format!("content-type is {kind:?}: must be application/json");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(ApiError::new(status, "unsupported_media_type", message));
    }
    let bytes = tokio::time::timeout(PATIENCE, collect(request.into_body()))
        .await
        .map_err(|_| {
            let message = format!("the body did not come within {} s", PATIENCE.as_secs());
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", message)
        })??;
    let invalid = |message: String| ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", message);
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|e| invalid(format!("the body is not JSON: {e}")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(ApiError::invalid("body", &value, "must be an object"))
    }
}

async fn collect(body: Body) -> Result<Vec<u8>, ApiError> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| {
            let message = format!("the body broke off: {e}");
            ApiError::new(StatusCode::BAD_REQUEST, "incomplete_body", message)
        })?;
        length += chunk.len();
        if length <= MOST_BYTES {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
        if length > MOST_DISCARDED {
            break;
        }
    }
    if length <= MOST_BYTES {
        return Ok(bytes);
    }
    let message = format!("the body has {length} bytes or more: at most {MOST_BYTES} are allowed");
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    Err(ApiError::new(status, "body_too_large", message))
}

/// A response of one JSON value.
pub fn json(status: StatusCode, value: &Value) -> Response {
    respond(status, "application/json", Body::from(value.to_string()))
}

/// A response of a type.
pub fn respond(status: StatusCode, kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

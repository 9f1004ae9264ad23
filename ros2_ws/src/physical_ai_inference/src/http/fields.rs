//! Fields of a body, and errors that name them.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::ApiError;

/// Reads the fields that a type has; others are left alone.
///
/// # Errors
/// Naming field and value.
pub fn read<T: DeserializeOwned>(body: &Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let mut value = body;
        for segment in error.path().iter() {
            value = match segment {
                Segment::Map { key } => &value[key.as_str()],
                Segment::Seq { index } => &value[*index],
                _ => value,
            };
        }
        let problem = error.inner().to_string();
        if std::ptr::eq(value, body) {
            return ApiError::new(StatusCode::BAD_REQUEST, "invalid_value", problem);
        }
        ApiError::invalid(error.path().to_string(), value, &problem)
    })
}

/// One text or a list of them.
///
/// # Errors
/// Naming field and value.
pub fn texts(field: &str, value: &Value) -> Result<Vec<String>, ApiError> {
    let wrong =
        |field: String, value| ApiError::invalid(field, value, "must be a text or a list of texts");
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| match item {
                Value::String(text) => Ok(text.clone()),
                other => Err(wrong(format!("{field}[{index}]"), other)),
            })
            .collect(),
        other => Err(wrong(field.to_owned(), other)),
    }
}

/// Refuses fields that would change the answer and are not served. The table gives for each the values
/// that ask for nothing special, as JSON.
///
/// # Errors
/// Naming field and value.
pub fn check_unserved(body: &Value, table: &[(&str, &[&str])]) -> Result<(), ApiError> {
    for (field, neutral) in table {
        let value = &body[*field];
        if value.is_null() || neutral.contains(&value.to_string().as_str()) {
            continue;
        }
        let problem = match neutral.first() {
            Some(only) => format!("only {only} is served here"),
            None => "is not served here: leave it out".to_owned(),
        };
        return Err(ApiError::invalid(*field, value, &problem));
    }
    Ok(())
}

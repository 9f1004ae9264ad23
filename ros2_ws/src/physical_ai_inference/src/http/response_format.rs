use serde_json::Value;

use super::ApiError;

/// The schema that a `response_format` asks for; empty: free text.
///
/// # Errors
/// Naming field and value.
pub fn schema(format: &Value) -> Result<String, ApiError> {
    let kind = &format["type"];
    match kind.as_str() {
        _ if format.is_null() => Ok(String::new()),
        Some("text") => Ok(String::new()),
        Some("json_object") => Ok(r#"{"type":"object"}"#.to_owned()),
        Some("json_schema") => match &format["json_schema"]["schema"] {
            schema @ (Value::Object(_) | Value::Bool(_)) => Ok(schema.to_string()),
            other => {
                let field = "response_format.json_schema.schema";
                let problem = "must be a JSON Schema";
                Err(ApiError::invalid(field, other, problem))
            }
        },
        _ => {
            let problem = "must be text, json_object or json_schema";
            Err(ApiError::invalid("response_format.type", kind, problem))
        }
    }
}

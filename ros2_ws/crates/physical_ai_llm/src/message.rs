use std::fmt::{self, Display};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who runs the model.
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
    /// What a tool that the model called has answered. Not every template knows it.
    Tool,
}

impl Role {
    /// Name in templates and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Error;

    /// # Errors
    /// [`Error::InvalidRequest`] for another role. A role is never passed on as text, since a
    /// template may write it into a special token.
    fn from_str(name: &str) -> Result<Self, Error> {
        [Self::System, Self::User, Self::Assistant, Self::Tool]
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or_else(|| Error::InvalidRequest {
                field: "role",
                value: format!("{name:?}"),
                problem: "roles are system, user, assistant and tool".to_owned(),
            })
    }
}

/// A part of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said. The names of special tokens in it are text like any other.
    pub content: String,
}

impl Message {
    /// A message.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_roles_are_refused_by_name() {
        let said = "developer|><|end".parse::<Role>().unwrap_err().to_string();
        assert!(said.contains("developer"), "{said}");
        for role in [Role::System, Role::User, Role::Assistant, Role::Tool] {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        }
        let unknown = r#"{"role": "root", "content": "x"}"#;
        assert!(serde_json::from_str::<Message>(unknown).is_err());
    }
}

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Error;

const MAX_NAME_BYTES: usize = 64;

/// Shortens a hostile string for an error message.
fn excerpt(text: &str) -> String {
    text.chars().take(MAX_NAME_BYTES).collect()
}

/// REP-144 style: names become topic and frame segments, so nothing else may get in
/// (a `/` would leave the namespace, a space or a quote would break shells and logs).
fn is_ros_name(text: &str) -> bool {
    text.len() <= MAX_NAME_BYTES
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Ids of missions and tasks never become topic names, so upper case, `-` and `.` are fine.
fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NAME_BYTES
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Names are shared: a clone allocates nothing, so that control and reports may pass them on.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $rule:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Arc<str>);

        impl $type {
            /// Checks the naming rule.
            ///
            /// # Errors
            /// [`Error::InvalidName`] with the offending text.
            pub fn try_new(value: impl Into<String>) -> Result<Self, Error> {
                let value = value.into();
                if $rule(&value) {
                    Ok(Self(value.into()))
                } else {
                    Err(Error::InvalidName { kind: $kind, value: excerpt(&value) })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(value: String) -> Result<Self, Error> {
                Self::try_new(value)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.as_str().to_owned()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// Name of a robot, for example `arm_1`; also its topic and tf prefix.
    RobotName, "robot", is_ros_name
);
name!(
    /// Name of a worker, for example `agent_worker`.
    WorkerName, "worker", is_ros_name
);
name!(
    /// Name of a skill, for example `navigate_to`.
    SkillName, "skill", is_ros_name
);
name!(
    /// Name of a place in the world, for example `dock_a`.
    PlaceName, "place", is_ros_name
);
name!(
    /// Name of a movable object, for example `red_box`.
    ObjectName, "object", is_ros_name
);
name!(
    /// Id of a task within its mission.
    TaskId, "task", is_id
);
name!(
    /// Id of a mission.
    MissionId, "mission", is_id
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn robot_name_rejects_what_would_leave_its_topic() {
        for bad in [
            "",
            "/arm",
            "arm/1",
            "Arm",
            "1arm",
            "arm 1",
            "ärm",
            &"a".repeat(65),
        ] {
            assert!(RobotName::try_new(bad).is_err(), "{bad:?}");
        }
        assert!(RobotName::try_new("arm_1").is_ok());
    }

    #[test]
    fn invalid_name_is_rejected_by_serde_too() {
        assert!(serde_json::from_str::<TaskId>("\"a b\"").is_err());
        assert!(serde_json::from_str::<TaskId>("\"fetch-1.b\"").is_ok());
    }
}

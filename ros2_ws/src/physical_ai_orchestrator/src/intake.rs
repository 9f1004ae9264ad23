//! From what a user sent to a mission that may run: parse and validate.

use std::time::{SystemTime, UNIX_EPOCH};

use physical_ai_domain::{MissionId, Plan};
use physical_ai_fleet::{Error as PlanError, Fleet, MAX_PLAN_BYTES, parse_plan, validate};
use physical_ai_mission::{Error, MissionError};
use physical_ai_planning::{Error as Unplanned, MAX_TEXT_BYTES};

use crate::decomposition::Made;

/// Why a mission was not taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub error: MissionError,
    pub error_msg: String,
}

impl Refusal {
    pub fn new(error: MissionError, error_msg: impl Into<String>) -> Self {
        Self {
            error,
            error_msg: error_msg.into(),
        }
    }

    /// For another mission under the id of one that is known.
    pub fn id_in_use(id: &MissionId) -> Self {
        Self::new(
            MissionError::InvalidGoal,
            format!("mission_id {id} is already used by another mission: choose another"),
        )
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Busy { .. } => MissionError::Rejected,
            _ => MissionError::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<PlanError> for Refusal {
    fn from(error: PlanError) -> Self {
        let code = match &error {
            PlanError::TooLong { .. } => MissionError::InvalidGoal,
            PlanError::Plan { .. } => MissionError::NotUnderstood,
            PlanError::Invalid(_) => MissionError::InvalidMission,
            _ => MissionError::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<Unplanned> for Refusal {
    fn from(error: Unplanned) -> Self {
        let code = match &error {
            Unplanned::TooLong { .. } => MissionError::InvalidGoal,
            Unplanned::Sentence { .. } | Unplanned::NotPlanned { .. } => {
                MissionError::NotUnderstood
            }
            Unplanned::Invalid(_) => MissionError::InvalidMission,
            _ => MissionError::Internal,
        };
        Self::new(code, error.to_string())
    }
}

/// A mission as it was sent: plain language or a plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Text(String),
    Plan(String),
}

impl Source {
    /// Exactly one of the two, and not too long.
    pub fn try_new(text: String, plan: String) -> Result<Self, Refusal> {
        let limit = |field, text: &str, allowed| {
            let observed = text.len();
            if observed <= allowed {
                return Ok(());
            }
            Err(Refusal::from(PlanError::TooLong {
                field,
                observed,
                allowed,
            }))
        };
        match (text.trim().is_empty(), plan.trim().is_empty()) {
            (true, true) => Err(Refusal::new(
                MissionError::InvalidGoal,
                "text and plan are both empty: give one of them",
            )),
            (false, false) => Err(Refusal::new(
                MissionError::InvalidGoal,
                "text and plan are both given: give one of them",
            )),
            (false, true) => limit("text", &text, MAX_TEXT_BYTES).map(|()| Self::Text(text)),
            (true, false) => limit("plan", &plan, MAX_PLAN_BYTES).map(|()| Self::Plan(plan)),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Plan(text) => text,
        }
    }

    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// Reads a plan that the user wrote.
pub fn given_plan(text: &str) -> Made {
    Ok((parse_plan(text)?, "given"))
}

/// Checks a plan against what is offered.
pub fn validated(made: (Plan, &'static str), fleet: &Fleet) -> Made {
    match validate(&made.0, fleet) {
        violations if violations.is_empty() => Ok(made),
        violations => Err(PlanError::Invalid(violations).into()),
    }
}

/// The id that the user chose, or a new one.
pub fn mission_id(chosen: &str) -> Result<MissionId, Refusal> {
    let id = if chosen.is_empty() {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        // Unique as long as one orchestrator does not take two missions in a microsecond.
        format!("mission-{:x}", since_epoch.as_micros())
    } else {
        chosen.to_owned()
    };
    MissionId::try_new(id)
        .map_err(|e| Refusal::new(MissionError::InvalidGoal, format!("mission_id: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_source_of_bounded_length_is_taken() {
        let check = |text: &str, plan: &str, expected: &str| {
            let refusal = Source::try_new(text.to_owned(), plan.to_owned()).unwrap_err();
            assert!(refusal.error_msg.contains(expected), "{refusal:?}");
            assert_eq!(refusal.error, MissionError::InvalidGoal);
        };
        check("", " ", "both empty");
        check("a", "b", "both given");
        check(&"x".repeat(10_000_000), "", "text has 10000000 bytes");
        check("", &"x".repeat(10_000_000), "plan has 10000000 bytes");
        assert!(Source::try_new("go".to_owned(), String::new()).is_ok());
    }

    #[test]
    fn chosen_ids_are_checked_and_missing_ones_made() {
        assert_eq!(mission_id("m-1").unwrap().as_str(), "m-1");
        assert!(
            mission_id("a b")
                .unwrap_err()
                .error_msg
                .contains("mission_id")
        );
        assert_ne!(mission_id("").unwrap().as_str(), "");
    }
}

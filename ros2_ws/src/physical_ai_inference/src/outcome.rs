use physical_ai_llm::FinishReason;

use crate::refusal::Code;

/// How an end is told.
pub struct Outcome {
    /// Kind.
    pub code: Code,
    /// What to do about it; empty if it is as it should be.
    pub reason: String,
    /// `stop`, `schema`, `length` or `canceled`; empty after an error.
    pub finish_reason: &'static str,
    /// Whether the client asked for the end.
    pub is_wanted: bool,
}

impl Outcome {
    /// Tells why the engine ended a request; `canceling` says that its client wanted it.
    pub fn of(reason: &FinishReason, canceling: bool) -> Self {
        let (code, finish_reason, reason) = match reason {
            FinishReason::Stop => (Code::Ok, "stop", String::new()),
            FinishReason::Complete => (Code::Ok, "schema", String::new()),
            FinishReason::Length => (Code::Ok, "length", String::new()),
            FinishReason::Cancelled if canceling => {
                let text = "cancelled by its client".to_owned();
                (Code::Canceled, "canceled", text)
            }
            FinishReason::Cancelled => (Code::Canceled, "canceled", "cancelled".to_owned()),
            FinishReason::Superseded => {
                let text = "replaced by a newer request with the same key".to_owned();
                (Code::Canceled, "canceled", text)
            }
            FinishReason::DeadlinePassed => {
                let text = "the deadline passed: allow more time or ask for fewer tokens";
                (Code::DeadlineMissed, "canceled", text.to_owned())
            }
            FinishReason::Error(error) => (Code::of(error), "", error.to_string()),
            other => (Code::Internal, "", format!("unknown end {other:?}")),
        };
        Self {
            code,
            reason,
            finish_reason,
            is_wanted: canceling,
        }
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_llm::Error;
    use physical_ai_ros::msg::physical_ai_msgs::action::Generate;

    use super::*;

    #[test]
    fn codes_are_those_of_the_action() {
        use Generate::Result as R;
        for (code, number) in [
            (Code::Ok, R::OK as u32),
            (Code::InvalidRequest, R::INVALID_REQUEST as u32),
            (Code::TooLong, R::TOO_LONG as u32),
            (Code::OutOfMemory, R::OUT_OF_MEMORY as u32),
            (Code::Overloaded, R::OVERLOADED as u32),
            (Code::Canceled, R::CANCELED as u32),
            (Code::DeadlineMissed, R::DEADLINE_MISSED as u32),
            (Code::Internal, R::INTERNAL as u32),
        ] {
            assert_eq!(code as u32, number, "{code:?}");
        }
    }

    #[test]
    fn ends_are_told_by_code_and_reason() {
        let check = |reason: FinishReason, canceling, code, finish: &str, text: &str| {
            let outcome = Outcome::of(&reason, canceling);
            assert_eq!((outcome.code, outcome.finish_reason), (code, finish));
            assert!(outcome.reason.contains(text), "{}", outcome.reason);
            assert_eq!(outcome.reason.is_empty(), code == Code::Ok);
        };
        check(FinishReason::Stop, false, Code::Ok, "stop", "");
        // The end may come before the cancellation does.
        check(FinishReason::Complete, true, Code::Ok, "schema", "");
        check(FinishReason::Length, false, Code::Ok, "length", "");
        let canceled = Code::Canceled;
        check(
            FinishReason::Cancelled,
            true,
            canceled,
            "canceled",
            "client",
        );
        check(
            FinishReason::Superseded,
            false,
            canceled,
            "canceled",
            "newer",
        );
        let missed = Code::DeadlineMissed;
        check(
            FinishReason::DeadlinePassed,
            false,
            missed,
            "canceled",
            "deadline",
        );
        let damaged = FinishReason::Error(Error::InvalidLogits {
            token: 3,
            value: f32::NAN,
        });
        check(damaged, false, Code::Internal, "", "token 3 is NaN");
        let complex = FinishReason::Error(Error::ConstraintFailed("too complex".into()));
        check(complex, false, Code::InvalidRequest, "", "too complex");
    }
}

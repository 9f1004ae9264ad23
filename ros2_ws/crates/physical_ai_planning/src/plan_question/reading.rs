//! What an answer of a model comes to, in the language of the sentence.

use super::PlanQuestion;
use super::accounting::is_korean;

/// An answer, read.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanReading {
    /// A plan as JSON, with names, that accounts for every word; whether the fleet can do it is not looked at.
    Plan(String),
    /// Why there is none.
    Refusal(String),
}

impl PlanQuestion {
    /// Reads an answer; below `min_probability` (0 to 1) one is no plan.
    pub fn read(&self, answer: &str, token_logprobs: &[f32], min_probability: f64) -> PlanReading {
        let said = serde_json::from_str::<serde_json::Value>(answer).ok();
        let refusal = said.as_ref().and_then(|v| v.get("refusal")?.as_str());
        if let Some(reason) = refusal {
            let reason = match reason.split_once(": ") {
                Some((what, name)) => format!("{what}: {}", self.as_written(&self.named(name))),
                None => self.named(reason),
            };
            return PlanReading::Refusal(if is_korean(&self.sentence) {
                in_korean(&reason)
            } else {
                reason
            });
        }
        if let Some(objection) = self.objection(answer) {
            return PlanReading::Refusal(if is_korean(&self.sentence) {
                in_korean(&objection)
            } else {
                objection
            });
        }
        match self.doubt(token_logprobs, min_probability) {
            Some(doubt) => PlanReading::Refusal(doubt),
            None => PlanReading::Plan(self.plan_text(answer)),
        }
    }

    /// Why an answer is not certain enough to move robots.
    fn doubt(&self, token_logprobs: &[f32], min_probability: f64) -> Option<String> {
        if min_probability <= 0.0 {
            return None;
        }
        let sum: f64 = token_logprobs.iter().copied().map(f64::from).sum();
        // Who does not tell how sure it is, is not; neither is NaN.
        let probability = if token_logprobs.is_empty() {
            0.0
        } else {
            sum.exp()
        };
        let is_sure = probability >= min_probability;
        let text = || {
            if is_korean(&self.sentence) {
                format!(
                    "계획이 확실하지 않습니다 (확률 {probability:.2}, planner_min_probability는 {min_probability}): 다른 말로 하거나 \
                     계획을 보내십시오"
                )
            } else {
                format!(
                    "not sure of its plan (probability {probability:.2}, planner_min_probability is {min_probability}): say \
                     it in other words, or give a plan"
                )
            }
        };
        (!is_sure).then(text)
    }
}

/// The reasons of a trained planner in Korean; any other stays as it is.
fn in_korean(reason: &str) -> String {
    let plain = match reason {
        "not a mission" => "임무가 아닙니다",
        "no robot can do that" => "그것을 할 수 있는 로봇이 없습니다",
        "value out of range" => "값이 허용 범위를 벗어납니다",
        "say which place" => "어느 장소인지 말해 주십시오",
        "say which object" => "어느 물체인지 말해 주십시오",
        "say how long" => "얼마 동안인지 말해 주십시오",
        "say what to do, not what not to do" => "하지 말아야 할 것이 아니라 할 것을 말해 주십시오",
        "conditions are not supported" => "조건은 지원하지 않습니다",
        _ => "",
    };
    if !plain.is_empty() {
        return plain.to_owned();
    }
    for (kind, noun) in [("robot", "로봇"), ("place", "장소"), ("object", "물체")] {
        if let Some(name) = reason.strip_prefix(&format!("unknown {kind}: ")) {
            return format!("\"{name}\"은(는) 알려진 {noun}이(가) 아닙니다");
        }
    }
    match reason.split_once(" cannot ") {
        Some((robot, what)) => match what.strip_prefix("reach ") {
            Some(place) => format!("{robot}은(는) {place}에 갈 수 없습니다"),
            None => format!("{robot}은(는) {what}을(를) 할 수 없습니다"),
        },
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_the_planner_are_said_in_korean() {
        for (reason, expected) in [
            ("not a mission", "임무가 아닙니다"),
            (
                "unknown place: 옥상",
                "\"옥상\"은(는) 알려진 장소이(가) 아닙니다",
            ),
            (
                "rover_1 cannot pick",
                "rover_1은(는) pick을(를) 할 수 없습니다",
            ),
            (
                "arm_1 cannot reach dock_a",
                "arm_1은(는) dock_a에 갈 수 없습니다",
            ),
        ] {
            assert_eq!(in_korean(reason), expected);
        }
    }
}

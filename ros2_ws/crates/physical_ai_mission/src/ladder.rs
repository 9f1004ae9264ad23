//! The planning ladder: rules answer first, a model only what they cannot read as grammar.

use crate::{Decomposer, Decomposition, Error, Fleet, SentenceParser};

/// What the rules make of a sentence.
#[derive(Debug)]
pub enum ByRules {
    /// They read it: nobody else need be asked.
    Plan(Decomposition),
    /// They say what is wrong with it, and that stands whatever a model says.
    Refused(Error),
    /// They cannot read it as grammar: a model may.
    Unread(Error),
}

impl ByRules {
    /// Reads a sentence for what a fleet offers.
    pub fn of(text: &str, fleet: &Fleet) -> Self {
        match SentenceParser.decompose(text, fleet) {
            Ok(made) => Self::Plan(made),
            Err(error @ Error::Sentence { fault, .. }) if !fault.is_final() => Self::Unread(error),
            Err(error) => Self::Refused(error),
        }
    }
}

/// Why a sentence that the rules cannot read has no plan of a model either, in the language of the sentence.
pub fn refusal(text: &str, unread: &Error, model: &str, is_missing: bool) -> String {
    match (is_korean(text), is_missing) {
        (false, false) => format!("the planner refuses: {model} (and by rules: {unread})"),
        (false, true) => format!("{unread} (no plan of the model either: {model})"),
        (true, false) => format!("계획하지 않습니다: {model}"),
        (true, true) => format!(
            "한국어 문장은 언어 모델만 읽는데, 그 모델의 계획이 없습니다: {model}. 영어로 말하거나 계획(YAML)을 보내십시오"
        ),
    }
}

/// True if a text has Hangul in it.
pub fn is_korean(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::tests::fleet;

    /// `p`lan, `r`efused or `u`nread.
    fn rung(text: &str) -> char {
        match ByRules::of(text, &fleet()) {
            ByRules::Plan(_) => 'p',
            ByRules::Refused(_) => 'r',
            ByRules::Unread(_) => 'u',
        }
    }

    #[test]
    fn model_is_asked_only_for_what_the_rules_cannot_read_as_grammar() {
        for (text, expected) in [
            ("rover_1 goes to dock_a", 'p'),
            ("rover_1 swings by dock_a", 'u'),
            ("rover_1은 dock_a로 가라", 'u'),
            ("get rover_1 to dock_a", 'u'),
            ("send the rover to dock_a", 'u'),
            ("the other rover goes home", 'u'),
            ("rover_9 goes to dock_a", 'r'),
            ("K9 goes to dock_a", 'r'),
            ("rover_1 goes to dock_z", 'r'),
            ("rover_1 must not go to dock_a", 'r'),
            ("rover_1 swings by dock_a unless arm_1 is home", 'r'),
            ("rover_1 goes to (1e3, 2)", 'r'),
            ("rover_1 waits 5", 'r'),
            ("rover_1 goes to dock_a slowly", 'r'),
            ("rover_1 picks up the red box", 'r'),
            ("stop all robots", 'r'),
            ("rover_1 goes home?", 'r'),
        ] {
            assert_eq!(rung(text), expected, "{text}");
        }
    }

    #[test]
    fn reasons_are_in_the_language_of_the_sentence() {
        let ByRules::Unread(error) = ByRules::of("하늘을 날아라", &fleet()) else {
            panic!("read");
        };
        for is_missing in [true, false] {
            let said = refusal("하늘을 날아라", &error, "그런 것은 없습니다", is_missing);
            assert!(is_korean(&said) && !said.contains("understood"), "{said}");
            let said = refusal("fly", &error, "no robot can do that", is_missing);
            assert!(said.contains("no robot can do that"), "{said}");
        }
    }
}

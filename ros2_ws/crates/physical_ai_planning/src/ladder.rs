//! The planning ladder as one value: rungs in order, each of which plans, refuses or passes on.

use physical_ai_domain::Plan;
use physical_ai_fleet::{Fleet, parse_plan, validate};

use crate::{Error, PlanPromptStyle, PlanQuestion, PlanReading, PlanSchemaOptions, SentenceParser};

/// Why a deployment without a model has no plan of one.
const NO_MODEL: &str = "no planner_worker is set";

/// One who may plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rung {
    /// [`SentenceParser`]: what it finds wrong with a name, a number or the meaning stands; what it cannot read as
    /// grammar it passes on.
    Rules,
    /// A language model: it is asked, and its answer counts only if it is valid, certain, and accounts for every word.
    Model(ModelRung),
}

/// How a model is asked, and when its answer counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelRung {
    /// What it was made for.
    pub style: PlanPromptStyle,
    /// Probability, 0 to 1, below which an answer is no plan.
    pub min_probability: f64,
}

impl Rung {
    /// Name in feedback and reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rules => "parser",
            Self::Model(_) => "model",
        }
    }
}

/// A plan and who made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    /// The plan.
    pub plan: Plan,
    /// Rung of the ladder: `parser` or `model`.
    pub planner: &'static str,
}

/// Rungs in order, from the top.
///
/// Nobody below is asked once one has planned or refused. It does no input and output: where a model is to be asked,
/// it hands out the question and goes on with the answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ladder {
    rungs: Vec<Rung>,
}

/// How far a sentence has come.
#[derive(Debug)]
#[must_use]
pub enum Descent {
    /// A rung planned or refused, or none is left.
    Ended(Result<Decomposition, Error>),
    /// A model is to be asked.
    Asks(Box<Asking>),
}

/// A sentence that waits for a model's answer.
#[derive(Debug)]
pub struct Asking {
    question: PlanQuestion,
    rung: ModelRung,
    below: Ladder,
    text: String,
    passed: Passed,
}

/// What a model answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelAnswer {
    /// As it wrote it.
    pub text: String,
    /// Natural logarithms of the probabilities of its tokens.
    pub token_logprobs: Vec<f32>,
}

/// Why the rungs so far have no plan.
#[derive(Debug, Default)]
struct Passed {
    /// The rules cannot read it as grammar.
    unread: Option<Error>,
    /// No answer of a model can be used.
    unanswered: Option<String>,
}

impl Ladder {
    /// A ladder of these rungs.
    pub fn new(rungs: impl IntoIterator<Item = Rung>) -> Self {
        Self {
            rungs: rungs.into_iter().collect(),
        }
    }

    /// The rules, and below them a model where there is one.
    pub fn with_rules(model: Option<ModelRung>) -> Self {
        Self::new([Rung::Rules].into_iter().chain(model.map(Rung::Model)))
    }

    /// Goes down as far as it comes without a model's answer.
    pub fn descend(&self, text: &str, fleet: &Fleet) -> Descent {
        self.go_on(text, fleet, Passed::default())
    }

    fn go_on(&self, text: &str, fleet: &Fleet, mut passed: Passed) -> Descent {
        for (at, rung) in self.rungs.iter().enumerate() {
            match rung {
                Rung::Rules => match SentenceParser.read(text, fleet) {
                    Ok(plan) => {
                        let planner = rung.name();
                        return Descent::Ended(Ok(Decomposition { plan, planner }));
                    }
                    Err(error @ Error::Sentence { fault, .. }) if !fault.is_final() => {
                        passed.unread = Some(error);
                    }
                    Err(error) => return Descent::Ended(Err(error)),
                },
                Rung::Model(model) => match question(text, fleet, model.style) {
                    Ok(question) => {
                        return Descent::Asks(Box::new(Asking {
                            question,
                            rung: *model,
                            below: Self::new(self.rungs[at + 1..].iter().copied()),
                            text: text.to_owned(),
                            passed,
                        }));
                    }
                    Err(error) => {
                        passed.unanswered = Some(format!("no question for the model: {error}"));
                    }
                },
            }
        }
        Descent::Ended(Err(passed.refusal(text)))
    }
}

fn question(text: &str, fleet: &Fleet, style: PlanPromptStyle) -> Result<PlanQuestion, Error> {
    PlanQuestion::try_new(fleet, text, style, &PlanSchemaOptions::default())
}

impl Asking {
    /// What the model is to be asked.
    pub fn question(&self) -> &PlanQuestion {
        &self.question
    }

    /// True if the model is to say how probable its tokens are.
    pub fn wants_logprobs(&self) -> bool {
        self.rung.min_probability > 0.0
    }

    /// Goes on with what the model answered, or with why it did not, for what is offered by now.
    pub fn answered(self, answer: Result<ModelAnswer, String>, fleet: &Fleet) -> Descent {
        let mut passed = self.passed;
        let made = answer.map(|answer| {
            let logprobs = &answer.token_logprobs;
            self.question
                .read(&answer.text, logprobs, self.rung.min_probability)
        });
        let reason = match made {
            Ok(PlanReading::Refusal(reason)) => {
                let refusal = passed.refused(&self.text, reason);
                return Descent::Ended(Err(refusal));
            }
            Ok(PlanReading::Plan(text)) => match valid_plan(&text, fleet) {
                Ok(plan) => {
                    let planner = Rung::Model(self.rung).name();
                    return Descent::Ended(Ok(Decomposition { plan, planner }));
                }
                Err(reason) => reason,
            },
            Err(reason) => reason,
        };
        passed.unanswered = Some(reason);
        self.below.go_on(&self.text, fleet, passed)
    }
}

/// A plan counts only if everything in it is right: what the model was bound to may have changed.
fn valid_plan(text: &str, fleet: &Fleet) -> Result<Plan, String> {
    let plan = parse_plan(text).map_err(|e| e.to_string())?;
    let violations = validate(&plan, fleet);
    if violations.is_empty() {
        Ok(plan)
    } else {
        Err(violations.join("; "))
    }
}

impl Passed {
    /// The model says that there is no plan, in the language of the sentence.
    fn refused(self, text: &str, reason: String) -> Error {
        let message = match (is_korean(text), &self.unread) {
            (true, _) => format!("계획하지 않습니다: {reason}"),
            (false, None) => format!("the planner refuses: {reason}"),
            (false, Some(unread)) => {
                format!("the planner refuses: {reason} (and by rules: {unread})")
            }
        };
        let reason = format!("the model refuses: {reason}");
        Error::NotPlanned { message, reason }
    }

    /// No rung is left.
    fn refusal(self, text: &str) -> Error {
        let is_korean = is_korean(text);
        let reason = match (self.unanswered, &self.unread) {
            (Some(reason), _) => reason,
            (None, Some(_)) if is_korean => NO_MODEL.to_owned(),
            (None, Some(_)) => match self.unread {
                Some(unread) => return unread,
                None => NO_MODEL.to_owned(),
            },
            (None, None) => NO_MODEL.to_owned(),
        };
        let message = match &self.unread {
            _ if is_korean => format!(
                "한국어 문장은 언어 모델만 읽는데, 그 모델의 계획이 없습니다: {reason}. 영어로 말하거나 계획(YAML)을 보내십시오"
            ),
            Some(unread) => format!("{unread} (no plan of the model either: {reason})"),
            None => reason.clone(),
        };
        Error::NotPlanned { message, reason }
    }
}

/// True if a text has Hangul in it.
pub fn is_korean(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

#[cfg(test)]
mod tests;

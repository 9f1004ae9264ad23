use std::fmt;

use serde::Serialize;

/// How much a doubt weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know; nothing has to be done.
    Note,
    /// Something was assumed, or will not work, that the owner should look at.
    Warning,
    /// The robot cannot be started.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something about a robot that its owner should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// How much it weighs.
    pub severity: Severity,
    /// What it is about, for example `chain arm` or `joint elbow`.
    pub about: String,
    /// What is doubtful.
    pub problem: String,
    /// What to do; empty where nothing has to be done.
    pub advice: String,
}

impl Doubt {
    /// A doubt of this weight.
    pub fn new(
        severity: Severity,
        about: impl Into<String>,
        problem: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            about: about.into(),
            problem: problem.into(),
            advice: advice.into(),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.severity, self.about, self.problem)?;
        if !self.advice.is_empty() {
            write!(f, "; {}", self.advice)?;
        }
        Ok(())
    }
}

/// How sure it is that something found by looking is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// One reading among several.
    Guess,
    /// What is usual says so.
    Likely,
    /// Said by a file, or nothing else is possible.
    Certain,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Guess => "guess",
            Self::Likely => "likely",
            Self::Certain => "certain",
        })
    }
}

/// Something found by looking, how sure that is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was found, for example `chain arm: tip tool0`.
    pub about: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why.
    pub why: String,
}

impl Finding {
    /// A finding.
    pub fn new(about: impl Into<String>, certainty: Certainty, why: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            certainty,
            why: why.into(),
        }
    }

    /// What is doubtful about it: nothing where it is certain.
    pub fn doubt(&self) -> Option<Doubt> {
        let severity = match self.certainty {
            Certainty::Certain => return None,
            Certainty::Likely => Severity::Note,
            Certainty::Guess => Severity::Warning,
        };
        let problem = format!("{}: {}", self.certainty, self.why);
        let advice = "if that is wrong, say it in a robot file";
        Some(Doubt::new(severity, &self.about, problem, advice))
    }
}

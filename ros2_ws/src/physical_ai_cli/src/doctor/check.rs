//! One finding.

use serde_json::{Value, json};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Something will not work, or not well.
    Warn,
    /// The suite cannot run.
    Fail,
}

/// One finding and how to mend it.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it; empty when nothing is to be done.
    pub mend: String,
}

impl Check {
    /// As it should be.
    pub fn ok(name: &str, found: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, name, found, "")
    }

    /// Something will not work, or not well.
    pub fn warn(name: &str, found: impl Into<String>, mend: &str) -> Self {
        Self::new(Verdict::Warn, name, found, mend)
    }

    /// The suite cannot run.
    pub fn fail(name: &str, found: impl Into<String>, mend: &str) -> Self {
        Self::new(Verdict::Fail, name, found, mend)
    }

    fn new(verdict: Verdict, name: &str, found: impl Into<String>, mend: &str) -> Self {
        Self {
            name: name.to_owned(),
            verdict,
            found: found.into(),
            mend: mend.to_owned(),
        }
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        let mut text = format!("{verdict}  {}: {}", self.name, self.found);
        if !self.mend.is_empty() {
            text += &format!("\n      → {}", self.mend);
        }
        text
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        };
        json!({"check": self.name, "verdict": verdict, "found": self.found, "mend": self.mend})
    }
}

/// Shorter holds than this, in all, explain nothing, seconds.
const WORTH_SAYING_S: f64 = 0.3;

/// For how long a skill was held, and why: what fails after that may have failed because of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct HoldRecord {
    held_s: f64,
    why: Option<String>,
}

impl HoldRecord {
    /// Another `seconds` in which the robot did not follow its skill, for this reason if it is known.
    ///
    /// # Real-time
    /// Allocates only when the reason changes.
    pub(super) fn add(&mut self, seconds: f64, why: Option<&str>) {
        self.held_s += seconds.max(0.0);
        if let Some(why) = why
            && self.why.as_deref() != Some(why)
        {
            self.why = Some(why.to_owned());
        }
    }

    /// A reason to fail, behind the hold that came before it.
    pub(super) fn explain(&self, reason: String) -> String {
        if self.held_s < WORTH_SAYING_S {
            return reason;
        }
        let why = self
            .why
            .as_deref()
            .unwrap_or("no fresh state or no command for so long");
        format!(
            "after it was stopped for {:.1} s ({why}): {reason}",
            self.held_s
        )
    }
}

use crate::{Context, Error, Parameters};

/// How healthy one aspect of a node is; the numbers are those of diagnostic_msgs/DiagnosticStatus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Works.
    Ok = 0,
    /// Works, but somebody should look.
    Warn = 1,
    /// Does not work.
    Error = 2,
    /// Fell silent.
    Stale = 3,
}

/// One line of `/diagnostics`.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// What is judged, for example `journal`; published as `<node>: <name>`.
    pub name: String,
    /// Judgement.
    pub level: Level,
    /// One sentence.
    pub message: String,
    /// Details.
    pub values: Vec<(String, String)>,
}

impl Diagnostic {
    /// A diagnostic without details.
    pub fn new(name: &str, level: Level, message: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            level,
            message: message.into(),
            values: Vec::new(),
        }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.values.push((key.to_owned(), value.to_string()));
        self
    }
}

/// A lifecycle node: what a process is while it runs.
///
/// # Implementation
/// `configure` creates every entity and loads what is heavy; callbacks run on the spin thread and must
/// not block. `deactivate` must bring whatever the node moves to rest.
pub trait Application: Sized + 'static {
    /// Its parameters.
    type Parameters: Parameters;

    /// One sentence for `--help`.
    const DESCRIPTION: &'static str;

    /// unconfigured → inactive.
    ///
    /// # Errors
    /// The reason, which fails the transition.
    fn configure(context: &mut Context<Self>, parameters: &Self::Parameters)
    -> Result<Self, Error>;

    /// inactive → active.
    ///
    /// # Errors
    /// The reason, which fails the transition.
    fn activate(&mut self, _context: &mut Context<Self>) -> Result<(), Error> {
        Ok(())
    }

    /// active → inactive: the safe state.
    ///
    /// # Errors
    /// The reason, which fails the transition.
    fn deactivate(&mut self, _context: &mut Context<Self>) -> Result<(), Error> {
        Ok(())
    }

    /// Last words before the node goes: SIGINT, SIGTERM or a shutdown transition.
    fn shutdown(&mut self, _context: &mut Context<Self>) {}

    /// Parameters were set at run time and passed their own checks.
    ///
    /// # Errors
    /// A veto with its reason; nothing is set then.
    fn parameters_changed(
        &mut self,
        _context: &mut Context<Self>,
        _parameters: &Self::Parameters,
    ) -> Result<(), String> {
        Ok(())
    }

    /// Health, asked once a second and on change.
    fn diagnostics(&self) -> Vec<Diagnostic> {
        Vec::new()
    }
}

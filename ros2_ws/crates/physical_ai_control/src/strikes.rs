use crate::Error;

/// Refused samples, less what accepted ones made up for, that are a fault.
const FAULT_AT: f64 = 5.0;
/// Share of a refused sample that an accepted one makes up for: one in ten that comes late does no harm, two
/// drivers in turn do.
const FORGIVEN: f64 = 0.25;

/// Counts refused samples of one source and says when they are too many.
#[derive(Debug, Default)]
pub(crate) struct Strikes {
    level: f64,
    refused: u64,
    fault: Option<String>,
}

impl Strikes {
    /// A sample was refused.
    pub(crate) fn refuse(&mut self, error: &Error) {
        self.refused += 1;
        self.level = (self.level + 1.0).min(FAULT_AT);
        // The reason that it began with stays until it is over.
        if self.level >= FAULT_AT && self.fault.is_none() {
            self.fault = Some(error.to_string());
        }
    }

    /// A sample was accepted.
    pub(crate) fn accept(&mut self) {
        self.level = (self.level - FORGIVEN).max(0.0);
        if self.level <= 0.0 {
            self.fault = None;
        }
    }

    /// Begins anew, but for the count.
    pub(crate) fn forgive(&mut self) {
        self.level = 0.0;
        self.fault = None;
    }

    /// Samples refused since the start.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    /// Why the source must not be used; `None`: it may.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }
}

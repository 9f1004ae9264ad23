//! The latch of the emergency stop, and its memory.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use physical_ai_domain::Time;
use physical_ai_ros::Error;
use serde::{Deserialize, Serialize};

/// What is remembered of the latch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatchState {
    pub engaged: bool,
    /// Who changed it last.
    pub source: String,
    pub reason: String,
    /// ROS time of the last change, nanoseconds.
    pub changed_ns: i64,
}

/// A latch that outlives its process, and the machine.
pub struct Latch {
    path: PathBuf,
    state: LatchState,
    /// Why the last change may be forgotten.
    problem: Option<String>,
}

impl Latch {
    /// As it was left; a memory that cannot be read is taken for an engaged stop.
    pub fn open(path: PathBuf) -> Self {
        let mut problem = None;
        let state = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|e| {
                problem = Some(format!("{}: {e}", path.display()));
                unreadable(&path)
            }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => LatchState::default(),
            Err(e) => {
                problem = Some(format!("{}: {e}", path.display()));
                unreadable(&path)
            }
        };
        Self {
            path,
            state,
            problem,
        }
    }

    pub fn state(&self) -> &LatchState {
        &self.state
    }

    pub fn is_engaged(&self) -> bool {
        self.state.engaged
    }

    /// Why the last change may be forgotten by the next process; `None`: it is remembered.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Changes it and writes that down. What cannot be written counts all the same until this process ends.
    ///
    /// # Errors
    /// What cannot be written, and why.
    pub fn set(
        &mut self,
        engaged: bool,
        source: &str,
        reason: &str,
        now: Time,
    ) -> Result<(), Error> {
        // A change in a simulation that stands still is one, too.
        let again = now.nanoseconds() == self.state.changed_ns;
        self.state = LatchState {
            engaged,
            source: source.to_owned(),
            reason: reason.to_owned(),
            changed_ns: now.nanoseconds() + i64::from(again),
        };
        let written = self.write();
        self.problem = written.as_ref().err().map(ToString::to_string);
        written
    }

    /// All of it or nothing, also when the power fails.
    fn write(&self) -> Result<(), Error> {
        let problem =
            |e: &dyn std::fmt::Display| Error::application(format!("{}: {e}", self.path.display()));
        let bytes = serde_json::to_vec(&self.state).map_err(|e| problem(&e))?;
        let write = || -> std::io::Result<()> {
            if let Some(folder) = self.path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let new = self.path.with_extension("new");
            let mut file = std::fs::File::create(&new)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&new, &self.path)
        };
        write().map_err(|e| problem(&e))
    }
}

fn unreadable(path: &Path) -> LatchState {
    LatchState {
        engaged: true,
        source: "actuator worker".to_owned(),
        reason: format!("{} cannot be read", path.display()),
        changed_ns: 0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "a test whose fixture is not there has failed"
    )]

    use super::*;

    #[test]
    fn latch_is_as_it_was_left_and_engaged_where_that_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/latch.json");
        let mut latch = Latch::open(path.clone());
        assert!(!latch.is_engaged() && latch.problem().is_none());
        latch
            .set(true, "me", "a test", Time::from_seconds(3.0))
            .unwrap();
        let again = Latch::open(path.clone());
        assert_eq!(again.state(), latch.state());
        assert!(again.is_engaged() && again.state().changed_ns == 3_000_000_000);
        latch.set(false, "me", "", Time::ZERO).unwrap();
        let reset_ns = latch.state().changed_ns;
        latch.set(false, "me", "", Time::ZERO).unwrap();
        assert_ne!(latch.state().changed_ns, reset_ns);
        assert!(!Latch::open(path.clone()).is_engaged());
        std::fs::write(&path, "{\"engaged\": fal").unwrap();
        let broken = Latch::open(path.clone());
        assert!(broken.is_engaged() && broken.problem().is_some());
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let mut unwritable = Latch::open(path);
        assert!(unwritable.is_engaged());
        unwritable.set(false, "me", "", Time::ZERO).unwrap_err();
        assert!(!unwritable.is_engaged() && unwritable.problem().is_some());
    }
}

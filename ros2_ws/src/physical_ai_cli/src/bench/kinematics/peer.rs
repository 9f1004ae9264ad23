//! Other solvers, run by a Python that has them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::robots::{Arm, BASE, TIP};
use super::{Answers, Question, TOLERANCE};

/// What reads questions and writes answers.
const SCRIPT: &str = include_str!("../../../peer/solve.py");

/// A Python with what `peer/requirements.txt` names.
pub struct Peer {
    python: PathBuf,
}

#[derive(Serialize)]
struct Request<'a> {
    urdf: &'a str,
    base: &'static str,
    tip: &'static str,
    tolerance: f64,
    questions: &'a [Question],
}

#[derive(Deserialize)]
struct Reply {
    solver: String,
    positions: Vec<Option<Vec<f64>>>,
    microseconds: Vec<f64>,
}

impl Peer {
    pub fn new(python: &Path) -> Self {
        Self {
            python: python.to_owned(),
        }
    }

    /// The answers of each solver that it has.
    ///
    /// # Errors
    /// When it does not run, lacks a package, or answers something else.
    pub(super) fn ask(&self, arm: &Arm, questions: &[Question]) -> anyhow::Result<Vec<Answers>> {
        let request = Request {
            urdf: &arm.urdf,
            base: BASE,
            tip: TIP,
            tolerance: TOLERANCE,
            questions,
        };
        let mut child = Command::new(&self.python)
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("--peer {} cannot be run", self.python.display()))?;
        if let Some(mut input) = child.stdin.take() {
            // A peer that ended says why itself.
            let _ = input.write_all(&serde_json::to_vec(&request)?);
        }
        let output = child.wait_with_output()?;
        ensure!(
            output.status.success(),
            "--peer {} failed ({}): it needs what peer/requirements.txt names; `make bench-kinematics-peer` makes such \
             a Python",
            self.python.display(),
            output.status
        );
        let replies: Vec<Reply> =
            serde_json::from_slice(&output.stdout).context("the peer's answers cannot be read")?;
        let answers = replies.into_iter().map(|reply| Answers {
            solver: reply.solver,
            positions: reply.positions,
            microseconds: reply.microseconds,
        });
        Ok(answers.collect())
    }
}

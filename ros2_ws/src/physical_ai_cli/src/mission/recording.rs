//! A recorder that runs beside a mission, in a process of its own.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::task::JoinHandle;

use crate::arguments::Global;

/// The recorder's start, and the making of the report.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running recorder. Dropping it leaves it to end with this process.
pub struct Recording {
    folder: PathBuf,
    pid: Pid,
    output: JoinHandle<std::io::Result<Output>>,
}

impl Recording {
    /// Starts recording to `folder` and waits until it records.
    ///
    /// # Errors
    /// With what the recorder said.
    pub async fn start(global: &Global, folder: &Path, mission: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("record").arg("--out").arg(folder);
        if !global.namespace.is_empty() {
            command.arg("--namespace").arg(&global.namespace);
        }
        if let Some(domain_id) = global.domain_id {
            command.arg("--domain-id").arg(domain_id.to_string());
        }
        if mission != "-" {
            command.arg(format!("--mission={mission}"));
        }
        // Ctrl-C is for the mission; the recorder stops after it.
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // SAFETY: prctl is async-signal-safe, and nothing is allocated.
        unsafe {
            command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?));
        }
        let began = SystemTime::now();
        let child = tokio::process::Command::from(command)
            .spawn()
            .context("the recorder cannot be started")?;
        let pid = child.id().and_then(|id| i32::try_from(id).ok());
        let pid = Pid::from_raw(pid.context("the recorder ended at once")?);
        let recording = Self {
            folder: folder.to_path_buf(),
            pid,
            output: tokio::spawn(child.wait_with_output()),
        };
        recording.wait_until_recording(began).await
    }

    async fn wait_until_recording(self, began: SystemTime) -> anyhow::Result<Self> {
        let file = self.folder.join("run.mcap");
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            // A file of an earlier run does not count; clocks of file systems are coarse.
            let modified = std::fs::metadata(&file).and_then(|m| m.modified());
            if modified.is_ok_and(|at| at + Duration::from_millis(20) >= began) {
                return Ok(self);
            }
            if self.output.is_finished() {
                let output = self.output.await??;
                bail!(
                    "the recorder ended: {}",
                    String::from_utf8_lossy(&output.stderr).trim()
                );
            }
            ensure!(
                tokio::time::Instant::now() < until,
                "the recorder did not begin within {} s",
                PATIENCE.as_secs()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops recording; returns the report.
    ///
    /// # Errors
    /// With what the recorder said.
    pub async fn finish(self) -> anyhow::Result<PathBuf> {
        // One that is gone already says why below.
        let _ = kill(self.pid, Signal::SIGINT);
        let output = tokio::time::timeout(PATIENCE, self.output)
            .await
            .with_context(|| {
                format!(
                    "the recorder did not end within {} s of SIGINT",
                    PATIENCE.as_secs()
                )
            })???;
        ensure!(
            output.status.success(),
            "the recorder failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(self.folder.join("report.html"))
    }
}

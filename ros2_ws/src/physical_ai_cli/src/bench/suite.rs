//! A deployment that runs only for a measurement.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::arguments::Global;
use crate::environment;
use crate::output;
use crate::process_usage;
use crate::supervisor::State;

/// Longest wait until all nodes are active.
const START: Duration = Duration::from_secs(60);
/// Longest wait until all nodes stopped.
const STOP: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(100);
/// Lines of the nodes' logs that are shown when the suite does not start.
const REMEMBERED: usize = 20;

type Lines = Arc<Mutex<VecDeque<String>>>;

/// A running deployment under its supervisor.
pub struct Suite {
    child: Child,
    folder: PathBuf,
    lines: Lines,
}

/// A process of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub name: String,
    pub pid: u32,
}

impl Suite {
    /// Starts a deployment, measures it while it runs, and stops it; Ctrl-C ends it early.
    ///
    /// # Errors
    /// When it does not start, and those of `measure`.
    pub async fn measured<T>(
        global: &Global,
        deployment: &Path,
        measure: impl AsyncFnOnce(&Self) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        output::note(format!("bench: starting {}", deployment.display()));
        let mut suite = Self::start(global, deployment).await?;
        let measured = tokio::select! {
            measured = measure(&suite) => measured,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        };
        suite.stop().await;
        measured
    }

    /// Starts a deployment and waits until all its nodes are active.
    ///
    /// # Errors
    /// When it does not start, with the last lines that its nodes wrote.
    async fn start(global: &Global, deployment: &Path) -> anyhow::Result<Self> {
        let folder = environment::runtime_folder().join(format!("bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("folder {} cannot be made", folder.display()))?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("up")
            .arg(deployment)
            .arg("--json")
            .arg("--state-file")
            .arg(folder.join("state.json"))
            // Missions of a bench are nobody's history.
            .env("XDG_STATE_HOME", &folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if !global.namespace.is_empty() {
            command.arg("--namespace").arg(&global.namespace);
        }
        let mut child = command
            .spawn()
            .context("`physical-ai up` cannot be started")?;
        let lines = Lines::default();
        if let Some(out) = child.stdout.take() {
            remember(out, lines.clone());
        }
        if let Some(out) = child.stderr.take() {
            remember(out, lines.clone());
        }
        let mut suite = Self {
            child,
            folder,
            lines,
        };
        match suite.wait_until_ready().await {
            Ok(()) => Ok(suite),
            Err(error) => {
                suite.stop().await;
                Err(error)
            }
        }
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the suite ended while it started ({status}):\n{}",
                    self.last_lines()
                );
            }
            let state = State::load(&self.folder.join("state.json"));
            if let Some(state) = &state
                && !state.nodes.is_empty()
                && state.nodes.iter().all(|n| n.state == "ready")
            {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let late: Vec<String> = state
                    .map(|s| s.nodes)
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|n| n.state != "ready")
                    .map(|n| format!("{} is {}", n.name, n.state))
                    .collect();
                bail!(
                    "not all nodes are active after {} s ({}):\n{}",
                    START.as_secs(),
                    late.join(", "),
                    self.last_lines()
                );
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The supervisor and all nodes.
    ///
    /// # Errors
    /// When the suite does not run any more, or a node is being started again.
    pub fn processes(&self) -> anyhow::Result<Vec<Process>> {
        let state = State::load(&self.folder.join("state.json"))
            .with_context(|| format!("the suite stopped:\n{}", self.last_lines()))?;
        let mut processes = vec![Process {
            name: "up".to_owned(),
            pid: state.pid,
        }];
        for node in state.nodes {
            if node.state != "ready" {
                bail!(
                    "node {} is {} while it should be measured:\n{}",
                    node.name,
                    node.state,
                    self.last_lines()
                );
            }
            processes.push(Process {
                name: node.name,
                pid: node.pid,
            });
        }
        Ok(processes)
    }

    /// Asks the supervisor to stop all nodes and waits for it.
    async fn stop(&mut self) {
        if let Some(pid) = self.child.id().and_then(|p| i32::try_from(p).ok()) {
            // It may have ended by itself.
            let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
        }
        if tokio::time::timeout(STOP, self.child.wait()).await.is_err() {
            eprintln!(
                "bench: the suite did not stop in {} s; it is killed",
                STOP.as_secs()
            );
            let _ = self.child.kill().await;
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    fn last_lines(&self) -> String {
        let lines = self.lines.lock().map(|l| l.clone()).unwrap_or_default();
        Vec::from(lines).join("\n")
    }
}

/// What processes used in all at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    at: Instant,
    cpu_s: f64,
}

impl Usage {
    /// Processor time of `processes` so far.
    ///
    /// # Errors
    /// When one is gone.
    pub fn now(processes: &[Process]) -> anyhow::Result<Self> {
        let mut cpu_s = 0.0;
        for process in processes {
            cpu_s += process_usage::cpu_s(process.pid).with_context(|| process.name.clone())?;
        }
        Ok(Self {
            at: Instant::now(),
            cpu_s,
        })
    }

    /// Cores that were busy since `earlier`.
    pub fn cores_since(&self, earlier: &Self) -> f64 {
        (self.cpu_s - earlier.cpu_s) / (self.at - earlier.at).as_secs_f64()
    }
}

fn remember(out: impl AsyncRead + Unpin + Send + 'static, lines: Lines) {
    tokio::spawn(async move {
        let mut out = BufReader::new(out).lines();
        while let Ok(Some(line)) = out.next_line().await {
            if let Ok(mut lines) = lines.lock() {
                if lines.len() == REMEMBERED {
                    lines.pop_front();
                }
                lines.push_back(line);
            }
        }
    });
}

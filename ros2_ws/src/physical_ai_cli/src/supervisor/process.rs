//! One supervised process: start, watch, restart, stop.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};

use super::{Backoff, Exit, Verdict};

/// From the first request to SIGTERM, and from SIGTERM to SIGKILL.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Everything needed to start a node again and again.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Node name.
    pub name: String,
    /// Program.
    pub program: PathBuf,
    /// Arguments.
    pub arguments: Vec<String>,
    /// Environment variables on top of ours.
    pub environment: Vec<(String, String)>,
    /// Working folder.
    pub folder: PathBuf,
}

/// How a node is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopLevel {
    /// It is not.
    Run,
    /// SIGINT, then SIGTERM, then SIGKILL.
    Stop,
    /// SIGKILL at once.
    Kill,
}

/// Something that happened to a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Node name.
    pub node: String,
    /// What happened.
    pub kind: EventKind,
}

/// What can happen to a node.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A process was started; `restarts` earlier ones ended.
    Started { pid: u32, restarts: u32 },
    /// Its lifecycle state became active.
    Ready { after_s: f64 },
    /// It is not active yet although it had time enough; it goes on starting.
    Overdue { reason: String },
    /// Its lifecycle state is active, but nothing comes from it.
    Silent { reason: String },
    /// It does not get on and is killed.
    Stuck { pid: u32, reason: String },
    /// The process ended.
    Exited { exit: Exit, uptime_s: f64 },
    /// It will be started again.
    Restarting { after_s: f64 },
    /// It ended for good, as it should.
    Finished,
    /// It cannot be kept alive.
    GaveUp { reason: String },
    /// A line that it wrote.
    Log { line: String },
}

/// Runs a node until it is stopped, finished or given up. A process whose id comes over `doomed` is
/// killed, as if it had crashed.
pub async fn supervise(
    launch: Launch,
    mut backoff: Backoff,
    mut stop: watch::Receiver<StopLevel>,
    mut doomed: watch::Receiver<u32>,
    events: mpsc::UnboundedSender<Event>,
) {
    let tell = |kind| {
        // Nobody listens only when the program ends.
        let _ = events.send(Event {
            node: launch.name.clone(),
            kind,
        });
    };
    let mut restarts = 0;
    loop {
        let began = Instant::now();
        let exit = match spawn(&launch) {
            Ok(mut child) => {
                tell(EventKind::Started {
                    pid: child.id().unwrap_or(0),
                    restarts,
                });
                forward_output(&mut child, &launch.name, &events);
                let exit = wait(&mut child, &mut stop, &mut doomed).await;
                tell(EventKind::Exited {
                    exit,
                    uptime_s: began.elapsed().as_secs_f64(),
                });
                exit
            }
            Err(error) => {
                let reason = format!("{} cannot be started: {error}", launch.program.display());
                return tell(EventKind::GaveUp { reason });
            }
        };
        if *stop.borrow() != StopLevel::Run {
            return tell(EventKind::Finished);
        }
        match backoff.on_exit(began.elapsed(), exit) {
            Verdict::Finished => return tell(EventKind::Finished),
            Verdict::GiveUp(reason) => return tell(EventKind::GaveUp { reason }),
            Verdict::Restart(delay) => {
                tell(EventKind::Restarting {
                    after_s: delay.as_secs_f64(),
                });
                tokio::select! {
                    () = tokio::time::sleep(delay) => {}
                    _ = stop.wait_for(|level| *level != StopLevel::Run) => {
                        return tell(EventKind::Finished);
                    }
                }
            }
        }
        restarts += 1;
    }
}

fn spawn(launch: &Launch) -> std::io::Result<Child> {
    let mut command = Command::new(&launch.program);
    command
        .args(&launch.arguments)
        .envs(launch.environment.iter().map(|(k, v)| (k, v)))
        .current_dir(&launch.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let supervisor = nix::unistd::getpid();
    // SAFETY: prctl and getppid are async-signal-safe, and nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?;
            // The supervisor may have died before prctl took effect.
            if nix::unistd::getppid() != supervisor {
                return Err(std::io::Error::from_raw_os_error(nix::libc::ESRCH));
            }
            Ok(())
        });
    }
    command.spawn()
}

async fn wait(
    child: &mut Child,
    stop: &mut watch::Receiver<StopLevel>,
    doomed: &mut watch::Receiver<u32>,
) -> Exit {
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .map(Pid::from_raw);
    let send = |signal| {
        // A group that is gone needs no signal.
        if let Some(pid) = pid {
            let _ = killpg(pid, signal);
        }
    };
    let id = child.id().unwrap_or(0);
    let is_doomed = tokio::select! {
        status = child.wait() => return exit_of(status),
        Ok(_) = doomed.wait_for(|pid| id != 0 && *pid == id) => true,
        _ = stop.wait_for(|level| *level != StopLevel::Run) => false,
    };
    if is_doomed {
        send(Signal::SIGKILL);
        return exit_of(child.wait().await);
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        if *stop.borrow() == StopLevel::Kill {
            break;
        }
        send(signal);
        tokio::select! {
            status = child.wait() => return exit_of(status),
            () = tokio::time::sleep(PATIENCE) => {}
            _ = stop.wait_for(|level| *level == StopLevel::Kill) => {}
        }
    }
    send(Signal::SIGKILL);
    exit_of(child.wait().await)
}

fn exit_of(status: std::io::Result<ExitStatus>) -> Exit {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => Exit::Code(1),
        },
        Err(_) => Exit::Code(1),
    }
}

fn forward_output(child: &mut Child, node: &str, events: &mpsc::UnboundedSender<Event>) {
    if let Some(output) = child.stdout.take() {
        tokio::spawn(forward(output, node.to_owned(), events.clone()));
    }
    if let Some(output) = child.stderr.take() {
        tokio::spawn(forward(output, node.to_owned(), events.clone()));
    }
}

async fn forward(
    output: impl AsyncRead + Unpin,
    node: String,
    events: mpsc::UnboundedSender<Event>,
) {
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    while let Ok(1..) = reader.read_until(b'\n', &mut line).await {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        let event = Event {
            node: node.clone(),
            kind: EventKind::Log { line: text },
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::Restart;
    use crate::supervisor::RestartPolicy;

    fn shell(script: &str) -> Launch {
        Launch {
            name: "n".to_owned(),
            program: "/bin/sh".into(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            environment: vec![("GREETING".to_owned(), "hello".to_owned())],
            folder: "/".into(),
        }
    }

    async fn events_of(
        script: &str,
        restart: Restart,
        mut on_event: impl FnMut(&EventKind, &watch::Sender<StopLevel>),
    ) -> Vec<EventKind> {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(StopLevel::Run);
        let policy = RestartPolicy {
            initial_delay_s: 0.0,
            max_fast_exits: 2,
            ..Default::default()
        };
        let (doom, doomed) = watch::channel(0);
        let task = tokio::spawn(supervise(
            shell(script),
            Backoff::new(policy, restart),
            stopped,
            doomed,
            sender,
        ));
        let mut kinds = Vec::new();
        let mut process = 0;
        while let Some(event) = receiver.recv().await {
            match &event.kind {
                EventKind::Started { pid, .. } => process = *pid,
                EventKind::Log { line } if line == "stuck" => {
                    doom.send_replace(process);
                }
                _ => {}
            }
            on_event(&event.kind, &stop);
            kinds.push(event.kind);
        }
        task.await.unwrap();
        kinds
    }

    #[tokio::test]
    async fn crashing_process_is_restarted_then_given_up() {
        let kinds = events_of("kill -9 $$", Restart::OnFailure, |_, _| {}).await;
        let started = kinds
            .iter()
            .filter(|k| matches!(k, EventKind::Started { .. }))
            .count();
        assert_eq!(started, 3);
        assert!(kinds.iter().any(|k| matches!(
            k,
            EventKind::Exited {
                exit: Exit::Signal(9),
                ..
            }
        )));
        assert!(kinds.iter().any(|k| matches!(k, EventKind::GaveUp { .. })));
    }

    #[tokio::test]
    async fn process_that_does_not_get_on_is_killed_and_started_again() {
        // It ignores all that can be ignored.
        let script = "trap '' INT TERM; echo stuck; sleep 60 & wait; wait";
        let kinds = events_of(script, Restart::OnFailure, |_, _| {}).await;
        let ends = kinds.iter().filter(|k| {
            matches!(
                k,
                EventKind::Exited {
                    exit: Exit::Signal(9),
                    ..
                }
            )
        });
        assert_eq!(ends.count(), 3, "{kinds:?}");
    }

    #[tokio::test]
    async fn bad_configuration_is_not_restarted() {
        let kinds = events_of("echo $GREETING; exit 2", Restart::Always, |_, _| {}).await;
        assert!(
            kinds.contains(&EventKind::Log {
                line: "hello".to_owned()
            }),
            "{kinds:?}"
        );
        let started = kinds
            .iter()
            .filter(|k| matches!(k, EventKind::Started { .. }))
            .count();
        assert_eq!(started, 1);
    }

    #[tokio::test]
    async fn stop_ends_the_whole_group_even_when_interrupts_are_ignored() {
        let script = "trap '' INT; sleep 60 & echo up; wait";
        let kinds = events_of(script, Restart::Always, |kind, stop| {
            if matches!(kind, EventKind::Log { .. }) {
                stop.send_replace(StopLevel::Stop);
            }
        })
        .await;
        assert_eq!(kinds.last(), Some(&EventKind::Finished));
        assert!(
            kinds.iter().any(|k| matches!(
                k,
                EventKind::Exited {
                    exit: Exit::Signal(15),
                    ..
                }
            )),
            "{kinds:?}"
        );
    }

    #[tokio::test]
    async fn missing_program_is_given_up_with_its_path() {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let (_stop, stopped) = watch::channel(StopLevel::Run);
        let (_doom, doomed) = watch::channel(0);
        let launch = Launch {
            program: "/nonexistent/node".into(),
            ..shell("")
        };
        supervise(
            launch,
            Backoff::new(RestartPolicy::default(), Restart::Always),
            stopped,
            doomed,
            sender,
        )
        .await;
        let event = receiver.recv().await.unwrap();
        assert!(
            matches!(&event.kind, EventKind::GaveUp { reason } if reason.contains("/nonexistent/node"))
        );
    }
}

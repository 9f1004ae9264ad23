use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigHandler, Signal, signal};
use serde_json::Value;

use crate::SlowMotion;

/// Top of the checkout.
pub fn checkout() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A program that the workspace built.
///
/// # Panics
/// If it is not there: `make build` makes it.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(std::path::Path::parent).unwrap();
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "{} is missing: run `make build`",
        path.display()
    );
    path
}

/// A Python peer from tests/interop, with rclpy and our interfaces at hand.
pub fn peer(script: &str, arguments: &[&str]) -> Command {
    let top = checkout();
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg("source \"$0/ros2_ws/setup.bash\" && exec python3 \"$0/tests/interop/$1\" \"${@:2}\"")
        .arg(&top)
        .arg(script)
        .args(arguments);
    command
}

/// A process that does not outlive its test, and the lines that it writes.
pub struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<String>,
    name: String,
}

impl Process {
    /// Starts it in a ROS domain; standard output and standard error are read together.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(command: &mut Command, domain: u16) -> Self {
        let name = format!("{command:?}");
        // SAFETY: resets the action of one signal, which may be done between fork and exec. Who started the tests in the
        // background of a shell made them, and with them their children, deaf to it.
        unsafe {
            command.pre_exec(|| Ok(signal(Signal::SIGINT, SigHandler::SigDfl).map(|_| ())?));
        }
        let mut child = command
            .env("ROS_DOMAIN_ID", domain.to_string())
            // As users have it. LOCALHOST brings shared memory back, whatever the profile says.
            .env("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
            .current_dir(checkout())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let (sender, lines) = channel();
        let streams: [Option<Box<dyn std::io::Read + Send>>; 2] = [
            child.stdout.take().map(|s| Box::new(s) as _),
            child.stderr.take().map(|s| Box::new(s) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    // A test that has ended reads no more.
                    let _ = sender.send(line);
                }
            });
        }
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
            seen: Vec::new(),
            name,
        }
    }

    /// Process id.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Waits for a line that `accept` takes, and returns what it made of it.
    ///
    /// # Panics
    /// After `timeout`, or when the process ends first; with everything that it wrote.
    pub fn wait_for<T>(
        &mut self,
        timeout: Duration,
        mut accept: impl FnMut(&str) -> Option<T>,
    ) -> T {
        let end = Instant::now() + timeout;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    let accepted = accept(&line);
                    self.seen.push(line);
                    if let Some(value) = accepted {
                        return value;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.fail(&format!("waited {timeout:?}")),
                Err(RecvTimeoutError::Disconnected) => self.fail("ended"),
            }
        }
    }

    /// Waits for a line that contains `text`.
    pub fn wait_for_text(&mut self, timeout: Duration, text: &str) -> String {
        self.wait_for(timeout, |line| line.contains(text).then(|| line.to_owned()))
    }

    /// Waits for a JSON line with this `event`.
    pub fn wait_for_event(&mut self, timeout: Duration, event: &str) -> Value {
        self.wait_for(timeout, |line| {
            let value: Value = serde_json::from_str(line).ok()?;
            (value["event"] == event).then_some(value)
        })
    }

    /// Writes a line to its standard input.
    pub fn write_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
    }

    /// Ends its standard input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Slows it down until what is returned is dropped.
    pub fn slow_motion(&self) -> SlowMotion {
        SlowMotion::begin(self.pid())
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// After `timeout`.
    pub fn wait_for_end(&mut self, timeout: Duration) -> ExitStatus {
        let end = Instant::now() + timeout;
        loop {
            // Readers hang up when the process has closed its output.
            match self.lines.recv_timeout(Duration::from_millis(20)) {
                Ok(line) => self.seen.push(line),
                Err(_) => {
                    if let Some(status) = self.child.try_wait().unwrap() {
                        return status;
                    }
                }
            }
            if Instant::now() >= end {
                self.fail(&format!("still runs after {timeout:?}"));
            }
        }
    }

    fn fail(&mut self, problem: &str) -> ! {
        let text = self.text();
        panic!("{problem}: {}\n{text}", self.name)
    }

    /// Everything that it wrote so far.
    pub fn text(&mut self) -> String {
        while let Ok(line) = self.lines.try_recv() {
            self.seen.push(line);
        }
        self.seen.join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Supervisors stop their children when asked; whoever does not listen is killed.
        if self.child.try_wait().is_ok_and(|s| s.is_none()) {
            let pid = nix::unistd::Pid::from_raw(self.pid());
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
            let end = Instant::now() + Duration::from_secs(8);
            while Instant::now() < end && self.child.try_wait().is_ok_and(|s| s.is_none()) {
                let _ = self.lines.recv_timeout(Duration::from_millis(50));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

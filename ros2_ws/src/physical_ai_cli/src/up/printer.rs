//! What `up` prints. A thread of its own writes, so that a reader who does not read (a full pipe)
//! never keeps the supervisor from its work.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::output;
use crate::supervisor::{Event, EventKind, Exit};

/// Lines that may wait; later ones are lost rather than awaited.
const QUEUE: usize = 4096;
/// How long the end waits for the last lines.
const FLUSH: Duration = Duration::from_millis(500);

enum Line {
    Out(String),
    Error(String),
    Flush(SyncSender<()>),
}

/// Prints events as lines, or as JSON.
pub struct Printer {
    json: bool,
    lines: SyncSender<Line>,
    lost: u64,
}

impl Printer {
    /// Starts the writing thread.
    pub fn new(json: bool) -> Self {
        let (lines, receiver) = sync_channel(QUEUE);
        std::thread::spawn(move || write(&receiver));
        Self {
            json,
            lines,
            lost: 0,
        }
    }

    /// One event: logs go to standard error, all else to standard output.
    pub fn event(&mut self, event: &Event) {
        if let EventKind::Log { line } = &event.kind {
            return self.send(Line::Error(format!("[{}] {line}", event.node)));
        }
        let line = if self.json {
            as_json(event).to_string()
        } else {
            as_text(event)
        };
        self.send(Line::Out(line));
    }

    /// All nodes are active.
    pub fn ready(&mut self, nodes: usize, after_s: f64) {
        self.send(Line::Out(if self.json {
            json!({"event": "all_ready", "nodes": nodes, "after_s": after_s}).to_string()
        } else {
            format!("ready: {nodes} nodes active after {after_s:.1} s; Ctrl-C stops them")
        }));
    }

    /// Something to know that is no event of a node.
    pub fn note(&mut self, text: &str) {
        self.send(Line::Error(format!("physical-ai: {text}")));
    }

    /// The last line; waits until all lines are out.
    pub fn stopped(&mut self, failed: Option<&str>) {
        self.send(Line::Out(match (self.json, failed) {
            (true, reason) => json!({"event": "all_stopped", "failed": reason}).to_string(),
            (false, None) => "stopped".to_owned(),
            (false, Some(reason)) => format!("failed: {reason}"),
        }));
        let (done, is_done) = sync_channel(1);
        self.send(Line::Flush(done));
        // Whoever does not read for so long gets no more.
        let _ = is_done.recv_timeout(FLUSH);
    }

    fn send(&mut self, line: Line) {
        if self.lost > 0 {
            let lost = format!("physical-ai: {} lines lost, output was not read", self.lost);
            if self.lines.try_send(Line::Error(lost)).is_ok() {
                self.lost = 0;
            }
        }
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            self.lost += 1;
        }
    }
}

fn write(lines: &Receiver<Line>) {
    for line in lines {
        match line {
            Line::Out(text) => output::line(text),
            Line::Error(text) => output::note(text),
            Line::Flush(done) => {
                // The other side may have waited long enough.
                let _ = done.send(());
            }
        }
    }
}

fn exit_text(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => nix::sys::signal::Signal::try_from(signal)
            .map_or_else(|_| format!("signal {signal}"), |s| s.to_string()),
    }
}

fn as_text(event: &Event) -> String {
    let node = &event.node;
    match &event.kind {
        EventKind::Started { pid, restarts: 0 } => format!("started    {node} (pid {pid})"),
        EventKind::Started { pid, restarts } => {
            format!("started    {node} (pid {pid}, restart {restarts})")
        }
        EventKind::Ready { after_s } => format!("ready      {node} after {after_s:.2} s"),
        EventKind::Overdue { reason } => format!("waiting    {node}: {reason}"),
        EventKind::Silent { reason } => format!("silent     {node}: {reason}"),
        EventKind::Stuck { pid, reason } => {
            format!("stuck      {node}: {reason}; process {pid} is killed and started again")
        }
        EventKind::Exited { exit, uptime_s } => {
            format!(
                "exited     {node}: {} after {uptime_s:.1} s",
                exit_text(*exit)
            )
        }
        EventKind::Restarting { after_s } => format!("restarting {node} in {after_s:.1} s"),
        EventKind::Finished => format!("stopped    {node}"),
        EventKind::GaveUp { reason } => format!("gave up    {node}: {reason}"),
        EventKind::Log { line } => format!("[{node}] {line}"),
    }
}

fn as_json(event: &Event) -> Value {
    let node = &event.node;
    match &event.kind {
        EventKind::Started { pid, restarts } => {
            json!({"event": "started", "node": node, "pid": pid, "restarts": restarts})
        }
        EventKind::Ready { after_s } => json!({"event": "ready", "node": node, "after_s": after_s}),
        EventKind::Overdue { reason } => {
            json!({"event": "overdue", "node": node, "reason": reason})
        }
        EventKind::Silent { reason } => {
            json!({"event": "silent", "node": node, "reason": reason})
        }
        EventKind::Stuck { pid, reason } => {
            json!({"event": "stuck", "node": node, "pid": pid, "reason": reason})
        }
        EventKind::Exited { exit, uptime_s } => {
            let (code, signal) = match exit {
                Exit::Code(code) => (Some(code), None),
                Exit::Signal(signal) => (None, Some(signal)),
            };
            json!({"event": "exited", "node": node, "code": code, "signal": signal, "uptime_s": uptime_s})
        }
        EventKind::Restarting { after_s } => {
            json!({"event": "restarting", "node": node, "after_s": after_s})
        }
        EventKind::Finished => json!({"event": "stopped", "node": node}),
        EventKind::GaveUp { reason } => {
            json!({"event": "gave_up", "node": node, "reason": reason})
        }
        EventKind::Log { line } => json!({"event": "log", "node": node, "line": line}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_printed_as_text_and_json() {
        let check = |kind: EventKind, text: &str, json: Value| {
            let event = Event {
                node: "n".to_owned(),
                kind,
            };
            assert_eq!(as_text(&event), text);
            assert_eq!(as_json(&event), json);
        };
        check(
            EventKind::Started {
                pid: 5,
                restarts: 2,
            },
            "started    n (pid 5, restart 2)",
            json!({"event": "started", "node": "n", "pid": 5, "restarts": 2}),
        );
        check(
            EventKind::Exited {
                exit: Exit::Signal(9),
                uptime_s: 1.25,
            },
            "exited     n: SIGKILL after 1.2 s",
            json!({"event": "exited", "node": "n", "code": null, "signal": 9, "uptime_s": 1.25}),
        );
        check(
            EventKind::Finished,
            "stopped    n",
            json!({"event": "stopped", "node": "n"}),
        );
    }
}

//! What is printed.

use std::fmt::Display;
use std::io::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// One line on standard output. A reader that is gone (`| head`) has seen enough; `println!` would
/// panic, and a supervisor must not die of that.
pub fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A piece of a line on standard output, shown at once.
pub fn text(piece: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(piece.as_bytes()).and_then(|()| out.flush());
}

/// One line on standard error.
pub fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// One JSON object on a line of its own.
pub fn json_line(value: &Value) {
    line(value);
}

/// Narrower tables cannot be read, whatever the terminal says; wrapped lines can.
const LEAST_WIDTH: u16 = 60;

/// An empty table in the style of all tables.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.iter().copied());
    // Some terminals, such as those of build services, claim to have no columns at all.
    if table.width().is_some_and(|width| width < LEAST_WIDTH) {
        table.set_width(LEAST_WIDTH);
    }
    table
}

/// Name of a task state; the numbers are those of physical_ai_msgs/TaskState.
pub const fn task_state(value: u8) -> &'static str {
    match value {
        0 => "pending",
        1 => "ready",
        2 => "assigned",
        3 => "running",
        4 => "succeeded",
        5 => "failed",
        6 => "canceled",
        7 => "skipped",
        8 => "canceling",
        _ => "unknown",
    }
}

/// True for states in which a task stays.
pub const fn is_terminal(value: u8) -> bool {
    matches!(value, 4..=7)
}

/// Name of a worker state; the numbers are those of physical_ai_msgs/WorkerStatus.
pub const fn worker_state(value: u8) -> &'static str {
    match value {
        0 => "starting",
        1 => "active",
        2 => "draining",
        3 => "suspected",
        4 => "lost",
        _ => "unknown",
    }
}

//! Progress of a running mission: bars on a terminal, a line per change elsewhere, or JSON.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use physical_ai_ros::msg::physical_ai_msgs::msg::TaskStatus;

use super::plan;
use super::view::{Progress, percent};
use crate::output;

const STEPS: u64 = 1000;

/// Shows progress as it comes.
pub enum Display {
    /// JSON lines on standard output.
    Json { mission_id: String },
    /// Bars on standard error.
    Bars(Bars),
    /// Lines on standard error.
    Lines(Lines),
}

impl Display {
    /// Chooses by where the output goes.
    pub fn new(json: bool, mission_id: &str) -> Self {
        if json {
            Self::Json {
                mission_id: mission_id.to_owned(),
            }
        } else if std::io::stderr().is_terminal() {
            Self::Bars(Bars::new())
        } else {
            Self::Lines(Lines::default())
        }
    }

    /// Shows the newest progress.
    pub fn show(&mut self, progress: &Progress) {
        match self {
            Self::Json { mission_id } => output::json_line(&progress.to_json(mission_id)),
            Self::Bars(bars) => bars.show(progress),
            Self::Lines(lines) => {
                for line in lines.changes(progress) {
                    output::note(line);
                }
            }
        }
    }

    /// Shows a plan that waits to be confirmed.
    pub fn ask(&self, progress: &Progress, mission_id: &str) {
        match self {
            Self::Json { .. } => output::json_line(&plan::question_json(progress, mission_id)),
            _ => self.note(&plan::question(progress, mission_id)),
        }
    }

    /// Says something without disturbing the bars.
    pub fn note(&self, text: &str) {
        match self {
            Self::Bars(bars) => bars.all.suspend(|| output::note(text)),
            _ => output::note(text),
        }
    }

    /// Leaves the line free for a question; what is shown next comes below its answer.
    pub fn clear(&self) {
        if let Self::Bars(bars) = self {
            // A terminal that cannot be cleared shows the question behind a bar.
            let _ = bars.all.clear();
        }
    }

    /// Ends the display; the bars stay as they are.
    pub fn finish(&self) {
        if let Self::Bars(bars) = self {
            bars.head.abandon();
            for bar in bars.tasks.values() {
                bar.abandon();
            }
            // The cursor stays at the end of the last bar.
            output::note("");
        }
    }
}

/// One bar for the mission and one for each task.
pub struct Bars {
    all: MultiProgress,
    head: ProgressBar,
    tasks: BTreeMap<String, ProgressBar>,
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::new();
        let head = all.add(bar());
        head.set_prefix("mission");
        Self {
            all,
            head,
            tasks: BTreeMap::new(),
        }
    }

    fn show(&mut self, progress: &Progress) {
        self.head.set_position(position(progress.fraction));
        self.head.set_message(head_line(progress));
        for task in &progress.tasks {
            let all = &self.all;
            let bar = self.tasks.entry(task.id.clone()).or_insert_with(|| {
                let bar = all.add(bar());
                bar.set_prefix(task.id.clone());
                bar
            });
            let is_over = output::is_terminal(task.state.value);
            bar.set_position(if is_over && task.state.value == 4 {
                STEPS
            } else {
                position(task.progress)
            });
            bar.set_message(task_line(task));
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>22} {bar:28} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(STEPS).with_style(style)
}

fn position(fraction: f32) -> u64 {
    // A NaN becomes 0.
    (f64::from(fraction).clamp(0.0, 1.0) * STEPS as f64) as u64
}

fn head_line(progress: &Progress) -> String {
    if progress.planner.is_empty() {
        progress.phase.clone()
    } else {
        format!("{} (plan: {})", progress.phase, progress.planner)
    }
}

fn task_line(task: &TaskStatus) -> String {
    let state = output::task_state(task.state.value);
    let mut line = format!("{state} {}", task.skill);
    if !task.robot.is_empty() {
        line += &format!(" {}", task.robot);
    }
    if !task.worker.is_empty() {
        line += &format!(" on {}", task.worker);
    }
    if task.attempt > 1 {
        line += &format!(", attempt {}", task.attempt);
    }
    line
}

/// What was said last, so that only changes are said.
#[derive(Debug, Default)]
pub struct Lines {
    head: String,
    tasks: BTreeMap<String, String>,
}

impl Lines {
    fn changes(&mut self, progress: &Progress) -> Vec<String> {
        let mut lines = Vec::new();
        let head = head_line(progress);
        if head != self.head {
            lines.push(format!("[{:>5}] {head}", percent(progress.fraction)));
            self.head = head;
        }
        for task in &progress.tasks {
            let line = task_line(task);
            if self.tasks.get(&task.id) != Some(&line) {
                lines.push(format!(
                    "[{:>5}] {}: {line}",
                    percent(progress.fraction),
                    task.id
                ));
                self.tasks.insert(task.id.clone(), line);
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_ros::msg::physical_ai_msgs::msg::TaskState;

    use super::*;

    #[test]
    fn lines_tell_changes_only() {
        let mut lines = Lines::default();
        let task = |value, progress| TaskStatus {
            id: "go".to_owned(),
            skill: "navigate_to".to_owned(),
            robot: "rover_1".to_owned(),
            state: TaskState { value },
            attempt: 2,
            progress,
            ..Default::default()
        };
        let progress = |task| Progress {
            phase: "executing".to_owned(),
            fraction: 0.5,
            planner: "parser".to_owned(),
            tasks: vec![task],
            plan: String::new(),
        };
        assert_eq!(
            lines.changes(&progress(task(3, 0.1))),
            [
                "[ 50 %] executing (plan: parser)",
                "[ 50 %] go: running navigate_to rover_1, attempt 2"
            ]
        );
        assert!(lines.changes(&progress(task(3, 0.9))).is_empty());
        assert_eq!(lines.changes(&progress(task(4, 1.0))).len(), 1);
    }

    #[test]
    fn positions_stay_within_the_bar() {
        for (fraction, expected) in [(-1.0, 0), (0.5, 500), (7.0, 1000), (f32::NAN, 0)] {
            assert_eq!(position(fraction), expected);
        }
    }
}

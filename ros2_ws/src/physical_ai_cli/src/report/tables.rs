//! The report's tables.

use std::fmt::Write as _;

use physical_ai_ros::msg::physical_ai_msgs::msg::{MissionStatus, TaskStatus};

use super::attempts::seconds;
use super::run::{Run, Window};
use super::svg::escape;
use super::timeline::title;
use crate::output::task_state;

/// Rows of a table beyond these are counted, not shown.
const MOST_ROWS: usize = 200;

/// A table; cells are HTML.
fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = String::from("<div class=\"scroll\"><table><thead><tr>");
    for cell in header {
        let _ = write!(html, "<th>{cell}</th>");
    }
    html.push_str("</tr></thead><tbody>\n");
    for row in rows.iter().take(MOST_ROWS) {
        html.push_str("<tr>");
        for cell in row {
            let class = if is_number(cell) {
                " class=\"number\""
            } else {
                ""
            };
            let _ = write!(html, "<td{class}>{cell}</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>");
    if rows.len() > MOST_ROWS {
        let _ = write!(
            html,
            "<p class=\"empty\">and {} more</p>",
            rows.len() - MOST_ROWS
        );
    }
    html
}

fn is_number(cell: &str) -> bool {
    cell == "–" || cell.parse::<f64>().is_ok()
}

/// Seconds since the recording began.
fn time(run: &Run, time_s: f64) -> String {
    let since = run.since_start(time_s);
    if since < 0.0 {
        "before".to_owned()
    } else {
        format!("{since:.2}")
    }
}

fn badge(state: &str) -> String {
    format!("<span class=\"badge {state}\">{state}</span>")
}

fn or_dash(value: Option<f64>, digits: usize) -> String {
    value
        .filter(|v| v.is_finite())
        .map_or_else(|| "–".to_owned(), |v| format!("{v:.digits$}"))
}

/// A mission: its outcome and its tasks.
pub fn mission(run: &Run, mission: &MissionStatus) -> String {
    let from = seconds(&mission.accepted);
    let duration = from.zip(seconds(&mission.finished)).map(|(a, b)| b - a);
    let id = if mission.name.is_empty() {
        String::new()
    } else {
        format!("{} · ", escape(&mission.mission_id))
    };
    let mut html = format!(
        "<h3>{} {}</h3>\n<p class=\"quote\">{}</p>\n<p class=\"facts\">{id}planned by {} · priority {} · \
         {}</p>\n",
        escape(title(mission)),
        badge(&escape(&mission.phase)),
        escape(&mission.text),
        escape(&mission.planner),
        mission.priority,
        duration.map_or_else(
            || format!("{:.0} % done", mission.progress * 100.0),
            |d| format!("{d:.2} s")
        ),
    );
    if !mission.error_msg.is_empty() {
        let _ = writeln!(
            html,
            "<p class=\"problem\">error {}: {}</p>",
            mission.error_code,
            escape(&mission.error_msg)
        );
    }
    let rows: Vec<Vec<String>> = mission
        .tasks
        .iter()
        .map(|task| task_row(run, &mission.mission_id, task))
        .collect();
    let header = [
        "Task",
        "Skill",
        "Robot",
        "Worker",
        "State",
        "Attempts",
        "Start [s]",
        "Duration [s]",
        "Outcome",
    ];
    html + &table(&header, &rows)
}

fn task_row(run: &Run, mission: &str, task: &TaskStatus) -> Vec<String> {
    let mut attempts = run.attempts.of(mission, &task.id);
    let last = run.attempts.last(mission, &task.id);
    let started = attempts.find_map(|a| a.started_s);
    let finished = last.and_then(|a| a.finished_s);
    let duration = started.zip(finished).map(|(a, b)| b - a);
    let outcome = last.map_or_else(String::new, |a| {
        if a.error_msg.is_empty() {
            measurements(&a.result)
        } else {
            format!("<span class=\"problem\">{}</span>", escape(&a.error_msg))
        }
    });
    vec![
        format!("<b>{}</b>", escape(&task.id)),
        escape(&task.skill),
        escape(&task.robot),
        escape(&task.worker),
        badge(task_state(task.state.value)),
        task.attempt.to_string(),
        or_dash(started.map(|t| run.since_start(t)), 2),
        // The clock of a simulation that starts again goes back.
        or_dash(duration.filter(|d| *d >= 0.0), 2),
        outcome,
    ]
}

/// A result's numbers on one line, without those that the table has already.
fn measurements(json: &str) -> String {
    let Ok(serde_json::Value::Object(values)) = serde_json::from_str(json) else {
        return escape(json);
    };
    let items: Vec<String> = values
        .iter()
        .filter(|(name, _)| *name != "duration_s")
        .map(|(name, value)| {
            let text = value
                .as_f64()
                .map_or_else(|| value.to_string(), |v| significant(v, 3));
            let (name, unit) = split_unit(name);
            format!(
                "<span class=\"item\">{} {}{unit}</span>",
                escape(name),
                escape(text)
            )
        })
        .collect();
    items.join(" ")
}

/// The unit that a name ends with.
fn split_unit(name: &str) -> (String, &'static str) {
    for (ending, unit) in [
        ("_m", " m"),
        ("_rad", " rad"),
        ("_s", " s"),
        ("_mps", " m/s"),
    ] {
        if let Some(stem) = name.strip_suffix(ending) {
            return (stem.replace('_', " "), unit);
        }
    }
    (name.replace('_', " "), "")
}

/// A number with about so many significant digits.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let magnitude = value.abs().log10().floor() as i32;
    let places = (digits - 1 - magnitude).clamp(0, 9) as usize;
    format!("{value:.places$}")
}

/// Median over the windows of a percentile, and the worst window.
pub fn over_windows(windows: &[Window], of: fn(&Window) -> f64) -> Option<(f64, f64)> {
    let mut values: Vec<f64> = windows.iter().map(of).filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let worst = *values.last()?;
    values.get(values.len() / 2).map(|median| (*median, worst))
}

/// Latency, jitter and tracking of every robot.
pub fn control_loops(run: &Run) -> String {
    let rows: Vec<Vec<String>> = run
        .loops
        .iter()
        .map(|(robot, l)| {
            let median = |w: &[Window], of| or_dash(over_windows(w, of).map(|v| v.0), 0);
            let worst = |w: &[Window], of| or_dash(over_windows(w, of).map(|v| v.1), 0);
            let rate = l.rates_hz.iter().sum::<f64>() / l.rates_hz.len() as f64;
            let rms = {
                let squares: f64 = l.tracking.iter().map(|t| t[1] * t[1]).sum();
                (squares / l.tracking.len() as f64).sqrt() * 1e3
            };
            let largest = l.tracking.iter().map(|t| t[2]).reduce(f64::max);
            vec![
                format!("<b>{}</b>", escape(robot)),
                or_dash(Some(rate), 1),
                median(&l.latency, |w| w.p50),
                median(&l.latency, |w| w.p99),
                worst(&l.latency, |w| w.max),
                median(&l.jitter, |w| w.p50),
                median(&l.jitter, |w| w.p99),
                worst(&l.jitter, |w| w.max),
                l.overruns.to_string(),
                or_dash(Some(rms), 2),
                or_dash(largest.map(|v| v * 1e3), 2),
            ]
        })
        .collect();
    let header = [
        "Robot",
        "Rate [Hz]",
        "Latency p50 [µs]",
        "p99 [µs]",
        "max [µs]",
        "Jitter p50 [µs]",
        "p99 [µs]",
        "max [µs]",
        "Overruns",
        "Tracking rms [mrad or mm]",
        "max [mrad or mm]",
    ];
    table(&header, &rows)
}

/// What the safety filters did.
pub fn safety(run: &Run) -> String {
    let states = ["normal", "limited", "stopped", "latched"];
    let rows: Vec<Vec<String>> = run
        .safety
        .iter()
        .map(|e| {
            let state = states
                .get(usize::from(e.state))
                .copied()
                .unwrap_or("unknown");
            vec![
                time(run, e.time_s),
                escape(&e.robot),
                e.filter.to_owned(),
                badge(state),
                escape(&e.cause),
                escape(&e.detail),
                e.interventions.to_string(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "<p class=\"empty\">no safety filter reported</p>".to_owned();
    }
    let header = [
        "Time [s]",
        "Robot",
        "Filter",
        "State",
        "Cause",
        "Detail",
        "Interventions so far",
    ];
    table(&header, &rows)
}

/// Warnings and errors.
pub fn logs(run: &Run) -> String {
    let rows: Vec<Vec<String>> = run
        .logs
        .iter()
        .map(|l| {
            let level = match l.level {
                0..=30 => "warning",
                31..=40 => "error",
                _ => "fatal",
            };
            vec![
                time(run, l.first_s),
                badge(level),
                escape(&l.node),
                escape(&l.text),
                l.count.to_string(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "<p class=\"empty\">no node warned</p>".to_owned();
    }
    table(&["First [s]", "Level", "Node", "Text", "Times"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_significant_digits() {
        for (value, expected) in [
            (0.000_351_02, "0.000351"),
            (1.789_4, "1.79"),
            (1234.6, "1235"),
            (0.0, "0"),
        ] {
            assert_eq!(significant(value, 3), expected);
        }
    }

    #[test]
    fn measurements_are_named_with_their_units() {
        assert_eq!(
            measurements("{\"duration_s\": 3, \"final_error_m\": 0.00803, \"grasped\": \"<b>\"}"),
            "<span class=\"item\">final error 0.00803 m</span> \
             <span class=\"item\">grasped &quot;&lt;b&gt;&quot;</span>"
        );
        assert_eq!(measurements("not <json>"), "not &lt;json&gt;");
    }
}

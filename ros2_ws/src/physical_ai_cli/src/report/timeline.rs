//! Who did what when: a Gantt chart of the attempts, a lane per robot.

use physical_ai_ros::msg::physical_ai_msgs::msg::MissionStatus;

use super::attempts::{Attempt, Key, seconds};
use super::run::Run;
use super::svg::{Svg, ticks};
use crate::output::{is_terminal, task_state};

const WIDTH: f64 = 1080.0;
const GUTTER: f64 = 150.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 10.0;
const ROW: f64 = 30.0;
const BAR: f64 = 22.0;
const GAP: f64 = 10.0;
const BOTTOM: f64 = 40.0;
const CHARACTER: f64 = 6.6;

/// States in the legend with the class of their colour.
pub const LEGEND: [(&str, &str); 5] = [
    ("succeeded", "succeeded"),
    ("failed", "failed"),
    ("canceled", "canceled"),
    ("still running", "running"),
    ("waiting for its worker", "assigned"),
];

struct Bar<'a> {
    key: &'a Key,
    attempt: &'a Attempt,
    from_s: f64,
    to_s: f64,
    row: usize,
}

struct Lane<'a> {
    robot: &'a str,
    workers: String,
    bars: Vec<Bar<'a>>,
    rows: usize,
}

struct MissionSpan {
    name: String,
    from_s: f64,
    to_s: f64,
    class: &'static str,
}

/// Draws the timeline; `None` if nothing was attempted.
pub fn timeline(run: &Run) -> Option<String> {
    let lanes = lanes(run);
    let missions = mission_spans(run);
    let span_s = span_s(&lanes, &missions)?;
    let rows: usize = lanes.iter().map(|l| l.rows).sum::<usize>() + missions.len();
    let height = TOP + rows as f64 * ROW + (lanes.len() as f64 + 1.0) * GAP + BOTTOM;
    let mut svg = Svg::new(WIDTH, height);
    let [from_s, to_s] = span_s;
    let x = |t: f64| GUTTER + (t - from_s) / (to_s - from_s) * (WIDTH - GUTTER - RIGHT);
    draw_time(&mut svg, span_s.map(|t| run.since_start(t)), height);
    let mut y = TOP;
    for mission in &missions {
        draw_mission(&mut svg, mission, y, &x);
        y += ROW;
    }
    for lane in &lanes {
        svg.line("rule", [0.0, y + GAP / 2.0], [WIDTH - RIGHT, y + GAP / 2.0]);
        y += GAP;
        let middle = y + lane.rows as f64 * ROW / 2.0;
        lane_label(&mut svg, middle, lane.robot, &lane.workers);
        for one in &lane.bars {
            draw(&mut svg, one, y + one.row as f64 * ROW, &x);
        }
        y += lane.rows as f64 * ROW;
    }
    let floor = height - BOTTOM;
    svg.line("axis", [GUTTER, floor], [WIDTH - RIGHT, floor]);
    Some(svg.inline("Timeline of tasks by robot"))
}

/// From the first beginning to the last end, a second at least.
fn span_s(lanes: &[Lane<'_>], missions: &[MissionSpan]) -> Option<[f64; 2]> {
    let spans = || {
        let bars = lanes.iter().flat_map(|l| &l.bars);
        bars.map(|b| (b.from_s, b.to_s))
            .chain(missions.iter().map(|m| (m.from_s, m.to_s)))
    };
    let from_s = spans().map(|s| s.0).reduce(f64::min)?;
    let to_s = spans().map(|s| s.1).reduce(f64::max)?;
    Some([from_s, to_s.max(from_s + 1.0)])
}

/// The axis of time, in seconds since the recording began.
fn draw_time(svg: &mut Svg, [from_s, to_s]: [f64; 2], height: f64) {
    let floor = height - BOTTOM;
    let (marks, digits) = ticks(from_s, to_s, 12.0);
    for mark in marks {
        let at = GUTTER + (mark - from_s) / (to_s - from_s) * (WIDTH - GUTTER - RIGHT);
        svg.line("grid", [at, TOP], [at, floor]);
        let text = format!("{mark:.digits$}");
        svg.text("tick", [at, floor + 15.0], "middle", text);
    }
    let middle = [(GUTTER + WIDTH - RIGHT) / 2.0, height - 6.0];
    let text = "time since the recording began [s]";
    svg.text("label", middle, "middle", text);
}

fn draw_mission(svg: &mut Svg, mission: &MissionSpan, y: f64, x: &impl Fn(f64) -> f64) {
    let (from_s, to_s) = (mission.from_s, mission.to_s);
    lane_label(svg, y + ROW / 2.0, "mission", "");
    let title = format!("{}: {:.2} s", mission.name, to_s - from_s);
    let class = format!("mission {}", mission.class);
    bar(svg, &class, [x(from_s), x(to_s)], y, &mission.name, &title);
}

fn lane_label(svg: &mut Svg, middle: f64, name: &str, below: &str) {
    if below.is_empty() {
        svg.text("lane", [0.0, middle + 4.0], "start", clip(name, GUTTER));
    } else {
        svg.text("lane", [0.0, middle - 2.0], "start", clip(name, GUTTER));
        svg.text("tick", [0.0, middle + 12.0], "start", clip(below, GUTTER));
    }
}

fn draw(svg: &mut Svg, one: &Bar<'_>, y: f64, x: &impl Fn(f64) -> f64) {
    let (key, attempt) = (one.key, one.attempt);
    let began = attempt
        .started_s
        .unwrap_or(one.to_s)
        .clamp(one.from_s, one.to_s);
    let number = if key.2 > 1 {
        format!(" · attempt {}", key.2)
    } else {
        String::new()
    };
    let mut title = format!(
        "{} ({}){number}\n{} on {}: {}\n{:.2} s",
        key.1,
        attempt.skill,
        attempt.robot,
        attempt.worker,
        task_state(attempt.state),
        one.to_s - began,
    );
    if !attempt.error_msg.is_empty() {
        title.push('\n');
        title.push_str(&attempt.error_msg);
    }
    if began > one.from_s {
        let size = [x(began) - x(one.from_s), BAR];
        let at = [x(one.from_s), y + (ROW - BAR) / 2.0];
        svg.rect("assigned", at, size, "waiting for its worker");
    }
    let class = match attempt.state {
        4 => "succeeded",
        5 | 7 => "failed",
        6 => "canceled",
        _ => "running",
    };
    let text = format!("{}{number}", key.1);
    bar(svg, class, [x(began), x(one.to_s)], y, &text, &title);
}

fn bar(svg: &mut Svg, class: &str, [from, to]: [f64; 2], y: f64, text: &str, title: &str) {
    let width = (to - from).max(2.0);
    svg.rect(class, [from, y + (ROW - BAR) / 2.0], [width, BAR], title);
    let text = clip(text, width - 8.0);
    if !text.is_empty() {
        svg.text("in-bar", [from + 6.0, y + ROW / 2.0 + 4.0], "start", text);
    }
}

/// As much of a text as fits into a width; nothing if that would not be legible.
fn clip(text: &str, width: f64) -> String {
    let fits = (width / CHARACTER) as usize;
    if text.chars().count() <= fits {
        text.to_owned()
    } else if fits >= 4 {
        let mut short: String = text.chars().take(fits - 1).collect();
        short.push('…');
        short
    } else {
        String::new()
    }
}

fn lanes(run: &Run) -> Vec<Lane<'_>> {
    let end_s = run.span_s.map_or(0.0, |(_, end)| end);
    let mut lanes: Vec<Lane<'_>> = Vec::new();
    for (key, attempt) in run.attempts.iter() {
        let Some(from_s) = attempt.assigned_s.or(attempt.started_s) else {
            continue;
        };
        let to_s = match attempt.finished_s {
            Some(finished) if is_terminal(attempt.state) => finished.max(from_s),
            _ => end_s.max(from_s),
        };
        let robot = if attempt.robot.is_empty() {
            "no robot"
        } else {
            &attempt.robot
        };
        let index = lanes
            .iter()
            .position(|l| l.robot == robot)
            .unwrap_or_else(|| {
                lanes.push(Lane {
                    robot,
                    workers: String::new(),
                    bars: Vec::new(),
                    rows: 0,
                });
                lanes.len() - 1
            });
        if let Some(lane) = lanes.get_mut(index) {
            if !lane.workers.split(", ").any(|w| w == attempt.worker) {
                if !lane.workers.is_empty() {
                    lane.workers.push_str(", ");
                }
                lane.workers.push_str(&attempt.worker);
            }
            lane.bars.push(Bar {
                key,
                attempt,
                from_s,
                to_s,
                row: 0,
            });
        }
    }
    lanes.sort_by(|a, b| a.robot.cmp(b.robot));
    for lane in &mut lanes {
        stack(lane);
    }
    lanes
}

/// Gives bars that overlap rows of their own.
fn stack(lane: &mut Lane<'_>) {
    lane.bars.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    let mut free_at: Vec<f64> = Vec::new();
    for bar in &mut lane.bars {
        // A hand-over between two updates is no overlap.
        let row = free_at.iter().position(|t| *t <= bar.from_s + 0.1);
        bar.row = row.unwrap_or(free_at.len());
        match free_at.get_mut(bar.row) {
            Some(time) => *time = bar.to_s,
            None => free_at.push(bar.to_s),
        }
    }
    lane.rows = free_at.len();
}

/// What a mission is called: by its plan's own name, or by its id.
pub fn title(mission: &MissionStatus) -> &str {
    if mission.name.is_empty() {
        &mission.mission_id
    } else {
        &mission.name
    }
}

fn mission_spans(run: &Run) -> Vec<MissionSpan> {
    let end_s = run.span_s.map_or(0.0, |(_, end)| end);
    run.missions
        .iter()
        .filter_map(|m| {
            let from_s = seconds(&m.accepted)?;
            Some(MissionSpan {
                name: title(m).to_owned(),
                from_s,
                to_s: seconds(&m.finished).unwrap_or(end_s).max(from_s),
                class: match m.phase.as_str() {
                    "succeeded" => "succeeded",
                    "failed" => "failed",
                    "canceled" => "canceled",
                    _ => "running",
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_attempts_get_rows_of_their_own() {
        let key = ("m".to_owned(), "t".to_owned(), 1);
        let attempt = Attempt::default();
        let bar = |from_s, to_s| Bar {
            key: &key,
            attempt: &attempt,
            from_s,
            to_s,
            row: 0,
        };
        let mut lane = Lane {
            robot: "r",
            workers: String::new(),
            bars: vec![bar(4.0, 6.0), bar(0.0, 4.05), bar(2.0, 3.0)],
            rows: 0,
        };
        stack(&mut lane);
        let rows: Vec<usize> = lane.bars.iter().map(|b| b.row).collect();
        assert_eq!((rows, lane.rows), (vec![0, 1, 0], 2));
    }

    #[test]
    fn text_is_clipped_to_what_is_legible() {
        assert_eq!(clip("pick_red", 100.0), "pick_red");
        assert_eq!(clip("pick_red", 40.0), "pick_…");
        assert_eq!(clip("pick_red", 20.0), "");
    }
}

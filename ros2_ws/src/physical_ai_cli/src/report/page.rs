//! Puts the report's parts into one page that needs nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::chart::{Scale, Series, chart, legend};
use super::map;
use super::planning::planning;
use super::run::{ControlLoop, Part, Run, Window};
use super::svg::escape;
use super::tables;
use super::timeline::{self, timeline};
use crate::output::task_state;

/// Style of page and drawings.
pub const STYLE: &str = include_str!("style.css");

const PERCENTILES: [(&str, &str); 3] = [("p50", "c2"), ("p99", "c0"), ("max", "c1")];
const TRACKING: [(&str, &str); 2] = [("rms", "c2"), ("max", "c1")];

/// The page.
pub fn page(run: &Run, title: &str, facts: &BTreeMap<String, String>) -> String {
    let mut body = format!("<h1>{}</h1>\n{}", escape(title), facts_line(run, facts));
    for note in &run.notes {
        let _ = writeln!(body, "<p class=\"note\">{}</p>", escape(note));
    }
    body.push_str(&tiles(run));
    section(&mut body, "Missions", &missions(run));
    section(&mut body, "Planning", &planning(&run.decompositions));
    section(&mut body, "Timeline", &timeline_part(run));
    section(&mut body, "Paths", &paths(run));
    section(&mut body, "Control loops", &control_loops(run));
    section(&mut body, "Safety", &tables::safety(run));
    section(&mut body, "Warnings and errors", &tables::logs(run));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escape(title)
    )
}

fn section(body: &mut String, title: &str, content: &str) {
    let _ = writeln!(body, "<section>\n<h2>{title}</h2>\n{content}\n</section>");
}

fn facts_line(run: &Run, facts: &BTreeMap<String, String>) -> String {
    let fact = |name: &str| facts.get(name).map_or("", String::as_str);
    let (start, end) = run.span_s.unwrap_or_default();
    format!(
        "<p class=\"facts\">{:.1} s of {} time · {} robots · namespace /{} · domain {} · physical-ai {}</p>\n",
        end - start,
        match fact("clock") {
            "system" => "system",
            _ => "simulated",
        },
        run.loops.len(),
        escape(fact("namespace")),
        escape(fact("domain_id")),
        escape(fact("version")),
    )
}

fn tiles(run: &Run) -> String {
    let mut tiles = String::from("<div class=\"tiles\">\n");
    let mut tile = |value: String, name: &str| {
        let _ = writeln!(
            tiles,
            "<div class=\"tile\"><b>{}</b><span>{name}</span></div>",
            escape(value)
        );
    };
    let succeeded = run
        .missions
        .iter()
        .filter(|m| m.phase == "succeeded")
        .count();
    tile(
        format!("{succeeded} of {}", run.missions.len()),
        "missions done",
    );
    let tasks = || run.missions.iter().flat_map(|m| &m.tasks);
    let done = tasks()
        .filter(|t| task_state(t.state.value) == "succeeded")
        .count();
    tile(format!("{done} of {}", tasks().count()), "tasks done");
    let driven: f64 = run
        .paths
        .values()
        .filter(|t| t.part == Part::Base)
        .map(|t| t.length_m)
        .sum();
    tile(format!("{driven:.1} m"), "driven by rovers");
    let windows = |of: fn(&ControlLoop) -> &Vec<Window>| -> Vec<Window> {
        run.loops
            .values()
            .flat_map(|l| of(l).iter().copied())
            .collect()
    };
    let median = |windows: &[Window], of: fn(&Window) -> f64| {
        tables::over_windows(windows, of).map_or_else(
            || "–".to_owned(),
            |(median, _)| format!("{} ms", tables::significant(median / 1e3, 2)),
        )
    };
    let latency = windows(|l| &l.latency);
    tile(median(&latency, |w| w.p50), "latency, p50");
    tile(median(&latency, |w| w.p99), "latency, p99");
    let jitter = windows(|l| &l.jitter);
    tile(median(&jitter, |w| w.p99), "loop jitter, p99");
    let mut interventions: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for event in &run.safety {
        let most = interventions
            .entry((event.robot.as_str(), event.filter))
            .or_default();
        *most = (*most).max(event.interventions);
    }
    tile(
        interventions.values().sum::<u64>().to_string(),
        "interventions",
    );
    tiles + "</div>\n"
}

fn missions(run: &Run) -> String {
    if run.missions.is_empty() {
        return "<p class=\"empty\">no mission ran while this was recorded</p>".to_owned();
    }
    run.missions
        .iter()
        .map(|mission| tables::mission(run, mission))
        .collect()
}

fn timeline_part(run: &Run) -> String {
    match timeline(run) {
        Some(svg) => legend(&timeline::LEGEND) + &svg,
        None => "<p class=\"empty\">no task was attempted</p>".to_owned(),
    }
}

fn paths(run: &Run) -> String {
    let Some(overview) = map::overview(run) else {
        return "<p class=\"empty\">no robot reported where it is</p>".to_owned();
    };
    let robots: Vec<(String, String)> = run
        .paths
        .iter()
        .map(|(name, track)| {
            let what = match track.part {
                Part::Tip => "tool",
                Part::Base => "base",
            };
            let text = format!("{}: {what}, {:.2} m", escape(name), track.length_m);
            (text, map::colour_of(run, name))
        })
        .collect();
    let entries: Vec<(&str, &str)> = robots
        .iter()
        .map(|(t, c)| (t.as_str(), c.as_str()))
        .collect();
    let mut html = legend(&entries);
    html.push_str(
        "<p class=\"facts\">Seen from above. Open circle: start of a path; full circle: its end; square: \
         base of an arm. Dashed outlines: places, and where moved objects stood at first.</p>\n",
    );
    let details = map::details(run);
    let class = if details.is_empty() {
        "maps single"
    } else {
        "maps"
    };
    let world = overview.inline("World and paths of the robots");
    let _ = write!(
        html,
        "<div class=\"{class}\">\n<div><h4>World</h4>{world}</div>\n<div>"
    );
    for (name, svg) in details {
        let name = escape(name);
        let svg = svg.inline(&format!("Tool path of {name}"));
        let _ = writeln!(html, "<h4>{name} in detail</h4>{svg}");
    }
    html.push_str("</div></div>\n");
    html
}

fn control_loops(run: &Run) -> String {
    if run.loops.is_empty() {
        return "<p class=\"empty\">no control loop reported</p>".to_owned();
    }
    let mut html = String::from(
        "<p class=\"facts\">Each node measures windows of one second. p50 and p99 are medians over the \
         windows, max is the largest value of all. Latency: from publishing a sensor sample until the \
         command that answers it arrives at the drive. Jitter: how far the interval between two ticks \
         is from the period. Tracking: set point against estimate, while moving.</p>\n",
    );
    html.push_str(&tables::control_loops(run));
    for (robot, control_loop) in &run.loops {
        let _ = writeln!(
            html,
            "<h3>{}</h3>\n<div class=\"charts\">\n{}</div>",
            escape(robot),
            charts(run, robot, control_loop)
        );
    }
    html
}

/// The three charts of one robot.
fn charts(run: &Run, robot: &str, control_loop: &ControlLoop) -> String {
    let span = run
        .span_s
        .map_or([0.0, 1.0], |(start, end)| [0.0, end - start]);
    let is_rover = run.paths.get(robot).is_some_and(|t| t.part == Part::Base);
    let (milli, log) = (if is_rover { "mm" } else { "mrad" }, Scale::Logarithmic);
    let latency = percentiles(run, &control_loop.latency);
    let jitter = percentiles(run, &control_loop.jitter);
    let tracking = tracking(run, control_loop);
    let error = format!("error [{milli}]");
    [
        (
            "Sensor-to-actuator latency",
            &PERCENTILES[..],
            chart("Latency over time", "latency [µs]", log, span, &latency),
        ),
        (
            "Loop jitter",
            &PERCENTILES[..],
            chart("Jitter over time", "jitter [µs]", log, span, &jitter),
        ),
        (
            "Tracking error",
            &TRACKING[..],
            chart(
                "Tracking error over time",
                &error,
                Scale::Linear,
                span,
                &tracking,
            ),
        ),
    ]
    .map(|(title, entries, chart)| {
        format!("<div><h4>{title}</h4>{}{chart}</div>\n", legend(entries))
    })
    .concat()
}

fn percentiles(run: &Run, windows: &[Window]) -> Vec<Series> {
    let values: [fn(&Window) -> f64; 3] = [|w| w.p50, |w| w.p99, |w| w.max];
    PERCENTILES
        .iter()
        .zip(values)
        .map(|((_, class), value)| Series {
            class,
            points: windows
                .iter()
                .map(|w| [run.since_start(w.time_s), value(w)])
                .collect(),
        })
        .collect()
}

fn tracking(run: &Run, control_loop: &ControlLoop) -> Vec<Series> {
    TRACKING
        .iter()
        .enumerate()
        .map(|(index, (_, class))| Series {
            class,
            points: control_loop
                .tracking
                .iter()
                .map(|t| [run.since_start(t[0]), t[index + 1] * 1e3])
                .collect(),
        })
        .collect()
}

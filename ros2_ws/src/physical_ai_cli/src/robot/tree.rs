//! The tree of links and joints as a drawing: one line a link, further in the further it is from the root.

use std::collections::BTreeMap;

use physical_ai_description::LoadedRobot;
use physical_ai_domain::{Joint, JointKind};

use super::roles::{self, Role};
use super::tables;
use crate::report::svg::Svg;

const ROW: f64 = 20.0;
const STEP: f64 = 18.0;
const MARGIN: f64 = 16.0;
/// Widths of letters of the two sizes of text, pixels.
const LETTER: f64 = 7.2;
const SMALL_LETTER: f64 = 6.2;
/// How many colours tell chains apart.
const COLOURS: usize = 6;

const STYLE: &str = "svg { background: #fff; } \
    text { font: 12px 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1d2430; } \
    text.soft { fill: #8a93a1; } text.small { font-size: 10.5px; fill: #5d6878; } \
    text.title { font-weight: bold; font-size: 14px; } \
    line { stroke: #c9d0da; stroke-width: 1.2; } \
    circle, rect { fill: #c9d0da; } \
    .c0 { fill: #2f6fd0; } .c1 { fill: #d9641c; } .c2 { fill: #14917f; } .c3 { fill: #b0499f; } \
    .c4 { fill: #9c7d12; } .c5 { fill: #6b5bd0; } .wheel { fill: #1d2430; } \
    .other { fill: #fff; stroke: #5d6878; stroke-width: 1.4; }";

/// A link as a line of the drawing.
struct Row {
    link: usize,
    joint: Option<usize>,
    depth: usize,
    /// Line of the link that it hangs on.
    parent: usize,
}

/// Draws the tree of a robot.
pub fn svg(robot: &LoadedRobot) -> String {
    let roles = roles::roles(robot);
    let rows = rows(robot);
    let legend = legend(robot);
    let top = MARGIN + ROW * (legend.len() as f64 + 1.5);
    let width = rows
        .iter()
        .map(|row| width(robot, row))
        .chain(
            legend
                .iter()
                .map(|(_, words)| 2.0 * MARGIN + LETTER * (words.chars().count() as f64 + 3.0)),
        )
        .fold(300.0, f64::max);
    let height = top + ROW * (rows.len() as f64 + 0.5);
    let mut svg = Svg::new(width + MARGIN, height);
    svg.text(
        "title",
        [MARGIN, MARGIN + 8.0],
        "start",
        robot.model.name.as_str(),
    );
    for (i, (class, words)) in legend.iter().enumerate() {
        let y = MARGIN + ROW * (i as f64 + 1.4);
        svg.circle(class, [MARGIN + 5.0, y - 4.0], 5.0, "");
        svg.text("", [MARGIN + 18.0, y], "start", words);
    }
    let at = |row: &Row, line: usize| {
        let x = MARGIN + STEP * row.depth as f64;
        [x, top + ROW * line as f64]
    };
    for (line, row) in rows.iter().enumerate().skip(1) {
        let ([x, y], [above, from]) = (at(row, line), at(&rows[row.parent], row.parent));
        svg.line("", [above, from + 5.0], [above, y]);
        svg.line("", [above, y], [x, y]);
    }
    for (line, row) in rows.iter().enumerate() {
        draw(robot, &roles, row, at(row, line), &mut svg);
    }
    svg.standalone(&format!("Links and joints of {}", robot.model.name), STYLE)
}

fn draw(
    robot: &LoadedRobot,
    roles: &BTreeMap<String, Role>,
    row: &Row,
    [x, y]: [f64; 2],
    svg: &mut Svg,
) {
    let link = &robot.model.links[row.link].name;
    let base = y + 4.0;
    let text_x = x + 10.0;
    let Some(joint) = row.joint.map(|j| &robot.model.joints[j]) else {
        svg.rect("", [x - 5.0, y - 5.0], [10.0, 10.0], "root");
        svg.text("", [text_x, base], "start", link);
        return;
    };
    let is_fixed = joint.kind == JointKind::Fixed;
    let tip = is_tip(robot, link);
    if !is_fixed {
        let class = roles
            .get(&joint.name)
            .map_or_else(|| "other".to_owned(), class);
        svg.circle(&class, [x, y], 5.0, &joint.name);
    } else if tip.is_some() {
        svg.polygon("c0", &tip_style(tip), &diamond([x, y]), "tip");
    } else {
        svg.circle("", [x, y], 2.5, &joint.name);
    }
    let words = link_words(robot, link);
    svg.text(
        if is_fixed && tip.is_none() {
            "soft"
        } else {
            ""
        },
        [text_x, base],
        "start",
        &words,
    );
    let after = text_x + LETTER * words.chars().count() as f64 + 12.0;
    svg.text("small", [after, base], "start", joint_words(joint));
}

/// The colour of the chain whose tip this is, over that of the class.
fn tip_style(chain: Option<usize>) -> String {
    const FILLS: [&str; COLOURS] = [
        "#2f6fd0", "#d9641c", "#14917f", "#b0499f", "#9c7d12", "#6b5bd0",
    ];
    format!("fill: {}", FILLS[chain.unwrap_or(0) % COLOURS])
}

fn diamond([x, y]: [f64; 2]) -> [[f64; 2]; 4] {
    const R: f64 = 6.5;
    [[x, y - R], [x + R, y], [x, y + R], [x - R, y]]
}

fn is_tip(robot: &LoadedRobot, link: &str) -> Option<usize> {
    robot.layout.chains.iter().position(|c| c.tip == link)
}

fn link_words(robot: &LoadedRobot, link: &str) -> String {
    match is_tip(robot, link) {
        Some(chain) => format!("{link}  ◂ tip of {}", robot.layout.chains[chain].name),
        None => link.to_owned(),
    }
}

fn joint_words(joint: &Joint) -> String {
    if joint.kind == JointKind::Fixed {
        return joint.name.clone();
    }
    let kind = tables::kind(joint.kind);
    format!("{}  {kind} {}", joint.name, tables::limits(joint))
}

fn class(role: &Role) -> String {
    match role {
        Role::Chain(i) | Role::Gripper(i) => format!("c{}", i % COLOURS),
        Role::LeftWheel | Role::RightWheel => "wheel".to_owned(),
    }
}

fn width(robot: &LoadedRobot, row: &Row) -> f64 {
    let link = link_words(robot, &robot.model.links[row.link].name);
    let joint = row.joint.map(|j| joint_words(&robot.model.joints[j]));
    let small = joint.map_or(0, |words| words.chars().count());
    MARGIN
        + STEP * row.depth as f64
        + 34.0
        + LETTER * link.chars().count() as f64
        + SMALL_LETTER * small as f64
}

/// Links in the order of the tree, each after the one that it hangs on.
fn rows(robot: &LoadedRobot) -> Vec<Row> {
    let model = &robot.model;
    let mut rows: Vec<Row> = Vec::new();
    let mut open = vec![(model.root, None, 0, 0)];
    while let Some((link, joint, depth, parent)) = open.pop() {
        let line = rows.len();
        rows.push(Row {
            link,
            joint,
            depth,
            parent,
        });
        let children = model.joints.iter().enumerate().rev();
        for (i, below) in children.filter(|(_, j)| j.parent == link) {
            open.push((below.child, Some(i), depth + 1, line));
        }
    }
    rows
}

fn legend(robot: &LoadedRobot) -> Vec<(String, String)> {
    let mut legend: Vec<(String, String)> = robot
        .layout
        .chains
        .iter()
        .enumerate()
        .map(|(i, chain)| {
            let hand = chain.gripper.as_ref().map_or("", |_| " with gripper");
            let words = format!("{}{hand}: {} → {}", chain.name, chain.base, chain.tip);
            (class(&Role::Chain(i)), words)
        })
        .collect();
    if let Some(drive) = &robot.layout.drive {
        let words = format!(
            "wheels of {} m, {} m apart",
            drive.radius_m, drive.separation_m
        );
        legend.push(("wheel".to_owned(), words));
    }
    legend.push(("other".to_owned(), "other joints that move".to_owned()));
    legend
}

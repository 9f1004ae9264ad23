use std::fmt::Write as _;

use physical_ai_domain::{ChainLayout, GraspLayout, GripperLayout, Joint, JointKind};

use crate::LoadedRobot;

/// A robot file that says what was found, with comments, to be edited: read again it gives the same layout.
/// `description` is what stands in it for the description.
pub fn robot_file_text(robot: &LoadedRobot, description: &str) -> String {
    let mut text = String::from(
        "# What `physical-ai robot inspect` found. Save it as params/robots/NAME.yaml and edit it; worlds then\n\
         # use it for robots whose model is NAME. Radians, metres, seconds, newtons.\n\
         # A section that is taken out is found by looking again; `chains: []` and `drive: null` say that there is none.\n\n\
         # package://, file:// or a path from this file's folder.\n",
    );
    let _ = writeln!(text, "description: {}\n", quoted(description));
    chains(&mut text, robot);
    drive(&mut text, robot);
    postures(&mut text, robot);
    limits(&mut text, robot);
    sensors(&mut text, robot);
    text
}

/// What was found about something, as comments.
fn found(text: &mut String, robot: &LoadedRobot, about: &str, indent: &str) {
    for finding in robot.findings.iter().filter(|f| f.about.starts_with(about)) {
        let words = format!("{}; {}: {}", finding.about, finding.certainty, finding.why);
        let _ = writeln!(text, "{indent}# {}", one_line(&words));
    }
}

fn chains(text: &mut String, robot: &LoadedRobot) {
    text.push_str("# Chains: poses of the tip are counted from the base.\n");
    if robot.layout.chains.is_empty() {
        text.push_str("chains: []\n\n");
        return;
    }
    text.push_str("chains:\n");
    for chain in &robot.layout.chains {
        found(text, robot, &format!("chain {}:", chain.name), "  ");
        let ChainLayout {
            name,
            base,
            tip,
            gripper,
        } = chain;
        let _ = writeln!(text, "  - name: {}", quoted(name));
        let _ = writeln!(text, "    base: {}", quoted(base));
        let _ = writeln!(text, "    tip: {}", quoted(tip));
        if let Some(GripperLayout {
            joints,
            opening_m,
            grasp,
        }) = gripper
        {
            text.push_str("    gripper:\n      joints:\n");
            for part in joints {
                let joint = quoted(&part.joint);
                let (open, closed) = (part.open, part.closed);
                let _ = writeln!(
                    text,
                    "        - {{joint: {joint}, open: {open:?}, closed: {closed:?}}}"
                );
            }
            text.push_str("      # Distance between the fingers when open.\n");
            let _ = writeln!(text, "      opening_m: {opening_m:?}");
            if let Some(grasp) = grasp {
                grasps(text, grasp);
            }
        }
    }
    text.push('\n');
}

fn grasps(text: &mut String, grasp: &GraspLayout) {
    let GraspLayout {
        approach,
        pads,
        beyond_m,
        depth_m,
    } = grasp;
    for line in [
        "# How it takes hold: where the hand comes from, in the tip's frame; where the pads are that touch, in the",
        "# frames of their links; how far the fingers reach beyond these, and what room there is before the palm.",
        "grasp:",
    ] {
        let _ = writeln!(text, "      {line}");
    }
    let _ = writeln!(text, "        approach: {approach:?}\n        pads:");
    for pad in pads {
        let _ = writeln!(
            text,
            "          - {{link: {}, at: {:?}}}",
            quoted(&pad.link),
            pad.at
        );
    }
    let _ = writeln!(
        text,
        "        beyond_m: {beyond_m:?}\n        depth_m: {depth_m:?}"
    );
}

fn drive(text: &mut String, robot: &LoadedRobot) {
    text.push_str(
        "# Differential drive: wheels on the left are driven alike, and those on the right.\n",
    );
    found(text, robot, "drive", "");
    match &robot.layout.drive {
        None => text.push_str("drive: null\n\n"),
        Some(drive) => {
            let list = |names: &[String]| {
                let names: Vec<String> = names.iter().map(|n| quoted(n)).collect();
                format!("[{}]", names.join(", "))
            };
            let (radius, separation) = (drive.radius_m, drive.separation_m);
            let _ = write!(
                text,
                "drive:\n  left: {}\n  right: {}\n  radius_m: {radius:?}\n  separation_m: {separation:?}\n\n",
                list(&drive.left),
                list(&drive.right)
            );
        }
    }
}

fn postures(text: &mut String, robot: &LoadedRobot) {
    text.push_str("# Named postures; `home` is where the skill home goes.\n");
    found(text, robot, "posture", "");
    if robot.layout.postures.is_empty() {
        text.push_str("postures: {}\n\n");
        return;
    }
    text.push_str("postures:\n");
    for (name, posture) in &robot.layout.postures {
        if posture.is_empty() {
            let _ = writeln!(text, "  {}: {{}}", quoted(name));
            continue;
        }
        let _ = writeln!(text, "  {}:", quoted(name));
        for (joint, value) in posture {
            let _ = writeln!(text, "    {}: {value:?}", quoted(joint));
        }
    }
    text.push('\n');
}

fn limits(text: &mut String, robot: &LoadedRobot) {
    text.push_str(
        "# Limits that are tighter than the description's, or that it does not give: lower, upper, velocity, effort,\n\
         # acceleration, deceleration, jerk. Those that hold now:\n",
    );
    let comment = |joint: &Joint| {
        let line = format!("  # {}: {{{}}}", quoted(&joint.name), limits_of(joint));
        match joint.motion_block() {
            Some(block) => format!("{line}  not moved: {block}\n"),
            None => format!("{line}\n"),
        }
    };
    let file = robot.robot_file.as_ref().map(|f| &f.limits);
    if file.is_none_or(std::collections::BTreeMap::is_empty) {
        text.push_str("limits: {}\n");
    } else {
        text.push_str("limits:\n");
    }
    for joint in robot.model.movable() {
        let own = file.and_then(|f| f.get(&joint.name));
        match own {
            None => text.push_str(&comment(joint)),
            Some(own) => {
                let parts = [
                    ("lower", own.lower),
                    ("upper", own.upper),
                    ("velocity", own.velocity),
                    ("effort", own.effort),
                    ("acceleration", own.acceleration),
                    ("deceleration", own.deceleration),
                    ("jerk", own.jerk),
                ];
                let parts = parts.into_iter().filter_map(|(n, v)| Some((n, v?)));
                let _ = writeln!(text, "  {}: {{{}}}", quoted(&joint.name), listed(parts));
            }
        }
    }
    text.push('\n');
}

/// The limits that somebody gave, and the acceleration that holds.
fn limits_of(joint: &Joint) -> String {
    let given = &joint.given;
    let is_bounded = joint.kind != JointKind::Continuous;
    let parts = [
        ("lower", given.lower.filter(|_| is_bounded)),
        ("upper", given.upper.filter(|_| is_bounded)),
        ("velocity", given.velocity),
        ("effort", given.effort),
        (
            "acceleration",
            given.velocity.map(|_| joint.limits.acceleration),
        ),
        ("jerk", given.jerk),
    ];
    listed(parts.into_iter().filter_map(|(n, v)| Some((n, v?))))
}

fn listed(parts: impl Iterator<Item = (&'static str, f64)>) -> String {
    let parts: Vec<String> = parts
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    parts.join(", ")
}

fn sensors(text: &mut String, robot: &LoadedRobot) {
    text.push_str(
        "# Sensors, each in the frame of a link: imu, lidar, camera, force_torque, range.\n",
    );
    if robot.sensors.is_empty() {
        text.push_str("sensors: []\n");
        return;
    }
    text.push_str("sensors:\n");
    for sensor in &robot.sensors {
        let kind = sensor.kind.word();
        let _ = writeln!(text, "  - {{kind: {kind}, link: {}}}", quoted(&sensor.link));
    }
}

/// A comment ends with its line.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// A text as YAML reads it back, plain where that is safe.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    let means_something = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/')
        && text.chars().all(plain)
        && !means_something;
    if is_plain {
        text.to_owned()
    } else {
        // A JSON text is one of YAML.
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_are() {
        for name in [
            "tool0", "on", "8.0", "a: b", "#x", "", "Ä", "-", "iris/x", "null", "\"", "~",
        ] {
            let text = format!("{}: {}", quoted(name), quoted(name));
            let back: std::collections::BTreeMap<String, String> =
                serde_yaml_ng::from_str(&text).unwrap();
            assert_eq!(back.get(name).map(String::as_str), Some(name), "{text}");
        }
    }
}

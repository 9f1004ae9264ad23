use std::collections::BTreeMap;

use physical_ai_domain::{
    ChainLayout, DiffDriveLayout, GripperLayout, Joint, JointKind, RobotLayout, RobotModel,
};

use super::RobotFile;
use crate::layout::wheel_axis;
use crate::nearest::does_not_exist;
use crate::{Error, SensorLayout};

/// A position may be beyond a limit by this much: both were rounded, radians or metres.
const ROUNDING: f64 = 1e-6;

/// Refuses a layout whose names the robot does not have, or whose joints cannot do what they are said to be for.
///
/// # Errors
/// [`Error::Invalid`] naming file, field, value and what to do.
pub(crate) fn check_layout(
    file: &RobotFile,
    model: &RobotModel,
    layout: &RobotLayout,
    sensors: &[SensorLayout],
) -> Result<(), Error> {
    let mut checks = Checks {
        file,
        model,
        roles: BTreeMap::new(),
    };
    for (i, chain) in layout.chains.iter().enumerate() {
        if layout.chains[..i].iter().any(|c| c.name == chain.name) {
            let problem = format!("{:?} is the name of two chains: rename one", chain.name);
            return Err(file.error(format!("chains[{i}].name"), problem));
        }
        checks.chain(&format!("chains[{i}]"), chain)?;
    }
    if let Some(drive) = &layout.drive {
        checks.drive(drive)?;
    }
    for (name, posture) in &layout.postures {
        checks.posture(&format!("postures.{name}"), posture)?;
    }
    for (i, sensor) in sensors.iter().enumerate() {
        checks.link(&format!("sensors[{i}].link"), &sensor.link)?;
    }
    Ok(())
}

struct Checks<'a> {
    file: &'a RobotFile,
    model: &'a RobotModel,
    /// What each joint of a gripper or drive is for.
    roles: BTreeMap<String, String>,
}

impl<'a> Checks<'a> {
    fn fail<T>(&self, field: impl Into<String>, problem: String) -> Result<T, Error> {
        Err(self.file.error(field, problem))
    }

    fn link(&self, field: &str, name: &str) -> Result<usize, Error> {
        match self.model.link_index(name) {
            Some(link) => Ok(link),
            None => {
                let all = self.model.links.iter().map(|l| l.name.as_str());
                self.fail(field, does_not_exist("link", name, all))
            }
        }
    }

    /// A joint that moves by itself.
    fn joint(&self, field: &str, name: &str) -> Result<&'a Joint, Error> {
        let Some(joint) = self.model.joints.iter().find(|j| j.name == name) else {
            let all = self.model.movable().map(|j| j.name.as_str());
            return self.fail(field, does_not_exist("joint", name, all));
        };
        if let Some(mimic) = joint.mimic {
            let leader = &self.model.joints[mimic.leader].name;
            let problem = format!("joint {name:?} follows {leader:?}: name that one");
            return self.fail(field, problem);
        }
        if matches!(joint.kind, JointKind::Fixed | JointKind::Floating) {
            let problem = format!("joint {name:?} is not moved by a drive: name another");
            return self.fail(field, problem);
        }
        Ok(joint)
    }

    /// Notes what a joint is for; it can be for one thing only.
    fn role(&mut self, field: &str, joint: &str) -> Result<(), Error> {
        match self.roles.insert(joint.to_owned(), field.to_owned()) {
            Some(other) => {
                let problem = format!("joint {joint:?} stands at {other}, too: take it out of one");
                self.fail(field, problem)
            }
            None => Ok(()),
        }
    }

    fn chain(&mut self, field: &str, chain: &ChainLayout) -> Result<(), Error> {
        if chain.name.trim().is_empty() {
            return self.fail(format!("{field}.name"), "is empty: give one".into());
        }
        let base = self.link(&format!("{field}.base"), &chain.base)?;
        let tip = self.link(&format!("{field}.tip"), &chain.tip)?;
        let above_base = self.model.joints_to(base);
        let to_tip = self.model.joints_to(tip);
        if base == tip || !to_tip.starts_with(&above_base) {
            let path: Vec<&str> = to_tip
                .iter()
                .map(|j| self.model.links[self.model.joints[*j].parent].name.as_str())
                .collect();
            let problem = format!(
                "link {:?} is not below base {:?}: above it are {}",
                chain.tip,
                chain.base,
                path.join(", ")
            );
            return self.fail(format!("{field}.tip"), problem);
        }
        let joints = &to_tip[above_base.len()..];
        let moving = |j: &&usize| {
            let joint = &self.model.joints[**j];
            joint.kind != JointKind::Fixed && joint.mimic.is_none()
        };
        if !joints.iter().any(|j| moving(&j)) {
            let problem = format!(
                "no joint between {:?} and {:?} moves",
                chain.base, chain.tip
            );
            return self.fail(format!("{field}.tip"), problem);
        }
        match &chain.gripper {
            Some(gripper) => self.gripper(&format!("{field}.gripper"), gripper, joints),
            None => Ok(()),
        }
    }

    fn gripper(
        &mut self,
        field: &str,
        gripper: &GripperLayout,
        chain: &[usize],
    ) -> Result<(), Error> {
        if gripper.joints.is_empty() {
            return self.fail(format!("{field}.joints"), "is empty: name one".into());
        }
        if !(gripper.opening_m.is_finite() && gripper.opening_m > 0.0) {
            let problem = format!("is {}: must be above 0, metres", gripper.opening_m);
            return self.fail(format!("{field}.opening_m"), problem);
        }
        for (i, part) in gripper.joints.iter().enumerate() {
            let at = format!("{field}.joints[{i}]");
            let joint = self.joint(&at, &part.joint)?;
            let carries = |j: &usize| self.model.joints[*j].name == joint.name;
            if chain.iter().any(carries) {
                let problem = format!(
                    "joint {:?} moves the tip: end the chain before it",
                    joint.name
                );
                return self.fail(at, problem);
            }
            self.within(&format!("{at}.open"), joint, part.open)?;
            self.within(&format!("{at}.closed"), joint, part.closed)?;
            self.role(&at, &part.joint)?;
        }
        if gripper.joints.iter().all(|j| j.open == j.closed) {
            let problem = "no joint is elsewhere when open than when closed: give positions".into();
            return self.fail(format!("{field}.joints"), problem);
        }
        let Some(grasp) = &gripper.grasp else {
            return Ok(());
        };
        if let Some((name, problem)) = grasp.problem() {
            return self.fail(format!("{field}.grasp.{name}"), problem);
        }
        for (i, pad) in grasp.pads.iter().enumerate() {
            self.link(&format!("{field}.grasp.pads[{i}].link"), &pad.link)?;
        }
        Ok(())
    }

    fn within(&self, field: &str, joint: &Joint, value: f64) -> Result<(), Error> {
        let (lower, upper) = (joint.limits.lower, joint.limits.upper);
        if !value.is_finite() || value < lower - ROUNDING || value > upper + ROUNDING {
            let problem = format!(
                "is {value}: joint {:?} goes from {lower} to {upper}",
                joint.name
            );
            return self.fail(field, problem);
        }
        Ok(())
    }

    fn drive(&mut self, drive: &DiffDriveLayout) -> Result<(), Error> {
        let sizes = [
            ("radius_m", drive.radius_m),
            ("separation_m", drive.separation_m),
        ];
        for (name, value) in sizes {
            if !(value.is_finite() && value > 0.0) {
                let problem = format!("is {value}: must be above 0, metres");
                return self.fail(format!("drive.{name}"), problem);
            }
        }
        let mut sides = Vec::new();
        for (side, wheels) in [("left", &drive.left), ("right", &drive.right)] {
            if wheels.is_empty() {
                return self.fail(format!("drive.{side}"), "is empty: name a wheel".into());
            }
            for (i, name) in wheels.iter().enumerate() {
                let at = format!("drive.{side}[{i}]");
                let joint = self.joint(&at, name)?;
                let wheel = wheel_axis(self.model, joint);
                let y = wheel
                    .map_err(|problem| self.file.error(&at, format!("joint {name:?} {problem}")))?;
                sides.push((at.clone(), name, side == "left", y));
                self.role(&at, name)?;
            }
        }
        let lefts = sides.iter().filter(|s| s.2).map(|s| s.3);
        let lowest_left = lefts.fold(f64::INFINITY, f64::min);
        let wrong = sides.iter().find(|s| !s.2 && s.3 >= lowest_left);
        match wrong {
            Some((at, name, _, _)) => {
                let problem = format!(
                    "wheel {name:?} is not to the right of all left ones: y is to the left"
                );
                self.fail(at, problem)
            }
            None => Ok(()),
        }
    }

    fn posture(&self, field: &str, posture: &BTreeMap<String, f64>) -> Result<(), Error> {
        for (name, value) in posture {
            let at = format!("{field}.{name}");
            let joint = self.joint(&at, name)?;
            self.within(&at, joint, *value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::layout::fixtures::{body, chain, following, frame, model};
    use crate::{Error, LoadedRobot, RobotFile};

    /// An arm of four joints with a tool and two fingers of which one follows, and two wheels on the base.
    fn robot() -> String {
        let finger = |name: &str| {
            body(name)
                + &format!(
                    r#"<joint name="{name}_joint" type="prismatic"><parent link="a_4"/><child link="{name}"/>
                    <axis xyz="0 1 0"/><limit lower="0" upper="0.04" velocity="1" effort="1"/></joint>"#
                )
        };
        let wheel = |name: &str, y: f64| {
            body(name)
                + &format!(
                    r#"<joint name="{name}_joint" type="continuous"><parent link="base"/><child link="{name}"/>
                    <origin xyz="0 {y} 0"/><axis xyz="0 1 0"/><limit velocity="1" effort="1"/></joint>"#
                )
        };
        chain("base", "a", 4, 0.2)
            + &frame("a_4", "tool0", "0.1 0 0")
            + &frame("base", "imu_link", "0 0 0")
            + &finger("finger_1")
            + &finger("finger_2")
            + &wheel("left", 0.2)
            + &wheel("right", -0.2)
    }

    fn load(text: &str) -> Result<LoadedRobot, Error> {
        let text = format!("description: a.urdf\n{text}");
        let file = RobotFile::from_yaml(Path::new("r.yaml"), &text)?;
        let model = following(&model(&robot()), "finger_2_joint", "finger_1_joint");
        LoadedRobot::try_new(model, Some(file), None)
    }

    const GOOD: &str = "
chains:
  - {name: arm, base: base, tip: tool0, gripper: {joints: [{joint: finger_1_joint, open: 0.03, closed: 0.0}], opening_m: 0.06}}
drive: {left: [left_joint], right: [right_joint], radius_m: 0.1, separation_m: 0.4}
postures: {home: {a_j1: 0.5}}
sensors: [{kind: imu, link: imu_link}]";

    #[test]
    fn what_a_file_says_counts_and_the_rest_is_found() {
        let robot = load(GOOD).unwrap();
        assert_eq!(robot.layout.chains.len(), 1);
        let gripper = robot.layout.chains[0].gripper.as_ref().unwrap();
        assert_eq!((gripper.joints[0].open, gripper.opening_m), (0.03, 0.06));
        assert_eq!(robot.layout.postures["home"]["a_j1"], 0.5);
        assert!(robot.findings.is_empty(), "{:?}", robot.findings);
        let looked = load("drive: null").unwrap();
        assert_eq!(
            (
                looked.layout.drive.is_none(),
                looked.layout.chains[0].tip.as_str()
            ),
            (true, "tool0")
        );
    }

    #[test]
    fn what_cannot_be_is_refused_with_field_value_and_way_out() {
        assert!(load(GOOD).is_ok());
        let check = |from: &str, to: &str, expected: &str| {
            assert!(GOOD.contains(from), "{from}");
            let error = load(&GOOD.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(
                error.starts_with("r.yaml: ") && error.contains(expected),
                "{error}"
            );
        };
        check(
            "tip: tool0",
            "tip: tool1",
            r#"chains[0].tip: there is no link "tool1": the nearest are "tool0""#,
        );
        check(
            "base: base",
            "base: bas",
            r#"chains[0].base: there is no link "bas": the nearest are "base""#,
        );
        check(
            "base: base, tip: tool0",
            "base: tool0, tip: a_2",
            "chains[0].tip: link \"a_2\" is not below base \"tool0\"",
        );
        check(
            "base: base, tip: tool0",
            "base: a_4, tip: tool0",
            "no joint between \"a_4\" and \"tool0\" moves",
        );
        check(
            "joint: finger_1_joint",
            "joint: fingr_1_joint",
            r#"joints[0]: there is no joint "fingr_1_joint": the nearest are "finger_1_joint""#,
        );
        check(
            "joint: finger_1_joint",
            "joint: finger_2_joint",
            "follows \"finger_1_joint\": name that one",
        );
        check(
            "joint: finger_1_joint",
            "joint: a_j4",
            "joint \"a_j4\" moves the tip",
        );
        check(
            "joint: finger_1_joint",
            "joint: tool0_fixed",
            "is not moved by a drive",
        );
        check(
            "open: 0.03",
            "open: 0.05",
            "joints[0].open: is 0.05: joint \"finger_1_joint\" goes from 0 to 0.04",
        );
        check("open: 0.03", "open: 0.0", "no joint is elsewhere when open");
        check(
            "opening_m: 0.06",
            "opening_m: -1",
            "gripper.opening_m: is -1: must be above 0",
        );
        let grasp = |approach: &str, link: &str| {
            format!(
                "opening_m: 0.06, grasp: {{approach: {approach}, pads: [{{link: finger_1, at: [0, 0, 0]}}, {{link: {link}, at: \
                 [0, 0, 0]}}], beyond_m: 0, depth_m: 0.1}}"
            )
        };
        check(
            "opening_m: 0.06",
            &grasp("[0, 0, 0]", "a_4"),
            "gripper.grasp.approach: is [0.0, 0.0, 0.0]: give a direction",
        );
        check(
            "opening_m: 0.06",
            &grasp("[0, 0, 1]", "thumb"),
            "gripper.grasp.pads[1].link: there is no link \"thumb\"",
        );
        check(
            "left: [left_joint]",
            "left: [a_j1]",
            "drive.left[0]: joint \"a_j1\" is no wheel",
        );
        check("left: [left_joint]", "left: []", "drive.left: is empty");
        check(
            "left: [left_joint]",
            "left: [right_joint]",
            "stands at drive.left[0], too",
        );
        check(
            "left: [left_joint], right: [right_joint]",
            "left: [right_joint], right: [left_joint]",
            "is not to the right of all left ones",
        );
        check(
            "radius_m: 0.1",
            "radius_m: 0",
            "drive.radius_m: is 0: must be above 0",
        );
        check(
            "{a_j1: 0.5}",
            "{a_j1: 2.5}",
            "postures.home.a_j1: is 2.5: joint \"a_j1\" goes from -2 to 2",
        );
        check(
            "{a_j1: 0.5}",
            "{elbow: 0.5}",
            r#"postures.home.elbow: there is no joint "elbow""#,
        );
        check(
            "link: imu_link",
            "link: imu",
            r#"sensors[0].link: there is no link "imu": the nearest are "imu_link""#,
        );
    }

    #[test]
    fn two_chains_have_two_names_and_no_joint_has_two_uses() {
        let twice = "chains: [{name: a, base: base, tip: tool0}, {name: a, base: base, tip: a_2}]";
        let error = load(twice).unwrap_err().to_string();
        assert!(
            error.contains("chains[1].name: \"a\" is the name of two chains"),
            "{error}"
        );
    }
}

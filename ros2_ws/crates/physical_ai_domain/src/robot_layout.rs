use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Joint, RobotModel};

/// A serial chain whose tip is moved: an arm, a leg, a head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainLayout {
    /// Name, unique in the robot, for example `arm` or `left_arm`.
    pub name: String,
    /// Link from which poses of the tip are counted.
    pub base: String,
    /// Link that is brought to a pose. Without a gripper its z counts as the direction in which it points.
    pub tip: String,
    /// The hand at the tip, if it has one.
    #[serde(default)]
    pub gripper: Option<GripperLayout>,
}

/// A hand that opens and closes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GripperLayout {
    /// Joints that are commanded (followers of a mimic are not), each with its positions, radians or metres. One whose
    /// positions are the same stays there.
    pub joints: Vec<GripperJoint>,
    /// Distance between the fingers when open, metres. What it is in between follows from how their pads move.
    pub opening_m: f64,
    /// How it takes hold of things; `None` where nobody knows: it then is opened and closed by its joints only.
    #[serde(default)]
    pub grasp: Option<GraspLayout>,
}

/// How a gripper takes hold of things: between two pads, on its fingers or one on the palm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraspLayout {
    /// Direction in which the hand comes to what it takes, in the tip's frame; of any length above 0.
    pub approach: [f64; 3],
    /// Where it touches what it holds, on either side.
    pub pads: [GraspPad; 2],
    /// How far the fingers reach beyond the pads' middle along the approach, metres.
    pub beyond_m: f64,
    /// Room along the approach from the palm to the pads' middle, metres.
    pub depth_m: f64,
}

/// The middle of what one side of a gripper touches with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraspPad {
    /// Link that it is on.
    pub link: String,
    /// Where, in the link's frame, metres.
    pub at: [f64; 3],
}

/// A joint of a gripper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GripperJoint {
    /// Name of the joint.
    pub joint: String,
    /// Position at which the gripper is open, radians or metres.
    pub open: f64,
    /// Position at which the gripper is closed, radians or metres.
    pub closed: f64,
}

/// A differential drive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiffDriveLayout {
    /// Wheel joints on the left, driven alike.
    pub left: Vec<String>,
    /// Wheel joints on the right, driven alike.
    pub right: Vec<String>,
    /// Radius of the wheels, metres.
    pub radius_m: f64,
    /// Distance between the wheels, metres.
    pub separation_m: f64,
}

/// What a robot's joints are for: found by looking at its description, or read from its robot file. Which skills it
/// has follows from this.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotLayout {
    /// Chains with a tip.
    #[serde(default)]
    pub chains: Vec<ChainLayout>,
    /// How it drives, if it does.
    #[serde(default)]
    pub drive: Option<DiffDriveLayout>,
    /// Named postures: joint positions by name, radians or metres; joints that one does not name stay. `home` is where
    /// `home` goes; without it, all joints to zero or what their limits allow that is nearest to it.
    #[serde(default)]
    pub postures: BTreeMap<String, BTreeMap<String, f64>>,
}

impl GraspLayout {
    /// Field and problem of a number that says nothing.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let length = self.approach.iter().map(|v| v * v).sum::<f64>().sqrt();
        if !(length.is_finite() && length > 0.0) {
            let problem = format!("is {:?}: give a direction", self.approach);
            return Some(("approach", problem));
        }
        for (name, value) in [("beyond_m", self.beyond_m), ("depth_m", self.depth_m)] {
            if !(value.is_finite() && value >= 0.0) {
                let problem = format!("is {value} m: it must be finite and not below 0");
                return Some((name, problem));
            }
        }
        let mut pads = self.pads.iter();
        let pad = pads.find(|p| !p.at.iter().all(|v| v.is_finite()))?;
        let problem = format!("at is {:?}: give finite numbers, metres", pad.at);
        Some(("pads", problem))
    }
}

impl RobotLayout {
    /// Reads a layout from YAML.
    ///
    /// # Errors
    /// [`Error::InvalidDescription`] naming the source and what does not fit.
    pub fn from_yaml(source_name: &str, yaml: &str) -> Result<Self, Error> {
        serde_yaml_ng::from_str(yaml).map_err(|e| Error::InvalidDescription {
            source_name: source_name.to_owned(),
            field: "yaml".to_owned(),
            problem: e.to_string(),
        })
    }

    /// Joints of the grippers.
    pub fn gripper_joints(&self) -> impl Iterator<Item = &GripperJoint> {
        let grippers = self.chains.iter().filter_map(|c| c.gripper.as_ref());
        grippers.flat_map(|g| &g.joints)
    }

    /// Names of the wheel joints, those on the left first.
    pub fn wheel_joints(&self) -> impl Iterator<Item = &str> {
        let sides = self.drive.iter().flat_map(|d| [&d.left, &d.right]);
        sides.flatten().map(String::as_str)
    }
}

impl RobotModel {
    /// The robot with what its joints are for.
    ///
    /// # Errors
    /// [`Error::InvalidDescription`] naming the field: a link or a movable joint that the robot has not, a chain
    /// whose tip does not hang on its base, a joint that is for two things, positions beyond limits, lengths that
    /// are not above 0.
    pub fn with_layout(mut self, layout: RobotLayout) -> Result<Self, Error> {
        let check = Check { model: &self };
        for (i, chain) in layout.chains.iter().enumerate() {
            if layout.chains[..i].iter().any(|c| c.name == chain.name) {
                return Err(check.error(format!("chains: {}", chain.name), "exists twice".into()));
            }
            check.chain(chain)?;
        }
        if let Some(drive) = &layout.drive {
            check.drive(drive)?;
        }
        for (name, posture) in &layout.postures {
            for (joint, position) in posture {
                check.position(&format!("postures: {name}: {joint}"), joint, *position)?;
            }
        }
        check.uses(&layout)?;
        self.layout = layout;
        Ok(self)
    }
}

/// Slack of positions that are written with few digits, radians or metres.
const ROUNDING: f64 = 1e-6;

/// Holds a layout against the robot that it is for.
struct Check<'a> {
    model: &'a RobotModel,
}

impl Check<'_> {
    fn error(&self, field: String, problem: String) -> Error {
        Error::InvalidDescription {
            source_name: format!("robot {}: layout", self.model.name),
            field,
            problem,
        }
    }

    fn link(&self, field: &str, name: &str) -> Result<usize, Error> {
        self.model.link_index(name).ok_or_else(|| {
            self.error(
                field.to_owned(),
                format!("the robot has no link {name:?}: name one of its description"),
            )
        })
    }

    fn joint(&self, field: &str, name: &str) -> Result<&Joint, Error> {
        let found = self.model.movable().find(|j| j.name == name);
        found.ok_or_else(|| {
            let names = self.model.joint_names().join(", ");
            let problem = format!("{name:?} is no joint that is commanded: name one of {names}");
            self.error(field.to_owned(), problem)
        })
    }

    fn position(&self, field: &str, joint: &str, position: f64) -> Result<(), Error> {
        let limits = &self.joint(field, joint)?.limits;
        let (lower, upper) = (limits.lower, limits.upper);
        if (lower - ROUNDING..=upper + ROUNDING).contains(&position) {
            return Ok(());
        }
        let problem = format!("{position} is outside the joint's limits {lower} to {upper}");
        Err(self.error(field.to_owned(), problem))
    }

    fn above_zero(&self, field: &str, value: f64) -> Result<(), Error> {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        let problem = format!("is {value} m: it must be finite and above 0");
        Err(self.error(field.to_owned(), problem))
    }

    fn chain(&self, chain: &ChainLayout) -> Result<(), Error> {
        let field = format!("chains: {}", chain.name);
        let base = self.link(&format!("{field}: base"), &chain.base)?;
        let tip = self.link(&format!("{field}: tip"), &chain.tip)?;
        let way = self.model.chain_to(tip);
        let below = way.iter().skip_while(|j| j.parent != base);
        if !below
            .clone()
            .any(|j| self.model.movable().any(|m| m.name == j.name))
        {
            let problem = format!(
                "no joint that is commanded lies between base {} and tip {}",
                chain.base, chain.tip
            );
            return Err(self.error(field, problem));
        }
        let Some(gripper) = &chain.gripper else {
            return Ok(());
        };
        let field = format!("{field}: gripper");
        self.above_zero(&format!("{field}: opening_m"), gripper.opening_m)?;
        if gripper.joints.is_empty() {
            return Err(self.error(field, "has no joints".into()));
        }
        for joint in &gripper.joints {
            let field = format!("{field}: {}", joint.joint);
            for position in [joint.open, joint.closed] {
                self.position(&field, &joint.joint, position)?;
            }
        }
        if gripper.joints.iter().all(|j| j.open == j.closed) {
            let problem = "no joint has different positions when it is open and when it is closed";
            return Err(self.error(field, problem.into()));
        }
        let grasp = gripper.grasp.as_ref();
        grasp.map_or(Ok(()), |g| self.grasp(&format!("{field}: grasp"), g))
    }

    fn grasp(&self, field: &str, grasp: &GraspLayout) -> Result<(), Error> {
        if let Some((name, problem)) = grasp.problem() {
            return Err(self.error(format!("{field}: {name}"), problem));
        }
        for pad in &grasp.pads {
            self.link(&format!("{field}: pads"), &pad.link)?;
        }
        Ok(())
    }

    fn drive(&self, drive: &DiffDriveLayout) -> Result<(), Error> {
        for (side, wheels) in [("left", &drive.left), ("right", &drive.right)] {
            let field = format!("drive: {side}");
            if wheels.is_empty() {
                return Err(self.error(field, "has no wheel".into()));
            }
            for wheel in wheels {
                self.joint(&field, wheel)?;
            }
        }
        self.above_zero("drive: radius_m", drive.radius_m)?;
        self.above_zero("drive: separation_m", drive.separation_m)
    }

    /// A joint is a wheel, or of one gripper, or neither; and none of these moves a tip.
    fn uses(&self, layout: &RobotLayout) -> Result<(), Error> {
        let fingers = layout.gripper_joints().map(|j| j.joint.as_str());
        let mut used: Vec<&str> = fingers.chain(layout.wheel_joints()).collect();
        used.sort_unstable();
        if let Some(twice) = used.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(self.error(format!("joint {}", twice[0]), "is used twice".into()));
        }
        for chain in &layout.chains {
            let tip = self.link("tip", &chain.tip)?;
            let moves = |j: &&Joint| used.contains(&j.name.as_str());
            if let Some(joint) = self.model.chain_to(tip).into_iter().find(moves) {
                let field = format!("chains: {}: tip", chain.name);
                let problem = format!(
                    "link {} moves with {}, which is a wheel or a finger",
                    chain.tip, joint.name
                );
                return Err(self.error(field, problem));
            }
        }
        Ok(())
    }
}

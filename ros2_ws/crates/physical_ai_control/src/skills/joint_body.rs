use physical_ai_domain::{
    ActuatorCommand, CommandMode, GripperLayout, JointKind, JointLimits, MotionBlock, RobotModel,
};

use crate::self_collision::SelfCollision;
use crate::{Error, JointPoint};

/// Largest distance of a joint that turns from where it was told to be with which it is there, radians.
pub(crate) const JOINT_TOLERANCE_RAD: f64 = 0.02;
/// The same of one that slides, metres.
const JOINT_TOLERANCE_M: f64 = 0.005;
/// The same of a finger, metres of the way between the fingers.
pub(crate) const FINGER_TOLERANCE_M: f64 = 0.003;

/// What a joint is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// A part of the posture.
    Posture,
    /// A part of a gripper.
    Finger,
    /// A wheel of the drive.
    Wheel,
    /// Nobody said how it may be moved: a caster, a joint whose limits are not known.
    Passive,
}

/// One movable joint.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    purpose: Use,
    kind: JointKind,
    /// With which it is where it was told to be, radians or metres.
    tolerance: f64,
    /// Why it may not be moved.
    block: Option<MotionBlock>,
}

/// All movable joints of a robot, as far as position set points go.
#[derive(Debug, Clone)]
pub struct JointBody {
    robot: String,
    names: Vec<String>,
    limits: Vec<JointLimits>,
    parts: Vec<Part>,
    collision: SelfCollision,
}

impl JointBody {
    /// Those of a robot.
    pub fn new(model: &RobotModel) -> Self {
        let grippers = || {
            model
                .layout
                .chains
                .iter()
                .filter_map(|c| c.gripper.as_ref())
        };
        let part = |joint: &physical_ai_domain::Joint| {
            let name = joint.name.as_str();
            let is_wheel = model.layout.wheel_joints().any(|w| w == name);
            let finger = grippers().find_map(|g| finger_tolerance(g, name));
            let block = joint.motion_block();
            let (purpose, tolerance) = match (is_wheel, finger, joint.kind) {
                (true, ..) => (Use::Wheel, f64::INFINITY),
                (_, Some(tolerance), _) => (Use::Finger, tolerance),
                _ if block.is_some() => (Use::Passive, f64::INFINITY),
                (_, _, JointKind::Prismatic) => (Use::Posture, JOINT_TOLERANCE_M),
                _ => (Use::Posture, JOINT_TOLERANCE_RAD),
            };
            Part {
                purpose,
                kind: joint.kind,
                tolerance,
                block,
            }
        };
        Self {
            robot: model.name.to_string(),
            names: model.joint_names(),
            limits: model.movable().map(|j| j.limits).collect(),
            parts: model.movable().map(part).collect(),
            collision: SelfCollision::new(model),
        }
    }

    /// Name of the robot, for messages.
    pub fn robot(&self) -> &str {
        &self.robot
    }

    /// Number of joints.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True for a robot that moves nothing.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Names in the order of states and commands.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Limits in the same order.
    pub fn limits(&self) -> &[JointLimits] {
        &self.limits
    }

    /// Which joints are neither wheels nor fingers, and may be moved.
    pub fn posture(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        (0..self.parts.len()).filter(|j| self.parts[*j].purpose == Use::Posture)
    }

    /// True for a joint of a gripper.
    pub fn is_finger(&self, joint: usize) -> bool {
        self.parts[joint].purpose == Use::Finger
    }

    /// True for a wheel.
    pub fn is_wheel(&self, joint: usize) -> bool {
        self.parts[joint].purpose == Use::Wheel
    }

    /// True for a robot that drives.
    pub fn drives(&self) -> bool {
        self.parts.iter().any(|p| p.purpose == Use::Wheel)
    }

    /// With which a joint is where it was told to be, radians or metres.
    pub fn tolerance(&self, joint: usize) -> f64 {
        self.parts[joint].tolerance
    }

    /// Refuses a way on which joints move that may not.
    ///
    /// # Errors
    /// [`Error::Immovable`] naming the first one.
    pub(crate) fn check_movable(&self, from: &[f64], to: &[f64]) -> Result<(), Error> {
        let ways = self.parts.iter().zip(from.iter().zip(to));
        for (joint, (part, (from, to))) in ways.enumerate() {
            if let Some(block) = part.block.filter(|_| from != to) {
                let joint = self.names[joint].clone();
                return Err(Error::Immovable { joint, block });
            }
        }
        Ok(())
    }

    /// Unit of a joint's position.
    pub fn unit(&self, joint: usize) -> &'static str {
        match self.parts[joint].kind {
            JointKind::Prismatic => "m",
            _ => "rad",
        }
    }

    /// What of it may run into itself.
    pub(crate) fn collision(&self) -> &SelfCollision {
        &self.collision
    }

    /// Writes set points as a position command.
    pub(crate) fn command(point: &JointPoint, command: &mut ActuatorCommand) {
        command.mode = CommandMode::Position;
        command.effort.clear();
        command.position.clone_from(&point.position);
        command.velocity.clone_from(&point.velocity);
    }
}

/// Tolerance of a gripper's joint, in its unit.
fn finger_tolerance(gripper: &GripperLayout, joint: &str) -> Option<f64> {
    let found = gripper.joints.iter().find(|j| j.joint == joint)?;
    let moving = gripper.joints.iter().filter(|j| j.open != j.closed).count();
    if found.open == found.closed {
        return Some(JOINT_TOLERANCE_RAD);
    }
    let finger_m = gripper.opening_m / moving as f64;
    Some(FINGER_TOLERANCE_M * (found.open - found.closed).abs() / finger_m)
}

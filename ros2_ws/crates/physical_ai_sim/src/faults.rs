use nalgebra::Isometry3;
use physical_ai_domain::RobotName;

/// What can break in a simulated world, or be mended: what robots meet in the field.
///
/// A reset of the world mends everything.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// A joint does not move any more, whatever its drive does; no joint: all of the robot.
    Jam {
        /// Which robot.
        robot: RobotName,
        /// Which joint.
        joint: Option<String>,
    },
    /// A jammed joint moves again; no joint: all of the robot.
    Release {
        /// Which robot.
        robot: RobotName,
        /// Which joint.
        joint: Option<String>,
    },
    /// The drives of a robot give no force: its joints run out, and give way to what pushes them.
    PowerOff(RobotName),
    /// The drives give force again, and hold the joints where they are then.
    PowerOn(RobotName),
    /// No sensor of the robot says anything any more.
    Silence(RobotName),
    /// Its sensors speak again.
    Speak(RobotName),
    /// Somebody takes an object and puts it elsewhere, where it begins at rest.
    PlaceObject {
        /// Which object.
        object: String,
        /// Its new centre in the world, metres.
        pose: Isometry3<f64>,
    },
}

/// What is broken in one robot, beside its joints.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RobotFaults {
    /// The drives give no force.
    pub(crate) unpowered: bool,
    /// No sensor says anything.
    pub(crate) silent: bool,
}

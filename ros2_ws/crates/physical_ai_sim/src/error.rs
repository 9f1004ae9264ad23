use std::path::PathBuf;

use thiserror::Error;

/// What can go wrong in a simulated world.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A description that cannot be used.
    #[error(transparent)]
    Domain(#[from] physical_ai_domain::Error),
    /// MuJoCo refuses the composed world.
    #[error("MuJoCo refuses the world: {0}")]
    Mujoco(String),
    /// A mesh whose file was not read for the simulation.
    #[error("robot {robot}: mesh {}: was not handed to the simulation: read it first", path.display())]
    MeshNotLoaded {
        /// Robot.
        robot: String,
        /// Its file.
        path: PathBuf,
    },
    /// A mesh that cannot collide.
    #[error("robot {robot}: link {link}: mesh of its collision shape: {problem}")]
    UnusableMesh {
        /// Robot.
        robot: String,
        /// Link.
        link: String,
        /// Why.
        problem: String,
    },
    /// Pictures cannot be rendered on this machine.
    #[error(
        "this machine cannot render pictures: {0}; it takes EGL (on Debian and Ubuntu: libegl1 and libgl1-mesa-dri)"
    )]
    NoRenderer(String),
    /// A picture that cannot be written.
    #[error("{path} cannot be written: {problem}", path = path.display())]
    PictureFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// A command for a robot that is not in this world.
    #[error("robot {0:?} is not in this world")]
    UnknownRobot(String),
    /// A fault of a joint that the robot does not have.
    #[error("joint {joint:?} is not one of robot {robot}: {known}")]
    UnknownJoint {
        /// Robot.
        robot: String,
        /// Joint asked for.
        joint: String,
        /// Joints there are.
        known: String,
    },
    /// A fault of an object that is not in this world.
    #[error("object {object:?} is not in this world: {known}")]
    UnknownObject {
        /// Object asked for.
        object: String,
        /// Objects there are.
        known: String,
    },
    /// An object that shall be where nothing can be.
    #[error("pose of object {object} has a value that is not finite: {value}")]
    BadPose {
        /// Object.
        object: String,
        /// The value.
        value: f64,
    },
    /// A command of efforts, which these drives do not know.
    #[error("command for robot {robot}: effort: these drives know positions and velocities only")]
    EffortCommand {
        /// Robot.
        robot: String,
    },
    /// A command that does not fit its robot.
    #[error(
        "command for robot {robot}: {field} has {observed} values, but the robot has {expected} joints"
    )]
    WrongLength {
        /// Robot.
        robot: String,
        /// Field of the command.
        field: &'static str,
        /// Values given.
        observed: usize,
        /// Values needed.
        expected: usize,
    },
    /// A command with a value that is not finite.
    #[error("command for robot {robot}: {field}[{index}] is {value}: must be finite")]
    NotFinite {
        /// Robot.
        robot: String,
        /// Field of the command.
        field: &'static str,
        /// Index of the value.
        index: usize,
        /// The value.
        value: f64,
    },
    /// The physics diverged.
    #[error(
        "the simulation diverged at {time_s} s: joint {joint} of {robot} is at {value}; reset it"
    )]
    Diverged {
        /// Simulated time, seconds.
        time_s: f64,
        /// Robot.
        robot: String,
        /// Joint.
        joint: String,
        /// Its position.
        value: f64,
    },
}

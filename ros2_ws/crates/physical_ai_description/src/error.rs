use std::path::PathBuf;

use thiserror::Error;

/// What can be wrong with a description.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A world file or a tree of links that cannot be used.
    #[error(transparent)]
    Domain(#[from] physical_ai_domain::Error),
    /// A file that cannot be read.
    #[error("{what} {path} cannot be read: {problem}", path = path.display())]
    UnreadableFile {
        /// What the file is, or which field names it.
        what: String,
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// A robot that is asked for and not in the world.
    #[error("robots: {robot:?} is not in {world_file}: {known} are")]
    UnknownRobot {
        /// Asked for.
        robot: String,
        /// World file.
        world_file: String,
        /// Robots of the world.
        known: String,
    },
    /// A posture that a world file asks for and the robot does not have.
    #[error(
        "robot {robot}: posture: {posture:?} is none of its own: {known}; name one of them, or add it to the robot's file"
    )]
    UnknownPosture {
        /// Robot of the world.
        robot: String,
        /// Asked for.
        posture: String,
        /// Postures of the robot.
        known: String,
    },
    /// An element that cannot be used.
    #[error("{source_name}: {element}: {problem}")]
    Invalid {
        /// File or robot.
        source_name: String,
        /// Element and field, for example `joint elbow: limit`.
        element: String,
        /// Value, what is wrong with it and what to do.
        problem: String,
    },
    /// A mesh file that holds no mesh.
    #[error("mesh {path}: {problem}", path = path.display())]
    BadMesh {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// A program that turns a description into a URDF and cannot.
    #[error("{path}: {program}: {problem}", path = path.display())]
    Converter {
        /// The description.
        path: PathBuf,
        /// The program.
        program: &'static str,
        /// What it says, and what to do.
        problem: String,
    },
}

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct RobotArguments {
    #[command(subcommand)]
    pub command: RobotCommand,
}

#[derive(Debug, Subcommand)]
pub enum RobotCommand {
    /// Show what is in a robot's description and what its joints are taken to be for.
    Inspect(RobotInspectArguments),
    /// Say every doubt about a robot, one a line; exit code 1 if it could not be started.
    Check(RobotFileArguments),
}

#[derive(Debug, Args)]
pub struct RobotFileArguments {
    /// A description (URDF, xacro, MJCF) or a robot file (.yaml).
    pub file: PathBuf,
    /// Folder of packages that `package://` names, or a package itself, before those of the ROS environment. May be
    /// repeated.
    #[arg(long, value_name = "DIR")]
    pub package_path: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct RobotInspectArguments {
    #[command(flatten)]
    pub robot: RobotFileArguments,
    /// Draw the tree of links and joints.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Picture of the robot in its home posture, rendered by MuJoCo; needs EGL.
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Write what was found as a robot file to edit.
    #[arg(long, value_name = "FILE")]
    pub yaml: Option<PathBuf>,
}

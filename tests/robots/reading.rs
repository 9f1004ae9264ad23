//! Where the robots are, and how they are read.

use std::path::{Path, PathBuf};

use physical_ai_description::{DescriptionOptions, Error, PackagePaths, read_robot};
use physical_ai_domain::{RobotModel, RobotName};

/// The prefix that set-up makes of the package `example-robot-data`.
pub fn prefix() -> PathBuf {
    physical_ai_tests::checkout().join("ros2_ws/.deps/robots")
}

/// The folder of its robots.
pub fn robots() -> PathBuf {
    let folder = prefix().join("share/example-robot-data/robots");
    assert!(
        folder.is_dir(),
        "{} is missing: run `make setup`",
        folder.display()
    );
    folder
}

/// Reads one of them as users would.
pub fn read(file: &Path) -> Result<RobotModel, Error> {
    let options = DescriptionOptions {
        packages: PackagePaths::new(Vec::new(), Some(prefix().as_os_str())),
        ..DescriptionOptions::default()
    };
    read_robot(RobotName::try_new("robot").unwrap(), file, &options)
}

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nalgebra::Isometry3;
use physical_ai_domain::{DescriptionFormat, RobotLayout, RobotModel, RobotName};

use crate::layout::{find_grasps, find_layout, link_poses};
use crate::packages::resolve;
use crate::robot_file::check_layout;
use crate::sensor_layout::find_sensors;
use crate::srdf::srdf_beside;
use crate::{
    DescriptionOptions, Doubt, Error, Finding, PackagePaths, RobotFile, SensorLayout, Severity,
    Srdf, read_robot,
};

/// Fewest and most joints of a chain whose tip can be brought to a pose.
const POSE_JOINTS: std::ops::RangeInclusive<usize> = 4..=8;

/// A robot with all that is known of it: what bodies are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedRobot {
    /// Links and joints, with the limits that hold.
    pub model: RobotModel,
    /// What the joints are for: which skills it has follows from this.
    pub layout: RobotLayout,
    /// Its sensors.
    pub sensors: Vec<SensorLayout>,
    /// Pairs of links whose collisions do not count, as an SRDF says.
    pub disabled_collisions: Vec<[String; 2]>,
    /// How sure each piece of the layout is that was found by looking.
    pub findings: Vec<Finding>,
    /// What was left out while looking.
    pub left_out: Vec<Doubt>,
    /// The robot file, if there is one.
    pub robot_file: Option<RobotFile>,
    /// The SRDF, if there is one.
    pub srdf: Option<PathBuf>,
}

/// Reads a robot: `file` is a robot file (`.yaml`) or a description (URDF, xacro, MJCF). What no robot file says is found by
/// looking, in the SRDF beside the description and at the tree of links.
///
/// # Errors
/// Whatever is wrong with the robot file, the description, its meshes or its SRDF, naming file, element, value and what
/// to do.
pub fn load_robot(
    name: RobotName,
    file: &Path,
    packages: &PackagePaths,
) -> Result<LoadedRobot, Error> {
    let is_robot_file = file.extension().is_some_and(|e| e == "yaml" || e == "yml");
    let robot_file = is_robot_file.then(|| RobotFile::read(file)).transpose()?;
    let description = match &robot_file {
        Some(robot_file) => {
            let folder = file.parent().unwrap_or(Path::new(""));
            resolve(&robot_file.description, Some(folder), packages)
                .map_err(|problem| robot_file.error("description", problem))?
                .path
        }
        None => file.to_owned(),
    };
    let options = DescriptionOptions {
        packages: packages.clone(),
        limits: robot_file
            .as_ref()
            .map(RobotFile::given_limits)
            .unwrap_or_default(),
        tree_only: false,
    };
    let model = read_robot(name, &description, &options)?;
    let (srdf, doubts) = match model.source.format {
        DescriptionFormat::Mjcf => (None, Vec::new()),
        DescriptionFormat::Urdf | DescriptionFormat::Xacro => {
            srdf_beside(&description, &described_name(&model))?
        }
    };
    let mut robot = LoadedRobot::try_new(model, robot_file, srdf.as_ref())?;
    robot.left_out.extend(doubts);
    Ok(robot)
}

/// The file of a robot that a world file names: itself if it is a path or a `package://` URI; else its robot file, or where
/// it has none its description, in the folders for these.
///
/// # Errors
/// [`Error::UnreadableFile`] if there is none, naming all that were looked for; a package that is not there.
pub fn robot_source(
    model: &str,
    descriptions: &Path,
    robot_files: &Path,
    packages: &PackagePaths,
) -> Result<PathBuf, Error> {
    let unreadable = |path: PathBuf, problem: String| Error::UnreadableFile {
        what: format!("robot model {model:?}"),
        path,
        problem,
    };
    if model.contains("://") || model.contains('/') || Path::new(model).extension().is_some() {
        return resolve(model, Some(descriptions), packages)
            .map(|found| found.path)
            .map_err(|problem| unreadable(PathBuf::from(model), problem));
    }
    let robot_file = ["yaml", "yml"].map(|end| robot_files.join(format!("{model}.{end}")));
    let ends = ["urdf", "urdf.xacro", "xacro", "xml"];
    let description = ends.map(|end| descriptions.join(format!("{model}.{end}")));
    let all: Vec<PathBuf> = robot_file.into_iter().chain(description).collect();
    match all.iter().find(|path| path.is_file()) {
        Some(found) => Ok(found.clone()),
        None => {
            let looked: Vec<String> = all.iter().map(|p| p.display().to_string()).collect();
            let problem = format!("there is no file; looked for {}", looked.join(", "));
            Err(unreadable(
                descriptions.join(format!("{model}.urdf")),
                problem,
            ))
        }
    }
}

/// The name that a description gives its robot.
fn described_name(model: &RobotModel) -> String {
    roxmltree::Document::parse(&model.source.urdf)
        .ok()
        .and_then(|d| d.root_element().attribute("name").map(str::to_owned))
        .unwrap_or_default()
}

impl LoadedRobot {
    /// Puts a model, a robot file and an SRDF together: limits are tightened to the file's, and what it does not say is
    /// found by looking.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the robot file, field, value and what to do.
    pub fn try_new(
        mut model: RobotModel,
        robot_file: Option<RobotFile>,
        srdf: Option<&Srdf>,
    ) -> Result<Self, Error> {
        if let Some(file) = &robot_file {
            file.limit(&mut model)?;
        }
        let found = find_layout(&model, srdf);
        let mut robot = Self {
            layout: found.layout,
            sensors: find_sensors(&model),
            disabled_collisions: srdf
                .map(|s| s.disabled_collisions.clone())
                .unwrap_or_default(),
            findings: found.findings,
            left_out: found.doubts,
            robot_file: None,
            srdf: srdf.and_then(|s| s.path.clone()),
            model,
        };
        let mut is_said = false;
        if let Some(file) = robot_file {
            robot.say(&file);
            check_layout(&file, &robot.model, &robot.layout, &robot.sensors)?;
            is_said = file.chains.is_some();
            robot.robot_file = Some(file);
        }
        let chains = &mut robot.layout.chains;
        let (findings, doubts) = find_grasps(&robot.model, chains, is_said);
        robot.findings.extend(findings);
        robot.left_out.extend(doubts);
        Ok(robot)
    }

    /// The model with what its joints are for.
    ///
    /// # Errors
    /// A layout that does not fit the model.
    pub fn into_model(self) -> Result<RobotModel, Error> {
        Ok(self.model.with_layout(self.layout)?)
    }

    /// What a robot file says counts in place of what was found.
    fn say(&mut self, file: &RobotFile) {
        let mut said = Vec::new();
        if let Some(chains) = &file.chains {
            self.layout.chains.clone_from(chains);
            said.push("chain");
            // Those that were not taken for chains are not asked about when somebody said which ones are.
            self.left_out.retain(|d| !d.about.starts_with("joints "));
        }
        if let Some(drive) = &file.drive {
            self.layout.drive.clone_from(drive);
            said.push("drive");
        }
        if let Some(postures) = &file.postures {
            self.layout.postures.clone_from(postures);
            said.push("posture");
        }
        if let Some(sensors) = &file.sensors {
            self.sensors.clone_from(sensors);
        }
        let is_said = |about: &str| said.iter().any(|s| about.starts_with(s));
        self.findings.retain(|f| !is_said(&f.about));
        self.left_out.retain(|d| !is_said(&d.about));
    }

    /// Pose of each link in the root's frame in a posture, metres; joints that it does not name are at zero.
    pub fn link_poses(&self, posture: &BTreeMap<String, f64>) -> Vec<Isometry3<f64>> {
        let joints = self.model.movable();
        let positions: Vec<f64> = joints
            .map(|j| posture.get(&j.name).copied().unwrap_or(0.0))
            .collect();
        link_poses(&self.model, &positions)
    }

    /// Everything about the robot that its owner should look at, the weightiest first.
    pub fn doubts(&self) -> Vec<Doubt> {
        let mut doubts = self.left_out.clone();
        doubts.extend(self.findings.iter().filter_map(Finding::doubt));
        for warning in &self.model.warnings {
            let about = format!("{}: {}", warning.element, warning.field);
            let problem = format!("{}: {}", warning.value, warning.assumed);
            doubts.push(Doubt::new(Severity::Warning, about, problem, ""));
        }
        for joint in self.model.movable() {
            let about = format!("joint {}", joint.name);
            if joint.is_locked() {
                let problem = format!("its limits hold it at {}", joint.limits.lower);
                let advice = "give lower and upper in the description if it moves";
                doubts.push(Doubt::new(Severity::Note, about, problem, advice));
            } else if let Some(block) = joint.motion_block() {
                let problem = format!("will not be moved: {block}");
                doubts.push(Doubt::new(Severity::Warning, about, problem, ""));
            }
        }
        doubts.extend(self.chain_doubts());
        if self.model.movable().len() == 0 {
            let problem = "no joint moves: it has no skills";
            doubts.push(Doubt::new(
                Severity::Error,
                "robot",
                problem,
                "give it a joint",
            ));
        }
        if self.model.links.iter().all(|link| link.mass_kg == 0.0) {
            let problem = "no link has a mass: it cannot be simulated";
            doubts.push(Doubt::new(
                Severity::Warning,
                "robot",
                problem,
                "give the links <inertial>",
            ));
        }
        doubts.sort_by_key(|doubt| std::cmp::Reverse(doubt.severity));
        doubts
    }

    fn chain_doubts(&self) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        for chain in &self.layout.chains {
            let joints = self.chain_joints(&chain.base, &chain.tip).len();
            if !POSE_JOINTS.contains(&joints) {
                doubts.push(Doubt::new(
                    Severity::Note,
                    format!("chain {}", chain.name),
                    format!(
                        "has {joints} joints: tips of chains of {} to {} are brought to poses",
                        POSE_JOINTS.start(),
                        POSE_JOINTS.end()
                    ),
                    "its joints are moved to positions",
                ));
            }
        }
        if self.layout.chains.is_empty() && self.layout.drive.is_none() {
            let problem = "it has no chain and no drive: only its joints are moved, to positions";
            let advice = "say chains or drive in a robot file if it has them";
            doubts.push(Doubt::new(Severity::Note, "robot", problem, advice));
        }
        doubts
    }

    /// Names of the joints from a base link to a tip link that move by themselves, the first one first; empty where the
    /// tip is not below the base.
    pub fn chain_joints(&self, base: &str, tip: &str) -> Vec<&str> {
        let model = &self.model;
        let (Some(base), Some(tip)) = (model.link_index(base), model.link_index(tip)) else {
            return Vec::new();
        };
        let above = model.joints_to(base);
        let path = model.joints_to(tip);
        if !path.starts_with(&above) {
            return Vec::new();
        }
        let names = path[above.len()..]
            .iter()
            .map(|j| model.joints[*j].name.as_str());
        names.filter(|n| model.movable_index(n).is_some()).collect()
    }
}

//! What the reader makes of descriptions, beside what MuJoCo's own reader of URDFs makes of them: everything by name.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test whose fixture is not there has failed; what was compared is reported"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mujoco_rs::prelude::*;
use nalgebra::{Quaternion, UnitQuaternion, Vector3};
use physical_ai_control::RigidBodies;
use physical_ai_description::{DescriptionOptions, PackagePaths, read_robot};
use physical_ai_domain::{Joint, JointKind, RobotModel, RobotName};

/// Largest difference of masses, bounds, poses and moments, relative to the larger of the value and 1.
const TOLERANCE: f64 = 1e-9;
/// Public robots that MuJoCo has to take, so that something is compared; others it refuses for massless links.
const TAKEN: usize = 40;
const STATES: usize = 5;

fn robots() -> PathBuf {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.deps/robots");
    let folder = Path::new(top).join("share/example-robot-data/robots");
    assert!(
        folder.is_dir(),
        "{} is missing: run `make setup`",
        folder.display()
    );
    folder
}

/// Those of the table that load.
fn table() -> Vec<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../tests/robots/public_robots.tsv"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let loads = text.lines().filter_map(|l| l.strip_suffix("\tloads"));
    loads.map(str::to_owned).collect()
}

fn read(file: &Path) -> RobotModel {
    let prefix = robots().ancestors().nth(3).unwrap().to_owned();
    let options = DescriptionOptions {
        packages: PackagePaths::new(Vec::new(), Some(prefix.as_os_str())),
        ..DescriptionOptions::default()
    };
    read_robot(RobotName::try_new("robot").unwrap(), file, &options).unwrap()
}

/// A text without the elements of this tag.
fn without(text: &str, tag: &str) -> String {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let mut left = text;
    let mut kept = String::new();
    while let Some(start) = left.find(&open) {
        let (before, from) = left.split_at(start);
        kept.push_str(before);
        let head = from.find('>').map_or(from.len(), |i| i + 1);
        let is_it = !from[open.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        left = if !is_it {
            kept.push_str(&from[..head]);
            &from[head..]
        } else if from[..head].ends_with("/>") {
            &from[head..]
        } else {
            let end = from.find(&close).map_or(from.len(), |i| i + close.len());
            &from[end..]
        };
    }
    kept + left
}

/// MuJoCo reads bodies, joints and masses; shapes are of no account here, and COLLADA it cannot read.
fn mujoco(urdf: &str) -> Option<MjModel> {
    let mut text = urdf.to_owned();
    for shown in ["visual", "collision", "mujoco"] {
        text = without(&text, shown);
    }
    let options = r#"<mujoco><compiler fusestatic="false" strippath="false"/></mujoco></robot>"#;
    let end = text.rfind("</robot>")?;
    text.replace_range(end.., options);
    MjModel::from_xml_string(&text).ok()
}

/// Differences between a model and MuJoCo's.
struct Comparison<'a> {
    robot: &'a str,
    model: &'a RobotModel,
    mujoco: &'a MjModel,
    problems: Vec<String>,
}

impl Comparison<'_> {
    fn near(&mut self, what: &str, ours: f64, theirs: f64) {
        let off = (ours - theirs).abs();
        if off.is_nan() || off > TOLERANCE * theirs.abs().max(1.0) {
            let line = format!("{}: {what}: {ours}, MuJoCo {theirs}", self.robot);
            self.problems.push(line);
        }
    }

    fn body(&self, link: &str) -> Option<usize> {
        self.mujoco.name_to_id(MjtObjBase::mjOBJ_BODY, link)
    }

    fn joint_id(&self, joint: &str) -> Option<usize> {
        self.mujoco.name_to_id(MjtObjBase::mjOBJ_JOINT, joint)
    }

    fn joints(&mut self) {
        let model = self.model;
        let moving = |j: &&Joint| !matches!(j.kind, JointKind::Fixed | JointKind::Floating);
        for joint in model.joints.iter().filter(moving) {
            let place = format!("joint {}", joint.name);
            let Some(id) = self.joint_id(&joint.name) else {
                self.problems
                    .push(format!("{}: {place}: MuJoCo has none", self.robot));
                continue;
            };
            let [lower, upper] = self.mujoco.jnt_range()[id];
            let limits = &joint.limits;
            if joint.kind == JointKind::Continuous {
                // MuJoCo takes bounds that stand in a continuous joint; URDF says that it has none.
            } else if self.mujoco.jnt_limited()[id] {
                self.near(&format!("{place}: lower"), limits.lower, lower);
                self.near(&format!("{place}: upper"), limits.upper, upper);
            } else if limits.lower.is_finite() && !joint.is_locked() {
                // What is locked moves without limits in MuJoCo.
                let line = format!("{}: {place}: MuJoCo does not limit it", self.robot);
                self.problems.push(line);
            }
            if let Some(effort) = joint.given.effort {
                let [_, theirs] = self.mujoco.jnt_actfrcrange()[id];
                self.near(&format!("{place}: effort"), effort, theirs);
            }
            let dof = usize::try_from(self.mujoco.jnt_dofadr()[id]).unwrap();
            let (damping, friction) = (
                self.mujoco.dof_damping()[dof],
                self.mujoco.dof_frictionloss()[dof],
            );
            self.near(&format!("{place}: damping"), joint.damping, damping);
            self.near(&format!("{place}: friction"), joint.friction, friction);
        }
    }

    fn masses(&mut self) {
        let model = self.model;
        for (i, link) in model.links.iter().enumerate() {
            // MuJoCo makes the root link the world, which has no mass.
            let Some(body) = self.body(&link.name).filter(|_| i != model.root) else {
                continue;
            };
            let place = format!("link {}", link.name);
            let mass = self.mujoco.body_mass()[body];
            self.near(&format!("{place}: mass"), link.mass_kg, mass);
            if link.mass_kg == 0.0 {
                continue;
            }
            let centre = Vector3::from(self.mujoco.body_ipos()[body]);
            let off = (link.inertial_origin.translation.vector - centre).norm();
            self.near(&format!("{place}: centre"), off, 0.0);
            let sorted = |mut values: [f64; 3]| {
                values.sort_by(f64::total_cmp);
                values
            };
            let eigenvalues = link.inertia.symmetric_eigenvalues();
            let ours = sorted([eigenvalues[0], eigenvalues[1], eigenvalues[2]]);
            let theirs = sorted(self.mujoco.body_inertia()[body]);
            for (ours, theirs) in ours.into_iter().zip(theirs) {
                self.near(&format!("{place}: inertia"), ours, theirs);
            }
        }
    }

    fn poses(&mut self) {
        let model = self.model;
        let mut data = MjData::new(self.mujoco);
        let mut bodies = RigidBodies::new(model);
        for state in 0..STATES {
            let movable = 0..model.movable().len();
            let positions: Vec<f64> = movable
                .map(|i| 0.7 * ((i + 1) as f64 * (state + 1) as f64 * 0.37).sin())
                .collect();
            bodies.set_positions(&positions);
            for (i, joint) in model.joints.iter().enumerate() {
                if let Some(id) = self.joint_id(&joint.name) {
                    let at = usize::try_from(self.mujoco.jnt_qposadr()[id]).unwrap();
                    if joint.kind != JointKind::Floating {
                        data.qpos_mut()[at] = model.joint_position(i, &positions);
                    }
                }
            }
            data.forward();
            for (link, pose) in model.links.iter().zip(bodies.link_poses()) {
                let Some(body) = self.body(&link.name) else {
                    continue;
                };
                let at = Vector3::from(data.xpos()[body]);
                let off = (pose.translation.vector - at).norm();
                self.near(&format!("link {}: position", link.name), off, 0.0);
                let [w, x, y, z] = data.xquat()[body];
                let turn = UnitQuaternion::from_quaternion(Quaternion::new(w, x, y, z));
                let off = (turn.to_rotation_matrix().matrix()
                    - pose.rotation.to_rotation_matrix().matrix())
                .norm();
                self.near(&format!("link {}: orientation", link.name), off, 0.0);
            }
        }
    }
}

#[test]
fn names_bounds_masses_and_poses_of_public_robots_are_those_of_mujoco() {
    let mut problems = Vec::new();
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    let table = table();
    for robot in &table {
        let model = read(&robots().join(robot));
        let Some(mujoco) = mujoco(&model.source.urdf) else {
            eprintln!("{robot}: MuJoCo does not take it");
            continue;
        };
        let mut comparison = Comparison {
            robot,
            model: &model,
            mujoco: &mujoco,
            problems: Vec::new(),
        };
        comparison.joints();
        comparison.masses();
        comparison.poses();
        problems.append(&mut comparison.problems);
        *compared.entry("robots").or_default() += 1;
        *compared.entry("links").or_default() += model.links.len();
        *compared.entry("joints").or_default() += model.joints.len();
    }
    eprintln!("compared with MuJoCo's own reader: {compared:?}");
    problems.dedup();
    assert!(
        problems.is_empty(),
        "{} differences:\n{}",
        problems.len(),
        problems.join("\n")
    );
    assert!(compared["robots"] >= TAKEN, "{compared:?}");
}

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use physical_ai_domain::{Geometry, Mesh, MeshSource, RobotModel, TriangleMesh};

use crate::Error;

/// A robot as a simulated world takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct RobotSetup {
    /// Its links and joints, and what they are for. A robot that drives stands on its wheels; the root link of any other
    /// is held where it is placed.
    pub model: RobotModel,
    /// Links in pairs that never touch each other, as an SRDF says.
    pub disabled_collisions: Vec<[String; 2]>,
    /// Triangles of the files that its collision shapes name, metres before scaling.
    pub meshes: BTreeMap<PathBuf, Arc<TriangleMesh>>,
    /// Where its movable joints are at the start and after a reset, radians or metres.
    pub start: Vec<f64>,
    /// Link in whose frame its IMU measures, if it has one.
    pub imu: Option<String>,
    /// Link in whose x-y plane its lidar turns, if it has one.
    pub lidar: Option<String>,
}

impl RobotSetup {
    /// A robot of which nothing but its model is known: it starts with its joints at zero, sensors are links of the usual
    /// names.
    pub fn new(model: RobotModel) -> Self {
        let link = |name: &str| model.link_index(name).map(|_| name.to_owned());
        Self {
            disabled_collisions: Vec::new(),
            meshes: BTreeMap::new(),
            imu: link("imu_link"),
            lidar: link("lidar_link"),
            start: model.zero_positions(),
            model,
        }
    }

    /// Files of its collision shapes, each once.
    pub fn mesh_files(model: &RobotModel) -> impl Iterator<Item = &Path> {
        let shapes = model.links.iter().flat_map(|l| &l.shapes);
        let mut files: Vec<&Path> = shapes
            .filter_map(|s| match &s.geometry {
                Geometry::Mesh(Mesh {
                    source: MeshSource::File { path, .. },
                    ..
                }) => Some(path.as_path()),
                _ => None,
            })
            .collect();
        files.sort_unstable();
        files.dedup();
        files.into_iter()
    }

    /// Whether it moves through the world on wheels.
    pub fn is_mobile(&self) -> bool {
        self.model.layout.drive.is_some()
    }

    /// Whether a joint turns one of the wheels it drives with.
    pub fn is_wheel(&self, joint: &str) -> bool {
        self.model.layout.wheel_joints().any(|wheel| wheel == joint)
    }

    /// Whether a joint moves a finger: one of a gripper, or one that follows such a joint.
    pub fn is_finger(&self, joint: usize) -> bool {
        let leader = self.model.coordinates()[joint].map(|c| c.index);
        let leader = leader.and_then(|index| self.model.movable().nth(index));
        let grippers = self
            .model
            .layout
            .chains
            .iter()
            .filter_map(|c| c.gripper.as_ref());
        leader.is_some_and(|leader| {
            grippers
                .flat_map(|g| &g.joints)
                .any(|j| j.joint == leader.name)
        })
    }

    /// Whether a joint of a chain leads to one of its tips.
    pub fn is_in_chain(&self, joint: usize) -> bool {
        self.model.layout.chains.iter().any(|chain| {
            let tip = self.model.link_index(&chain.tip);
            tip.is_some_and(|tip| self.model.joints_to(tip).contains(&joint))
        })
    }

    /// Triangles of a mesh, before scaling.
    ///
    /// # Errors
    /// [`Error::MeshNotLoaded`] for a file that was not handed over.
    pub(crate) fn triangles<'a>(&'a self, mesh: &'a Mesh) -> Result<&'a TriangleMesh, Error> {
        match &mesh.source {
            MeshSource::Triangles(triangles) => Ok(triangles),
            MeshSource::File { path, .. } => {
                let found = self.meshes.get(path);
                found
                    .map(AsRef::as_ref)
                    .ok_or_else(|| Error::MeshNotLoaded {
                        robot: self.model.name.to_string(),
                        path: path.clone(),
                    })
            }
        }
    }
}

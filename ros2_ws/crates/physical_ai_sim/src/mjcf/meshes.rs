use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use physical_ai_domain::{Mesh, MeshSource};

use super::{line, quoted};
use crate::hull::corners;
use crate::{Error, RobotSetup};

/// What makes a mesh the same as another: its triangles and, as bits, its scale.
type Key = (Source, [u64; 3]);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    File(PathBuf),
    Memory(usize),
}

/// Convex hulls of the meshes of all robots, each once.
#[derive(Default)]
pub(super) struct Meshes {
    names: BTreeMap<Key, String>,
    assets: String,
}

impl Meshes {
    /// Name of the asset of a mesh of a link of a robot.
    pub(super) fn name(
        &mut self,
        setup: &RobotSetup,
        link: &str,
        mesh: &Mesh,
    ) -> Result<String, Error> {
        let source = match &mesh.source {
            MeshSource::File { path, .. } => Source::File(path.clone()),
            MeshSource::Triangles(triangles) => {
                Source::Memory(std::sync::Arc::as_ptr(triangles) as usize)
            }
        };
        let key = (source, mesh.scale.map(f64::to_bits));
        if let Some(name) = self.names.get(&key) {
            return Ok(name.clone());
        }
        let triangles = setup.triangles(mesh)?;
        let unusable = |problem: &str| Error::UnusableMesh {
            robot: setup.model.name.to_string(),
            link: link.to_owned(),
            problem: problem.to_owned(),
        };
        let corners = corners(triangles, mesh.scale).ok_or_else(|| unusable("it has no corner"))?;
        if corners.iter().flatten().any(|v| !v.is_finite()) {
            return Err(unusable("a corner is not finite"));
        }
        let mut values = String::new();
        for [x, y, z] in corners {
            let written = write!(values, "{x} {y} {z} ");
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
        }
        let name = format!("mesh/{}", self.names.len());
        line(
            &mut self.assets,
            &format!(
                "<mesh name={} vertex=\"{}\"/>",
                quoted(&name),
                values.trim()
            ),
        );
        self.names.insert(key, name.clone());
        Ok(name)
    }

    pub(super) fn into_assets(self) -> String {
        self.assets
    }
}

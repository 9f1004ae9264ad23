use mujoco_rs::prelude::*;
use mujoco_rs::wrappers::mj_model::MjtGeomBase;
use nalgebra::{Isometry3, Matrix3, Rotation3, Translation3, UnitQuaternion, Vector3};
use physical_ai_domain::RobotName;

use super::SimulatedWorld;
use crate::Separation;
use crate::separation::{Convex, Core, separation};

impl SimulatedWorld {
    /// How far apart two links really are, each of a robot: ground truth, for tests and reports. `None` if one of them is
    /// not there or has no collision shape.
    pub fn true_separation(&self, links: [(&RobotName, &str); 2]) -> Option<Separation> {
        let [one, other] = links.map(|(robot, link)| self.shapes(robot, link));
        let (one, other) = (one?, other?);
        let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
        let all = pairs.map(|(a, b)| separation(a, b));
        all.min_by(|a, b| a.distance_m.total_cmp(&b.distance_m))
    }

    /// Collision shapes of a link where they are now.
    fn shapes(&self, robot: &RobotName, link: &str) -> Option<Vec<Convex>> {
        let robot = self.robots.get(robot)?;
        let body = robot.bodies[robot.model.link_index(link)?];
        let model = self.data.model();
        let first = usize::try_from(model.body_geomadr()[body]).unwrap_or(0);
        let count = usize::try_from(model.body_geomnum()[body]).unwrap_or(0);
        let shapes = (first..first + count).filter_map(|geom| shape(&self.data, geom));
        Some(shapes.collect())
    }
}

/// What is convex about a geom; `None` for what no robot has.
fn shape(data: &MjData<Box<MjModel>>, geom: usize) -> Option<Convex> {
    let model = data.model();
    let [x, y, z] = model.geom_size()[geom];
    let (core, radius) = match model.geom_type()[geom] {
        MjtGeomBase::mjGEOM_SPHERE => (Core::Point, x),
        MjtGeomBase::mjGEOM_CAPSULE => (Core::Segment(y), x),
        MjtGeomBase::mjGEOM_CYLINDER => (Core::Cylinder(x, y), 0.0),
        MjtGeomBase::mjGEOM_BOX => (Core::Box([x, y, z]), 0.0),
        MjtGeomBase::mjGEOM_MESH => {
            let mesh = usize::try_from(model.geom_dataid()[geom]).ok()?;
            let first = usize::try_from(model.mesh_vertadr()[mesh]).ok()?;
            let count = usize::try_from(model.mesh_vertnum()[mesh]).ok()?;
            let corners = model.mesh_vert()[first..first + count].iter();
            let corners = corners.map(|corner| Vector3::from(corner.map(f64::from)));
            (Core::Points(corners.collect()), 0.0)
        }
        _ => return None,
    };
    let turn = Rotation3::from_matrix(&Matrix3::from_row_slice(&data.geom_xmat()[geom]));
    let at = Translation3::from(Vector3::from(data.geom_xpos()[geom]));
    Some(Convex {
        core,
        radius,
        pose: Isometry3::from_parts(at, UnitQuaternion::from_rotation_matrix(&turn)),
    })
}

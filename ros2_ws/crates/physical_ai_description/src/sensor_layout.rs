use std::collections::BTreeMap;

use physical_ai_domain::{JointKind, RobotModel};
use serde::{Deserialize, Serialize};

use crate::layout::naming;

/// What a sensor measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorKind {
    /// Acceleration and turning.
    Imu,
    /// Distances in a plane or a cone around it.
    Lidar,
    /// Pictures.
    Camera,
    /// Forces and torques.
    ForceTorque,
    /// One distance.
    Range,
}

impl SensorKind {
    /// Its word in robot files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Imu => "imu",
            Self::Lidar => "lidar",
            Self::Camera => "camera",
            Self::ForceTorque => "force_torque",
            Self::Range => "range",
        }
    }
}

/// A sensor of a robot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorLayout {
    /// What it measures.
    pub kind: SensorKind,
    /// Link in whose frame it measures.
    pub link: String,
}

/// Sensors by the names of links. Of links fixed to each other whose names say one kind of sensor, the one with the
/// shortest name is it: the others are its housing and its frames.
pub(crate) fn find_sensors(model: &RobotModel) -> Vec<SensorLayout> {
    let words = |link: usize| naming::words(&model.links[link].name).len();
    // By the first link of that kind on the way from the root.
    let mut found: BTreeMap<usize, (SensorKind, usize)> = BTreeMap::new();
    for link in 0..model.links.len() {
        let Some(kind) = kind(model, link) else {
            continue;
        };
        let first = first_of_kind(model, link, kind);
        let best = found.entry(first).or_insert((kind, link));
        if words(link) < words(best.1) {
            best.1 = link;
        }
    }
    let sensors = found.into_values().map(|(kind, link)| SensorLayout {
        kind,
        link: model.links[link].name.clone(),
    });
    sensors.collect()
}

fn kind(model: &RobotModel, link: usize) -> Option<SensorKind> {
    let name = &model.links[link].name;
    let mut kinds = naming::SENSORS.iter();
    kinds
        .find(|(word, _)| naming::has_word(name, &[word]))
        .map(|(_, kind)| *kind)
}

/// The first link of a kind among those that a link is fixed to, from the root.
fn first_of_kind(model: &RobotModel, link: usize, of: SensorKind) -> usize {
    let (mut at, mut first) = (link, link);
    while let Some(joint) = model.joints.iter().find(|j| j.child == at) {
        if joint.kind != JointKind::Fixed {
            break;
        }
        at = joint.parent;
        if kind(model, at) == Some(of) {
            first = at;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::fixtures::{frame, model};

    #[test]
    fn a_sensor_is_the_link_with_the_plainest_name() {
        let urdf = frame("base", "lidar_cage", "0 0 1")
            + &frame("lidar_cage", "lidar", "0 0 0")
            + &frame("base", "front_camera", "1 0 0")
            + &frame("front_camera", "front_camera_optical_frame", "0 0 0")
            + &frame("base", "rear_camera", "-1 0 0")
            + &frame("base", "climate_link", "0 0 0");
        let found = find_sensors(&model(&urdf));
        let found: Vec<&str> = found.iter().map(|s| s.link.as_str()).collect();
        assert_eq!(found, ["lidar", "front_camera", "rear_camera"]);
    }
}

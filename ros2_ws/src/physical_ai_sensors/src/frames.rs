//! Frames of TF: `map` is everyone's, all others carry their robot's name.

use nalgebra::Isometry3;
use physical_ai_control::child_in_parent;
use physical_ai_domain::{JointKind, Placement, RobotModel, RobotState, Time};
use physical_ai_ros::msg::geometry_msgs::msg::{Transform, TransformStamped, Vector3};
use physical_ai_ros::msg::std_msgs::msg::Header;
use physical_ai_ros::{pose_to_msg, time_to_msg};

/// The frame that all robots share.
pub const MAP: &str = "map";

/// Names of a robot's frames and the transforms between them.
#[derive(Debug)]
pub struct Frames {
    /// Frame of the pose in the robot's state.
    pub pose: String,
    /// Its root link.
    pub base: String,
    /// True for robots whose base moves in their odometry frame.
    drives: bool,
}

impl Frames {
    /// Frames of a robot; `drives` says whether its base moves.
    pub fn new(model: &RobotModel, drives: bool) -> Self {
        Self {
            pose: if drives {
                format!("{}/odom", model.name)
            } else {
                MAP.to_owned()
            },
            base: link(model, model.root),
            drives,
        }
    }

    /// Transforms that never change: the robot's place in the map, or that of its odometry, and its fixed joints.
    pub fn fixed(
        &self,
        model: &RobotModel,
        start: Placement,
        stamp: Time,
    ) -> Vec<TransformStamped> {
        let place = if self.drives {
            // As long as nothing localises the robot, its odometry starts at its place in the map.
            transform(stamp, MAP, &self.pose, &Isometry3::identity())
        } else {
            transform(stamp, MAP, &self.base, &start.isometry())
        };
        let fixed = model.joints.iter().filter(|j| j.kind == JointKind::Fixed);
        let links = fixed.map(|joint| {
            let (parent, child) = (link(model, joint.parent), link(model, joint.child));
            transform(stamp, &parent, &child, &child_in_parent(joint, 0.0))
        });
        std::iter::once(place).chain(links).collect()
    }

    /// Transforms that the state moves: the base of what drives, and the joints, those that follow others too. Nobody
    /// measures a floating joint: what hangs on it is shown where the description puts it.
    pub fn moving(&self, model: &RobotModel, state: &RobotState) -> Vec<TransformStamped> {
        let base = self
            .drives
            .then(|| transform(state.stamp, &self.pose, &self.base, &state.base.pose));
        let joints = model.joints.iter().enumerate();
        let moving = joints.filter(|(_, joint)| joint.kind != JointKind::Fixed);
        let links = moving.map(|(i, joint)| {
            let (parent, child) = (link(model, joint.parent), link(model, joint.child));
            let pose = child_in_parent(joint, model.joint_position(i, &state.position));
            transform(state.stamp, &parent, &child, &pose)
        });
        base.into_iter().chain(links).collect()
    }
}

/// A link's frame.
fn link(model: &RobotModel, index: usize) -> String {
    let name = model.links.get(index).map_or("", |l| l.name.as_str());
    format!("{}/{name}", model.name)
}

fn transform(stamp: Time, parent: &str, child: &str, pose: &Isometry3<f64>) -> TransformStamped {
    let pose = pose_to_msg(pose);
    TransformStamped {
        header: Header {
            stamp: time_to_msg(stamp),
            frame_id: parent.to_owned(),
        },
        child_frame_id: child.to_owned(),
        transform: Transform {
            translation: Vector3 {
                x: pose.position.x,
                y: pose.position.y,
                z: pose.position.z,
            },
            rotation: pose.orientation,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use physical_ai_control::Chain;
    use physical_ai_domain::{BaseState, RobotName};
    use physical_ai_ros::pose_from_msg;

    use super::*;

    fn model(name: &str, urdf: &str) -> RobotModel {
        physical_ai_description::read_urdf(RobotName::try_new(name).unwrap(), urdf).unwrap()
    }

    /// Where a frame is in the map, by way of its parents.
    fn in_map(transforms: &[TransformStamped], frame: &str) -> Isometry3<f64> {
        let parents: BTreeMap<&str, &TransformStamped> = transforms
            .iter()
            .map(|t| (t.child_frame_id.as_str(), t))
            .collect();
        assert_eq!(parents.len(), transforms.len(), "a frame has two parents");
        let mut pose = Isometry3::identity();
        let mut at = frame;
        while at != MAP {
            let t = parents
                .get(at)
                .unwrap_or_else(|| panic!("{at} hangs on nothing"));
            let (v, q) = (&t.transform.translation, &t.transform.rotation);
            let mut message = pose_to_msg(&Isometry3::translation(v.x, v.y, v.z));
            message.orientation = q.clone();
            pose = pose_from_msg(&message) * pose;
            at = &t.header.frame_id;
        }
        pose
    }

    #[test]
    fn every_link_hangs_on_the_map_and_the_tool_is_where_the_kinematics_say() {
        let model = model("arm_1", include_str!("../../../../urdf/arm.urdf"));
        let frames = Frames::new(&model, false);
        assert_eq!(
            (frames.pose.as_str(), frames.base.as_str()),
            ("map", "arm_1/base_link")
        );
        let start = Placement {
            x: 1.0,
            y: -2.0,
            z: 0.4,
            yaw: 0.7,
        };
        let position = vec![0.3, -0.5, 1.1, 0.2, -0.4, 0.9, 0.01, 0.02];
        let state = RobotState {
            robot: model.name.clone(),
            stamp: Time::from_seconds(2.0),
            velocity: vec![0.0; 8],
            position: position.clone(),
            base: BaseState::default(),
            fault: None,
        };
        let mut all = frames.fixed(&model, start, Time::ZERO);
        all.extend(frames.moving(&model, &state));
        assert_eq!(all.len(), model.links.len());
        for link in &model.links {
            in_map(&all, &format!("arm_1/{}", link.name));
        }
        let tool = start.isometry()
            * Chain::between(&model, "base_link", "tool0")
                .unwrap()
                .forward(&position);
        let off = in_map(&all, "arm_1/tool0").inverse() * tool;
        assert!(
            off.translation.vector.norm() < 1e-9 && off.rotation.angle() < 1e-9,
            "{off}"
        );
    }

    #[test]
    fn links_of_followers_and_of_floating_joints_have_frames_too() {
        let link = |name: &str| {
            format!(
                r#"<link name="{name}"><inertial><mass value="1"/><inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01"
                iyz="0" izz="0.01"/></inertial></link>"#
            )
        };
        let joint = |name: &str, kind: &str, more: &str| {
            format!(
                r#"<joint name="{name}_joint" type="{kind}"><parent link="base"/><child link="{name}"/>
                <origin xyz="0 0 1"/><axis xyz="0 1 0"/>{more}</joint>"#
            )
        };
        let limit = r#"<limit lower="-1" upper="1" velocity="1" effort="1"/>"#;
        let follows = r#"<mimic joint="leader_joint" multiplier="-2" offset="0.1"/>"#;
        let parts = [
            link("base"),
            link("leader"),
            link("follower"),
            link("loose"),
            joint("leader", "prismatic", limit),
            joint("follower", "prismatic", &format!("{limit}{follows}")),
            joint("loose", "floating", ""),
        ];
        let model = model(
            "hand_1",
            &format!(r#"<robot name="r">{}</robot>"#, parts.concat()),
        );
        let state = RobotState {
            robot: model.name.clone(),
            stamp: Time::from_seconds(2.0),
            velocity: vec![0.0],
            position: vec![0.3],
            base: BaseState::default(),
            fault: None,
        };
        let frames = Frames::new(&model, false);
        let mut all = frames.fixed(&model, Placement::default(), Time::ZERO);
        all.extend(frames.moving(&model, &state));
        assert_eq!(all.len(), model.links.len());
        let y = |link: &str| in_map(&all, &format!("hand_1/{link}")).translation.vector.y;
        assert!((y("leader") - 0.3).abs() < 1e-12);
        assert!((y("follower") - (0.1 - 2.0 * 0.3)).abs() < 1e-12);
        assert_eq!(y("loose"), 0.0);
    }

    #[test]
    fn rover_moves_in_its_odometry_frame_with_its_sensors_on_it() {
        let model = model("rover_1", include_str!("../../../../urdf/rover.urdf"));
        let frames = Frames::new(&model, true);
        assert_eq!(frames.pose, "rover_1/odom");
        let place = Placement {
            x: 2.0,
            y: 1.0,
            yaw: 1.5,
            ..Placement::default()
        };
        let state = RobotState {
            robot: model.name.clone(),
            stamp: Time::from_seconds(2.0),
            velocity: vec![0.0; 2],
            position: vec![0.3; 2],
            base: BaseState {
                pose: place.isometry(),
                ..BaseState::default()
            },
            fault: None,
        };
        let mut all = frames.fixed(&model, Placement::default(), Time::ZERO);
        all.extend(frames.moving(&model, &state));
        assert_eq!(all.len(), model.links.len() + 1);
        assert_eq!(in_map(&all, "rover_1/base_link"), place.isometry());
        let lidar = in_map(&all, "rover_1/lidar_link").translation.vector;
        assert!((lidar - nalgebra::Vector3::new(2.0, 1.0, 0.2)).norm() < 1e-9);
        in_map(&all, "rover_1/imu_link");
    }
}

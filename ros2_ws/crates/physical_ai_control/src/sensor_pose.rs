use nalgebra::Isometry3;
use physical_ai_domain::{JointKind, RobotModel};

use crate::Error;

/// Pose of a sensor on its robot, in the frame of the root link, metres. `frame` is the one that it measures in: a link,
/// with or without the robot's name and a slash before it. `field` is where a message names it.
///
/// # Errors
/// [`Error::Implausible`] for a frame that is no link of the robot, or one that joints move against its base.
pub(crate) fn sensor_pose(
    model: &RobotModel,
    field: &str,
    frame: &str,
) -> Result<Isometry3<f64>, Error> {
    let fail = |problem: &str| Error::Implausible {
        field: field.into(),
        problem: format!("{frame:?} {problem}"),
    };
    let robot = format!("{}/", model.name);
    let link = model.link_index(frame.strip_prefix(&robot).unwrap_or(frame));
    let link = link.ok_or_else(|| fail("is no link of the robot: name the one it is on"))?;
    let way = model.chain_to(link);
    if way.iter().any(|joint| joint.kind != JointKind::Fixed) {
        return Err(fail(
            "moves against the base, so that what it measures does not say where that is of the base: name a link that is \
             fixed to it",
        ));
    }
    let root = Isometry3::identity();
    Ok(way.iter().fold(root, |pose, joint| pose * joint.origin))
}

#[cfg(test)]
mod tests {
    use nalgebra::{Point3, Vector3};

    use super::*;
    use crate::fixtures::robot;

    const MOUNTED: &str = r#"<robot name="r"><link name="base"/><link name="mast"/><link name="sensor"/>
        <link name="arm"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
        <joint name="foot" type="fixed"><parent link="base"/><child link="mast"/><origin xyz="0.2 0 0.1"
          rpy="0 0 1.57079632679"/></joint>
        <joint name="head" type="fixed"><parent link="mast"/><child link="sensor"/><origin xyz="0.3 0 1"/></joint>
        <joint name="turn" type="revolute"><parent link="base"/><child link="arm"/><axis xyz="0 0 1"/>
          <limit lower="-1" upper="1" velocity="1" effort="1"/></joint></robot>"#;

    #[test]
    fn sensor_is_where_all_joints_below_it_put_it() {
        let model = robot("robot_1", MOUNTED, "{}");
        for frame in ["sensor", "robot_1/sensor"] {
            let pose = sensor_pose(&model, "scan.header.frame_id", frame).unwrap();
            let ahead = pose * Point3::new(1.0, 0.0, 0.0);
            assert!(
                (ahead.coords - Vector3::new(0.2, 1.3, 1.1)).norm() < 1e-9,
                "{ahead}"
            );
        }
    }

    #[test]
    fn frame_that_says_nothing_about_the_base_is_refused_by_name() {
        let model = robot("robot_1", MOUNTED, "{}");
        let check = |frame: &str, expected: &str| {
            let error = sensor_pose(&model, "imu.header.frame_id", frame).unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with(&format!("imu.header.frame_id \"{frame}\"")),
                "{text}"
            );
            assert!(text.contains(expected), "{text}");
        };
        check("camera", "is no link of the robot");
        check("", "is no link of the robot");
        check("robot_2/sensor", "is no link of the robot");
        check("arm", "moves against the base");
    }
}

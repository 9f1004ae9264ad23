//! A robot that drives stops before what its lidar sees, wherever that is mounted.

use nalgebra::Point2;
use physical_ai_control::LidarMount;
use physical_ai_description::read_urdf;
use physical_ai_domain::{ErrorCode, RobotLayout, RobotModel, RobotName, World};
use physical_ai_sim::RobotSetup;
use serde_json::json;

use crate::bench::Bench;

/// A box of 0.4 m in the way, of which nobody knows but the lidar: its front is 1.3 m ahead of the robot.
const WORLD: &str = "robots:
  - {name: robot_1, model: r, pose: {x: 0.0, y: 0.0, z: 0.0}}
places:
  - {name: behind, kind: floor, pose: {x: 3.0, y: 0.0, yaw: 0.0}}
boxes:
  - {name: crate_1, size_m: [0.4, 0.4, 0.8], mass_kg: 40.0, color: [1.0, 0.0, 0.0], pose: {x: 1.5, y: 0.0, z: 0.4}}
";

fn model(mount: &str) -> RobotModel {
    let link = |name: &str, mass: f64, shape: &str| {
        format!(
            "<link name='{name}'><inertial><mass value='{mass}'/><inertia ixx='0.05' ixy='0' ixz='0' iyy='0.05' iyz='0' \
             izz='0.05'/></inertial><collision>{shape}</collision></link>"
        )
    };
    let wheel = |side: &str, y: f64| {
        let tyre = "<origin rpy='1.5707963268 0 0'/><geometry><cylinder radius='0.1' length='0.03'/></geometry>";
        format!(
            "{}<joint name='{side}' type='continuous'><parent link='base'/><child link='{side}_wheel'/><origin xyz='0 {y} \
             0.1'/><axis xyz='0 1 0'/><limit velocity='10' effort='6'/></joint>",
            link(&format!("{side}_wheel"), 0.5, tyre)
        )
    };
    let skids = "<origin xyz='0.1 0 0.03'/><geometry><sphere radius='0.03'/></geometry></collision><collision>\
                 <origin xyz='-0.1 0 0.03'/><geometry><sphere radius='0.03'/></geometry>";
    let urdf = format!(
        "<robot name='r'>{}{}{}<link name='laser'/><joint name='mount' type='fixed'><parent link='base'/><child \
         link='laser'/><origin {mount}/></joint></robot>",
        link("base", 12.0, skids),
        wheel("left", 0.17),
        wheel("right", -0.17)
    );
    let layout = "drive: {left: [left], right: [right], radius_m: 0.1, separation_m: 0.34}";
    let layout = RobotLayout::from_yaml("test", layout).unwrap();
    let name = RobotName::try_new("robot_1").unwrap();
    read_urdf(name, &urdf).unwrap().with_layout(layout).unwrap()
}

fn bench(mount: &str) -> Bench {
    let mut setup = RobotSetup::new(model(mount));
    setup.lidar = Some("laser".to_owned());
    Bench::of(World::from_yaml("test", WORLD).unwrap(), vec![setup])
}

const MOUNTS: [&str; 5] = [
    "xyz='0 0 0.3'",
    "xyz='0.25 0.1 0.3'",
    "xyz='-0.2 0 0.3' rpy='0 0 2'",
    "xyz='0.2 0 0.3' rpy='3.1415926536 0 0'",
    "xyz='0 -0.1 0.3' rpy='3.1415926536 0 -1.2'",
];

#[test]
fn what_the_lidar_hits_lies_on_the_box_wherever_it_is_mounted() {
    let name = RobotName::try_new("robot_1").unwrap();
    for mount in MOUNTS {
        let mut bench = bench(mount);
        bench.tick();
        let turn = bench.sim.laser_sample(&name).unwrap();
        let of = LidarMount::of(&bench.models[&name], "laser").unwrap();
        let seen = of.obstacles(
            turn.angle_min,
            turn.angle_increment,
            turn.ranges.into_iter(),
        );
        let points = seen.unwrap().points;
        assert!(points.len() > 5, "{mount}: {points:?}");
        for point in points {
            let off = Point2::from(point) - Point2::new(1.5, 0.0);
            let off_m = (off.x.abs().max(off.y.abs()) - 0.2).abs();
            assert!(off_m < 0.03, "{mount}: {point:?} is {off_m} m off the box");
        }
    }
}

#[test]
fn robot_stops_before_a_box_wherever_its_lidar_is_mounted() {
    let name = RobotName::try_new("robot_1").unwrap();
    for mount in MOUNTS {
        let mut bench = bench(mount);
        bench.tick();
        bench
            .assign("robot_1", "navigate_to", json!({"place": "behind"}))
            .unwrap();
        let report = &bench.run(1, 40.0)[0];
        assert_eq!(report.error, ErrorCode::Blocked, "{mount}: {report:?}");
        let stopped_m = bench.sim.true_base_pose(&name).unwrap().translation.x;
        // The front of the box is at 1.3 m; the centre of the robot stays 0.4 m away.
        assert!((stopped_m - 0.9).abs() < 0.05, "{mount}: at {stopped_m} m");
    }
}

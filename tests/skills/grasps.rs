//! Robots with hands of others take boxes from one surface and put them on another, by the simulation's own word.

use nalgebra::{Isometry3, UnitQuaternion, Vector3};
use physical_ai_domain::{ErrorCode, RobotName, TaskReport, TaskState, World};
use physical_ai_sim::{Fault, RobotSetup};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::public_robots::{load, set_up, share};

/// Longest task, simulated seconds.
const LIMIT_S: f64 = 60.0;
/// How far from the middle of its place a box may come to lie, level, metres.
const MOST_OFF_M: f64 = 0.02;
/// And off its height, metres: it stands on its bottom.
const MOST_HIGH_M: f64 = 0.004;
/// Extents of the box, metres: each side is another.
const BOX_M: [f64; 3] = [0.04, 0.05, 0.06];

/// A robot, and where its surfaces are.
struct Cell {
    setup: RobotSetup,
    /// Middle of the surface from which things are taken, and heights of both, metres.
    from_m: [f64; 2],
    to_m: [f64; 2],
    heights_m: [f64; 2],
    /// Width of both, metres.
    width_m: f64,
    size_m: [f64; 3],
}

impl Cell {
    fn bench(self) -> Bench {
        let width = self.width_m;
        let table = |name: &str, at: [f64; 2], height: f64| {
            format!(
                "  - {{name: {name}, size_m: [{width}, {width}, {height}], pose: {{x: {}, y: {}, z: {}}}}}\n",
                at[0],
                at[1],
                height / 2.0
            )
        };
        let [from, to] = self.heights_m;
        let yaml = format!(
            "robots:\n  - {{name: robot_1, model: robot, pose: {{x: 0.0, y: 0.0, z: 0.0}}}}\n\
             boxes:\n  - {{name: parcel, size_m: {:?}, mass_kg: 0.1, pose: {{x: {}, y: {}, z: {}}}, color: [1, 0, 0]}}\n\
             \x20 - {{name: crate, size_m: [0.2, 0.2, 0.05], mass_kg: 0.1, pose: {{x: -0.6, y: -0.6, z: 0.025}}, color: [1, 1, 0]}}\n\
             \x20 - {{name: afar, size_m: {:?}, mass_kg: 0.1, pose: {{x: -3.0, y: -0.6, z: 0.03}}, color: [1, 1, 0]}}\n\
             fixtures:\n{}{}\
             places:\n  - {{name: shelf, kind: surface, pose: {{x: {}, y: {}, z: {to}, yaw: 0.3}}}}\n",
            self.size_m,
            self.from_m[0],
            self.from_m[1],
            from + self.size_m[2] / 2.0,
            self.size_m,
            table("source", self.from_m, from),
            table("target", self.to_m, to),
            self.to_m[0],
            self.to_m[1],
        );
        Bench::of(World::from_yaml("test", &yaml).unwrap(), vec![self.setup])
    }
}

/// What a robot says of a task, or why it does not begin it.
fn does(bench: &mut Bench, skill: &str, params: Value) -> Result<TaskReport, (ErrorCode, String)> {
    bench.assign("robot_1", skill, params)?;
    Ok(bench.run(1, LIMIT_S).remove(0))
}

/// Picks a box from five places, turned in as many ways, and says what went wrong with each.
fn problems(cell: Cell) -> Vec<String> {
    let (from_m, height_m) = (cell.from_m, cell.heights_m[0]);
    let (width_m, size_m) = (cell.width_m, cell.size_m);
    let mut bench = cell.bench();
    let robot = RobotName::try_new("robot_1").unwrap();
    let model = bench.models[&robot].clone();
    let mut problems = Vec::new();
    // Shares of the surface's width.
    let starts = [
        (0.0, 0.0, 0.0),
        (0.27, 0.17, 0.5),
        (-0.23, 0.2, -0.7),
        (0.2, -0.27, 1.3),
        (-0.2, -0.2, 2.6),
    ];
    for (x, y, yaw) in starts {
        let (x, y) = (x * width_m, y * width_m);
        bench.reset();
        let at = Vector3::new(from_m[0] + x, from_m[1] + y, height_m + size_m[2] / 2.0);
        let turn = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), yaw);
        let pose = Isometry3::from_parts(at.into(), turn);
        let object = "parcel".to_owned();
        bench
            .sim
            .inject(&Fault::PlaceObject { object, pose })
            .unwrap();
        bench
            .sim
            .place_joints(&robot, &model.home_positions())
            .unwrap();
        bench.tick();
        let both = json!({"object": "parcel", "place": "shelf"});
        let problem = match does(&mut bench, "pick_and_place", both) {
            Err((_, reason)) => Some(reason),
            Ok(report) if report.state != TaskState::Succeeded => Some(report.error_msg),
            Ok(_) => misplaced(&bench, size_m),
        };
        problems.extend(problem.map(|p| format!("({x:.2}, {y:.2}) turned by {yaw}: {p}")));
    }
    problems
}

/// What is wrong with where the box really lies.
fn misplaced(bench: &Bench, size_m: [f64; 3]) -> Option<String> {
    let really = bench.sim.true_object_pose("parcel").unwrap();
    let place = bench.world.place("shelf").unwrap().pose;
    let at = really.translation.vector;
    let off_m = (at.x - place.x).hypot(at.y - place.y);
    let high_m = (at.z - (place.z + size_m[2] / 2.0)).abs();
    (off_m > MOST_OFF_M || high_m > MOST_HIGH_M)
        .then(|| format!("it lies {off_m:.3} m off its place and {high_m:.3} m off its height"))
}

fn check(robot: &str, cell: Cell) {
    let found = problems(cell);
    println!(
        "{robot}: {} of 5 boxes put where they belong",
        5 - found.len()
    );
    assert!(found.is_empty(), "{robot}: {found:#?}");
}

fn panda() -> Cell {
    Cell {
        setup: set_up("panda_description/urdf/panda.urdf"),
        from_m: [0.5, -0.2],
        to_m: [0.45, 0.3],
        heights_m: [0.2, 0.3],
        width_m: 0.3,
        size_m: BOX_M,
    }
}

/// A UR5 with a hand whose fingers turn, fixed to its flange.
fn ur5_with_hand() -> RobotSetup {
    let arm = share().join("example-robot-data/robots/ur_description/urdf/ur5_robot.urdf");
    let arm = std::fs::read_to_string(arm).unwrap();
    let hand = include_str!("linkage_hand.urdf");
    let parts = hand.split_once("<link name=\"flange\"/>").unwrap().1;
    let parts = parts.replace("<parent link=\"flange\"/>", "<parent link=\"tool0\"/>");
    let whole = arm.replace("</robot>", &parts);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("whole.urdf"), whole).unwrap();
    let posture =
        "shoulder_lift_joint: -1.57, elbow_joint: 1.57, wrist_1_joint: -1.57, wrist_2_joint: -1.57";
    let file = format!("description: whole.urdf\npostures: {{home: {{{posture}}}}}\n");
    let yaml = folder.path().join("robot.yaml");
    std::fs::write(&yaml, file).unwrap();
    load(&yaml)
}

fn ur5() -> Cell {
    Cell {
        setup: ur5_with_hand(),
        from_m: [0.5, -0.2],
        to_m: [0.45, 0.3],
        heights_m: [0.2, 0.3],
        width_m: 0.3,
        size_m: BOX_M,
    }
}

#[test]
fn panda_puts_boxes_from_one_table_on_another() {
    check("Panda", panda());
}

#[test]
fn ur5_with_a_linkage_hand_puts_boxes_from_one_table_on_another() {
    check("UR5 with a hand", ur5());
}

#[test]
fn linkage_is_as_far_open_as_its_geometry_says() {
    let setup = ur5_with_hand();
    let gripper = setup.model.layout.chains[0].gripper.clone().unwrap();
    let grasp = gripper.grasp.unwrap();
    // The flange's z; pads are on the inner fingers.
    assert_eq!(grasp.approach, [0.0, 0.0, 1.0]);
    assert!(
        (gripper.opening_m - 0.0862).abs() < 0.001,
        "{}",
        gripper.opening_m
    );
    let links = grasp.pads.each_ref().map(|p| p.link.as_str());
    assert!(
        links.iter().all(|l| l.ends_with("_inner_finger")),
        "{links:?}"
    );
}

#[test]
fn what_cannot_be_grasped_is_refused_before_anything_moves() {
    for cell in [panda(), ur5()] {
        let mut bench = cell.bench();
        bench.tick();
        let mut refuses = |object: &str, code: ErrorCode, expected: &str| {
            let params = json!({"object": object, "place": "shelf"});
            let refused = does(&mut bench, "pick_and_place", params).unwrap_err();
            assert_eq!(refused.0, code, "{}", refused.1);
            assert!(refused.1.contains(expected), "{}", refused.1);
        };
        refuses(
            "crate",
            ErrorCode::InvalidParams,
            "is 0.200 m wide: the gripper opens to 0.08",
        );
        refuses("afar", ErrorCode::Unreachable, "is out of reach");
    }
}

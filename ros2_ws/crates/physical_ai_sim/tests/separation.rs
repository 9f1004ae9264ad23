//! Distances between bodies: in the world frame and negative in overlap for every pair of shapes.

#![allow(
    clippy::unwrap_used,
    reason = "a test whose fixture is not there has failed"
)]

use std::path::Path;
use std::sync::Arc;

use physical_ai_description::{read_mesh_file, read_urdf};
use physical_ai_domain::{RobotModel, RobotName, World};
use physical_ai_sim::{RobotSetup, SensorNoise, Separation, SimulatedWorld};

/// What the search for the nearest points may be off, metres.
const TOLERANCE_M: f64 = 1e-6;
/// A cube of 2 m.
const CUBE: &str = "v -1 -1 -1\nv 1 -1 -1\nv 1 1 -1\nv -1 1 -1\nv -1 -1 1\nv 1 -1 1\nv 1 1 1\nv -1 1 1\n\
                    f 1 3 2\nf 1 4 3\nf 5 6 7\nf 5 7 8\nf 1 2 6\nf 1 6 5\nf 2 3 7\nf 2 7 6\nf 3 4 8\nf 3 8 7\n\
                    f 4 1 5\nf 4 5 8\n";
/// Shapes that all reach 1 m from their middle along x and y.
const SHAPES: [&str; 5] = [
    r#"<box size="2 2 2"/>"#,
    r#"<sphere radius="1"/>"#,
    r#"<cylinder radius="1" length="2"/>"#,
    r#"<capsule radius="1" length="0.6"/>"#,
    r#"<mesh filename="cube.obj"/>"#,
];

fn name(robot: &str) -> RobotName {
    RobotName::try_new(robot).unwrap()
}

/// A robot of one link with this shape.
fn setup(robot: &str, shape: &str, folder: &Path) -> RobotSetup {
    let file = format!("file://{}/cube.obj", folder.display());
    let shape = shape.replace("cube.obj", &file);
    let urdf = format!(
        r#"<robot name="r"><link name="body"><inertial><mass value="1"/><inertia ixx="1" ixy="0" ixz="0" iyy="1"
        iyz="0" izz="1"/></inertial><collision><geometry>{shape}</geometry></collision></link></robot>"#
    );
    let model: RobotModel = read_urdf(name(robot), &urdf).unwrap();
    let files = RobotSetup::mesh_files(&model).map(Path::to_owned);
    let meshes = files.map(|f| (f.clone(), Arc::new(read_mesh_file(&f).unwrap())));
    RobotSetup {
        meshes: meshes.collect(),
        ..RobotSetup::new(model)
    }
}

/// The first body is at x = 10 and turned by 90 degrees, the second at `x`.
fn separation(shapes: [&str; 2], x: f64) -> Separation {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cube.obj"), CUBE).unwrap();
    let yaml = format!(
        "robots:\n  - {{name: one, model: r, pose: {{x: 10.0, y: 0.0, z: 5.0, yaw: 1.5707963267948966}}}}\n  \
         - {{name: two, model: r, pose: {{x: {x}, y: 0.0, z: 5.0}}}}\n"
    );
    let world = World::from_yaml("test", &yaml).unwrap();
    let setups = vec![
        setup("one", shapes[0], folder.path()),
        setup("two", shapes[1], folder.path()),
    ];
    let mut world =
        SimulatedWorld::try_new(&world, setups, SensorNoise::default(), 1, 0.001).unwrap();
    world.step().unwrap();
    let links = [(&name("one"), "body"), (&name("two"), "body")];
    world.true_separation(links).unwrap()
}

#[test]
fn nearest_points_are_in_the_world_and_overlap_is_negative_for_every_pair_of_shapes() {
    let mut problems = Vec::new();
    for one in SHAPES {
        for two in SHAPES {
            for (x, distance, points) in [(13.0, 1.0, [11.0, 12.0]), (11.5, -0.5, [11.0, 10.5])] {
                let found = separation([one, two], x);
                let [a, b] = found.points_m;
                let off = [
                    found.distance_m - distance,
                    a.x - points[0],
                    b.x - points[1],
                    (a - b).norm() - f64::abs(distance),
                ];
                if off.iter().any(|o| o.abs() > TOLERANCE_M) {
                    problems.push(format!("{one} and {two} at {x}: {found:?}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn what_is_not_there_or_has_no_shape_has_no_distance() {
    let folder = tempfile::tempdir().unwrap();
    let yaml = "robots:\n  - {name: one, model: r, pose: {x: 0.0, y: 0.0, z: 1.0}}\n";
    let world = World::from_yaml("test", yaml).unwrap();
    let setups = vec![setup("one", SHAPES[0], folder.path())];
    let world = SimulatedWorld::try_new(&world, setups, SensorNoise::default(), 1, 0.001).unwrap();
    let one = name("one");
    assert_eq!(world.true_separation([(&one, "body"), (&one, "arm")]), None);
    let ghost = name("ghost");
    assert_eq!(
        world.true_separation([(&one, "body"), (&ghost, "body")]),
        None
    );
}

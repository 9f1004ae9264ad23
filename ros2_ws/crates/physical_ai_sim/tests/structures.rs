//! What descriptions can hold, each in a robot as small as it can be.

#![allow(
    clippy::unwrap_used,
    reason = "a test whose fixture is not there has failed"
)]

use physical_ai_description::read_urdf;
use physical_ai_domain::{ActuatorCommand, CommandMode, RobotModel, RobotName, Time, World};
use physical_ai_sim::{RobotSetup, SensorNoise, SimulatedWorld};

const STEP_S: f64 = 0.001;

fn name() -> RobotName {
    RobotName::try_new("robot_1").unwrap()
}

fn link(name: &str, mass: f64, at: &str, shape: &str) -> String {
    format!(
        r#"<link name="{name}"><inertial><origin xyz="{at}"/><mass value="{mass}"/>
        <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial>{shape}</link>"#
    )
}

fn block(at: &str, size: &str) -> String {
    format!(
        r#"<collision><origin xyz="{at}"/><geometry><box size="{size}"/></geometry></collision>"#
    )
}

fn joint(name: &str, kind: &str, links: [&str; 2], at: &str, axis: &str, more: &str) -> String {
    let [parent, child] = links;
    format!(
        r#"<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>
        <origin xyz="{at}"/><axis xyz="{axis}"/>{more}</joint>"#
    )
}

fn limit(effort: f64) -> String {
    format!(r#"<limit lower="-2" upper="2" velocity="3" effort="{effort}"/>"#)
}

/// A joint that turns about y within [`limit`].
fn hinge(name: &str, links: [&str; 2], at: &str, effort: f64) -> String {
    joint(name, "revolute", links, at, "0 1 0", &limit(effort))
}

fn model(parts: &[String]) -> RobotModel {
    let urdf = format!(r#"<robot name="r">{}</robot>"#, parts.concat());
    read_urdf(name(), &urdf).unwrap()
}

fn world(model: &RobotModel) -> SimulatedWorld {
    let yaml = "robots:\n  - {name: robot_1, model: r, pose: {x: 0.0, y: 0.0, z: 3.0}}\n";
    let world = World::from_yaml("test", yaml).unwrap();
    let setups = vec![RobotSetup::new(model.clone())];
    SimulatedWorld::try_new(&world, setups, SensorNoise::default(), 1, STEP_S).unwrap()
}

/// Commands positions for some seconds; `watch` sees the world after each step.
fn go(
    world: &mut SimulatedWorld,
    to: &[f64],
    seconds: f64,
    mut watch: impl FnMut(&SimulatedWorld),
) {
    for step in 0..(seconds / STEP_S) as usize {
        if step % 5 == 0 {
            let command = ActuatorCommand {
                robot: name(),
                stamp: Time::ZERO,
                sensor_stamp: Time::ZERO,
                mode: CommandMode::Position,
                position: to.to_vec(),
                velocity: vec![0.0; to.len()],
                effort: vec![],
                valid_for_s: 0.05,
            };
            world.apply(&command).unwrap();
        }
        world.step().unwrap();
        watch(world);
    }
}

fn at(world: &SimulatedWorld) -> Vec<f64> {
    world.true_joint_positions(&name()).unwrap()
}

/// A leader, and a follower that carries 50 N m.
fn coupled(effort: f64) -> RobotModel {
    let follows = format!(
        r#"{}<mimic joint="leader" multiplier="-0.5" offset="0.1"/>"#,
        limit(1000.0)
    );
    model(&[
        r#"<link name="base"/>"#.into(),
        link("one", 0.5, "0 0 0", ""),
        link("two", 5.1, "1 0 0", ""),
        hinge("leader", ["base", "one"], "0 0 0", effort),
        joint(
            "follower",
            "revolute",
            ["base", "two"],
            "0 1 0",
            "0 1 0",
            &follows,
        ),
    ])
}

/// Turn of a link about y, radians.
fn turn(world: &SimulatedWorld, link: &str) -> f64 {
    let pose = world.true_link_pose(&name(), link).unwrap();
    pose.rotation.scaled_axis().y
}

fn assert_follows(world: &SimulatedWorld) {
    let off = turn(world, "two") - (-0.5 * turn(world, "one") + 0.1);
    assert!(off.abs() < 1e-9, "{off} rad");
}

#[test]
fn follower_is_where_its_leader_says_under_any_load_and_after_a_reset() {
    for effort in [200.0, 5.0] {
        let mut world = world(&coupled(effort));
        assert_follows(&world);
        go(&mut world, &[0.4], 2.0, |world| {
            assert_follows(world);
        });
        let leader = at(&world)[0];
        if effort > 100.0 {
            assert!((leader - 0.4).abs() < 5e-3, "{leader}");
        } else {
            // A weak drive gives way to what hangs on its follower.
            assert!(leader < -0.5, "{leader}");
        }
        world.reset();
        assert_eq!(at(&world), [0.0]);
        assert_follows(&world);
    }
}

#[test]
fn planar_joint_moves_normal_to_its_axis_within_the_limits_of_both_slides() {
    let planar = r#"<limit lower="-0.1" upper="0.2" velocity="1" effort="100"/>"#;
    let model = model(&[
        r#"<link name="base"/>"#.into(),
        link("puck", 1.0, "0 0 0", ""),
        joint(
            "plane",
            "planar",
            ["base", "puck"],
            "0 0 0",
            "1 0 0",
            planar,
        ),
    ]);
    assert_eq!(model.movable().len(), 2);
    let mut world = world(&model);
    go(&mut world, &[5.0, 5.0], 2.0, |_| {});
    let puck = world.true_link_pose(&name(), "puck").unwrap().translation;
    let off = [puck.x, puck.y.abs() - 0.2, (puck.z - 3.0).abs() - 0.2];
    assert!(off.iter().all(|o| o.abs() < 2e-3), "{puck}");
}

/// MuJoCo alone lets a base that is fixed to the world collide with the link that it carries.
#[test]
fn neighbours_that_overlap_do_not_touch_and_neither_does_a_base_fixed_to_the_world() {
    let model = model(&[
        r#"<link name="ground"/>"#.into(),
        joint("stand", "fixed", ["ground", "base"], "0 0 0", "0 0 1", ""),
        link("base", 1.0, "0 0 0", &block("0 0 0", "0.2 0.2 0.2")),
        link("one", 1.0, "0 0 0.1", &block("0 0 0.05", "0.2 0.2 0.2")),
        hinge("turn", ["base", "one"], "0 0 0", 5.0),
    ]);
    let mut world = world(&model);
    go(&mut world, &[0.7], 2.0, |_| {});
    assert!((at(&world)[0] - 0.7).abs() < 1e-3, "{:?}", at(&world));
    assert_eq!(world.warnings(), [""; 0]);
}

/// An arm of two links that folds back onto a base of this shape.
fn folding(base: &str) -> RobotModel {
    model(&[
        link("base", 1.0, "0 0 0", base),
        link("one", 1.0, "0.2 0 0", &block("0.2 0 0", "0.2 0.05 0.05")),
        link("two", 1.0, "0.2 0 0", &block("0.2 0 0", "0.3 0.05 0.05")),
        hinge("shoulder", ["base", "one"], "0 0 0", 50.0),
        hinge("elbow", ["one", "two"], "0.4 0 0", 20.0),
    ])
}

#[test]
fn links_that_are_no_neighbours_touch() {
    let folded = |base: &str| {
        let mut world = world(&folding(base));
        go(&mut world, &[0.0, 2.0], 3.0, |_| {});
        at(&world)[1]
    };
    let free = folded(&block("0 0 0", "0.2 0.2 0.4"));
    assert!((free - 2.0).abs() < 5e-3, "nothing is in the way: {free}");
    let blocked = folded(&block("0.2 0 -0.3", "0.4 0.2 0.05"));
    assert!(blocked < 1.9, "the base is in the way: {blocked}");
}

#[test]
fn links_that_overlap_where_the_robot_starts_are_named_and_do_not_touch() {
    let mut world = world(&folding(&block("0 0 0", "1.2 0.2 0.4")));
    let warning = &world.warnings()[0];
    assert!(
        warning.contains("robot_1: links base and two overlap"),
        "{warning}"
    );
    go(&mut world, &[0.0, 1.0], 2.0, |_| {});
    assert!((at(&world)[1] - 1.0).abs() < 5e-3, "{:?}", at(&world));
}

#[test]
fn joint_whose_effort_nobody_gave_is_not_moved_and_does_not_fall() {
    let model = model(&[
        r#"<link name="base"/>"#.into(),
        link("one", 2.0, "0.5 0 0", ""),
        hinge("turn", ["base", "one"], "0 0 0", 0.0),
    ]);
    let mut world = world(&model);
    go(&mut world, &[0.7], 1.0, |_| {});
    assert!(at(&world)[0].abs() < 1e-6, "{:?}", at(&world));
}

#[test]
fn floating_part_is_free() {
    let model = model(&[
        link("base", 1.0, "0 0 0", ""),
        link("ball", 1.0, "0 0 0", ""),
        joint("loose", "floating", ["base", "ball"], "0 0 0", "0 0 1", ""),
    ]);
    let mut world = world(&model);
    for _ in 0..200 {
        world.step().unwrap();
    }
    let fallen = 3.0 - world.true_link_pose(&name(), "ball").unwrap().translation.z;
    // g t² / 2 after 0.2 s.
    assert!((fallen - 0.196).abs() < 0.01, "{fallen} m");
}

/// MuJoCo orders the joints of this file x, z, y; the file x, y, z.
#[test]
fn joint_that_is_named_moves_in_whatever_order_branches_stand() {
    let model = model(&[
        link("base", 1.0, "0 0 0", ""),
        link("b", 1.0, "0 0 0", ""),
        link("a", 1.0, "0 0 0", ""),
        link("c", 1.0, "0 0 0", ""),
        hinge("x", ["base", "b"], "0 0 0", 50.0),
        hinge("y", ["base", "a"], "0 1 0", 50.0),
        hinge("z", ["b", "c"], "0 0 1", 50.0),
    ]);
    let mut world = world(&model);
    let target = |joint: &str| match joint {
        "x" => 0.5,
        "y" => -0.7,
        _ => 0.9,
    };
    let command: Vec<f64> = model.joint_names().iter().map(|j| target(j)).collect();
    go(&mut world, &command, 2.0, |_| {});
    for (link, expected) in [("b", 0.5), ("a", -0.7), ("c", 0.5 + 0.9)] {
        let off = turn(&world, link) - expected;
        assert!(off.abs() < 5e-3, "{link}: {off} rad");
    }
}

#[test]
fn shape_without_a_mass_weighs_nothing_and_a_fixed_frame_stays_addressable() {
    let model = model(&[
        link("base", 1.0, "0 0 0", ""),
        link("one", 2.0, "0 0 0", ""),
        format!(
            r#"<link name="guard">{}</link>"#,
            block("0 0 0", "0.2 0.2 0.2")
        ),
        r#"<link name="tool"/>"#.into(),
        hinge("turn", ["base", "one"], "0 0 0", 50.0),
        joint("bolt", "fixed", ["one", "guard"], "0 0 0", "0 0 1", ""),
        joint("mount", "fixed", ["one", "tool"], "0.3 0 0", "0 0 1", ""),
    ]);
    let mut world = world(&model);
    let mass = |link: &str| world.true_link_mass(&name(), link).unwrap();
    assert_eq!(
        (mass("guard"), mass("one"), mass("tool")),
        (0.0, 2.0, 0.0),
        "MuJoCo makes 8 kg of the cube"
    );
    world.place_joints(&name(), &[0.5]).unwrap();
    let tool = world.true_link_pose(&name(), "tool").unwrap().translation;
    let off = [
        tool.x - 0.3 * 0.5f64.cos(),
        tool.z - 3.0 + 0.3 * 0.5f64.sin(),
    ];
    assert!(off.iter().all(|o| o.abs() < 1e-9), "{tool}");
}

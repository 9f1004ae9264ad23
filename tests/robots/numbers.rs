//! Forward kinematics, masses and mass matrices beside pinocchio's.

use std::collections::BTreeMap;
use std::path::Path;

use nalgebra::{DMatrix, Matrix3, Vector3};
use physical_ai_control::RigidBodies;
use physical_ai_domain::RobotModel;
use serde_json::Value;

use crate::reading::{read, robots};

/// Largest difference, relative to the largest value of its kind.
const TOLERANCE: f64 = 1e-9;

/// The largest differences that were seen.
#[derive(Debug, Default)]
struct Worst(BTreeMap<&'static str, (f64, String)>);

impl Worst {
    fn see(&mut self, kind: &'static str, difference: f64, scale: f64, place: &str) {
        let relative = difference / scale.max(1e-12);
        // A difference that is no number is the worst of all.
        let relative = if relative.is_nan() {
            f64::INFINITY
        } else {
            relative
        };
        let known = self.0.entry(kind).or_insert((0.0, String::new()));
        if relative > known.0 {
            *known = (relative, place.to_owned());
        }
    }
}

fn floats(value: &Value) -> Vec<f64> {
    let all = value.as_array().unwrap().iter();
    all.map(|v| v.as_f64().unwrap()).collect()
}

fn positions(model: &RobotModel, state: &Value) -> Vec<f64> {
    let given = state["position"].as_object().unwrap();
    assert_eq!(
        given.len(),
        model.movable().len(),
        "movable joints of {}",
        model.name
    );
    model
        .movable()
        .map(|joint| given[&joint.name].as_f64().unwrap())
        .collect()
}

fn compare_links(
    model: &RobotModel,
    bodies: &RigidBodies,
    state: &Value,
    worst: &mut Worst,
    robot: &str,
) {
    let links = state["links"].as_object().unwrap();
    assert_eq!(links.len(), model.links.len(), "links of {robot}");
    let size = (bodies.link_poses().iter())
        .map(|pose| pose.translation.vector.norm())
        .fold(0.1, f64::max);
    for (link, pose) in model.links.iter().zip(bodies.link_poses()) {
        let expected = floats(&links[&link.name]);
        let place = format!("{robot}: {}", link.name);
        let at = Vector3::from_column_slice(&expected[..3]);
        worst.see(
            "position",
            (pose.translation.vector - at).norm(),
            size,
            &place,
        );
        let turn = Matrix3::from_row_slice(&expected[3..]);
        let difference = pose.rotation.to_rotation_matrix().matrix() - turn;
        worst.see("orientation", difference.norm(), 1.0, &place);
    }
}

fn compare_masses(
    model: &RobotModel,
    bodies: &mut RigidBodies,
    of_robot: &Value,
    state: &Value,
    worst: &mut Worst,
    robot: &str,
) {
    let mass = of_robot["mass_kg"].as_f64().unwrap();
    worst.see("mass", (bodies.mass_kg() - mass).abs(), mass, robot);
    if let Some(centre) = bodies.centre_of_mass() {
        let expected = Vector3::from_column_slice(&floats(&state["centre_of_mass"]));
        worst.see(
            "centre of mass",
            (centre.coords - expected).norm(),
            expected.norm().max(0.1),
            robot,
        );
    }
    let mut matrix = DMatrix::zeros(0, 0);
    bodies.mass_matrix(&mut matrix);
    let names: Vec<&str> = (of_robot["joints"].as_array().unwrap().iter())
        .map(|n| n.as_str().unwrap())
        .collect();
    let place: Vec<usize> = (names.iter())
        .map(|name| model.movable_index(name).unwrap())
        .collect();
    let rows: Vec<Vec<f64>> = (state["mass_matrix"].as_array().unwrap().iter())
        .map(floats)
        .collect();
    let scale = rows.iter().flatten().fold(0.0f64, |a, b| a.max(b.abs()));
    for (r, row) in rows.iter().enumerate() {
        for (c, expected) in row.iter().enumerate() {
            let difference = (matrix[(place[r], place[c])] - expected).abs();
            worst.see(
                "mass matrix",
                difference,
                scale,
                &format!("{robot}: {} {}", names[r], names[c]),
            );
        }
    }
}

/// Compares everything in a file of numbers; the number of states that were compared.
fn compare(file: &Path) -> usize {
    let text = std::fs::read_to_string(file).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let mut worst = Worst::default();
    let mut states = 0;
    for (robot, numbers) in golden["robots"].as_object().unwrap() {
        let model = read(&robots().join(robot)).unwrap();
        let mut bodies = RigidBodies::new(&model);
        for state in numbers["states"].as_array().unwrap() {
            bodies.set_positions(&positions(&model, state));
            compare_links(&model, &bodies, state, &mut worst, robot);
            compare_masses(&model, &mut bodies, numbers, state, &mut worst, robot);
            states += 1;
        }
    }
    println!(
        "{states} states beside pinocchio {}: largest differences:",
        golden["pinocchio"]
    );
    for (kind, (difference, place)) in &worst.0 {
        println!("  {kind}: {difference:.1e} ({place})");
    }
    let beyond: Vec<_> = worst
        .0
        .iter()
        .filter(|(_, (d, _))| *d > TOLERANCE)
        .collect();
    assert!(beyond.is_empty(), "beyond {TOLERANCE}: {beyond:#?}");
    states
}

#[test]
fn numbers_of_public_robots_are_those_of_pinocchio() {
    let golden = physical_ai_tests::checkout().join("tests/golden/robots/numbers.json");
    assert!(compare(&golden) >= 12);
}

/// The long form: test-long.sh names a file with numbers that pinocchio just made, of all robots that load.
#[test]
fn fresh_numbers_of_all_public_robots_are_those_of_pinocchio() {
    if let Some(file) = std::env::var_os("PHYSICAL_AI_ROBOT_NUMBERS") {
        assert!(compare(Path::new(&file)) >= 6000);
    }
}

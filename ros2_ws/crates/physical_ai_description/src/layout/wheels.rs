use nalgebra::Vector3;
use physical_ai_domain::{DiffDriveLayout, Geometry, Joint, JointKind, Link, RobotModel, Shape};

use crate::{Certainty, Doubt, Finding, Severity};

use super::naming;
use super::structure::{self, Structure, centre, corners};

/// How straight an axis points along a direction to count as parallel to it: the cosine of 5°.
const PARALLEL: f64 = 0.996;
/// By how much a wheel may be off the place opposite of its partner, and radii may differ, metres.
const SYMMETRY_M: f64 = 2e-3;
/// How far an axis of a mesh's box may be off the wheel's axis, or across it: the cosine of 84°.
const ACROSS: f64 = 0.1;
/// By how much the two extents of a mesh across its axis may differ for a round wheel, as a share.
const ROUND: f64 = 0.05;

/// What a robot drives with.
pub(super) struct Drive {
    pub(super) layout: Option<DiffDriveLayout>,
    pub(super) findings: Vec<Finding>,
    pub(super) doubts: Vec<Doubt>,
    /// Which bodies are its wheels.
    pub(super) is_wheel: Vec<bool>,
}

/// A wheel on the root, its axis along y.
struct Wheel {
    body: usize,
    at: Vector3<f64>,
    radius_m: Option<f64>,
    measured: Certainty,
}

/// Finds the wheels of a differential drive: they turn without limits about axes along the root's y, and stand
/// opposite of each other.
pub(super) fn drive(s: &Structure<'_>) -> Drive {
    let mut found = Drive {
        layout: None,
        findings: Vec::new(),
        doubts: Vec::new(),
        is_wheel: vec![false; s.bodies.len()],
    };
    let mut wheels = Vec::new();
    let mut is_suspension = vec![false; s.bodies.len()];
    for body in 1..s.bodies.len() {
        let Some(kind) = role(s, body) else { continue };
        found.is_wheel[body] = true;
        if let Some(carrier) = s.bodies[body].parent.filter(|c| *c != 0) {
            is_suspension[carrier] = s.bodies[carrier].children.len() == 1;
        }
        match kind {
            Role::Driven => wheels.push(wheel(s, body)),
            Role::Passive => {}
            Role::Steered | Role::Sideways => found.doubts.push(not_driven(s, body, &kind)),
        }
    }
    if found.doubts.iter().any(|d| d.severity == Severity::Warning) {
        // Steered wheels do not let a robot turn on the spot: it is no differential drive.
        return found;
    }
    let pairs = pairs(&wheels);
    let paired = |w: usize| pairs.iter().any(|(l, r)| *l == w || *r == w);
    for (_, lone) in wheels.iter().enumerate().filter(|(i, _)| !paired(*i)) {
        found.doubts.push(Doubt::new(
            Severity::Note,
            joint_of(s, lone.body),
            "turns like a wheel and has no partner on the other side of the robot",
            "it is not driven; say left, right, radius_m and separation_m in a robot file if it is one",
        ));
        found.is_wheel[lone.body] = false;
    }
    if !pairs.is_empty() {
        layout(s, &wheels, &pairs, &mut found);
    }
    // What carries nothing but a wheel is no chain either.
    for (body, carries) in is_suspension.into_iter().enumerate() {
        found.is_wheel[body] |= carries;
    }
    found
}

enum Role {
    Driven,
    Passive,
    Steered,
    Sideways,
}

/// What a body is as a wheel; `None` if it is none.
fn role(s: &Structure<'_>, body: usize) -> Option<Role> {
    let joint = s.joint(body)?;
    if joint.kind != JointKind::Continuous || !s.bodies[body].children.is_empty() {
        return None;
    }
    let axis = s.poses[joint.child] * joint.axis;
    if axis.z.abs() > ACROSS {
        return None;
    }
    let names = [&joint.name, &s.model.links[joint.child].name];
    let is_passive = names
        .iter()
        .any(|n| naming::holds_part(n, &naming::PASSIVE_WHEELS));
    if is_passive || joint.mimic.is_some() {
        return Some(Role::Passive);
    }
    let carrier = s.bodies[body].parent?;
    if carrier != 0 {
        let pivot = s.joint(carrier)?;
        let upright = (s.poses[pivot.child] * pivot.axis).z.abs() > PARALLEL;
        let on_root = s.bodies[carrier].parent == Some(0);
        match (on_root && upright, pivot.kind) {
            (true, JointKind::Continuous) => return Some(Role::Passive),
            (true, JointKind::Revolute) => return Some(Role::Steered),
            // A suspension lets the wheel up and down and leaves its axis where it is.
            (true, JointKind::Prismatic) => {}
            _ => return None,
        }
    }
    if axis.y.abs() > PARALLEL {
        Some(Role::Driven)
    } else if axis.x.abs() > PARALLEL && extent(s, body).is_some() {
        Some(Role::Sideways)
    } else {
        None
    }
}

fn joint_of(s: &Structure<'_>, body: usize) -> String {
    let name = s.joint(body).map_or("", |j| j.name.as_str());
    format!("joint {name}")
}

fn not_driven(s: &Structure<'_>, body: usize, role: &Role) -> Doubt {
    let problem = match role {
        Role::Steered => "is a steered wheel: a differential drive has none",
        _ => "is a wheel whose axis lies along x: the front of a robot is its x (REP-103)",
    };
    Doubt::new(
        Severity::Warning,
        joint_of(s, body),
        problem,
        "the robot does not drive; say its drive in a robot file if that is wrong",
    )
}

fn wheel(s: &Structure<'_>, body: usize) -> Wheel {
    let radius = extent(s, body);
    Wheel {
        body,
        at: s.origin(body),
        radius_m: radius.map(|r| r.0),
        measured: radius.map_or(Certainty::Guess, |r| r.1),
    }
}

/// Radius of a wheel, metres, and how sure that is: from its collision shapes, else from what it looks like.
fn extent(s: &Structure<'_>, body: usize) -> Option<(f64, Certainty)> {
    let joint = s.joint(body)?;
    let link: &Link = &s.model.links[joint.child];
    let largest = |shapes: &mut dyn Iterator<Item = &Shape>| {
        shapes
            .filter_map(|shape| radius(shape, &joint.axis))
            .max_by(|a, b| a.0.total_cmp(&b.0))
    };
    largest(&mut link.shapes.iter())
        .or_else(|| largest(&mut link.visuals.iter().map(|visual| &visual.shape)))
}

fn radius(shape: &Shape, axis: &Vector3<f64>) -> Option<(f64, Certainty)> {
    let along = |radius: f64| {
        let parallel = (shape.origin * Vector3::z()).dot(axis).abs() > PARALLEL;
        parallel.then_some((radius, Certainty::Certain))
    };
    match &shape.geometry {
        Geometry::Sphere(radius) => Some((*radius, Certainty::Certain)),
        Geometry::Cylinder(radius, _) | Geometry::Capsule(radius, _) => along(*radius),
        Geometry::Box(_) => None,
        Geometry::Mesh(_) => {
            structure::bounds(shape)?;
            let middle = centre(shape);
            // Extents of the box that holds the mesh, along the two box axes that lie across the wheel's.
            let across = |unit: Vector3<f64>| {
                let unit = shape.origin * unit;
                let half = corners(shape).into_iter();
                let half = half.map(|c| (c - middle).dot(&unit).abs());
                (unit.dot(axis).abs() < ACROSS).then(|| half.fold(0.0, f64::max))
            };
            let axes = [Vector3::x(), Vector3::y(), Vector3::z()];
            let extents: Vec<f64> = axes.into_iter().filter_map(across).collect();
            let [a, b] = extents.as_slice() else {
                return None;
            };
            ((a - b).abs() <= ROUND * a.max(*b)).then(|| (a.max(*b), Certainty::Likely))
        }
    }
}

/// Where along the root's y a wheel is, metres; fails with why a joint is no wheel.
pub(crate) fn wheel_axis(model: &RobotModel, joint: &Joint) -> Result<f64, &'static str> {
    if joint.kind != JointKind::Continuous {
        return Err("is no wheel: a wheel turns without limits (continuous)");
    }
    let pose = structure::poses(model, &[])[joint.child];
    if (pose * joint.axis).y.abs() < PARALLEL {
        return Err("is no wheel of a differential drive: its axis has to lie along y of the root");
    }
    Ok(pose.translation.vector.y)
}

/// Left and right wheels that stand opposite of each other.
fn pairs(wheels: &[Wheel]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (l, left) in wheels.iter().enumerate().filter(|(_, w)| w.at.y > 0.0) {
        let opposite = wheels.iter().position(|right| {
            let off = Vector3::new(
                left.at.x - right.at.x,
                left.at.y + right.at.y,
                left.at.z - right.at.z,
            );
            let radii = left.radius_m.unwrap_or(0.0) - right.radius_m.unwrap_or(0.0);
            off.norm() < SYMMETRY_M && radii.abs() < SYMMETRY_M
        });
        pairs.extend(opposite.map(|r| (l, r)));
    }
    pairs
}

/// Without the last digits, which sines of right angles leave behind.
fn rounded(metres: f64) -> f64 {
    (metres * 1e9).round() / 1e9
}

fn layout(s: &Structure<'_>, wheels: &[Wheel], pairs: &[(usize, usize)], found: &mut Drive) {
    let first = &wheels[pairs[0].0];
    let separation = |(l, r): &(usize, usize)| wheels[*l].at.y - wheels[*r].at.y;
    let alike = pairs.iter().all(|pair| {
        let radius = wheels[pair.0].radius_m.unwrap_or(0.0);
        (radius - first.radius_m.unwrap_or(0.0)).abs() < SYMMETRY_M
            && (separation(pair) - separation(&pairs[0])).abs() < SYMMETRY_M
    });
    let names = |pick: fn(&(usize, usize)) -> usize| {
        let bodies = pairs.iter().map(|pair| wheels[pick(pair)].body);
        let joints = bodies.filter_map(|b| s.joint(b).map(|j| j.name.clone()));
        joints.collect::<Vec<_>>()
    };
    let (left, right) = (names(|p| p.0), names(|p| p.1));
    let about = format!("drive: left {}, right {}", left.join(" "), right.join(" "));
    let problem = if !alike {
        Some("its pairs of wheels differ in radius or distance")
    } else if first.radius_m.is_none() {
        Some("its wheels have no round shape from which their radius could be measured")
    } else {
        None
    };
    if let Some(problem) = problem {
        let advice = "the robot does not drive until a robot file says left, right, radius_m and separation_m";
        found
            .doubts
            .push(Doubt::new(Severity::Warning, about, problem, advice));
        return;
    }
    if pairs.len() > 1 {
        found.findings.push(Finding::new(
            &about,
            Certainty::Likely,
            "several pairs of wheels alike are driven like one, slipping in turns",
        ));
    }
    if left
        .iter()
        .any(|n| naming::holds_part(n, &naming::OMNI_WHEELS))
    {
        found.findings.push(Finding::new(
            &about,
            Certainty::Guess,
            "wheels with rollers are driven forwards and in turns only, not sideways",
        ));
    }
    found.findings.push(Finding::new(
        &about,
        first.measured,
        "continuous joints about y, opposite of each other; the radius is that of their shapes",
    ));
    found.layout = Some(DiffDriveLayout {
        left,
        right,
        radius_m: rounded(first.radius_m.unwrap_or_default()),
        separation_m: rounded(separation(&pairs[0])),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::fixtures::model;

    fn wheel_at(name: &str, on: &str, xyz: &str, shape: &str) -> String {
        format!(
            r#"<link name="{name}"><inertial><mass value="1"/>
            <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial>
            <collision><origin rpy="1.5707963 0 0"/><geometry>{shape}</geometry></collision></link>
            <joint name="{name}_joint" type="continuous"><parent link="{on}"/><child link="{name}"/>
            <origin xyz="{xyz}"/><axis xyz="0 1 0"/><limit velocity="9" effort="9"/></joint>"#
        )
    }

    const DISC: &str = r#"<cylinder radius="0.1" length="0.04"/>"#;

    fn found(urdf: &str) -> Drive {
        drive(&Structure::new(&model(urdf)))
    }

    #[test]
    fn wheels_opposite_of_each_other_are_a_drive() {
        let urdf = wheel_at("a", "base", "0.1 0.2 0.1", DISC)
            + &wheel_at("b", "base", "0.1 -0.2 0.1", DISC)
            + &wheel_at("front_caster", "base", "-0.1 0 0.1", DISC);
        let drive = found(&urdf);
        let layout = drive.layout.unwrap();
        assert_eq!(
            (layout.left, layout.right),
            (vec!["a_joint".to_owned()], vec!["b_joint".to_owned()])
        );
        assert!((layout.radius_m - 0.1).abs() < 1e-9);
        assert!((layout.separation_m - 0.4).abs() < 1e-9);
        assert_eq!(drive.findings[0].certainty, Certainty::Certain);
        assert!(drive.doubts.is_empty());
    }

    #[test]
    fn wheels_on_a_swivel_are_castors_and_steered_ones_are_no_differential_drive() {
        let pivot = |kind: &str| {
            format!(
                r#"<link name="pivot"><inertial><mass value="1"/>
                <inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" izz="0.01"/></inertial></link>
                <joint name="pivot_joint" type="{kind}"><parent link="base"/><child link="pivot"/>
                <axis xyz="0 0 1"/><limit lower="-0.5" upper="0.5" velocity="9" effort="9"/></joint>"#
            )
        };
        let pair =
            wheel_at("a", "base", "0 0.2 0.1", DISC) + &wheel_at("b", "base", "0 -0.2 0.1", DISC);
        let on_pivot = wheel_at("c", "pivot", "0.3 0 0.1", DISC);
        let swivel = found(&(pair.clone() + &pivot("continuous") + &on_pivot));
        assert_eq!(swivel.layout.unwrap().left, ["a_joint"]);
        let steered = found(&(pair + &pivot("revolute") + &on_pivot));
        assert!(steered.layout.is_none());
        assert!(
            steered.doubts[0]
                .to_string()
                .contains("joint c_joint: is a steered wheel")
        );
    }

    #[test]
    fn wheels_without_a_round_shape_and_without_a_partner_are_no_drive() {
        let cube = r#"<box size="0.1 0.1 0.1"/>"#;
        let cubes =
            wheel_at("a", "base", "0 0.2 0.1", cube) + &wheel_at("b", "base", "0 -0.2 0.1", cube);
        let drive = found(&cubes);
        assert!(drive.layout.is_none());
        assert!(drive.doubts[0].problem.contains("no round shape"));
        let lone = found(&wheel_at("a", "base", "0 0.2 0.1", DISC));
        assert!(lone.layout.is_none() && !lone.is_wheel[1]);
        assert!(lone.doubts[0].problem.contains("no partner"));
    }
}

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;

const TOLERANCE_M: f64 = 1e-6;

fn body(core: Core, radius: f64, at: [f64; 3]) -> Convex {
    let pose = Isometry3::translation(at[0], at[1], at[2]);
    Convex { core, radius, pose }
}

/// Corners of a box with these half extents.
fn corners(half: [f64; 3]) -> Core {
    let corner = |i: usize| {
        let side = |axis: usize| half[axis] * if i >> axis & 1 == 1 { 1.0 } else { -1.0 };
        Vector3::new(side(0), side(1), side(2))
    };
    Core::Points((0..8).map(corner).collect())
}

/// Places on round numbers, where edges and corners lie in each other's middle.
fn grid() -> Vec<[f64; 3]> {
    let steps = |from: f64, to: f64| {
        let count = ((to - from) / 0.25).round() as usize;
        (0..=count).map(move |i| from + i as f64 * 0.25)
    };
    let all = steps(0.0, 3.0).flat_map(|x| steps(-0.5, 1.0).map(move |y| [x, y]));
    all.flat_map(|[x, y]| steps(-1.0, 0.5).map(move |z| [x, y, z]))
        .collect()
}

#[test]
fn boxes_that_stand_upright_are_as_far_apart_as_their_sides() {
    for at in grid() {
        // Cubes of 2 m: in overlap the shallowest side says how deep, apart the sides that are apart add up.
        let sides = at.map(|v: f64| v.abs() - 2.0);
        let deepest = sides.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let apart = sides.iter().map(|s| s.max(0.0).powi(2)).sum::<f64>().sqrt();
        let expected = if deepest > 0.0 { apart } else { deepest };
        for one in [Core::Box([1.0; 3]), corners([1.0; 3])] {
            for other in [Core::Box([1.0; 3]), corners([1.0; 3])] {
                let found = separation(&body(one.clone(), 0.0, [0.0; 3]), &body(other, 0.0, at));
                let off = found.distance_m - expected;
                assert!(off.abs() < TOLERANCE_M, "{at:?}: {found:?}, not {expected}");
            }
        }
    }
}

#[test]
fn sphere_is_as_far_from_a_box_as_its_middle_less_its_radius() {
    for at in grid() {
        let from_box = at.map(|v: f64| v.abs() - 1.0);
        let deepest = from_box.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let apart = from_box
            .iter()
            .map(|s| s.max(0.0).powi(2))
            .sum::<f64>()
            .sqrt();
        let expected = if deepest > 0.0 { apart } else { deepest } - 1.0;
        for cube in [Core::Box([1.0; 3]), corners([1.0; 3])] {
            let found = separation(&body(Core::Point, 1.0, at), &body(cube, 0.0, [0.0; 3]));
            let off = found.distance_m - expected;
            assert!(off.abs() < TOLERANCE_M, "{at:?}: {found:?}, not {expected}");
        }
    }
}

#[test]
fn cores_without_a_volume_that_meet_overlap_by_their_radii() {
    let check = |one: Convex, other: Convex, expected: f64| {
        let found = separation(&one, &other);
        assert!(
            (found.distance_m - expected).abs() < TOLERANCE_M,
            "{found:?}"
        );
        let [a, b] = found.points_m;
        assert!(
            ((a - b).norm() - expected.abs()).abs() < TOLERANCE_M,
            "{found:?}"
        );
    };
    let sphere = body(Core::Point, 0.5, [1.0; 3]);
    check(sphere.clone(), sphere.clone(), -1.0);
    let upright = body(Core::Segment(1.0), 0.2, [1.0; 3]);
    let mut lying = upright.clone();
    lying.pose.rotation = UnitQuaternion::from_euler_angles(0.0, 1.0, 0.0);
    check(upright.clone(), lying, -0.4);
    check(upright.clone(), upright.clone(), -0.4);
    check(upright, sphere, -0.7);
}

/// A number from -1 to 1.
fn number(generator: &mut ChaCha8Rng) -> f64 {
    (generator.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

fn vector(generator: &mut ChaCha8Rng) -> Vector3<f64> {
    Vector3::from_fn(|_, _| number(generator))
}

/// A body of any kind, turned in any way.
fn random_body(kind: usize, generator: &mut ChaCha8Rng) -> Convex {
    let size = |generator: &mut ChaCha8Rng| 0.05 + number(generator).abs();
    let (a, b, c) = (size(generator), size(generator), size(generator));
    let (core, radius) = match kind {
        0 => (Core::Point, a),
        1 => (Core::Segment(a), b),
        2 => (Core::Box([a, b, c]), 0.0),
        3 => (Core::Cylinder(a, b), 0.0),
        _ => (
            Core::Points((0..30).map(|_| vector(generator)).collect()),
            0.0,
        ),
    };
    let turn = UnitQuaternion::from_scaled_axis(vector(generator) * 3.0);
    let at = Translation3::from(vector(generator) * 1.5);
    let pose = Isometry3::from_parts(at, turn);
    Convex { core, radius, pose }
}

/// How far two bodies are apart along a direction.
fn gap(one: &Convex, other: &Convex, direction: &Vector3<f64>) -> f64 {
    let nearest = other.furthest(&-direction).dot(direction) - other.radius;
    nearest - (one.furthest(direction).dot(direction) + one.radius)
}

/// The planes through both points, across the way between them, hold the bodies apart, or show how deep they overlap;
/// nowhere else are they further apart or less deep.
#[test]
fn no_direction_shows_bodies_further_apart_or_less_deep() {
    let mut generator = ChaCha8Rng::seed_from_u64(3);
    let mut overlapping = 0;
    for kinds in 0..25 {
        for _ in 0..40 {
            let one = random_body(kinds / 5, &mut generator);
            let other = random_body(kinds % 5, &mut generator);
            let found = separation(&one, &other);
            let d = found.distance_m;
            if d.abs() < 1e-3 {
                continue;
            }
            overlapping += usize::from(d < 0.0);
            let [a, b] = found.points_m;
            let normal = (b - a) / d;
            let place = format!("{one:?} {other:?} {found:?}");
            assert!((normal.norm() - 1.0).abs() < 1e-5, "{place}");
            let along = gap(&one, &other, &normal);
            assert!((along - d).abs() < 1e-5, "{along} along the way: {place}");
            for _ in 0..200 {
                let direction = vector(&mut generator).normalize();
                let gap = gap(&one, &other, &direction);
                assert!(gap < d + 1e-5, "{gap} along {direction:?}: {place}");
            }
        }
    }
    assert!(overlapping > 100, "{overlapping} overlap");
}

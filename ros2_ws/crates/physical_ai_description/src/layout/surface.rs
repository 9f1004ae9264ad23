use std::f64::consts::{FRAC_PI_2, PI, TAU};

use nalgebra::{Isometry3, Point3};
use physical_ai_domain::{Geometry, Link};

use super::structure::shapes;
use crate::load_mesh;

/// Corners of a triangle.
pub(super) type Triangle = [Point3<f64>; 3];

/// Parts into which a full turn of a round surface is cut.
const TURN_PARTS: usize = 24;

/// Triangles of a link's shapes in its frame, metres: of those that touch, else of those that are seen. A mesh that cannot
/// be read has none.
pub(super) fn triangles(link: &Link) -> Vec<Triangle> {
    let shapes = shapes(link).into_iter();
    shapes
        .flat_map(|shape| moved(of_geometry(&shape.geometry), &shape.origin))
        .collect()
}

/// The triangles at another pose.
pub(super) fn moved(triangles: Vec<Triangle>, pose: &Isometry3<f64>) -> Vec<Triangle> {
    let all = triangles.into_iter();
    all.map(|triangle| triangle.map(|corner| pose * corner))
        .collect()
}

fn of_geometry(geometry: &Geometry) -> Vec<Triangle> {
    match geometry {
        Geometry::Box(size) => of_box(size),
        Geometry::Cylinder(radius, length) => {
            let end = length / 2.0;
            revolved(&[(0.0, -end), (*radius, -end), (*radius, end), (0.0, end)])
        }
        Geometry::Sphere(radius) => revolved(&rounded(*radius, 0.0)),
        Geometry::Capsule(radius, length) => revolved(&rounded(*radius, length / 2.0)),
        Geometry::Mesh(mesh) => {
            let Ok(mesh) = load_mesh(mesh) else {
                return Vec::new();
            };
            let corner = |i: &u32| mesh.vertices.get(*i as usize).map(|v| Point3::from(*v));
            let faces = mesh.faces.iter();
            faces
                .filter_map(|[a, b, c]| Some([corner(a)?, corner(b)?, corner(c)?]))
                .collect()
        }
    }
}

fn of_box(size: &[f64; 3]) -> Vec<Triangle> {
    let mut triangles = Vec::with_capacity(12);
    for axis in 0..3 {
        for end in [-0.5, 0.5] {
            let corner = |a: f64, b: f64| {
                let mut at = [0.0; 3];
                at[axis] = end * size[axis];
                at[(axis + 1) % 3] = a * size[(axis + 1) % 3];
                at[(axis + 2) % 3] = b * size[(axis + 2) % 3];
                Point3::from(at)
            };
            let [a, b, c, d] = [
                corner(-0.5, -0.5),
                corner(0.5, -0.5),
                corner(0.5, 0.5),
                corner(-0.5, 0.5),
            ];
            triangles.extend([[a, b, c], [a, c, d]]);
        }
    }
    triangles
}

/// Radius and height along the outline of a capsule whose half spheres are `middle` above and below the origin.
fn rounded(radius: f64, middle: f64) -> Vec<(f64, f64)> {
    let parts = TURN_PARTS / 2;
    let outline = (0..=parts).map(|i| {
        let angle = -FRAC_PI_2 + PI * i as f64 / parts as f64;
        let offset = if 2 * i < parts { -middle } else { middle };
        (radius * angle.cos(), radius * angle.sin() + offset)
    });
    outline.collect()
}

/// What an outline of radii and heights becomes when it is turned about z.
fn revolved(outline: &[(f64, f64)]) -> Vec<Triangle> {
    let point = |(radius, z): (f64, f64), part: usize| {
        let (sin, cos) = (TAU * part as f64 / TURN_PARTS as f64).sin_cos();
        Point3::new(radius * cos, radius * sin, z)
    };
    let mut triangles = Vec::new();
    for pair in outline.windows(2) {
        for part in 0..TURN_PARTS {
            let [a, b] = [point(pair[0], part), point(pair[0], part + 1)];
            let [c, d] = [point(pair[1], part + 1), point(pair[1], part)];
            triangles.extend([[a, b, c], [a, c, d]]);
        }
    }
    triangles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surfaces_are_as_large_as_their_shapes() {
        let check = |geometry: Geometry| {
            let [low, high] = geometry.bounds().unwrap();
            let triangles = of_geometry(&geometry);
            for axis in 0..3 {
                let at = triangles.iter().flatten().map(|p| p[axis]);
                let (least, most) = at.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
                assert!((least - low[axis]).abs() < 1e-9, "{geometry:?}: {least}");
                assert!((most - high[axis]).abs() < 1e-9, "{geometry:?}: {most}");
            }
        };
        check(Geometry::Box([0.1, 0.2, 0.3]));
        check(Geometry::Cylinder(0.1, 0.4));
        check(Geometry::Sphere(0.2));
        check(Geometry::Capsule(0.1, 0.3));
    }
}

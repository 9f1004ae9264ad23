//! Points whose convex hull stands for a mesh in collisions.

use nalgebra::{Matrix3, SymmetricEigen, Vector3};
use physical_ai_domain::TriangleMesh;

/// Most corners that a hull keeps: a sphere of so many is 0.6 % too small.
const MOST_CORNERS: usize = 256;
/// A mesh that is flatter gets this thickness, metres: a hull needs a volume.
const LEAST_THICKNESS_M: f64 = 1e-3;

/// Corners of a hull of the mesh scaled by `scale`, metres: all of a small mesh, otherwise those furthest out in
/// [`MOST_CORNERS`] directions. `None` if there is no corner.
pub(crate) fn corners(mesh: &TriangleMesh, scale: [f64; 3]) -> Option<Vec<[f64; 3]>> {
    let scale = Vector3::from(scale);
    let points = mesh.vertices.iter();
    let points: Vec<Vector3<f64>> = points
        .map(|p| Vector3::from(*p).component_mul(&scale))
        .collect();
    if points.is_empty() {
        return None;
    }
    let mut chosen = if points.len() <= MOST_CORNERS {
        points
    } else {
        furthest(&points)
    };
    thicken(&mut chosen);
    Some(chosen.into_iter().map(Into::into).collect())
}

/// The points furthest out in directions spread evenly (a Fibonacci lattice on the sphere), each once.
fn furthest(points: &[Vector3<f64>]) -> Vec<Vector3<f64>> {
    let golden = std::f64::consts::PI * (3.0 - 5f64.sqrt());
    let mut indices: Vec<usize> = (0..MOST_CORNERS)
        .filter_map(|i| {
            let z = 1.0 - (2.0 * i as f64 + 1.0) / MOST_CORNERS as f64;
            let (radius, angle) = ((1.0 - z * z).sqrt(), golden * i as f64);
            let direction = Vector3::new(radius * angle.cos(), radius * angle.sin(), z);
            let reach = |p: &Vector3<f64>| direction.dot(p);
            (0..points.len()).max_by(|a, b| reach(&points[*a]).total_cmp(&reach(&points[*b])))
        })
        .collect();
    indices.sort_unstable();
    indices.dedup();
    indices.into_iter().map(|i| points[i]).collect()
}

/// Gives points in a plane, on a line or in one place a thickness.
fn thicken(points: &mut Vec<Vector3<f64>>) {
    let centre = points.iter().sum::<Vector3<f64>>() / points.len() as f64;
    let spread = points
        .iter()
        .map(|p| (p - centre) * (p - centre).transpose());
    let axes = SymmetricEigen::new(spread.sum::<Matrix3<f64>>()).eigenvectors;
    for axis in axes.column_iter() {
        let along = points.iter().map(|p| axis.dot(&(p - centre)));
        let (low, high) = along.fold((f64::MAX, f64::MIN), |(l, h), a| (l.min(a), h.max(a)));
        if high - low < LEAST_THICKNESS_M {
            let offset = axis * (LEAST_THICKNESS_M / 2.0);
            let other: Vec<_> = points.iter().map(|p| p + offset).collect();
            points.iter_mut().for_each(|p| *p -= offset);
            points.extend(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hull_of_many_points_keeps_the_size() {
        let vertices = (0..5000).map(|i| {
            let (a, z) = (f64::from(i) * 2.4, f64::from(i) / 2500.0 - 1.0);
            let r = (1.0 - z * z).sqrt();
            [r * a.cos(), r * a.sin(), z]
        });
        let mesh = TriangleMesh {
            vertices: vertices.collect(),
            faces: Vec::new(),
        };
        let hull = corners(&mesh, [0.1, 0.1, 0.2]).unwrap_or_default();
        assert!(hull.len() <= MOST_CORNERS && hull.len() > 100);
        let top = hull.iter().map(|p| p[2]).fold(0.0, f64::max);
        let side = hull.iter().map(|p| p[0]).fold(0.0, f64::max);
        assert!((top - 0.2).abs() < 2e-3 && (side - 0.1).abs() < 1e-3);
    }

    #[test]
    fn flat_mesh_gets_a_thickness() {
        let mesh = TriangleMesh {
            vertices: vec![[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0]],
            faces: vec![[0, 1, 2]],
        };
        let hull = corners(&mesh, [1.0; 3]).unwrap_or_default();
        let z = hull.iter().map(|p| p[2]);
        let (low, high) = z.fold((f64::MAX, f64::MIN), |(l, h), z| (l.min(z), h.max(z)));
        assert!((high - low - LEAST_THICKNESS_M).abs() < 1e-12);
    }

    #[test]
    fn mesh_without_a_corner_has_no_hull() {
        assert_eq!(corners(&TriangleMesh::default(), [1.0; 3]), None);
    }
}

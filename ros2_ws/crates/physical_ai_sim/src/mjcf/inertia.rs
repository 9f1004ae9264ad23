use nalgebra::{Isometry3, Matrix3, Rotation3, SymmetricEigen, UnitQuaternion, Vector3};
use physical_ai_domain::Link;

use super::pose;

/// Mass of a link that moves and has none, kg, and its principal inertias, kg m²: MuJoCo wants some of every body with a
/// joint. A billionth of a gram is none.
const NO_MASS: f64 = 1e-12;
/// Least principal inertia of a body with mass, kg m²: that of a grain of dust.
const LEAST_INERTIA: f64 = 1e-12;

/// The `inertial` element of a link; empty where there is nothing to say. `moves`: a joint of its own moves it.
pub(super) fn element(link: &Link, moves: bool) -> String {
    if link.mass_kg > 0.0 {
        let (rotation, [a, b, c]) = principal(&link.inertia);
        let frame = Isometry3::from_parts(
            link.inertial_origin.translation,
            link.inertial_origin.rotation * rotation,
        );
        let (frame, mass) = (pose(&frame), link.mass_kg);
        format!("<inertial {frame} mass=\"{mass}\" diaginertia=\"{a} {b} {c}\"/>")
    } else if moves {
        format!(
            "<inertial pos=\"0 0 0\" mass=\"{NO_MASS}\" diaginertia=\"{NO_MASS} {NO_MASS} {NO_MASS}\"/>"
        )
    } else {
        String::new()
    }
}

/// Principal axes and values of an inertia. Values that break the triangle inequality, which readers let pass where
/// it is by rounding or with a warning, are brought to its edge: MuJoCo takes no others.
fn principal(inertia: &Matrix3<f64>) -> (UnitQuaternion<f64>, [f64; 3]) {
    let is_diagonal = [(0, 1), (0, 2), (1, 2)]
        .iter()
        .all(|at| inertia[*at] == 0.0);
    let (rotation, values) = if is_diagonal {
        (UnitQuaternion::identity(), inertia.diagonal())
    } else {
        let SymmetricEigen {
            mut eigenvectors,
            eigenvalues,
        } = SymmetricEigen::new(*inertia);
        if eigenvectors.determinant() < 0.0 {
            eigenvectors.column_mut(2).neg_mut();
        }
        let rotation = Rotation3::from_matrix_unchecked(eigenvectors);
        (UnitQuaternion::from_rotation_matrix(&rotation), eigenvalues)
    };
    (rotation, possible(values))
}

fn possible(values: Vector3<f64>) -> [f64; 3] {
    let mut values = [values.x, values.y, values.z].map(|v| v.max(LEAST_INERTIA));
    for i in 0..3 {
        let others = values[(i + 1) % 3] + values[(i + 2) % 3];
        values[i] = values[i].min(others);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principal_axes_make_the_same_inertia() {
        let inertia = Matrix3::new(0.3, 0.02, -0.01, 0.02, 0.4, 0.05, -0.01, 0.05, 0.5);
        let (rotation, values) = principal(&inertia);
        let r = rotation.to_rotation_matrix();
        let again = r * Matrix3::from_diagonal(&Vector3::from(values)) * r.transpose();
        assert!((again - inertia).norm() < 1e-12, "{again}");
    }

    #[test]
    fn inertia_beyond_the_triangle_inequality_is_brought_to_its_edge() {
        let (_, values) = principal(&Matrix3::from_diagonal(&Vector3::new(0.1, 0.2, 0.301)));
        assert!((values[2] - 0.3).abs() < 1e-12, "{values:?}");
        let (_, values) = principal(&Matrix3::zeros());
        assert_eq!(values, [LEAST_INERTIA; 3]);
    }
}

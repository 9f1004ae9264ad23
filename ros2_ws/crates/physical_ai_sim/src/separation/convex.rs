use nalgebra::{Isometry3, Vector3};

/// What is convex about a body, in its own frame, metres; a sphere is a point and a capsule a line, with a radius
/// around.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Core {
    /// The origin.
    Point,
    /// Along z, of this half length.
    Segment(f64),
    /// Half extents.
    Box([f64; 3]),
    /// Radius and half length along z.
    Cylinder(f64, f64),
    /// The hull of points.
    Points(Vec<Vector3<f64>>),
}

/// A convex body: all that is no further than `radius` from its core.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Convex {
    pub(crate) core: Core,
    /// Metres.
    pub(crate) radius: f64,
    /// Where the core is, metres.
    pub(crate) pose: Isometry3<f64>,
}

impl Convex {
    /// The point of the core that is furthest in a direction, where the pose is counted from.
    pub(super) fn furthest(&self, direction: &Vector3<f64>) -> Vector3<f64> {
        let d = self.pose.rotation.inverse() * direction;
        let local = match &self.core {
            Core::Point => Vector3::zeros(),
            Core::Segment(half) => Vector3::new(0.0, 0.0, half.copysign(d.z)),
            Core::Box(half) => Vector3::new(
                half[0].copysign(d.x),
                half[1].copysign(d.y),
                half[2].copysign(d.z),
            ),
            Core::Cylinder(radius, half) => {
                let aside = d.x.hypot(d.y);
                let share = if aside > 0.0 { radius / aside } else { 0.0 };
                Vector3::new(d.x * share, d.y * share, half.copysign(d.z))
            }
            Core::Points(points) => {
                let further =
                    |a: &&Vector3<f64>, b: &&Vector3<f64>| a.dot(&d).total_cmp(&b.dot(&d));
                points.iter().max_by(further).copied().unwrap_or_default()
            }
        };
        self.pose * nalgebra::Point3::from(local) - nalgebra::Point3::origin()
    }

    /// The direction of a core that is a line; none of a point.
    pub(super) fn line(&self) -> Option<Vector3<f64>> {
        match self.core {
            Core::Segment(_) => Some(self.pose.rotation * Vector3::z()),
            _ => None,
        }
    }
}

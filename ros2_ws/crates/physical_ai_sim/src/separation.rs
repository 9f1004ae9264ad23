//! How far apart convex bodies are. MuJoCo's own answer (`mj_geomDistance`) is positive, or 0, for some that overlap:
//! those that stand on round numbers to each other (`findings/mujoco_distance_of_overlapping_boxes_is_positive.sh`).

mod convex;
mod depth;
mod nearest;

use nalgebra::{Point3, Vector3};

pub(crate) use convex::{Convex, Core};

/// Cores nearer than this touch, metres.
const TOUCH_M: f64 = 1e-9;

/// The shortest way between two links, whatever their shapes are; meshes count as their convex hulls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Separation {
    /// Metres between the surfaces; negative where the links overlap: how far one has to move to come free.
    pub distance_m: f64,
    /// The end of that way on each link, in the world frame, metres. In overlap each lies inside the other.
    pub points_m: [Point3<f64>; 2],
}

/// A point of the difference of two cores: the points of the cores whose difference it is.
#[derive(Debug, Clone, Copy)]
struct Difference {
    one: Vector3<f64>,
    other: Vector3<f64>,
}

impl Difference {
    /// The point of the difference that is furthest in a direction.
    fn furthest(bodies: [&Convex; 2], direction: &Vector3<f64>) -> Self {
        Self {
            one: bodies[0].furthest(direction),
            other: bodies[1].furthest(&-direction),
        }
    }

    fn at(&self) -> Vector3<f64> {
        self.one - self.other
    }
}

/// The shortest way between two bodies.
pub(crate) fn separation(one: &Convex, other: &Convex) -> Separation {
    let bodies = [one, other];
    let nearest = nearest::nearest(bodies);
    let way = nearest.other - nearest.one;
    let (ends, normal) = if way.norm() > TOUCH_M {
        (nearest, way.normalize())
    } else {
        depth::deepest(bodies, &nearest)
    };
    let from = ends.one + normal * one.radius;
    let to = ends.other - normal * other.radius;
    Separation {
        distance_m: (to - from).dot(&normal),
        points_m: [Point3::from(from), Point3::from(to)],
    }
}

#[cfg(test)]
mod tests;

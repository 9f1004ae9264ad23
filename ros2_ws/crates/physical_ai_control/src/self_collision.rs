use nalgebra::{Isometry3, Point3};
use physical_ai_domain::{Geometry, RobotModel};

use crate::kinematics::link_poses;

/// Capsules may come into each other by this much before it counts, metres: the flat end of a short
/// cylinder bulges.
const DEPTH_M: f64 = 0.005;
/// Postures along a motion that are looked at: 3 degrees apart for a joint that turns by 1 rad.
const POSTURES: usize = 20;

/// Collision shapes of a robot as capsules, none wider than its shape: what it finds is a collision, but it
/// does not find each. A mesh need not fill the middle of its bounds, so a pair with one that touches in the home
/// posture, in which the robot is known to stand, does not count.
#[derive(Debug, Clone)]
pub(crate) struct SelfCollision {
    model: RobotModel,
    capsules: Vec<Capsule>,
    /// Pairs that can touch: links that are not joined to each other.
    pairs: Vec<(usize, usize)>,
}

/// All points no further than `radius` from the line between two points of a link's frame, metres.
#[derive(Debug, Clone)]
struct Capsule {
    link: usize,
    ends: [Point3<f64>; 2],
    radius: f64,
    /// True: inside the bounds of a mesh, which need not fill them.
    is_of_mesh: bool,
}

impl Capsule {
    fn new(link: usize, origin: &Isometry3<f64>, geometry: &Geometry) -> Self {
        let (centre, axis, length, radius) = match geometry {
            Geometry::Sphere(radius) => ([0.0; 3], 2, 0.0, *radius),
            Geometry::Cylinder(radius, length) => ([0.0; 3], 2, *length, *radius),
            Geometry::Capsule(radius, length) => ([0.0; 3], 2, length + 2.0 * radius, *radius),
            Geometry::Box(_) | Geometry::Mesh(_) => {
                let [low, high] = geometry.bounds().unwrap_or_default();
                let size = [0, 1, 2].map(|i| high[i] - low[i]);
                let longest = (0..3).max_by(|a, b| size[*a].total_cmp(&size[*b]));
                let axis = longest.unwrap_or(2);
                let narrowest = size.iter().fold(f64::INFINITY, |a, b| a.min(*b));
                let centre = [0, 1, 2].map(|i| (high[i] + low[i]) / 2.0);
                (centre, axis, size[axis], narrowest / 2.0)
            }
        };
        let reach = (length / 2.0 - radius).max(0.0);
        let ends = [reach, -reach].map(|reach| {
            let mut end = centre;
            end[axis] += reach;
            origin * Point3::from(end)
        });
        Self {
            link,
            ends,
            radius,
            is_of_mesh: matches!(geometry, Geometry::Mesh(_)),
        }
    }
}

impl SelfCollision {
    /// For one robot.
    pub(crate) fn new(model: &RobotModel) -> Self {
        let mut capsules = Vec::new();
        for (link, part) in model.links.iter().enumerate() {
            let shapes = part.shapes.iter();
            capsules.extend(shapes.map(|s| Capsule::new(link, &s.origin, &s.geometry)));
        }
        let joined = |a: usize, b: usize| {
            let parent = |l| model.joints.iter().find(|j| j.child == l).map(|j| j.parent);
            parent(a) == parent(b) || takes_one_coordinate(model, a, b)
        };
        let pairs = (0..capsules.len())
            .flat_map(|a| (0..a).map(move |b| (b, a)))
            .filter(|(a, b)| !joined(capsules[*a].link, capsules[*b].link))
            .collect();
        let mut all = Self {
            model: model.clone(),
            capsules,
            pairs,
        };
        let at_home = all.touching(&model.home_positions());
        let is_mesh = |capsule: usize| all.capsules[capsule].is_of_mesh;
        let doubtful: Vec<(usize, usize)> = at_home
            .into_iter()
            .filter(|(a, b)| is_mesh(*a) || is_mesh(*b))
            .collect();
        all.pairs.retain(|pair| !doubtful.contains(pair));
        all
    }

    /// The first two links that run into each other on the straight way of all joints between two postures,
    /// with the share of the way at which they do; those that do at its start do not count.
    ///
    /// # Shapes
    /// `from`, `to`: one value per movable joint, radians or metres.
    /// # Real-time
    /// Allocates; not for the control tick.
    pub(crate) fn first(&self, from: &[f64], to: &[f64]) -> Option<(&str, &str, f64)> {
        let postures = (1..=POSTURES).map(|posture| {
            let share = posture as f64 / POSTURES as f64;
            let joints = from.iter().zip(to);
            joints.map(|(a, b)| a + (b - a) * share).collect()
        });
        let (a, b, posture) = self.first_along(from, postures)?;
        Some((a, b, (posture + 1) as f64 / POSTURES as f64))
    }

    /// The same for any way: with the number of the posture along it.
    pub(crate) fn first_along(
        &self,
        from: &[f64],
        postures: impl Iterator<Item = Vec<f64>>,
    ) -> Option<(&str, &str, usize)> {
        let at_start = self.touching(from);
        for (i, posture) in postures.enumerate() {
            let touching = self.touching(&posture).into_iter();
            let mut new = touching.filter(|pair| !at_start.contains(pair));
            if let Some((a, b)) = new.next() {
                let name = |c: usize| self.model.links[self.capsules[c].link].name.as_str();
                return Some((name(a), name(b), i));
            }
        }
        None
    }

    fn touching(&self, positions: &[f64]) -> Vec<(usize, usize)> {
        let links = link_poses(&self.model, positions);
        let place = |c: &Capsule| c.ends.map(|end| links[c.link] * end);
        let ends: Vec<[Point3<f64>; 2]> = self.capsules.iter().map(place).collect();
        let touches = |(a, b): &(usize, usize)| {
            let reach = self.capsules[*a].radius + self.capsules[*b].radius - DEPTH_M;
            distance(&ends[*a], &ends[*b]) < reach
        };
        self.pairs.iter().copied().filter(touches).collect()
    }
}

/// Whether the pose of two links relative to each other takes at most one coordinate: neighbours, with what is fixed to
/// them, and links that one drive moves.
fn takes_one_coordinate(model: &RobotModel, one: usize, other: usize) -> bool {
    let (one, other) = (model.joints_to(one), model.joints_to(other));
    let shared = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let between = one[shared..].iter().chain(&other[shared..]);
    let mut moved: Vec<usize> = between
        .filter_map(|joint| model.coordinates()[*joint].map(|c| c.index))
        .collect();
    moved.sort_unstable();
    moved.dedup();
    moved.len() <= 1
}

/// Distance between two line segments, metres.
///
/// # Source
/// Ericson, "Real-time collision detection", 2005, section 5.1.9.
fn distance(first: &[Point3<f64>; 2], second: &[Point3<f64>; 2]) -> f64 {
    let (d1, d2, r) = (
        first[1] - first[0],
        second[1] - second[0],
        first[0] - second[0],
    );
    let (a, e, f) = (d1.norm_squared(), d2.norm_squared(), d2.dot(&r));
    let (c, b) = (d1.dot(&r), d1.dot(&d2));
    let unit = |value: f64| value.clamp(0.0, 1.0);
    let ratio = |n: f64, d: f64| if d > 1e-12 { unit(n / d) } else { 0.0 };
    let mut s = ratio(b * f - c * e, a * e - b * b);
    let t = if e > 1e-12 { (b * s + f) / e } else { 0.0 };
    if !(0.0..=1.0).contains(&t) || e <= 1e-12 {
        s = ratio(b * unit(t) - c, a);
    }
    let on_first = first[0] + d1 * s;
    let on_second = second[0] + d2 * ratio(b * s + f, e);
    (on_first - on_second).norm()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::arm;

    #[test]
    fn arm_that_would_fold_into_itself_is_told_with_both_links() {
        let check = |target: [f64; 6], collides: bool| {
            let collision = SelfCollision::new(&arm());
            let all = |arm: &[f64]| [arm, &[0.02, 0.02]].concat();
            let found = collision.first(&all(&[0.0; 6]), &all(&target));
            assert_eq!(found.is_some(), collides, "{target:?}: {found:?}");
        };
        check([0.0, -1.5, -2.5, -1.5, 0.0, 0.0], true);
        check([0.0, 1.5, 2.5, 1.5, 0.0, 0.0], true);
        check([0.0, 0.0, 1.6, 1.54, 0.0, 0.0], false);
        check([1.4, 0.0, 1.6, 1.54, 0.0, 0.0], false);
        check([0.3, 0.5, 1.3, 1.3, 0.0, 1.5], false);
    }

    #[test]
    fn distance_of_segments_is_that_of_their_nearest_points() {
        let p = |x: f64, y: f64, z: f64| Point3::new(x, y, z);
        let check = |a: [Point3<f64>; 2], b: [Point3<f64>; 2], expected: f64| {
            assert!((distance(&a, &b) - expected).abs() < 1e-9, "{a:?} {b:?}");
            assert!((distance(&b, &a) - expected).abs() < 1e-9, "{b:?} {a:?}");
        };
        let along = [p(0.0, 0.0, 0.0), p(1.0, 0.0, 0.0)];
        check(along, [p(0.5, 1.0, 1.0), p(0.5, 1.0, -1.0)], 1.0);
        check(along, [p(2.0, 0.0, 0.0), p(3.0, 0.0, 0.0)], 1.0);
        check(along, [p(0.0, 2.0, 0.0), p(1.0, 2.0, 0.0)], 2.0);
        check(along, [p(-3.0, 4.0, 0.0); 2], 5.0);
        check([p(0.0, 0.0, 0.0); 2], [p(0.0, 3.0, 4.0); 2], 5.0);
    }
}

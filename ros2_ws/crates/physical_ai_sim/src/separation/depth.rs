use nalgebra::Vector3;

use super::Difference;
use super::convex::Convex;

/// Faces are pushed outwards so often at most: curved bodies are met ever better without end.
const ROUNDS: usize = 500;
/// A face that can be pushed out by less than this is at the surface, metres.
const TOLERANCE_M: f64 = 1e-7;
/// A corner so near to a face's plane lies in it, metres.
const ROUNDING_M: f64 = 1e-11;
/// Corners whose volume is below this are flat, cubic metres.
const FLAT_M3: f64 = 1e-12;

/// A triangle of corners, seen from outside the other way round the clock.
struct Face {
    corners: [usize; 3],
    normal: Vector3<f64>,
    /// Of its plane from zero, along the normal.
    height: f64,
}

/// A polytope inside the difference of two cores that grows where zero is nearest to its surface.
struct Polytope {
    corners: Vec<Difference>,
    faces: Vec<Face>,
}

/// The points of two cores that overlap which show how deep: the second one's way out is along the normal, from the
/// first's point back to its own. Cores without a volume overlap in `touching` only.
///
/// # Source
/// van den Bergen, "Proximity queries and penetration depth computation on 3D game objects", 2001.
pub(super) fn deepest(bodies: [&Convex; 2], touching: &Difference) -> (Difference, Vector3<f64>) {
    let Some(mut polytope) = Polytope::around_middle(bodies) else {
        return (*touching, aside(bodies));
    };
    for _ in 0..ROUNDS {
        let Some(face) = polytope.lowest() else { break };
        let (normal, height) = (face.normal, face.height);
        let corner = Difference::furthest(bodies, &normal);
        if corner.at().dot(&normal) - height <= TOLERANCE_M || !polytope.push_out(corner) {
            break;
        }
    }
    match polytope.lowest() {
        Some(face) => (polytope.foot(face), face.normal),
        None => (*touching, aside(bodies)),
    }
}

/// A direction across the lines that both cores are.
fn aside(bodies: [&Convex; 2]) -> Vector3<f64> {
    let [one, other] = bodies.map(|b| b.line().unwrap_or_default());
    let along = if one.norm() > 0.0 { one } else { other };
    let across = one.cross(&other);
    let any = if along.x.abs() < 0.9 {
        Vector3::x()
    } else {
        Vector3::y()
    };
    let normal = across
        .try_normalize(1e-6)
        .or_else(|| along.cross(&any).try_normalize(1e-6));
    normal.unwrap_or_else(Vector3::z)
}

impl Polytope {
    /// Four corners of the difference that are not flat; `None` if the difference is flat.
    fn around_middle(bodies: [&Convex; 2]) -> Option<Self> {
        let axes = [Vector3::x(), Vector3::y(), Vector3::z()];
        let all: Vec<Difference> = axes
            .iter()
            .flat_map(|axis| [*axis, -axis])
            .map(|direction| Difference::furthest(bodies, &direction))
            .collect();
        let first = *all.first()?;
        let from = |c: &Difference| c.at() - first.at();
        let most = |of: &dyn Fn(&Difference) -> f64| {
            let corners = all.iter();
            corners.max_by(|a, b| of(a).total_cmp(&of(b))).copied()
        };
        let second = most(&|c| from(c).norm())?;
        let edge = from(&second);
        let third = most(&|c| edge.cross(&from(c)).norm())?;
        let across = edge.cross(&from(&third));
        let sides = [across, -across].map(|side| Difference::furthest(bodies, &side));
        let volume = |c: &Difference| across.dot(&from(c));
        let fourth = if volume(&sides[0]) > -volume(&sides[1]) {
            sides[0]
        } else {
            sides[1]
        };
        if volume(&fourth).abs() < FLAT_M3 {
            return None;
        }
        let mut polytope = Self {
            corners: vec![first, second, third, fourth],
            faces: Vec::new(),
        };
        let outside = if volume(&fourth) > 0.0 {
            [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]
        } else {
            [[0, 1, 2], [1, 0, 3], [2, 1, 3], [0, 2, 3]]
        };
        for corners in outside {
            polytope.add(corners);
        }
        Some(polytope)
    }

    fn add(&mut self, corners: [usize; 3]) {
        let [a, b, c] = corners.map(|i| self.corners[i].at());
        // Without an area it is the edge of others, which stand for it.
        if let Some(normal) = (b - a).cross(&(c - a)).try_normalize(f64::MIN_POSITIVE) {
            let height = normal.dot(&a);
            self.faces.push(Face {
                corners,
                normal,
                height,
            });
        }
    }

    /// The face whose plane is nearest to zero, or furthest beyond it.
    fn lowest(&self) -> Option<&Face> {
        self.faces
            .iter()
            .min_by(|a, b| a.height.total_cmp(&b.height))
    }

    /// Takes a corner in that lies outside. False if no face sees it.
    fn push_out(&mut self, corner: Difference) -> bool {
        let at = corner.at();
        let sees = |face: &Face| face.normal.dot(&at) - face.height > ROUNDING_M;
        let (seen, kept): (Vec<Face>, Vec<Face>) =
            std::mem::take(&mut self.faces).into_iter().partition(sees);
        self.faces = kept;
        let edges: Vec<[usize; 2]> = (seen.iter())
            .flat_map(|f| [0, 1, 2].map(|i| [f.corners[i], f.corners[(i + 1) % 3]]))
            .collect();
        let new = self.corners.len();
        self.corners.push(corner);
        for [from, to] in edges
            .iter()
            .filter(|[from, to]| !edges.contains(&[*to, *from]))
        {
            self.add([*from, *to, new]);
        }
        !seen.is_empty()
    }

    /// The points of the cores whose difference is the point of a face nearest to zero.
    fn foot(&self, face: &Face) -> Difference {
        let corners = face.corners.map(|i| self.corners[i]);
        let [a, b, c] = corners.map(|corner| corner.at());
        let at = face.normal * face.height;
        let area = (b - a).cross(&(c - a)).dot(&face.normal);
        let share =
            |p: Vector3<f64>, q: Vector3<f64>| (p - at).cross(&(q - at)).dot(&face.normal) / area;
        let shares = [share(b, c), share(c, a), share(a, b)];
        let sum = |of: fn(&Difference) -> Vector3<f64>| -> Vector3<f64> {
            (corners.iter().zip(shares)).map(|(c, s)| of(c) * s).sum()
        };
        Difference {
            one: sum(|c| c.one),
            other: sum(|c| c.other),
        }
    }
}

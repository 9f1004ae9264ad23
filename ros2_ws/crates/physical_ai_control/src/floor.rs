use physical_ai_domain::{Fixture, Placement, World};

/// What stands on the floor, seen from above, where a robot of some height could run into it.
#[derive(Debug, Clone)]
pub(crate) struct Floor {
    walls: Vec<Wall>,
}

/// A rectangle with its name.
#[derive(Debug, Clone)]
struct Wall {
    name: String,
    area: Rectangle,
}

/// A rectangle on the floor, metres in the world.
#[derive(Debug, Clone, Copy)]
struct Rectangle {
    centre: [f64; 2],
    /// Unit vector along its length.
    along: [f64; 2],
    /// Half of length and width.
    half: [f64; 2],
}

/// How much room a rover needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane {
    /// Half the width of the lane that must be free, metres.
    pub half_width_m: f64,
    /// How far the lane must be free ahead of where the rover stops, metres.
    pub ahead_m: f64,
}

impl Floor {
    /// The fixtures of a world that a robot of this height meets, metres.
    pub(crate) fn new(world: &World, height_m: f64) -> Self {
        let meets = |f: &&Fixture| {
            let half = f.size_m[2] / 2.0;
            f.pose.z - half < height_m && f.pose.z + half > 0.0
        };
        let walls = world.fixtures.iter().filter(meets).map(|f| Wall {
            name: f.name.clone(),
            area: Rectangle {
                centre: [f.pose.x, f.pose.y],
                along: [f.pose.yaw.cos(), f.pose.yaw.sin()],
                half: [f.size_m[0] / 2.0, f.size_m[1] / 2.0],
            },
        });
        Self {
            walls: walls.collect(),
        }
    }

    /// What keeps a robot from standing at a point, with the free distance that there is: less than
    /// `needed_m`.
    pub(crate) fn too_near(&self, at: &Placement, needed_m: f64) -> Option<(&str, f64)> {
        let near = |wall: &Wall| (wall.area.distance_m(at), wall.name.clone());
        let nearest = self
            .walls
            .iter()
            .min_by(|a, b| near(a).0.total_cmp(&near(b).0))?;
        let distance_m = nearest.area.distance_m(at);
        (distance_m < needed_m).then_some((nearest.name.as_str(), distance_m))
    }

    /// What stands in the lane that a rover drives, straight from one point to another.
    pub(crate) fn in_the_way(&self, from: &Placement, to: &Placement, lane: &Lane) -> Option<&str> {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = dx.hypot(dy);
        if length < 1e-6 {
            return None;
        }
        let along = [dx / length, dy / length];
        let reach = length + lane.ahead_m;
        let swept = Rectangle {
            centre: [0, 1].map(|i| [from.x, from.y][i] + along[i] * reach / 2.0),
            along,
            half: [reach / 2.0, lane.half_width_m],
        };
        let blocks = |wall: &&Wall| wall.area.meets(&swept);
        self.walls.iter().find(blocks).map(|w| w.name.as_str())
    }
}

impl Rectangle {
    /// A point in the rectangle's own directions, from its centre.
    fn local(&self, point: [f64; 2]) -> [f64; 2] {
        let (x, y) = (point[0] - self.centre[0], point[1] - self.centre[1]);
        [
            x * self.along[0] + y * self.along[1],
            y * self.along[0] - x * self.along[1],
        ]
    }

    /// Distance of a point from its edge, metres; 0 within.
    fn distance_m(&self, at: &Placement) -> f64 {
        let local = self.local([at.x, at.y]);
        let beyond = |i: usize| (local[i].abs() - self.half[i]).max(0.0);
        beyond(0).hypot(beyond(1))
    }

    /// Whether two rectangles overlap: none of their directions separates them.
    fn meets(&self, other: &Self) -> bool {
        !self.is_beside(other) && !other.is_beside(self)
    }

    /// Whether one of its own directions separates it from the other.
    fn is_beside(&self, other: &Self) -> bool {
        let centre = self.local(other.centre);
        let cos = (self.along[0] * other.along[0] + self.along[1] * other.along[1]).abs();
        let sin = (self.along[0] * other.along[1] - self.along[1] * other.along[0]).abs();
        let reach = [
            other.half[0] * cos + other.half[1] * sin,
            other.half[0] * sin + other.half[1] * cos,
        ];
        (0..2).any(|i| centre[i].abs() >= self.half[i] + reach[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor() -> Floor {
        let yaml = "fixtures:\n\
            - {name: wall, size_m: [0.1, 4.0, 0.5], pose: {x: 2.0, y: 0.0, z: 0.25}}\n\
            - {name: crate, size_m: [1.0, 1.0, 0.5], pose: {x: -2.0, y: 0.0, z: 0.25, yaw: 0.785398}}\n\
            - {name: lamp, size_m: [9.0, 9.0, 0.1], pose: {x: 0.0, y: 0.0, z: 3.0}}\n";
        Floor::new(&World::from_yaml("w", yaml).unwrap(), 0.3)
    }

    fn at(x: f64, y: f64) -> Placement {
        Placement {
            x,
            y,
            ..Default::default()
        }
    }

    #[test]
    fn goals_near_walls_are_told_with_the_wall() {
        let floor = floor();
        let check = |x, y, expected: Option<&str>| {
            let found = floor.too_near(&at(x, y), 0.24).map(|(name, _)| name);
            assert_eq!(found, expected, "({x}, {y})");
        };
        check(0.0, 0.0, None);
        check(2.0, 1.0, Some("wall"));
        check(1.72, 1.0, Some("wall"));
        check(1.70, 1.0, None);
        check(2.0, 2.2, Some("wall"));
        check(2.0, 2.3, None);
        // A corner of the turned crate reaches to 0.707 m from its centre.
        check(-1.1, 0.0, Some("crate"));
        check(-1.4, 0.6, None);
    }

    #[test]
    fn what_stands_in_the_lane_is_told() {
        let floor = floor();
        let lane = Lane {
            half_width_m: 0.24,
            ahead_m: 0.4,
        };
        let check = |from: [f64; 2], to: [f64; 2], expected: Option<&str>| {
            let (a, b) = (at(from[0], from[1]), at(to[0], to[1]));
            assert_eq!(floor.in_the_way(&a, &b, &lane), expected, "{from:?} {to:?}");
        };
        check([0.0, 0.0], [3.0, 0.0], Some("wall"));
        check([0.0, 0.0], [1.5, 0.0], None);
        check([0.0, 0.0], [1.6, 0.0], Some("wall"));
        check([0.0, 2.5], [3.0, 2.5], None);
        check([0.0, 2.2], [3.0, 2.2], Some("wall"));
        check([0.0, 0.0], [-1.0, 1.0], None);
        check([0.0, 0.0], [-1.5, 1.5], None);
        check([0.0, 0.0], [-1.0, 0.0], Some("crate"));
        check([1.0, 1.0], [1.0, 1.0], None);
    }
}

use physical_ai_domain::{Place, PlaceKind, World};

use crate::Error;

/// The names that skills may be called with, from the world file.
#[derive(Debug, Clone)]
pub struct Site {
    world: World,
    /// Lowest and highest x, then y, of goals on the floor, metres.
    geofence_m: [[f64; 2]; 2],
}

impl Site {
    /// A site from its world.
    pub fn new(world: World) -> Self {
        Self {
            world,
            geofence_m: [[-1e3, 1e3]; 2],
        }
    }

    /// The site with goals on the floor from the `lowest` x and y to the `highest`, metres.
    pub fn with_geofence(self, lowest: [f64; 2], highest: [f64; 2]) -> Self {
        Self {
            geofence_m: [0, 1].map(|i| [lowest[i], highest[i]]),
            ..self
        }
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Lowest and highest x, then y, of goals on the floor, metres.
    pub fn geofence_m(&self) -> [[f64; 2]; 2] {
        self.geofence_m
    }

    /// Names of the places of a kind.
    pub fn places(&self, kind: PlaceKind) -> Vec<&str> {
        self.world
            .places
            .iter()
            .filter(|p| p.kind == kind)
            .map(|p| p.name.as_str())
            .collect()
    }

    /// A place of the given kind; `field` is the parameter that names it.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] naming the places there are.
    pub fn place(&self, field: &str, name: &str, kind: PlaceKind) -> Result<&Place, Error> {
        self.world
            .place(name)
            .filter(|p| p.kind == kind)
            .ok_or_else(|| Error::InvalidParams {
                field: field.into(),
                problem: format!("{name:?} is not one of {}", self.places(kind).join(", ")),
            })
    }

    /// Height of what a robot stands on whose root link is at this point, metres in the world: the highest
    /// fixture under it, or the floor.
    pub fn ground_m(&self, root: [f64; 3]) -> f64 {
        let under = self.world.fixtures.iter().filter_map(|fixture| {
            let at = fixture.pose.isometry().inverse() * nalgebra::Point3::from(root);
            let half = fixture.size_m.map(|s| s / 2.0);
            let is_over = at.x.abs() <= half[0] && at.y.abs() <= half[1];
            let top = fixture.pose.z + half[2];
            (is_over && top <= root[2] + ON_IT_M).then_some(top)
        });
        under.fold(0.0, f64::max).min(root[2])
    }
}

/// A root link that is so far inside of something stands on it, metres.
const ON_IT_M: f64 = 0.01;

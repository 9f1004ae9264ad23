use thiserror::Error;

/// Why no joint positions do a task.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum NoPosture {
    /// The point itself is too far, or too near.
    #[error("nearest is {missed_m:.3} m off; choose one closer to its base")]
    Distance {
        /// Distance from the nearest point that can be reached, metres.
        missed_m: f64,
    },
    /// The point can be reached, but not like this.
    #[error(
        "the point can be reached, but not in this orientation: nearest is {missed_rad:.3} rad off; choose another \
         orientation, or leave a turn free"
    )]
    Orientation {
        /// Angle from the nearest orientation found there, radians.
        missed_rad: f64,
    },
    /// A limit of a joint keeps it from there.
    #[error(
        "{joint} would have to be at {position:.3}, and its {} limit is {limit:.3}",
        if *is_upper { "upper" } else { "lower" }
    )]
    Limit {
        /// Joint that is farthest beyond its limit.
        joint: String,
        /// Where it would have to be, radians or metres.
        position: f64,
        /// The limit, radians or metres.
        limit: f64,
        /// Which one.
        is_upper: bool,
    },
    /// Postures were found, and none was accepted.
    #[error(
        "{count} postures reach it, and in none of them it is free to stand; choose another target"
    )]
    Rejected {
        /// How many.
        count: usize,
    },
    /// No reason is known.
    #[error(
        "no posture was found in {attempts} attempts; nearest is {missed_m:.4} m and {missed_rad:.4} rad off"
    )]
    Attempts {
        /// Attempts made.
        attempts: usize,
        /// Distance of the nearest try, metres.
        missed_m: f64,
        /// Angle of the nearest try, radians.
        missed_rad: f64,
    },
}

/// Why something is not between an arm's fingers; kept as numbers, since it is asked for at the control rate.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub(crate) enum NotHeld {
    /// The object is elsewhere.
    #[error("is {off_m:.3} m from the tool")]
    Away {
        /// Distance, metres.
        off_m: f64,
    },
    /// One finger is where nothing fits.
    #[error("is not held: a finger closed to {finger_m:.4} m: nothing is between them")]
    Closed {
        /// Its position, metres.
        finger_m: f64,
    },
    /// The fingers are closer together than it is wide.
    #[error("is not held: the fingers are {gap_m:.4} m apart: nothing is between them")]
    TooNarrow {
        /// Distance between the fingers, metres.
        gap_m: f64,
    },
    /// The fingers are farther apart than it is wide.
    #[error("is not held: the fingers are {gap_m:.4} m apart, and it is {widest_m:.3} m wide")]
    TooWide {
        /// Distance between the fingers, metres.
        gap_m: f64,
        /// Its largest extent, metres.
        widest_m: f64,
    },
}

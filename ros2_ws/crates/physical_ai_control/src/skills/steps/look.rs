use physical_ai_domain::Time;
use serde_json::{Map, Value};

use crate::skills::arm::{ArmBody, NotHeld};
use crate::skills::{SeenObject, Tick};

/// Seconds to wait for perception to see what a motion did.
const LOOK_TIMEOUT_S: f64 = 1.0;

/// What has to be seen, by a view that is newer than the motion before it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Look {
    /// The object came up to this height of its centre in the world, metres, between the fingers.
    Lifted {
        /// Which.
        object: String,
        /// Metres.
        height_m: f64,
    },
    /// The object is between the fingers; `None`: anything is.
    Held(Option<String>),
    /// The object lies where it was put down.
    Placed {
        /// Which.
        object: String,
        /// Where to.
        place: String,
        /// Where its centre has to be in the world, metres.
        centre_m: [f64; 3],
        /// How far off that it may be, level and in height, metres.
        tolerance_m: [f64; 2],
    },
}

impl Look {
    /// `Some` when it was seen, or not seen in time; what was measured goes into `result`.
    pub(super) fn follow(
        &self,
        tick: &Tick<'_>,
        since: Time,
        arm: &ArmBody,
        result: &mut Map<String, Value>,
    ) -> Option<Result<(), String>> {
        let late = tick.now.seconds_since(since) > LOOK_TIMEOUT_S;
        let seen_at = tick.perception.objects_stamp;
        if seen_at < since {
            return late.then(|| {
                Err(format!(
                    "{} was not seen {}: the newest view of the objects is {:.1} s old",
                    self.subject(),
                    self.when(),
                    tick.now.seconds_since(seen_at)
                ))
            });
        }
        match self.judge(tick, arm, result) {
            Ok(()) => Some(Ok(())),
            // What falls or is not yet seen gets the time that it needs.
            Err(unseen) => late.then(|| Err(unseen.to_string())),
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Lifted { object, .. } | Self::Placed { object, .. } => object,
            Self::Held(object) => object.as_deref().unwrap_or("what the fingers hold"),
        }
    }

    fn when(&self) -> &'static str {
        match self {
            Self::Lifted { .. } => "after the lift",
            Self::Held(_) => "in the hand",
            Self::Placed { .. } => "after the release",
        }
    }

    fn judge<'a>(
        &'a self,
        tick: &Tick<'_>,
        arm: &ArmBody,
        result: &mut Map<String, Value>,
    ) -> Result<(), Unseen<'a>> {
        let when = self.when();
        let find = |object: &'a str| {
            let seen = tick.perception.objects.get(object);
            seen.ok_or(Unseen::OutOfSight { object, when })
        };
        let positions = &tick.state.position;
        match self {
            Self::Lifted { object, height_m } => {
                let seen = find(object)?;
                let z = seen.pose.translation.z;
                if z < *height_m {
                    let height_m = *height_m;
                    return Err(Unseen::Low {
                        object,
                        z,
                        height_m,
                    });
                }
                let held = arm.holds(&tick.root, positions, seen);
                held.map_err(|why| Unseen::LeftBehind { object, why })?;
                result.insert("object_height_m".into(), z.into());
            }
            Self::Held(Some(object)) => {
                let held = arm.holds(&tick.root, positions, find(object)?);
                held.map_err(|why| Unseen::Lost { object, why })?;
            }
            Self::Held(None) => {
                let held = arm.held_object(&tick.root, positions, tick.perception);
                let gap_m = arm.gap_m(positions);
                let (name, _) = held.ok_or(Unseen::Nothing { gap_m })?;
                result.insert("holds".into(), name.into());
            }
            Self::Placed {
                object,
                place,
                centre_m,
                tolerance_m,
            } => {
                let off_m = off_place(find(object)?, centre_m);
                if off_m[0] > tolerance_m[0] || off_m[1] > tolerance_m[1] {
                    return Err(Unseen::Misplaced {
                        object,
                        place,
                        at: find(object)?.pose.translation.vector.into(),
                        off_m,
                        tolerance_m: *tolerance_m,
                    });
                }
                result.insert("object_error_m".into(), off_m[0].into());
                result.insert("object_tolerance_m".into(), tolerance_m[0].into());
            }
        }
        Ok(())
    }
}

/// What is not seen as it should be; asked for at the control rate, so it becomes words only in the end.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
enum Unseen<'a> {
    #[error("{object} is out of sight {when}")]
    OutOfSight { object: &'a str, when: &'static str },
    #[error("{object} is at height {z:.3} m after the lift, not above {height_m:.3} m")]
    Low {
        object: &'a str,
        z: f64,
        height_m: f64,
    },
    #[error("{object} {why} after the lift")]
    LeftBehind { object: &'a str, why: NotHeld },
    #[error("{object} {why}: it was lost")]
    Lost { object: &'a str, why: NotHeld },
    #[error(
        "the fingers stopped {gap_m:.4} m apart, and no object is seen between them: they are jammed, or hold what \
         cannot be seen"
    )]
    Nothing { gap_m: f64 },
    #[error(
        "{object} is at ({:.3}, {:.3}, {:.3}) m after the release, {:.3} m beside {place} (allowed {:.3} m) and {:.3} m \
         off its height (allowed {:.3} m)",
        at[0], at[1], at[2], off_m[0], tolerance_m[0], off_m[1], tolerance_m[1]
    )]
    Misplaced {
        object: &'a str,
        place: &'a str,
        at: [f64; 3],
        off_m: [f64; 2],
        tolerance_m: [f64; 2],
    },
}

/// How far an object is off a point, level and in height, metres.
fn off_place(object: &SeenObject, centre_m: &[f64; 3]) -> [f64; 2] {
    let at = object.pose.translation.vector;
    let level = (at.x - centre_m[0]).hypot(at.y - centre_m[1]);
    [level, (at.z - centre_m[2]).abs()]
}

use physical_ai_domain::{GripperLayout, RobotModel};

/// A joint of a gripper among all, with its positions.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Finger {
    index: usize,
    open: f64,
    closed: f64,
}

/// A hand whose joints open and close it in proportion; lengths in metres.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gripper {
    fingers: Vec<Finger>,
    opening_m: f64,
}

impl Gripper {
    /// The gripper of a layout that was checked against the model; joints that stay where they are say nothing about
    /// its opening.
    pub(super) fn new(model: &RobotModel, layout: &GripperLayout) -> Self {
        let finger = |joint: &physical_ai_domain::GripperJoint| {
            if joint.open == joint.closed {
                return None;
            }
            Some(Finger {
                index: model.movable_index(&joint.joint)?,
                open: joint.open,
                closed: joint.closed,
            })
        };
        Self {
            fingers: layout.joints.iter().filter_map(finger).collect(),
            opening_m: layout.opening_m,
        }
    }

    /// Distance between the fingers when open, metres.
    pub(crate) fn opening_m(&self) -> f64 {
        self.opening_m
    }

    /// Places of its joints among all.
    pub(crate) fn joints(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.fingers.iter().map(|f| f.index)
    }

    /// What each finger leaves of the distance between them, metres, by the positions of all joints.
    pub(crate) fn fingers_m<'a>(
        &'a self,
        positions: &'a [f64],
    ) -> impl Iterator<Item = f64> + Clone + 'a {
        let count = self.fingers.len() as f64;
        self.fingers.iter().map(move |f| {
            let at = positions.get(f.index).copied().unwrap_or(f64::NAN);
            (at - f.closed) / (f.open - f.closed) * self.opening_m / count
        })
    }

    /// Distance between the fingers, metres.
    pub(crate) fn gap_m(&self, positions: &[f64]) -> f64 {
        self.fingers_m(positions).sum()
    }

    /// Writes the positions at which the fingers are so far apart, metres, to its joints among all.
    pub(crate) fn open_to(&self, gap_m: f64, positions: &mut [f64]) {
        let share = gap_m / self.opening_m;
        for finger in &self.fingers {
            if let Some(position) = positions.get_mut(finger.index) {
                *position = finger.closed + share * (finger.open - finger.closed);
            }
        }
    }
}

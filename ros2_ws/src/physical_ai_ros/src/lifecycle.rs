//! The managed-node state machine of REP/design "Managed nodes", as data.

use r2r::lifecycle_msgs::msg;

/// Primary states; the numbers are those of lifecycle_msgs/State.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    Unconfigured = 1,
    Inactive = 2,
    Active = 3,
    Finalized = 4,
}

/// One edge of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) id: u8,
    pub(crate) label: &'static str,
    pub(crate) from: State,
    pub(crate) to: State,
}

pub(crate) const TRANSITIONS: [Transition; 7] = [
    Transition {
        id: 1,
        label: "configure",
        from: State::Unconfigured,
        to: State::Inactive,
    },
    Transition {
        id: 2,
        label: "cleanup",
        from: State::Inactive,
        to: State::Unconfigured,
    },
    Transition {
        id: 3,
        label: "activate",
        from: State::Inactive,
        to: State::Active,
    },
    Transition {
        id: 4,
        label: "deactivate",
        from: State::Active,
        to: State::Inactive,
    },
    Transition {
        id: 5,
        label: "shutdown",
        from: State::Unconfigured,
        to: State::Finalized,
    },
    Transition {
        id: 6,
        label: "shutdown",
        from: State::Inactive,
        to: State::Finalized,
    },
    Transition {
        id: 7,
        label: "shutdown",
        from: State::Active,
        to: State::Finalized,
    },
];

impl State {
    pub(crate) const ALL: [Self; 4] = [
        Self::Unconfigured,
        Self::Inactive,
        Self::Active,
        Self::Finalized,
    ];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Unconfigured => "unconfigured",
            Self::Inactive => "inactive",
            Self::Active => "active",
            Self::Finalized => "finalized",
        }
    }

    pub(crate) fn to_msg(self) -> msg::State {
        msg::State {
            id: self as u8,
            label: self.label().to_owned(),
        }
    }
}

impl Transition {
    /// The edge that a request means: by label if one is given, else by id, and by the current state.
    pub(crate) fn find(state: State, requested: &msg::Transition) -> Option<Self> {
        TRANSITIONS.into_iter().find(|t| {
            t.from == state
                && if requested.label.is_empty() {
                    t.id == requested.id
                } else {
                    t.label == requested.label
                }
        })
    }

    pub(crate) fn to_msg(self) -> msg::Transition {
        msg::Transition {
            id: self.id,
            label: self.label.to_owned(),
        }
    }

    pub(crate) fn description(self) -> msg::TransitionDescription {
        msg::TransitionDescription {
            transition: self.to_msg(),
            start_state: self.from.to_msg(),
            goal_state: self.to.to_msg(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transition_is_found_by_label_then_id_and_only_from_its_state() {
        let check = |state, id, label: &str, expected: Option<u8>| {
            let request = msg::Transition {
                id,
                label: label.to_owned(),
            };
            assert_eq!(Transition::find(state, &request).map(|t| t.id), expected);
        };
        check(State::Unconfigured, 1, "", Some(1));
        check(State::Active, 1, "", None);
        check(State::Active, 0, "shutdown", Some(7));
        check(State::Inactive, 3, "cleanup", Some(2));
        check(State::Finalized, 0, "configure", None);
    }
}

use thiserror::Error;

/// What can go wrong between a node and ROS.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// ROS refused to create or use an entity.
    #[error("{what} {name:?}: ROS answered {source}")]
    Ros {
        /// Kind of entity, for example `subscription`.
        what: &'static str,
        /// Its name.
        name: String,
        /// r2r's error.
        source: r2r::Error,
    },
    /// A command-line argument or parameter file that cannot be used.
    #[error("{0}")]
    Arguments(String),
    /// A parameter that does not fit its declaration.
    #[error("parameter {name}: {problem}")]
    Parameter {
        /// Parameter name.
        name: String,
        /// Value, what is allowed and what to do.
        problem: String,
    },
    /// The application refused a transition.
    #[error("{0}")]
    Application(String),
    /// No answer in time.
    #[error(
        "no answer from {what} {name:?} within {timeout_s} s: the node that serves it is not running, is too \
         busy, or lost the request; send it again when it is there"
    )]
    Timeout {
        /// `service` or `action`.
        what: &'static str,
        /// Its name.
        name: String,
        /// How long was waited, in seconds.
        timeout_s: f64,
    },
    /// ROS neither starts nor refuses to.
    #[error(
        "ROS did not start within {timeout_s} s. Processes that were killed may have left its shared memory \
         locked: if no ROS program runs on this machine, remove /dev/shm/*fastrtps_* and try again"
    )]
    NoStart {
        /// How long was waited, in seconds.
        timeout_s: f64,
    },
    /// The goal has ended, but its server does not know how any more.
    #[error(
        "action {name:?}: the result is lost, the server answers with status {status}: it was restarted, or \
         asked after it had dropped the goal; whether the goal was reached is not known"
    )]
    ResultLost {
        /// Action name.
        name: String,
        /// What stands in place of 4, 5 or 6.
        status: i8,
    },
    /// An id that belongs to a goal that runs.
    #[error("action {name:?}: a goal with this id runs already: a new goal needs a new id")]
    GoalRuns {
        /// Action name.
        name: String,
    },
    /// The server left while its answer was awaited.
    #[error(
        "service {name:?}: the node that serves it went away before it answered; restart it and try again"
    )]
    ServerGone {
        /// Service name.
        name: String,
    },
    /// What slept does not know how long any more.
    #[error("interrupted by a jump: the clock went back from {from_s:.3} s to {to_s:.3} s")]
    Interrupted {
        /// ROS time before, in seconds.
        from_s: f64,
        /// ROS time after, in seconds.
        to_s: f64,
    },
    /// The node is stopping; nothing can be sent any more.
    #[error("the node is stopping")]
    Stopping,
}

impl Error {
    pub(crate) fn ros(what: &'static str, name: &str, source: r2r::Error) -> Self {
        Self::Ros {
            what,
            name: name.to_owned(),
            source,
        }
    }

    /// An application error from anything that can be displayed.
    pub fn application(reason: impl std::fmt::Display) -> Self {
        Self::Application(reason.to_string())
    }
}

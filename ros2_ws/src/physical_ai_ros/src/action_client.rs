//! An action client on services and topics, with a timeout on everything that can stay silent.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use r2r::WrappedActionTypeSupport;
use r2r::action_msgs::msg::GoalInfo;
use r2r::action_msgs::srv::CancelGoal;

use crate::action_server::GoalId;
use crate::{Context, Error, Handle, Qos, ServiceClient};

/// State of a goal; the numbers are those of action_msgs/GoalStatus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
#[allow(missing_docs, reason = "action_msgs/GoalStatus documents them")]
pub enum GoalStatus {
    Unknown = 0,
    Accepted = 1,
    Executing = 2,
    Canceling = 3,
    Succeeded = 4,
    Canceled = 5,
    Aborted = 6,
}

impl GoalStatus {
    /// True when the goal has ended.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Canceled | Self::Aborted)
    }

    const fn from_wire(value: i8) -> Self {
        match value {
            1 => Self::Accepted,
            2 => Self::Executing,
            3 => Self::Canceling,
            4 => Self::Succeeded,
            5 => Self::Canceled,
            6 => Self::Aborted,
            _ => Self::Unknown,
        }
    }
}

/// How a goal ended.
#[derive(Debug, Clone, PartialEq)]
pub enum GoalOutcome<R> {
    /// The server did not take it.
    Rejected,
    /// It ended with this status and result.
    Ended(GoalStatus, R),
}

type FeedbackCallback<A, F> = Box<dyn FnMut(&mut A, &mut Context<A>, F)>;

/// Who listens to which goal's feedback. A listener is out of its slot while it runs.
struct Listeners<A, F> {
    slots: RefCell<HashMap<GoalId, Option<FeedbackCallback<A, F>>>>,
    subscription: RefCell<Option<Handle>>,
}

impl<A, F> Listeners<A, F> {
    fn new() -> Self {
        Self {
            slots: RefCell::default(),
            subscription: RefCell::default(),
        }
    }

    fn deliver(&self, app: &mut A, context: &mut Context<A>, id: GoalId, feedback: F) {
        let listener = self.slots.borrow_mut().get_mut(&id).and_then(Option::take);
        let Some(mut listener) = listener else { return };
        listener(app, context, feedback);
        if let Some(slot) = self.slots.borrow_mut().get_mut(&id) {
            *slot = Some(listener);
        }
    }

    fn forget(&self, id: GoalId) {
        self.slots.borrow_mut().remove(&id);
    }
}

impl<A, F> Drop for Listeners<A, F> {
    fn drop(&mut self) {
        if let Some(subscription) = self.subscription.get_mut() {
            subscription.cancel();
        }
    }
}

/// Sends goals to one action server.
pub struct ActionClient<A: 'static, Act: WrappedActionTypeSupport + 'static> {
    send_goal: ServiceClient<Act::SendGoal>,
    get_result: ServiceClient<Act::GetResult>,
    cancel_goal: ServiceClient<CancelGoal::Service>,
    listeners: Rc<Listeners<A, Act::Feedback>>,
}

impl<A: 'static, Act: WrappedActionTypeSupport + 'static> ActionClient<A, Act> {
    /// Creates the client's entities.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name is not allowed.
    pub fn try_new(context: &mut Context<A>, name: &str) -> Result<Self, Error> {
        let listeners: Rc<Listeners<A, Act::Feedback>> = Rc::new(Listeners::new());
        let receivers = Rc::downgrade(&listeners);
        let subscription = context.subscribe(
            &format!("{name}/_action/feedback"),
            Qos::events(),
            move |app, context, message: Act::FeedbackMessage| {
                let (uuid, feedback) = Act::destructure_feedback_msg(message);
                if let Some(listeners) = receivers.upgrade() {
                    listeners.deliver(app, context, GoalId::from_msg(&uuid), feedback);
                }
            },
        )?;
        *listeners.subscription.borrow_mut() = Some(subscription);
        Ok(Self {
            send_goal: context.client(&format!("{name}/_action/send_goal"))?,
            get_result: context.client(&format!("{name}/_action/get_result"))?,
            cancel_goal: context.client(&format!("{name}/_action/cancel_goal"))?,
            listeners,
        })
    }

    /// Sends a goal. `on_end` is called once: rejected, ended, or an error (no server within
    /// `accept_timeout`, no result within `result_timeout`).
    pub fn send(
        &self,
        context: &mut Context<A>,
        id: GoalId,
        goal: Act::Goal,
        timeouts: (Duration, Duration),
        on_feedback: impl FnMut(&mut A, &mut Context<A>, Act::Feedback) + 'static,
        on_end: impl FnOnce(&mut A, &mut Context<A>, Result<GoalOutcome<Act::Result>, Error>) + 'static,
    ) {
        let (accept_timeout, result_timeout) = timeouts;
        self.listeners
            .slots
            .borrow_mut()
            .insert(id, Some(Box::new(on_feedback)));
        let listeners = self.listeners.clone();
        let get_result = self.get_result.clone();
        let request = Act::make_goal_request_msg(id.to_msg(), goal);
        context.call(
            &self.send_goal,
            request,
            accept_timeout,
            move |app, context, answer| {
                let accepted = match answer.map(|a| Act::destructure_goal_response_msg(a).0) {
                    Ok(true) => true,
                    Ok(false) => {
                        listeners.forget(id);
                        return on_end(app, context, Ok(GoalOutcome::Rejected));
                    }
                    Err(error) => {
                        listeners.forget(id);
                        return on_end(app, context, Err(error));
                    }
                };
                debug_assert!(accepted, "rejections returned above");
                let request = Act::make_result_request_msg(id.to_msg());
                context.call(
                    &get_result,
                    request,
                    result_timeout,
                    move |app, context, answer| {
                        listeners.forget(id);
                        let outcome = answer.map(|a| {
                            let (status, result) = Act::destructure_result_response_msg(a);
                            GoalOutcome::Ended(GoalStatus::from_wire(status), result)
                        });
                        on_end(app, context, outcome);
                    },
                );
            },
        );
    }

    /// Asks the server to cancel a goal; how it ends is told to `on_end` of [`ActionClient::send`].
    pub fn cancel(&self, context: &mut Context<A>, id: GoalId, timeout: Duration) {
        let goal_info = GoalInfo {
            goal_id: id.to_msg(),
            ..Default::default()
        };
        let request = CancelGoal::Request { goal_info };
        context.call(
            &self.cancel_goal,
            request,
            timeout,
            |_, _, answer| match answer {
                Ok(answer) if answer.return_code != 0 => {
                    tracing::warn!(code = answer.return_code, "the server refused to cancel");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!("cancel: {error}"),
            },
        );
    }

    /// True once the server has been seen.
    pub fn is_available(&self) -> bool {
        self.send_goal.is_available()
    }
}

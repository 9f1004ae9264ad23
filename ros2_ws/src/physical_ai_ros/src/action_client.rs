//! An action client on services and topics, with a timeout on everything that can stay silent.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use r2r::WrappedActionTypeSupport;
use r2r::action_msgs::msg::{GoalInfo, GoalStatusArray};
use r2r::action_msgs::srv::CancelGoal;

use crate::action_server::GoalId;
use crate::context::Keep;
use crate::service_client::PendingCall;
use crate::{Context, Error, Handle, Qos, ServiceClient};

/// A server that says that the goal has ended, or does not list it, owes the result for so long before
/// it is asked again: request or answer may have been lost in a burst.
const OVERDUE: Duration = Duration::from_secs(1);
/// How often it is asked again.
const MOST_ASKED: usize = 5;

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

    /// The status of a goal that has ended; everything else is no end.
    const fn ended_as(value: i8) -> Option<Self> {
        match value {
            4 => Some(Self::Succeeded),
            5 => Some(Self::Canceled),
            6 => Some(Self::Aborted),
            _ => None,
        }
    }
}

/// How a goal ended.
#[derive(Debug, Clone, PartialEq)]
pub enum GoalOutcome<R> {
    /// The server did not take it.
    Rejected,
    /// It ended with this status, one of the three ends, and result.
    Ended(GoalStatus, R),
}

type FeedbackCallback<A, F> = Box<dyn FnMut(&mut A, &mut Context<A>, F)>;

/// Who listens to a goal's feedback, out of here while it runs, and whether the server has told of the goal.
struct Slot<A, F> {
    listener: Option<FeedbackCallback<A, F>>,
    is_known: bool,
}

/// Who listens to which goal's feedback, and since when a goal's server owes its result.
struct Listeners<A, F> {
    slots: RefCell<HashMap<GoalId, Slot<A, F>>>,
    owed: RefCell<HashMap<GoalId, Instant>>,
    subscriptions: RefCell<Vec<Handle>>,
}

impl<A, F> Listeners<A, F> {
    fn new() -> Self {
        Self {
            slots: RefCell::default(),
            owed: RefCell::default(),
            subscriptions: RefCell::default(),
        }
    }

    fn deliver(&self, app: &mut A, context: &mut Context<A>, id: GoalId, feedback: F) {
        let listener = self.slots.borrow_mut().get_mut(&id).and_then(|slot| {
            slot.is_known = true;
            slot.listener.take()
        });
        let Some(mut listener) = listener else { return };
        listener(app, context, feedback);
        if let Some(slot) = self.slots.borrow_mut().get_mut(&id) {
            slot.listener = Some(listener);
        }
    }

    /// True if the server has told of the goal, so that it has taken it, whatever became of its answer.
    fn knows(&self, id: GoalId) -> bool {
        self.slots.borrow().get(&id).is_some_and(|s| s.is_known)
    }

    fn forget(&self, id: GoalId) {
        self.slots.borrow_mut().remove(&id);
        self.owed.borrow_mut().remove(&id);
    }

    /// Compares the server's list of goals with those that are waited for here.
    fn take_status(&self, list: &GoalStatusArray) {
        let state = |id: GoalId| {
            let mut listed = list.status_list.iter();
            listed.find(|s| GoalId::from_msg(&s.goal_info.goal_id) == id)
        };
        let mut owed = self.owed.borrow_mut();
        for (id, slot) in self.slots.borrow_mut().iter_mut() {
            let listed = state(*id);
            slot.is_known |= listed.is_some();
            if listed.is_some_and(|s| GoalStatus::ended_as(s.status).is_none()) {
                owed.remove(id);
            } else {
                owed.entry(*id).or_insert_with(Instant::now);
            }
        }
    }

    fn owes_since(&self, id: GoalId) -> Option<Instant> {
        self.owed.borrow().get(&id).copied()
    }
}

impl<A, F> Drop for Listeners<A, F> {
    fn drop(&mut self) {
        for subscription in self.subscriptions.get_mut() {
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
    name: String,
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
        let watchers = Rc::downgrade(&listeners);
        let status = context.subscribe(
            &format!("{name}/_action/status"),
            Qos::state_latched(),
            move |_, _, list: GoalStatusArray| {
                if let Some(listeners) = watchers.upgrade() {
                    listeners.take_status(&list);
                }
            },
        )?;
        listeners
            .subscriptions
            .borrow_mut()
            .extend([subscription, status]);
        Ok(Self {
            send_goal: context.client(&format!("{name}/_action/send_goal"))?,
            get_result: context.client(&format!("{name}/_action/get_result"))?,
            cancel_goal: context.client(&format!("{name}/_action/cancel_goal"))?,
            listeners,
            name: name.to_owned(),
        })
    }

    /// Sends a goal. `on_end` is called once: rejected, ended, or an error (no answer within
    /// `accept_timeout`, no result within `result_timeout`, or a result that is lost).
    ///
    /// An id of a goal that still runs is not sent again: its server would refuse it, and feedback of
    /// the one that runs would look like feedback of the new one.
    pub fn send(
        &self,
        context: &mut Context<A>,
        id: GoalId,
        goal: Act::Goal,
        timeouts: (Duration, Duration),
        on_feedback: impl FnMut(&mut A, &mut Context<A>, Act::Feedback) + 'static,
        on_end: impl FnOnce(&mut A, &mut Context<A>, Result<GoalOutcome<Act::Result>, Error>) + 'static,
    ) {
        let name = self.name.clone();
        if self.listeners.slots.borrow().contains_key(&id) {
            let mut on_end = Some(on_end);
            context.new_pollers.push(Box::new(move |app, context| {
                if let Some(on_end) = on_end.take() {
                    let name = name.clone();
                    on_end(app, context, Err(Error::GoalRuns { name }));
                }
                Keep::No
            }));
            return;
        }
        let (accept_timeout, result_timeout) = timeouts;
        let slot = Slot {
            listener: Some(Box::new(on_feedback) as FeedbackCallback<A, Act::Feedback>),
            is_known: false,
        };
        self.listeners.slots.borrow_mut().insert(id, slot);
        let (listeners, get_result) = (self.listeners.clone(), self.get_result.clone());
        let request = Act::make_goal_request_msg(id.to_msg(), goal);
        context.call(
            &self.send_goal,
            request,
            accept_timeout,
            move |app, context, answer| {
                let answer = match answer.map(|a| Act::destructure_goal_response_msg(a).0) {
                    Err(Error::Timeout { .. }) if listeners.knows(id) => Ok(true),
                    answer => answer,
                };
                let outcome = match answer {
                    Ok(true) => {
                        // Lists that came before the answer could not know the goal.
                        listeners.owed.borrow_mut().remove(&id);
                        let wait = ResultWait::<A, Act>::new(
                            (name, id),
                            get_result,
                            listeners,
                            result_timeout,
                        );
                        return wait.begin(context, on_end);
                    }
                    Ok(false) => Ok(GoalOutcome::Rejected),
                    Err(error) => Err(error),
                };
                listeners.forget(id);
                on_end(app, context, outcome);
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

/// An accepted goal whose result is awaited, and asked for again where it is overdue.
struct ResultWait<A: 'static, Act: WrappedActionTypeSupport + 'static> {
    name: String,
    id: GoalId,
    get_result: ServiceClient<Act::GetResult>,
    listeners: Rc<Listeners<A, Act::Feedback>>,
    until: Instant,
    asked: Vec<PendingCall<Act::GetResult>>,
    last_asked: Instant,
}

impl<A: 'static, Act: WrappedActionTypeSupport + 'static> ResultWait<A, Act> {
    fn new(
        (name, id): (String, GoalId),
        get_result: ServiceClient<Act::GetResult>,
        listeners: Rc<Listeners<A, Act::Feedback>>,
        timeout: Duration,
    ) -> Self {
        let now = Instant::now();
        let mut wait = Self {
            name,
            id,
            get_result,
            listeners,
            until: now + timeout,
            asked: Vec::new(),
            last_asked: now,
        };
        wait.ask(now);
        wait
    }

    fn begin(
        mut self,
        context: &mut Context<A>,
        on_end: impl FnOnce(&mut A, &mut Context<A>, Result<GoalOutcome<Act::Result>, Error>) + 'static,
    ) {
        let mut on_end = Some(on_end);
        context.new_pollers.push(Box::new(move |app, context| {
            let Some(outcome) = self.poll(Instant::now()) else {
                return Keep::Yes;
            };
            self.listeners.forget(self.id);
            if let Some(on_end) = on_end.take() {
                on_end(app, context, outcome);
            }
            Keep::No
        }));
    }

    fn ask(&mut self, now: Instant) {
        let request = Act::make_result_request_msg(self.id.to_msg());
        let left = self.until.saturating_duration_since(now);
        let call = PendingCall::new(self.get_result.clone(), request, left);
        self.asked.push(call);
        self.last_asked = now;
    }

    fn poll(&mut self, now: Instant) -> Option<Result<GoalOutcome<Act::Result>, Error>> {
        if let Some(answer) = self.asked.iter_mut().find_map(PendingCall::poll) {
            return Some(answer.and_then(|answer| self.outcome(answer)));
        }
        let owes = self.listeners.owes_since(self.id)?;
        if now - owes.max(self.last_asked) < OVERDUE {
            return None;
        }
        if self.asked.len() <= MOST_ASKED {
            self.ask(now);
            return None;
        }
        Some(Err(Error::Timeout {
            what: "action",
            name: self.name.clone(),
            timeout_s: owes.elapsed().as_secs_f64().round(),
        }))
    }

    fn outcome(
        &self,
        answer: <Act::GetResult as r2r::WrappedServiceTypeSupport>::Response,
    ) -> Result<GoalOutcome<Act::Result>, Error> {
        let (status, result) = Act::destructure_result_response_msg(answer);
        match GoalStatus::ended_as(status) {
            Some(end) => Ok(GoalOutcome::Ended(end, result)),
            None => Err(Error::ResultLost {
                name: self.name.clone(),
                status,
            }),
        }
    }
}

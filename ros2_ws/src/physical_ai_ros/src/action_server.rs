//! An action server on services and topics. r2r's own loses goals and never expires them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use physical_ai_domain::Time;
use r2r::WrappedActionTypeSupport;
use r2r::action_msgs::msg::{GoalInfo, GoalStatus as StatusMsg, GoalStatusArray};
use r2r::action_msgs::srv::CancelGoal;
use r2r::unique_identifier_msgs::msg::UUID;

use crate::action_client::GoalStatus;
use crate::clock::{time_from_msg, time_to_msg};
use crate::context::Keep;
use crate::paced_replies::PacedReplies;
use crate::{Context, Error, Publisher, Qos, Responder};

/// The id that the client chose for its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GoalId(pub [u8; 16]);

impl GoalId {
    /// A new one.
    pub fn random() -> Self {
        Self(*uuid::Uuid::new_v4().as_bytes())
    }

    pub(crate) fn from_msg(uuid: &UUID) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(&uuid.uuid) {
            *to = *from;
        }
        Self(bytes)
    }

    pub(crate) fn to_msg(self) -> UUID {
        UUID {
            uuid: self.0.to_vec(),
        }
    }

    fn is_zero(self) -> bool {
        self.0 == [0; 16]
    }
}

/// Answer to a new goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoalDecision {
    /// It will be executed.
    Accept,
    /// It will not.
    Reject,
}

/// Answer to a cancel request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelDecision {
    /// The goal will be cancelled.
    Accept,
    /// It goes on.
    Reject,
}

/// How long an action server remembers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServerOptions {
    /// Results are kept this long for clients that ask late.
    pub result_timeout: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            result_timeout: Duration::from_secs(900),
        }
    }
}

struct Goal<Act: WrappedActionTypeSupport + 'static> {
    status: GoalStatus,
    accepted: Time,
    result: Option<Act::Result>,
    finished: Option<Instant>,
    waiting: Vec<Responder<Act::GetResult>>,
}

struct Shared<Act: WrappedActionTypeSupport + 'static> {
    goals: HashMap<GoalId, Goal<Act>>,
    feedback: Publisher<Act::FeedbackMessage>,
    results: Rc<PacedReplies<Act::GetResult>>,
    changed: bool,
}

impl<Act: WrappedActionTypeSupport + 'static> Shared<Act> {
    /// The goals that a cancel request means and that have not ended, and whether its id is known.
    fn meant(&self, id: GoalId, stamp: Time) -> (Vec<GoalId>, bool) {
        let live = self
            .goals
            .iter()
            .filter(|(_, g)| !g.status.is_terminal())
            .map(|(id, g)| (*id, g.accepted));
        (selected(live, id, stamp), self.goals.contains_key(&id))
    }

    fn finish(&mut self, id: GoalId, status: GoalStatus, result: Act::Result) {
        self.changed = true;
        let Some(goal) = self.goals.get_mut(&id) else {
            return;
        };
        goal.status = status;
        goal.finished = Some(Instant::now());
        for responder in goal.waiting.drain(..) {
            let response = Act::make_result_response_msg(status as i8, result.clone());
            self.results.send(responder, response);
        }
        goal.result = Some(result);
    }
}

/// An accepted goal that runs. Ending it consumes it; dropping it aborts the goal.
pub struct GoalHandle<Act: WrappedActionTypeSupport + 'static> {
    id: GoalId,
    shared: Rc<RefCell<Shared<Act>>>,
    ended: bool,
}

impl<Act: WrappedActionTypeSupport + 'static> GoalHandle<Act> {
    /// The goal's id.
    pub fn id(&self) -> GoalId {
        self.id
    }

    /// Sends feedback to whoever listens.
    pub fn feedback(&self, feedback: Act::Feedback) {
        let message = Act::make_feedback_msg(self.id.to_msg(), feedback);
        self.shared.borrow().feedback.publish(&message);
    }

    /// Ends it as succeeded.
    pub fn succeed(self, result: Act::Result) {
        self.end(GoalStatus::Succeeded, result);
    }

    /// Ends it as aborted.
    pub fn abort(self, result: Act::Result) {
        self.end(GoalStatus::Aborted, result);
    }

    /// Ends it as canceled.
    pub fn canceled(self, result: Act::Result) {
        self.end(GoalStatus::Canceled, result);
    }

    fn end(mut self, status: GoalStatus, result: Act::Result) {
        self.ended = true;
        self.shared.borrow_mut().finish(self.id, status, result);
    }
}

impl<Act: WrappedActionTypeSupport + 'static> Drop for GoalHandle<Act> {
    fn drop(&mut self) {
        if !self.ended {
            self.shared
                .borrow_mut()
                .finish(self.id, GoalStatus::Aborted, Act::Result::default());
        }
    }
}

type OnGoal<A, Act> = Box<
    dyn FnMut(
        &mut A,
        &mut Context<A>,
        GoalId,
        &<Act as WrappedActionTypeSupport>::Goal,
    ) -> GoalDecision,
>;
type OnAccepted<A, Act> = Box<
    dyn FnMut(&mut A, &mut Context<A>, <Act as WrappedActionTypeSupport>::Goal, GoalHandle<Act>),
>;
type OnCancel<A> = Box<dyn FnMut(&mut A, &mut Context<A>, GoalId) -> CancelDecision>;

/// What an action server does with goals; hand it to [`ActionServer::serve`].
pub struct ActionServer<A: 'static, Act: WrappedActionTypeSupport + 'static> {
    /// Decides on a new goal.
    pub on_goal: OnGoal<A, Act>,
    /// Starts an accepted goal.
    pub on_accepted: OnAccepted<A, Act>,
    /// Decides on cancelling a goal, and begins to.
    pub on_cancel: OnCancel<A>,
    /// How long to remember.
    pub options: ServerOptions,
}

impl<A: 'static, Act: WrappedActionTypeSupport + 'static> ActionServer<A, Act> {
    /// Starts serving `name`.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name is not allowed.
    pub fn serve(self, context: &mut Context<A>, name: &str) -> Result<(), Error> {
        let Self {
            on_goal,
            on_accepted,
            on_cancel,
            options,
        } = self;
        let shared = Rc::new(RefCell::new(Shared::<Act> {
            goals: HashMap::new(),
            feedback: context.publisher(&format!("{name}/_action/feedback"), Qos::events())?,
            results: PacedReplies::new(context, &format!("{name}/_action/get_result")),
            changed: true,
        }));
        serve_send_goal(context, name, shared.clone(), on_goal, on_accepted)?;
        serve_cancel(context, name, shared.clone(), on_cancel)?;
        serve_get_result(context, name, shared.clone())?;
        publish_status(context, name, shared, options)
    }
}

fn serve_send_goal<A: 'static, Act: WrappedActionTypeSupport + 'static>(
    context: &mut Context<A>,
    name: &str,
    shared: Rc<RefCell<Shared<Act>>>,
    mut on_goal: OnGoal<A, Act>,
    mut on_accepted: OnAccepted<A, Act>,
) -> Result<(), Error> {
    let service = format!("{name}/_action/send_goal");
    let replies = PacedReplies::new(context, &service);
    context.service_deferred::<Act::SendGoal>(
        &service,
        move |app, context, request, responder| {
            let (uuid, goal) = Act::destructure_goal_request_msg(request);
            let id = GoalId::from_msg(&uuid);
            let known = shared.borrow().goals.contains_key(&id);
            let accepted = !known && on_goal(app, context, id, &goal) == GoalDecision::Accept;
            let now = context.now();
            if accepted {
                let mut shared = shared.borrow_mut();
                shared.changed = true;
                shared.goals.insert(
                    id,
                    Goal {
                        status: GoalStatus::Executing,
                        accepted: now,
                        result: None,
                        finished: None,
                        waiting: Vec::new(),
                    },
                );
            }
            let response = Act::make_goal_response_msg(accepted, time_to_msg(now));
            replies.send(responder, response);
            if accepted {
                let handle = GoalHandle {
                    id,
                    shared: shared.clone(),
                    ended: false,
                };
                on_accepted(app, context, goal, handle);
            }
        },
    )?;
    Ok(())
}

/// The goals that a cancel request means, by the four selectors of action_msgs/srv/CancelGoal.
fn selected<'a>(
    goals: impl Iterator<Item = (GoalId, Time)> + 'a,
    id: GoalId,
    stamp: Time,
) -> Vec<GoalId> {
    goals
        .filter(|(goal, accepted)| match (id.is_zero(), stamp.is_zero()) {
            (true, true) => true,
            (true, false) => *accepted <= stamp,
            (false, true) => *goal == id,
            (false, false) => *goal == id || *accepted <= stamp,
        })
        .map(|(goal, _)| goal)
        .collect()
}

fn serve_cancel<A: 'static, Act: WrappedActionTypeSupport + 'static>(
    context: &mut Context<A>,
    name: &str,
    shared: Rc<RefCell<Shared<Act>>>,
    mut on_cancel: OnCancel<A>,
) -> Result<(), Error> {
    use CancelGoal::{Request, Response};
    let service = format!("{name}/_action/cancel_goal");
    let mut answer = move |app: &mut A, context: &mut Context<A>, request: Request| {
        let id = GoalId::from_msg(&request.goal_info.goal_id);
        let stamp = time_from_msg(&request.goal_info.stamp);
        let (chosen, known) = shared.borrow().meant(id, stamp);
        let mut response = Response::default();
        if !id.is_zero() && chosen.is_empty() {
            // A known one has ended.
            response.return_code = if known {
                Response::ERROR_GOAL_TERMINATED as i8
            } else {
                Response::ERROR_UNKNOWN_GOAL_ID as i8
            };
            return response;
        }
        let asked = chosen.len();
        for goal in chosen {
            if on_cancel(app, context, goal) == CancelDecision::Reject {
                continue;
            }
            let mut shared = shared.borrow_mut();
            shared.changed = true;
            let Some(entry) = shared.goals.get_mut(&goal) else {
                continue;
            };
            // The application may have ended the goal inside on_cancel already.
            if !entry.status.is_terminal() {
                entry.status = GoalStatus::Canceling;
            }
            response.goals_canceling.push(GoalInfo {
                goal_id: goal.to_msg(),
                stamp: time_to_msg(entry.accepted),
            });
        }
        if asked > 0 && response.goals_canceling.is_empty() {
            response.return_code = Response::ERROR_REJECTED as i8;
        }
        response
    };
    let replies = PacedReplies::new(context, &service);
    context.service_deferred::<CancelGoal::Service>(
        &service,
        move |app, context, request, responder| {
            let response = answer(app, context, request);
            replies.send(responder, response);
        },
    )?;
    Ok(())
}

fn serve_get_result<A: 'static, Act: WrappedActionTypeSupport + 'static>(
    context: &mut Context<A>,
    name: &str,
    shared: Rc<RefCell<Shared<Act>>>,
) -> Result<(), Error> {
    let service = format!("{name}/_action/get_result");
    context.service_deferred::<Act::GetResult>(&service, move |_, _, request, responder| {
        let id = GoalId::from_msg(&Act::destructure_result_request_msg(request));
        let mut shared = shared.borrow_mut();
        let results = shared.results.clone();
        // Asked again, it is answered again: the first answer may have been lost.
        let (status, result) = match shared.goals.get_mut(&id) {
            Some(goal) => match &goal.result {
                Some(result) => (goal.status, result.clone()),
                None => return goal.waiting.push(responder),
            },
            None => (GoalStatus::Unknown, Act::Result::default()),
        };
        let response = Act::make_result_response_msg(status as i8, result);
        results.send(responder, response);
    })?;
    Ok(())
}

/// Pause between two status messages for each goal in them: every client reads every one of them, and a
/// burst of goals would keep it from everything else.
const STATUS_PAUSE: Duration = Duration::from_millis(1);

/// Publishes the status once per turn in which it changed, or less often where it is long, and forgets
/// expired goals.
fn publish_status<A: 'static, Act: WrappedActionTypeSupport + 'static>(
    context: &mut Context<A>,
    name: &str,
    shared: Rc<RefCell<Shared<Act>>>,
    options: ServerOptions,
) -> Result<(), Error> {
    let publisher: Publisher<GoalStatusArray> =
        context.publisher(&format!("{name}/_action/status"), Qos::state_latched())?;
    let mut next_expiry_check = Instant::now();
    let mut next_status = Instant::now();
    context.new_pollers.push(Box::new(move |_, _| {
        let mut shared = shared.borrow_mut();
        let now = Instant::now();
        if now >= next_expiry_check {
            next_expiry_check = now + Duration::from_secs(1);
            let before = shared.goals.len();
            shared
                .goals
                .retain(|_, g| g.finished.is_none_or(|f| now - f < options.result_timeout));
            shared.changed |= shared.goals.len() != before;
        }
        if now >= next_status && std::mem::take(&mut shared.changed) {
            let goals = u32::try_from(shared.goals.len()).unwrap_or(u32::MAX);
            next_status = now
                + STATUS_PAUSE
                    .saturating_mul(goals)
                    .min(Duration::from_secs(1));
            let status_list = shared
                .goals
                .iter()
                .map(|(id, goal)| StatusMsg {
                    goal_info: GoalInfo {
                        goal_id: id.to_msg(),
                        stamp: time_to_msg(goal.accepted),
                    },
                    status: goal.status as i8,
                })
                .collect();
            publisher.publish(&GoalStatusArray { status_list });
        }
        Keep::Yes
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancel_selects_by_id_by_time_by_both_and_all() {
        let (a, b, c) = (GoalId([1; 16]), GoalId([2; 16]), GoalId([3; 16]));
        let at = Time::from_seconds;
        let goals = [(a, at(1.0)), (b, at(2.0)), (c, at(3.0))];
        let check = |id, stamp, expected: &[GoalId]| {
            assert_eq!(selected(goals.into_iter(), id, stamp), expected);
        };
        check(GoalId([0; 16]), Time::ZERO, &[a, b, c]);
        check(GoalId([0; 16]), at(2.0), &[a, b]);
        check(c, Time::ZERO, &[c]);
        check(c, at(1.0), &[a, c]);
    }
}

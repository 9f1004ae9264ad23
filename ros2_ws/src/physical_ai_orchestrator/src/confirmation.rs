//! Plans that wait for a user's word: nothing was submitted to the scheduler, and nothing moves.

use physical_ai_domain::{MissionId, Plan, Time};
use physical_ai_fleet::Error;
use physical_ai_mission::MissionError;
use physical_ai_ros::msg::physical_ai_msgs::srv::ConfirmMission;
use physical_ai_ros::{Context, GoalId, Responder, time_from_msg};

use crate::goals::{Goals, Waiting};
use crate::intake::{Refusal, Source, validated};
use crate::messages;
use crate::node::Orchestrator;

/// Most plans that wait at a time: whoever sends more does not read them.
const MOST: usize = 100;
/// A look at the clock counts for no more than this, seconds: while this process was stopped nobody could
/// answer.
const LONGEST_LOOK_S: f64 = 0.5;

/// A plan that waits.
pub struct Confirming {
    pub plan: Plan,
    /// The same as JSON.
    pub plan_json: String,
    pub planner: &'static str,
    /// Text or plan, as it came.
    pub source: String,
    pub priority: u8,
    /// ROS time; zero: none.
    deadline: Time,
    /// ROS time at which it was asked for.
    pub since: Time,
    /// Time left for an answer, on the steady clock.
    left_s: f64,
    looked_s: f64,
    /// Everybody who sent it.
    clients: Vec<Waiting>,
}

impl Goals {
    /// Tells those who wait once more that an answer is due: a first message may be lost.
    pub fn ask_again(&self) {
        for asked in self.confirming.values() {
            let feedback = messages::confirming_feedback(asked);
            for client in &asked.clients {
                client.handle.feedback(feedback.clone());
            }
        }
    }

    /// The mission that waits for an answer to this goal.
    pub fn confirming_of(&self, goal: GoalId) -> Option<MissionId> {
        let is_of = |asked: &Confirming| asked.clients.iter().any(|c| c.handle.id() == goal);
        let mut asked = self.confirming.iter();
        asked.find(|(_, a)| is_of(a)).map(|(id, _)| id.clone())
    }

    /// Ends a mission that waits; the client that cancelled its goal is told so.
    pub fn end_confirming(
        &mut self,
        id: &MissionId,
        refusal: &Refusal,
        canceling: Option<GoalId>,
    ) -> bool {
        let Some(asked) = self.confirming.remove(id) else {
            return false;
        };
        tracing::info!(mission = %id, "mission ended: {}", refusal.error_msg);
        for client in asked.clients {
            let result = messages::refusal(refusal, id.as_str());
            if canceling == Some(client.handle.id()) {
                client.handle.canceled(result);
            } else {
                client.handle.abort(result);
            }
        }
        true
    }
}

impl Orchestrator {
    /// Lets a plan wait.
    pub(crate) fn ask_to_confirm(
        &mut self,
        context: &Context<Self>,
        id: MissionId,
        source: &Source,
        (plan, planner): (Plan, &'static str),
        client: Waiting,
    ) {
        let running = self.goals.confirming.len();
        if running >= MOST {
            let text = format!(
                "{running} plans wait to be confirmed already: at most {MOST} are allowed; answer them \
                 (`physical-ai mission list`, `physical-ai mission confirm ID`)"
            );
            client.refuse(&Refusal::new(MissionError::Rejected, text));
            return;
        }
        tracing::info!(mission = %id, planner, "the plan waits to be confirmed");
        let asked = Confirming {
            plan_json: serde_json::to_string(&plan).unwrap_or_default(),
            plan,
            planner,
            source: source.as_str().to_owned(),
            priority: client.goal.priority,
            deadline: time_from_msg(&client.goal.deadline),
            since: context.now(),
            left_s: self.confirm_timeout_s,
            looked_s: context.steady_s(),
            clients: vec![client],
        };
        self.goals.confirming.insert(id, asked);
        self.goals.ask_again();
        self.missions_changed = true;
    }

    /// One more client of a mission that waits; gives the client back if there is none.
    pub(crate) fn join_confirming(
        &mut self,
        id: &MissionId,
        source: &Source,
        client: Waiting,
    ) -> Option<Waiting> {
        let Some(asked) = self.goals.confirming.get_mut(id) else {
            return Some(client);
        };
        if asked.source != source.as_str() {
            client.refuse(&Refusal::id_in_use(id));
            return None;
        }
        asked.clients.push(client);
        self.goals.ask_again();
        None
    }

    /// A mission began whose plan was asked about once more meanwhile: those who wait hear of it.
    pub(crate) fn settle_confirming(&mut self, context: &mut Context<Self>, id: &MissionId) {
        for client in self
            .goals
            .confirming
            .remove(id)
            .into_iter()
            .flat_map(|a| a.clients)
        {
            self.take_goal(context, client);
        }
    }

    /// Ends what nobody answered in time.
    pub(crate) fn end_overdue_confirmations(&mut self, context: &Context<Self>) {
        let (now, steady_s) = (context.now(), context.steady_s());
        let mut over = Vec::new();
        for (id, asked) in &mut self.goals.confirming {
            asked.left_s -= (steady_s - asked.looked_s).min(LONGEST_LOOK_S);
            asked.looked_s = steady_s;
            if !asked.deadline.is_zero() && now >= asked.deadline {
                let text = "the deadline passed while the plan waited to be confirmed";
                over.push((id.clone(), Refusal::new(MissionError::DeadlineMissed, text)));
            } else if asked.left_s <= 0.0 {
                let text = format!(
                    "nobody confirmed the plan within {:.0} s, and nothing was started: send the mission again \
                     and confirm it with `physical-ai mission confirm {id}` (service confirm_mission), or send \
                     it with `physical-ai mission run --yes`",
                    self.confirm_timeout_s
                );
                over.push((id.clone(), Refusal::new(MissionError::NotConfirmed, text)));
            }
        }
        for (id, refusal) in over {
            self.end_unconfirmed(&id, &refusal);
        }
    }

    fn end_unconfirmed(&mut self, id: &MissionId, refusal: &Refusal) {
        self.missions_changed |= self.goals.end_confirming(id, refusal, None);
    }

    /// Why a mission cannot be answered for.
    fn not_asked(&self, id: &str) -> Refusal {
        let missions = self.scheduler.state().missions();
        let known = missions.iter().find(|m| m.id.as_str() == id);
        let text = known.map_or_else(
            || format!("mission_id {id:?}: no such mission waits to be confirmed; see `physical-ai mission list`"),
            |m| format!("mission {id} does not wait to be confirmed: it is {}", m.phase.as_str()),
        );
        Refusal::new(MissionError::InvalidGoal, text)
    }
}

fn answer(responder: Responder<ConfirmMission::Service>, outcome: Result<(), Refusal>) {
    let mut response = ConfirmMission::Response::default();
    if let Err(refusal) = outcome {
        response.error_code = refusal.error as u16;
        response.error_msg = refusal.error_msg;
    }
    responder.respond(response);
}

/// Serves `confirm_mission`.
pub fn confirm_mission(
    app: &mut Orchestrator,
    context: &mut Context<Orchestrator>,
    request: ConfirmMission::Request,
    responder: Responder<ConfirmMission::Service>,
) {
    let asked = MissionId::try_new(request.mission_id.as_str())
        .ok()
        .and_then(|id| Some((app.goals.confirming.get(&id)?, id)));
    let Some((asked, id)) = asked else {
        return answer(responder, Err(app.not_asked(&request.mission_id)));
    };
    if !request.confirm {
        let text = "the plan was declined, and nothing was started: say the mission in other words, or give a plan";
        app.end_unconfirmed(&id, &Refusal::new(MissionError::NotConfirmed, text));
        return answer(responder, Ok(()));
    }
    let made = (asked.plan.clone(), asked.planner);
    // Nothing is wrong with the plan: it may be confirmed again when the orchestrator takes missions.
    if let Err(refusal) = app.admit(context) {
        return answer(responder, Err(refusal));
    }
    // What is offered may have changed since it was made.
    let (plan, _) = match validated(made, &app.scheduler.state().fleet()) {
        Ok(made) => made,
        Err(refusal) => {
            app.end_unconfirmed(&id, &refusal);
            return answer(responder, Err(refusal));
        }
    };
    app.check_tasks(context, &plan, move |app, context, violations| {
        if !violations.is_empty() {
            let refusal = Refusal::from(Error::Invalid(violations));
            app.end_unconfirmed(&id, &refusal);
            return answer(responder, Err(refusal));
        }
        // It may have been answered, cancelled or overdue meanwhile.
        let Some(asked) = app.goals.confirming.remove(&id) else {
            return answer(responder, Err(app.not_asked(id.as_str())));
        };
        tracing::info!(mission = %id, "the plan was confirmed");
        app.missions_changed = true;
        let since_s = context.steady_s();
        for client in asked.clients {
            let made = Some(Ok((asked.plan.clone(), asked.planner)));
            let confirmed = Waiting {
                since_s,
                made,
                is_checked: true,
                is_confirmed: true,
                ..client
            };
            app.take_goal(context, confirmed);
        }
        answer(responder, Ok(()));
    });
}

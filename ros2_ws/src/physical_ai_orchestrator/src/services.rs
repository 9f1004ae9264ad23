//! The orchestrator's services: validate, cancel, resolve; confirm is in `confirmation.rs`.

use physical_ai_domain::{MissionId, Plan, TaskId, Time};
use physical_ai_fleet::{Fleet, predict, validate};
use physical_ai_mission::{Decision, Event, MissionError};
use physical_ai_ros::msg::physical_ai_msgs::srv::{
    CancelMission, ConfirmMission, ResolveTask, ValidateMission,
};
use physical_ai_ros::{Context, Error, GoalId, Responder, time_from_msg};

use crate::confirmation::confirm_mission;
use crate::deadline::Clocks;
use crate::decomposition::{Made, Question};
use crate::intake::{Refusal, Source, given_plan};
use crate::node::Orchestrator;

pub fn serve(context: &mut Context<Orchestrator>) -> Result<(), Error> {
    context.service_deferred::<ValidateMission::Service>("validate_mission", validate_mission)?;
    context.service::<CancelMission::Service>("cancel_mission", |app, context, request| {
        cancel_mission(app, context, &request.mission_id)
    })?;
    context.service_deferred::<ConfirmMission::Service>("confirm_mission", confirm_mission)?;
    context.service::<ResolveTask::Service>("resolve_task", resolve_task)?;
    Ok(())
}

fn validate_mission(
    app: &mut Orchestrator,
    context: &mut Context<Orchestrator>,
    request: ValidateMission::Request,
    responder: Responder<ValidateMission::Service>,
) {
    let deadline = time_from_msg(&request.deadline);
    match Source::try_new(request.text, request.plan) {
        Err(refusal) => judge(app, context, Err(refusal), deadline, responder),
        Ok(Source::Plan(text)) => judge(app, context, given_plan(&text), deadline, responder),
        Ok(Source::Text(text)) => {
            // A deadline that is refused anyway leaves the model its time.
            let is_taken = !deadline.is_zero() && clocks(context).check(deadline).is_ok();
            let question = Question {
                id: GoalId::random(),
                mission_id: String::new(),
                text,
                deadline: is_taken.then_some(deadline),
            };
            app.decompose(context, question, move |app, context, made| {
                judge(app, context, made, deadline, responder);
            });
        }
    }
}

fn clocks(context: &Context<Orchestrator>) -> Clocks {
    Clocks::read(context.now(), context.uses_sim_time())
}

/// Answers with everything that speaks against a mission. Workers are asked about a plan that is valid
/// otherwise: what they would say about one that is not is said already.
fn judge(
    app: &mut Orchestrator,
    context: &mut Context<Orchestrator>,
    made: Made,
    deadline: Time,
    responder: Responder<ValidateMission::Service>,
) {
    let of_deadline = clocks(context).check(deadline).err();
    let made = match made {
        Ok(made) => made,
        Err(refusal) => return responder.respond(refused(refusal, of_deadline)),
    };
    let violations = validate(&made.0, &app.scheduler.state().fleet());
    if !violations.is_empty() {
        let fleet = app.scheduler.state().fleet();
        return responder.respond(verdict(&made, &fleet, of_deadline, violations));
    }
    let plan = made.0.clone();
    app.check_tasks(context, &plan, move |app, _, violations| {
        let fleet = app.scheduler.state().fleet();
        responder.respond(verdict(&made, &fleet, of_deadline, violations));
    });
}

fn refused(refusal: Refusal, of_deadline: Option<Refusal>) -> ValidateMission::Response {
    let error_code = refusal.error as u16;
    let refusals = std::iter::once(refusal).chain(of_deadline);
    let violations: Vec<String> = refusals.map(|r| r.error_msg).collect();
    ValidateMission::Response {
        error_msg: violations.join("; "),
        violations,
        error_code,
        ..Default::default()
    }
}

fn verdict(
    (plan, planner): &(Plan, &'static str),
    fleet: &Fleet,
    of_deadline: Option<Refusal>,
    violations: Vec<String>,
) -> ValidateMission::Response {
    let mut response = ValidateMission::Response::default();
    (*planner).clone_into(&mut response.planner);
    response.plan = serde_json::to_string(plan).unwrap_or_default();
    let error = match &of_deadline {
        Some(refusal) if violations.is_empty() => refusal.error,
        _ => MissionError::InvalidMission,
    };
    response.violations = violations;
    response.violations.extend(of_deadline.map(|r| r.error_msg));
    response.valid = response.violations.is_empty();
    if response.valid {
        let prediction = predict(plan, fleet);
        response.task_ids = plan.tasks.iter().map(|t| t.id.to_string()).collect();
        response.predicted_duration_s = prediction.duration_s();
        response.predicted_start_s = prediction.start_s;
        response.predicted_end_s = prediction.end_s;
    } else {
        response.error_code = error as u16;
        response.error_msg = response.violations.join("; ");
    }
    response
}

fn cancel_mission(
    app: &mut Orchestrator,
    context: &mut Context<Orchestrator>,
    wanted: &str,
) -> CancelMission::Response {
    let mut response = CancelMission::Response::default();
    let ids: Vec<MissionId> = app
        .scheduler
        .state()
        .missions()
        .iter()
        .filter(|m| !m.phase.is_terminal() && (wanted.is_empty() || m.id.as_str() == wanted))
        .map(|m| m.id.clone())
        .collect();
    let confirming: Vec<MissionId> = app
        .goals
        .confirming
        .keys()
        .filter(|id| wanted.is_empty() || id.as_str() == wanted)
        .cloned()
        .collect();
    if ids.is_empty() && confirming.is_empty() && !wanted.is_empty() {
        response.error_code = MissionError::InvalidGoal as u16;
        response.error_msg =
            format!("mission_id {wanted:?}: no such mission runs; see `physical-ai mission list`");
    }
    for id in ids {
        response.cancelling.push(id.to_string());
        app.step(context, Event::Cancel(id));
    }
    let refusal = Refusal::new(MissionError::Canceled, "cancelled by the user");
    for id in confirming {
        response.cancelling.push(id.to_string());
        app.missions_changed |= app.goals.end_confirming(&id, &refusal, None);
    }
    response
}

fn resolve_task(
    app: &mut Orchestrator,
    context: &mut Context<Orchestrator>,
    request: ResolveTask::Request,
) -> ResolveTask::Response {
    let refuse = |error_msg: String| ResolveTask::Response {
        error_code: MissionError::InvalidGoal as u16,
        error_msg,
    };
    let decision = match request.decision {
        0 => Decision::Retry,
        1 => Decision::Skip,
        2 => Decision::Fail,
        other => return refuse(format!("decision is {other}: must be 0, 1 or 2")),
    };
    let ids = MissionId::try_new(request.mission_id)
        .and_then(|m| Ok((m, TaskId::try_new(request.task_id)?)));
    let (mission, task) = match ids {
        Ok(ids) => ids,
        Err(error) => return refuse(error.to_string()),
    };
    if let Some(fault) = app.scheduler.fault() {
        return refuse(fault.to_owned());
    }
    let held = app
        .scheduler
        .state()
        .mission(&mission)
        .is_some_and(|m| m.tasks.iter().any(|t| t.spec.id == task && t.status.held));
    if !held {
        return refuse(format!(
            "task {task} of mission {mission} does not wait for a decision"
        ));
    }
    app.step(context, Event::Resolve(mission, task, decision));
    ResolveTask::Response::default()
}

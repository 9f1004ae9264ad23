//! The orchestrator's services: validate, cancel, resolve.

use physical_ai_domain::{MissionId, TaskId};
use physical_ai_mission::{Decision, Event, Fleet, MissionError, predict, validate};
use physical_ai_ros::msg::physical_ai_msgs::srv::{CancelMission, ResolveTask, ValidateMission};
use physical_ai_ros::{Context, Error, GoalId, Responder};

use crate::decomposition::{Made, Question};
use crate::intake::{Source, given_plan};
use crate::node::Orchestrator;

pub fn serve(context: &mut Context<Orchestrator>) -> Result<(), Error> {
    context.service_deferred::<ValidateMission::Service>("validate_mission", validate_mission)?;
    context.service::<CancelMission::Service>("cancel_mission", |app, context, request| {
        cancel_mission(app, context, &request.mission_id)
    })?;
    context.service::<ResolveTask::Service>("resolve_task", resolve_task)?;
    Ok(())
}

fn validate_mission(
    app: &mut Orchestrator,
    context: &mut Context<Orchestrator>,
    request: ValidateMission::Request,
    responder: Responder<ValidateMission::Service>,
) {
    match Source::try_new(request.text, request.plan) {
        Err(refusal) => responder.respond(verdict(Err(refusal), &app.scheduler.state().fleet())),
        Ok(Source::Plan(text)) => {
            responder.respond(verdict(given_plan(&text), &app.scheduler.state().fleet()));
        }
        Ok(Source::Text(text)) => {
            let question = Question {
                id: GoalId::random(),
                mission_id: String::new(),
                text,
                deadline: None,
            };
            app.decompose(context, question, |app, _, made| {
                responder.respond(verdict(made, &app.scheduler.state().fleet()));
            });
        }
    }
}

fn verdict(made: Made, fleet: &Fleet) -> ValidateMission::Response {
    let mut response = ValidateMission::Response::default();
    let (plan, planner) = match made {
        Ok(made) => made,
        Err(refusal) => {
            response.violations = vec![refusal.error_msg.clone()];
            response.error_code = refusal.error as u16;
            response.error_msg = refusal.error_msg;
            return response;
        }
    };
    planner.clone_into(&mut response.planner);
    response.plan = serde_json::to_string(&plan).unwrap_or_default();
    response.violations = validate(&plan, fleet);
    response.valid = response.violations.is_empty();
    if response.valid {
        let prediction = predict(&plan, fleet);
        response.task_ids = plan.tasks.iter().map(|t| t.id.to_string()).collect();
        response.predicted_duration_s = prediction.duration_s();
        response.predicted_start_s = prediction.start_s;
        response.predicted_end_s = prediction.end_s;
    } else {
        response.error_code = MissionError::InvalidMission as u16;
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
    if ids.is_empty() && !wanted.is_empty() {
        response.error_code = MissionError::InvalidGoal as u16;
        response.error_msg =
            format!("mission_id {wanted:?}: no such mission runs; see `physical-ai mission list`");
    }
    for id in ids {
        response.cancelling.push(id.to_string());
        app.step(context, Event::Cancel(id));
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

//! Workers look at a plan before it is taken: `<worker>/check_tasks`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use physical_ai_domain::{Plan, RobotName, WorkerName};
use physical_ai_mission::KnownWorker;
use physical_ai_ros::msg::physical_ai_msgs::srv::CheckTasks;
use physical_ai_ros::{Context, Error, ServiceClient};

use crate::node::Orchestrator;

/// Longest wait for a worker's answer.
const TIMEOUT: Duration = Duration::from_secs(1);
/// A worker that was seen so long ago and does not serve the check has none, seconds.
const DISCOVERY_S: f64 = 2.0;

/// Who can be asked.
#[derive(Default)]
pub struct TaskChecks {
    clients: BTreeMap<WorkerName, (ServiceClient<CheckTasks::Service>, f64)>,
}

impl TaskChecks {
    /// Keeps an eye on who serves the check, so that nobody who does not is waited for.
    pub fn look(&self) {
        for (client, _) in self.clients.values() {
            client.is_available();
        }
    }
}

/// What came back so far, and what to do when all have answered.
struct Gathering<Then> {
    open: usize,
    found: BTreeMap<WorkerName, Vec<String>>,
    then: Option<Then>,
}

impl Orchestrator {
    /// A worker that is new may be asked from now on.
    pub(crate) fn know_checks_of(&mut self, context: &mut Context<Self>, worker: &WorkerName) {
        match context.client::<CheckTasks::Service>(&format!("{worker}/check_tasks")) {
            Ok(client) => {
                client.is_available();
                let known = (client, context.steady_s());
                self.task_checks.clients.insert(worker.clone(), known);
            }
            Err(error) => tracing::error!(%worker, "its tasks cannot be checked: {error}"),
        }
    }

    /// Asks every worker that offers a skill of the plan whether it could carry its tasks out now; `then`
    /// gets what they object to, at once if there is nobody to ask. A worker without the check, or without
    /// an answer, objects to nothing.
    pub(crate) fn check_tasks(
        &mut self,
        context: &mut Context<Self>,
        plan: &Plan,
        then: impl FnOnce(&mut Self, &mut Context<Self>, Vec<String>) + 'static,
    ) {
        let workers = self.workers_to_ask(context, plan);
        if workers.is_empty() {
            return then(self, context, Vec::new());
        }
        let gathering = Rc::new(RefCell::new(Gathering {
            open: workers.len(),
            found: BTreeMap::new(),
            then: Some(then),
        }));
        let plan = serde_json::to_string(plan).unwrap_or_default();
        for (worker, client) in workers {
            let gathering = gathering.clone();
            let request = CheckTasks::Request { plan: plan.clone() };
            context.call(&client, request, TIMEOUT, move |app, context, answer| {
                let violations = app.objections(&worker, answer);
                let then = {
                    let mut gathering = gathering.borrow_mut();
                    gathering.found.insert(worker, violations);
                    gathering.open -= 1;
                    if gathering.open > 0 {
                        return;
                    }
                    gathering.then.take()
                };
                let found = std::mem::take(&mut gathering.borrow_mut().found);
                if let Some(then) = then {
                    then(app, context, without_repetitions(found));
                }
            });
        }
    }

    fn workers_to_ask(
        &mut self,
        context: &Context<Self>,
        plan: &Plan,
    ) -> Vec<(WorkerName, ServiceClient<CheckTasks::Service>)> {
        let now_s = context.steady_s();
        let (mut ask, mut without) = (Vec::new(), Vec::new());
        for worker in self.scheduler.state().workers() {
            let name = &worker.report.worker;
            let Some((client, since_s)) = self.task_checks.clients.get(name) else {
                continue;
            };
            if !worker.takes_tasks() || !is_concerned(worker, plan) {
                continue;
            }
            // The graph knows a service some time after its node.
            if client.is_available() || now_s < since_s + DISCOVERY_S {
                ask.push((name.clone(), client.clone()));
            } else {
                without.push(name.clone());
            }
        }
        for worker in without {
            self.warn_once(format!(
                "{worker} serves no {worker}/check_tasks: what it could not carry out shows only when it runs"
            ));
        }
        ask
    }

    fn objections(
        &mut self,
        worker: &WorkerName,
        answer: Result<CheckTasks::Response, Error>,
    ) -> Vec<String> {
        let problem = match answer {
            Ok(answer) if answer.error_code == 0 => return answer.violations,
            Ok(answer) => answer.error_msg,
            Err(error) => error.to_string(),
        };
        self.warn_once(format!("{worker} does not check tasks: {problem}"));
        Vec::new()
    }
}

/// True if a worker offers what a task asks for.
fn is_concerned(worker: &KnownWorker, plan: &Plan) -> bool {
    let offers = |skill: &str, robot: Option<&RobotName>| {
        worker.report.capabilities.iter().any(|c| {
            c.skill.as_str() == skill
                && robot.is_none_or(|r| c.robot.as_ref().is_none_or(|own| own == r))
        })
    };
    let mut tasks = plan.tasks.iter();
    tasks.any(|task| offers(task.skill.as_str(), task.robot.as_ref()))
}

fn without_repetitions(found: BTreeMap<WorkerName, Vec<String>>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = found.into_values().flatten();
    all.filter(|text| seen.insert(text.clone())).collect()
}

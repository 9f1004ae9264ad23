//! What runs in the domain and namespace.

use physical_ai_ros::msg::physical_ai_msgs::msg::WorkerStatus;

use super::check::Check;
use crate::arguments::Global;
use crate::supervisor::State;
use crate::{connection, environment, fleet};

const NAME: &str = "running";

/// The deployment of `up`, and the workers that are heard.
pub async fn checks(global: &Global) -> Vec<Check> {
    let deployment = State::load_running(&environment::state_file(global));
    let mut checks = vec![supervised(global, deployment.as_ref())];
    match connection::connect(global) {
        Err(error) => checks.push(Check::fail(
            "ROS",
            format!("{error:#}"),
            "the checks above say what is missing",
        )),
        Ok(client) => match fleet::discover(&client).await {
            Ok(fleet) => checks.push(heard(deployment.is_some(), &fleet.workers)),
            Err(error) => checks.push(Check::fail(
                "ROS",
                format!("{error:#}"),
                "is the interface package the one that this program was built with? `make build`",
            )),
        },
    }
    checks
}

fn supervised(global: &Global, state: Option<&State>) -> Check {
    let Some(state) = state else {
        return Check::ok(
            NAME,
            format!(
                "no deployment of `physical-ai up` in {}",
                environment::place_of_suite(global)
            ),
        );
    };
    let late: Vec<String> = state
        .nodes
        .iter()
        .filter(|n| n.state != "ready")
        .map(|n| format!("{} {}", n.name, n.state))
        .collect();
    let found = format!(
        "{} (process {}, {} nodes)",
        state.deployment.display(),
        state.pid,
        state.nodes.len()
    );
    if late.is_empty() {
        Check::ok(NAME, found)
    } else {
        Check::warn(
            NAME,
            format!("{found}: {}", late.join(", ")),
            "the output of `physical-ai up` says why; a silent node says that it is active and sends nothing",
        )
    }
}

fn heard(is_expected: bool, workers: &[WorkerStatus]) -> Check {
    let names: Vec<&str> = workers.iter().map(|w| w.worker.as_str()).collect();
    if !names.is_empty() {
        Check::ok("workers heard", names.join(", "))
    } else if is_expected {
        Check::fail(
            "workers heard",
            "none although a deployment runs",
            "messages do not get through: same ROS_DOMAIN_ID and RMW_IMPLEMENTATION everywhere? \
             firewall on the loopback interface?",
        )
    } else {
        Check::ok("workers heard", "none")
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    #[test]
    fn silence_is_a_failure_only_when_a_deployment_runs() {
        assert_eq!(heard(false, &[]).verdict, Verdict::Ok);
        assert_eq!(heard(true, &[]).verdict, Verdict::Fail);
        let worker = WorkerStatus {
            worker: "agent_worker".to_owned(),
            ..Default::default()
        };
        let check = heard(true, &[worker]);
        assert_eq!(check.verdict, Verdict::Ok);
        assert!(check.found.contains("agent_worker"));
    }
}

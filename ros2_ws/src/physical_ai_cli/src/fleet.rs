//! `workers` and `robots`: who is there and what can be asked of them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

use physical_ai_ros::msg::physical_ai_msgs::msg::{
    ControlMetrics, SafetyStatus, WorkerStatus, WorkerStatusArray,
};
use physical_ai_ros::{Client, Qos};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::arguments::Global;
use crate::{connection, output};

/// How long to wait for the orchestrator's list, which comes as soon as it is discovered; on a busy
/// machine that takes seconds. Without an orchestrator, heartbeats of everybody are heard meanwhile.
const LISTENING: Duration = Duration::from_secs(5);
/// Metrics come once a second, after a moment of discovery.
const METRICS: Duration = Duration::from_millis(1500);
/// How often what was heard is looked through.
const POLL: Duration = Duration::from_millis(20);

/// Workers, and whether it was the orchestrator who listed them.
pub struct Fleet {
    /// By name.
    pub workers: Vec<WorkerStatus>,
    /// False: only heartbeats were heard, no orchestrator.
    pub is_orchestrated: bool,
}

/// Asks the orchestrator; without one, listens to the workers themselves.
///
/// # Errors
/// If ROS cannot be reached.
pub async fn discover(client: &Client) -> anyhow::Result<Fleet> {
    let mut listed = client
        .subscribe::<WorkerStatusArray>("workers", Qos::state_latched())
        .await?;
    let mut heartbeats = client
        .subscribe::<WorkerStatus>("worker_status", Qos::events())
        .await?;
    let until = Instant::now() + LISTENING;
    let mut heard: BTreeMap<String, WorkerStatus> = BTreeMap::new();
    loop {
        tokio::select! {
            Ok(Some(array)) = timeout_at(until, listed.recv()) => {
                return Ok(Fleet { workers: array.workers, is_orchestrated: true });
            }
            Ok(Some(status)) = timeout_at(until, heartbeats.recv()) => {
                heard.insert(status.worker.clone(), status);
            }
            else => break,
        }
    }
    Ok(Fleet {
        workers: heard.into_values().collect(),
        is_orchestrated: false,
    })
}

async fn find_fleet(client: &Client, global: &Global) -> anyhow::Result<Fleet> {
    let fleet = discover(client).await?;
    if fleet.workers.is_empty() && !fleet.is_orchestrated {
        return Err(connection::nobody(global, "orchestrator and no worker"));
    }
    if !fleet.is_orchestrated {
        output::note(
            "physical-ai: no orchestrator answers; these are the workers whose heartbeat is heard",
        );
    }
    Ok(fleet)
}

/// Lists workers.
pub async fn workers(global: &Global) -> anyhow::Result<ExitCode> {
    let client = connection::connect(global)?;
    let fleet = find_fleet(&client, global).await?;
    if global.json {
        for worker in &fleet.workers {
            output::json_line(&worker_json(worker));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = output::table(&[
        "worker", "kind", "state", "load", "tasks", "robots", "host", "pid",
    ]);
    for worker in &fleet.workers {
        let tasks: Vec<String> = worker
            .running
            .iter()
            .map(|t| format!("{}/{}", t.mission_id, t.task_id))
            .collect();
        let robots: Vec<&str> = robots_of(worker).into_iter().collect();
        table.add_row([
            worker.worker.clone(),
            worker.kind.clone(),
            output::worker_state(worker.state).to_owned(),
            format!("{:.0} %", worker.load * 100.0),
            tasks.join("\n"),
            robots.join(", "),
            worker.host.clone(),
            worker.pid.to_string(),
        ]);
    }
    output::line(table);
    Ok(ExitCode::SUCCESS)
}

fn robots_of(worker: &WorkerStatus) -> BTreeSet<&str> {
    worker
        .capabilities
        .iter()
        .map(|c| c.robot.as_str())
        .filter(|r| !r.is_empty())
        .collect()
}

fn worker_json(worker: &WorkerStatus) -> Value {
    let amounts = |resources: &[physical_ai_ros::msg::physical_ai_msgs::msg::Resource]| {
        resources
            .iter()
            .map(|r| (r.name.clone(), json!(r.quantity)))
            .collect::<serde_json::Map<_, _>>()
    };
    json!({
        "worker": worker.worker,
        "kind": worker.kind,
        "state": output::worker_state(worker.state),
        "incarnation": worker.incarnation,
        "host": worker.host,
        "pid": worker.pid,
        "load": worker.load,
        "lease_s": worker.lease_s,
        "resources_total": amounts(&worker.resources_total),
        "resources_free": amounts(&worker.resources_free),
        "robots": robots_of(worker),
        "skills": worker.capabilities.iter().map(|c| c.skill.as_str()).collect::<BTreeSet<_>>(),
        "running": worker.running.iter().map(|t| json!({
            "mission_id": t.mission_id, "task_id": t.task_id, "attempt": t.attempt,
            "progress": t.progress, "state": output::task_state(t.state.value),
        })).collect::<Vec<_>>(),
    })
}

/// One robot as its agent offers it.
#[derive(Debug, Default, PartialEq)]
struct Robot {
    workers: BTreeSet<String>,
    /// Skill → why it is not ready; empty: it is.
    skills: BTreeMap<String, String>,
}

fn robots_by_name(workers: &[WorkerStatus]) -> BTreeMap<String, Robot> {
    let mut robots: BTreeMap<String, Robot> = BTreeMap::new();
    for worker in workers {
        for offer in worker.capabilities.iter().filter(|c| !c.robot.is_empty()) {
            let robot = robots.entry(offer.robot.clone()).or_default();
            robot.workers.insert(worker.worker.clone());
            let reason = match (offer.ready, offer.reason.as_str()) {
                (true, _) => String::new(),
                (false, "") => "not ready".to_owned(),
                (false, reason) => reason.to_owned(),
            };
            robot.skills.insert(offer.skill.clone(), reason);
        }
    }
    robots
}

impl Robot {
    fn not_ready(&self) -> BTreeSet<&str> {
        self.skills
            .values()
            .map(String::as_str)
            .filter(|r| !r.is_empty())
            .collect()
    }
}

/// What several nodes measured of one robot; each measures another part.
#[derive(Debug, Clone, Default, PartialEq)]
struct Measured {
    rate_hz: Option<f64>,
    latency_p50_us: Option<f64>,
    latency_p99_us: Option<f64>,
    jitter_p50_us: Option<f64>,
    jitter_p99_us: Option<f64>,
    safety: Option<(u8, String)>,
}

impl Measured {
    fn is_complete(&self) -> bool {
        self.rate_hz.is_some() && self.latency_p50_us.is_some() && self.safety.is_some()
    }

    fn add(&mut self, m: &ControlMetrics) {
        let keep = |old: &mut Option<f64>, new: f64| {
            if new.is_finite() {
                *old = Some(new);
            }
        };
        keep(&mut self.latency_p50_us, m.latency_p50_us);
        keep(&mut self.latency_p99_us, m.latency_p99_us);
        keep(&mut self.jitter_p50_us, m.jitter_p50_us);
        keep(&mut self.jitter_p99_us, m.jitter_p99_us);
        // The rate of the loop is told by who measures its jitter.
        if m.jitter_p50_us.is_finite() {
            keep(&mut self.rate_hz, m.rate_hz);
        }
    }
}

async fn measure<'a>(
    client: &Client,
    robots: impl Iterator<Item = &'a String>,
) -> anyhow::Result<BTreeMap<String, Measured>> {
    let until = Instant::now() + METRICS;
    let mut measured = BTreeMap::new();
    let mut streams = Vec::new();
    for robot in robots {
        let metrics = client
            .subscribe::<ControlMetrics>(&format!("{robot}/control_metrics"), Qos::standard())
            .await?;
        let safety = client
            .subscribe::<SafetyStatus>(&format!("{robot}/safety"), Qos::state_latched())
            .await?;
        streams.push((robot.clone(), metrics, safety));
    }
    loop {
        for (robot, metrics, safety) in &mut streams {
            let entry: &mut Measured = measured.entry(robot.clone()).or_default();
            while let Ok(m) = metrics.try_recv() {
                entry.add(&m);
            }
            while let Ok(s) = safety.try_recv() {
                entry.safety = Some((s.state, s.cause));
            }
        }
        if Instant::now() >= until || measured.values().all(Measured::is_complete) {
            return Ok(measured);
        }
        tokio::time::sleep(POLL).await;
    }
}

const fn safety_state(value: u8) -> &'static str {
    match value {
        0 => "normal",
        1 => "limited",
        2 => "stopped",
        3 => "latched",
        _ => "unknown",
    }
}

/// Lists robots.
pub async fn robots(global: &Global) -> anyhow::Result<ExitCode> {
    let client = connection::connect(global)?;
    let fleet = find_fleet(&client, global).await?;
    let robots = robots_by_name(&fleet.workers);
    let measured = measure(&client, robots.keys()).await?;
    let nothing = Measured::default();
    let rows = robots
        .iter()
        .map(|(name, robot)| (name, robot, measured.get(name).unwrap_or(&nothing)));
    if global.json {
        for (name, robot, measured) in rows {
            output::json_line(&robot_json(name, robot, measured));
        }
    } else if robots.is_empty() {
        output::line("no worker offers a robot");
    } else {
        output::line(robot_table(rows));
    }
    Ok(ExitCode::SUCCESS)
}

fn robot_json(name: &str, robot: &Robot, measured: &Measured) -> Value {
    let skills: Vec<Value> = robot
        .skills
        .iter()
        .map(
            |(skill, reason)| json!({"skill": skill, "ready": reason.is_empty(), "reason": reason}),
        )
        .collect();
    json!({
        "robot": name,
        "workers": robot.workers,
        "ready": robot.not_ready().is_empty(),
        "skills": skills,
        "rate_hz": measured.rate_hz,
        "latency_p50_us": measured.latency_p50_us,
        "latency_p99_us": measured.latency_p99_us,
        "jitter_p50_us": measured.jitter_p50_us,
        "jitter_p99_us": measured.jitter_p99_us,
        "safety": measured.safety.as_ref().map(|(state, _)| safety_state(*state)),
        "safety_cause": measured.safety.as_ref().map(|(_, cause)| cause),
    })
}

fn robot_table<'a>(rows: impl Iterator<Item = (&'a String, &'a Robot, &'a Measured)>) -> String {
    let mut table = output::table(&[
        "robot",
        "worker",
        "ready",
        "skills",
        "rate",
        "latency p50/p99",
        "jitter p50/p99",
        "safety",
    ]);
    let pair = |low: Option<f64>, high: Option<f64>| match (low, high) {
        (Some(low), Some(high)) => format!("{low:.0} / {high:.0} µs"),
        _ => String::new(),
    };
    for (name, robot, m) in rows {
        let not_ready: Vec<&str> = robot.not_ready().into_iter().collect();
        let workers: Vec<&str> = robot.workers.iter().map(String::as_str).collect();
        let skills: Vec<&str> = robot.skills.keys().map(String::as_str).collect();
        let safety = m
            .safety
            .as_ref()
            .map_or_else(String::new, |(state, cause)| {
                format!("{} {cause}", safety_state(*state))
                    .trim_end()
                    .to_owned()
            });
        table.add_row([
            name.clone(),
            workers.join(", "),
            if not_ready.is_empty() {
                "yes".to_owned()
            } else {
                format!("no: {}", not_ready.join("; "))
            },
            skills.join(", "),
            m.rate_hz
                .map_or_else(String::new, |rate| format!("{rate:.0} Hz")),
            pair(m.latency_p50_us, m.latency_p99_us),
            pair(m.jitter_p50_us, m.jitter_p99_us),
            safety,
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use physical_ai_ros::msg::physical_ai_msgs::msg::Capability;

    use super::*;

    fn offer(robot: &str, skill: &str, reason: &str) -> Capability {
        Capability {
            robot: robot.to_owned(),
            skill: skill.to_owned(),
            ready: reason.is_empty(),
            reason: reason.to_owned(),
            ..Default::default()
        }
    }

    #[test]
    fn robots_are_gathered_from_what_workers_offer() {
        let worker = |name: &str, capabilities| WorkerStatus {
            worker: name.to_owned(),
            capabilities,
            ..Default::default()
        };
        let robots = robots_by_name(&[
            worker(
                "agent",
                vec![
                    offer("rover_1", "navigate_to", ""),
                    offer("arm_1", "pick", "no state for 2 s"),
                    offer("", "embed", ""),
                ],
            ),
            worker("nav", vec![offer("rover_1", "patrol", "")]),
        ]);
        assert_eq!(robots.len(), 2);
        assert_eq!(robots["rover_1"].workers.len(), 2);
        assert!(robots["rover_1"].not_ready().is_empty());
        assert!(robots["arm_1"].not_ready().contains("no state for 2 s"));
        let json = robot_json("arm_1", &robots["arm_1"], &Measured::default());
        assert_eq!(json["ready"], false);
        assert!(json["rate_hz"].is_null());
    }

    #[test]
    fn measurements_of_several_nodes_complete_each_other() {
        let metrics = |jitter, latency, rate_hz| ControlMetrics {
            jitter_p50_us: jitter,
            jitter_p99_us: jitter,
            latency_p50_us: latency,
            latency_p99_us: latency,
            rate_hz,
            ..Default::default()
        };
        let mut measured = Measured::default();
        measured.add(&metrics(50.0, f64::NAN, 200.0));
        measured.add(&metrics(f64::NAN, 800.0, 1.0));
        assert_eq!(
            (
                measured.jitter_p99_us,
                measured.latency_p50_us,
                measured.rate_hz
            ),
            (Some(50.0), Some(800.0), Some(200.0))
        );
    }
}

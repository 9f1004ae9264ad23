//! Work for the robots while they are measured: missions without end.

use std::path::Path;
use std::time::Duration;

use physical_ai_description::read_model;
use physical_ai_domain::{MovableBox, Place, PlaceKind, Placement, World};
use physical_ai_ros::msg::physical_ai_msgs::action::ExecuteMission;
use physical_ai_ros::{Client, GoalOutcome};
use serde_json::{Value, json};
use tokio::sync::watch;

const ACCEPT: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);
/// After a mission that failed, so that a suite that refuses all is not flooded.
const PAUSE: Duration = Duration::from_secs(1);
/// What an arm may be asked to reach, metres from its base.
const ARM_REACH_M: f64 = 0.6;

/// Missions that ended while the robots were measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    pub succeeded: u32,
    pub failed: u32,
    /// Why the last one failed, or why there are none.
    pub problem: String,
}

/// Two plans that undo each other: there, and back.
///
/// # Errors
/// A robot model that cannot be read.
pub fn plans(world: &World, models: &Path) -> anyhow::Result<[Value; 2]> {
    let mut plans = [Vec::new(), Vec::new()];
    for robot in &world.robots {
        let layout = read_model(robot, models)?.layout;
        let tasks = if layout.drive.is_some() {
            rover_tasks(world, &robot.pose)
        } else if layout.chains.first().is_some_and(|c| c.gripper.is_some()) {
            arm_tasks(world, &robot.pose)
        } else {
            None
        };
        let Some(tasks) = tasks else { continue };
        for (plan, (skill, params)) in plans.iter_mut().zip(tasks) {
            plan.push(json!({
                "id": format!("{}_works", robot.name),
                "skill": skill,
                "robot": robot.name.as_str(),
                "params": params,
            }));
        }
    }
    Ok(plans.map(|tasks| json!({ "tasks": tasks })))
}

/// The nearest box goes to one place and to another.
fn arm_tasks(world: &World, base: &Placement) -> Option<[(&'static str, Value); 2]> {
    let item = world
        .boxes
        .iter()
        .min_by(|a: &&MovableBox, b| metres(&a.pose, base).total_cmp(&metres(&b.pose, base)))?;
    let places = nearest(world, PlaceKind::Surface, base);
    let [first, second, ..] = places.as_slice() else {
        return None;
    };
    let is_near = |pose| metres(pose, base) <= ARM_REACH_M;
    if !is_near(&item.pose) || !is_near(&second.pose) {
        return None;
    }
    Some([first, second].map(|place| {
        (
            "pick_and_place",
            json!({ "object": item.name.as_str(), "place": place.name.as_str() }),
        )
    }))
}

/// A round over the two nearest places, and the same the other way round.
fn rover_tasks(world: &World, base: &Placement) -> Option<[(&'static str, Value); 2]> {
    let places = nearest(world, PlaceKind::Floor, base);
    let [first, second, ..] = places.as_slice() else {
        return None;
    };
    Some([[first, second], [second, first]].map(|round| {
        let names = round.map(|p| p.name.as_str());
        ("patrol", json!({ "places": names }))
    }))
}

fn nearest<'a>(world: &'a World, kind: PlaceKind, base: &Placement) -> Vec<&'a Place> {
    let mut places: Vec<&Place> = world.places.iter().filter(|p| p.kind == kind).collect();
    places.sort_by(|a, b| metres(&a.pose, base).total_cmp(&metres(&b.pose, base)));
    places
}

fn metres(a: &Placement, b: &Placement) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// Runs the plans in turn until `stop` says so. A suite without an orchestrator is left in peace.
pub async fn keep_busy(
    client: &Client,
    plans: &[Value; 2],
    mut stop: watch::Receiver<bool>,
) -> Work {
    let mut work = Work::default();
    if let Err(error) = client
        .wait_for_action::<ExecuteMission::Action>("execute_mission", ACCEPT)
        .await
    {
        work.problem = error.to_string();
        return work;
    }
    for plan in plans.iter().cycle() {
        let outcome = tokio::select! {
            outcome = run(client, plan) => outcome,
            _ = stop.wait_for(|s| *s) => return work,
        };
        match outcome {
            Ok(()) => work.succeeded += 1,
            Err(error) => {
                work.failed += 1;
                work.problem = format!("{error:#}");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    _ = stop.wait_for(|s| *s) => return work,
                }
            }
        }
    }
    work
}

async fn run(client: &Client, plan: &Value) -> anyhow::Result<()> {
    let goal = ExecuteMission::Goal {
        plan: plan.to_string(),
        priority: 100,
        ..Default::default()
    };
    let sent = client
        .send_goal::<ExecuteMission::Action>("execute_mission", goal, ACCEPT, LONGEST)
        .await?;
    let GoalOutcome::Ended(_, result) = sent.outcome.await?? else {
        anyhow::bail!("the orchestrator rejected a mission");
    };
    anyhow::ensure!(
        result.error_code == 0,
        "mission {}: error {}: {}",
        result.mission_id,
        result.error_code,
        result.error_msg
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_worlds_give_every_robot_work() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        for (file, robots) in [("demo", 2), ("two_by_two", 4)] {
            let path = root.join(format!("params/worlds/{file}.yaml"));
            let yaml = std::fs::read_to_string(path).unwrap();
            let world = World::from_yaml(file, &yaml).unwrap();
            let [there, back] = plans(&world, &root.join("urdf")).unwrap();
            for plan in [&there, &back] {
                assert_eq!(plan["tasks"].as_array().unwrap().len(), robots, "{plan}");
                physical_ai_fleet::parse_plan(&plan.to_string()).unwrap();
            }
            assert_ne!(there, back);
        }
    }
}

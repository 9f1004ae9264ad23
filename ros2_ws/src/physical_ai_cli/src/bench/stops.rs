//! How long the emergency stop takes: from the button to the drives' order to stand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use physical_ai_domain::{CommandMode, RobotName};
use physical_ai_ros::msg::physical_ai_msgs::msg::ActuatorCommand;
use physical_ai_ros::msg::physical_ai_msgs::srv::EmergencyStop;
use physical_ai_ros::msg::std_msgs::msg::Bool;
use physical_ai_ros::{Client, Qos, command_from_msg};

/// Longest wait for a robot that moves.
const MOTION: Duration = Duration::from_secs(30);
/// A stop that takes longer is none.
const STOP: Duration = Duration::from_secs(1);
const RESET: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);

/// Of each robot's drive: whether it was told to move last, and since when it is told to stand.
type Drives = Arc<Mutex<BTreeMap<String, Result<(), Instant>>>>;

/// Presses the button so many times while robots move; milliseconds until the last of them is told to stand.
///
/// # Errors
/// When nothing moves, or does not stop.
pub async fn measure(client: &Client, times: usize) -> anyhow::Result<Vec<f64>> {
    let drives = listen(client).await?;
    let button = client
        .publisher::<Bool>("emergency_stop", Qos::standard())
        .await?;
    client.wait_for_subscriber(&button, RESET).await?;
    let mut all_ms = Vec::new();
    for _ in 0..times {
        let moving = wait_for_motion(&drives).await?;
        let pressed = Instant::now();
        button.publish(&Bool { data: true });
        let stopped = wait_for_stop(&drives, &moving).await?;
        all_ms.push(stopped.saturating_duration_since(pressed).as_secs_f64() * 1e3);
        let request = EmergencyStop::Request {
            engage: false,
            source: "bench".to_owned(),
            reason: "the stop was measured".to_owned(),
        };
        client
            .call::<EmergencyStop::Service>("set_emergency_stop", request, RESET)
            .await
            .context("the emergency stop stays engaged: `physical-ai estop --reset` resets it")?;
    }
    Ok(all_ms)
}

async fn listen(client: &Client) -> anyhow::Result<Drives> {
    let drives = Drives::default();
    let heard = drives.clone();
    client
        .with_context(move |context| -> Result<(), physical_ai_ros::Error> {
            let mut topics: Vec<String> = context.topics().into_keys().collect();
            topics.retain(|topic| topic.ends_with("/hardware_command"));
            for topic in topics {
                let heard = heard.clone();
                context.subscribe(
                    &topic,
                    Qos::command(),
                    move |(), _, command: ActuatorCommand| {
                        let Ok(robot) = RobotName::try_new(command.robot.as_str()) else {
                            return;
                        };
                        let (Ok(command), Ok(mut heard)) =
                            (command_from_msg(command, &robot), heard.lock())
                        else {
                            return;
                        };
                        let stands = command.mode == CommandMode::Hold;
                        match heard.get_mut(command.robot.as_str()) {
                            Some(drive) if stands && drive.is_ok() => *drive = Err(Instant::now()),
                            Some(_) if stands => {}
                            Some(drive) => *drive = Ok(()),
                            None => {
                                let first = if stands { Err(Instant::now()) } else { Ok(()) };
                                heard.insert(command.robot.to_string(), first);
                            }
                        }
                    },
                )?;
            }
            Ok(())
        })
        .await??;
    Ok(drives)
}

/// Robots whose drives are told to move, as soon as there are any.
async fn wait_for_motion(drives: &Drives) -> anyhow::Result<Vec<String>> {
    let end = Instant::now() + MOTION;
    loop {
        let moving: Vec<String> = drives
            .lock()
            .map(|drives| {
                let moving = drives.iter().filter(|(_, drive)| drive.is_ok());
                moving.map(|(robot, _)| robot.clone()).collect()
            })
            .unwrap_or_default();
        if !moving.is_empty() {
            return Ok(moving);
        }
        if Instant::now() >= end {
            bail!("no drive was told to move within {} s", MOTION.as_secs());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// When the last of these robots was told to stand.
async fn wait_for_stop(drives: &Drives, moving: &[String]) -> anyhow::Result<Instant> {
    let end = Instant::now() + STOP;
    loop {
        tokio::time::sleep(POLL).await;
        let stopped: Option<Vec<Instant>> = drives.lock().ok().and_then(|drives| {
            let of = |robot: &String| drives.get(robot).and_then(|drive| drive.err());
            moving.iter().map(of).collect()
        });
        if let Some(last) = stopped.and_then(|all| all.into_iter().max()) {
            return Ok(last);
        }
        if Instant::now() >= end {
            bail!(
                "not all of {moving:?} were told to stand within {} s",
                STOP.as_secs()
            );
        }
    }
}

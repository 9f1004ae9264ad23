//! `estop`: engages or resets the latched emergency stop.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use physical_ai_ros::msg::physical_ai_msgs::msg::EmergencyStopState;
use physical_ai_ros::msg::physical_ai_msgs::srv::EmergencyStop;
use physical_ai_ros::msg::std_msgs::msg::Bool;
use physical_ai_ros::{Client, Error, Publisher, Qos};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::arguments::{EstopArguments, Global};
use crate::{connection, output};

/// Nobody should wait longer for a stop before another way is tried.
const ANSWER: Duration = Duration::from_secs(2);
/// A stop that was asked for is not given up soon: discovery takes seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);
/// Latches that were told of within so long are all that there are.
const NEWS: Duration = Duration::from_millis(300);
/// Latches that are listened to.
const MOST_OWNERS: usize = 64;

/// What is known of each latch, by its owner.
struct Latches {
    news: UnboundedReceiver<EmergencyStopState>,
    owners: BTreeMap<String, EmergencyStopState>,
}

impl Latches {
    async fn listen(client: &Client) -> Result<Self, Error> {
        let qos = Qos::latched(MOST_OWNERS);
        Ok(Self {
            news: client.subscribe("emergency_stop_state", qos).await?,
            owners: BTreeMap::new(),
        })
    }

    /// Takes news until there is none for a moment.
    async fn settle(&mut self) {
        while let Ok(Some(state)) = tokio::time::timeout(NEWS, self.news.recv()).await {
            self.owners.insert(state.owner.clone(), state);
        }
    }

    fn names(&self, engaged: bool) -> Vec<&str> {
        let owners = self.owners.iter().filter(|(_, s)| s.engaged == engaged);
        owners.map(|(owner, _)| owner.as_str()).collect()
    }
}

/// Engages or resets all latches that there are.
pub async fn run(global: &Global, options: &EstopArguments) -> anyhow::Result<ExitCode> {
    let client = connection::connect(global)?;
    let mut latches = Latches::listen(&client).await?;
    let engage = !options.reset;
    let request = EmergencyStop::Request {
        engage,
        source: format!("physical-ai (pid {})", std::process::id()),
        reason: options.reason.clone(),
    };
    let button = client
        .publisher::<Bool>("emergency_stop", Qos::state_latched())
        .await?;
    let end = Instant::now() + PATIENCE;
    let problem = loop {
        // The button reaches drives and agents also where no actuator worker lives.
        if engage {
            press(&client, &button).await;
        }
        let answer = client
            .call::<EmergencyStop::Service>("set_emergency_stop", request.clone(), ANSWER)
            .await;
        latches.settle().await;
        // One server answers for all of them; what each did it tells itself.
        if !latches.owners.is_empty() && latches.names(!engage).is_empty() {
            break None;
        }
        let is_late = Instant::now() >= end;
        match answer {
            Ok(answer) if answer.error_code != 0 => {
                bail!("the actuator worker refuses: {}", answer.error_msg)
            }
            Err(error) if engage && latches.owners.is_empty() && button.subscriber_count() > 0 => {
                break Some(error);
            }
            Err(error) if is_late && latches.owners.is_empty() => {
                return Err(connection::explain(global, "actuator worker", error));
            }
            _ if is_late => break None,
            _ => {}
        }
    };
    tell(global, &latches, engage, problem)
}

/// Publishes a stop, and once more when somebody listens who did not before.
async fn press(client: &Client, button: &Publisher<Bool>) {
    button.publish(&Bool { data: true });
    let listens = client.wait_for_subscriber(button, ANSWER).await;
    if listens.is_ok() {
        button.publish(&Bool { data: true });
    }
}

/// Says which latches were reached; success only if all were.
fn tell(
    global: &Global,
    latches: &Latches,
    engage: bool,
    problem: Option<Error>,
) -> anyhow::Result<ExitCode> {
    let (reached, missed) = (latches.names(engage), latches.names(!engage));
    let via = match problem {
        Some(_) => "topic emergency_stop",
        None => "service set_emergency_stop",
    };
    if let Some(error) = problem {
        output::note(format!(
            "physical-ai: no actuator worker answers ({error}); agents and drives heard emergency_stop instead"
        ));
    }
    if global.json {
        let engaged = engage || !missed.is_empty();
        output::json_line(
            &json!({"engaged": engaged, "via": via, "reached": reached, "missed": missed}),
        );
    } else {
        let owners = if reached.is_empty() {
            via.to_owned()
        } else {
            reached.join(", ")
        };
        output::line(if engage {
            format!("emergency stop engaged ({owners}); `physical-ai estop --reset` resets it")
        } else {
            format!("emergency stop reset ({owners})")
        });
    }
    if missed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    output::note(format!(
        "physical-ai: {} did not follow; try again",
        missed.join(", ")
    ));
    Ok(ExitCode::FAILURE)
}

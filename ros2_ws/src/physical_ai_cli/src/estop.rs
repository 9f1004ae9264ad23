//! `estop`: engages or resets the latched emergency stop.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use physical_ai_ros::msg::physical_ai_msgs::srv::EmergencyStop;
use physical_ai_ros::msg::std_msgs::msg::Bool;
use physical_ai_ros::{Client, Error, Qos};
use serde_json::json;

use crate::arguments::{EstopArguments, Global};
use crate::{connection, output};

/// Nobody should wait longer for a stop before another way is tried.
const ANSWER: Duration = Duration::from_secs(2);
/// How often a reset is asked for.
const RESET_TRIES: usize = 5;
/// A stop that was asked for is not given up soon: discovery takes seconds on a busy machine.
const DISCOVERY: Duration = Duration::from_secs(15);
/// From a subscriber's discovery to its having the message.
const DELIVERY: Duration = Duration::from_millis(300);

/// Engages or resets.
pub async fn run(global: &Global, options: &EstopArguments) -> anyhow::Result<ExitCode> {
    let client = connection::connect(global)?;
    let request = EmergencyStop::Request {
        engage: !options.reset,
        source: format!("physical-ai (pid {})", std::process::id()),
        reason: options.reason.clone(),
    };
    let mut answer = ask(&client, &request).await;
    // A stop goes out by another way at once; a reset has none, and asking twice does no harm. An answer
    // is lost when the server has not discovered its client yet.
    for _ in 1..RESET_TRIES {
        if answer.is_ok() || !options.reset {
            break;
        }
        answer = ask(&client, &request).await;
    }
    let (engaged, via) = match answer {
        Ok(answer) if answer.error_code == 0 => (answer.engaged, "service set_emergency_stop"),
        Ok(answer) => bail!("the actuator worker refuses: {}", answer.error_msg),
        Err(error) if options.reset => {
            return Err(connection::explain(global, "actuator worker", error));
        }
        Err(error) => {
            publish(&client, global, error).await?;
            (true, "topic emergency_stop")
        }
    };
    if global.json {
        output::json_line(&json!({"engaged": engaged, "via": via}));
    } else if engaged {
        output::line(format!(
            "emergency stop engaged ({via}); `physical-ai estop --reset` resets it"
        ));
    } else {
        output::line(format!("emergency stop reset ({via})"));
    }
    Ok(if engaged == options.reset {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

async fn ask(
    client: &Client,
    request: &EmergencyStop::Request,
) -> Result<EmergencyStop::Response, Error> {
    client
        .call::<EmergencyStop::Service>("set_emergency_stop", request.clone(), ANSWER)
        .await
}

/// Tells agents and whoever else listens, when no actuator worker answers.
async fn publish(client: &Client, global: &Global, error: Error) -> anyhow::Result<()> {
    output::note(format!(
        "physical-ai: no actuator worker answers ({error}); publishing emergency_stop instead"
    ));
    let stop = client
        .publisher::<Bool>("emergency_stop", Qos::state_latched())
        .await?;
    stop.publish(&Bool { data: true });
    client
        .wait_for_subscriber(&stop, DISCOVERY)
        .await
        .map_err(|_| connection::nobody(global, "actuator worker and no agent"))?;
    // Leaving at once would take the message along.
    tokio::time::sleep(DELIVERY).await;
    Ok(())
}

//! ROS time of the suite, which may be simulated.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use physical_ai_domain::Time;
use physical_ai_ros::msg::builtin_interfaces::msg::Time as TimeMsg;
use physical_ai_ros::msg::physical_ai_msgs::msg::WorkerStatusArray;
use physical_ai_ros::msg::rosgraph_msgs::msg::Clock;
use physical_ai_ros::{Client, Qos, time_from_msg, time_to_msg};
use tokio::time::timeout;

use crate::arguments::Global;
use crate::connection::{self, PATIENCE};

/// A clock that runs shows at once.
const CLOCK: Duration = Duration::from_secs(5);
/// The orchestrator stamps `workers` every second: further from the system's time it is on another clock.
const SAME_CLOCK_S: f64 = 10.0;

/// The deadline in ROS time that is so many seconds from now; zero, which stands for none, without.
///
/// # Errors
/// See [`now`].
pub async fn deadline(
    client: &Client,
    global: &Global,
    in_s: Option<f64>,
) -> anyhow::Result<TimeMsg> {
    Ok(match in_s {
        Some(seconds) => time_to_msg(now(client, global).await?.plus_seconds(seconds)),
        None => TimeMsg::default(),
    })
}

/// Now, on the orchestrator's clock.
///
/// # Errors
/// If nobody publishes `workers`, or time is simulated and nobody publishes `clock`.
async fn now(client: &Client, global: &Global) -> anyhow::Result<Time> {
    let mut workers = client
        .subscribe::<WorkerStatusArray>("workers", Qos::state_latched())
        .await?;
    // In a namespace, deployments and launch files move /clock there too.
    let mut clock = client.subscribe::<Clock>("clock", Qos::clock()).await?;
    let told = timeout(PATIENCE, workers.recv())
        .await
        .ok()
        .flatten()
        .ok_or_else(|| connection::nobody(global, "orchestrator"))?;
    let system = Time::from(SystemTime::now().duration_since(UNIX_EPOCH)?);
    if !is_simulated(time_from_msg(&told.header.stamp), system) {
        return Ok(system);
    }
    let clock = timeout(CLOCK, clock.recv()).await.ok().flatten();
    let clock = clock
        .ok_or_else(|| connection::nobody(global, "publisher of simulated time (topic `clock`)"))?;
    Ok(time_from_msg(&clock.clock))
}

fn is_simulated(stamp: Time, system: Time) -> bool {
    stamp.seconds_since(system).abs() > SAME_CLOCK_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_time_is_recognised() {
        let today = Time::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
        assert!(is_simulated(Time::ZERO, today));
        assert!(is_simulated(Time::from_seconds(86_400.0), today));
        // A recording of last month is played.
        assert!(is_simulated(today.plus_seconds(-30.0 * 86_400.0), today));
        assert!(!is_simulated(today.plus_seconds(-1.0), today));
    }
}

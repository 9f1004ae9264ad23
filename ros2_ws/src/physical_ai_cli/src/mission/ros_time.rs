//! ROS time of the suite, which may be simulated.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use physical_ai_domain::Time;
use physical_ai_ros::msg::physical_ai_msgs::msg::MissionStatusArray;
use physical_ai_ros::msg::rosgraph_msgs::msg::Clock;
use physical_ai_ros::{Client, Qos, time_from_msg};
use tokio::time::timeout;

use crate::arguments::Global;
use crate::connection::{self, PATIENCE};

/// Simulations start at zero and do not run for thirty years.
const EARLIEST_SYSTEM_TIME_S: f64 = 1e9;
/// A clock that runs shows at once.
const CLOCK: Duration = Duration::from_secs(5);

/// Now, on the orchestrator's clock.
///
/// # Errors
/// If nobody publishes `missions`, or time is simulated and nobody publishes `clock`.
pub async fn now(client: &Client, global: &Global) -> anyhow::Result<Time> {
    let mut missions = client
        .subscribe::<MissionStatusArray>("missions", Qos::state_latched())
        .await?;
    // In a namespace, deployments and launch files move /clock there too.
    let mut clock = client.subscribe::<Clock>("clock", Qos::clock()).await?;
    let latched = timeout(PATIENCE, missions.recv())
        .await
        .ok()
        .flatten()
        .ok_or_else(|| connection::nobody(global, "orchestrator"))?;
    if !is_simulated(time_from_msg(&latched.header.stamp)) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        return Ok(Time::from(now));
    }
    let clock = timeout(CLOCK, clock.recv()).await.ok().flatten();
    let clock = clock
        .ok_or_else(|| connection::nobody(global, "publisher of simulated time (topic `clock`)"))?;
    Ok(time_from_msg(&clock.clock))
}

fn is_simulated(stamp: Time) -> bool {
    stamp.seconds() < EARLIEST_SYSTEM_TIME_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_time_is_recognised() {
        assert!(is_simulated(Time::ZERO));
        assert!(is_simulated(Time::from_nanoseconds(86_400_000_000_000)));
        let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert!(!is_simulated(Time::from(today)));
    }
}

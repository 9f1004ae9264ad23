//! The emergency stop, which the agent follows: its latch is with the actuator worker.

use physical_ai_control::StopState;
use physical_ai_ros::msg::physical_ai_msgs::msg::EmergencyStopState;
use physical_ai_ros::msg::std_msgs::msg::Bool;
use physical_ai_ros::{Context, Error, Qos, time_from_msg};

use crate::node::AgentNode;

/// Owners of latches that are remembered for those who come later.
const MOST_OWNERS: usize = 64;

/// Listens to the button, and to the owners of the latches.
///
/// # Errors
/// [`Error::Ros`] if a subscription fails.
pub fn follow(context: &mut Context<AgentNode>) -> Result<(), Error> {
    context.subscribe(
        "emergency_stop",
        Qos::stop(),
        |app: &mut AgentNode, context, m: Bool| {
            if !m.data {
                tracing::warn!("false on emergency_stop resets nothing: call set_emergency_stop");
            } else if app.stops.press() {
                tracing::error!("emergency stop: topic emergency_stop");
                app.apply_stops(context);
            }
        },
    )?;
    context.subscribe(
        "emergency_stop_state",
        Qos::latched(MOST_OWNERS),
        |app: &mut AgentNode, context, m: EmergencyStopState| {
            app.stops.follow(StopState {
                owner: m.owner,
                robots: m.robots,
                engaged: m.engaged,
                changed: time_from_msg(&m.header.stamp),
                why: format!("{}: {}", m.source, m.reason),
            });
            app.apply_stops(context);
        },
    )?;
    Ok(())
}

impl AgentNode {
    fn apply_stops(&mut self, context: &mut Context<Self>) {
        for robot in self.robots.keys() {
            let is_stopped = self.stops.reason(robot.as_str()).is_some();
            self.agent.set_emergency_stop(robot, is_stopped);
        }
        self.refresh_offer(context);
        context.request_diagnostics_update();
    }
}
